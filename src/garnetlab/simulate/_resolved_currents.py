"""Maps of the resolved contact model and their currents, compiled for the processor, with the FFT of rocket-fft.

All maps are two-dimensional and in SI. Currents solve ``V = eta(i) + Z (chi i)`` with the mean current held: the unknown is
the drop Z(chi i), which is smooth and changes slowly, so a solve starts from the last one, and contact that has changed
since is in its first guess already. Newton on the drop, each step by conjugate gradients on the symmetric form
``(1 + g Z g) y = g misfit`` with g^2 = d(chi i)/d(potential); linear kinetics take one step.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from rocket_fft import c2r, r2c

from garnetlab.simulate._resolved_records import Array, Rules, Work

_AXES = np.array([0, 1])
FAST = {"reassoc", "contract", "arcp"}
_NEWTON, _CG, _SCALAR = 40, 400, 60
_TINY = 1e-300
_LARGEST = 600.0  # of an exponent: sums of its exponentials stay within a double
_INVERSE_LN2, _ROUND = 1.4426950408889634, 6755399441055744.0
_LN2_HIGH, _LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10  # the first has 21 trailing zero bits


@njit(cache=True)
def smoothed(field: Array, symbol: Array, spectrum: Array, out: Array) -> None:
    """Fill ``out`` with F^-1 symbol F field."""
    r2c(field, spectrum, _AXES, True, 1.0, 1)
    rows, columns = spectrum.shape
    for y in range(rows):
        for x in range(columns):
            spectrum[y, x] *= symbol[y, x]
    c2r(spectrum, out, _AXES, False, 1.0 / field.size, 1)


@njit(cache=True)
def put(values: Array, out: Array) -> None:
    """Copy a map."""
    one, two = values.ravel(), out.ravel()
    for i in range(two.size):
        two[i] = one[i]


@njit(cache=True)
def even_out(value: float, out: Array) -> None:
    """Fill a map with one number."""
    flat = out.ravel()
    for i in range(flat.size):
        flat[i] = value


@njit(cache=True, fastmath=FAST, error_model="numpy")
def touching(gap: Array, dead: Array, contact: Array, rules: Rules, chi: Array) -> float:
    """Fill the local contact and return its mean."""
    w, d, c, out = gap.ravel(), dead.ravel(), contact.ravel(), chi.ravel()
    total, inverse = 0.0, 1.0 / rules.height
    if rules.hemispheres:
        for i in range(out.size):
            if c[i] > 0.0:
                out[i] = c[i] * max(0.0, 1.0 - np.cbrt((w[i] + d[i]) * inverse) ** 2)
            total += out[i]
    else:
        for i in range(out.size):
            value = c[i] * max(0.0, 1.0 - (w[i] + d[i]) * inverse)
            out[i] = value
            total += value
    return float(total / out.size)


# currents -------------------------------------------------------------------------------------------------------------
@njit(cache=True)
def _offset(ahead: float, back: float, flow: float, a: float) -> float:
    """Return v >= 0 of ``ahead exp(a v) - back exp(-(1 - a) v) = flow`` by Newton on its logarithm, convex in v."""
    if a == 0.5:
        half = 0.5 * flow / ahead
        return float(2.0 * np.log(half + np.sqrt(half * half + back / ahead)))
    b, v = 1.0 - a, 0.0
    for _ in range(_SCALAR):
        behind = back * np.exp(-b * v)
        step = (np.log((flow + behind) / ahead) - a * v) / (b * behind / (flow + behind) + a)
        v += step
        if abs(step) <= 1e-15 * (1.0 + abs(v)):
            break
    return v


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def exponentials(x: Array, factor: float, out: Array, space: Array) -> None:
    """Fill ``out`` with exp(factor x), flat arrays, in loops the compiler turns into vector instructions.

    exp(y) = 2^n exp(r) with |r| <= ln(2)/2, where a series of twelve terms is good to 2e-16. Adding 1.5 2^52 rounds y/ln 2 to n
    and leaves n in the last bits, from where it goes to the exponent.
    """
    for i in range(x.size):
        y = min(max(factor * x[i], -_LARGEST), _LARGEST)
        whole = y * _INVERSE_LN2 + _ROUND
        n = whole - _ROUND
        r = (y - n * _LN2_HIGH) - n * _LN2_LOW
        t = 1.0 + r * (1 / 11) * (1.0 + r * (1 / 12) * (1.0 + r * (1 / 13)))
        t = 1.0 + r * (1 / 7) * (1.0 + r * (1 / 8) * (1.0 + r * (1 / 9) * (1.0 + r * (1 / 10) * t)))
        t = 1.0 + r * (1 / 3) * (1.0 + r * (1 / 4) * (1.0 + r * (1 / 5) * (1.0 + r * (1 / 6) * t)))
        out[i] = 1.0 + r * (1.0 + r * (1 / 2) * t)
        space[i] = whole
    bits, power = out.view(np.int64), space.view(np.int64)
    for i in range(x.size):
        bits[i] += power[i] << 52


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _fill(j: float, a: float, rules: Rules, work: Work) -> float:
    """Fill currents and their slopes at a drop, with the mean current ``j``; return the potential."""
    c, p, out, steep = work.chi.ravel(), work.drop.ravel(), work.current.ravel(), work.slope.ravel()
    n = out.size
    if rules.linear:
        total, weight, g = 0.0, 0.0, 1.0 / rules.resistance
        for i in range(n):
            total += c[i] * p[i]
            weight += c[i]
        voltage = (j * n * rules.resistance + total) / weight
        for i in range(n):
            steep[i] = c[i] * g
            out[i] = steep[i] * (voltage - p[i])
        return float(voltage)
    ahead, back, inverse, b = 0.0, 0.0, 1.0 / rules.thermal, 1.0 - a
    exponentials(p, -a * inverse, out, work.p.ravel())
    if a == 0.5:
        for i in range(n):
            steep[i] = c[i] / out[i]
    else:
        exponentials(p, b * inverse, steep, work.p.ravel())
        for i in range(n):
            steep[i] *= c[i]
    for i in range(n):
        out[i] *= c[i]
        ahead += out[i]
        back += steep[i]
    v = _offset(ahead, back, j * n / rules.exchange, a)
    one, two = rules.exchange * np.exp(a * v), rules.exchange * np.exp(-b * v)
    for i in range(n):
        up, down = one * out[i], two * steep[i]
        out[i] = up - down
        steep[i] = (a * up + b * down) * inverse
    return float(v * rules.thermal)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _misfit(work: Work) -> tuple[float, float, float]:
    """Fill the misfit of the drop without its mean over the slopes; return its size, that mean, and a mean slope."""
    p, image, out = work.drop.ravel(), work.image.ravel(), work.misfit.ravel()
    g, current = work.slope.ravel(), work.current.ravel()
    total, weight, size, steep = 0.0, 0.0, 0.0, 0.0
    for i in range(out.size):
        out[i] = p[i] - image[i]
        total += g[i] * out[i]
        weight += g[i]
        steep += g[i] * g[i]
        size += current[i] * current[i] / (g[i] + _TINY)  # both are 0 on voids
    mean, square = total / weight, 0.0
    for i in range(out.size):
        out[i] -= mean
        square += g[i] * out[i] * out[i]
    return np.sqrt(square / size), mean, steep / weight


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _newton_drop(work: Work, slab: Array, relative: float, goal: float) -> int:
    """Put the drop where Newton wants it, by conjugate gradients to ``goal``; return the pairs of transforms."""
    g, p, q, r = work.last.ravel(), work.p.ravel(), work.q.ravel(), work.r.ravel()
    total, steep, misfit, image = work.sum.ravel(), work.slope.ravel(), work.misfit.ravel(), work.image.ravel()
    t, weight, square = work.root.ravel(), 0.0, 0.0
    drop, scaled = work.drop.ravel(), work.current.ravel()
    for i in range(g.size):
        weight += steep[i]
        t[i] = np.sqrt(steep[i])
        r[i] = t[i] * misfit[i]
        p[i] = r[i]
        total[i] = 0.0
        square += r[i] * r[i]
        g[i] = drop[i]
    end, steps = square * (goal / relative) ** 2, 0
    while square > end and steps < _CG:
        for i in range(r.size):
            scaled[i] = t[i] * p[i]
        smoothed(work.current, slab, work.spectrum, work.q)
        steps += 1
        curvature = 0.0
        for i in range(r.size):
            curvature += p[i] * (p[i] + t[i] * q[i])
        alpha, along = square / curvature, 0.0
        for i in range(r.size):
            total[i] += alpha * q[i]
            r[i] -= alpha * (p[i] + t[i] * q[i])
            along += t[i] * r[i]
        along /= weight
        new = 0.0
        for i in range(r.size):
            r[i] -= along * t[i]
            new += r[i] * r[i]
        beta, square = new / square, new
        for i in range(r.size):
            p[i] = r[i] + beta * p[i]
    for i in range(r.size):
        drop[i] = image[i] + total[i]
    return steps


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _polish(work: Work, voltage: float, mean: float, share: float) -> float:
    """Move drop and currents by the part of the misfit that needs no transform; return the potential."""
    p, misfit, g, current = work.drop.ravel(), work.misfit.ravel(), work.slope.ravel(), work.current.ravel()
    for i in range(p.size):
        current[i] += share * g[i] * misfit[i]
        p[i] -= share * (misfit[i] + mean)
    return voltage - share * mean


@njit(cache=True)
def _halve(work: Work) -> None:
    """Take half of the last step of the drop back."""
    drop, last = work.drop.ravel(), work.last.ravel()
    for i in range(drop.size):
        drop[i] = 0.5 * (drop[i] + last[i])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _shared(chi: Array, theta: float, j: float, a: float, rules: Rules, current: Array) -> float:
    c, out = chi.ravel(), current.ravel()
    i_true = j / theta
    for i in range(out.size):
        out[i] = c[i] * i_true
    if rules.linear:
        return i_true * rules.resistance
    return rules.thermal * _offset(1.0, 1.0, i_true / rules.exchange, a)


@njit(cache=True)
def currents(theta: float, j: float, a: float, rules: Rules, slab: Array, work: Work) -> tuple[float, int, bool]:
    """Fill the current density of the pixels; return the potential of the face, pairs of transforms, and whether it converged.

    ``a`` is the share of the overpotential that drives the direction of the current. Local contact is in ``work.chi``.
    """
    if rules.even:
        return _shared(work.chi, theta, j, a, rules, work.current), 0, True
    transforms, before, voltage = 0, np.inf, 0.0
    for _ in range(_NEWTON):
        voltage = _fill(j, a, rules, work)
        smoothed(work.current, slab, work.spectrum, work.image)
        transforms += 1
        relative, mean, steep = _misfit(work)
        if relative <= rules.tolerance:
            voltage = _polish(work, voltage, mean, 1.0 / (1.0 + 0.5 * rules.largest * steep))
            return voltage, transforms, True
        if not np.isfinite(relative):
            even_out(0.0, work.drop)
            return voltage, transforms, False
        if relative > before:  # the exponential overshot
            _halve(work)
            continue
        before, goal = relative, 0.3 * rules.tolerance
        if not rules.linear:
            goal = max(goal, min(0.1, relative) * relative)
        transforms += _newton_drop(work, slab, relative, goal)
        if rules.linear:
            return _fill(j, a, rules, work), transforms, True
    return voltage, transforms, False
