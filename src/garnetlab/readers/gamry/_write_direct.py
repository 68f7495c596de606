"""A direct-current test to Gamry text."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from garnetlab.core import Channel, Kind, Measurement
from garnetlab.readers._cycling import require_cycling, restarts
from garnetlab.readers._text import write_text
from garnetlab.readers.gamry._write import header_lines

_TAGS = {
    Kind.CYCLING: ("CHRONOP", "Chronopotentiometry"),
    Kind.DC_POLARISATION: ("CHRONOA", "Chronoamperometry"),
    Kind.VOLTAMMETRY: ("CV", "Cyclic Voltammetry"),
}
_NAMES = ("Pt", "T", "Vf", "Im", "Vu", "Sig", "Ach", "IERange", "Over")
_UNITS = ("#", "s", "V vs. Ref.", "A", "V", "V", "V", "#", "bits")


def write_dta_test(measurement: Measurement, path: str | Path) -> Path:
    """Write one direct-current test as a Gamry ``.DTA`` file and return its path.

    The kind gives the type of experiment; a cycling test is written as a chronopotentiometry, which is read back as a
    direct-current polarisation. A voltammetry with cycles is written as one curve for each. Numbers keep nine digits, times
    twelve. Of the metadata ``started``, ``instrument``, ``comment`` and ``area`` are written.

    Raises
    ------
    InvalidInput  if the measurement has no time, voltage and current, or the folder cannot be written.
    """
    require_cycling(measurement)
    tag, title = _TAGS[measurement.kind]
    rows = len(measurement)
    several = measurement.kind is Kind.VOLTAMMETRY and Channel.CYCLE in measurement.channels
    starts = restarts(measurement[Channel.CYCLE]).tolist() if several else [0]
    lines = [*header_lines(measurement, tag, title), "CONVENTION\tIQUANT\t1\tCurrent Convention"]
    for number, (first, last) in enumerate(zip(starts, [*starts[1:], rows], strict=True), start=1):
        name = f"CURVE{number}" if several else "CURVE"
        lines += [f"{name}\tTABLE\t{last - first}", "\t" + "\t".join(_NAMES), "\t" + "\t".join(_UNITS)]
        lines += [_row(measurement, i) for i in np.arange(first, last).tolist()]
    target = Path(path)
    write_text(target, "\r\n".join(lines) + "\r\n", "cp1252")
    return target


def _row(m: Measurement, i: int) -> str:
    time, voltage, current = (float(m[c][i]) for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT))
    return f"\t{i}\t{time:.12G}\t{voltage:.8E}\t{current:.8E}\t0\t0\t0\t0\t..........."
