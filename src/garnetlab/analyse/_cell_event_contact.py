"""Loss of contact: a step that its voltage cuts short, or a voltage that multiplies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from garnetlab.analyse._cell_event_odds import SMALLEST, change_odds

if TYPE_CHECKING:
    from garnetlab.analyse._cell_event_view import View

__all__ = ["Loss", "contact_is_back", "lost_contact"]

_RISE = math.log(3.0)  # of a step that ran its time, to speak of lost contact
_END_RISE = math.log(2.0)  # of the last record of all
_CUT_RISE = 0.1  # of a step that was cut short
_CUT_BY_HAND = 1e-3  # probability that a step of a sound cell is ended early
_HIGH = 0.5  # of the highest voltage so far, that a limit is above
_AT_TOP = 0.05  # probability that a step ended by hand ends at the voltage of another that was ended
_BACK = 0.4  # share of the rise that may remain after recovery


@dataclass(frozen=True, slots=True)
class Loss:
    """ln of the odds, what speaks for it, and whether a limit was reached although the resistance had not risen."""

    odds: float
    words: tuple[str, ...]
    limit: bool = False


def lost_contact(view: View, h: int) -> Loss | None:
    """Return what speaks for a loss of contact in a half cycle, None if nothing does."""
    if view.cycles.cut[h]:
        return _cut(view, h)
    return _at_the_end(view, h) or _risen(view, h)


def _rise(view: View, h: int) -> tuple[float, float]:
    """Return ln of the last voltage over the highest of the half cycle before, less what is expected; and its scatter.

    Where there is none before, its own plateau stands in.
    """
    before, end = int(view.levels.before[h]), float(view.cycles.last_voltage[h])
    usual = float(view.cycles.highest[before] if before >= 0 else view.cycles.overpotential_plateau[h])
    if not min(end, usual) > 0.0:
        return math.nan, math.nan
    scatter = math.hypot(float(view.levels.common[h]), float(view.cycles.noise[h]) / usual)
    return math.log(end / usual) - float(view.levels.expected[h]), scatter


def _cut(view: View, h: int) -> Loss | None:
    cycles = view.cycles
    lasted, end = float(cycles.end[h] - cycles.start[h]), float(cycles.last_voltage[h])
    first = f"The step ended after {lasted / 60.0:.3g} of {cycles.nominal[h] / 60.0:.3g} min, at {end * 1e3:.3g} mV."
    odds = math.log(view.prior / _CUT_BY_HAND)
    rise, scatter = _rise(view, h)
    if rise > _CUT_RISE and end > _HIGH * float(cycles.highest[: h + 1].max()):
        second = f"The overpotential had risen by {100 * math.expm1(rise):.0f} % over the last one like it."
        return Loss(odds + max(change_odds(rise, scatter, 1.0), 0.0), (first, second))
    if view.limited(h):
        second = "That is the limit: the resistance had not risen, the current was too large for it."
        return Loss(odds - math.log(_AT_TOP), (first, second), limit=True)
    return None


def _at_the_end(view: View, h: int) -> Loss | None:
    if h + 1 < len(view):
        return None
    rise, scatter = _rise(view, h)
    if not rise > _END_RISE:
        return None
    end = float(view.cycles.last_voltage[h])
    words = f"The record ends at {end * 1e3:.3g} mV, {100 * math.expm1(rise):.0f} % above the half cycle before."
    return Loss(change_odds(rise, scatter, view.prior), (words,))


def _risen(view: View, h: int) -> Loss | None:
    size = float(view.rises.size[h])
    before = int(view.levels.before[h])
    if before < 0 or not size > _RISE:
        return None
    usual = math.exp(float(view.levels.level[before]) + float(view.levels.expected[h]))
    if not float(view.cycles.highest[h]) > math.exp(_END_RISE) * usual:
        return None  # a wrong reading of the half cycle before
    words = (
        f"The overpotential rose by {100 * math.expm1(size):.0f} % within one half cycle, "
        f"{view.rises.deviations[h]:.0f} times what half cycles differ by."
    )
    return Loss(float(view.rises.log_odds[h]), (words,))


def contact_is_back(view: View, h: int, lost: int) -> bool:
    """Return whether two half cycles in a row end in their time, at an overpotential as before the loss."""
    cycles = view.cycles
    if h <= lost + 1 or h + 1 >= len(view) or not (cycles.finished[h] and cycles.finished[h + 1]):
        return False
    base = {int(cycles.sign[k]): k for k in range(max(lost - 2, 0), lost)}
    size = float(view.rises.size[lost])
    size = max(size, _CUT_RISE) if math.isfinite(size) else _CUT_RISE
    return all(not view.deficit(k, base) >= max(_BACK * size, SMALLEST) for k in (h, h + 1))
