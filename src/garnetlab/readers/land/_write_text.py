"""A test to the text exports of LAND that are known from description only."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, Measurement
from garnetlab.readers._cycling import require_cycling
from garnetlab.readers._text import write_text

_TABLE = ("Index", "TestTime", "Voltage/V", "Current/mA", "Capacity/mAh", "State")
_CHINESE = ("记录序号", "测试时间", "电压/V", "电流/mA", "容量/mAh", "状态")
_MACCOR = ("Rec#", "Cyc#", "Step", "Test(Sec)", "Step(Sec)", "Amp-hr", "Amps", "Volts", "State")
Form = Literal["table", "chinese", "maccor"]


def write_land_text(
    measurement: Measurement, path: str | Path, *, form: Form = "table", headings: bool = False
) -> Path:
    """Write one test as tab-separated text in one of LAND's forms, and return its path.

    Times keep 1 ms, voltages 1 uV, currents and capacities 12 digits. The capacity is the integral of the current, without
    sign. The form ``"maccor"`` writes currents without sign; the state has the direction.

    Parameters
    ----------
    measurement: The test.
    path:        The file.
    form:        ``"table"``, ``"chinese"`` (the same with Chinese names) or ``"maccor"``.
    headings:    Put three lines that head a step (``Index, Mode, Period``) before each change of the state.

    Raises
    ------
    InvalidInput  if the measurement has no time, voltage and current, or the folder cannot be written.
    """
    require_cycling(measurement)
    names = {"table": _TABLE, "chinese": _CHINESE, "maccor": _MACCOR}[form]
    lines = ["\t".join(names)]
    before = ""
    for number, row in enumerate(_rows(measurement, form), start=1):
        if headings and row[-1] != before and number > 1:
            lines += ["Index\tMode\tPeriod\t\t\t", f"{number}\t{row[-1]}\t0-00:10:00\t\t\t", "\t".join(names)]
        before = row[-1]
        lines.append("\t".join(row))
    target = Path(path)
    write_text(target, "\n".join(lines) + "\n", "utf-8")
    return target


def _rows(m: Measurement, form: Form) -> list[list[str]]:
    time, voltage, current = (m[c].tolist() for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT))
    gains = np.diff(m[Channel.TIME], prepend=m[Channel.TIME][0]) * np.abs(m[Channel.CURRENT]) / units.hour
    counted = np.cumsum(gains).tolist()
    ones = [1.0] * len(m)
    cycle, step = (m[c].tolist() if c in m.channels else ones for c in (Channel.CYCLE, Channel.STEP))
    out = []
    for i, t in enumerate(time):
        way = "R" if current[i] == 0 else "C" if current[i] > 0 else "D"
        if form == "maccor":
            numbers = [f"{i + 1}", f"{cycle[i]:g}", f"{step[i]:g}", f"{t:.3f}", f"{t:.3f}", f"{counted[i]:.12g}"]
            out.append([*numbers, f"{abs(current[i]):.12g}", f"{voltage[i]:.6f}", way])
        else:
            state = way if way == "R" else f"{way}_CC"
            milli = f"{current[i] * 1e3:.12g}"
            out.append([f"{i + 1}", _clock(t), f"{voltage[i]:.6f}", milli, f"{counted[i] * 1e3:.12g}", state])
    return out


def _clock(seconds: float) -> str:
    milli = round(seconds * 1e3)
    days, rest = divmod(milli, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{days}-{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
