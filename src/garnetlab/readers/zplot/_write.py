"""A spectrum to ZPlot text."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from garnetlab.core import Channel, Measurement
from garnetlab.readers._impedance import require_impedance
from garnetlab.readers._text import write_text

_NAMES = ("Freq(Hz)", "Ampl", "Bias", "Time(Sec)", "Z'(a)", "Z''(b)", "GD", "Err", "Range")


def write_z(measurement: Measurement, path: str | Path) -> Path:
    """Write one impedance spectrum as a ZPlot ``.z`` file and return its path; numbers keep nine digits.

    The time is 0 where the measurement has none; of the metadata ``started``, ``instrument``, ``area`` and
    ``amplitude`` are written.

    Raises
    ------
    InvalidInput  if the measurement is no impedance spectrum or the folder cannot be written.
    """
    require_impedance(measurement)
    lines = [*_header(measurement), "  " + "\t".join(_NAMES), "End Comments"]
    lines += [_row(measurement, i) for i in range(len(measurement))]
    target = Path(path)
    write_text(target, "\r\n".join(lines) + "\r\n", "ascii")
    return target


def _header(measurement: Measurement) -> list[str]:
    metadata = measurement.metadata
    entries = {
        "Measured Data, Software": "garnetlab",
        "Experiment Type": "Sweep Frequency, Control Voltage",
        "Instrument": " ".join(str(metadata.get("instrument", "simulated")).split()),
        "Surface Area": f"{float(metadata.get('area', 1e-4)) * 1e4:.9g}",
    }
    if metadata.get("started"):
        started = datetime.fromisoformat(str(metadata["started"]))
        entries |= {"Date": f"{started:%Y-%m-%d}", "Time": f"{started:%H:%M:%S}"}
    entries["Data Points"] = str(len(measurement))
    return ["ZPLOT2 ASCII", *(f"  {key + ':':<28}{value}" for key, value in entries.items())]


def _row(m: Measurement, i: int) -> str:
    z = complex(m[Channel.IMPEDANCE][i])
    time = float(m.channels[Channel.TIME][i]) if Channel.TIME in m.channels else 0.0
    amplitude = float(m.metadata.get("amplitude", 0.0))
    numbers = (float(m[Channel.FREQUENCY][i]), amplitude, 0.0, time, z.real, z.imag, 0.0)
    return "\t".join(f"{x:.8E}" for x in numbers) + "\t0\t0"
