"""Half cycles of a symmetric cell: what each of them shows, from current and voltage or from the voltage alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import numpy as np

from garnetlab import units
from garnetlab.analyse._geometry import sample_of
from garnetlab.analyse._half_cycle_segments import Pieces, Records, pieces_of, records_of
from garnetlab.analyse._half_cycle_values import PARTS, Lengths, Values, lengths_of, parts_of, values_of
from garnetlab.core import InvalidInput, Measurement, Outcome, Result
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["HalfCycles", "half_cycles"]

# one number each, where the types of ``units`` are arrays as well
_Area = Annotated[float, units.Dim(m=2)]
_CurrentDensity = Annotated[float, units.Dim(A=1, m=-2)]

_FAR = 1.0  # V: no symmetric cell begins beyond it
_REST = 0.2  # V at rest, of a cell with two different electrodes
_MOST = 0.9  # quantile of the size of the voltage at which it is cut
_SKEW = 0.3  # offset over half the swing of the voltage, from which it is said


@dataclass(frozen=True, slots=True)
class HalfCycles:
    """One entry per half cycle, SI. Overpotentials are positive while the voltage follows the current.

    Parameters
    ----------
    start, end:            Time of its first record, and of the next piece's first [s].
    sign:                  Direction, +1 plates the right electrode.
    cycle:                 Of the file, else counted in pairs from 1.
    current_std:           Relative standard uncertainty of the current as it is printed.
    current:               Size [A]; NaN where the file has none and none was given.
    current_density:       Size [A/m^2]; NaN without current or area.
    overpotential_start, overpotential_plateau, overpotential_end: First record, median of the second half, last records [V].
    overpotential_std:     Standard uncertainty of the plateau, from the scatter of neighbouring records [V].
    resistance:            Plateau over current: [ohm m^2] with an area, else [ohm]; NaN without a current.
    resistance_std:        Its standard uncertainty, with that of the current as it is printed.
    curvature:             Middle above the line from the first to the last part, over the plateau.
    tip:                   Highest early part above the middle one, over the plateau: more than 0 where it starts with a peak.
    drift:                 Change from the middle to the last part, over the plateau.
    charge, areal_charge:  [C], [C/m^2].
    asymmetry:             (size of this plateau - size of the next, opposite one) over their mean.
    finished:              Whether it lasted as long as the protocol's half cycles do.
    cut:                   Whether it was ended early while the test went on.
    interrupted:           Whether records are missing beside it.
    galvanostatic:         Whether its current is constant.
    nominal:               Length the protocol means it to have [s].
    noise:                 Standard deviation of neighbouring records [V].
    temperature:           Mean [K]; NaN where unknown.
    highest:               Largest size of the voltage [V].
    last_voltage:          Overpotential of the very last record [V].
    records, first_record: How many, and which of the finite records is the first.
    longest_interval:      Between two of its records [s].
    parts, counts:         Mean overpotential [V] and records in each eighth of its length, shape (n, 8).
    gaps:                  Start and end of the intervals without records [s], shape (m, 2).
    area:                  [m^2] or None.
    source:                "current" or "voltage": what tells the directions.
    constant:              What the protocol repeats: "time", "capacity" or "unknown".
    """

    start: Floats
    end: Floats
    sign: Ints
    cycle: Ints
    current: Floats
    current_std: Floats
    current_density: Floats
    overpotential_start: Floats
    overpotential_plateau: Floats
    overpotential_end: Floats
    overpotential_std: Floats
    resistance: Floats
    resistance_std: Floats
    curvature: Floats
    tip: Floats
    drift: Floats
    charge: Floats
    areal_charge: Floats
    asymmetry: Floats
    finished: Bools
    cut: Bools
    interrupted: Bools
    galvanostatic: Bools
    nominal: Floats
    noise: Floats
    temperature: Floats
    highest: Floats
    last_voltage: Floats
    records: Ints
    first_record: Ints
    longest_interval: Floats
    parts: Floats
    counts: Ints
    gaps: Floats
    area: float | None
    source: str
    constant: str
    measurement: Measurement
    warnings: tuple[str, ...] = ()
    details: dict[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.start)

    def to_result(self) -> Result:
        """Return the numbers of the whole test, with the table of half cycles as curves [SI] under the names above."""
        steady = self.finished & self.galvanostatic
        plateau = self.overpotential_plateau[steady] if np.any(steady) else self.overpotential_plateau
        quantities = {
            "half_cycles": Quantity(float(len(self)), 0.0, "1"),
            "finished_half_cycles": Quantity(float(np.count_nonzero(self.finished)), 0.0, "1"),
            "duration": Quantity(float(self.end[-1] - self.start[0]), 0.0, "h"),
            "overpotential": _typical(plateau, "mV"),
        }
        if self.constant != "unknown":
            quantities["half_cycle_time"] = _typical(self.nominal, "h")
        known = np.isfinite(self.resistance)
        if np.any(known):
            unit = "ohm" if self.area is None else "ohm cm^2"
            quantities["cell_resistance"] = _typical(self.resistance[steady & known], unit, self.resistance[known])
        if np.any(np.isfinite(self.areal_charge)):
            quantities["cumulative_capacity"] = Quantity(float(np.nansum(self.areal_charge)), None, "mAh/cm^2")
        skew = self.asymmetry[np.isfinite(self.asymmetry)]
        if len(skew):
            quantities["asymmetry"] = _typical(skew, "1")
        return Result(
            analysis="half-cycles",
            quantities=quantities,
            outcome=Outcome.SUCCESS,
            curves={n: np.asarray(getattr(self, n), dtype=np.float64) for n in _COLUMNS},
            details={"directions_from": self.source, "constant": self.constant, **self.details},
            sources=(self.measurement.source.to_dict(),),
            warnings=self.warnings,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What the records show: pieces, which of them are half cycles, their values and lengths."""

    records: Records
    pieces: Pieces
    chosen: Ints
    values: Values
    lengths: Lengths


