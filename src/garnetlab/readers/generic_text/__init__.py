"""Impedance spectra in text of any origin: csv, txt, dat.

Recognised are the delimiter (tab, semicolon, comma, bar, blanks), the decimal mark, SI prefixes at numbers (``1.462k``),
the line of names and a line of units beneath it, names in their common spellings (``freq/Hz``, ``Zs''[ohm]``, ``-Im(Z)``,
``|Z|``, ``Phase/deg``, ``log(f)``), tables below and beside each other, and several sweeps in one table. Among others
this reads exports of Autolab, PARSTAT, CH Instruments, Novocontrol and the Thales scripts.

The sign of Z'' comes from the name (``-Z''``). Without a minus there, numbers that are mostly positive while the modulus
falls with frequency as in a capacitive cell are read as -Z'', with a warning; anything else keeps the file's sign. Three
columns without names are f, Z', Z'', with a warning. What was assumed is always said in ``warnings``.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._text import decode, is_binary, split_lines
from garnetlab.readers.generic_text._dialect import find_dialect
from garnetlab.readers.generic_text._read import read_text
from garnetlab.readers.generic_text._write import write_csv

__all__ = ["name", "read", "sniff", "suffixes", "write_csv"]

name = "generic-text"
suffixes: tuple[str, ...] = (".csv", ".txt", ".dat", ".tsv", ".asc")


def sniff(path: Path, head: bytes) -> float:
    """Return how likely (0..1) the file is a table of text; readers of one maker's files go before."""
    if not head or is_binary(head):
        return 0.0
    if find_dialect(split_lines(decode(head))[:200]) is None:
        return 0.05
    return 0.3 if path.suffix.lower() in suffixes else 0.2


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra in one text file, one measurement per table, column set and sweep.

    ``metadata`` holds ``temperature``, ``diameter`` and ``thickness`` where the lines above the table state them.

    Raises
    ------
    ReadError  naming the line, if there is no table of impedance, a unit cannot be used, a cell is no number, or a point
               is impossible (a frequency of 0, for instance).
    """
    return read_text(path)
