"""Cycler records as Parquet: columns named as in Battery Data Format, or as Neware's or Arbin's program names them.

Read and written through DuckDB. The names decide: those of Battery Data Format go before others.

Source: the names of the Battery Data Format; two real tables of Neware's program, published with fastnda.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers.parquet._read import MAGIC, read_parquet
from garnetlab.readers.parquet._write import write_bdf_parquet

__all__ = ["name", "read", "sniff", "suffixes", "write_bdf_parquet"]

name = "parquet"
suffixes: tuple[str, ...] = (".parquet",)


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is Parquet."""
    return 1.0 if head.startswith(MAGIC) and len(head) > len(MAGIC) else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one file.

    Raises
    ------
    ReadError  if the file is damaged, its column names are of none of these forms, a number is missing, or the time falls.
    """
    return (read_parquet(path),)
