"""Half cycles of a face of the resolved contact model, compiled for the processor: what opens, closes and damages it."""

from __future__ import annotations

import numpy as np
from numba import njit

from garnetlab.simulate._resolved_currents import FAST, currents, even_out, put, smoothed, touching
from garnetlab.simulate._resolved_records import (
    DONE,
    FAILED,
    FILAMENT,
    GAUSSIAN,
    LOCAL,
    LOST,
    MEAN,
    SHORT,
    Array,
    Face,
    Rules,
    Work,
)

_HOUR = 3600.0


# rates ----------------------------------------------------------------------------------------------------------------
@njit(cache=True)
def _level(field: Array, symbol: Array, how: int, spectrum: Array, out: Array) -> None:
    """Fill ``out`` with the field smoothed over a length of none, some, or all of the map."""
    if how == GAUSSIAN:
        smoothed(field, symbol, spectrum, out)
    elif how == MEAN:
        flat, total = field.ravel(), 0.0
        for i in range(flat.size):
            total += flat[i]
        even_out(total / flat.size, out)
    else:
        put(field, out)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def stripped(face: Face, theta: float, rules: Rules, work: Work, out: Array) -> None:
    """Fill the rate [m/s] at which gaps grow: what the current takes and the supply does not bring, spread by vacancies."""
    chi, current, q, e = work.chi.ravel(), work.current.ravel(), face.supply.ravel(), work.p.ravel()
    factor = theta**-rules.sharing if rules.sharing != 0.0 else 1.0
    total = 0.0
    for i in range(e.size):
        e[i] = max(0.0, current[i] - chi[i] * (q[i] * factor))
        total += e[i]
    if total == 0.0:
        even_out(0.0, out)
        return
    condensing = rules.condensation > 0.0 and rules.spreads != LOCAL
    if condensing:
        pull, spread = work.r.ravel(), work.q.ravel()
        for i in range(e.size):
            pull[i] = 1.0 + rules.condensation * (1.0 - chi[i])
        _level(work.r, face.vacancy, rules.spreads, work.spectrum, work.q)
        for i in range(e.size):
            e[i] /= spread[i]
    _level(work.p, face.vacancy, rules.spreads, work.spectrum, out)
    rate, pull = out.ravel(), work.r.ravel()
    if condensing:
        for i in range(rate.size):
            rate[i] *= pull[i]
    for i in range(rate.size):
        rate[i] = max(0.0, rate[i]) * rules.growth  # transforms round below 0


@njit(cache=True)
def constant(rules: Rules) -> bool:
    """Return whether gaps close at the same rate everywhere and always."""
    return bool(rules.creep == 0.0 and (rules.slowing == 0.0 or rules.closure == 0.0))


@njit(cache=True, fastmath=FAST, error_model="numpy")
def closing(face: Face, gap: Array, rules: Rules, work: Work, out: Array) -> None:
    """Fill the rate [1/s] at which gaps close by themselves."""
    w, k = gap.ravel(), out.ravel()
    if rules.creep > 0.0:
        inverse = 1.0 / rules.height
        for i in range(k.size):
            part = max(w[i] * inverse, rules.least_gap)
            k[i] = rules.creep * (rules.pressure + rules.capillarity / np.cbrt(part)) ** rules.exponent
        return
    even_out(rules.closure, out)
    if rules.slowing > 0.0 and rules.closure > 0.0:
        open_, around, lost = work.p.ravel(), face.around.ravel(), work.q.ravel()
        chi, c = work.chi.ravel(), face.contact.ravel()
        for i in range(k.size):
            open_[i] = c[i] - chi[i]
        smoothed(work.p, face.void, work.spectrum, work.q)
        for i in range(k.size):
            left = 1.0 - lost[i] / around[i] if around[i] > 0.0 else 1.0
            k[i] *= min(max(left, 0.0), 1.0) ** rules.slowing


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _refilled(face: Face, gap: Array, rules: Rules, work: Work, out: Array) -> None:
    """Add to the closing rate [1/s] what plating fills into gaps."""
    _level(work.current, face.refill, rules.fills, work.spectrum, work.q)
    w, k, j, factor = gap.ravel(), out.ravel(), work.q.ravel(), rules.recovery * rules.growth
    if constant(rules):
        for i in range(k.size):
            k[i] = rules.closure + factor * max(j[i], 0.0) / (w[i] + rules.smoothing)
    else:
        for i in range(k.size):
            k[i] += factor * max(j[i], 0.0) / (w[i] + rules.smoothing)


