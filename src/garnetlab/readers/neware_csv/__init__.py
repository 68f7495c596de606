"""Neware BTS text export: csv with ``Cumulative Time``, ``Step Type``, ``Chg. Cap.(Ah)``, or with Chinese names.

Current > 0 charges, as the file writes it; where it writes no sign the step's type gives it. The charge is the sum over
the steps, since the file counts anew in each.

``Time`` is that of the step. Where no column holds the total time, the dates give it, with a note.

Source: one real export of BTS; the Chinese names from description.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers._rows import head_lines, head_of
from garnetlab.readers._vendor import find_layout, read_vendor_text
from garnetlab.readers._vendors import NEWARE, NEWARE_CHINESE

__all__ = ["name", "read", "read_with", "sniff", "suffixes"]

name = "neware-csv"
suffixes: tuple[str, ...] = (".csv", ".txt")


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a Neware table: 0.9 where a line holds its column names."""
    lines = head_lines(head)
    return 0.9 if any(find_layout(lines, vendor) is not None for vendor in (NEWARE, NEWARE_CHINESE)) else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one file.

    Raises
    ------
    ReadError  with its line, if a cell is no number, the time falls, or a current has the sign of another step.
    """
    return read_with(path, NOTHING)


def read_with(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the test in one file; ``options.current_unit`` is used where the file states none."""
    vendor = NEWARE_CHINESE if find_layout(head_of(path), NEWARE_CHINESE) is not None else NEWARE
    return (read_vendor_text(path, vendor, options=options),)
