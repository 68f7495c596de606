"""Gamry Framework ``.DTA``: impedance tables (ZCURVE), with decimal point or comma, whole or aborted.

The measured ``Zreal`` and ``Zimag`` are read. Where the program also wrote drift-corrected columns a warning says by
how much they differ: the correction is an analysis, and would hide a drift from the Kramers-Kronig test. ``AREA`` is
1 cm2 unless somebody entered another, so 1 stays in the header. ``amplitude`` is the file's, a root-mean-square value.

Source: files of Framework 7.05 to 7.9.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._text import decode
from garnetlab.readers.gamry._read import read_text
from garnetlab.readers.gamry._write import write_dta

__all__ = ["name", "read", "sniff", "suffixes", "write_dta"]

name = "gamry-dta"
suffixes: tuple[str, ...] = (".dta",)


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a Gamry data file."""
    lines = decode(head[:4096]).lstrip().split("\n", 2)
    first = lines[0].strip()
    return 1.0 if first == "EXPLAIN" or (len(lines) > 1 and lines[1].startswith("TAG\t")) else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra in one ``.DTA`` file, one measurement per ZCURVE table and sweep, with time, Vdc and Idc.

    An aborted run is read as far as it went, with a warning.

    Raises
    ------
    ReadError  if a line is damaged or there is no impedance; with the line number.
    """
    return read_text(path)
