"""One event of a cell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from garnetlab import units

__all__ = ["CellEvent", "EventKind"]

EventKind: TypeAlias = Literal["hard_short", "soft_short", "contact_loss", "recovery", "gap"]


@dataclass(frozen=True, slots=True)
class CellEvent:
    """Something that happened to a cell. SI; NaN where current or area are not known.

    Parameters
    ----------
    kind:                What.
    time:                When [s].
    half_cycle:          Index from 0 of the half cycle; for a gap that before it.
    cycle:               Of the file, or counted in pairs.
    current_density:     Of that half cycle [A/m^2].
    areal_capacity:      Passed in that half cycle until then [C/m^2].
    cumulative_capacity: Passed since the start in both directions [C/m^2].
    probability:         That it is no chance.
    evidence:            Sentences.
    limit:               Whether the voltage limit was reached although the resistance had not risen.
    """

    kind: EventKind
    time: float
    half_cycle: int
    cycle: int
    current_density: float
    areal_capacity: float
    cumulative_capacity: float
    probability: float
    evidence: tuple[str, ...]
    limit: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return a JSON object in field units; half cycles count from 1."""
        return {
            "kind": self.kind,
            "time_h": self.time / units.hour,
            "half_cycle": self.half_cycle + 1,
            "cycle": self.cycle,
            "current_density_mA_cm2": _finite(self.current_density, units.mA_cm2),
            "areal_capacity": _finite(self.areal_capacity, units.mAh_cm2),
            "cumulative_capacity": _finite(self.cumulative_capacity, units.mAh_cm2),
            "probability": self.probability,
            "evidence": list(self.evidence),
        }


def _finite(value: float, unit: float) -> float | None:
    return value / unit if math.isfinite(value) else None
