"""Critical current density of a ladder of currents: the last one survived and the first one that failed, never one number."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np

from garnetlab import units
from garnetlab.analyse._cell_event import CellEvent
from garnetlab.analyse.cell_events import CellEvents, cell_events
from garnetlab.analyse.half_cycles import HalfCycles
from garnetlab.core import InvalidInput, Measurement, MissingInput, Outcome, Result
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["critical_current"]

_Area = Annotated[float, units.Dim(m=2)]

_SAME = 0.02  # relative difference of one current
_FEWEST = 3  # different currents of a ladder
_RISING = 0.8  # share of the changes of current that are rises
_FAILURES = ("hard_short", "soft_short", "contact_loss")
_WORDS = {"hard_short": "hard short", "soft_short": "soft short", "contact_loss": "contact lost"}


@dataclass(frozen=True, slots=True)
class _Rung:
    """One current of the ladder: its density [A/m^2] and its half cycles [first, last)."""

    density: float
    first: int
    last: int


def critical_current(
    measurement: Measurement | CellEvents,
    *,
    area: _Area | None = None,
    electrolyte_resistance: Quantity | None = None,
) -> Result:
    """Return the critical current density of a ladder as an interval: last current survived, first one failed.

    A current is survived when half cycles in every direction driven ran their time before anything failed. What fails is
    the first short, hard or soft, or loss of contact, or a voltage limit that cuts a half cycle short. A ladder that ends
    without failure is censored: there is no failed current, and the critical one lies above the survived.

    Parameters
    ----------
    measurement:            A ladder of a symmetric cell, or its events.
    area:                   Of the electrode [m^2], in place of that of the metadata.
    electrolyte_resistance: As in ``cell_events``.

    Returns
    -------
    :  ``critical_current_density_survived`` and ``critical_current_density_failed`` [mA/cm^2], each where there is one,
       ``current_density_step``, ``half_cycle_time`` or ``half_cycle_capacity``, ``cumulative_capacity`` [mAh/cm^2] until
       then, ``time_to_failure`` [h]. Details: what failed, probability and evidence, temperature and pressure, the rungs.

    Raises
    ------
    MissingInput  without a current or an area.
    InvalidInput  if the currents are no ladder.
    """
    found = (
        measurement
        if isinstance(measurement, CellEvents)
        else cell_events(measurement, area=area, electrolyte_resistance=electrolyte_resistance)
    )
    cycles = found.cycles
    if cycles is None:
        message = "events = without half cycles: expected those of cell_events. Give the measurement."
        raise InvalidInput(message)
    rungs = _ladder(cycles)
    failures = [e for e in found.events if e.kind in _FAILURES]
    failure = next((e for e in failures if _within(e, rungs)), None)
    result = _result(found, cycles, rungs, failure)
    later = None if failure is not None else next(iter(failures), None)
    return _with_doubts(result, found, rungs, failure, later)


def _with_doubts(
    result: Result, found: CellEvents, rungs: list[_Rung], failure: CellEvent | None, later: CellEvent | None
) -> Result:
    """Return the result with what speaks against its interval: a failure after the ladder, one below, a cell shorted before."""
    said, outcome = list(result.warnings), result.outcome
    if failure is not None:
        failed = _failed(rungs, failure)
        above = max((r.density for r in rungs if r.last <= failure.half_cycle), default=0.0)
        if above > failed * (1.0 + _SAME):
            said.append(
                f"{above / units.mA_cm2:.3g} mA/cm^2 had been survived before the cell failed at {failed / units.mA_cm2:.3g}: the"
                " failure is one of time, not of the current alone."
            )
    elif later is not None:
        said.append(
            f"{_WORDS[later.kind]} at {later.current_density / units.mA_cm2:.3g} mA/cm^2 came after the ladder: see the events."
        )
    elif found.details.get("shorted_below_ohm_cm2") is None:
        said.append(
            "a cell that was shorted before the test looks the same: give --electrolyte-resistance from impedance, or thickness"
            " and temperature of a pellet of LLZTO."
        )
        outcome = Outcome.MISSING_INPUT if found.details.get("below_its_electrolyte") else outcome
    return replace(result, warnings=tuple(said), outcome=outcome)


# ladder ---------------------------------------------------------------------------------------------------------------
def _ladder(cycles: HalfCycles) -> list[_Rung]:
    """Return the rungs up to the highest one, in order.

    Raises
    ------
    MissingInput, InvalidInput  as ``critical_current``.
    """
    if not np.any(np.isfinite(cycles.current)):
        message = "current = none in the file: a critical current needs it. Give a file with a column of current."
        raise MissingInput(message)
    if cycles.area is None:
        message = 'area = none given: a current density needs it. Give --area "0.785 cm^2" (or --diameter "10 mm").'
        raise MissingInput(message)
    rungs = _rungs(cycles)
    densities = np.array([r.density for r in rungs])
    changes = np.diff(densities)
    different = len(np.unique(np.round(np.log(densities) / _SAME)))
    if different < _FEWEST:
        shown = ", ".join(f"{d / units.mA_cm2:.3g}" for d in sorted(set(densities.round(6)))[:4])
        message = (
            f"current density = {shown} mA/cm^2: expected at least {_FEWEST} that rise step by step. This is no ladder:"
            " take cell_events and the lifetime for cycling at one current."
        )
        raise InvalidInput(message)
    peak = int(np.argmax(densities))
    rises = changes[:peak] > 0.0
    if peak < _FEWEST - 1 or np.mean(rises) < _RISING:
        shown = ", ".join(f"{d / units.mA_cm2:.3g}" for d in densities[:6])
        message = (
            f"current densities = {shown} mA/cm^2 in this order: expected a ladder that rises. Cut the file to its ladder,"
            " or take cell_events for blocks of currents."
        )
        raise InvalidInput(message)
    return rungs[: peak + 1]


def _rungs(cycles: HalfCycles) -> list[_Rung]:
    """Return the runs of half cycles at one current."""
    used = np.flatnonzero(cycles.galvanostatic & (cycles.current > 0.0))
    if not len(used):
        message = "current = never constant: expected galvanostatic half cycles."
        raise InvalidInput(message)
    logs = np.log(cycles.current_density[used])
    tolerance = np.maximum(_SAME, 2.0 * cycles.current_std[used])
    breaks = np.flatnonzero(np.abs(np.diff(logs)) > tolerance[1:]) + 1
    return [
        _Rung(float(np.median(cycles.current_density[own])), int(own[0]), int(own[-1]) + 1)
        for own in np.split(used, breaks)
    ]


def _within(event: CellEvent, rungs: list[_Rung]) -> bool:
    return event.half_cycle < rungs[-1].last


def _survived(cycles: HalfCycles, rungs: list[_Rung], failure: CellEvent | None) -> float | None:
    """Return the highest current density finished before the failure, below that of the failure."""
    driven = {int(s) for s in np.unique(cycles.sign[rungs[0].first : rungs[-1].last])}
    end = len(cycles) if failure is None else failure.half_cycle
    best: float | None = None
    for rung in rungs:
        own = np.arange(rung.first, min(rung.last, end))
        done = own[cycles.finished[own]]
        whole = {int(s) for s in cycles.sign[done]} >= driven and (failure is None or rung.last <= end)
        if whole and (failure is None or rung.density < _failed(rungs, failure) * (1.0 - _SAME)):
            best = rung.density if best is None else max(best, rung.density)
    return best


def _failed(rungs: list[_Rung], failure: CellEvent) -> float:
    return next((r.density for r in rungs if r.first <= failure.half_cycle < r.last), failure.current_density)


# result ---------------------------------------------------------------------------------------------------------------
def _result(found: CellEvents, cycles: HalfCycles, rungs: list[_Rung], failure: CellEvent | None) -> Result:
    densities = np.array([r.density for r in rungs])
    survived = _survived(cycles, rungs, failure)
    until = cycles.end[rungs[-1].last - 1] if failure is None else failure.time
    quantities: dict[str, Quantity] = {}
    doubt = float(np.median(cycles.current_std[rungs[0].first : rungs[-1].last]))
    if survived is not None:
        quantities["critical_current_density_survived"] = Quantity(survived, survived * doubt, "mA/cm^2")
    if failure is not None:
        failed = _failed(rungs, failure)
        quantities["critical_current_density_failed"] = Quantity(failed, failed * doubt, "mA/cm^2")
        quantities["time_to_failure"] = found["time_to_failure"]
    steps = np.diff(densities)
    spread = float(1.4826 * np.median(np.abs(steps - np.median(steps))))
    quantities["current_density_step"] = Quantity(float(np.median(steps)), spread, "mA/cm^2")
    quantities |= _lengths(cycles, rungs)
    charge = np.nansum(cycles.areal_charge[: rungs[-1].last]) if failure is None else failure.cumulative_capacity
    if math.isfinite(charge):
        quantities["cumulative_capacity"] = Quantity(float(charge), None, "mAh/cm^2")
    return Result(
        analysis="ccd",
        quantities=quantities,
        outcome=Outcome.SUCCESS,
        curves=dict(found.cycles.to_result().curves) if found.cycles is not None else {},
        details=_details(found, cycles, rungs, failure, survived) | {"until_h": float(until) / units.hour},
        sources=found.sources,
        warnings=_warnings(found, failure, survived),
    )


def _lengths(cycles: HalfCycles, rungs: list[_Rung]) -> dict[str, Quantity]:
    """Return what the protocol holds constant: the time or the capacity of a half cycle."""
    own = np.arange(rungs[0].first, rungs[-1].last)
    if cycles.constant == "capacity":
        values = cycles.nominal[own] * cycles.current_density[own]
        return {"half_cycle_capacity": _middle(values, "mAh/cm^2")}
    return {"half_cycle_time": _middle(cycles.nominal[own], "h")}


def _middle(values: Floats, unit: str) -> Quantity:
    middle = float(np.median(values))
    return Quantity(middle, float(1.4826 * np.median(np.abs(values - middle))), unit)


def _details(
    found: CellEvents, cycles: HalfCycles, rungs: list[_Rung], failure: CellEvent | None, survived: float | None
) -> dict[str, object]:
    metadata = cycles.measurement.metadata
    kelvin = cycles.temperature[np.isfinite(cycles.temperature)]
    temperature = float(np.median(kelvin)) if len(kelvin) else metadata.get("temperature")
    pressure = metadata.get("pressure", metadata.get("stack_pressure"))
    what = "never failed" if failure is None else "voltage limit" if failure.limit else _WORDS[failure.kind]
    low = "none" if survived is None else f"{survived / units.mA_cm2:.3g}"
    high = "not reached" if failure is None else f"{_failed(rungs, failure) / units.mA_cm2:.3g}"
    return {
        "failed_by": what,
        "censored": failure is None,
        "interval_mA_cm2": f"[{low}, {high}]",
        "outcome": "survived only" if failure is None else "failed",
        "probability": None if failure is None else failure.probability,
        "evidence": [] if failure is None else list(failure.evidence),
        "constant": cycles.constant,
        "temperature_degC": temperature - units.ZERO_CELSIUS if isinstance(temperature, float) else None,
        "pressure_MPa": pressure / units.MPa if isinstance(pressure, float) else None,
        "half_cycle_of_failure": None if failure is None else failure.half_cycle + 1,
        "cycle_of_failure": None if failure is None else failure.cycle,
        "areal_capacity_of_half_cycle_mAh_cm2": _areal(failure),
        "current_densities_mA_cm2": [r.density / units.mA_cm2 for r in rungs],
        "half_cycles_per_current": [r.last - r.first for r in rungs],
        "events": found.details["events"],
    }


def _areal(failure: CellEvent | None) -> float | None:
    if failure is None or not math.isfinite(failure.areal_capacity):
        return None
    return failure.areal_capacity / units.mAh_cm2


def _warnings(found: CellEvents, failure: CellEvent | None, survived: float | None) -> tuple[str, ...]:
    said = list(found.warnings)
    if failure is None:
        said.append("the ladder ended without failure: the critical current density lies above the survived one.")
    if survived is None:
        said.append("the cell failed at the first current: the critical current density lies below it.")
    return tuple(said)
