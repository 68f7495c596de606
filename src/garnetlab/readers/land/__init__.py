"""LAND (Landt, LANHE) cyclers: text exports.

- The csv with ``test_time_s``, ``current_A``, ``voltage_V`` below six lines of test data. Cycle and step are read as they
  stand; the charge is the sum over the steps of what was charged minus what was discharged, since the file counts anew in
  each step; a temperature sensor that says 0 all the time is not there. Current > 0 charges, and the step's name must
  agree. The export rounds currents and charges, often to 0.1 mA: a warning says how coarse that is.
- The single table of LANHE and LANDdt (``TestTime``, ``Voltage/V``, ``Current/mA``, ``State``), with English or Chinese
  names and headings of steps between its rows: from description. Times may be ``d-hh:mm:ss``, seconds or dates; currents
  without sign take it from the state.
- The text that follows Maccor's (``Rec#``, ``Test(Sec)``, ``Amps``, ``Volts``, ``State``): from description.

Its workbooks are read by ``cycler-workbook``, its ``.cex`` by ``land-cex``.

Source: one real csv export of a Landt cycler, published with the Battery Data Alliance's battery-data-format; for the other
forms the column names that other programs for LAND's exports state.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers._rows import head_lines, head_of
from garnetlab.readers.land._csv import find_names, read_csv
from garnetlab.readers.land._text import is_maccor_like, is_text_table, read_maccor_like, read_text_table, step_heading
from garnetlab.readers.land._write import write_land
from garnetlab.readers.land._write_text import write_land_text

__all__ = ["name", "read", "read_with", "sniff", "step_heading", "suffixes", "write_land", "write_land_text"]

name = "land"
suffixes: tuple[str, ...] = (".csv", ".txt")


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a text export of LAND."""
    lines = head_lines(head)
    if find_names(lines) is not None:
        return 1.0
    return 0.95 if is_maccor_like(lines) else 0.85 if is_text_table(lines) else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one file.

    Raises
    ------
    ReadError  with its line, if the column names are missing, a row has another number of cells than they, a cell is no
               number, the time falls, or a current has the sign of the other direction.
    """
    return read_with(path, NOTHING)


def read_with(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the test in one file; ``options.current_unit`` is used where the file states none."""
    lines = head_of(path)
    if find_names(lines) is None and is_maccor_like(lines):
        return (read_maccor_like(path, options),)
    if find_names(lines) is None and is_text_table(lines):
        return (read_text_table(path, lines, options),)
    return (read_csv(path),)
