"""A test to the csv export of LAND cyclers."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, InvalidInput, Measurement
from garnetlab.readers._cycling import require_cycling
from garnetlab.readers._text import write_text
from garnetlab.readers.land._csv import (
    CELL_ID,
    CHARGED,
    CURRENT,
    CYCLE,
    DATE,
    DISCHARGED,
    SENSOR,
    STEP,
    STEP_NAME,
    TIME,
    VOLTAGE,
    step_starts,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_NAMES = (
    "channel_index", CYCLE, STEP, DATE, TIME, "step_time_s", CURRENT, VOLTAGE, DISCHARGED, CHARGED,
    "discharge_energy_Wh", "charge_energy_Wh", "Pressure_Psi", SENSOR, "temperature_2_C", "temperature_3_C", STEP_NAME,
)  # fmt: skip
_PREFACE = (
    "cell model:", f"{CELL_ID}: {{sample}}", "test: ", "checkpoint: ", "Nominal capacity used to define the C rate:Ah",
    "Nominal energy used to define the E rate: Wh",
)  # fmt: skip


def write_land(measurement: Measurement, path: str | Path) -> Path:
    """Write one test in the form of a LAND csv export and return its path.

    Times keep 1 ms, voltages 1 uV, currents 1 pA, charges 1 pAh, temperatures 1 uK: finer than a real export. A file of
    this form always has cycle, step, charge and energy. Where the measurement lacks them the cycle is 1, a step begins
    where the current changes sign, charge and energy are integrals by trapezoids. Dates are written where the metadata
    has ``started``. A temperature of exactly 0 degC throughout reads back as no sensor.

    Raises
    ------
    InvalidInput  if the measurement has no time, voltage and current, or the folder cannot be written.
    """
    require_cycling(measurement)
    sample = " ".join(str(measurement.metadata.get("sample", "")).replace(",", " ").split())
    preface = [line.format(sample=sample) + "," * (len(_NAMES) - 1) for line in _PREFACE]
    lines = [*preface, ",".join(_NAMES), *_rows(measurement)]
    target = Path(path)
    write_text(target, "\n".join(lines) + "\n", "utf-8")
    return target


def _rows(measurement: Measurement) -> list[str]:
    channels = measurement.channels
    time, voltage, current = (channels[c] for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT))
    steps = _steps(measurement)
    starts = step_starts(steps)
    charge = channels.get(Channel.CHARGE, _integral(time, current)) / units.hour
    energy = channels.get(Channel.ENERGY, _integral(time, current * voltage)) / units.hour
    begin = np.repeat(starts, np.diff([*starts, len(time)]))
    columns = [
        [str(i + 1) for i in range(len(time))],
        *([f"{x:.9g}" for x in steps[c].tolist()] for c in (Channel.CYCLE, Channel.STEP)),
        _dates(measurement),
        _fixed(time, 3),
        _fixed(time - time[begin], 3),
        _fixed(current, 12),
        _fixed(voltage, 6),
        *_two_ways(charge, begin),
        *_two_ways(energy, begin),
        ["0"] * len(time),
        _fixed(channels[Channel.TEMPERATURE] - units.ZERO_CELSIUS, 6)
        if Channel.TEMPERATURE in channels
        else ["0"] * len(time),
        ["0"] * len(time),
        ["0"] * len(time),
        ["rest" if x == 0 else "charge CC" if x > 0 else "discharge CC" for x in current.tolist()],
    ]
    return [",".join(row) + "," for row in zip(*columns, strict=True)]


def _steps(measurement: Measurement) -> dict[Channel, Array]:
    """Return cycle and step of each row, made up where the measurement has none."""
    sign = np.sign(measurement[Channel.CURRENT])
    made = 1.0 + np.concatenate(([0.0], np.cumsum(np.diff(sign) != 0)))
    channels = measurement.channels
    return {
        Channel.CYCLE: channels.get(Channel.CYCLE, np.ones(len(sign))),
        Channel.STEP: channels.get(Channel.STEP, made),
    }


def _integral(time: Array, values: Array) -> Array:
    parts = 0.5 * np.diff(time) * (values[1:] + values[:-1])
    return np.concatenate(([0.0], np.cumsum(parts)))


def _two_ways(total: Array, begin: NDArray[np.int64]) -> tuple[list[str], list[str]]:
    """Return what was taken out and what was put in since the row before each step began."""
    inside = total - np.where(begin > 0, total[begin - 1], 0.0)
    return _fixed(np.maximum(-inside, 0.0), 12), _fixed(np.maximum(inside, 0.0), 12)


def _fixed(values: Array, digits: int) -> list[str]:
    return [f"{x:.{digits}f}" for x in values.tolist()]


def _dates(measurement: Measurement) -> list[str]:
    started = measurement.metadata.get("started")
    if started is None:
        return [""] * len(measurement)
    try:
        start = datetime.fromisoformat(str(started))
    except ValueError:
        message = f"started = {started!r}: expected a date and time like '2025-03-01T12:00:00'. Correct the metadata."
        raise InvalidInput(message) from None
    seconds = measurement[Channel.TIME].tolist()
    return [f"{start + timedelta(seconds=round(s)):%m/%d/%Y %H:%M:%S}" for s in seconds]
