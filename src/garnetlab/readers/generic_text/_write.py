"""A spectrum to csv."""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Channel, Measurement
from garnetlab.readers._impedance import require_impedance
from garnetlab.readers._text import write_text

HEADER = "frequency/Hz,Re(Z)/Ohm,-Im(Z)/Ohm"


def write_csv(measurement: Measurement, path: str | Path) -> Path:
    """Write one impedance spectrum as csv with all digits and return its path.

    The columns are ``frequency/Hz,Re(Z)/Ohm,-Im(Z)/Ohm``. The file appears whole or not at all.

    Raises
    ------
    InvalidInput  if it is no impedance or the folder cannot be written.
    """
    require_impedance(measurement)
    f, z = measurement[Channel.FREQUENCY].tolist(), measurement[Channel.IMPEDANCE].tolist()
    rows = [f"{a!r},{b.real!r},{-b.imag!r}" for a, b in zip(f, z, strict=True)]
    target = Path(path)
    write_text(target, "\n".join([HEADER, *rows]) + "\n", "utf-8")
    return target
