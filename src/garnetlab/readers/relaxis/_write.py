"""A spectrum to RelaxIS text."""

from __future__ import annotations

import math
from pathlib import Path

from garnetlab.core import Channel, Measurement
from garnetlab.readers._impedance import require_impedance
from garnetlab.readers._text import write_text


def write_relaxis(measurement: Measurement, path: str | Path) -> Path:
    """Write one impedance spectrum as a RelaxIS text export with all digits and return its path.

    Raises
    ------
    InvalidInput  if it is no impedance or the folder cannot be written.
    """
    require_impedance(measurement)
    names = "\t".join(f"Data: {n}" for n in ("Frequency", "Z'", "Z''", "|Z|", "Theta (Z)"))
    lines = ["RelaxIS 3.0 Spectrum export", names, "DC=0\tModel: Unassigned Spectra\tsimulated\t\t"]
    for f, z in zip(measurement[Channel.FREQUENCY].tolist(), measurement[Channel.IMPEDANCE].tolist(), strict=True):
        numbers = (f, z.real, z.imag, abs(z), math.degrees(math.atan2(z.imag, z.real)))
        lines.append("\t".join(repr(x) for x in numbers))
    target = Path(path)
    write_text(target, "\r\n".join(lines) + "\r\n", "cp1252")
    return target
