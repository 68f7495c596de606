"""Gamry text to what it says: header entries and tables, then spectra."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from garnetlab.core import Channel, Measurement, ReadError
from garnetlab.readers._dates import iso_datetime
from garnetlab.readers._impedance import check_modulus, check_phase, impedance_measurement, informative, split_sweeps
from garnetlab.readers._text import guess_decimal, parse_number, parse_row, read_lines
from garnetlab.readers.gamry._direct import CURVE, direct_test

_WANTED = ("Freq", "Zreal", "Zimag")
_UNITS = {"Freq": "hz", "Zreal": "ohm", "Zimag": "ohm"}
_OPTIONAL = ("Zmod", "Zphz", "Time", "Vdc", "Idc", "ZrealDrCor", "ZimagDrCor")
_EXTRA = {"Time": Channel.TIME, "Vdc": Channel.VOLTAGE, "Idc": Channel.CURRENT}
_TABLE = re.compile(r"ZCURVE\d*")


@dataclass(slots=True)
class _Table:
    name: str
    line: int
    declared: int | None
    names: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


def read_text(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra, or the test, of one Gamry file; see the package's ``read``."""
    header, tables = _parse(path, read_lines(path))
    curves = [t for t in tables if _TABLE.fullmatch(t.name)]
    aborted = header.get("EXPERIMENTABORTED", "F").upper().startswith("T")
    if not curves and any(CURVE.fullmatch(t.name) for t in tables):
        return (direct_test(path, tables, header, _metadata(header, {}), aborted=aborted),)
    if not curves:
        kind = header.get("TAG", "unknown")
        reason = "the run was aborted before it" if aborted else "nothing that is read here"
        found = ", ".join(dict.fromkeys(t.name for t in tables)) or "no table"
        raise ReadError(path, f"a Gamry file of type {kind!r} with {found}, without a table ZCURVE or CURVE: {reason}.")
    out: list[Measurement] = []
    for curve in curves:
        out += _spectra(path, curve, header, aborted=aborted, several=len(curves) > 1)
    return tuple(m.with_metadata(place=float(i)) for i, m in enumerate(out, start=1))


def _parse(path: Path, lines: Sequence[str]) -> tuple[dict[str, str], list[_Table]]:
    header: dict[str, str] = {}
    tables: list[_Table] = []
    table: _Table | None = None
    for line, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        if not text[0].isspace():
            if tables and 3 <= len(tables[-1].names) <= len(text.rstrip().split("\t")):
                message = (
                    f"{text.strip()[:40]!r}: expected a row of {tables[-1].name} to begin with a tab. Export again."
                )
                raise ReadError(path, message, line)
            table = _entry(path, line, text, header)
            tables += [table] if table else []
        elif table is not None:
            _table_line(table, line, text)
        elif header:
            last = next(reversed(header))
            header[last] = f"{header[last]}; {text.strip()}"
    return header, tables


def _entry(path: Path, line: int, text: str, header: dict[str, str]) -> _Table | None:
    cells = text.split("\t")
    if len(cells) < 2:
        header[cells[0].strip()] = ""
        return None
    if cells[1].strip() != "TABLE":
        header[cells[0]] = cells[1].strip() if len(cells) == 2 else cells[2].strip()
        return None
    declared = cells[2].strip() if len(cells) > 2 else ""
    if declared and not declared.isdecimal():
        raise ReadError(path, f"{cells[0]} TABLE {declared!r}: expected a number of rows. Export the file again.", line)
    return _Table(cells[0].strip(), line, int(declared) if declared else None)


def _table_line(table: _Table, line: int, text: str) -> None:
    if not table.names:
        table.names = text.split()
    elif not table.units and text.lstrip().startswith("#"):
        table.units = [u.strip() for u in text.strip().split("\t")]
    else:
        table.rows.append((line, text.split()))


def _spectra(
    path: Path, table: _Table, header: Mapping[str, str], *, aborted: bool, several: bool
) -> list[Measurement]:
    columns, lines = _columns(path, table)
    warnings = _warnings(table, columns, aborted=aborted)
    sweeps = split_sweeps(columns["Freq"])
    out = []
    for k, sweep in enumerate(sweeps, start=1):
        cut = {name: values[sweep.start : sweep.stop] for name, values in columns.items()}
        extra = {channel: cut[n] for n, channel in _EXTRA.items() if n in cut and informative(cut[n])}
        part = " ".join([table.name] * several + [f"sweep {k} of {len(sweeps)}"] * (len(sweeps) > 1))
        measurement = impedance_measurement(
            path,
            cut["Freq"],
            cut["Zreal"],
            cut["Zimag"],
            header=header,
            part=part,
            metadata=_metadata(header, extra),
            warnings=warnings,
            lines=lines[sweep.start : sweep.stop],
            extra=extra,
        )
        out.append(measurement)
    return out