_COLUMNS = (
    "start", "end", "sign", "cycle", "current", "current_density", "overpotential_start", "overpotential_plateau",
    "overpotential_end", "overpotential_std", "resistance", "resistance_std", "curvature", "tip", "drift", "charge",
    "areal_charge", "asymmetry", "finished", "cut", "galvanostatic", "temperature",
)  # fmt: skip


def _typical(values: Floats, unit: str, otherwise: Floats | None = None) -> Quantity:
    """Return the median with the spread among half cycles (one sigma from the median deviation)."""
    known = values if len(values) or otherwise is None else otherwise
    middle = float(np.median(known))
    return Quantity(
        middle, 1.4826 * float(np.median(np.abs(known - middle))), unit, method="median, spread over half cycles"
    )


def half_cycles(
    measurement: Measurement, *, area: _Area | None = None, current_density: _CurrentDensity | None = None
) -> HalfCycles:
    """Return the half cycles of a galvanostatic test of a symmetric cell.

    Directions come from the current. A file without one, or with one that its instrument printed as zero, is divided by
    the sign of its voltage, which in a symmetric cell is that of the current.

    Parameters
    ----------
    measurement:     Cycling: time, voltage, and where there are, current, temperature, step and cycle.
    area:            Of the electrode [m^2], in place of that of the metadata.
    current_density: Size imposed throughout [A/m^2], for a file without a current.

    Returns
    -------
    :  One entry per half cycle. Rests are left out. The standard uncertainties come from the scatter of neighbouring
       records and the resolution of the printed current.

    Raises
    ------
    InvalidInput  if it is no cycling measurement, or its voltage is not that of a symmetric cell.
    """
    records = records_of(measurement)
    pieces = pieces_of(records)
    chosen = np.flatnonzero(pieces.sign)
    if not len(chosen):
        message = "current = 0 A throughout: expected half cycles. Choose a file in which current passes."
        raise InvalidInput(message)
    warnings = list(measurement.warnings)
    pieces = _symmetric(records, pieces, warnings)
    values = values_of(records, pieces, chosen)
    lengths = lengths_of(records, pieces, chosen, values)
    found = _Found(records, pieces, chosen, values, lengths)
    known = area if area is not None else sample_of(_without_temperature(measurement)).area
    currents = _current(found, known, current_density, warnings)
    return _table(measurement, found, currents, known, warnings)


