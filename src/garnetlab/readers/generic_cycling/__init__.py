"""Tables of time and voltage, with or without current, in text of any origin: published data, scripts, simulations.

Names say which column is which (``Time (h)``, ``ΔE (V)``, ``t,E,I``). Where no unit stands at a name, seconds, volts and amperes
are taken, with a warning. What was measured is decided by the numbers: a voltage that moves at one rate is a voltammetry, a
voltage held while the current decays a direct-current polarisation, anything else a cycling test. A file without current
gives time and voltage only. The sign of the current is the file's.

Source: three real files of published articles.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers._rows import head_lines
from garnetlab.readers.generic_cycling._read import find_table, read_text
from garnetlab.readers.generic_cycling._write import write_time_table

__all__ = ["name", "read", "read_with", "sniff", "suffixes", "write_time_table"]

name = "generic-cycling"
suffixes: tuple[str, ...] = (".csv", ".txt", ".dat", ".tsv")


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a table of time and voltage; readers of one maker's files go before."""
    return 0.6 if find_table(head_lines(head)) is not None else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one file.

    Raises
    ------
    ReadError  with its line, if there is no time and voltage, a cell is no number, or the time falls.
    """
    return read_with(path, NOTHING)


def read_with(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the test in one file; ``options.current_unit`` is used where the file states none."""
    return (read_text(path, options),)
