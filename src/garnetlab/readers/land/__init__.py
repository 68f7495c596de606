"""LAND (Landt) cyclers: the csv export with ``test_time_s``, ``current_A``, ``voltage_V`` below six lines of test data.

Cycle and step are read as they stand; the charge is the sum over the steps of what was charged minus what was discharged,
since the file counts anew in each step; a temperature sensor that says 0 all the time is not there. Current > 0 charges,
and the step's name must agree. The export rounds currents and charges, often to 0.1 mA: a warning says how coarse that is.

Other exports of LAND (LANHE workbooks and tables, ``.cex``) are not read.

Source: one real export of a Landt cycler, published with the Battery Data Alliance's battery-data-format.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._text import decode, split_lines
from garnetlab.readers.land._csv import find_names, read_csv
from garnetlab.readers.land._write import write_land

__all__ = ["name", "read", "sniff", "suffixes", "write_land"]

name = "land"
suffixes: tuple[str, ...] = (".csv",)


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a LAND export: 1 where its column names are there."""
    return 1.0 if find_names(split_lines(decode(head))) is not None else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one LAND export.

    Raises
    ------
    ReadError  with its line, if a needed column is missing, a row has another number of cells than the names, a cell is
               no number, the time falls, or a current has another sign than its step's name says.
    """
    return (read_csv(path),)