@njit(cache=True, error_model="numpy")
def _damaging(theta: float, j: float, rules: Rules, work: Work, out: Array) -> None:
    """Fill the rate [1/s] of plating damage at the true current of the pixels."""
    chi, current, rate = work.chi.ravel(), work.current.ravel(), out.ravel()
    if rules.even:
        same = (j / theta / rules.damage_current) ** rules.damage_exponent / _HOUR
        for i in range(rate.size):
            rate[i] = same if chi[i] > 0.0 else 0.0
        return
    for i in range(rate.size):
        rate[i] = 0.0
        if chi[i] > 0.0:
            true = max(0.0, current[i]) / chi[i]
            rate[i] = (true / rules.damage_current) ** rules.damage_exponent / _HOUR


@njit(cache=True, error_model="numpy")
def worst(damage: Array, contact: Array, norm: float) -> float:
    """Return the norm of the damage that shorts at 1: the maximum, or the mean power over the contact it started with."""
    d, c, total, weight, largest = damage.ravel(), contact.ravel(), 0.0, 0.0, 0.0
    if norm == np.inf:
        for i in range(d.size):
            largest = max(largest, d[i])
        return largest
    for i in range(d.size):
        if c[i] > 0.0:
            total += c[i] * d[i] ** norm
            weight += c[i]
    return float((total / weight) ** (1.0 / norm))


@njit(cache=True)
def _deepest(voltage: float, work: Work) -> float:
    """Return the largest overpotential on contact."""
    chi, drop, deepest = work.chi.ravel(), work.drop.ravel(), 0.0
    for i in range(chi.size):
        if chi[i] > 0.0:
            deepest = max(deepest, voltage - drop[i])
    return deepest


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _move(
    w: Array, d: Array, source: Array, close: Array, source_2: Array, close_2: Array, dt: float, dead: float, out: Array
) -> None:
    """Fill the gap after a step with mean rates kept constant in it; add to the dead gap.

    exp(-x) is 1/(1 + x + x^2/2 + x^3/6): positive, third order, and it goes to 0. Where nothing closes the gap is w + dt g,
    so that what is stripped is kept to rounding.
    """
    w, d, out = w.ravel(), d.ravel(), out.ravel()
    g1, g2, k1, k2 = source.ravel(), source_2.ravel(), close.ravel(), close_2.ravel()
    for i in range(w.size):
        g, x = 0.5 * (g1[i] + g2[i]), 0.5 * (k1[i] + k2[i]) * dt
        part = 1.0 + x * (0.5 + x * (1.0 / 6.0))
        out[i] = (w[i] + (1.0 - dead) * dt * g * part) / (1.0 + x * part)
        d[i] += dead * dt * g


@njit(cache=True)
def _prepare(rules: Rules, work: Work) -> None:
    """Fill rates that do not change in a half cycle."""
    for source, close in ((work.source, work.closing), (work.source_next, work.closing_next)):
        even_out(0.0, source)
        even_out(rules.closure, close)


