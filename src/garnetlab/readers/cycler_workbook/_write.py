"""A test to a workbook in a form of LAND."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, Measurement
from garnetlab.readers._cycling import require_cycling
from garnetlab.readers._workbook import write_book

_NAMES = {
    "table": ("Index", "TestTime", "Voltage/V", "Current/mA", "Capacity/mAh", "State"),
    "record-tab": (
        "TestTime/Sec",
        "StepTime",
        "Current/mA",
        "Voltage/V",
        "AuxVolt/V",
        "SysTime",
        "StepNo",
        "StepStatus",
    ),
    "micro": ("Record", "SysTime", "Cycle", "Step", "TestTime", "Voltage/V", "Current/uA", "Capacity/uAh"),
}
_SHEETS = {"table": "Sheet1", "record-tab": "Record-Tab", "micro": "data"}
Form = Literal["table", "record-tab", "micro"]


def write_land_workbook(measurement: Measurement, path: str | Path, *, form: Form = "table") -> Path:
    """Write one test as an xlsx workbook in one of the forms in which LAND exports, and return its path.

    Parameters
    ----------
    measurement: The test. Cycle and step are 1 where it has none; the capacity is the integral of the current since the
                 start of each step, without sign; the test starts in 2025 where the metadata has no ``started``.
    path:        The file.
    form:        ``"table"`` (one table, times as ``d-hh:mm:ss``), ``"record-tab"`` or ``"micro"`` (uA and uAh).

    Raises
    ------
    InvalidInput  if the measurement has no time, voltage and current, or the folder cannot be written.
    """
    from openpyxl import Workbook

    require_cycling(measurement)
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = _SHEETS[form]
    sheet.append(_NAMES[form])
    for row in _rows(measurement, form):
        sheet.append(row)
    if form == "record-tab":
        book.create_sheet("Step-Tab", 0).append(("StepNo", "StepStatus"))
    return write_book(Path(path), book)


def _rows(m: Measurement, form: Form) -> list[tuple[float | str | datetime, ...]]:
    time, voltage, current = (m[c].tolist() for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT))
    ones = [1.0] * len(m)
    cycle, step = (m[c].tolist() if c in m.channels else ones for c in (Channel.CYCLE, Channel.STEP))
    start = datetime.fromisoformat(str(m.metadata.get("started", "2025-01-01T00:00:00")))
    counted = _counted(m, cycle, step)
    out: list[tuple[float | str | datetime, ...]] = []
    for i, t in enumerate(time):
        state = "R" if current[i] == 0 else "C_CC" if current[i] > 0 else "D_CC"
        when = start + timedelta(seconds=t)
        milli, micro = current[i] * 1e3, current[i] * 1e6
        if form == "table":
            out.append((i + 1, _clock(t), voltage[i], milli, counted[i] * 1e3, state))
        elif form == "record-tab":
            out.append((t, t, milli, voltage[i], 0.0, when, step[i], state))
        else:
            out.append((i + 1, when, cycle[i], step[i], _clock(t), voltage[i], micro, counted[i] * 1e6))
    return out


def _counted(m: Measurement, cycle: Sequence[float], step: Sequence[float]) -> list[float]:
    """Return the charge since the start of each step [Ah], without sign."""
    gains = np.diff(m[Channel.TIME], prepend=m[Channel.TIME][0]) * np.abs(m[Channel.CURRENT]) / units.hour
    total, out = 0.0, []
    for i, gain in enumerate(gains.tolist()):
        new = i > 0 and (cycle[i], step[i]) != (cycle[i - 1], step[i - 1])
        total = gain if new else total + gain
        out.append(total)
    return out


def _clock(seconds: float) -> str:
    days, rest = divmod(seconds, 86400.0)
    return f"{days:.0f}-{int(rest // 3600):02d}:{int(rest % 3600 // 60):02d}:{rest % 60:06.3f}"
