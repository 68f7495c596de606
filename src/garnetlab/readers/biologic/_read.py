"""EC-Lab text to what it says: header, settings, table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._dates import iso_datetime
from garnetlab.readers._durations import date_seconds
from garnetlab.readers._rows import Layout, head_of, read_table
from garnetlab.readers._text import guess_decimal, is_cut, is_number, parse_cell, parse_number, read_lines
from garnetlab.readers.biologic._direct import direct_columns, direct_measurement, is_direct
from garnetlab.readers.biologic._table import Column, Rows, add_row, find_columns, spectra

#: width of one column in the settings block of the header
_SETTING_WIDTH = 20
_LOOP = re.compile(r"Loop \d+ from point number (\d+) to \d+")
_COUNT = re.compile(r"Nb header lines\s*:\s*(\d+)\s*$")
_MAGIC = ("EC-Lab ASCII FILE", "BT-Lab ASCII FILE")


class _Layout(NamedTuple):
    header: list[str]
    names: list[str]
    first: int  # item of the first data line
    separator: str


def read_text(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra, or the test, of one EC-Lab text file; see the package's ``read``."""
    lines = read_lines(path)
    layout = _layout(path, lines)
    header, loops = _header(layout.header)
    if is_direct(layout.names):
        return (_direct(path, layout, header),)
    columns = find_columns(path, layout.names, layout.first)
    warnings = []
    if (
        layout.first < len(lines)
        and "time" in columns
        and _has_dates(lines[layout.first], layout, columns["time"].place)
    ):
        columns.pop("time")
        warnings.append("the time column holds dates and is left out: export with elapsed time to keep it")
    rows = _rows(path, lines, layout, columns)
    return spectra(path, rows, loops=loops, header=header, metadata=_metadata(header), warnings=warnings)


def _direct(path: Path, layout: _Layout, header: dict[str, str]) -> Measurement:
    """Return the test of a direct-current technique."""
    columns = direct_columns(path, layout.names, layout.first)
    names = tuple(n if n not in layout.names[:i] else f"{n} {i}" for i, n in enumerate(layout.names))
    where = Layout(names, layout.first + 1, layout.separator)
    first = head_of(path)[layout.first : layout.first + 1]
    dated = bool(first) and _has_dates(first[0], layout, columns["time"].place)
    wanted = [names[c.place] for key, c in columns.items() if not (dated and key == "time")]
    texts = [names[columns["time"].place]] if dated else []
    table = read_table(path, where, wanted=wanted, texts=texts, open_end=True)
    values = {}
    for key, column in columns.items():
        name = names[column.place]
        if key == "time" and dated:
            values[key], _ = date_seconds(path, table.line, name, table.texts(name), order="mdy")
        else:
            values[key] = column.to_si(table.numbers(name))
    return direct_measurement(
        path,
        values,
        line=table.line,
        technique=header.get("technique", ""),
        header=header,
        metadata=_metadata(header),
        warnings=table.warnings,
    )


def _layout(path: Path, lines: Sequence[str]) -> _Layout:
    first = lines[0].strip()
    if "LOG FILE" in first or "SETTING FILE" in first:
        what = "log" if "LOG FILE" in first else "settings"
        raise ReadError(path, f"an EC-Lab {what} file ({first!r}) holds no data. Read the .mpr or .mpt beside it.", 1)
    count = 1
    if first in _MAGIC:
        found = _COUNT.search(lines[1]) if len(lines) > 1 else None
        if found is None:
            raise ReadError(path, "expected 'Nb header lines : N'. The header is damaged: export the file again.", 2)
        count = int(found.group(1))
    if not 1 <= count <= len(lines):
        message = f"Nb header lines = {count}: the file has {len(lines)} lines. It is cut: export it again."
        raise ReadError(path, message, 2)
    titles = lines[count - 1]
    separator = "\t" if "\t" in titles else ";"
    names = [n.strip() for n in titles.split(separator)]
    while names and not names[-1]:
        names.pop()
    if not names or is_number(names[0]) or is_number(names[0], ","):
        message = f"column names = {titles[:60]!r}: expected freq/Hz or time/s and others. The header is damaged: export again."
        raise ReadError(path, message, count)
    return _Layout(list(lines[: count - 1]), names, count, separator)


