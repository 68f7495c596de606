"""Ivium ``.idf`` and ``.ids``: settings and primary data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._ends import unfinished_warning
from garnetlab.readers._impedance import impedance_measurement
from garnetlab.readers._text import parse_row

_START = "primary_data"
_COLUMNS = ("Z' [ohm]", "Z'' [ohm]", "frequency [Hz]")
_ROWS_MAX = 10_000_000


def is_idf(lines: Sequence[str]) -> bool:
    """Return whether the lines are those of an Ivium data file."""
    found = {line.strip() for line in lines}
    return (
        _START in found or "Data Objects" in found or {"Corrosion=false", "Solarcell=false"} <= found or _methods(lines)
    )


def _methods(lines: Sequence[str]) -> bool:
    return any(line.startswith("Method=") for line in lines) and any(line.startswith("Mconfig=") for line in lines)


def read_idf(path: Path, lines: Sequence[str]) -> tuple[Measurement, ...]:
    """Return the impedance spectra among the data sets of an Ivium file."""
    starts = [i for i, line in enumerate(lines) if line.strip() == _START]
    if not starts:
        message = f"no {_START!r} line: expected an Ivium data file. It is cut or of another kind: export it again."
        raise ReadError(path, message, len(lines))
    _check_objects(path, lines)
    found, skipped, previous = [], [], 0
    for number, start in enumerate(starts, start=1):
        header = _settings(lines[previous:start])
        previous = start
        method = header.get("Method", "")
        if method and method != "Impedance":
            skipped.append(f"data set {number} (line {start + 1}) holds {method!r}, no impedance: left out")
            continue
        part = f"data set {number}" if len(starts) > 1 else ""
        found.append(_spectrum(path, lines, start, header, part, skipped))
    if not found:
        raise ReadError(path, f"{'; '.join(skipped)}. Only impedance is read here.", starts[0] + 1)
    return tuple(found)


def _check_objects(path: Path, lines: Sequence[str]) -> None:
    """Refuse a file one of whose data sets has lost the line that begins its numbers."""
    for i, line in enumerate(lines):
        if line.strip() == "Data Objects" and _START not in (after.strip() for after in lines[i + 1 : i + 3]):
            message = (
                f"no {_START!r} line follows 'Data Objects': the data set is damaged or cut. Export the file again."
            )
            raise ReadError(path, message, i + 1)


def _settings(lines: Sequence[str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if equals and key.isprintable() and value.strip() and "[" not in key:
            text = value.replace("\x1c\x1e", "; ").strip().rstrip(";")
            out.setdefault(key.strip(), "".join(c for c in text if c.isprintable()))
    return out


def _spectrum(
    path: Path, lines: Sequence[str], start: int, header: dict[str, str], part: str, notes: Sequence[str]
) -> Measurement:
    columns = _count(path, lines, start + 1, "columns")
    rows = _count(path, lines, start + 2, "rows")
    if columns != len(_COLUMNS):
        message = f"columns = {columns}: expected 3 (Z', Z'', f). This data set holds no plain impedance."
        raise ReadError(path, message, start + 2)
    first = start + 3
    if first + rows > len(lines):
        message = f"rows = {rows}: the file ends after {len(lines) - first}. It is cut: export it again."
        raise ReadError(path, message, len(lines))
    numbers = range(first, first + rows)
    table = [parse_row(path, i + 1, _COLUMNS, lines[i].split(), wanted=range(3)) for i in numbers]
    _check_end(path, lines, first + rows)
    cut: tuple[str, ...] = ()
    if first + rows == len(lines):
        ends = [lines[i].split()[-1] for i in numbers]
        cut = unfinished_warning(path, len(lines), ends[-1], ends[:-1])
    real, imaginary, frequency = zip(*table, strict=True)
    return impedance_measurement(
        path,
        frequency,
        real,
        imaginary,
        header=header,
        part=part,
        metadata=_metadata(header),
        warnings=(*notes, *cut),
        lines=[i + 1 for i in numbers],
    )


def _count(path: Path, lines: Sequence[str], index: int, what: str) -> int:
    text = lines[index].strip() if index < len(lines) else ""
    if not text.isdecimal() or not 0 < int(text) <= _ROWS_MAX:
        message = f"number of {what} = {text!r}: expected a whole number > 0. The file is damaged: export it again."
        raise ReadError(path, message, min(index + 1, len(lines)))
    return int(text)


def _check_end(path: Path, lines: Sequence[str], after: int) -> None:
    cells = lines[after].split() if after < len(lines) else []
    if len(cells) == len(_COLUMNS) and all(c[:1] in "+-0123456789." for c in cells):
        message = f"more rows than announced ({lines[after].strip()!r}). The file is damaged: export it again."
        raise ReadError(path, message, after + 1)


def _metadata(header: dict[str, str]) -> dict[str, float | str]:
    keys = {"title": "Title", "technique": "Technique", "instrument": "serialnumber", "started": "starttime"}
    return {key: header[name] for key, name in keys.items() if header.get(name)}
