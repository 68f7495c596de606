"""A test to Parquet in columns of the Battery Data Format."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import Channel, InvalidInput, Measurement
from garnetlab.readers._cycling import require_cycling
from garnetlab.readers.bdf import UNIX_TIME, columns_to_write, start_stamp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def write_bdf_parquet(measurement: Measurement, path: str | Path) -> Path:
    """Write one test as Parquet with the column names of the Battery Data Format and return its path.

    All numbers keep their 64 bits in the format's units. Columns are those of ``write_bdf``. What has to come back as it
    was, bit for bit and with its metadata, goes through ``store``.

    Raises
    ------
    InvalidInput  if the measurement has no time, voltage and current, or the folder cannot be written.
    """
    require_cycling(measurement)
    return write_columns(bdf_columns(measurement), path)


def bdf_columns(measurement: Measurement) -> dict[str, Array]:
    """Return the columns of the format by name, in its units."""
    columns = {
        c.label: np.ascontiguousarray((measurement[c.channel] - c.offset) / c.factor)
        for c in columns_to_write(measurement)
    }
    started = measurement.metadata.get("started")
    if started is not None:
        columns[UNIX_TIME[0]] = start_stamp(str(started)) + measurement[Channel.TIME]
    return columns


def write_columns(columns: Mapping[str, Array], path: str | Path, *, notes: Mapping[str, str] | None = None) -> Path:
    """Write columns by name as one Parquet file, with texts beside them, and return its path.

    Raises
    ------
    InvalidInput  if the folder cannot be written.
    """
    import duckdb

    target = Path(path)
    names = ", ".join(f"column{i} AS {quoted(name)}" for i, name in enumerate(columns))
    arrays = {f"column{i}": column for i, column in enumerate(columns.values())}
    texts = ", ".join(f"{quoted(key)}: {_literal(text)}" for key, text in (notes or {}).items())
    form = f"FORMAT parquet, KV_METADATA {{{texts}}}" if texts else "FORMAT parquet"
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder, duckdb.connect() as connection:
            beside = Path(folder) / "table.parquet"
            connection.register("records", arrays)
            connection.execute(f"COPY (SELECT {names} FROM records) TO {_literal(str(beside))} ({form})")  # noqa: S608
            beside.replace(target)
    except (OSError, duckdb.Error) as error:
        message = f"path = {str(path)!r}: cannot be written ({error}). Choose another folder or name."
        raise InvalidInput(message) from None
    return target


def quoted(name: str) -> str:
    """Return a column name as SQL."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
