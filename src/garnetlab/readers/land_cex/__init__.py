"""LAND ``.cex`` binary records: experimental, from the published layout of one program for them.

The raw counts of voltage and current have a size that depends on the cycler's range and is not in the records. The records
also count charge [Ah] and energy [Wh] in true units, so the file itself shows both sizes: charge over time against the raw
current, and energy over charge against the raw voltage. What the user says (``ReadOptions(voltage_step=, current_step=)``)
is checked against that; a file in which no charge passes leaves them open and is refused without it.

Source: layout published with the samples of github.com/ZZexin/cex (CT2001A, 5 V, 10 mA); facts only, no code. No file was at
hand: every reading carries the mark ``from description``.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers.land_cex._read import MAGIC, read_binary
from garnetlab.readers.land_cex._write import write_cex

__all__ = ["name", "read", "read_with", "sniff", "suffixes", "write_cex"]

name = "land-cex"
suffixes: tuple[str, ...] = (".cex",)


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is a ``.cex`` record."""
    return 1.0 if head.startswith(MAGIC) else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one file, with the sizes of the raw counts that its charge and energy show.

    Raises
    ------
    ReadError  if the file is damaged or cut, or no charge passes in it.
    """
    return read_with(path, NOTHING)


def read_with(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the test in one file; ``voltage_step`` and ``current_step`` of the options are used and checked.

    Raises
    ------
    ReadError  as ``read``, and where the file's charge or energy contradict the options.
    """
    return (read_binary(path, options),)
