"""Maccor text exports: tab or comma separated, decimal point or comma.

Maccor writes currents without sign; the state (``Md``, ``State``) gives the direction, or, where that is not exported, the
step of the voltage after each rest. A time without unit is compared with the dates (in the one real file it is minutes). A
current without unit is refused until ``ReadOptions(current_unit=...)`` says it.

Source: two real exports, one with a decimal comma, one without state and units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers._rows import head_lines
from garnetlab.readers._vendor import find_layout, iso_start, preface_header, read_vendor_text
from garnetlab.readers._vendors import MACCOR

__all__ = ["name", "read", "read_with", "sniff", "suffixes"]

name = "maccor"
suffixes: tuple[str, ...] = (".txt", ".csv")


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a Maccor table: 0.9 where a line holds its column names."""
    return 0.9 if find_layout(head_lines(head), MACCOR) is not None else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one file.

    Raises
    ------
    ReadError  with its line, if a cell is no number, the time falls, or a unit or a direction stays open.
    """
    return read_with(path, NOTHING)


def read_with(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the test in one file; ``options.current_unit`` is used where the file states none."""
    return (read_vendor_text(path, MACCOR, options=options, metadata=_metadata),)


def _metadata(preface: Sequence[str]) -> Mapping[str, float | str]:
    header = preface_header(preface)
    texts = {"sample": header.get("Name", ""), "instrument": header.get("Tester", "")}
    texts["started"] = iso_start(header.get("Date of Test", ""))
    return {key: text for key, text in texts.items() if text}