def _without_temperature(measurement: Measurement) -> Measurement:
    """Return the measurement without doubts about its temperature, which half cycles do not need."""
    from dataclasses import replace

    kept = {k: v for k, v in measurement.metadata.items() if not k.startswith("temperature")}
    return replace(measurement, metadata=kept)


# symmetry -------------------------------------------------------------------------------------------------------------
def _symmetric(records: Records, pieces: Pieces, warnings: list[str]) -> Pieces:
    """Return the pieces, turned round where the voltage is opposite to the current throughout.

    Raises
    ------
    InvalidInput  if the voltage does not change its sign with the current, or stands far from zero.
    """
    owner = np.repeat(pieces.sign, pieces.last - pieces.first)
    plus, minus = records.voltage[owner > 0], records.voltage[owner < 0]
    if not len(plus) or not len(minus):
        _one_direction(records, pieces, owner)
        return pieces
    top = float(np.quantile(np.abs(records.voltage[owner != 0]), _MOST))
    high, low = (_weighted(v, top) for v in (plus, minus))
    middle, half = 0.5 * (high + low), 0.5 * (high - low)
    if abs(middle) > abs(half):
        _refuse(f"{low:.3g} V and {high:.3g} V in the two directions of current")
    if abs(middle) > _SKEW * abs(half):
        warnings.append(f"the voltage is not symmetric about zero: {low * 1e3:.3g} mV and {high * 1e3:.3g} mV.")
    if half > 0.0:
        return pieces
    from dataclasses import replace

    warnings.append("the voltage is opposite to the current throughout: the sign of the current was turned round.")
    return replace(pieces, sign=-pieces.sign)


def _weighted(voltage: Floats, top: float) -> float:
    """Return the mean weighted by the size, cut at ``top``: a cell that was shorted for long is still a symmetric one."""
    cut = np.clip(voltage, -top, top)
    weight = np.abs(cut)
    return float(np.sum(cut * weight) / max(float(weight.sum()), 1e-300))


def _one_direction(records: Records, pieces: Pieces, owner: Ints) -> None:
    if pieces.source == "voltage":
        _refuse(f"{np.median(records.voltage):.3g} V on one side of zero throughout")
    rest = records.voltage[owner == 0]
    if len(rest) and abs(float(np.median(rest))) > _REST:
        _refuse(f"{np.median(rest):.3g} V at rest")
    if float(np.abs(records.voltage[owner != 0]).min()) > _FAR:
        _refuse(f"{np.median(records.voltage[owner != 0]):.3g} V from its first record on")


def _refuse(what: str) -> None:
    message = (
        f"voltage = {what}: expected that of a symmetric cell, which changes its sign with the current. A full or a half"
        " cell is analysed with --as full-cell (in Python analyse_full_cell)."
    )
    raise InvalidInput(message)


# table ----------------------------------------------------------------------------------------------------------------
def _current(found: _Found, area: float | None, given: float | None, warnings: list[str]) -> tuple[Floats, Floats]:
    """Return the size of the current [A] and its standard uncertainty per half cycle."""
    records, pieces, values = found.records, found.pieces, found.values
    if pieces.source == "current":
        if given is not None:
            message = (
                f"current_density = {given:g} A/m^2: expected none, the file has a current of its own. Leave it out."
            )
            raise InvalidInput(message)
        coarse = records.resolution > 0.1 * float(np.median(values.current))
        if coarse:
            warnings.append(
                f"the current is printed in steps of {records.resolution * 1e3:.3g} mA: resistances share that uncertainty."
            )
        return values.current, np.full(len(values.current), records.resolution / math.sqrt(12.0))
    if records.current is not None:
        warnings.append("the printed current is zero throughout: directions come from the voltage.")
    if given is None or area is None:
        missing = np.full(len(values.current), np.nan)
        return missing, missing
    if not 0.0 < given < math.inf:
        message = f"current_density = {given!r}: expected a size > 0 in A/m^2."
        raise InvalidInput(message)
    return np.full(len(values.current), given * area), np.zeros(len(values.current))


