"""A file of the Battery Data Format to one test."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from garnetlab.core import Channel, Measurement, ReadError
from garnetlab.readers._cycling import NEEDED, cut_warning, cycling_measurement, numbers, optional_numbers, split_rows
from garnetlab.readers._text import read_lines
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
    lines = read_lines(path)
    names = names_in(lines[0])
    absent = missing(names)
    if absent:
        message = f"columns = {', '.join(names)[:100]}: expected {', '.join(absent)} too. Export them, named so."
        raise ReadError(path, message, 1)
    twice = next((n for i, n in enumerate(names) if n and n in names[:i]), None)
    if twice is not None:
        raise ReadError(path, f"columns = {twice!r} stands twice: expected each name once. Export the file again.", 1)
    rows = split_rows(path, lines, 1, len(names))
    cells = list(zip(*rows, strict=True))
    channels: dict[Channel, NDArray[np.float64]] = {}
    warnings = [_NOTE, *cut_warning(path, rows, _FIRST_ROW)]
    for column in COLUMNS:
        place = place_of(names, column.label, column.machine)
        if place is None or column.channel in channels:
            continue
        if column.channel in NEEDED:
            values: NDArray[np.float64] | None = numbers(path, names[place], cells[place], _FIRST_ROW)
        else:
            values, note = optional_numbers(path, names[place], cells[place], _FIRST_ROW)
            warnings += [note] if note else []
        if values is not None:
            channels[column.channel] = column.factor * values + column.offset
    return cycling_measurement(
        path,
        channels,
        line=_FIRST_ROW,
        header={"columns": ", ".join(names), "reader written": BASIS},
        metadata=_started(path, names, cells, float(channels[Channel.TIME][0])),
        warnings=warnings,
    )


def _started(path: Path, names: Sequence[str], cells: Sequence[Sequence[str]], time: float) -> dict[str, float | str]:
    """Return when the test started, from the time stamp of the first row."""
    place = place_of(names, *UNIX_TIME)
    if place is None or not cells[place][0].strip():
        return {}
    stamp = float(numbers(path, names[place], cells[place][:1], _FIRST_ROW)[0]) - time
    if not 0.0 < stamp < _LATEST:
        return {}
    return {"started": datetime.fromtimestamp(stamp, UTC).replace(tzinfo=None).isoformat()}
