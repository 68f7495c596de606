"""Neware ``.nda`` and ``.ndax`` (and a ``.nda`` in a zip), through the optional extra ``neware`` (fastnda, BSD-3).

fastnda finds the records; this reader turns them into a test in SI. Cycles are those of the file; where its version has
none they count up at a charge that follows a discharge (or the other way round, by the first). ``step`` counts the steps as
they were run. The charge is the sum over the steps. ``started`` is in UTC.

Source: six real files of nda versions 22, 29 and 130 and ndax of three versions; two of them with the tables of Neware's
own program.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers.neware._read import form_of, read_binary

__all__ = ["name", "read", "sniff", "suffixes"]

name = "neware"
suffixes: tuple[str, ...] = (".nda", ".ndax", ".zip")


def sniff(path: Path, head: bytes) -> float:
    """Return how likely (0..1) the file is a Neware record."""
    form = form_of(path, head)
    return {"": 0.0, ".nda": 1.0, ".ndax": 0.95, ".zip": 0.6}[form]


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one file.

    Raises
    ------
    ReadError     if the file is damaged, cut or of an unknown version.
    MissingExtra  if fastnda is not installed.
    """
    return (read_binary(path),)
