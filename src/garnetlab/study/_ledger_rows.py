"""Every observation's row: its status, and where nothing is computed the reason why."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from garnetlab.core import InvalidInput

if TYPE_CHECKING:
    from garnetlab.library import Observation


class Status(enum.Enum):
    """How a row's number came about."""

    INPUT = "input"
    CALIBRATED = "calibrated"
    PREDICTED = "predicted"
    ANALYSED = "analysed"
    AUDITED = "audited"
    QUALITATIVE = "qualitative"
    NOT_COMPUTED = "not computed"
    NOT_YET_MODELLED = "not yet modelled"


@dataclass(frozen=True, slots=True)
class Computed:
    """What was computed for one observation, in the unit of its row.

    Parameters
    ----------
    status:   How it came about.
    value:    The number, or None where the row is a finding or nothing could be computed.
    std:      Its standard uncertainty.
    interval: 95 % interval, or the range of both readings of an ambiguous statement.
    route:    One sentence: how it was obtained and from what.
    note:     What a reader should know.
    unit:     Unit where the observation has none.
    scale:    How it deviates: ``"linear"``; ``"log"``, in the logarithm, as lives do; ``"ladder"``, by steps of a ladder.
    step:     Of the ladder, in the unit of the row.
    """

    status: Status
    value: float | None = None
    std: float | None = None
    interval: tuple[float, float] | None = None
    route: str = ""
    note: str = ""
    unit: str = ""
    scale: Literal["linear", "log", "ladder"] = "linear"
    step: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the ledger, with the keys of the contract."""

    id: str
    text: str
    reported: float | None
    computed: float | None
    std: float | None
    interval: tuple[float, float] | None
    censored: bool
    unit: str
    status: Status
    route: str
    deviation: float | None
    note: str

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object of the contract: numbers are finite or None."""
        return {
            "id": self.id,
            "text": self.text,
            "reported": self.reported,
            "computed": _shown(self.computed),
            "std": _shown(self.std),
            "interval": None if self.interval is None else [_shown(end) for end in self.interval],
            "censored": self.censored,
            "unit": self.unit,
            "status": self.status.value,
            "route": self.route,
            "deviation": None if self.deviation is None else round(self.deviation, 6) + 0.0,
            "note": self.note,
        }


def _shown(value: float | None) -> float | None:
    """Return ``value`` without the rounding error of the last bits: twelve digits."""
    return None if value is None else float(f"{value:.12g}")


_MISSING = {
    "wetting": "A model of wetting and drop shape, and an analysis of drop images, are missing.",
    "spreading": "A model of spreading (inertial, viscous, reactive) is missing.",
    "coating": "A model of coating and of the stability of thin liquid films is missing.",
    "reaction": "A chemical model of the melt (phases formed from K2CO3 and Li) is missing.",
    "diffraction": "A model of the diffraction pattern and its refinement are missing.",
    "photoemission": "A model of the photoelectron spectrum and its fit are missing.",
    "segregation": "A model of where the products gather, and an analysis of line scans, are missing.",
    "density": "An evaluation of weighings after Archimedes is missing.",
    "cell": "A model of the full cell with its LiFePO4 cathode is missing.",
    "cost": "A model of the materials cost is missing.",
}

#: observations that a later model may reach, by the kind of model
_NOT_YET = {
    "wetting": "wet.llzto.li wet.llzto.10kco wet.cu.li wet.cu.10kco wet.sus.li wet.sus.10kco wet.ti.10kco wet.ti.li"
    " sem.before.0 sem.before.10",
    "spreading": "wet.llzto.spreadtime wet.cu.spreadtime wet.llzto.li.spread wet.cu.li.spread wet.sus.spread"
    " wet.ti.10kco.cover",
    "coating": "coat.cu.thickness",
    "reaction": "phase.products",
    "diffraction": "llzto.xrd.match xrd.kapton xrd.li xrd.k2co3.absent",
    "photoemission": "xps.co3",
    "segregation": "eds.interface",
    "density": "llzto.density.relative",
    "cell": "lfp.q1.10 lfp.q120.10 lfp.q1.0 lfp.ice.0 lfp.q38.0 lfp.gap.last.0 abuse.full lfp.plateaus.10",
    "cost": "cost.10",
}

