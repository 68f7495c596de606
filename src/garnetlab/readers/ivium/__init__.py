"""Ivium ``.idf`` (one data set), ``.ids`` (several) and the plain ``.i2b`` list: impedance.

An Ivium file holds ``key=value`` settings and, after the line ``primary_data``, the numbers of columns and rows and the
rows Z', Z'', f with Z'' in the package's sign. Several data sets stay several. The ``.i2b`` list holds free lines, a
blank one, the number of rows, and the rows f, Z', Z''. The oscilloscope traces (``osc_data``) are left where they are.

Source: structure as in the public test files of pyimpspec (tests/data.idf, data.ids, data.i2b); no maker's description.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._text import decode, read_lines, split_lines
from garnetlab.readers.ivium._i2b import looks_like_i2b, read_i2b
from garnetlab.readers.ivium._idf import is_idf, read_idf
from garnetlab.readers.ivium._write import write_i2b, write_idf

__all__ = ["name", "read", "sniff", "suffixes", "write_i2b", "write_idf"]

name = "ivium-idf"
suffixes: tuple[str, ...] = (".idf", ".ids", ".i2b")


def sniff(path: Path, head: bytes) -> float:
    """Return how likely (0..1) the file is one of the three."""
    lines = split_lines(decode(head))
    if is_idf(lines):
        return 1.0
    if looks_like_i2b(lines):
        return 0.95 if path.suffix.lower() == ".i2b" else 0.6
    return 0.3 if path.suffix.lower() in suffixes and lines else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra in one Ivium or ``.i2b`` file, one measurement per data set.

    Each carries ``title``, ``technique`` and ``started`` where the file gives them.

    Raises
    ------
    ReadError  if a line is damaged or missing, or the data set holds no impedance; with the line number.
    """
    lines = read_lines(path)
    if looks_like_i2b(lines) and not is_idf(lines):
        return read_i2b(path, lines)
    return read_idf(path, lines)
