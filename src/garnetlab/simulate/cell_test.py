"""Virtual tests of lithium cells on garnet: a cell and a procedure in, measurements as instruments give them out."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.core import (
    Channel,
    ImpedanceStep,
    InvalidInput,
    Kind,
    Measurement,
    Outcome,
    Procedure,
    Result,
    SimulationSource,
)
from garnetlab.physics._ranges import require_not_negative
from garnetlab.physics._table import require_positive
from garnetlab.simulate import _mean_field_compiled as kernel
from garnetlab.simulate._cell_model import CellModel
from garnetlab.simulate._cell_runner import Runner, Sweep
from garnetlab.simulate._program import Stage, program
from garnetlab.simulate.eis import REALISTIC, Noise, simulate_eis, sweep_frequencies
from garnetlab.units import Fraction, Quantity, Temperature, Time, Voltage

__all__ = ["CellTest", "simulate_cell"]

Floats = NDArray[np.float64]

_FAILURES = {
    Outcome.SHORT_CIRCUIT: "short circuit",
    Outcome.CONTACT_LOST: "contact lost",
    Outcome.LITHIUM_USED_UP: "lithium used up",
    Outcome.VOLTAGE_LIMIT: "voltage limit",
}
#: counts of steps that ended before their time
_ENDED_BY = ("limits_by_lost_contact", "limits_by_lost_lithium", "limits_by_voltage")
_COLDEST, _HOTTEST = units.celsius(-20.0), units.celsius(100.0)
#: outside it nothing is computed: far below any test, and the melting point of lithium
_SOLID = (units.celsius(-100.0), units.celsius(180.5))
_LOWEST, _HIGHEST = 0.1e6, 400e6


@dataclass(frozen=True, slots=True)
class CellTest:
    """What a virtual test gave: measurements in the order in which they were made, and what the model knows of them.

    Parameters
    ----------
    measurements: Ordinary measurements: the record of the cycler, and one per impedance sweep.
    result:       Time to failure and how, currents survived and failed, contact fractions and overpotentials over time.
    """

    measurements: tuple[Measurement, ...]
    result: Result

    @property
    def record(self) -> Measurement | None:
        """The record of the cycler, None where the test is impedance alone."""
        return next((m for m in self.measurements if m.kind is not Kind.IMPEDANCE), None)

    @property
    def spectra(self) -> tuple[Measurement, ...]:
        """The impedance sweeps."""
        return tuple(m for m in self.measurements if m.kind is Kind.IMPEDANCE)


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the record of a test is written with."""

    stages: tuple[Stage, ...]
    temperature: float
    area: float
    source: SimulationSource
    metadata: dict[str, float | str]


