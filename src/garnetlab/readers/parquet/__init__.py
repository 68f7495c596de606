"""Cycler records as Parquet: columns named as in Battery Data Format, or as Neware's or Arbin's program names them.

Read and written through DuckDB. The names decide: those of Battery Data Format go before others. ``store`` keeps a
measurement as it is and ``load`` gives it back, whole or in part; other files have no kind and no metadata of their own.

Source: the names of the Battery Data Format; two real tables of Neware's program, published with fastnda.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers.parquet._read import MAGIC, read_parquet
from garnetlab.readers.parquet._store import load, store
from garnetlab.readers.parquet._write import quoted, write_bdf_parquet

__all__ = ["load", "name", "quoted", "read", "read_with", "sniff", "store", "suffixes", "write_bdf_parquet"]

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
    return read_with(path, NOTHING)


def read_with(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the test in one file; ``options.current_unit`` is used where the file states none."""
    return (read_parquet(path, options),)