@njit(cache=True)
def rates(
    direction: int, j: float, theta: float, gap: Array, face: Face, rules: Rules, work: Work, second: bool
) -> None:
    """Fill source, closing and damage at a state whose contact and currents are in ``work``.

    What does not change in a half cycle is filled by ``_prepare``.
    """
    source, close = (work.source_next, work.closing_next) if second else (work.source, work.closing)
    if not constant(rules):
        closing(face, gap, rules, work, close)
    if direction > 0:
        stripped(face, theta, rules, work, source)
    elif direction < 0:
        _refilled(face, gap, rules, work, close)
        if rules.damage_current < np.inf:
            _damaging(theta, j, rules, work, work.harm_next if second else work.harm)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _ahead(work: Work, known: bool) -> None:
    """Guess the drop a step ahead from that of this step and of the last, which is then forgotten."""
    drop, before = work.drop.ravel(), work.before.ravel()
    for i in range(drop.size):
        now = drop[i]
        if known:
            drop[i] += now - before[i]
        before[i] = now


@njit(cache=True)
def _harmed(dt: float, face: Face, rules: Rules, work: Work) -> float:
    """Add the damage of a step; return its norm."""
    damage, first, second = face.damage.ravel(), work.harm.ravel(), work.harm_next.ravel()
    for i in range(damage.size):
        damage[i] += 0.5 * dt * (first[i] + second[i])
    return worst(face.damage, face.contact, rules.damage_norm)


@njit(cache=True)
def _step(dt: float, second: bool, face: Face, rules: Rules, work: Work) -> None:
    """Predict the state after a step in ``work``, or from both rates carry the face there."""
    now, close = work.source, work.closing
    then, close_then = (work.source_next, work.closing_next) if second else (now, close)
    if not second:
        put(face.dead, work.dead)
    dead, gap = (face.dead, face.gap) if second else (work.dead, work.gap)
    _move(face.gap, dead, now, close, then, close_then, dt, rules.dead_share, gap)


@njit(cache=True)
def half_cycle(
    direction: int, j: float, a: float, duration: float, steps: int, least: float, face: Face, rules: Rules, work: Work
) -> tuple[int, float, float, float, int, int]:
    """Carry a face through a half cycle, in place, by Heun steps.

    ``direction`` is 1 while stripping, -1 while plating, 0 at rest; ``a`` as in ``currents``; ``least`` is the contact
    fraction below which contact is lost. Returns how it ended, after which time, the contact fraction and the potential
    of the face then, and how many solves and pairs of transforms it took.
    """
    dt, solves, pairs, before, voltage = duration / steps, 0, 0, np.inf, 0.0
    damaging = direction < 0 and rules.damage_current < np.inf
    harmed = worst(face.damage, face.contact, rules.damage_norm) if damaging else 0.0
    _prepare(rules, work)
    for k in range(2 * steps + 1):
        n, second = k // 2, k % 2 == 1
        gap, dead = (work.gap, work.dead) if second else (face.gap, face.dead)
        theta = touching(gap, dead, face.contact, rules, work.chi)
        if direction > 0 and theta < least:
            since = dt * (n if second else n - 1)
            part = (before - least) / (before - theta) if before < np.inf else 0.0
            return LOST, max(0.0, since + dt * part), theta, voltage, solves, pairs
        if direction != 0:
            if second and not rules.even:
                _ahead(work, n > 0)
            voltage, used, good = currents(theta, j, a, rules, face.slab, work)
            solves, pairs = solves + 1, pairs + used
            if not good:
                return FAILED, n * dt, theta, voltage, solves, pairs
        if direction < 0 and not second and rules.critical < np.inf and _deepest(voltage, work) >= rules.critical:
            return FILAMENT, n * dt, theta, voltage, solves, pairs
        if k == 2 * steps:
            break
        rates(direction, j, theta, gap, face, rules, work, second)
        _step(dt, second, face, rules, work)
        if not second:
            before = theta
        elif damaging:
            harm = _harmed(dt, face, rules, work)
            if harm >= 1.0:
                return SHORT, dt * (n + (1.0 - harmed) / (harm - harmed)), theta, voltage, solves, pairs
            harmed = harm
    return DONE, duration, theta, voltage, solves, pairs
