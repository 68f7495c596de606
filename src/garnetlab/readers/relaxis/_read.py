"""RelaxIS text to spectra."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._ends import unfinished_warning
from garnetlab.readers._impedance import check_modulus, check_phase, impedance_measurement
from garnetlab.readers._text import guess_decimal, is_number, parse_row, read_lines

_FIRST = "Data: Frequency"
_PARTS = ("Data: Z'", "Data: Z''")
_FROM_DESCRIPTION = "several spectra side by side: read from a description of the format, not from a real file"


class _Export(NamedTuple):
    path: Path
    lines: Sequence[str]
    rows: Sequence[int]  # items of the lines that hold numbers
    names: Sequence[str]
    line: int  # of the names, from 1
    header: dict[str, str]


def read_text(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra of one export; see the package's ``read``."""
    lines = read_lines(path)
    at = next((i for i, line in enumerate(lines) if _FIRST in line), None)
    if at is None:
        message = f"no {_FIRST!r} column: expected a RelaxIS export with frequency, Z' and Z''. Export these columns."
        raise ReadError(path, message, len(lines))
    names = [n.strip() for n in lines[at].split("\t")]
    starts = [i for i, n in enumerate(names) if n == _FIRST]
    if not starts:
        message = f"{lines[at].strip()[:60]!r}: expected the column names apart by tabs. Export the file again."
        raise ReadError(path, message, at + 1)
    groups = [range(a, b) for a, b in itertools.pairwise([*starts, len(names)])]
    first = _first_row(lines, at + 1)
    rows = [i for i in range(first, len(lines)) if lines[i].strip()]
    export = _Export(path, lines, rows, names, at + 1, _header(lines[:first], at))
    return tuple(_spectrum(export, group, several=len(groups) > 1) for group in groups)


def _first_row(lines: Sequence[str], after: int) -> int:
    """Return the first line under the names that is no information line (``DC=..., Model: ...``)."""
    for i in range(after, len(lines)):
        cells = lines[i].split("\t")
        if any(is_number(c) or is_number(c, ",") for c in cells) or not any("=" in c or ":" in c for c in cells):
            return i
    return len(lines)


def _header(lines: Sequence[str], at: int) -> dict[str, str]:
    header = {"program": lines[0].strip(), "columns": lines[at].strip()}
    for line in lines[1:at]:
        key, colon, value = line.partition(":")
        if colon:
            header[key.strip()] = value.strip()
    for i, line in enumerate(lines[at + 1 :], start=at + 2):
        header[f"line {i}"] = line.strip()
    return header


def _spectrum(export: _Export, group: range, *, several: bool) -> Measurement:
    path, names = export.path, export.names
    columns = [group[0], *(_find(export, group, part) for part in _PARTS)]
    checks = [i for i in group if names[i] in ("Data: |Z|", "Data: Theta (Z)")]
    columns += checks
    cells = {i: export.lines[i].split("\t") for i in export.rows}
    used = [i for i in export.rows if any(c.strip() for c in cells[i][group[0] : group[-1] + 1])]
    decimal = guess_decimal(c for i in used for c in cells[i])
    table = [parse_row(path, i + 1, names, cells[i], wanted=columns, decimal=decimal) for i in used]
    for i, row in zip(used, table, strict=True):
        for column, value in zip(checks, row[3:], strict=True):
            check = check_modulus if names[column] == "Data: |Z|" else check_phase
            check(path, i + 1, row[1], row[2], value)
    notes = [_FROM_DESCRIPTION] if several else []
    last = max(columns)
    if used and used[-1] == len(export.lines) - 1 and last == len(cells[used[-1]]) - 1:
        notes += unfinished_warning(path, used[-1] + 1, cells[used[-1]][last], [cells[i][last] for i in used[:-1]])
    frequency, real, imaginary = ([row[k] for row in table] for k in range(3))
    return impedance_measurement(
        path,
        frequency,
        real,
        imaginary,
        header=export.header,
        part=f"columns {group[0] + 1} to {group[-1] + 1}" if several else "",
        warnings=notes,
        lines=[i + 1 for i in used],
    )


def _find(export: _Export, group: range, wanted: str) -> int:
    for i in group:
        if export.names[i] == wanted:
            return i
    shown = ", ".join(export.names[i] for i in group)
    message = f"columns = {shown}: expected one named {wanted!r}. Export the file with it."
    raise ReadError(export.path, message, export.line)