def _columns(path: Path, table: _Table) -> tuple[dict[str, list[float]], list[int]]:
    missing = [n for n in _WANTED if n not in table.names]
    if missing:
        shown = ", ".join(table.names) or "none"
        raise ReadError(path, f"columns = {shown}: expected {', '.join(missing)} too. Export again.", table.line + 1)
    for name, unit in _UNITS.items():
        place = table.names.index(name)
        given = table.units[place] if place < len(table.units) else "nothing"
        if given.lower() != unit:
            raise ReadError(path, f"unit of {name} = {given!r}: expected {unit}. Export again.", table.line + 2)
    if not table.rows:
        raise ReadError(path, "the impedance table has no row: the run ended before its first point.", table.line)
    wanted = [n for n in (*_WANTED, *_OPTIONAL) if n in table.names]
    places = [table.names.index(n) for n in wanted]
    decimal = guess_decimal(cells[p] for _, cells in table.rows for p in places if p < len(cells))
    columns: dict[str, list[float]] = {n: [] for n in wanted}
    for line, cells in table.rows:
        if len(cells) != len(table.names):
            message = f"{len(cells)} columns: expected {len(table.names)}. The line is damaged or cut: export again."
            raise ReadError(path, message, line)
        numbers = dict(
            zip(wanted, parse_row(path, line, table.names, cells, wanted=places, decimal=decimal), strict=True)
        )
        check_modulus(path, line, numbers["Zreal"], numbers["Zimag"], numbers.get("Zmod", 0.0))
        if "Zphz" in numbers:
            check_phase(path, line, numbers["Zreal"], numbers["Zimag"], numbers["Zphz"])
        for name, value in numbers.items():
            columns[name].append(value)
    return columns, [line for line, _ in table.rows]


def _warnings(table: _Table, columns: Mapping[str, Sequence[float]], *, aborted: bool) -> list[str]:
    out = []
    rows = len(table.rows)
    if aborted or (table.declared is not None and rows < table.declared):
        planned = f" of {table.declared}" if table.declared else ""
        out.append(f"the run was aborted: {rows}{planned} points of it are here")
    if {"ZrealDrCor", "ZimagDrCor"} <= columns.keys():
        measured = np.array(columns["Zreal"]) + 1j * np.array(columns["Zimag"])
        corrected = np.array(columns["ZrealDrCor"]) + 1j * np.array(columns["ZimagDrCor"])
        worst = float(np.max(np.abs(corrected - measured) / np.abs(measured)))
        out.append(
            f"drift-corrected columns are in the file and differ by up to {worst:.2%}; the measured ones are read"
        )
    return out


def _metadata(header: Mapping[str, str], extra: Mapping[Channel, Sequence[float]]) -> dict[str, float | str]:
    metadata: dict[str, float | str] = {}
    texts = {
        "technique": header.get("TITLE") or header.get("TAG", ""),
        "started": iso_datetime(header.get("DATE", ""), header.get("TIME", "")),
        "instrument": header.get("PSTAT", ""),
    }
    metadata |= {key: text for key, text in texts.items() if text}
    for key, name, factor in (("VAC", "amplitude", 1e-3), ("EOC", "open_circuit_potential", 1.0)):
        value = _number(header.get(key, ""))
        if value is not None and (value or name != "amplitude"):
            metadata[name] = value * factor
    area = _number(header.get("AREA", ""))
    if area is not None and area > 0 and area != 1.0:
        metadata["area"] = area * 1e-4
    if Channel.VOLTAGE in extra:
        metadata["potential"] = float(np.mean(extra[Channel.VOLTAGE]))
    if Channel.TIME in extra:
        metadata["started_at"] = float(extra[Channel.TIME][0])
    return metadata


def _number(text: str) -> float | None:
    try:
        return parse_number(text.replace(",", "."))
    except ValueError:
        return None
