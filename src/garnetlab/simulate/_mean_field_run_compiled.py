"""Compiled runs of the mean-field level: a symmetric or asymmetric cell through steps of current or voltage."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from garnetlab.simulate import _mean_field_compiled as k
from garnetlab.simulate._mean_field_compiled import advance, contact

Floats = NDArray[np.float64]

# numba reads these as constants
GAP, DEAD_GAP, HARM, COVERAGE, METAL = k.GAP, k.DEAD_GAP, k.HARM, k.COVERAGE, k.METAL
EXCHANGE, SYMMETRY, TRANSFER, FILM, THERMAL = k.EXCHANGE, k.SYMMETRY, k.TRANSFER, k.FILM, k.THERMAL
CRITICAL = k.CRITICAL
SLAB, SOFT, HARD, SOFTENING, REST_VOLTAGE, LEAK = k.SLAB, k.SOFT, k.HARD, k.SOFTENING, k.REST_VOLTAGE, k.LEAK
TIME, VOLTAGE, CURRENT, LEFT, RIGHT = k.TIME, k.VOLTAGE, k.CURRENT, k.LEFT, k.RIGHT
HARM_LEFT, HARM_RIGHT, STEP, CYCLE, SHORT = k.HARM_LEFT, k.HARM_RIGHT, k.STEP, k.CYCLE, k.SHORT
LEVEL, LASTS, ABOVE, BELOW, PIECES, ROW, MEANT = k.LEVEL, k.LASTS, k.ABOVE, k.BELOW, k.PIECES, k.ROW, k.MEANT
BY_CONTACT, BY_LITHIUM, BY_VOLTAGE = k.BY_CONTACT, k.BY_LITHIUM, k.BY_VOLTAGE
FIRST_LOSS, FIRST_CUT, AT_CURRENT = k.FIRST_LOSS, k.FIRST_CUT, k.AT_CURRENT
DONE, SHORTED, CONTACT_LOST, LITHIUM_GONE = k.DONE, k.SHORTED, k.CONTACT_LOST, k.LITHIUM_GONE
AT_LIMIT, TOO_MANY_STEPS = k.AT_LIMIT, k.TOO_MANY_STEPS

_NEWTON = 60
_EXACT = 1e-12
_SLIGHT = 1e-6  # of the charge of a step: leakage differs a little between the directions


@njit(cache=True, error_model="numpy")
def overpotential(current: float, p: Floats, theta: float) -> float:
    """Return the overpotential [V] of a face at an electrode current density; > 0 strips."""
    true = current / theta
    if p[TRANSFER] > 0.0:
        linear: float = true * (p[TRANSFER] + p[FILM])
        return linear
    ratio = true / p[EXCHANGE]
    a = p[SYMMETRY]
    x = 2.0 * math.asinh(0.5 * ratio)
    if a != 0.5:
        if ratio > 0.0:
            x = min(x / (2.0 * (1.0 - a)), math.log1p(ratio) / (1.0 - a)) if a < 0.5 else x / (2.0 * (1.0 - a))
        else:
            x = x / (2.0 * a)
        for _ in range(_NEWTON):
            up, down = math.exp((1.0 - a) * x), math.exp(-a * x)
            step = (up - down - ratio) / ((1.0 - a) * up + a * down)
            step = max(-1.0, min(1.0, step))
            x -= step
            if abs(step) < _EXACT * max(1.0, abs(x)):
                break
    found: float = x * p[THERMAL] + true * p[FILM]
    return found


@njit(cache=True, error_model="numpy")
def short_of(harm: float, cell: Floats) -> float:
    """Return the resistance [ohm m^2] of the short at a damage of 1 or more; infinite below."""
    if harm < 1.0:
        return np.inf
    if cell[SOFTENING] <= 0.0:
        hard: float = cell[HARD]
        return hard
    share = min(1.0, (harm - 1.0) / cell[SOFTENING])
    return float(cell[SOFT] * (cell[HARD] / cell[SOFT]) ** share)


@njit(cache=True, error_model="numpy")
def intact_voltage(current: float, left: Floats, right: Floats, pl: Floats, pr: Floats, cell: Floats) -> float:
    """Return the voltage [V] without a short; a positive current strips the left and plates the right electrode."""
    tl, _ = contact(left[GAP] + left[DEAD_GAP], pl, left[COVERAGE])
    tr, _ = contact(right[GAP] + right[DEAD_GAP], pr, right[COVERAGE])
    faces = overpotential(current, pl, tl) - overpotential(-current, pr, tr)
    return float(cell[REST_VOLTAGE] + current * cell[SLAB] + faces)


@njit(cache=True, error_model="numpy")
def shared_current(
    current: float, left: Floats, right: Floats, pl: Floats, pr: Floats, cell: Floats
) -> tuple[float, float, float]:
    """Return the current that passes as ions, the voltage, and the resistance of the short (infinite if none)."""
    short = short_of(max(left[HARM], right[HARM]), cell)
    if short == np.inf:
        voltage = intact_voltage(current, left, right, pl, pr, cell)
        if cell[LEAK] == 0.0:
            return current, voltage, short
        ions = current - cell[LEAK] * voltage
        return ions, voltage - cell[LEAK] * voltage * cell[SLAB], short
    if current == 0.0:  # at rest only the rest voltage drives ions through the short: it is small
        return 0.0, 0.0, short
    low, high = 0.0, 1.0
    for _ in range(48):
        share = 0.5 * (low + high)
        if intact_voltage(share * current, left, right, pl, pr, cell) / current > (1.0 - share) * short:
            high = share
        else:
            low = share
    share = 0.5 * (low + high)
    return share * current, (1.0 - share) * current * short, short


@njit(cache=True, error_model="numpy")
def _record(
    out: Floats, row: int, time: float, step: int, cycle: int, left: Floats, right: Floats,
    pl: Floats, pr: Floats, current: float, voltage: float, short: float,
) -> None:  # fmt: skip
    """Write one record."""
    tl, _ = contact(left[GAP] + left[DEAD_GAP], pl, left[COVERAGE])
    tr, _ = contact(right[GAP] + right[DEAD_GAP], pr, right[COVERAGE])
    out[row, TIME], out[row, VOLTAGE], out[row, CURRENT] = time, voltage, current
    out[row, LEFT], out[row, RIGHT] = tl, tr
    out[row, HARM_LEFT], out[row, HARM_RIGHT] = left[HARM], right[HARM]
    out[row, STEP], out[row, CYCLE], out[row, SHORT] = step, cycle, short


@njit(cache=True, error_model="numpy")
def _started(current: float, state: Floats, p: Floats) -> bool:
    """Return whether a filament starts: the overpotential of the plated face reaches what the flaw stands."""
    if not (current < 0.0 and p[CRITICAL] > 0.0 and state[HARM] < 1.0):
        return False
    theta, _ = contact(state[GAP] + state[DEAD_GAP], p, state[COVERAGE])
    return bool(-overpotential(current, p, theta) >= p[CRITICAL])


@njit(cache=True, error_model="numpy")
def _keep(kept: Floats, left: Floats, right: Floats) -> None:
    """Copy the states of both faces into ``kept`` (2, 5)."""
    for i in range(5):
        kept[0, i], kept[1, i] = left[i], right[i]


@njit(cache=True, error_model="numpy")
def _both(
    left: Floats, right: Floats, ions: float, h: float, pl: Floats, pr: Floats, tolerance: float, hint: Floats,
    space: Floats,
) -> tuple[float, int, float]:  # fmt: skip
    """Advance both faces by ``h`` or until contact or lithium is gone; return the time, how it ended, and when it shorted.

    ``space`` (2, 5) is working memory.
    """
    end, why = h, DONE
    metal = left[METAL] if ions > 0.0 else right[METAL]
    if metal < abs(ions) * end * (1.0 - _SLIGHT):  # what was plated can be stripped again
        end, why = max(metal, 0.0) / abs(ions), LITHIUM_GONE
    _keep(space, left, right)
    tl, el, hint[0], sl = advance(left, ions, end, pl, tolerance, hint[0])
    tr, er, hint[1], sr = advance(right, -ions, end, pr, tolerance, hint[1])
    if max(el, er) == CONTACT_LOST and tl != tr:
        end = min(tl, tr)
        if tl > end:
            left[:] = space[0]
            _, _, hint[0], sl = advance(left, ions, end, pl, tolerance, 0.0)
        else:
            right[:] = space[1]
            _, _, hint[1], sr = advance(right, -ions, end, pr, tolerance, 0.0)
    if max(el, er) != DONE:
        why, end = max(el, er), min(tl, tr)
    passed = sl if sl >= 0.0 and (sr < 0.0 or sl < sr) else sr
    return end, why, passed


@njit(cache=True, error_model="numpy")
def _failed_at(events: Floats, current: float) -> None:
    """Keep the current density of the first failure."""
    if events[AT_CURRENT] == 0.0:
        events[AT_CURRENT] = abs(current)


@njit(cache=True, error_model="numpy")
def _cut(events: Floats, time: float, meant: float, current: float) -> None:
    """Count a step that its voltage ended while contact and lithium were there."""
    events[BY_VOLTAGE] += 1
    if meant == 0.0:
        events[FIRST_CUT] = min(events[FIRST_CUT], time)
        _failed_at(events, current)


@njit(cache=True, error_model="numpy")
def _reach(
    limit: float, before: float, passing: float, current: float, end: float, kept: Floats, left: Floats, right: Floats,
    pl: Floats, pr: Floats, cell: Floats, tolerance: float, space: Floats,
) -> tuple[float, float, float]:  # fmt: skip
    """Advance both faces from ``kept`` to where the voltage reaches its limit; return the time, voltage and short there."""
    low, high, voltage, short, no_hint = 0.0, end, before, np.inf, np.zeros(2)
    for _ in range(30):
        middle = 0.5 * (low + high)
        left[:] = kept[0]
        right[:] = kept[1]
        no_hint[:] = 0.0
        _both(left, right, passing, middle, pl, pr, tolerance, no_hint, space)
        _, voltage, short = shared_current(current, left, right, pl, pr, cell)
        if (voltage - limit) * (before - limit) > 0.0:
            low = middle
        else:
            high = middle
    return high, voltage, short


@njit(cache=True, error_model="numpy")
def run_block(
    steps: Floats, times: int, rows_left: Floats, rows_right: Floats, cells: Floats, left: Floats, right: Floats,
    clock: Floats, tolerance: float, after_short: float, out: Floats, first_step: int, first_cycle: int, events: Floats,
) -> tuple[int, int, int]:  # fmt: skip
    """Run steps ``times`` times; return how it ended, the records written and the repetitions finished.

    ``clock`` holds the time and the time of the short (infinite if none), ``events`` what ended steps before their time;
    they and the states are updated in place.
    """
    written = 0
    hints = np.zeros((len(steps), 2))
    space, kept = np.zeros((2, 5)), np.zeros((2, 5))
    for cycle in range(times):
        for s in range(len(steps)):
            pl, pr, cell = rows_left[int(steps[s, ROW])], rows_right[int(steps[s, ROW])], cells[int(steps[s, ROW])]
            current, pieces = steps[s, LEVEL], int(steps[s, PIECES])
            h = steps[s, LASTS] / pieces
            if clock[1] == np.inf and (_started(current, left, pl) or _started(-current, right, pr)):
                (left if current < 0.0 else right)[HARM] = 1.0
                clock[1] = clock[0]
                _failed_at(events, current)
            place = (first_step + s, first_cycle + cycle)
            ions, voltage, short = shared_current(current, left, right, pl, pr, cell)
            _record(out, written, clock[0], place[0], place[1], left, right, pl, pr, current, voltage, short)
            written += 1
            if voltage >= steps[s, ABOVE] or voltage <= steps[s, BELOW]:
                _cut(events, clock[0], steps[s, MEANT], current)
                continue
            for _ in range(pieces):
                before = voltage
                _keep(kept, left, right)
                end, why, passed = _both(left, right, ions, h, pl, pr, tolerance, hints[s], space)
                if clock[1] == np.inf and passed >= 0.0:  # stop at the short, record both sides of it, go on
                    left[:] = kept[0]
                    right[:] = kept[1]
                    _both(left, right, ions, passed, pl, pr, tolerance, hints[s], space)
                    face = left if current < 0.0 else right
                    face[HARM] = max(face[HARM], 1.0)
                    clock[0] += passed
                    clock[1] = clock[0]
                    _failed_at(events, current)
                    before = intact_voltage(current, left, right, pl, pr, cell)
                    _record(out, written, clock[0], place[0], place[1], left, right, pl, pr, current, before, np.inf)
                    ions, before, short = shared_current(current, left, right, pl, pr, cell)
                    _record(out, written + 1, clock[0], place[0], place[1], left, right, pl, pr, current, before, short)
                    written += 2
                    if after_short <= 0.0:
                        return SHORTED, written, cycle
                    _keep(kept, left, right)
                    end, why, passed = _both(left, right, ions, h - passed, pl, pr, tolerance, hints[s], space)
                passing = ions
                ions, voltage, short = shared_current(current, left, right, pl, pr, cell)
                limited = voltage >= steps[s, ABOVE] or voltage <= steps[s, BELOW]
                if limited:
                    limit = steps[s, ABOVE] if voltage >= steps[s, ABOVE] else steps[s, BELOW]
                    end, voltage, short = _reach(
                        limit, before, passing, current, end, kept, left, right, pl, pr, cell, tolerance, space
                    )
                    why = AT_LIMIT
                clock[0] += end
                _record(out, written, clock[0], place[0], place[1], left, right, pl, pr, current, voltage, short)
                written += 1
                if why == AT_LIMIT:
                    _cut(events, clock[0], steps[s, MEANT], current)
                limit = steps[s, ABOVE] if current > 0.0 else steps[s, BELOW]
                if CONTACT_LOST <= why <= LITHIUM_GONE and abs(limit) < np.inf:
                    out[written - 1, VOLTAGE] = limit  # nothing else carries the current
                    events[BY_CONTACT if why == CONTACT_LOST else BY_LITHIUM] += 1
                    if why == CONTACT_LOST and steps[s, MEANT] == 0.0:
                        events[FIRST_LOSS] = min(events[FIRST_LOSS], clock[0])
                        _failed_at(events, current)
                    why = AT_LIMIT
                if clock[0] - clock[1] >= after_short:
                    return SHORTED, written, cycle
                if why == AT_LIMIT:
                    break
                if why != DONE:
                    _failed_at(events, current)
                    return why, written, cycle
    return DONE, written, times


@njit(cache=True, error_model="numpy")
def current_at(voltage: float, left: Floats, right: Floats, pl: Floats, pr: Floats, cell: Floats) -> float:
    """Return the current density [A/m^2] that passes as ions at a voltage: the voltage grows with the current."""
    high = max(1e-12, abs(voltage - cell[REST_VOLTAGE]) / cell[SLAB])  # the slab alone would let this pass
    low = -high
    for _ in range(80):
        middle = 0.5 * (low + high)
        if intact_voltage(middle, left, right, pl, pr, cell) > voltage:
            high = middle
        else:
            low = middle
    found: float = 0.5 * (low + high)
    return found


@njit(cache=True, error_model="numpy")
def hold_voltage(
    start: float, stop: float, duration: float, pieces: int, pl: Floats, pr: Floats, cell: Floats, left: Floats,
    right: Floats, clock: Floats, tolerance: float, after_short: float, out: Floats, step: int, cycle: int,
) -> tuple[int, int]:  # fmt: skip
    """Run a voltage that goes linearly from ``start`` to ``stop``; return how it ended and the records written."""
    h = duration / pieces
    hint, space = np.zeros(2), np.zeros((2, 5))
    why = DONE
    for piece in range(pieces + 1):
        voltage = start + (stop - start) * piece / pieces
        ions = current_at(voltage, left, right, pl, pr, cell)
        short = short_of(max(left[HARM], right[HARM]), cell)
        total = ions + (0.0 if short == np.inf else voltage / short) + cell[LEAK] * voltage
        _record(out, piece, clock[0], step, cycle, left, right, pl, pr, total, voltage, short)
        if clock[1] == np.inf and (_started(ions, left, pl) or _started(-ions, right, pr)):
            (left if ions < 0.0 else right)[HARM] = 1.0
            clock[1] = clock[0]
        if clock[0] - clock[1] >= after_short:
            return SHORTED, piece + 1
        if why != DONE:
            return why, piece + 1
        if piece < pieces:
            end, why, passed = _both(left, right, ions, h, pl, pr, tolerance, hint, space)
            if clock[1] == np.inf and passed >= 0.0:
                clock[1] = clock[0] + passed
            clock[0] += end
    return DONE, pieces + 1
