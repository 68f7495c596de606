"""Arbin MITS text export: csv with ``Test_Time(s)`` or ``Test Time (s)``, ``Cycle_Index``, ``Charge_Capacity(Ah)``.

Current > 0 charges, as the file writes it, unless its counters of charge and discharge say the opposite: then it is turned. A
current without unit is taken in A, and refused where the counters say that it is not. The capacities count on or begin anew at
any row; the reader sums them. The workbooks of Arbin are read by ``cycler-workbook``, its ``.res`` by ``arbin-res``.

Source: one real csv export (MITS Pro 8) and one real workbook (MITS Pro 7).
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers._rows import head_lines
from garnetlab.readers._vendor import find_layout, read_vendor_text
from garnetlab.readers._vendors import ARBIN

__all__ = ["name", "read", "read_with", "sniff", "suffixes"]

name = "arbin"
suffixes: tuple[str, ...] = (".csv", ".txt")


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is an Arbin table: 0.8 where a line holds its column names."""
    return 0.8 if find_layout(head_lines(head), ARBIN) is not None else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one file.

    Raises
    ------
    ReadError  with its line, if a cell is no number, the time falls, or current and counters differ by a factor of units.
    """
    return read_with(path, NOTHING)


def read_with(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the test in one file; ``options.current_unit`` is used where the file states none."""
    return (read_vendor_text(path, ARBIN, options=options),)
