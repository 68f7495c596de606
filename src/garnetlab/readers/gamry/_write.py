"""A spectrum to Gamry text."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from garnetlab.core import Channel, Measurement
from garnetlab.readers._impedance import require_impedance
from garnetlab.readers._text import write_text

_NAMES = ("Pt", "Time", "Freq", "Zreal", "Zimag", "Zsig", "Zmod", "Zphz", "Idc", "Vdc", "IERange")
_UNITS = ("#", "s", "Hz", "ohm", "ohm", "V", "ohm", "°", "A", "V", "#")


def write_dta(measurement: Measurement, path: str | Path) -> Path:
    """Write one impedance spectrum as a Gamry ``.DTA`` file and return its path; numbers keep nine digits.

    Time, Vdc and Idc are 0 where the measurement has none; of the metadata ``started``, ``instrument``, ``comment``,
    ``area`` and ``amplitude`` are written.

    Raises
    ------
    InvalidInput  if the measurement is no impedance spectrum or the folder cannot be written.
    """
    require_impedance(measurement)
    lines = [*_header(measurement), "ZCURVE\tTABLE", "\t" + "\t".join(_NAMES), "\t" + "\t".join(_UNITS)]
    lines += [_row(measurement, i) for i in range(len(measurement))]
    target = Path(path)
    write_text(target, "\r\n".join(lines) + "\r\n", "cp1252")
    return target


def header_lines(measurement: Measurement, tag: str, title: str) -> list[str]:
    """Return the header of a file: type of experiment, title, start, comment, instrument, area."""
    metadata = measurement.metadata
    area = float(metadata.get("area", 1e-4)) * 1e4
    lines = ["EXPLAIN", f"TAG\t{tag}", f"TITLE\tLABEL\t{title}\tTest &Identifier"]
    if metadata.get("started"):
        started = datetime.fromisoformat(str(metadata["started"]))
        lines += [f"DATE\tLABEL\t{started:%Y-%m-%d}\tDate", f"TIME\tLABEL\t{started:%H:%M:%S}\tTime"]
    return [
        *lines,
        "NOTES\tNOTES\t1\t&Notes...",
        f"\t{' '.join(str(metadata.get('comment', '')).split())}",
        f"PSTAT\tPSTAT\t{' '.join(str(metadata.get('instrument', 'simulated')).split())}\tPotentiostat",
        f"AREA\tQUANT\t{area:.8E}\t&Area (cm^2)",
    ]


def _header(measurement: Measurement) -> list[str]:
    amplitude = float(measurement.metadata.get("amplitude", 0.0)) * 1e3
    lines = header_lines(measurement, "EISPOT", "Potentiostatic EIS")
    return [*lines, f"VAC\tQUANT\t{amplitude:.5E}\tAC &Voltage (mV rms)"]


def _row(m: Measurement, i: int) -> str:
    z = complex(m[Channel.IMPEDANCE][i])
    time, current, voltage = (
        float(m.channels[c][i]) if c in m.channels else 0.0 for c in (Channel.TIME, Channel.CURRENT, Channel.VOLTAGE)
    )
    phase = float(np.degrees(np.angle(z)))
    numbers = (time, float(m[Channel.FREQUENCY][i]), z.real, z.imag, 1.0, abs(z), phase, current, voltage)
    return f"\t{i}\t" + "\t".join(f"{x:.9G}" for x in numbers) + "\t0"
