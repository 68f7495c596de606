"""What a calibration of an interface is made on: critical currents as intervals, lives exact, censored or as intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.library import Observation, load_observations
from garnetlab.study._paper_interface import paper_energy, reported_resistances

_HOUR = 3600.0
_MILLI = 10.0  # A/m^2 of 1 mA/cm^2
_OHM = 1e-4  # ohm m^2 of 1 ohm cm^2
#: the calibration set of the paper; the rest of its critical currents and lives is prediction
CALIBRATED = ("ccd.0", "ccd.10", "ccd.10.60C", "life.0.0.2", "life.0.0.4", "life.10.0.2")
HELD_OUT = (
    *("ccd.1", "ccd.5", "ccd.15", "ccd.20", "ccd.0.60C", "life.0.0.8.60C", "life.0.0.1.-10C"),
    *("life.10.0.8.60C", "life.10.0.4", "life.10.0.1.-10C"),
)
#: half cycles [s] where the paper states none, equally likely
UNSTATED = (900.0, 1800.0, 3600.0)
#: factor within which an exact life counts as met when it is scored
WITHIN = 2.0
_SHORTEST, _MOST_STEPS, _MOST_ADDITIVE = 1.0, 2000, 50.0
_RESISTANCES = (1e-7, 1e2)  # ohm m^2


@dataclass(frozen=True, slots=True)
class InterfaceObservation:
    """One critical current or life of a symmetric cell. SI.

    Parameters
    ----------
    id:              Name.
    kind:            "ccd" or "life".
    resistance:      Area-specific resistance of one interface at 25 °C [ohm m^2], which stands for the true contact.
    temperature:     [K].
    low:             The event is low < x <= high, with x the first failed current density [A/m^2] or the life [s].
    high:            Infinite where the life is censored.
    exact:           Life [s] where it is known exactly: its density enters a calibration, the event a score.
    current_density: Of the cycling [A/m^2].
    half_cycles:     Half-cycle times [s] that are equally likely.
    step:            Of the ladder [A/m^2].
    additive:        Weight per cent of K2CO3 in the anode.
    interface_energy: Activation energy of the interface resistance [J], if known.
    note:            How it was read.
    """

    id: str
    kind: Literal["ccd", "life"]
    resistance: float
    temperature: float
    low: float
    high: float
    exact: float | None = None
    current_density: float = 0.0
    half_cycles: tuple[float, ...] = (1800.0,)
    step: float = 1.0
    additive: float = 0.0
    interface_energy: float = 0.0
    note: str = ""

    def __post_init__(self) -> None:
        if self.kind not in ("ccd", "life"):
            message = f"observation {self.id}: kind = {self.kind!r}: expected 'ccd' or 'life'."
            raise InvalidInput(message)
        if not (0.0 <= self.low < self.high and self.resistance > 0.0 and self.temperature > 0.0 and self.half_cycles):
            message = (
                f"observation {self.id}: low = {self.low:g}, high = {self.high:g}, resistance = {self.resistance:g}, "
                f"temperature = {self.temperature:g}: expected 0 <= low < high and positive numbers. Check the entry."
            )
            raise InvalidInput(message)
        numbers = (self.low, self.resistance, self.temperature, self.step, self.additive, *self.half_cycles)
        if not all(math.isfinite(v) for v in numbers) or min(self.half_cycles) < _SHORTEST or self.step <= 0.0:
            message = (
                f"observation {self.id}: half_cycles = {self.half_cycles}, step = {self.step:g}: expected half cycles of at "
                "least 1 s, a step above 0, finite numbers. Check the entry."
            )
            raise InvalidInput(message)
        if not _RESISTANCES[0] <= self.resistance <= _RESISTANCES[1]:
            message = (
                f"observation {self.id}: resistance = {self.resistance / _OHM:g} ohm cm^2: expected 1e-3 to 1e6 ohm cm^2,"
                " the resistance of one interface per area. Check its unit."
            )
            raise InvalidInput(message)
        if not 0.0 <= self.additive <= _MOST_ADDITIVE:
            message = f"observation {self.id}: additive = {self.additive:g} wt%: expected 0 to 50; at 77 wt% no lithium is left."
            raise InvalidInput(message)
        if self.kind == "ccd" and math.isinf(self.high):
            message = f"observation {self.id}: high = {self.high}: expected a finite first failed current density."
            raise InvalidInput(message)
        if self.kind == "ccd" and self.high / self.step > _MOST_STEPS:
            message = (
                f"observation {self.id}: step = {self.step / _MILLI:g} mA/cm^2 up to {self.high / _MILLI:g}: expected at most"
                f" {_MOST_STEPS} steps. Check both."
            )
            raise InvalidInput(message)
        if self.kind == "life" and not self.current_density > 0.0:
            message = f"observation {self.id}: current_density = {self.current_density:g}: expected more than 0."
            raise InvalidInput(message)

    @property
    def censored(self) -> bool:
        """Whether the life was only seen to be longer."""
        return math.isinf(self.high)


@lru_cache(maxsize=1)
def paper_observations() -> dict[str, InterfaceObservation]:
    """Return critical currents and lives of the paper by id: the calibration set first, then what is held out.

    A printed critical current may be the last survived or the first failed step: the first failed one is v or v + one
    step, except for plain lithium at 25 °C, where the text says that it shorts at the value. Plain lithium at 60 °C is
    2.2/3 mA/cm^2, so 0.7 or 0.8 is the first failed step.
    """
    facts = {o.id: o for o in load_observations()}
    return {name: _observation(name, facts) for name in (*CALIBRATED, *HELD_OUT)}


def _value(name: str, facts: dict[str, Observation]) -> float:
    value = facts[name].value
    if value is None:
        message = f"observation {name}: value = None: expected a number."
        raise InvalidInput(message)
    return value


def _observation(name: str, facts: dict[str, Observation]) -> InterfaceObservation:
    fact = facts[name]
    value = _value(name, facts)
    additive = fact.k2co3_wt_pct or 0.0
    base = InterfaceObservation(
        id=name,
        kind="ccd" if fact.system == "ccd" else "life",
        resistance=reported_resistances()[additive],
        temperature=units.celsius(25.0 if fact.temperature_C is None else fact.temperature_C),
        low=0.0,
        high=1.0,
        current_density=1.0,
        additive=additive,
        interface_energy=paper_energy(additive),
        half_cycles=(1800.0,) if fact.temperature_C in (None, 25.0) or fact.system == "ccd" else UNSTATED,
    )
    if base.kind == "ccd":
        low, high = {"ccd.0": (0.4, 0.5), "ccd.0.60C": (0.6, 0.8)}.get(name, (value - 0.1, value + 0.1))
        return replace(base, low=round(low, 3) * _MILLI, high=round(high, 3) * _MILLI, current_density=0.0)
    current = float(fact.conditions.partition(" mA/cm^2")[0]) * _MILLI
    if fact.kind == "censored":
        return replace(base, low=value * _HOUR, high=math.inf, current_density=current)
    if fact.low is not None and fact.high is not None:
        return replace(base, low=fact.low * _HOUR, high=fact.high * _HOUR, current_density=current)
    life = value * _HOUR
    return replace(base, low=life / WITHIN, high=life * WITHIN, exact=life, current_density=current)
