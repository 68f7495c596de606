"""Battery Data Format: cycler records as csv with fixed column names.

Both spellings of the names are read: ``Voltage / V`` and ``voltage_volt``. Time, voltage and current are needed. The cycle
count, the step count (or the step of the program where there is none), the ambient temperature (or the first sensor),
net capacity and net energy are read where they are there; other columns are not used. Current > 0 charges.

Source: README of the Battery Data Alliance's battery-data-format, with its tables of required, recommended and optional
quantities, and the labels of its ontology 1.3.0.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._text import decode, split_lines
from garnetlab.readers.bdf._columns import UNIX_TIME, has_needed, names_in
from garnetlab.readers.bdf._read import check_names, columns_in, from_table, read_text
from garnetlab.readers.bdf._write import columns_to_write, start_stamp, write_bdf

__all__ = [
    "UNIX_TIME",
    "check_names",
    "columns_in",
    "columns_to_write",
    "from_table",
    "has_needed",
    "name",
    "read",
    "sniff",
    "start_stamp",
    "suffixes",
    "write_bdf",
]

name = "bdf"
suffixes: tuple[str, ...] = (".csv", ".bdf")


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is in Battery Data Format: 1 where its first line holds the needed names."""
    lines = split_lines(decode(head))
    return 1.0 if lines and has_needed(names_in(lines[0])) else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one file of the Battery Data Format.

    Raises
    ------
    ReadError  with its line, if a needed column is missing, a row has another number of cells than the names, a cell is
               no number, or the time falls.
    """
    return (read_text(path),)