def _shape(parts: Floats, plateau: Floats) -> tuple[Floats, Floats, Floats]:
    """Return curvature, tip and drift over the plateau; NaN where parts have no record."""
    scale = np.where(np.abs(plateau) > 0.0, np.abs(plateau), np.nan)
    first, middle, last = parts[:, 0], np.mean(parts[:, PARTS // 2 - 1 : PARTS // 2 + 1], axis=1), parts[:, -1]
    early = np.maximum(parts[:, 0], parts[:, 1])
    return (middle - 0.5 * (first + last)) / scale, (early - middle) / scale, (last - middle) / scale


def _asymmetry(sign: Ints, plateau: Floats) -> Floats:
    """Return (this - next)/mean where the next half cycle goes the other way."""
    out = np.full(len(plateau), np.nan)
    if len(plateau) > 1:
        mean = 0.5 * (np.abs(plateau[:-1]) + np.abs(plateau[1:]))
        usable = (sign[:-1] == -sign[1:]) & (mean > 0.0)
        out[:-1][usable] = ((plateau[:-1] - plateau[1:])[usable]) / mean[usable]
    return out


def _cycles(records: Records, pieces: Pieces, chosen: Ints) -> Ints:
    if records.cycle is not None:
        return np.asarray(records.cycle[pieces.first[chosen]]).astype(np.int64)
    return np.arange(len(chosen), dtype=np.int64) // 2 + 1


def _table(
    measurement: Measurement, found: _Found, currents: tuple[Floats, Floats], area: float | None, warnings: list[str]
) -> HalfCycles:
    records, pieces, chosen, values, lengths = found.records, found.pieces, found.chosen, found.values, found.lengths
    parts, counts = parts_of(records, pieces, chosen, lengths)
    current, spread = currents
    scale = 1.0 if area is None else area
    with np.errstate(divide="ignore", invalid="ignore"):
        resistance = values.plateau / current * scale
        relative = np.hypot(values.plateau_std / values.plateau, spread / current)
        resistance_std = np.abs(resistance) * relative
        curvature, tip, drift = _shape(parts, values.plateau)
    charge = np.where(np.isfinite(values.charge), values.charge, current * lengths.duration)
    density = np.full(len(current), np.nan) if area is None else current / area
    start = records.time[pieces.first[chosen]]
    return HalfCycles(
        start=start,
        end=start + lengths.duration,
        sign=pieces.sign[chosen],
        cycle=_cycles(records, pieces, chosen),
        current=current,
        current_std=np.where(current > 0.0, spread / np.maximum(current, 1e-300), 0.0),
        current_density=density,
        overpotential_start=values.start,
        overpotential_plateau=values.plateau,
        overpotential_end=values.end,
        overpotential_std=values.plateau_std,
        resistance=resistance,
        resistance_std=resistance_std,
        curvature=curvature,
        tip=tip,
        drift=drift,
        charge=charge,
        areal_charge=charge / area if area is not None else np.full(len(charge), np.nan),
        asymmetry=_asymmetry(pieces.sign[chosen], values.plateau),
        finished=lengths.finished,
        cut=lengths.cut,
        interrupted=pieces.after_gap[chosen] | pieces.before_gap[chosen],
        galvanostatic=values.steady,
        nominal=lengths.nominal,
        noise=values.noise,
        temperature=values.temperature,
        highest=values.highest,
        last_voltage=records.voltage[pieces.last[chosen] - 1] * pieces.sign[chosen],
        records=values.records,
        first_record=pieces.first[chosen],
        longest_interval=values.longest_interval,
        parts=parts,
        counts=counts,
        gaps=np.stack([records.time[pieces.gaps], records.time[pieces.gaps + 1]], axis=1),
        area=area,
        source=pieces.source,
        constant=lengths.constant,
        measurement=measurement,
        warnings=tuple(warnings),
    )
