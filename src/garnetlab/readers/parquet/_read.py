"""A Parquet table to one test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers._rows import Table
from garnetlab.readers._vendor import is_table_of, roles, vendor_measurement
from garnetlab.readers._vendors import ARBIN, NEWARE
from garnetlab.readers.bdf import check_names, columns_in, from_table, has_needed
from garnetlab.readers.parquet._store import note_of, stored_measurement
from garnetlab.readers.parquet._write import quoted

if TYPE_CHECKING:
    import duckdb

MAGIC = b"PAR1"
_VENDORS = (NEWARE, ARBIN)
_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "HUGEINT")


def read_parquet(path: Path, options: ReadOptions = NOTHING) -> Measurement:
    """Return the test in one file; see the package's ``read``."""
    import duckdb

    with path.open("rb") as file:
        begin = file.read(len(MAGIC))
    if begin != MAGIC:
        raise ReadError(path, f"expected 'PAR1' at its start, found {begin!r}. No Parquet file.")
    try:
        with duckdb.connect() as connection:
            note = note_of(connection, path)
            if note is not None:
                return stored_measurement(connection, path, note)
            kinds = _kinds(connection, path)
            wanted = _wanted(path, tuple(kinds))
            table = _table(connection, path, kinds, wanted)
    except duckdb.Error as error:
        reason = str(error).split("\n", 1)[0][:200]
        message = f"damaged or cut Parquet ({reason}). Write it again."
        raise ReadError(path, message) from None
    if has_needed(table.names):
        return from_table(table, note=False)
    vendor = next(v for v in _VENDORS if is_table_of(v, table.names))
    return vendor_measurement(table, vendor, header={"columns": ", ".join(kinds)}, metadata={}, options=options)


def _kinds(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    rows = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


def _wanted(path: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    if has_needed(names):
        check_names(path, names)
        return tuple(columns_in(names))
    vendor = next((v for v in _VENDORS if is_table_of(v, names)), None)
    if vendor is None:
        message = (
            f"columns = {', '.join(names)[:100]}: expected the names of Battery Data Format, such as 'Test Time / s',"
            " 'Voltage / V', 'Current / A', or of a Neware or Arbin table. Name them so."
        )
        raise ReadError(path, message)
    return tuple(dict.fromkeys(roles(vendor, names).values()))


def _table(connection: duckdb.DuckDBPyConnection, path: Path, kinds: dict[str, str], wanted: tuple[str, ...]) -> Table:
    plain = {n: any(kinds[n].startswith(k) or f"U{k}" in kinds[n] or k in kinds[n] for k in _NUMBERS) for n in wanted}
    asked = ", ".join(
        f"CAST({quoted(n)} AS {'DOUBLE' if plain[n] else 'VARCHAR'}) AS c{i}" for i, n in enumerate(wanted)
    )
    found = connection.execute(f"SELECT {asked} FROM read_parquet(?)", [str(path)]).fetchnumpy()  # noqa: S608
    arrays, cells = {}, {}
    for i, name in enumerate(wanted):
        column = found[f"c{i}"]
        if plain[name]:
            arrays[name] = np.ma.filled(column, np.nan)
        else:
            cells[name] = [str(c) for c in np.ma.filled(column, "").tolist()]
    rows = len(found["c0"])
    if not rows:
        raise ReadError(path, "the table has no row: the test has no record. Write it again.")
    return Table(path, wanted, 1, rows, cells, arrays)
