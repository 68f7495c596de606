"""Cycler records in workbooks (xlsx, xls): LAND (LANHE), Neware, Arbin, Maccor, through python-calamine.

A sheet is recognised by its column names. Continuation sheets (``Channel_1_2`` after ``Channel_1_1`` with the same names, or
a ``Record`` sheet that goes on without names) belong to the sheet before. Sheets without such a table are left out. Arbin
was tested on a real workbook; the forms of LAND (one table; ``Record-Tab`` beside ``Step-Tab``; uA and uAh with ``SysTime``)
are read from description.

Source: one real workbook of Arbin MITS Pro 7; for LAND the column names that other programs for its exports state.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers.cycler_workbook._read import looks_like_cycler, read_workbook
from garnetlab.readers.cycler_workbook._write import write_land_workbook

__all__ = ["name", "read", "read_with", "sniff", "suffixes", "write_land_workbook"]

name = "cycler-workbook"
suffixes: tuple[str, ...] = (".xlsx", ".xls")


def sniff(path: Path, head: bytes) -> float:
    """Return how likely (0..1) the file is a workbook of a cycler: by the words in it."""
    return 0.95 if looks_like_cycler(path, head) else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the tests in one workbook.

    Raises
    ------
    ReadError  naming sheet and row, if the workbook is damaged, no sheet holds a cycler's table, or a cell is no number.
    """
    return read_with(path, NOTHING)


def read_with(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the tests in one workbook; ``options.current_unit`` is used where it states none."""
    return read_workbook(path, options)
