"""Spectra to EC-Lab text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from garnetlab.core import Channel, InvalidInput, Measurement
from garnetlab.readers._impedance import require_impedance
from garnetlab.readers._text import write_text

_EXTRA = (
    (Channel.TIME, "time/s", 1.0),
    (Channel.VOLTAGE, "<Ewe>/V", 1.0),
    (Channel.CURRENT, "<I>/mA", 1e3),
)


def write_mpt(measurements: Sequence[Measurement], path: str | Path) -> Path:
    """Write impedance spectra as one EC-Lab text file and return its path; numbers keep eight digits.

    Spectra are told apart by their cycle number (1, 2, ...). Time, voltage and current are written where every spectrum
    has them; of the metadata ``started``, ``instrument``, ``comment``, ``area`` and ``amplitude`` of the first.

    Raises
    ------
    InvalidInput  if there is no spectrum, one is no impedance, or the folder cannot be written.
    """
    if not measurements:
        message = "measurements = []: expected at least one impedance spectrum."
        raise InvalidInput(message)
    for measurement in measurements:
        require_impedance(measurement)
    extra = [e for e in _EXTRA if all(e[0] in m.channels for m in measurements)]
    titles = [
        "freq/Hz",
        "Re(Z)/Ohm",
        "-Im(Z)/Ohm",
        "|Z|/Ohm",
        "Phase(Z)/deg",
        *(t for _, t, _ in extra),
        "cycle number",
    ]
    header = _header(measurements)
    rows = [_row(m, i, cycle, extra) for cycle, m in enumerate(measurements, start=1) for i in range(len(m))]
    count = len(header) + 3
    lines = ["EC-Lab ASCII FILE", f"Nb header lines : {count}", *header, "\t".join(titles) + "\t", *rows]
    target = Path(path)
    write_text(target, "\r\n".join(lines) + "\r\n", "cp1252")
    return target


def number_text(value: float, digits: int = 7) -> str:
    """Return a number as EC-Lab writes it: ``1.2345678E+003``."""
    mantissa, exponent = f"{value:.{digits}E}".split("E")
    return f"{mantissa}E{exponent[0]}{exponent[1:].rjust(3, '0')}"


def _row(m: Measurement, i: int, cycle: int, extra: Sequence[tuple[Channel, str, float]]) -> str:
    z = complex(m[Channel.IMPEDANCE][i])
    numbers = [m[Channel.FREQUENCY][i], z.real, -z.imag, abs(z), float(np.degrees(np.angle(z)))]
    numbers += [m[channel][i] * factor for channel, _, factor in extra]
    return "\t".join(number_text(float(x)) for x in (*numbers, float(cycle)))


def header_lines(measurement: Measurement, technique: str) -> list[str]:
    """Return the header of a file below its first two lines: technique, start, instrument, comment, area."""
    metadata = measurement.metadata
    area = float(metadata.get("area", 1e-7)) * 1e4
    lines = ["", technique, ""]
    if metadata.get("started"):
        started = datetime.fromisoformat(str(metadata["started"]))
        lines.append(f"Acquisition started on : {started:%m/%d/%Y %H:%M:%S}.{started.microsecond // 1000:03d}")
    return [
        *lines,
        f"Device : {_one_line(metadata.get('instrument', 'simulated'))}",
        f"Comments : {_one_line(metadata.get('comment', ''))}",
        f"Electrode surface area : {area:.6f} cm²",
    ]


def _header(measurements: Sequence[Measurement]) -> list[str]:
    amplitude = float(measurements[0].metadata.get("amplitude", 0.0)) * 1e3
    lines = [
        *header_lines(measurements[0], "Potentio Electrochemical Impedance Spectroscopy"),
        f"{'Mode':<20}{'Single sine':<20}",
        f"{'Va (mV)':<20}{f'{amplitude:.4f}':<20}",
        "",
    ]
    ends = np.cumsum([len(m) for m in measurements])
    if len(ends) > 1:
        lines.append(f"Number of loops : {len(ends)}")
        for k, (m, end) in enumerate(zip(measurements, ends, strict=True)):
            lines.append(f"Loop {k} from point number {end - len(m)} to {end - 1}")
        lines.append("")
    return lines


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
