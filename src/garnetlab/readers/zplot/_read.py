"""ZPlot text to what it says, then spectra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from garnetlab.core import Channel, Measurement, ReadError
from garnetlab.readers._dates import iso_datetime
from garnetlab.readers._impedance import impedance_measurement, informative, split_sweeps
from garnetlab.readers._text import guess_decimal, parse_number, parse_row, read_lines

_WANTED = ("Freq(Hz)", "Z'(a)", "Z''(b)")
_OPTIONAL = ("Time(Sec)", "Ampl")


class _Content(NamedTuple):
    header: dict[str, str]
    columns: dict[str, list[float]]
    lines: list[int]


def read_text(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra of one ZPlot file; see the package's ``read``."""
    content = _content(path)
    warnings = []
    announced = content.header.get("Data Points", "")
    if announced.isdecimal() and int(announced) > len(content.lines):
        warnings.append(f"the header announces {announced} points, {len(content.lines)} are here: the run was aborted")
    sweeps = split_sweeps(content.columns["Freq(Hz)"])
    out = []
    for place, sweep in enumerate(sweeps, start=1):
        cut = {name: values[sweep.start : sweep.stop] for name, values in content.columns.items()}
        extra = {Channel.TIME: cut["Time(Sec)"]} if informative(cut.get("Time(Sec)", [])) else {}
        metadata = _metadata(content.header, cut)
        if extra:
            metadata["started_at"] = cut["Time(Sec)"][0]
        measurement = impedance_measurement(
            path,
            cut["Freq(Hz)"],
            cut["Z'(a)"],
            cut["Z''(b)"],
            header=content.header,
            part=f"sweep {place} of {len(sweeps)}" if len(sweeps) > 1 else "",
            metadata={**metadata, "place": float(place)},
            warnings=warnings,
            lines=content.lines[sweep.start : sweep.stop],
            extra=extra,
        )
        out.append(measurement)
    return tuple(out)


def _content(path: Path) -> _Content:
    lines = read_lines(path)
    titles = next((i for i, text in enumerate(lines) if text.strip().startswith("Freq(Hz)")), None)
    if titles is None:
        raise ReadError(path, "expected a line of column names that begins with Freq(Hz). Export the file again.")
    separator = next((s for s in ("\t", ",", ";") if s in lines[titles]), None)
    names = [n.strip() for n in lines[titles].strip().split(separator)]
    missing = [n for n in _WANTED if n not in names]
    if missing:
        message = f"columns = {', '.join(names)}: expected {', '.join(missing)} too. Export Z' and Z''."
        raise ReadError(path, message, titles + 1)
    body = []
    for line, text in enumerate(lines[titles + 1 :], start=titles + 2):
        if text.strip() and text.strip() != "End Comments":
            body.append((line, text.strip().split(separator)))
    if not body:
        raise ReadError(
            path, "no line of numbers after the column names: the run ended before its first point.", titles + 1
        )
    wanted = [n for n in (*_WANTED, *_OPTIONAL) if n in names]
    places = [names.index(n) for n in wanted]
    decimal = "." if separator == "," else guess_decimal(c[p] for _, c in body for p in places if p < len(c))
    columns: dict[str, list[float]] = {n: [] for n in wanted}
    for line, cells in body:
        if len(cells) != len(names):
            raise ReadError(
                path, f"{len(cells)} columns: expected {len(names)}. The line is damaged: export again.", line
            )
        for name, value in zip(
            wanted, parse_row(path, line, names, cells, wanted=places, decimal=decimal), strict=True
        ):
            columns[name].append(value)
    return _Content(_header(lines[:titles]), columns, [line for line, _ in body])


def _header(lines: Sequence[str]) -> dict[str, str]:
    header = {}
    for text in lines:
        key, colon, value = text.strip().partition(":")
        if colon and value.strip():
            header[key.strip()] = value.strip()
    return header


def _metadata(header: Mapping[str, str], cut: Mapping[str, Sequence[float]]) -> dict[str, float | str]:
    metadata: dict[str, float | str] = {}
    started = iso_datetime(header.get("Date", ""), header.get("Time", ""))
    if started:
        metadata["started"] = started
    amplitudes = set(cut.get("Ampl", ()))
    if "Control Current" not in header.get("Experiment Type", "") and len(amplitudes) == 1 and amplitudes != {0.0}:
        metadata["amplitude"] = amplitudes.pop()
    for key, name, factor in (
        ("Open Circuit Potential (V)", "open_circuit_potential", 1.0),
        ("Surface Area", "area", 1e-4),
    ):
        value = _number(header.get(key, ""))
        if value is not None and not (name == "area" and (value <= 0 or value == 1.0)):
            metadata[name] = value * factor
    if header.get("Instrument"):
        metadata["instrument"] = header["Instrument"]
    return metadata


def _number(text: str) -> float | None:
    try:
        return parse_number(text.replace(",", "."))
    except ValueError:
        return None
