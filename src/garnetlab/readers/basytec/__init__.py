"""Basytec result files: text with lines of test data that begin with ``~``, and ``~Time[s]``, ``U[V]``, ``I[A]``.

Current > 0 charges, as the file writes it, and is checked against the command of the step. ``step`` is the line of the
test plan.

Source: one real file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers._rows import head_lines
from garnetlab.readers._vendor import find_layout, iso_start, preface_header, read_vendor_text
from garnetlab.readers._vendors import BASYTEC

__all__ = ["name", "read", "read_with", "sniff", "suffixes"]

name = "basytec"
suffixes: tuple[str, ...] = (".txt",)


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a Basytec result file: 0.9 where a line holds its column names."""
    return 0.9 if find_layout(head_lines(head), BASYTEC) is not None else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one file.

    Raises
    ------
    ReadError  with its line, if a cell is no number, the time falls, or a current has the sign of another step.
    """
    return read_with(path, NOTHING)


def read_with(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the test in one file; ``options.current_unit`` is used where the file states none."""
    return (read_vendor_text(path, BASYTEC, options=options, metadata=_metadata),)


def _metadata(preface: Sequence[str]) -> Mapping[str, float | str]:
    header = preface_header(preface)
    texts = {"sample": header.get("Battery", ""), "started": iso_start(header.get("Start of Test", ""), "dmy")}
    return {key: text for key, text in texts.items() if text}
