"""A direct-current test to EC-Lab text."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, Kind, Measurement
from garnetlab.readers._cycling import require_cycling
from garnetlab.readers._text import write_text
from garnetlab.readers.biologic._write import header_lines, number_text

_TECHNIQUES = {
    Kind.CYCLING: "Galvanostatic Cycling with Potential Limitation",
    Kind.DC_POLARISATION: "Chronoamperometry / Chronocoulometry",
    Kind.VOLTAMMETRY: "Cyclic Voltammetry",
}
#: channel, column name, what its SI numbers are multiplied by, digits after the point
_COLUMNS = (
    (Channel.TIME, "time/s", 1.0, 15),
    (Channel.VOLTAGE, "Ewe/V", 1.0, 7),
    (Channel.CURRENT, "<I>/mA", 1e3, 15),
    (Channel.STEP, "Ns", 1.0, 0),
    (Channel.CYCLE, "cycle number", 1.0, 15),
    (Channel.CHARGE, "(Q-Qo)/C", 1.0, 7),
)


def write_mpt_test(measurement: Measurement, path: str | Path) -> Path:
    """Write one direct-current test as an EC-Lab text file and return its path.

    The kind gives the technique: galvanostatic cycling, chronoamperometry, cyclic voltammetry. Times, currents and cycles
    keep 16 digits, voltages and charges eight, as EC-Lab writes them; a temperature is written in degrees Celsius. Of the
    metadata ``started``, ``instrument``, ``comment`` and ``area`` are written.

    Raises
    ------
    InvalidInput  if the measurement has no time, voltage and current, or the folder cannot be written.
    """
    require_cycling(measurement)
    columns = [c for c in _COLUMNS if c[0] in measurement.channels]
    texts = [[_text(x, digits) for x in (measurement[c] * factor).tolist()] for c, _, factor, digits in columns]
    names = [name for _, name, _, _ in columns]
    if Channel.TEMPERATURE in measurement.channels:
        names.append("Temperature/°C")
        texts.append([number_text(x) for x in (measurement[Channel.TEMPERATURE] - units.ZERO_CELSIUS).tolist()])
    header = header_lines(measurement, _TECHNIQUES[measurement.kind])
    rows = map("\t".join, zip(*texts, strict=True))
    lines = [
        "EC-Lab ASCII FILE",
        f"Nb header lines : {len(header) + 3}",
        *header,
        "\t".join(names) + "\t",
        *rows,
    ]
    target = Path(path)
    write_text(target, "\r\n".join(lines) + "\r\n", "cp1252")
    return target


def _text(value: float, digits: int) -> str:
    return f"{np.int64(value)}" if digits == 0 else number_text(value, digits)
