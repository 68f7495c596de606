"""Tables to impedance spectra: units, sign of Z'', sweeps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._ends import unfinished_warning
from garnetlab.readers._evidence import cosine, frequency_column
from garnetlab.readers._impedance import impedance_measurement, split_sweeps
from garnetlab.readers.generic_text._columns import Column, Role
from garnetlab.readers.generic_text._dialect import Row, is_value, value_of
from garnetlab.readers.generic_text._table import ColumnSet, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: phases beyond a quarter turn and a little are no radians [rad]
_RADIAN_LIMIT = 1.65
#: |cosine| from which the slope of the modulus decides about a sign; measured in tests/readers/test_generic_text.py
DECISIVE = 0.5


class Origin(NamedTuple):
    """Where a table comes from: file, part of it, decimal mark, header and metadata; whether rows are lines of text."""

    path: Path
    part: str
    decimal: str
    header: Mapping[str, str]
    metadata: Mapping[str, float | str]
    text: bool = True


@dataclass(slots=True)
class _Points:
    frequency: Array
    impedance: NDArray[np.complex128]
    lines: list[int]
    notes: list[str]


def spectra(origin: Origin, table: Table) -> tuple[Measurement, ...]:
    """Return the spectra of one table, one per column set and sweep.

    Raises
    ------
    ReadError  naming the line, if a cell is no number, a point impossible, or the columns cannot be recognised.
    """
    sets = table.sets or (_unnamed_set(origin, table),)
    found: list[Measurement] = []
    for k, columns in enumerate(sets, start=1):
        points = _points(origin, table, columns, alone=len(sets) == 1)
        points.notes[:0] = table.notes
        if table.names is None:
            points.notes.insert(0, "no column names: read as frequency [Hz], Z' [ohm], Z'' [ohm]")
        place = f"spectrum {k}" if len(sets) > 1 else ""
        found.extend(_sweeps(origin, points, place))
    return tuple(found)


def _unnamed_set(origin: Origin, table: Table) -> ColumnSet:
    columns = [[_value(origin, row, i, f"column {i + 1}") for row in table.rows] for i in range(3)]
    at = frequency_column([np.array(c) for c in columns])
    if at is None:
        message = (
            "no column names, and no column rises or falls steadily over a decade as a frequency does:"
            " expected f, Z', Z''. Add a line of names."
        )
        raise ReadError(origin.path, message, table.rows[0].line if table.rows else None)
    rest = [i for i in range(3) if i != at]
    roles = (Role.FREQUENCY, Role.REAL, Role.IMAGINARY)
    f, re, im = (Column(i, f"column {i + 1}", r, 1.0, "") for i, r in zip((at, *rest), roles, strict=True))
    return ColumnSet(f, re, im, None, None)


def _value(origin: Origin, row: Row, index: int, name: str) -> float:
    text = row.cells[index] if index < len(row.cells) else ""
    try:
        return value_of(text, origin.decimal)
    except ValueError as error:
        if not text:
            message = (
                f"{len([c for c in row.cells if c])} columns: nothing under {name!r}. The line is cut: export again."
            )
        else:
            message = f"{name} = {error} Correct the line or export the file again."
        raise ReadError(origin.path, message, row.line) from None


def _points(origin: Origin, table: Table, columns: ColumnSet, *, alone: bool) -> _Points:
    path = origin.path
    rows = [r for r in table.rows if not (_is_empty(r, columns) and (not alone or not origin.text))]
    values = {c.role: np.array([_value(origin, r, c.index, c.name) for r in rows]) for c in columns.used}
    notes = _cut(origin, rows, columns)
    keep = _measured(path, rows, columns, values, notes)
    rows = [r for r, k in zip(rows, keep, strict=True) if k]
    values = {role: v[keep] for role, v in values.items()}
    frequency = _in_si(columns.frequency, values[Role.FREQUENCY])
    phase = None if columns.phase is None else _phase(columns.phase, values[Role.PHASE], notes)
    z, sign = _impedance(path, columns, values, phase)
    if columns.modulus is not None and columns.real is not None:
        _check_modulus(origin, rows, columns, np.abs(z), _in_si(columns.modulus, values[Role.MODULUS]))
    missing = [c.name for c in columns.used if not c.unit and c.role is not Role.PHASE]
    if table.names is not None and missing:
        notes.append(f"no unit at {', '.join(missing)}: taken as Hz and ohm")
    z = _signed(frequency, z, sign, notes)
    return _Points(frequency, z, [r.line for r in rows], notes)


def _impedance(
    path: Path, columns: ColumnSet, values: Mapping[Role, Array], phase: Array | None
) -> tuple[NDArray[np.complex128], Column]:
    """Return Z as the file has it, and the column whose name may turn its sign."""
    if columns.real is not None and columns.imaginary is not None:
        real, imaginary = (_in_si(c, values[c.role]) for c in (columns.real, columns.imaginary))
        return real + 1j * imaginary, columns.imaginary
    if columns.modulus is not None and columns.phase is not None and phase is not None:
        return _in_si(columns.modulus, values[Role.MODULUS]) * np.exp(1j * phase), columns.phase
    raise ReadError(path, "no impedance columns: expected Z' with Z'', or |Z| with phase. Name the columns so.")


def _is_empty(row: Row, columns: ColumnSet) -> bool:
    return not any(c.index < len(row.cells) and row.cells[c.index] for c in columns.used)


def _in_si(column: Column, numbers: Array) -> Array:
    with np.errstate(over="ignore"):
        return (column.log**numbers if column.log else numbers) * column.factor


def _measured(
    path: Path, rows: Sequence[Row], columns: ColumnSet, values: Mapping[Role, Array], notes: list[str]
) -> NDArray[np.bool_]:
    """Return which rows hold impedance: recorders log rows with frequency and impedance 0 between the sweeps."""
    keep = np.ones(len(rows), dtype=bool)
    if columns.frequency.log or not rows:
        return keep
    others = [v for role, v in values.items() if role is not Role.FREQUENCY]
    zero = (values[Role.FREQUENCY] == 0) & np.all([v == 0 for v in others], axis=0)
    recorded = max(len(r.cells) for r in rows) > len(values) and sum(zero) > 1 and not zero.all()
    if recorded:
        first, last = (rows[int(i)].line for i in np.flatnonzero(zero)[[0, -1]])
        notes.append(
            f"{int(zero.sum())} rows without impedance (frequency 0, Z 0; lines {first} to {last}) are left out"
        )
        keep = ~zero
    bad = keep & (values[Role.FREQUENCY] <= 0)
    if bad.any():
        at = int(np.argmax(bad))
        message = (
            f"{columns.frequency.name} = {values[Role.FREQUENCY][at]:g}: expected a frequency > 0. Remove the line."
        )
        raise ReadError(path, message, rows[at].line)
    return keep


def _phase(column: Column, numbers: Array, notes: list[str]) -> Array:
    if column.unit:
        return numbers * column.factor
    largest = float(np.abs(numbers).max(initial=0.0))
    if largest > _RADIAN_LIMIT:
        notes.append(f"no unit at {column.name}: degrees, because it reaches {largest:.4g}")
    else:
        notes.append(f"no unit at {column.name}: taken as degrees, though it stays within {largest:.3g}; check it")
    return numbers * (math.pi / 180.0)


def _signed(frequency: Array, z: NDArray[np.complex128], column: Column, notes: list[str]) -> NDArray[np.complex128]:
    """Return Z in the package's sign, by the column's name where it has a minus, else by evidence."""
    if column.minus:
        z = np.conj(z)
    agreement = cosine(frequency, z)
    positive = float(np.mean(z.imag > 0)) if len(z) else 0.0
    if column.minus:
        if agreement < -DECISIVE:
            notes.append(f"{column.name} is read as its name says, but |Z| against frequency speaks for the other sign")
        return z
    what = "angles" if column.role is Role.PHASE else "numbers"
    if agreement < -DECISIVE and positive > 0.5:
        notes.append(
            f"{column.name} names no minus, yet {positive:.0%} of its {what} are positive while |Z| falls with frequency"
            " as in a capacitive cell: read as the negative (-Z'')"
        )
        return np.conj(z)
    if agreement < -DECISIVE:
        notes.append(f"the sign of {column.name} does not fit how |Z| changes with frequency; kept as in the file")
    elif agreement < DECISIVE and positive > 0.5:
        notes.append(
            f"{positive:.0%} of {column.name} are positive (inductive); the evidence is mixed: kept as in the file"
        )
    return z


def _check_modulus(origin: Origin, rows: Sequence[Row], columns: ColumnSet, computed: Array, given: Array) -> None:
    skip = (Role.FREQUENCY, Role.PHASE)
    for k, row in enumerate(rows):
        digits = min(_digits(row.cells[c.index]) for c in columns.used if c.role not in skip)
        allowed = 2.0 * 10.0 ** (1 - digits) * max(computed[k], abs(given[k]))
        if given[k] and abs(given[k] - computed[k]) > max(allowed, 1e-9 * computed[k]):
            message = (
                f"|Z| = {given[k]:.6g} ohm: expected {computed[k]:.6g} ohm from Z' and Z'' beside it."
                " The line is damaged, or columns are swapped: export the file again."
            )
            raise ReadError(origin.path, message, row.line)


def _digits(text: str) -> int:
    mantissa = text.lower().split("e")[0]
    return max(len([c for c in mantissa if c.isdigit()]), 1)


def _cut(origin: Origin, rows: Sequence[Row], columns: ColumnSet) -> list[str]:
    """Return a warning where the text ends within a number that is used."""
    if not origin.text or not rows:
        return []
    last = rows[-1]
    end = len(last.cells) - 1
    if end > max(c.index for c in columns.used):
        return []
    others = [r.cells[end] for r in rows[:-1] if end < len(r.cells) and is_value(r.cells[end], origin.decimal)]
    return list(unfinished_warning(origin.path, last.line, last.cells[end], others))


def _sweeps(origin: Origin, points: _Points, place: str) -> list[Measurement]:
    sweeps = split_sweeps(points.frequency.tolist()) or [range(0)]
    found = []
    for k, sweep in enumerate(sweeps, start=1):
        part = ", ".join(p for p in (origin.part, place, f"sweep {k}" if len(sweeps) > 1 else "") if p)
        cut = slice(sweep.start, sweep.stop)
        f, lines = points.frequency[cut], points.lines[cut]
        z = points.impedance[cut]
        found.append(
            impedance_measurement(
                origin.path,
                f,
                z.real,
                z.imag,
                header=origin.header,
                part=part,
                metadata=origin.metadata,
                warnings=points.notes,
                lines=lines,
            )
        )
    return found