_GIVEN = "A given value of the recipe, the geometry or the protocol; "
#: given values, and what they enter
_INPUT = {
    "llzto.pellet.diameter": "it is the diameter of every simulated pellet and enters the resistances of the audit.",
    "llzto.pellet.thickness": "it is the thickness of every simulated pellet and enters the resistances of the audit.",
    "protocol.eis": "the simulated spectra cover it.",
    "protocol.ccd.step": "it is the step of every simulated ladder.",
    "protocol.ccd.time": "it is the half cycle of every simulated ladder.",
    "lfp.area": "it enters the checks of the full cell.",
    "lfp.loading": "it enters the checks of the full cell.",
    "lfp.crate": "it enters the checks of the full cell.",
}
_UNUSED = (
    "lfp.catholyte llzto.composition llzto.calcination llzto.milling llzto.cip llzto.sintering llzto.polish"
    " llzto.sigma.electrodes llzto.sigma.electronic.electrodes melt.temperature cell.sym.assembly lfp.cathode.recipe"
    " lfp.pressure"
)
#: findings and claims without a number that a calculation could test, and why
_QUALITATIVE = {
    "llzto.sem.eds": "A micrograph without a number.",
    "k2co3.powder": "A check of the powder without a number.",
    "claim.layer": "A claim about the layer without a number; the audit compares its two versions.",
    "tables.si": "The tables are in the supplement, which is not part of the text.",
}

_NOTES = {
    "wet.llzto.li": "See the checks wetting.hemisphere and wetting.tension of the audit.",
    "tafel.i0.li": "Enters tafel.rct.li and tafel.ratio as a given value.",
    "tafel.i0.10kco": "Enters tafel.rct.10kco and tafel.ratio as a given value.",
    "llzto.sigma.electronic": "Enters the transference number and the leakage of the audit as a given value.",
    "ccd.0": "See the checks ccd.all and ccd.life of the audit.",
    "life.0.0.4": "See the check ccd.life of the audit.",
    "life.10.0.2": "See the check leakage of the audit.",
    "claim.layer": "See the check layer.electronic of the audit.",
}


def planned() -> dict[str, Computed]:
    """Return the rows for which nothing is computed, by id."""
    plan: dict[str, Computed] = {}
    for kind, ids in _NOT_YET.items():
        for key in ids.split():
            plan[key] = Computed(Status.NOT_YET_MODELLED, note=_MISSING[kind])
    for key in _UNUSED.split():
        plan[key] = Computed(Status.INPUT, route=_GIVEN + "no calculation uses it yet.")
    for key, use in _INPUT.items():
        plan[key] = Computed(Status.INPUT, route=_GIVEN + use)
    for key, why in _QUALITATIVE.items():
        plan[key] = Computed(Status.QUALITATIVE, note=why)
    return plan


def assemble(observation: Observation, computed: Mapping[str, Computed], reported_std: float | None) -> Row:
    """Return the row of one observation.

    The deviation is (computed - reported) over the root of the sum of both variances where a number was computed
    independently of the reported one and both uncertainties are known, else None. A life deviates in its logarithm from the
    nearest end of what was reported, and not at all from a bound that it keeps. A critical current deviates by how far its
    interval of one step lies from the reported value and the step to either side of it.

    Raises
    ------
    InvalidInput  if no plan covers the observation.
    """
    key = observation.id
    if key not in computed:
        message = f"observation = {key!r}: no row is planned for it. Add it to the plan of the ledger."
        raise InvalidInput(message)
    found = computed[key]
    notes = [observation.note, found.note, _NOTES.get(key, "")]
    interval = found.interval
    if interval is None and found.value is None and observation.high is not None:
        interval = (observation.low or 0.0, observation.high)  # no reported quantity with an upper bound is negative
    return Row(
        id=key,
        text=observation.text if observation.value is None else observation.quantity,
        reported=observation.value,
        computed=found.value,
        std=found.std,
        interval=interval,
        censored=observation.kind == "censored",
        unit=found.unit or observation.unit,
        status=found.status,
        route=found.route,
        deviation=_deviation(observation, reported_std, found),
        note=" ".join(_sentence(n) for n in notes if n),
    )


def _deviation(observation: Observation, reported_std: float | None, found: Computed) -> float | None:
    reported, value = observation.value, found.value
    if found.status in (Status.INPUT, Status.CALIBRATED) or reported is None or value is None:
        return None
    if found.std is None:
        return None
    if found.scale == "ladder":  # both are intervals of one step
        apart = max(value - reported - found.step, reported - value - 2.0 * found.step, 0.0)
        return math.copysign(apart, value - reported) / found.std if apart > 1e-9 else 0.0
    if found.scale == "log":
        return _log_deviation(observation, reported, value, found.std / value)
    if reported_std is None or reported_std == found.std == 0.0:
        return None
    return float((value - reported) / (reported_std**2 + found.std**2) ** 0.5)


def _log_deviation(observation: Observation, reported: float, value: float, spread: float) -> float | None:
    """Return the deviation in the logarithm; none from a bound that is kept, 0 within a reported interval."""
    if observation.kind == "censored" and value >= reported:
        return None
    low, high = observation.low or reported, observation.high or reported
    nearest_end = min(max(value, low), high)
    return math.log(value / nearest_end) / spread if spread > 0.0 else None


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith(".") else f"{text}."
