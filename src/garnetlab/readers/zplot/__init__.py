"""Scribner ZPlot and ZView ``.z``: Z' and Z'' as text.

``Surface Area`` is 1 cm2 unless somebody entered another, so 1 stays in the header. Several sweeps in one file stay
several. ``amplitude`` is the file's column ``Ampl`` [V] where the experiment controls the voltage.

Source: files of ZPlot 3.2c.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._text import decode
from garnetlab.readers.zplot._read import read_text
from garnetlab.readers.zplot._write import write_z

__all__ = ["name", "read", "sniff", "suffixes", "write_z"]

name = "zplot"
suffixes: tuple[str, ...] = (".z",)


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a ZPlot file."""
    first = decode(head[:4096]).lstrip().split("\n", 1)[0].strip().upper()
    return 1.0 if first.startswith(("ZPLOT", "ZVIEW")) else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra in one ``.z`` file, one measurement per sweep, with time where recorded.

    A file with fewer points than its header announces is read, with a warning: the run was aborted.

    Raises
    ------
    ReadError  if a line is damaged or the header has no column names; with the line number.
    """
    return read_text(path)
