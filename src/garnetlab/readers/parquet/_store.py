"""Measurements to Parquet and back as they were: every bit, the kind, the metadata, what they came from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from garnetlab.core import Channel, FileSource, InvalidInput, Kind, Measurement, ReadError, SimulationSource
from garnetlab.readers._cycling import KINDS
from garnetlab.readers.bdf import columns_to_write
from garnetlab.readers.parquet._write import bdf_columns, quoted, write_columns

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

KEY = "garnetlab"  # of the text beside the columns
_CHANNELS = {c.label: c for c in Channel}


def store(measurement: Measurement, path: str | Path) -> Path:
    """Write one test as Parquet so that ``load`` gives it back as it was, and return its path.

    The columns are those of the Battery Data Format, so that other programs read the file. Where their units would round a
    number (coulomb to ampere hours) the SI number stands beside them. Kind, metadata, warnings, source and uncertainties are
    kept too. A test without current is kept as well; the Battery Data Format has no such files.

    Raises
    ------
    InvalidInput  if the measurement is no test over time, or the folder cannot be written.
    """
    if measurement.kind not in KINDS or Channel.TIME not in measurement.channels or not len(measurement):
        kinds = ", ".join(k.value for k in KINDS)
        message = (
            f"measurement = one of {measurement.kind.value!r}: expected rows over time of {kinds}. Save it otherwise."
        )
        raise InvalidInput(message)
    columns = bdf_columns(measurement)
    places = {c.channel: (c.label, c.factor, c.offset) for c in columns_to_write(measurement)}
    channels = {}
    for channel, values in measurement.channels.items():
        name, factor, offset = places.get(channel, ("", 1.0, 0.0))
        if not name or not np.array_equal(_si(columns[name], factor, offset), values, equal_nan=True):
            name, factor, offset = f"garnetlab {channel.label} / {channel.unit}", 1.0, 0.0
            columns[name] = np.ascontiguousarray(values)
        channels[channel.label] = [name, factor, offset]
    std = {}
    for channel, values in measurement.std.items():
        std[channel.label] = f"garnetlab uncertainty of {channel.label} / {channel.unit}"
        columns[std[channel.label]] = np.ascontiguousarray(values)
    note = {
        "schema": f"{KEY}/1",
        "kind": measurement.kind.value,
        "channels": channels,
        "std": std,
        "metadata": dict(measurement.metadata),
        "warnings": list(measurement.warnings),
        "source": _source_note(measurement),
    }
    return write_columns(columns, path, notes={KEY: json.dumps(note)})


def load(
    path: str | Path,
    *,
    channels: Iterable[Channel] | None = None,
    between: tuple[float, float] | None = None,
) -> Measurement:
    """Return a test that ``store`` wrote: as it was, or only part of it, without reading the rest.

    Parameters
    ----------
    path:     The file.
    channels: Which channels; by default all. Time is always there.
    between:  Times from and to [s], both included; by default all.

    Raises
    ------
    ReadError     if the file is missing, damaged, or not written by ``store``.
    InvalidInput  if the file lacks one of the channels.
    """
    import duckdb

    path = Path(path)
    if not path.is_file():
        raise ReadError(path, "no such file. Check the path.")
    try:
        with duckdb.connect() as connection:
            note = note_of(connection, path)
            if note is None:
                raise ReadError(path, "no measurement that store() wrote. Read it with garnetlab.read.")
            return _selected(connection, path, note, channels, between)
    except duckdb.Error as error:
        reason = str(error).split("\n", 1)[0][:200]
        raise ReadError(path, f"damaged or cut Parquet ({reason}). Write it again.") from None


def note_of(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, Any] | None:
    """Return the text that ``store`` writes beside the columns, or None where there is none."""
    query = "SELECT value FROM parquet_kv_metadata(?) WHERE key = ?"
    row = connection.execute(query, [str(path), KEY.encode()]).fetchone()
    if row is None:
        return None
    try:
        note = json.loads(row[0])
    except ValueError:
        note = None
    if not isinstance(note, dict) or note.get("schema") != f"{KEY}/1":
        raise ReadError(path, "the note beside the columns is damaged or of another version. Store it again.")
    return note


def stored_measurement(connection: duckdb.DuckDBPyConnection, path: Path, note: dict[str, Any]) -> Measurement:
    """Return the whole test in a file with a note of ``store``."""
    return _selected(connection, path, note, None, None)


def _selected(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    note: dict[str, Any],
    channels: Iterable[Channel] | None,
    between: tuple[float, float] | None,
) -> Measurement:
    known: dict[str, tuple[str, float, float]] = {
        k: (str(n), float(f), float(o)) for k, (n, f, o) in note["channels"].items()
    }
    time = Channel.TIME.label
    asked = list(known) if channels is None else list(dict.fromkeys([time, *(c.label for c in channels)]))
    missing = [label for label in asked if label not in known]
    if missing:
        message = f"channels = {', '.join(missing)}: not in {path.name}, which has {', '.join(known)}. Leave it out."
        raise InvalidInput(message)
    std = {label: str(name) for label, name in note["std"].items() if label in asked}
    names = [*(known[label][0] for label in asked), *std.values()]
    columns = ", ".join(f"{quoted(name)} AS c{i}" for i, name in enumerate(names))
    where, values = "", [str(path)]
    if between is not None:
        where = f" WHERE {quoted(known[time][0])} BETWEEN ? AND ?"
    query = f"SELECT {columns} FROM read_parquet(?){where}"  # noqa: S608 - names are quoted
    found = connection.execute(query, [*values, *(between or ())]).fetchnumpy()
    arrays = [cast("Array", np.ma.filled(found[f"c{i}"], np.nan)) for i in range(len(names))]
    si = {_CHANNELS[label]: _si(array, *known[label][1:]) for label, array in zip(asked, arrays, strict=False)}
    uncertain = {_CHANNELS[label]: array for label, array in zip(std, arrays[len(asked) :], strict=True)}
    return Measurement(
        Kind(note["kind"]),
        si,
        _source(note["source"]),
        note["metadata"],
        std=uncertain,
        warnings=tuple(note["warnings"]),
    )


def _si(values: Array, factor: float, offset: float) -> Array:
    return values if factor == 1.0 and not offset else factor * values + offset


def _source_note(measurement: Measurement) -> dict[str, object]:
    source = measurement.source
    if isinstance(source, SimulationSource):
        return {"digest": source.digest, "seed": source.seed, "model": source.model}
    return {
        "path": source.path, "sha256": source.sha256, "reader": source.reader, "version": source.version,
        "header": dict(source.header), "part": source.part,
    }  # fmt: skip


def _source(note: dict[str, Any]) -> FileSource | SimulationSource:
    return SimulationSource(**note) if "model" in note else FileSource(**note)
