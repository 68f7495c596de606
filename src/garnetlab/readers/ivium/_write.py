"""Spectra to the text an Ivium program reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from garnetlab.core import Channel, InvalidInput, Measurement
from garnetlab.readers._impedance import require_impedance
from garnetlab.readers._text import write_text


def write_idf(measurements: Sequence[Measurement], path: str | Path) -> Path:
    """Write impedance spectra as one Ivium data file and return its path; numbers keep six digits.

    Raises
    ------
    InvalidInput  if there is no spectrum, one is no impedance, or the folder cannot be written.
    """
    if not measurements:
        message = "measurements = []: expected at least one impedance spectrum."
        raise InvalidInput(message)
    lines = ["Peaks=false", "Corrosion=false", "Levels=false", "ECN=false", "Solarcell=false"]
    for measurement in measurements:
        lines += _data_set(measurement)
    target = Path(path)
    write_text(target, "\r\n".join(lines) + "\r\n", "cp1252")
    return target


def _data_set(measurement: Measurement) -> list[str]:
    require_impedance(measurement)
    f, z = measurement[Channel.FREQUENCY], measurement[Channel.IMPEDANCE]
    rows = [f"{z[i].real:.5E}  {z[i].imag:.5E}\t{f[i]:.5E} " for i in range(len(f))]
    title = " ".join(str(measurement.metadata.get("title", "")).split())
    settings = ["Method=Impedance", "Technique=Constant E", f"Title={title}", "Mconfig=0"]
    return [*settings, "2", "Data Objects", "0", "primary_data", "3", f"{len(rows)}", *rows, "0"]


def write_i2b(measurement: Measurement, path: str | Path) -> Path:
    """Write one impedance spectrum as an ``.i2b`` list with all digits and return its path.

    Raises
    ------
    InvalidInput  if it is no impedance or the folder cannot be written.
    """
    require_impedance(measurement)
    f, z = measurement[Channel.FREQUENCY], measurement[Channel.IMPEDANCE]
    rows = [f"{float(f[i])!r} {float(z[i].real)!r} {float(z[i].imag)!r}" for i in range(len(f))]
    target = Path(path)
    write_text(target, "\n".join([f"spectrum of {len(rows)} points", "", f"{len(rows)}", *rows]) + "\n", "utf-8")
    return target
