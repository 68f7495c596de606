"""Compiled damage integrals of a symmetric cell for fits: one face, in a ladder of currents or at one current.

Both faces of a symmetric cell see the same currents half a cycle apart. The one that is stripped first is plated after
every strip, the other one once before; so the first has the larger gaps, fails first, and is the only one run here.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from garnetlab.simulate import _mean_field_compiled as k
from garnetlab.simulate._mean_field_compiled import advance

Floats = NDArray[np.float64]

# numba reads these as constants
GAP, DEAD_GAP, HARM, COVERAGE, METAL = k.GAP, k.DEAD_GAP, k.HARM, k.COVERAGE, k.METAL
HEIGHT, DONE = k.HEIGHT, k.DONE

_CALM = 1e-5  # of the height: change of the gap over a cycle below which cycles are jumped over
_DRIFT = 1e-2  # of the height: drift of the gap over one jump, at most
_JUMP = 0.05  # of the height that is left: growth of the dead gap over one jump, at most
_WINDOW = 64  # cycles over which an uneven but steady gap is averaged
_STEADY = 1e-4  # of the height: change of that average below which cycles are jumped over
_CHANGE = 0.2  # of what grows in a cycle: change of that over one jump, at most
_LEARN = 3  # cycles after which the first steps of the integration stay, so that a cycle repeats exactly


@njit(cache=True, error_model="numpy")
def _cycle(face: Floats, current: float, half: float, p: Floats, tolerance: float, hints: Floats, learn: bool) -> float:
    """Strip and plate one face in place; return the time at which contact was lost, or a negative number."""
    time, ended, first, _ = advance(face, current, half, p, tolerance, hints[0])
    if ended != DONE:
        return time
    _, ended, second, _ = advance(face, -current, half, p, tolerance, hints[1])
    if ended != DONE:
        return half
    if learn:
        hints[0], hints[1] = first, second
    return -1.0


@njit(cache=True, error_model="numpy")
def ladder_damages(step: float, half: float, p: Floats, tolerance: float, out: Floats) -> int:
    """Fill ``out`` with the damage after each step of one cycle; return the steps after which contact was still there."""
    face, hints = np.zeros(5), np.zeros(2)
    face[METAL] = np.inf
    for i in range(len(out)):
        hints[:] = 0.0
        if _cycle(face, step * (i + 1), half, p, tolerance, hints, False) >= 0.0:
            return i
        out[i] = face[HARM]
    return len(out)


@njit(cache=True, error_model="numpy")
def cycling_damages(
    current: float, half: float, times: Floats, p: Floats, tolerance: float, jumps: bool, out: Floats, slope: Floats
) -> float:
    """Fill ``out`` with the damage at ascending times and ``slope`` with dlnD/dlnt; return when contact was lost [s].

    Infinite if contact lasts beyond the last time; entries after a loss are left as they were. Damage grows linearly over
    a cycle here. Where the gap repeats the cycles up to the next time are jumped over, unless ``jumps`` is false.
    """
    face, was, hints = np.zeros(5), np.zeros(5), np.zeros(2)
    face[METAL] = np.inf
    period, height = 2.0 * half, p[HEIGHT]
    n, calm, count, todo = 0.0, 0, 0, 0
    last, before, earlier = 0.0, 0.0, 0.0
    window, sum_, mean, begun = 0, 0.0, np.inf, 0.0  # of the gap, and the damage where the window began
    while todo < len(times):
        was[:] = face
        lost = _cycle(face, current, half, p, tolerance, hints, count < _LEARN)
        if lost >= 0.0:
            ends = period * n + lost
            while todo < len(times) and times[todo] < ends:
                out[todo], slope[todo] = was[HARM] + last * (times[todo] / period - n), 1.0
                todo += 1
            return ends
        count += 1
        grown = face[HARM] - was[HARM]
        while todo < len(times) and times[todo] <= period * (n + 1.0) * (1.0 + 1e-12):
            out[todo] = was[HARM] + grown * (times[todo] / period - n)
            slope[todo] = grown * times[todo] / (period * out[todo]) if out[todo] > 0.0 else 1.0
            todo += 1
        n += 1.0
        faster, last = grown - last, grown
        if not jumps or todo == len(times):
            continue
        moved = abs(face[GAP] - was[GAP])
        slow = face[DEAD_GAP] - was[DEAD_GAP] + height * abs(face[COVERAGE] - was[COVERAGE])
        before, earlier = earlier, slow
        calm = calm + 1 if moved <= 0.1 * slow + _CALM * height else 0
        window, sum_ = window + 1, sum_ + face[GAP]
        drift, steady = moved, calm >= 3
        if window == _WINDOW:
            drift = abs(sum_ / _WINDOW - mean) / _WINDOW
            if not steady and slow <= 1e-10 * height and drift <= _STEADY * height / _WINDOW:
                steady, grown = True, (face[HARM] - begun) / _WINDOW
            mean = sum_ / _WINDOW
            window, sum_, begun = 0, 0.0, face[HARM]
        if not steady:
            continue
        skip = np.floor(times[todo] / period - n)
        if drift > 0.0:
            skip = min(skip, np.floor(_DRIFT * height / drift))
        if slow > 1e-10 * height:
            skip = min(skip, np.floor(_JUMP * max(height - face[GAP] - face[DEAD_GAP], 0.0) / slow))
            if slow != before:  # what decays or grows from cycle to cycle is not extrapolated far
                skip = min(skip, np.floor(_CHANGE * slow / abs(slow - before)))
            if faster != 0.0:
                skip = min(skip, np.floor(_CHANGE * grown / abs(faster)))
        if skip > 1.0:
            if calm >= 3:
                for entry in (GAP, DEAD_GAP, COVERAGE):
                    face[entry] = max(0.0, face[entry] + skip * (face[entry] - was[entry]))
            if slow > 1e-10 * height and face[COVERAGE] == was[COVERAGE]:  # the second order of what grows slowly
                face[DEAD_GAP] += 0.5 * skip * (skip + 1.0) * max(slow - before, 0.0)
                face[HARM] += 0.5 * skip * (skip + 1.0) * faster
            face[HARM] += skip * grown
            n += skip
            calm = min(calm, 1)
            window, sum_, begun, mean = 0, 0.0, face[HARM], np.inf
    return np.inf
