r"""Compiled kernels of the mean-field level: one face through a time at constant current, and a cell through its steps.

One face has the gap w that closes, the dead gap d, the damage D and the particle coverage c (``physics.voids``, ``creep``,
``particles``, ``plating_damage`` hold the laws and their sources; a test compares them with what is written here):

.. math:: \dot w = (1-\kappa) g - k_c w, \quad \dot d = \kappa g, \quad
          g = \tfrac{V_m}{F} \theta s u \ln\frac{1 + e^{(j/(\theta u) - j_{sup})/s}}{1 + e^{-j_{sup}/s}}, \quad u = \theta^{-p}

while stripping; :math:`\dot w = -\epsilon \tfrac{V_m}{F} j\, w/(w + w_s) - k_c w` and :math:`\dot D = (j/(\theta j_f))^m/t_0`
while plating. (w, d) go with Rodas3, an L-stable Rosenbrock method of order 3 with an embedded one of order 2, since
capillarity closes small gaps fast; D by Simpson's rule on its Hermite polynomial.

Source
------
A. Sandu et al., Atmos. Environ. 31 (1997) 3459 (Rodas3).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: places of the numbers of one face in a row of parameters
(THETA0, HEIGHT, LAW, SUPPLY, SPREAD, SHARING, DEAD, RECOVERY, SMOOTHING, FIRST, CREEP, STRESS, EXPONENT, PULL,
 SMALLEST, GROWTH, RELEASE, DAMAGE, POWER, CLOCK, VOLUME, EXCHANGE, SYMMETRY, TRANSFER, FILM, THERMAL, LOST, CRITICAL,
 AT_REST,
 ) = range(29)  # fmt: skip
WIDTH = 29
#: places of the state of one face
GAP, DEAD_GAP, HARM, COVERAGE, METAL = range(5)
#: places of the numbers of the cell: resistance of the slab, of a short when soft and when hard, the damage over which it
#: hardens, rest voltage, leakage
SLAB, SOFT, HARD, SOFTENING, REST_VOLTAGE, LEAK = range(6)
#: columns of a record
TIME, VOLTAGE, CURRENT, LEFT, RIGHT, HARM_LEFT, HARM_RIGHT, STEP, CYCLE, SHORT = range(10)
COLUMNS = 10
#: columns of a step: current density, time, limits of voltage above and below, intervals recorded, row of parameters, and 1
#: where nothing but the voltage is to end it
LEVEL, LASTS, ABOVE, BELOW, PIECES, ROW, MEANT = range(7)
STEP_COLUMNS = 7
#: what is counted: limits reached since contact was gone, since lithium was gone, with both there and the step not done; when
#: contact first went and when a limit first cut a step short, neither of them meant [s]; the current density [A/m^2] of the
#: first failure of any kind
BY_CONTACT, BY_LITHIUM, BY_VOLTAGE, FIRST_LOSS, FIRST_CUT, AT_CURRENT = range(6)
#: how a step or a run ends
DONE, SHORTED, CONTACT_LOST, LITHIUM_GONE, AT_LIMIT, TOO_MANY_STEPS = range(6)

_MOST = 20_000  # steps of one half cycle
_BEND = 0.05  # difference of Simpson's rule and the trapezoid over Simpson's, at most
_SHORTEST = 1e-6  # of a half cycle, that the damage or the loss of contact asks for
_OVERSHOOT = 2e-3  # of the height, by which the last step may go beyond the loss of contact
_LARGEST_SHARE = 0.999  # of the height, beyond which the law of contact is cut


@njit(cache=True, error_model="numpy")
def contact(gap: float, p: Floats, coverage: float) -> tuple[float, float]:
    """Return the contact fraction and its derivative with the gap."""
    free = p[THETA0] * (1.0 - coverage)
    share = gap / p[HEIGHT]
    share = min(share, _LARGEST_SHARE)
    if p[LAW] == 0.0:
        share = max(share, 0.0)
        return free * (1.0 - share), -free / p[HEIGHT]
    if share <= 0.0:
        return free, 0.0
    root = np.cbrt(share)
    root *= root
    return free * (1.0 - root), -free * (2.0 / 3.0) * root / (share * p[HEIGHT])


@njit(cache=True, error_model="numpy")
def closure(gap: float, p: Floats) -> tuple[float, float]:
    """Return the rate [m/s] at which a gap closes, and its derivative with the gap [1/s]."""
    if gap <= 0.0:
        return 0.0, p[FIRST]
    rate, slope = gap * p[FIRST], p[FIRST]
    if p[CREEP] > 0.0:
        radius = 1.5 * p[HEIGHT] * np.cbrt(gap / p[HEIGHT])
        bounded = radius > p[SMALLEST]
        pull = p[PULL] / (radius if bounded else p[SMALLEST])
        stress = p[STRESS] + pull
        k = p[CREEP] * stress ** p[EXPONENT]
        rate += k * gap
        slope += k * (1.0 - (p[EXPONENT] * pull / (3.0 * stress) if bounded else 0.0))
    return rate, slope


@njit(cache=True, error_model="numpy")
def opening(gap: float, current: float, p: Floats, coverage: float) -> tuple[float, float]:
    """Return the rate [m/s] at which stripping opens gaps, and its derivative with the gap [1/s]."""
    theta, slope = contact(gap, p, coverage)
    unit = p[SPREAD] if p[SHARING] == 0.0 else p[SPREAD] * theta ** (-p[SHARING])
    ratio = current / (theta * unit)
    z = ratio - p[SUPPLY] / p[SPREAD]
    if z > 35.0:
        soft, share = z, 1.0
    elif z < -35.0:
        soft = math.exp(z)
        share = soft
    else:
        e = math.exp(z)
        soft, share = math.log1p(e), e / (1.0 + e)
    soft -= p[AT_REST]
    factor = p[VOLUME] * unit
    return factor * theta * soft, factor * slope * (1.0 - p[SHARING]) * (soft - ratio * share)


@njit(cache=True, error_model="numpy")
def _rates(
    gap: float, dead: float, current: float, p: Floats, coverage: float
) -> tuple[float, float, float, float, float]:
    """Return dw/dt, dd/dt, the slopes of both with the sum of the gaps, and that of dw/dt with w alone."""
    back, back_slope = closure(gap, p)
    if current > 0.0:
        open_, slope = opening(gap + dead, current, p, coverage)
        k = p[DEAD]
        return (1.0 - k) * open_ - back, k * open_, (1.0 - k) * slope, k * slope, -back_slope
    if current < 0.0:
        w = max(gap, 0.0)
        whole = w + p[SMOOTHING]
        filling = -p[RECOVERY] * p[VOLUME] * current
        return -filling * w / whole - back, 0.0, 0.0, 0.0, -filling * p[SMOOTHING] / (whole * whole) - back_slope
    return -back, 0.0, 0.0, 0.0, -back_slope


@njit(cache=True, error_model="numpy")
def damage(gap: float, current: float, p: Floats, coverage: float) -> float:
    """Return the rate [1/s] of plating damage at a plating current > 0."""
    if p[DAMAGE] == 0.0:
        return 0.0
    theta, _ = contact(gap, p, coverage)
    rate: float = (current * p[DAMAGE] / theta) ** p[POWER] * p[CLOCK]
    return rate


@njit(cache=True, error_model="numpy")
def _covered(coverage: float, current: float, time: float, p: Floats) -> float:
    """Return the coverage by particles after a time."""
    if current > 0.0 and p[GROWTH] > 0.0:
        return 1.0 - (1.0 - coverage) * math.exp(-p[GROWTH] * current * time)
    if current < 0.0 and p[RELEASE] > 0.0:
        return coverage * math.exp(p[RELEASE] * current * time)
    return coverage


@njit(cache=True, error_model="numpy")
def _rodas(
    w: float,
    d: float,
    current: float,
    dt: float,
    p: Floats,
    coverage: float,
    start: tuple[float, float, float, float, float],
) -> tuple[float, float, float, float]:
    """Return the gaps after one step from where the rates are ``start``, and the differences to the embedded method."""
    f1, f2, a1, a2, own = start
    diagonal = 2.0 / dt
    m11, m12, m21, m22 = diagonal - a1 - own, -a1, -a2, diagonal - a2
    det = 1.0 / (m11 * m22 - m12 * m21)
    k1, l1 = (m22 * f1 - m12 * f2) * det, (m11 * f2 - m21 * f1) * det
    b1, b2 = f1 + 4.0 * k1 / dt, f2 + 4.0 * l1 / dt
    k2, l2 = (m22 * b1 - m12 * b2) * det, (m11 * b2 - m21 * b1) * det
    g1, g2, _, _, _ = _rates(w + 2.0 * k1, d + 2.0 * l1, current, p, coverage)
    b1, b2 = g1 + (k1 - k2) / dt, g2 + (l1 - l2) / dt
    k3, l3 = (m22 * b1 - m12 * b2) * det, (m11 * b2 - m21 * b1) * det
    g1, g2, _, _, _ = _rates(w + 2.0 * k1 + k3, d + 2.0 * l1 + l3, current, p, coverage)
    b1, b2 = g1 + (k1 - k2 - 8.0 / 3.0 * k3) / dt, g2 + (l1 - l2 - 8.0 / 3.0 * l3) / dt
    k4, l4 = (m22 * b1 - m12 * b2) * det, (m11 * b2 - m21 * b1) * det
    return w + 2.0 * k1 + k3 + k4, d + 2.0 * l1 + l3 + l4, k4, l4


@njit(cache=True, error_model="numpy")
def advance(
    state: Floats, current: float, duration: float, p: Floats, tolerance: float, first: float
) -> tuple[float, int, float, float]:
    """Advance one face in place; return the time reached, how it ended, a step for the next time, and when the damage passed 1.

    ``current`` > 0 strips. The step to start with another time is that accepted first: half cycles are alike. The last number
    is negative where the damage did not pass 1.
    """
    w, d, harm, c = state[GAP], state[DEAD_GAP], state[HARM], state[COVERAGE]
    t, passed, ended = 0.0, -1.0, DONE
    dt = duration if not 0.0 < first < duration else first
    floor = 0.05 * tolerance * p[HEIGHT]
    last = p[HEIGHT] * p[LOST]
    count, refused, accepted = 0, 0, 0.0
    damaging = current < 0.0 and p[DAMAGE] > 0.0
    wear = damage(w + d, -current, p, c) if damaging else 0.0
    start = _rates(w, d, current, p, c)
    while t < duration:
        left = duration - t
        full = dt >= left * (1.0 - 1e-12)
        h = left if full else dt
        middle = _covered(c, current, 0.5 * h, p)
        if current > 0.0 and middle != c:
            start = _rates(w, d, current, p, middle)
        nw, nd, ew, ed = _rodas(w, d, current, h, p, middle, start)
        error = max(abs(ew) / (floor + tolerance * abs(nw)), abs(ed) / (floor + tolerance * abs(nd)))
        count += 1
        if not error <= 1.0 or nw + nd > 1.2 * p[HEIGHT]:
            refused += 1
            shrink = max(0.2, 0.9 * error ** (-1.0 / 3.0)) if 1.0 < error < 1e6 else 0.2
            dt = h * (shrink if refused == 1 else min(shrink, 0.4))  # a gap that closes inside the step: no power law
            if count > _MOST or dt < 1e-12 * duration:
                ended = TOO_MANY_STEPS
                break
            continue
        if current > 0.0 and nw + nd > last + _OVERSHOOT * p[HEIGHT] and h > _SHORTEST * duration:
            dt = 0.5 * h
            continue
        nw = nw if nw > 0.01 * floor else 0.0
        after = _covered(c, current, h, p)
        end, worn = _rates(nw, nd, current, p, after), 0.0
        if damaging:
            half = max(0.5 * (w + nw) + 0.125 * h * (start[0] - end[0]), 0.0)
            worn = damage(nw + nd, -current, p, after)
            ends = wear + worn
            core = damage(half + 0.5 * (d + nd), -current, p, middle)
            if abs(2.0 * core - ends) > _BEND * (ends + 4.0 * core) and h > _SHORTEST * duration:
                dt = 0.4 * h
                continue
            grown = h / 6.0 * (ends + 4.0 * core)
            if harm < 1.0 <= harm + grown:
                passed = t + h * (1.0 - harm) / grown
            harm += grown
        if current > 0.0 and nw + nd >= last:  # contact goes inside this short step
            share = (last - w - d) / (nw + nd - w - d)
            w, d, c = w + share * (nw - w), d + share * (nd - d), after
            t += share * h
            ended = CONTACT_LOST
            break
        w, d, c, start, wear = nw, nd, after, end, worn
        t += h
        grow = 5.0 if error < 1e-4 else min(5.0, 0.9 * error ** (-1.0 / 3.0))
        if accepted == 0.0:
            accepted = h * (min(grow, 1.2) if refused else grow)
        refused = 0
        if not full or h * grow > dt:
            dt = h * grow
    state[GAP], state[DEAD_GAP], state[HARM], state[COVERAGE] = w, d, harm, c
    state[METAL] -= current * t
    return t, ended, accepted if accepted > 0.0 else dt, passed
