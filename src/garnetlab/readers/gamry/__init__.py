"""Gamry Framework ``.DTA``: impedance (ZCURVE) and direct current (CURVE), decimal point or comma, whole or aborted.

The measured ``Zreal`` and ``Zimag`` are read. Where the program also wrote drift-corrected columns a warning says by
how much they differ: the correction is an analysis, and would hide a drift from the Kramers-Kronig test. ``AREA`` is
1 cm2 unless somebody entered another, so 1 stays in the header. ``amplitude`` is the file's, a root-mean-square value.

Chronoamperometry and chronopotentiometry become a direct-current polarisation, cyclic and linear sweeps a voltammetry whose
cycles are the file's curves, an open-circuit run a test with current 0. Voltages are ``Vf``, currents ``Im`` with anodic
currents > 0. A temperature at or below 0 K means that there is no sensor.

Source: files of Framework 7.05 to 7.9.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._text import decode
from garnetlab.readers.gamry._read import read_text
from garnetlab.readers.gamry._write import write_dta
from garnetlab.readers.gamry._write_direct import write_dta_test

__all__ = ["name", "read", "sniff", "suffixes", "write_dta", "write_dta_test"]

name = "gamry-dta"
suffixes: tuple[str, ...] = (".dta",)


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a Gamry data file."""
    lines = decode(head[:4096]).lstrip().split("\n", 2)
    first = lines[0].strip()
    return 1.0 if first == "EXPLAIN" or (len(lines) > 1 and lines[1].startswith("TAG\t")) else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra in one ``.DTA`` file, one per ZCURVE table and sweep, or the one test in its CURVE tables.

    An aborted run is read as far as it went, with a warning.

    Raises
    ------
    ReadError  if a line is damaged or there is no such table; with the line number.
    """
    return read_text(path)
