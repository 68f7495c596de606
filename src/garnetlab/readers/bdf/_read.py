"""A file of the Battery Data Format to one test."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from garnetlab.core import Channel, Measurement, ReadError
from garnetlab.readers._cycling import NEEDED, cycling_measurement
from garnetlab.readers._rows import Layout, Table, head_of, read_table
from garnetlab.readers.bdf._columns import COLUMNS, UNIX_TIME, missing, names_in, place_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FIRST_ROW = 2  # line of the file, from 1
_LATEST = 4.1e9  # the year 2099 [s]
BASIS = "from description"
_NOTE = f"the reader of Battery Data Format is written {BASIS}, not from files of instruments: compare a few rows"


def read_text(path: Path) -> Measurement:
    """Return the test in one file; see the package's ``read``."""
    lines = head_of(path)
    names = names_in(lines[0]) if lines else []
    check_names(path, names)
    return from_table(read_table(path, Layout(tuple(names), _FIRST_ROW, ","), wanted=columns_in(names)))


def columns_in(names: Sequence[str]) -> list[str]:
    """Return which of the names are columns that are read, each once."""
    spellings = [*((c.label, c.machine) for c in COLUMNS), UNIX_TIME]
    places = [place_of(names, *both) for both in spellings]
    return list(dict.fromkeys(names[p] for p in places if p is not None))


def check_names(path: Path, names: Sequence[str]) -> None:
    """Raise ``ReadError`` where a needed column is missing or a name stands twice."""
    absent = missing(names)
    if absent:
        message = f"columns = {', '.join(names)[:100]}: expected {', '.join(absent)} too. Export them, named so."
        raise ReadError(path, message, 1)
    twice = next((n for i, n in enumerate(names) if n and n in names[:i]), None)
    if twice is not None:
        raise ReadError(path, f"columns = {twice!r} stands twice: expected each name once. Export the file again.", 1)


def from_table(table: Table, *, note: bool = True) -> Measurement:
    """Return the test in a table with the names of the format; ``note`` says that no instrument wrote its form."""
    with table.located():
        return _measurement(table, note=note)


def _measurement(table: Table, *, note: bool) -> Measurement:
    names = table.names
    channels: dict[Channel, NDArray[np.float64]] = {}
    warnings = [*([_NOTE] if note else []), *table.warnings]
    for column in COLUMNS:
        place = place_of(names, column.label, column.machine)
        if place is None or column.channel in channels:
            continue
        if column.channel in NEEDED:
            values: NDArray[np.float64] | None = table.numbers(names[place])
        else:
            values, told = table.optional(names[place])
            warnings += [told] if told else []
        if values is not None:
            plain = column.factor == 1.0 and column.offset == 0.0
            channels[column.channel] = values if plain else column.factor * values + column.offset
    header = {"columns": ", ".join(names)} | ({"reader written": BASIS} if note else {})
    return cycling_measurement(
        table.path,
        channels,
        line=table.line,
        header=header,
        metadata=_started(table, float(channels[Channel.TIME][0])),
        warnings=warnings,
    )


def _started(table: Table, time: float) -> dict[str, float | str]:
    """Return when the test started, from the time stamp of the first row."""
    place = place_of(table.names, *UNIX_TIME)
    if place is None:
        return {}
    stamps, _ = table.optional(table.names[place])
    if stamps is None:
        return {}
    stamp = float(stamps[0]) - time
    if not 0.0 < stamp < _LATEST:
        return {}
    return {"started": datetime.fromtimestamp(stamp, UTC).replace(tzinfo=None).isoformat()}
