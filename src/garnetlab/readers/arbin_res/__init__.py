"""Arbin ``.res`` (a Microsoft Access database), through the program ``mdb-export`` of mdbtools where it is installed.

The table ``Channel_Normal_Table`` holds time [s], current [A] > 0 for charging, voltage [V] and capacities [Ah]; one
measurement per test in the file. Records are put in the order of their ``Data_Point``.

Source: two real files; names and start from ``Global_Table``.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers.arbin_res._read import is_database, read_database

__all__ = ["name", "read", "sniff", "suffixes"]

name = "arbin-res"
suffixes: tuple[str, ...] = (".res",)


def sniff(path: Path, head: bytes) -> float:
    """Return how likely (0..1) the file is an Arbin database."""
    if not is_database(head):
        return 0.0
    return 1.0 if path.suffix.lower() in suffixes else 0.4


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the tests in one file.

    Raises
    ------
    ReadError  if the program ``mdb-export`` is not installed, the file is damaged, or it holds no record.
    """
    return read_database(path)
