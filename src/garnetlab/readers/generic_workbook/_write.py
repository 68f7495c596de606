"""Spectra to a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from garnetlab.core import Channel, InvalidInput, Measurement
from garnetlab.readers._impedance import require_impedance
from garnetlab.readers._workbook import write_book

_NAMES = ("frequency/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm")


def write_workbook(measurements: Sequence[Measurement], path: str | Path) -> Path:
    """Write impedance spectra as one xlsx workbook, a sheet each, and return its path.

    Raises
    ------
    InvalidInput  if there is no spectrum, one is no impedance, or the folder cannot be written.
    """
    if not measurements:
        message = "measurements = []: expected at least one impedance spectrum."
        raise InvalidInput(message)
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for number, measurement in enumerate(measurements, start=1):
        require_impedance(measurement)
        sheet = book.create_sheet(f"spectrum {number}")
        sheet.append(_NAMES)
        f, z = measurement[Channel.FREQUENCY].tolist(), measurement[Channel.IMPEDANCE].tolist()
        for a, b in zip(f, z, strict=True):
            sheet.append((a, b.real, -b.imag))
    return write_book(Path(path), book)
