"""Cycling of a full cell: capacities, efficiencies, voltage gap, plateaus, differential capacity, retention, rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from garnetlab.analyse._charge_passed import PULSE, Passages, Record, passages_of, record_of
from garnetlab.analyse._full_cell_checks import doubts_of
from garnetlab.analyse._full_cell_cycles import Cycles, cycles_of
from garnetlab.analyse._full_cell_profiles import Profile, profile_of
from garnetlab.analyse._geometry import sample_of
from garnetlab.core import InvalidInput, Measurement, Outcome, Result
from garnetlab.units import Quantity

Floats = NDArray[np.float64]

__all__ = ["analyse_full_cell"]

_SMALLEST = 1e-3  # of the largest passage: below it a passage is noise about a rest
_SAME_RATE = 0.05  # by which currents of one rate may differ
_WHOLE = 0.98  # of the next passage: below it a first discharge only empties the cell
_PROFILES = 10  # cycles whose profiles are given by default


@dataclass(frozen=True, slots=True)
class _Size:
    """Mass and area with their standard uncertainties; None where they are not known."""

    mass: tuple[float, float] | None
    area: tuple[float, float] | None


def analyse_full_cell(
    measurement: Measurement,
    *,
    active_mass: Quantity | None = None,
    area: Quantity | None = None,
    first: Literal["charge", "discharge"] | None = None,
    profiles: Sequence[int] | None = None,
) -> Result:
    """Return what a cycler's record says of a full cell, cycle by cycle.

    A cycle is a passage of current in one direction and the one after it in the other; rests and constant-voltage tails
    belong to their passage. A reversal below a tenth of both passages beside it is a pulse: its charge is taken off the passage
    it interrupts. Charge comes from the file's counter, else from current over time, where a gap without rows counts for one
    period and for the rest as doubt. The voltage gap is that between charge and discharge, each at half of its own
    capacity. Uncertainties hold resolution, sampling and noise, not the calibration of the instrument.

    Parameters
    ----------
    measurement: Time, voltage, current; its metadata may hold ``area`` [m^2] and ``active_mass`` [kg], with ``_std``.
    active_mass: Of the electrode that limits the cell [mg], with its standard uncertainty.
    area:        Of the same electrode [cm^2].
    first:       With which passage a cycle begins, ``"charge"`` for a cell built discharged; by default that of the record.
                 The coulombic efficiency is second over first passage. A discharge at the begin that is smaller than the
                 charge after it is left out.
    profiles:    Cycles, from 1, whose profiles and dQ/dV are given; by default ten spread over the test.

    Returns
    -------
    :  Quantities of the first and last complete cycle: ``charge_capacity_first``, ``discharge_capacity_first`` and ``_last``
       [mAh], with ``specific_`` in front [mAh/g] and ``areal_`` [mAh/cm^2] where mass and area are known;
       ``initial_coulombic_efficiency``, ``coulombic_efficiency`` (mean of the later cycles without gaps in
       their records; std of one of them),
       ``energy_efficiency`` [%], ``voltage_gap_first`` and ``_last`` [mV], ``mean_charge_voltage``,
       ``mean_discharge_voltage`` [V], ``capacity_retention`` [%], ``capacity_fade_per_cycle`` [%], ``cycles``. Curves: one
       value per cycle of the same names (SI, ``_std`` beside them), and ``profile_N_charge_charge``, ``_voltage``,
       ``dqdv_N_charge_voltage``, ``_density``, ``_std``. ``details``: ``peaks`` and ``plateaus`` of every profile, ``rates``,
       which cycles the retention compares. TOO_FEW_POINTS without a complete cycle;
       NOT_IDENTIFIABLE where most cycles after the first are none that a cell can have: an efficiency outside 50 to 110 %,
       passages beside each other that differ more than threefold, or a negative gap. Fewer such are warned of.

    Raises
    ------
    InvalidInput  if there is no current, or a number or a cycle asked for is impossible.
    """
    size = _size(measurement, active_mass, area)
    record = record_of(measurement, "a full cell")
    passages = passages_of(record, smallest=_SMALLEST)
    begins = _begins_with_charge(passages) if first is None else first == "charge"
    if first not in (None, "charge", "discharge"):
        message = f"first = {first!r}: expected 'charge' or 'discharge'."
        raise InvalidInput(message)
    cycles = cycles_of(record, passages, charge_first=begins)
    if not len(cycles):
        message = f"first = {first!r}: the record has one passage, in the other direction. Leave it out."
        raise InvalidInput(message)
    complete = np.flatnonzero(cycles.complete)
    quantities = _quantities(cycles, complete, size)
    shown = _shown(cycles, complete, profiles)
    found = {n: _profiles(record, passages, cycles, n - 1) for n in shown}
    rates, reference = _rates(cycles, complete, size)
    quantities |= _retention(cycles, reference)
    doubts, unsound = doubts_of(passages, cycles, complete, quantities)
    curves = _curves(cycles)
    for n, sides in found.items():
        for side, profile in sides.items():
            curves |= _profile_curves(f"{n}_{side}", profile)
    return Result(
        analysis="full-cell",
        quantities=quantities,
        outcome=_outcome(len(complete), unsound),
        curves=curves,
        details={
            "cycle_begins_with": "charge" if cycles.charge_first else "discharge",
            "complete_cycles": len(complete),
            "capacity_from": "the file's counter" if record.from_counter else "current over time",
            "retention_of_cycles": [int(reference[0]) + 1, int(reference[-1]) + 1] if len(reference) else [],
            "rates": rates,
            "peaks": {str(n): {s: _peaks(p) for s, p in sides.items()} for n, sides in found.items()},
            "plateaus": {str(n): {s: _plateaus(p) for s, p in sides.items()} for n, sides in found.items()},
            "metadata": dict(measurement.metadata),
        },
        sources=(measurement.source.to_dict(),),
        warnings=(*measurement.warnings, *record.warnings, *_warnings(passages, cycles, complete, first), *doubts),
    )


def _outcome(complete: int, unsound: bool) -> Outcome:
    if not complete:
        return Outcome.TOO_FEW_POINTS
    return Outcome.NOT_IDENTIFIABLE if unsound else Outcome.SUCCESS


def _size(measurement: Measurement, mass: Quantity | None, area: Quantity | None) -> _Size:
    sample = sample_of(measurement)
    known = measurement.metadata.get("active_mass")
    found: list[tuple[float, float] | None] = [
        None if known is None else (float(known), float(measurement.metadata.get("active_mass_std", 0.0))),
        None if sample.area is None else (sample.area, sample.area_std),
    ]
    for k, (given, name, unit) in enumerate(((mass, "active_mass", "mg"), (area, "area", "cm^2"))):
        if given is not None:
            found[k] = (given.to(unit).value, given.std or 0.0)
        value = found[k]
        if value is not None and not 0.0 < value[0] < math.inf:
            message = f"{name} = {value[0]:g}: expected a finite number > 0. Correct the document or the option."
            raise InvalidInput(message)
    return _Size(found[0], found[1])


def _begins_with_charge(passages: Passages) -> bool:
    """Return whether cycles begin with the charge: not where the record begins with a discharge at least as large as the
    charge after it, as that of a working electrode that takes up lithium first. A smaller one is a rest of charge.
    """
    if passages.sign[0] > 0:
        return True
    return len(passages) > 1 and bool(passages.capacity[0] < _WHOLE * passages.capacity[1])


# quantities -----------------------------------------------------------------------------------------------------------
def _quantities(cycles: Cycles, complete: NDArray[np.int64], size: _Size) -> dict[str, Quantity]:
    """Return the numbers of the first and the last complete cycle."""
    out: dict[str, Quantity] = {"cycles": Quantity(float(len(complete)), 0.0, "1", method="complete")}
    if not len(complete):
        return out
    a, z = int(complete[0]), int(complete[-1])
    out |= _capacity("charge_capacity_first", cycles.charge_capacity[a], cycles.charge_capacity_std[a], size)
    for name, k in (("first", a), ("last", z)):
        value, std = cycles.discharge_capacity[k], cycles.discharge_capacity_std[k]
        out |= _capacity(f"discharge_capacity_{name}", value, std, size)
    ratio, ratio_std = cycles.efficiency
    out["initial_coulombic_efficiency"] = Quantity(float(ratio[a]), float(ratio_std[a]), "%", method=f"cycle {a + 1}")
    out |= _later_efficiency(cycles, complete[1:])
    energy = cycles.discharge_energy[a] / cycles.charge_energy[a]
    energy_std = abs(energy) * math.hypot(ratio_std[a] / ratio[a])
    out["energy_efficiency"] = Quantity(float(energy), float(energy_std), "%", method=f"cycle {a + 1}")
    gap, gap_std = cycles.gap
    for name, k in (("first", a), ("last", z)):
        out[f"voltage_gap_{name}"] = Quantity(float(gap[k]), float(gap_std[k]), "mV", method="at half of each capacity")
    for side in ("charge", "discharge"):
        mean = float(getattr(cycles, f"{side}_voltage")[a])
        out[f"mean_{side}_voltage"] = Quantity(mean, float(gap_std[a]), "V", method="energy over charge")
    return out


def _later_efficiency(cycles: Cycles, later: NDArray[np.int64]) -> dict[str, Quantity]:
    """Return the mean efficiency of the cycles after the first, with the std of one: between them, and its own."""
    known = later[cycles.unseen[later] == 0.0]
    chosen = known if len(known) else later
    if not len(chosen):
        return {}
    ratio, own = (x[chosen] for x in cycles.efficiency)
    between = float(ratio.std(ddof=1)) if len(ratio) > 1 else 0.0
    std = math.hypot(between, math.sqrt(float(np.mean(own**2))))
    words = f"mean of {len(chosen)} later cycles, ± is that of one: between them and its own"
    return {"coulombic_efficiency": Quantity(float(ratio.mean()), std, "%", method=words)}


def _capacity(name: str, value: float, std: float, size: _Size) -> dict[str, Quantity]:
    """Return a capacity, and the same per mass and per area."""
    out = {name: Quantity(float(value), float(std), "mAh")}
    for prefix, known, unit in (("specific", size.mass, "mAh/g"), ("areal", size.area, "mAh/cm^2")):
        if known is not None:
            per = float(value) / known[0]
            out[f"{prefix}_{name}"] = Quantity(per, per * math.hypot(std / value, known[1] / known[0]), unit)
    return out


def _retention(cycles: Cycles, reference: NDArray[np.int64]) -> dict[str, Quantity]:
    """Return last over first capacity of the cycles at one rate, and the loss per cycle by a straight line."""
    if len(reference) < 2:
        return {}
    value, std = (x[reference] for x in cycles.delivered)
    ratio = float(value[-1] / value[0])
    spread = ratio * math.hypot(std[0] / value[0], std[-1] / value[-1])
    a, z = int(reference[0]) + 1, int(reference[-1]) + 1
    out = {"capacity_retention": Quantity(ratio, spread, "%", method=f"cycle {z} over cycle {a}")}
    if len(reference) > 2:
        x = reference - reference.mean()
        y = value / value[0]
        slope = float(x @ y) / float(x @ x)
        residual = y - y.mean() - slope * x
        error = math.sqrt(
            max(float(residual @ residual) / (len(x) - 2), float(np.mean((std / value[0]) ** 2))) / float(x @ x)
        )
        out["capacity_fade_per_cycle"] = Quantity(
            -slope, error, "%", method=f"line through {len(x)} cycles, of the first"
        )
    return out


def _rates(
    cycles: Cycles, complete: NDArray[np.int64], size: _Size
) -> tuple[list[dict[str, object]], NDArray[np.int64]]:
    """Return the steps of the current, and the cycles at the current that most of them have."""
    if not len(complete):
        return [], complete
    current = cycles.current[complete]
    breaks = np.flatnonzero(np.abs(np.diff(current)) > _SAME_RATE * current[:-1]) + 1
    value, ratio = cycles.delivered[0], cycles.efficiency[0]
    rates: list[dict[str, object]] = []
    for part in np.split(complete, breaks):
        level = float(np.median(cycles.current[part]))
        spread = float(value[part].std(ddof=1)) / 3.6 if len(part) > 1 else None
        entry: dict[str, object] = {
            "first_cycle": int(part[0]) + 1,
            "last_cycle": int(part[-1]) + 1,
            "n": len(part),
            "current_mA": 1e3 * level,
            "capacity_mAh": float(value[part].mean()) / 3.6,
            "capacity_std_mAh": spread,
            "coulombic_efficiency": float(ratio[part].mean()),
        }
        if size.area is not None:
            entry["current_density_mA_cm2"] = 0.1 * level / size.area[0]
        if size.mass is not None:
            entry["capacity_mAh_g"] = float(value[part].mean()) / 3600.0 / size.mass[0]
        rates.append(entry)
    alike = (
        np.abs(current[:, None] - current[None, :]) <= _SAME_RATE * current[:, None] if len(current) < 2000 else None
    )
    if alike is None:
        most = float(np.median(current))
        return rates, complete[np.abs(current - most) <= _SAME_RATE * most]
    return rates, complete[alike[int(alike.sum(axis=1).argmax())]]


# curves ---------------------------------------------------------------------------------------------------------------
def _curves(cycles: Cycles) -> dict[str, Floats]:
    """Return one value per cycle."""
    ratio, ratio_std = cycles.efficiency
    gap, gap_std = cycles.gap
    return {
        "cycle": np.arange(1.0, len(cycles) + 1.0),
        "complete": cycles.complete.astype(np.float64),
        "start": cycles.start,
        "charge_capacity": cycles.charge_capacity,
        "charge_capacity_std": cycles.charge_capacity_std,
        "discharge_capacity": cycles.discharge_capacity,
        "discharge_capacity_std": cycles.discharge_capacity_std,
        "coulombic_efficiency": ratio,
        "coulombic_efficiency_std": ratio_std,
        "energy_efficiency": cycles.discharge_energy / cycles.charge_energy,
        "voltage_gap": gap,
        "voltage_gap_std": gap_std,
        "mean_charge_voltage": cycles.charge_voltage,
        "mean_discharge_voltage": cycles.discharge_voltage,
        "current": cycles.current,
    }


def _shown(cycles: Cycles, complete: NDArray[np.int64], asked: Sequence[int] | None) -> list[int]:
    """Return the cycles, from 1, whose profiles are given."""
    if asked is not None:
        bad = [n for n in asked if not 1 <= n <= len(cycles)]
        if bad:
            message = f"profiles = {bad[0]}: expected cycles from 1 to {len(cycles)}, as many as the record has."
            raise InvalidInput(message)
        return list(dict.fromkeys(asked))
    some = complete if len(complete) else np.arange(len(cycles))
    return [int(n) + 1 for n in np.unique(some[np.linspace(0, len(some) - 1, min(_PROFILES, len(some))).astype(int)])]


def _profiles(record: Record, passages: Passages, cycles: Cycles, k: int) -> dict[str, Profile]:
    which = {"charge": int(cycles.charge[k]), "discharge": int(cycles.discharge[k])}
    return {side: profile_of(record, passages, place) for side, place in which.items() if place >= 0}


def _profile_curves(name: str, profile: Profile) -> dict[str, Floats]:
    return {
        f"profile_{name}_charge": profile.charge,
        f"profile_{name}_voltage": profile.voltage,
        f"dqdv_{name}_voltage": profile.grid,
        f"dqdv_{name}_density": profile.density,
        f"dqdv_{name}_std": profile.density_std,
    }


def _peaks(profile: Profile) -> list[dict[str, float]]:
    names = ("voltage_V", "voltage_std_V", "height_mAh_V", "height_std_mAh_V")
    scale = (1.0, 1.0, 1.0 / 3.6, 1.0 / 3.6)
    return [{n: float(x * s) for n, x, s in zip(names, row, scale, strict=True)} for row in profile.peaks]


def _plateaus(profile: Profile) -> list[dict[str, float]]:
    names = ("voltage_V", "voltage_std_V", "width_V", "charge_mAh")
    scale = (1.0, 1.0, 1.0, 1.0 / 3.6)
    return [{n: float(x * s) for n, x, s in zip(names, row, scale, strict=True)} for row in profile.plateaus]


def _warnings(passages: Passages, cycles: Cycles, complete: NDArray[np.int64], first: str | None) -> list[str]:
    said = []
    if passages.absorbed:
        said.append(
            f"{passages.absorbed} reversals count as pulses, not as cycles: each below {PULSE:.0%} of the passages beside it, or"
            f" {_SMALLEST:.1%} of the largest. Their charge is taken off what they interrupt."
        )
    if cycles.skipped:
        side = "discharge" if cycles.charge_first else "charge"
        said.append(f"the {side} before the first cycle is left out of the cycles.")
    if first is None and not cycles.charge_first:
        said.append(
            "the record begins with a discharge: the efficiency is charge over the discharge before it, as of a cell whose"
            " working electrode takes up lithium first. Give first = 'charge' for a full cell."
        )
    if not cycles.complete[-1] and len(cycles) > 1:
        said.append(f"cycle {len(cycles)} is not complete: it is left out of retention, gap and efficiency.")
    if not len(complete):
        said.append("no cycle is complete: a charge and the discharge after it are needed.")
    return said
