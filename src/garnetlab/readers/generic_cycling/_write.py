"""A test to a plain table of time, voltage and current."""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Channel, InvalidInput, Measurement
from garnetlab.readers._text import write_text

_COLUMNS = (
    (Channel.TIME, "time/s", 12),
    (Channel.VOLTAGE, "voltage/V", 9),
    (Channel.CURRENT, "current/A", 9),
    (Channel.CYCLE, "cycle", 9),
)


def write_time_table(measurement: Measurement, path: str | Path) -> Path:
    """Write time, voltage and, where the measurement has them, current and cycle as csv, and return its path.

    Times keep 12 digits, the others 9.

    Raises
    ------
    InvalidInput  if the measurement has no time and voltage, or the folder cannot be written.
    """
    for channel in (Channel.TIME, Channel.VOLTAGE):
        if channel not in measurement.channels or not len(measurement):
            message = f"channels: expected rows of {channel.label}. This file holds time, voltage and current."
            raise InvalidInput(message)
    columns = [c for c in _COLUMNS if c[0] in measurement.channels]
    texts = [[f"{x:.{digits}g}" for x in measurement[c].tolist()] for c, _, digits in columns]
    lines = [",".join(name for _, name, _ in columns), *map(",".join, zip(*texts, strict=True))]
    target = Path(path)
    write_text(target, "\n".join(lines) + "\n", "utf-8")
    return target
