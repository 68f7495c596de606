"""Direct-current tables of Gamry files (CURVE) to one test."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, Kind, Measurement, ReadError
from garnetlab.readers._cycling import cycling_measurement
from garnetlab.readers._ends import unfinished_warning
from garnetlab.readers._text import guess_decimal, parse_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CURVE = re.compile(r"CURVE\d*")
_UNITS = {"T": ("s",), "Vf": ("V vs. Ref.", "V"), "Im": ("A",), "Temp": ("deg C",)}
_CHANNELS = {"T": Channel.TIME, "Vf": Channel.VOLTAGE, "Im": Channel.CURRENT}
#: type of experiment -> what it measures
_KINDS = {
    "CHRONOA": Kind.DC_POLARISATION,
    "CHRONOP": Kind.DC_POLARISATION,
    "CV": Kind.VOLTAMMETRY,
    "LSV": Kind.VOLTAMMETRY,
    "POTDYN": Kind.VOLTAMMETRY,
    "CORPOT": Kind.CYCLING,
}
_REAL = frozenset({"CHRONOA", "CV", "CORPOT"})
_OPEN = "CORPOT"


class CurveTable(Protocol):
    """One table of a Gamry file."""

    name: str
    line: int
    declared: int | None
    names: list[str]
    units: list[str]
    rows: list[tuple[int, list[str]]]


def direct_test(
    path: Path,
    tables: Sequence[CurveTable],
    header: Mapping[str, str],
    metadata: Mapping[str, float | str],
    *,
    aborted: bool,
) -> Measurement:
    """Return the test in the CURVE tables of one file; several become the cycles of one test.

    Raises
    ------
    ReadError  with its line, if the type of experiment is not known, a column or unit is missing, a cell is no number, or
               the time falls.
    """
    tag = header.get("TAG", "")
    if tag not in _KINDS:
        known = ", ".join(_KINDS)
        message = (
            f"a Gamry file of type {tag or 'unknown'!r}: expected one of {known}, or impedance. Export it as text."
        )
        raise ReadError(path, message, 2)
    curves = [t for t in tables if CURVE.fullmatch(t.name) and t.rows]
    if not curves:
        message = "the table CURVE has no row: the run ended before its first point."
        raise ReadError(path, message, tables[0].line)
    parts = [_columns(path, table, current=tag != _OPEN) for table in curves]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    channels = {_CHANNELS[name]: values for name, values in columns.items() if name in _CHANNELS}
    notes = _notes(path, curves, header, aborted=aborted)
    if tag == _OPEN:
        channels[Channel.CURRENT] = np.zeros(len(columns["T"]))
        notes.append("the file has no current: open circuit, so 0")
    if len(curves) > 1:
        channels[Channel.CYCLE] = np.repeat(np.arange(1.0, len(curves) + 1.0), [len(t.rows) for t in curves])
    if "Temp" in columns:
        kelvin = columns["Temp"] + units.ZERO_CELSIUS
        if bool((kelvin > 0).all()):
            channels[Channel.TEMPERATURE] = kelvin
        else:
            notes.append("the temperature is at or below 0 K: no sensor, it is left out")
    return cycling_measurement(
        path,
        channels,
        line=curves[0].rows[0][0],
        kind=_KINDS[tag],
        header=header,
        metadata=metadata,
        warnings=notes,
    )


def _columns(path: Path, table: CurveTable, *, current: bool) -> dict[str, Array]:
    wanted = ["T", "Vf", *(["Im"] if current else [])]
    missing = [n for n in wanted if n not in table.names]
    if missing:
        shown = ", ".join(table.names) or "none"
        raise ReadError(path, f"columns = {shown}: expected {', '.join(missing)} too. Export again.", table.line + 1)
    wanted += ["Temp"] if "Temp" in table.names else []
    for name in wanted:
        place = table.names.index(name)
        given = table.units[place] if place < len(table.units) else "nothing"
        if given not in _UNITS[name]:
            message = f"unit of {name} = {given!r}: expected {_UNITS[name][0]}. Export again."
            raise ReadError(path, message, table.line + 2)
    places = [table.names.index(n) for n in wanted]
    decimal = guess_decimal(cells[p] for _, cells in table.rows for p in places if p < len(cells))
    rows = []
    for line, cells in table.rows:
        if len(cells) != len(table.names):
            message = f"{len(cells)} columns: expected {len(table.names)}. The line is damaged or cut: export again."
            raise ReadError(path, message, line)
        rows.append(parse_row(path, line, table.names, cells, wanted=places, decimal=decimal))
    return dict(zip(wanted, np.array(rows, dtype=np.float64).T, strict=True))


def _notes(path: Path, curves: Sequence[CurveTable], header: Mapping[str, str], *, aborted: bool) -> list[str]:
    out = []
    rows, declared = sum(len(t.rows) for t in curves), sum(t.declared or 0 for t in curves)
    if aborted or rows < declared:
        out.append(f"the run ended early: {rows} of {declared or 'its'} points are here")
    tag, convention = header.get("TAG", ""), header.get("CONVENTION", "1")
    if tag not in _REAL:
        out.append(f"files of type {tag} are read from description, not from files of instruments: compare rows")
    if convention != "1" and tag != _OPEN:
        out.append(
            f"CONVENTION = {convention}: the sign of the current is kept; files at hand have 1, with anodic currents > 0"
        )
    last = curves[-1].rows
    out += unfinished_warning(path, last[-1][0], last[-1][1][-1], [cells[-1] for _, cells in last[:-1]])
    return out
