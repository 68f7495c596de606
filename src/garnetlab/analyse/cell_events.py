"""Events in the cycling of a symmetric cell: shorts, lost contact, recovery and gaps, with evidence and probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from garnetlab import units
from garnetlab.analyse._cell_event import CellEvent
from garnetlab.analyse._cell_event_floor import floor_of
from garnetlab.analyse._cell_event_levels import levels_of
from garnetlab.analyse._cell_event_odds import falls, rises
from garnetlab.analyse._cell_event_search import Search
from garnetlab.analyse._cell_event_view import View
from garnetlab.analyse._half_cycle_segments import records_of
from garnetlab.analyse.half_cycles import HalfCycles, half_cycles
from garnetlab.core import Measurement, Result
from garnetlab.units import Quantity

__all__ = ["CellEvent", "CellEvents", "cell_events"]

_Area = Annotated[float, units.Dim(m=2)]
_CurrentDensity = Annotated[float, units.Dim(A=1, m=-2)]
_FEWEST = 20  # half cycles over which one event is expected, at least


@dataclass(frozen=True, slots=True)
class CellEvents(Result):
    """A result whose ``events`` are in the order of time, with the half cycles they were found in."""

    events: tuple[CellEvent, ...] = ()
    cycles: HalfCycles | None = None


def cell_events(
    measurement: Measurement | HalfCycles,
    *,
    area: _Area | None = None,
    current_density: _CurrentDensity | None = None,
    electrolyte_resistance: Quantity | None = None,
) -> CellEvents:
    """Return shorts, lost contact, recoveries and gaps of a symmetric cell.

    A half cycle is compared with the last two in its direction, part by part. The probability of an event weighs a change
    of that size against the scatter between half cycles of this very test (Student law, 8 degrees of freedom); one event of
    a kind per test is expected beforehand, equally likely in every half cycle. Falls that take many half cycles count from
    the last calm stretch, if they exceed 40 % and what a usual laboratory drifts in that time; falls that come and go within
    a half cycle, if they exceed 20 % for four records. A short is hard once the cell resists less than its electrolyte
    alone, which no sound cell can: as given, else half of an LLZTO pellet of the thickness in the metadata, else a quarter of
    the sound cell.

    Parameters
    ----------
    measurement:            Cycling, or its half cycles.
    area, current_density:  As in ``half_cycles``.
    electrolyte_resistance: Of the electrolyte alone, from impedance [ohm], at the median temperature of the test: half cycles
                            more than 5 K away from it are not compared with it.

    Returns
    -------
    :  ``events`` as a tuple and in ``details["events"]``; quantities ``hard_shorts``, ``soft_shorts``, ``contact_losses``,
       ``recoveries``, ``gaps``, and ``time_to_failure`` [h] of the first short or loss of contact.

    Raises
    ------
    InvalidInput  as ``half_cycles``, or for a resistance that is not positive.
    MissingInput  if a resistance is given for a file without current.
    """
    cycles = (
        measurement
        if isinstance(measurement, HalfCycles)
        else half_cycles(measurement, area=area, current_density=current_density)
    )
    prior = 1.0 / max(len(cycles), _FEWEST)
    levels = levels_of(cycles)
    view = View(
        cycles,
        records_of(cycles.measurement),
        levels,
        falls(levels, cycles.sign, prior),
        rises(levels, prior),
        floor_of(cycles, electrolyte_resistance),
        prior,
    )
    events = Search(view).run()
    return _result(cycles, events, levels.scatter, view)


def _result(cycles: HalfCycles, events: tuple[CellEvent, ...], scatter: float, view: View) -> CellEvents:
    counted = {
        "hard_shorts": "hard_short", "soft_shorts": "soft_short", "contact_losses": "contact_loss",
        "recoveries": "recovery", "gaps": "gap",
    }  # fmt: skip
    quantities = {
        name: Quantity(float(sum(e.kind == kind for e in events)), None, "1") for name, kind in counted.items()
    }
    failed = next((e for e in events if e.kind in ("hard_short", "soft_short", "contact_loss")), None)
    if failed is not None:
        h = failed.half_cycle
        doubt = 0.5 * float(cycles.longest_interval[h])
        quantities["time_to_failure"] = Quantity(failed.time, doubt, "h", method=failed.kind.replace("_", " "))
    floor = view.floor.resistance
    details: dict[str, object] = {
        "events": [e.to_dict() for e in events],
        "half_cycles": len(cycles),
        "scatter_between_half_cycles": scatter,
        "prior_per_half_cycle": view.prior,
        "shorted_below_ohm_cm2": None if floor is None or cycles.area is None else floor / units.ohm_cm2,
        "shorted_below": view.floor.words,
        "below_its_electrolyte": bool(view.floor.doubt),
        "directions_from": cycles.source,
    }
    warnings = list(cycles.warnings)
    if view.floor.doubt:
        warnings.append(view.floor.doubt)
    if cycles.source == "voltage" and any("short" in e.kind for e in events):
        warnings.append("the file has no current: a current lowered between two half cycles looks like a short.")
    return CellEvents(
        analysis="events",
        quantities=quantities,
        details=details,
        sources=(cycles.measurement.source.to_dict(),),
        warnings=tuple(warnings),
        events=events,
        cycles=cycles,
    )
