"""Archives of cellpy 2: ``raw.parquet`` and ``meta.json`` in a zip."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from garnetlab.core import GarnetlabError, Measurement, ReadError
from garnetlab.readers._options import ReadOptions
from garnetlab.readers._vendor import DESCRIPTION
from garnetlab.readers._zip import zip_errors
from garnetlab.readers.cellpy._columns import measurement_of, wanted_of
from garnetlab.readers.parquet import quoted

_ZIP = b"PK\x03\x04"
RAW, META = "raw.parquet", "meta.json"


def is_zipped(path: Path, head: bytes) -> bool:
    """Return whether the file is a zip with the members of an archive."""
    if not head.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return {RAW, META} <= set(archive.namelist())
    except zip_errors():
        return False


def read_zipped(path: Path, options: ReadOptions) -> Measurement:
    """Return the test in one archive; see the package's ``read``."""
    import duckdb

    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            meta = json.loads(archive.read(META))
            raw = Path(folder) / RAW
            with archive.open(RAW) as packed, raw.open("wb") as file:
                shutil.copyfileobj(packed, file)
            with duckdb.connect() as connection:
                arrays = _arrays(connection, path, raw)
    except GarnetlabError:
        raise
    except duckdb.Error as error:
        reason = str(error).split("\n", 1)[0][:200]
        raise ReadError(path, f"the raw records of the archive are damaged ({reason}). Save it again.") from None
    except zip_errors() as error:
        raise ReadError(path, f"the archive is damaged ({error}). Save it again with cellpy.") from None
    if not isinstance(meta, dict):
        raise ReadError(path, f"{META} in the archive is no object. Save it again with cellpy.")
    header = {"cellpy_file_version": str(meta.get("cellpy_file_version", "")), "reader written": DESCRIPTION}
    return measurement_of(
        path,
        arrays,
        units=_object(meta, "raw_units"),
        header=header,
        metadata=_sample(_object(meta, "cell")),
        options=options,
    )


def _object(meta: dict[str, Any], key: str) -> dict[str, Any]:
    value = meta.get(key)
    return value if isinstance(value, dict) else {}


def _sample(cell: dict[str, Any]) -> dict[str, float | str]:
    name = cell.get("cell_name")
    return {"sample": name} if isinstance(name, str) and name else {}


def _arrays(connection: Any, path: Path, raw: Path) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    rows = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(raw)]).fetchall()
    names = list(wanted_of(path, tuple(str(row[0]) for row in rows)).values())
    asked = ", ".join(f"CAST({quoted(n)} AS DOUBLE) AS c{i}" for i, n in enumerate(names))
    found = connection.execute(f"SELECT {asked} FROM read_parquet(?)", [str(raw)]).fetchnumpy()  # noqa: S608
    return {name: np.ma.filled(found[f"c{i}"], np.nan) for i, name in enumerate(names)}
