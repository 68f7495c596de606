"""What else speaks for a short than the fall of the voltage, in sentences.

Three signs are looked at: readings that scatter more, a voltage that no longer polarises within the half cycle, and one
that no longer relaxes after it. Each triples the odds of a fall that alone would be in doubt; that factor is a convention.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from garnetlab.analyse._cell_event_view import View

__all__ = ["ONE_SIGN", "hard_words", "other_signs"]

ONE_SIGN = math.log(3.0)
_EARLIER = 20  # half cycles before, that are compared with
_FEWEST = 3
_NOISIER = 2.0  # times the scatter of the readings before
_POLARISED = 0.1  # share of the voltage that builds up within a half cycle, at least, for its loss to be seen
_RELAXING = 0.05  # share of the voltage left in the first record of a rest
_GONE = 0.3  # share of either that may remain


def other_signs(view: View, h: int) -> tuple[str, ...]:
    """Return the signs of a short after half cycle ``h``, as sentences."""
    earlier = np.arange(max(h - _EARLIER, 0), h)
    after = np.arange(h + 1, min(h + 4, len(view)))
    if len(earlier) < _FEWEST or not len(after):
        return ()
    found = (_noise(view, earlier, after), _polarisation(view, earlier, after), _relaxation(view, earlier, after))
    return tuple(words for words in found if words)


def _noise(view: View, earlier: np.ndarray, after: np.ndarray) -> str:
    before, now = (float(np.median(view.cycles.noise[k])) for k in (earlier, after))
    if not now > _NOISIER * before > 0.0:
        return ""
    return f"Readings scatter {now / before:.1f} times as much as before."


def _polarisation(view: View, earlier: np.ndarray, after: np.ndarray) -> str:
    depth = view.cycles.parts[:, -1] - view.cycles.parts[:, 0]
    share = depth / np.maximum(np.abs(view.cycles.overpotential_plateau), 1e-12)
    if not (np.isfinite(share[earlier]).any() and np.isfinite(share[after]).any()):
        return ""
    before, now = (float(np.nanmedian(share[k])) for k in (earlier, after))
    if not (before > _POLARISED and abs(now) < _GONE * before):
        return ""
    return f"The voltage builds up by {100 * now:.0f} % within a half cycle, by {100 * before:.0f} % before."


def _relaxation(view: View, earlier: np.ndarray, after: np.ndarray) -> str:
    shares = [_left(view, k) for k in (earlier, after)]
    if any(not len(s) for s in shares):
        return ""
    before, now = (float(np.median(s)) for s in shares)
    if not (before > _RELAXING and abs(now) < _GONE * before):
        return ""
    return f"At rest {100 * now:.0f} % of the voltage are left at first, {100 * before:.0f} % before: nothing relaxes."


def _left(view: View, half_cycles: np.ndarray) -> np.ndarray:
    """Return the share of the last voltage that the first record of the rest after it shows."""
    cycles, voltage = view.cycles, view.records.voltage
    next_record = cycles.first_record[half_cycles] + cycles.records[half_cycles]
    inside = next_record < len(voltage)
    next_record, half_cycles = next_record[inside], half_cycles[inside]
    rests = ~np.isin(next_record, cycles.first_record) & (np.abs(cycles.last_voltage[half_cycles]) > 0.0)
    share = voltage[next_record[rests]] * cycles.sign[half_cycles[rests]] / cycles.last_voltage[half_cycles[rests]]
    return np.asarray(share)


def hard_words(view: View, resistance: float, size: float) -> str:
    """Return why a short is hard."""
    unit, scale = ("ohm", 1.0) if view.cycles.area is None else ("ohm cm^2", 1e4)
    if view.floor.resistance is not None and math.isfinite(resistance):
        what = f"{resistance * scale:.3g} {unit} are less than {view.floor.resistance * scale:.3g} {unit}"
    else:
        what = f"{100 * math.exp(-size):.0f} % of the sound cell are left"
    return f"{what} ({view.floor.words})."
