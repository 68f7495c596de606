"""The EC-Lab table, text or binary, to spectra: both containers name their columns alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from garnetlab import units
from garnetlab.core import Channel, Measurement, ReadError
from garnetlab.readers._impedance import check_modulus, check_phase, impedance_measurement, informative, split_sweeps


class _Wanted(NamedTuple):
    names: tuple[str, ...]
    unit: str


_WANTED = {
    "frequency": _Wanted(("freq",), "Hz"),
    "real": _Wanted(("Re(Z)",), "ohm"),
    "minus_imaginary": _Wanted(("-Im(Z)",), "ohm"),
    "imaginary": _Wanted(("Im(Z)",), "ohm"),
    "modulus": _Wanted(("|Z|",), "ohm"),
    "phase": _Wanted(("Phase(Z)",), "rad"),
    "time": _Wanted(("time",), "s"),
    "voltage": _Wanted(("<Ewe>", "Ewe"), "V"),
    "current": _Wanted(("<I>", "I"), "A"),
    "temperature": _Wanted(("Temperature", "T"), "K"),
    "cycle": _Wanted(("cycle number",), "1"),
}
_EXTRA = {
    "time": Channel.TIME,
    "voltage": Channel.VOLTAGE,
    "current": Channel.CURRENT,
    "temperature": Channel.TEMPERATURE,
}


class Column(NamedTuple):
    """Where a quantity stands in the table, what the file calls it, and how its numbers become SI."""

    place: int
    name: str
    to_si: Callable[[float], float]


@dataclass(slots=True)
class Rows:
    """The impedance rows of a table in SI, one list per quantity.

    Attributes
    ----------
    values:  Quantity to its numbers; ``imaginary`` in the package's sign.
    ordinal: Place of each row among all rows of the table, the direct-current rows included.
    lines:   Line of each row in the file, or empty for a binary file.
    skipped: Number of direct-current rows (frequency 0).
    """

    values: dict[str, list[float]] = field(default_factory=dict)
    ordinal: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    skipped: int = 0


def find_columns(path: Path, names: Sequence[str], line: int | None) -> dict[str, Column]:
    """Return the columns that matter for impedance.

    Raises
    ------
    ReadError  if there is no frequency, no complex impedance, or a unit of another kind (such as ohm cm2).
    """
    found: dict[str, Column] = {}
    for index, name in enumerate(names):
        quantity, _, unit = name.strip().rpartition("/") if "/" in name else (name.strip(), "", "1")
        for key, wanted in _WANTED.items():
            if key not in found and quantity in wanted.names:
                found[key] = Column(index, name.strip(), _to_si(path, line, name, unit, wanted.unit))
    parts = {"real", "minus_imaginary"} <= found.keys() or {"real", "imaginary"} <= found.keys()
    if "frequency" not in found or not (parts or {"modulus", "phase"} <= found.keys()):
        shown = ", ".join(n.strip() for n in names[:8])
        message = (
            f"columns = {shown}: expected freq/Hz, Re(Z)/Ohm and -Im(Z)/Ohm, or time/s and Ewe/V. This EC-Lab file holds"
            " no impedance and no record of time and voltage: export these columns too."
        )
        raise ReadError(path, message, line)
    return found


def _to_si(path: Path, line: int | None, name: str, unit: str, expected: str) -> Callable[[float], float]:
    try:
        parsed = units.parse_unit(unit)
    except units.UnitError:
        parsed = None
    if parsed is None or parsed.dim != units.parse_unit(expected).dim:
        message = f"column = {name.strip()!r}: expected a unit like {expected}. Export the file in Hz, Ohm, s, V, mA."
        raise ReadError(path, message, line)
    return parsed.to_si


def add_row(path: Path, rows: Rows, ordinal: int, line: int | None, numbers: Mapping[str, float]) -> None:
    """Append one row of SI numbers; a row with frequency 0 is a direct-current step and only counted.

    Raises
    ------
    ReadError  if modulus or phase beside real and imaginary part disagree with them.
    """
    if numbers["frequency"] == 0.0:
        rows.skipped += 1
        return
    real, imaginary = _complex(numbers)
    if "modulus" in numbers:
        check_modulus(path, line, real, imaginary, numbers["modulus"])
    if numbers.get("modulus") and "phase" in numbers:
        check_phase(path, line, real, imaginary, math.degrees(numbers["phase"]))
    kept = {"frequency": numbers["frequency"], "real": real, "imaginary": imaginary}
    kept |= {key: numbers[key] for key in (*_EXTRA, "cycle") if key in numbers}
    for key, value in kept.items():
        rows.values.setdefault(key, []).append(value)
    rows.ordinal.append(ordinal)
    if line is not None:
        rows.lines.append(line)


def _complex(numbers: Mapping[str, float]) -> tuple[float, float]:
    if "real" not in numbers:
        phase = numbers["phase"]
        return numbers["modulus"] * math.cos(phase), numbers["modulus"] * math.sin(phase)
    imaginary = -numbers["minus_imaginary"] if "minus_imaginary" in numbers else numbers["imaginary"]
    return numbers["real"], imaginary


def spectra(
    path: Path,
    rows: Rows,
    *,
    loops: Sequence[int],
    header: Mapping[str, str],
    metadata: Mapping[str, float | str],
    warnings: Sequence[str],
) -> tuple[Measurement, ...]:
    """Return one measurement per sweep, in the file's order.

    A sweep ends where the file says so (a loop or cycle begins, direct-current rows lie between) or where the frequency
    jumps back. Each carries ``place`` (1, 2, ...), ``cycle``, ``started_at`` [s from the start of the test] and
    ``potential`` [V], the mean of its measured potential, where the file has them.

    Raises
    ------
    ReadError  if no row holds impedance, or a row is none.
    """
    if not rows.ordinal:
        message = f"none of the {rows.skipped} rows has a frequency > 0: the file holds no impedance. Export it again."
        raise ReadError(path, message)
    notes = list(warnings)
    if rows.skipped:
        notes.append(f"{rows.skipped} rows with frequency 0 are direct-current steps, not impedance, and are left out")
    pieces = _pieces(rows, loops)
    out = []
    for place, piece in enumerate(pieces, start=1):
        part = f"spectrum {place} of {len(pieces)}" if len(pieces) > 1 else ""
        cut = {key: column[piece.start : piece.stop] for key, column in rows.values.items()}
        extra = {channel: cut[key] for key, channel in _EXTRA.items() if key in cut and informative(cut[key])}
        spectrum = impedance_measurement(
            path,
            cut["frequency"],
            cut["real"],
            cut["imaginary"],
            header=header,
            part=part,
            metadata={**metadata, "place": float(place), **_of_sweep(cut, extra)},
            warnings=notes,
            lines=rows.lines[piece.start : piece.stop] or None,
            extra=extra,
        )
        out.append(spectrum)
    return tuple(out)


def _pieces(rows: Rows, loops: Sequence[int]) -> list[range]:
    ordinal, cycle = rows.ordinal, rows.values.get("cycle")
    begins = set(loops)
    starts = [0]
    for i in range(1, len(ordinal)):
        gap = ordinal[i] != ordinal[i - 1] + 1
        if gap or ordinal[i] in begins or (cycle is not None and cycle[i] != cycle[i - 1]):
            starts.append(i)
    out = []
    for a, b in zip(starts, [*starts[1:], len(ordinal)], strict=True):
        out += [range(a + r.start, a + r.stop) for r in split_sweeps(rows.values["frequency"][a:b])]
    return out


def _of_sweep(cut: Mapping[str, Sequence[float]], extra: Mapping[Channel, Sequence[float]]) -> dict[str, float]:
    own = {}
    if "cycle" in cut:
        own["cycle"] = cut["cycle"][0]
    if Channel.TIME in extra:
        own["started_at"] = cut["time"][0]
    for channel, name in ((Channel.VOLTAGE, "potential"), (Channel.TEMPERATURE, "temperature")):
        if channel in extra:
            own[name] = math.fsum(extra[channel]) / len(extra[channel])
    return own
