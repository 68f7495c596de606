"""Impedance spectra in workbooks: xlsx, xlsm, xls, xlsb, ods.

Every visible sheet is searched for a line of column names; names, units, signs and sweeps are treated as in text files
(``garnetlab.readers.generic_text``). Numbers stored as text are read, with a warning. Hidden sheets and sheets without a
table of impedance are left out, with a warning.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers.generic_workbook._read import read_workbook
from garnetlab.readers.generic_workbook._write import write_workbook

__all__ = ["name", "read", "sniff", "suffixes", "write_workbook"]

name = "generic-workbook"
suffixes: tuple[str, ...] = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PARTS = (b"[Content_Types].xml", b"xl/", b"opendocument.spreadsheet")


def sniff(path: Path, head: bytes) -> float:
    """Return how likely (0..1) the file is a workbook; other programs store zip and OLE containers too."""
    known = path.suffix.lower() in suffixes
    if head.startswith(_ZIP):
        inside = any(part in head for part in _PARTS)
        return 0.9 if known and inside else 0.5 if inside else 0.2 if known else 0.0
    if head.startswith(_OLE):
        return 0.8 if known else 0.1
    return 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra in one workbook, one measurement per sheet, table, column set and sweep.

    Raises
    ------
    ReadError  naming sheet and row, if the workbook is damaged or encrypted, no sheet holds impedance, or a cell is no
               number.
    """
    return read_workbook(path)