def simulate_cell(
    cell: CellModel,
    procedure: Procedure,
    *,
    temperature: Temperature | None = None,
    rng: np.random.Generator | int = 0,
    voltage_noise: Voltage = 0.0,
    impedance_noise: Noise | Fraction = REALISTIC,
    period: Time | None = None,
    tolerance: Fraction = 1e-2,
    after_short: Time = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> CellTest:
    """Return what a cycler and an impedance analyser would record of a cell, at the mean-field level.

    Parameters
    ----------
    cell:            The cell.
    procedure:       Plating, stripping, rests, holds, voltage sweeps and impedance. Plating plates the right electrode.
    temperature:     [K] where a step says none; that of the procedure, else 25 degC.
    rng:             Source of the noise, or a seed.
    voltage_noise:   Standard deviation of a recorded voltage [V].
    impedance_noise: Noise law of the sweeps, or the share of abs(Z).
    period:          Between records [s] where a step says none; by default twelve in a step, or its ends where there
                     are more than 400 repetitions.
    tolerance:       Relative, of the gaps.
    after_short:     How long the test goes on after a short [s].
    progress:        Called with repetitions done and asked for.

    Returns
    -------
    :  Measurements with channels time, voltage, current, temperature, cycle (from 1), step (from 1); and a result with
       ``time_to_failure`` [s] where it failed, ``critical_current_density_survived`` and ``_failed`` where currents
       rise, and the curves ``time``, ``contact_fraction_left`` and ``_right``, ``damage_left`` and ``_right``,
       ``half_cycle_time``, ``half_cycle_overpotential`` [V, signed]. The outcome tells a short, lost contact and used-up
       lithium apart. A step that its voltage limit ends before its time counts as a failure, by lost contact or by the
       voltage itself, and the test goes on as a cycler does; where the voltage was the only end it had, it was meant.
       Nothing is stopped without saying so.

    Raises
    ------
    InvalidInput  if a step cannot be done with such a cell or a number is out of its range.
    SolveFailed   if the integration does not converge.
    """
    require_not_negative(voltage_noise=voltage_noise, after_short=after_short)
    if isinstance(rng, int) and rng < 0:
        message = f"rng = {rng}: expected a seed of at least 0, or a numpy Generator."
        raise InvalidInput(message)
    require_positive(tolerance=tolerance, **({} if period is None else {"period": period}))
    given = [t for t in (temperature, procedure.temperature, units.celsius(25.0)) if t is not None]
    kelvin = float(given[0])
    stages = program(procedure, area=cell.area)
    _require_solid(kelvin, stages)
    runner = Runner(cell, kelvin, None if period is None else float(period), float(tolerance), float(after_short))
    runner.run(stages, progress)
    generator = np.random.default_rng(rng)
    digest = _digest(cell, procedure, kelvin, generator)
    records = runner.records()
    source = SimulationSource(digest, rng if isinstance(rng, int) else None, "mean-field cell")
    metadata: dict[str, float | str] = {"area": cell.area, "thickness": cell.thickness, "temperature": kelvin}
    metadata |= {"sample": cell.name} if cell.name else {}
    found: list[Measurement] = []
    if len(records):
        setting = _Setting(stages, kelvin, cell.area, source, metadata)
        found.append(_record(records, setting, float(voltage_noise), generator))
    law = impedance_noise if isinstance(impedance_noise, Noise) else Noise(relative=impedance_noise)
    found += [_spectrum(s, cell, generator, law, metadata) for s in runner.sweeps]
    warnings = (*_warnings(cell, kelvin, stages), *runner.warnings)
    result = _result(records, runner, tuple(m.source.to_dict() for m in found), warnings)
    return CellTest(tuple(found), result)


def _require_solid(kelvin: float, stages: tuple[Stage, ...]) -> None:
    """Raise unless every temperature is one at which lithium is solid and the rates can be computed."""
    low, high = _SOLID
    for t in [kelvin] + [t for s in stages for d in s.steps if (t := getattr(d, "temperature", None)) is not None]:
        if not low <= t <= high:
            message = (
                f"temperature = {t - units.ZERO_CELSIUS:g} degC: expected {low - units.ZERO_CELSIUS:g} degC to the"
                f" melting point of lithium, {high - units.ZERO_CELSIUS:g} degC. Check the unit."
            )
            raise InvalidInput(message)


def _warnings(cell: CellModel, kelvin: float, stages: tuple[Stage, ...]) -> tuple[str, ...]:
    said = []
    temperatures = [kelvin] + [t for s in stages for d in s.steps if (t := getattr(d, "temperature", None)) is not None]
    if not all(_COLDEST <= t <= _HOTTEST for t in temperatures):
        said.append("a temperature lies outside -20 to 100 degC, for which the models were thought.")
    pressures = {face.pressure for face in (cell.left, cell.right) if face.creep}
    outside = [p for p in sorted(pressures) if not _LOWEST <= p <= _HIGHEST]
    said += [f"the stack pressure of {p / 1e6:g} MPa lies outside 0.1 to 400 MPa." for p in outside]
    return tuple(dict.fromkeys(said))


def _record(records: Floats, setting: _Setting, noise: float, rng: np.random.Generator) -> Measurement:
    voltage = records[:, kernel.VOLTAGE]
    if noise > 0.0:
        voltage = voltage + noise * rng.standard_normal(len(voltage))
    steps = [s for stage in setting.stages for s in stage.steps]
    at = np.array([getattr(s, "temperature", None) or setting.temperature for s in steps])
    place = records[:, kernel.STEP].astype(np.int64)
    return Measurement(
        kind=_kind(setting.stages),
        channels={
            Channel.TIME: records[:, kernel.TIME],
            Channel.VOLTAGE: voltage,
            Channel.CURRENT: records[:, kernel.CURRENT] * setting.area,
            Channel.TEMPERATURE: at[place],
            Channel.CYCLE: records[:, kernel.CYCLE] + 1.0,
            Channel.STEP: records[:, kernel.STEP] + 1.0,
        },
        source=setting.source,
        metadata=setting.metadata,
        std={Channel.VOLTAGE: np.full(len(voltage), noise)} if noise > 0.0 else {},
    )


def _kind(stages: tuple[Stage, ...]) -> Kind:
    drives = [s for stage in stages for s in stage.steps if not isinstance(s, ImpedanceStep)]
    held = [d for d in drives if d.voltages is not None]
    if not held or any(d.current not in (None, 0.0) for d in drives):
        return Kind.CYCLING
    swept = any(d.voltages is not None and d.voltages[0] != d.voltages[1] for d in held)
    return Kind.VOLTAMMETRY if swept else Kind.DC_POLARISATION


def _spectrum(
    sweep: Sweep, cell: CellModel, rng: np.random.Generator, noise: Noise, metadata: dict[str, float | str]
) -> Measurement:
    circuit, values = cell.impedance(sweep.temperature, left=sweep.left, right=sweep.right, short=sweep.short)
    high, low = max(sweep.step.start, sweep.step.stop), min(sweep.step.start, sweep.step.stop)
    frequencies = np.asarray(
        sweep_frequencies(high=high, low=low, points_per_decade=sweep.step.points_per_decade or 10)
    )
    if sweep.step.start < sweep.step.stop:
        frequencies = frequencies[::-1]
    return simulate_eis(
        circuit,
        values,
        rng=rng,
        frequencies=frequencies,
        noise=noise,
        amplitude=sweep.step.amplitude,
        metadata={**metadata, "temperature": sweep.temperature, "hours": sweep.time / 3600.0},
    )


def _result(
    records: Floats, runner: Runner, sources: tuple[dict[str, object], ...], warnings: tuple[str, ...]
) -> Result:
    quantities: dict[str, Quantity] = {}
    outcome, end = runner.outcome, float(runner.clock[0])
    first = min(
        (float(runner.clock[1]), Outcome.SHORT_CIRCUIT),
        (float(runner.events[kernel.FIRST_LOSS]), Outcome.CONTACT_LOST),
        (float(runner.events[kernel.FIRST_CUT]), Outcome.VOLTAGE_LIMIT),
        key=lambda found: found[0],
    )
    if first[0] < math.inf:
        end, outcome = first
    details: dict[str, object] = {"level": "mean-field", "ended": runner.outcome.label}
    if outcome in _FAILURES:
        quantities["time_to_failure"] = Quantity(end, 0.0, "h")
        details["failure"] = _FAILURES[outcome]
    if runner.imposed:
        quantities |= _currents(records, float(runner.events[kernel.AT_CURRENT]) if outcome in _FAILURES else None)
    details |= {name: int(n) for name, n in zip(_ENDED_BY, runner.events[: kernel.FIRST_LOSS], strict=True)}
    steps = _half_cycles(records)
    curves = {
        "time": records[:, kernel.TIME],
        "contact_fraction_left": records[:, kernel.LEFT],
        "contact_fraction_right": records[:, kernel.RIGHT],
        "damage_left": records[:, kernel.HARM_LEFT],
        "damage_right": records[:, kernel.HARM_RIGHT],
        "half_cycle_time": records[steps, kernel.TIME],
        "half_cycle_overpotential": records[steps, kernel.VOLTAGE],
    }
    return Result(
        analysis="cell-test",
        quantities=quantities,
        outcome=outcome,
        curves=curves,
        details=details,
        sources=sources,
        warnings=warnings,
    )


def _half_cycles(records: Floats) -> NDArray[np.int64]:
    """Return the last record of every step that passes current."""
    if not len(records):
        return np.zeros(0, dtype=np.int64)
    place = records[:, kernel.STEP] + 1e6 * records[:, kernel.CYCLE]
    last = np.append(np.flatnonzero(np.diff(place)), len(records) - 1)
    found: NDArray[np.int64] = last[records[last, kernel.CURRENT] != 0.0]
    return found


def _currents(records: Floats, failed: float | None) -> dict[str, Quantity]:
    """Return the largest current density that the cell finished, and that at which it failed, where currents rise."""
    current = np.abs(records[:, kernel.CURRENT])
    driven = current[current > 0.0]
    if not len(driven) or np.ptp(driven) <= 1e-9 * float(driven[0]) or np.any(np.diff(driven) < -1e-9 * driven[:-1]):
        return {}
    levels = np.unique(np.round(driven, 9))
    if failed is None:
        return {"critical_current_density_survived": Quantity(float(levels[-1]), 0.0, "mA/cm^2")}
    below = levels[levels < failed * (1.0 - 1e-9)]
    out = {"critical_current_density_failed": Quantity(failed, 0.0, "mA/cm^2")}
    if len(below):
        out["critical_current_density_survived"] = Quantity(float(below[-1]), 0.0, "mA/cm^2")
    return out


def _digest(cell: CellModel, procedure: Procedure, kelvin: float, rng: np.random.Generator) -> str:
    text = json.dumps([repr(cell), procedure.steps, kelvin, rng.bit_generator.state], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
