"""Novonix UHPC data files: csv with ``[Summary]``, ``[Protocol]`` and ``[Data]``.

Current > 0 charges, as the one real file writes it (it holds a charge only). ``Area (cm2)`` and ``Mass (g)`` are 1 where
nobody entered one, so 1 stays in the header.

Source: one real file of UHPC 2.13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers._rows import head_lines
from garnetlab.readers._text import is_number
from garnetlab.readers._vendor import find_layout, iso_start, preface_header, read_vendor_text
from garnetlab.readers._vendors import NOVONIX

__all__ = ["name", "read", "read_with", "sniff", "suffixes"]

name = "novonix"
suffixes: tuple[str, ...] = (".csv",)


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a Novonix data file: 0.9 where a line holds its column names."""
    return 0.9 if find_layout(head_lines(head), NOVONIX) is not None else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one file.

    Raises
    ------
    ReadError  with its line, if a cell is no number or the time falls.
    """
    return read_with(path, NOTHING)


def read_with(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the test in one file; ``options.current_unit`` is used where the file states none."""
    return (read_vendor_text(path, NOVONIX, options=options, metadata=_metadata),)


def _metadata(preface: Sequence[str]) -> Mapping[str, float | str]:
    header = preface_header(preface)
    texts = {"sample": header.get("Cell", ""), "started": iso_start(header.get("Started", ""))}
    out: dict[str, float | str] = {key: text for key, text in texts.items() if text}
    area = header.get("Area (cm2)", "")
    if is_number(area) and float(area) > 0 and float(area) != 1.0:
        out["area"] = float(area) * 1e-4
    return out
