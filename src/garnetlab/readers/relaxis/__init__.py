"""RelaxIS text export: frequency, Z', Z'', and, where exported, the modulus and the phase.

Several spectra side by side (each begins with a ``Data: Frequency`` column) stay several. The line under the column
names holds what the program knows (``DC``, ``TM``, ``J``); its meaning is not documented, so it stays in the header.

Source: a RelaxIS 3.0 export with one spectrum; the side-by-side form is ``from description``.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._text import decode
from garnetlab.readers.relaxis._read import read_text
from garnetlab.readers.relaxis._write import write_relaxis

__all__ = ["name", "read", "sniff", "suffixes", "write_relaxis"]

name = "relaxis"
suffixes: tuple[str, ...] = (".txt",)


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a RelaxIS export."""
    text = decode(head[:4096])
    if text.lstrip().startswith("RelaxIS"):
        return 1.0
    return 0.9 if "Data: Frequency" in text else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra in one RelaxIS text export.

    Raises
    ------
    ReadError  if a line is damaged or cut, or a needed column is missing; with the line number.
    """
    return read_text(path)
