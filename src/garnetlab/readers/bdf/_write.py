"""A test to the Battery Data Format."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import Channel, InvalidInput, Measurement
from garnetlab.readers._cycling import require_cycling
from garnetlab.readers._text import write_text
from garnetlab.readers.bdf._columns import COLUMNS, UNIX_TIME, Column

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: columns that grow over a test and need more digits
_GROWING = frozenset({Channel.TIME, Channel.CHARGE, Channel.ENERGY})


def write_bdf(measurement: Measurement, path: str | Path) -> Path:
    """Write one test in Battery Data Format (csv) and return its path.

    Time, charge and energy keep 12 digits, everything else 9. Cycle, step, temperature, charge and energy are written
    where the measurement has them, the time stamp where its metadata has ``started`` (taken as UTC). The file does not
    know the kind of test nor the area: what reads it finds a cycling test.

    Raises
    ------
    InvalidInput  if the measurement has no time, voltage and current, or the folder cannot be written.
    """
    require_cycling(measurement)
    columns = columns_to_write(measurement)
    names = [c.label for c in columns]
    texts = [_texts(c, measurement[c.channel]) for c in columns]
    started = measurement.metadata.get("started")
    if started is not None:
        names.insert(3, UNIX_TIME[0])
        texts.insert(3, _stamps(str(started), measurement[Channel.TIME]))
    lines = [",".join(names), *map(",".join, zip(*texts, strict=True))]
    target = Path(path)
    write_text(target, "\n".join(lines) + "\n", "utf-8")
    return target


def columns_to_write(measurement: Measurement) -> list[Column]:
    """Return the columns of the format that hold the measurement's channels."""
    return [c for c in COLUMNS if c.channel in measurement.channels and _fits(c, measurement)]


def _fits(column: Column, measurement: Measurement) -> bool:
    """Return whether this of a channel's columns is the one to write: of a step that falls back, the program's."""
    others = [c for c in COLUMNS if c.channel is column.channel]
    if column.channel is Channel.STEP and bool(np.any(np.diff(measurement[Channel.STEP]) < 0)):
        return column is others[-1]
    return column is others[0]


def _texts(column: Column, values: NDArray[np.float64]) -> list[str]:
    digits = 12 if column.channel in _GROWING else 9
    return [f"{x:.{digits}g}" for x in ((values - column.offset) / column.factor).tolist()]


def _stamps(started: str, time: NDArray[np.float64]) -> list[str]:
    return [f"{x:.3f}" for x in (start_stamp(started) + time).tolist()]


def start_stamp(started: str) -> float:
    """Return the unix time [s] of a start in ISO form; without a time zone it is taken as UTC.

    Raises
    ------
    InvalidInput  if the text is no date and time.
    """
    try:
        start = datetime.fromisoformat(started)
    except ValueError:
        message = f"started = {started!r}: expected a date and time like '2025-03-01T12:00:00'. Correct the metadata."
        raise InvalidInput(message) from None
    return (start if start.tzinfo is not None else start.replace(tzinfo=UTC)).timestamp()