def _header(lines: Sequence[str]) -> tuple[dict[str, str], list[int]]:
    header: dict[str, str] = {}
    loops = []
    if len(lines) > 3:
        header["technique"] = lines[3].strip()
    for text in lines:
        loop = _LOOP.match(text.strip())
        if loop:
            loops.append(int(loop.group(1)))
            continue
        key, colon, value = text.partition(" :")
        if not colon:
            key, value = text[:_SETTING_WIDTH], _settings(text[_SETTING_WIDTH:])
        key, value = key.strip(), value.strip()
        if key and value:
            header[key] = f"{header[key]}; {value}" if key in header else value
    return header, loops


def _settings(text: str) -> str:
    cells = [text[i : i + _SETTING_WIDTH].strip() for i in range(0, len(text), _SETTING_WIDTH)]
    return " | ".join(c for c in cells if c)


def _metadata(header: dict[str, str]) -> dict[str, float | str]:
    texts = {
        "technique": header.get("technique", ""),
        "started": iso_datetime(header.get("Acquisition started on", ""), order="mdy"),
        "instrument": header.get("Device", ""),
        "comment": header.get("Comments", ""),
    }
    metadata: dict[str, float | str] = {key: text for key, text in texts.items() if text}
    amplitude = _one_number(header.get("Va (mV)", ""))
    if amplitude:
        metadata["amplitude"] = amplitude * 1e-3
    area = _one_number(header.get("Electrode surface area", "").removesuffix("cm²").removesuffix("cm2"))
    if area is not None and area > 0.001 and area != 1.0:
        metadata["area"] = area * 1e-4
    return metadata


def _one_number(text: str) -> float | None:
    values = set()
    for cell in text.split(" | "):
        try:
            values.add(parse_number(cell.replace(",", ".")))
        except ValueError:
            return None
    return values.pop() if len(values) == 1 else None


def _rows(path: Path, lines: Sequence[str], layout: _Layout, columns: dict[str, Column]) -> Rows:
    body = [
        (line, text.rstrip("\t\r ").split(layout.separator))
        for line, text in enumerate(lines[layout.first :], start=layout.first + 1)
        if text.strip()
    ]
    frequency = columns["frequency"]
    decimal = guess_decimal(cells[frequency.place] for _, cells in body if len(cells) > frequency.place)
    rows = Rows()
    for ordinal, (line, cells) in enumerate(body):
        if len(cells) != len(layout.names):
            message = f"{len(cells)} columns: expected {len(layout.names)}. The line is damaged: export the file again."
            raise ReadError(path, message, line)
        direct = parse_cell(path, line, frequency.name, cells[frequency.place], decimal) == 0.0
        wanted = {"frequency": frequency} if direct else columns
        numbers = {k: c.to_si(parse_cell(path, line, c.name, cells[c.place], decimal)) for k, c in wanted.items()}
        add_row(path, rows, ordinal, line, numbers)
    last = max(c.place for c in columns.values())
    if len(body) > 1 and last == len(layout.names) - 1 and is_cut(body[-1][1][last], body[-2][1][last]):
        shown = f"{layout.names[last]} = {body[-1][1][last]!r}"
        raise ReadError(path, f"{shown}: the last number of the file is cut. Export it again.", body[-1][0])
    return rows


def _has_dates(first: str, layout: _Layout, place: int) -> bool:
    """Return whether the time column of the line ``first`` holds dates (an export option) rather than seconds."""
    cells = first.split(layout.separator)
    return len(cells) > place and ":" in cells[place]
