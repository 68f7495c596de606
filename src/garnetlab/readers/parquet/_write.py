"""A test to Parquet in columns of the Battery Data Format."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from garnetlab.core import Channel, InvalidInput, Measurement
from garnetlab.readers._cycling import require_cycling
from garnetlab.readers.bdf import UNIX_TIME, columns_to_write, start_stamp


def write_bdf_parquet(measurement: Measurement, path: str | Path) -> Path:
    """Write one test as Parquet with the column names of the Battery Data Format and return its path.

    All numbers keep their 64 bits. Columns are those of ``write_bdf``.

    Raises
    ------
    InvalidInput  if the measurement has no time, voltage and current, or the folder cannot be written.
    """
    import duckdb

    require_cycling(measurement)
    columns = {
        c.label: np.ascontiguousarray((measurement[c.channel] - c.offset) / c.factor)
        for c in columns_to_write(measurement)
    }
    started = measurement.metadata.get("started")
    if started is not None:
        columns[UNIX_TIME[0]] = start_stamp(str(started)) + measurement[Channel.TIME]
    target = Path(path)
    names = ", ".join(f'column{i} AS "{name}"' for i, name in enumerate(columns))
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder, duckdb.connect() as connection:
            beside = Path(folder) / "table.parquet"
            connection.register(
                "records", dict(zip((f"column{i}" for i in range(len(columns))), columns.values(), strict=True))
            )
            connection.execute(f"COPY (SELECT {names} FROM records) TO '{_escaped(beside)}' (FORMAT parquet)")  # noqa: S608
            beside.replace(target)
    except (OSError, duckdb.Error) as error:
        message = f"path = {str(path)!r}: cannot be written ({error}). Choose another folder or name."
        raise InvalidInput(message) from None
    return target


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
