"""Compiled kernels of the distribution of relaxation times: the columns of a model, its fit, its curve.

A model is linear in its coefficients (resistances, inductance, tail) and nonlinear in its shapes. ``rows`` holds first
the weighted columns of the coefficients, then the derivatives of the columns by the shapes; each row is the real parts
of all points followed by the imaginary parts. Compiled code is cached beside this file or in the user's cache folder.

Source
------
L. Kaufman, BIT 15 (1975) 49 (variable projection with the shortened Jacobian); S. Havriliak, S. Negami, Polymer 8
(1967) 161; K. S. Cole, R. H. Cole, J. Chem. Phys. 9 (1941) 341.
"""

from __future__ import annotations

import cmath
import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: kinds of arcs: Cole-Cole (ZARC), Havriliak-Negami, Gaussian in ln tau, finite-length diffusion
ZARC, NEGAMI, GAUSSIAN, FINITE = 0, 1, 2, 3
#: kinds of tails: A (j w/w_min)^-m with m = 1/2, 1, or free
NO_TAIL, WARBURG, CAPACITOR, POWER = 0, 1, 2, 3
#: trapezoids over a normal density: with steps of half a width, at most 1.25 in ln tau, exact to 1e-4
_NODES = np.linspace(-4.0, 4.0, 17)
_SHARES = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()
_FAST = {"reassoc", "contract", "arcp", "nsz"}
_RIDGE = 1e-11
_LARGEST_STEP = 1.2
_LINES = 12
_LINE_WIDTH = 0.1


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def _put(rows: Floats, row: int, i: int, points: int, value: complex) -> None:
    rows[row, i] = value.real
    rows[row, points + i] = value.imag


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def _zarc(log_omega: Floats, weight: Floats, ln_tau: float, n: float, rows: Floats, at: int, by: int) -> None:
    points, turn = log_omega.size, 0.5 * math.pi * n
    cosine, sine = math.cos(turn), math.sin(turn)
    for i in range(points):
        log_v = log_omega[i] + ln_tau
        size = math.exp(n * log_v)
        real, imag = 1.0 + size * cosine, size * sine
        scale = 1.0 / (real * real + imag * imag)
        q = complex(real * scale, -imag * scale)
        slope = -q * (1.0 - q) * weight[i]
        _put(rows, at, i, points, q * weight[i])
        _put(rows, by, i, points, n * slope)
        _put(rows, by + 1, i, points, slope * complex(log_v, 0.5 * math.pi))


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def _negami(
    log_omega: Floats, weight: Floats, ln_tau: float, a: float, b: float, rows: Floats, at: int, by: int
) -> None:
    points = log_omega.size
    turn = complex(math.cos(0.5 * math.pi * a), math.sin(0.5 * math.pi * a))
    for i in range(points):
        log_v = log_omega[i] + ln_tau
        power = math.exp(a * log_v) * turn
        log_base = cmath.log(1.0 + power)
        q = cmath.exp(-b * log_base) * weight[i]
        slope = -b * q * power / (1.0 + power)
        _put(rows, at, i, points, q)
        _put(rows, by, i, points, a * slope)
        _put(rows, by + 1, i, points, slope * complex(log_v, 0.5 * math.pi))
        _put(rows, by + 2, i, points, -q * log_base)


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def _gaussian(log_omega: Floats, weight: Floats, ln_tau: float, width: float, rows: Floats, at: int, by: int) -> None:
    points = log_omega.size
    for i in range(points):
        v = math.exp(log_omega[i] + ln_tau)
        total, by_tau, by_width = 0j, 0j, 0j
        for k in range(_NODES.size):
            x = _NODES[k]
            moved = v * math.exp(width * x)
            scale = _SHARES[k] / (1.0 + moved * moved)
            total += complex(scale, -moved * scale)
            q = complex(1.0, -moved) / (1.0 + moved * moved)
            slope = -_SHARES[k] * q * (1.0 - q)
            by_tau += slope
            by_width += x * slope
        _put(rows, at, i, points, total * weight[i])
        _put(rows, by, i, points, by_tau * weight[i])
        _put(rows, by + 1, i, points, by_width * weight[i])


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def _finite(log_omega: Floats, weight: Floats, ln_tau: float, rows: Floats, at: int, by: int) -> None:
    points = log_omega.size
    for i in range(points):
        root = math.exp(0.5 * (log_omega[i] + ln_tau)) * complex(math.sqrt(0.5), math.sqrt(0.5))
        t = 1.0 + 0j if root.real > 15.0 else cmath.tanh(root)
        f = t / root
        _put(rows, at, i, points, f * weight[i])
        _put(rows, by, i, points, 0.5 * (1.0 - t * t - f) * weight[i])


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def _tail(log_omega: Floats, weight: Floats, m: float, rows: Floats, at: int, by: int) -> None:
    points, lowest = log_omega.size, log_omega[-1]
    turn = complex(math.cos(0.5 * math.pi * m), -math.sin(0.5 * math.pi * m))
    for i in range(points):
        log_v = log_omega[i] - lowest
        value = math.exp(-m * log_v) * turn * weight[i]
        _put(rows, at, i, points, value)
        if by >= 0:
            _put(rows, by, i, points, -value * complex(log_v, 0.5 * math.pi))


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def fill(
    log_omega: Floats, weight: Floats, kinds: Ints, signs: Floats, frame: Ints, shape: Floats, rows: Floats
) -> None:
    """Fill ``rows`` (q + t, 2n): columns of the q coefficients, then their derivatives by the t shapes.

    ``log_omega`` (n,) falls; ``frame`` is (inductance 0 or 1, kind of tail).
    """
    points = log_omega.size
    for i in range(points):
        _put(rows, 0, i, points, complex(weight[i], 0.0))
        if frame[0] == 1:
            _put(rows, 1, i, points, complex(0.0, weight[i] * math.exp(log_omega[i] - log_omega[0])))
    at, t = 1 + frame[0], 0
    first = at + kinds.size + (1 if frame[1] != NO_TAIL else 0)
    for k in range(kinds.size):
        by, scaled = first + t, weight * signs[k]
        if kinds[k] == ZARC:
            _zarc(log_omega, scaled, shape[t], shape[t + 1], rows, at, by)
            t += 2
        elif kinds[k] == NEGAMI:
            _negami(log_omega, scaled, shape[t], shape[t + 1], shape[t + 2], rows, at, by)
            t += 3
        elif kinds[k] == GAUSSIAN:
            _gaussian(log_omega, scaled, shape[t], shape[t + 1], rows, at, by)
            t += 2
        else:
            _finite(log_omega, scaled, shape[t], rows, at, by)
            t += 1
        at += 1
    if frame[1] == POWER:
        _tail(log_omega, weight, shape[t], rows, at, first + t)
    elif frame[1] != NO_TAIL:
        _tail(log_omega, weight, 0.5 if frame[1] == WARBURG else 1.0, rows, at, -1)


@njit(cache=True, error_model="numpy")
def _factor(matrix: Floats, size: int) -> None:
    """Put the Cholesky factor of the leading block into its lower triangle."""
    for j in range(size):
        for i in range(j, size):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i == j:
                matrix[j, j] = math.sqrt(max(total, 1e-30))
            else:
                matrix[i, j] = total / matrix[j, j]


@njit(cache=True, error_model="numpy")
def _back_substitute(factor: Floats, size: int, right: Floats) -> None:
    for i in range(size):
        for k in range(i):
            right[i] -= factor[i, k] * right[k]
        right[i] /= factor[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            right[i] -= factor[k, i] * right[k]
        right[i] /= factor[i, i]


@njit(cache=True, error_model="numpy")
def _scaled_block(gram: Floats, members: Ints, count: int, block: Floats) -> None:
    """Put the Cholesky factor of the block of ``members``, scaled to a unit diagonal, into ``block``."""
    for i in range(count):
        for j in range(i + 1):
            block[i, j] = gram[members[i], members[j]] / math.sqrt(
                gram[members[i], members[i]] * gram[members[j], members[j]]
            )
        block[i, i] = 1.0 + _RIDGE
    _factor(block, count)


@njit(cache=True, error_model="numpy")
def _coefficients(gram: Floats, moment: Floats, q: int, members: Ints, block: Floats, c: Floats) -> int:
    """Solve for coefficients >= 0: negative ones are clamped and the rest solved again. Return how many are left."""
    count = q
    for i in range(q):
        members[i] = i
    right = np.empty(q)
    while count > 0:
        _scaled_block(gram, members, count, block)
        for i in range(count):
            right[i] = moment[members[i]] / math.sqrt(gram[members[i], members[i]])
        _back_substitute(block, count, right)
        kept = 0
        for i in range(count):
            if right[i] > 0.0:
                members[kept] = members[i]
                kept += 1
        if kept == count:
            break
        count = kept
    c[:q] = 0.0
    for i in range(count):
        c[members[i]] = right[i] / math.sqrt(gram[members[i], members[i]])
    return count


@njit(cache=True, error_model="numpy")
def _cost(gram: Floats, moment: Floats, energy: float, members: Ints, count: int, c: Floats) -> float:
    total = energy
    for i in range(count):
        a = members[i]
        total -= 2.0 * moment[a] * c[a]
        for j in range(count):
            total += c[a] * gram[a, members[j]] * c[members[j]]
    return max(total, 0.0)


@njit(cache=True, error_model="numpy")
def _direction(
    gram: Floats, moment: Floats, q: int, members: Ints, count: int, block: Floats, c: Floats,
    owner: Ints, shape: Floats, lower: Floats, upper: Floats, gradient: Floats, curvature: Floats,
) -> None:  # fmt: skip
    """Fill gradient (t,) and Gauss-Newton matrix (t, t) of half the projected sum of squares, downhill positive."""
    t = owner.size
    solved = np.zeros((t, count))
    for j in range(t):
        scale = c[owner[j]]
        slope = moment[q + j]
        for i in range(count):
            cross = gram[q + j, members[i]]
            slope -= cross * c[members[i]]
            solved[j, i] = scale * cross / math.sqrt(gram[members[i], members[i]])
        gradient[j] = scale * slope
        free = scale > 0.0
        if (shape[j] <= lower[j] and gradient[j] < 0.0) or (shape[j] >= upper[j] and gradient[j] > 0.0):
            free = False
        if not free:
            gradient[j] = 0.0
            solved[j] = 0.0
        for i in range(count):
            for k in range(i):
                solved[j, i] -= block[i, k] * solved[j, k]
            solved[j, i] /= block[i, i]
        for k in range(j + 1):
            total = 0.0
            if free and gradient[k] != 0.0:
                total = scale * c[owner[k]] * gram[q + j, q + k]
                for i in range(count):
                    total -= solved[j, i] * solved[k, i]
            curvature[j, k] = total
            curvature[k, j] = total


@njit(cache=True, error_model="numpy")
def _trial(
    gradient: Floats, curvature: Floats, damping: float, shape: Floats, lower: Floats, upper: Floats, new: Floats
) -> None:
    t = shape.size
    matrix = np.empty((t, t))
    step = gradient.copy()
    size = np.empty(t)
    for j in range(t):
        size[j] = math.sqrt(curvature[j, j]) if curvature[j, j] > 1e-300 else 1.0
    for j in range(t):
        for k in range(j):
            matrix[j, k] = curvature[j, k] / (size[j] * size[k])
        matrix[j, j] = 1.0 + damping
        step[j] /= size[j]
    _factor(matrix, t)
    _back_substitute(matrix, t, step)
    for j in range(t):
        move = min(max(step[j] / size[j], -_LARGEST_STEP), _LARGEST_STEP)
        new[j] = min(max(shape[j] + move, lower[j]), upper[j])


@njit(cache=True, error_model="numpy", nogil=True)
def fit(
    log_omega: Floats, weight: Floats, data: Floats, kinds: Ints, signs: Floats, frame: Ints, owner: Ints,
    start: Floats, lower: Floats, upper: Floats, steps: int, tolerance: float,
) -> tuple[float, Floats, Floats]:  # fmt: skip
    """Return (sum of squares, coefficients (q,), shapes (t,)) of a Levenberg-Marquardt fit from ``start`` (t,).

    ``data`` (2n,) is weighted, real parts first; ``owner`` (t,) names the coefficient of each shape. At most ``steps``
    models are evaluated; it ends where a step lowers the sum by less than the share ``tolerance``.
    """
    t, q = owner.size, 1 + frame[0] + kinds.size + (1 if frame[1] != NO_TAIL else 0)
    rows = np.empty((q + t, data.size))
    members, block = np.empty(q, np.int64), np.empty((q, q))
    c, new_c = np.empty(q), np.empty(q)
    shape, new = np.minimum(np.maximum(start, lower), upper), np.empty(t)
    gradient, curvature = np.empty(t), np.empty((t, t))
    energy = float(np.dot(data, data))
    fill(log_omega, weight, kinds, signs, frame, shape, rows)
    gram, moment = np.dot(rows, rows.T), np.dot(rows, data)
    count = _coefficients(gram, moment, q, members, block, c)
    cost = _cost(gram, moment, energy, members, count, c)
    damping, fresh = 1e-2, True
    for _ in range(steps if t > 0 else 0):
        if fresh:
            _direction(
                gram, moment, q, members, count, block, c, owner, shape, lower, upper, gradient, curvature
            )  # fmt: skip
        if not np.any(gradient != 0.0):
            break
        _trial(gradient, curvature, damping, shape, lower, upper, new)
        fill(log_omega, weight, kinds, signs, frame, new, rows)
        new_gram, new_moment = np.dot(rows, rows.T), np.dot(rows, data)
        new_members, new_block = np.empty(q, np.int64), np.empty((q, q))
        new_count = _coefficients(new_gram, new_moment, q, new_members, new_block, new_c)
        new_cost = _cost(new_gram, new_moment, energy, new_members, new_count, new_c)
        if not new_cost < cost:
            damping *= 5.0
            fresh = False
            if damping > 1e6:
                break
            continue
        gain = (cost - new_cost) / cost
        cost, count, gram, moment, fresh = new_cost, new_count, new_gram, new_moment, True
        members, block = new_members, new_block
        c[:], shape[:] = new_c, new
        damping /= 6.0
        if gain < tolerance:
            break
    return cost, c, shape


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def _density(kind: int, x: float, a: float, b: float) -> float:
    """Return the density over ln tau of one arc of unit resistance at x = ln(tau/tau_k)."""
    if kind == ZARC:
        n = min(a, 0.99)
        u = math.exp(n * x)
        turn = (1.0 - n) * math.pi
        return math.sin(turn) / (math.pi * (u + 1.0 / u - 2.0 * math.cos(turn)))
    if kind == NEGAMI:
        a = min(a, 0.99)
        u = math.exp(a * x)
        angle = math.atan2(math.sin(math.pi * a), u + math.cos(math.pi * a))
        size = 1.0 + 2.0 * u * math.cos(math.pi * a) + u * u
        return math.exp(b * (a * x - 0.5 * math.log(size))) * math.sin(b * angle) / math.pi
    if kind == GAUSSIAN:
        return math.exp(-0.5 * (x / a) ** 2) / (math.sqrt(2.0 * math.pi) * a)
    total = 0.0
    for i in range(_LINES):
        root = math.pi * (i + 0.5)
        y = (x + 2.0 * math.log(root)) / _LINE_WIDTH
        total += 2.0 / (root * root) * math.exp(-0.5 * y * y)
    return float(total / (math.sqrt(2.0 * math.pi) * _LINE_WIDTH))


@njit(cache=True, error_model="numpy", nogil=True)
def curves(
    ln_tau: Floats, kinds: Ints, signs: Floats, frame: Ints, coefficients: Floats, shapes: Floats, log_lowest: float
) -> Floats:
    """Return the distribution (d, x) [ohm] over ln tau (x,) of d models with coefficients (d, q) and shapes (d, t)."""
    out = np.zeros((shapes.shape[0], ln_tau.size))
    for d in range(shapes.shape[0]):
        at, t = 1 + frame[0], 0
        for k in range(kinds.size):
            a = shapes[d, t + 1] if kinds[k] != FINITE else 0.0
            b = shapes[d, t + 2] if kinds[k] == NEGAMI else 0.0
            for j in range(ln_tau.size):
                density = _density(kinds[k], ln_tau[j] - shapes[d, t], a, b)
                out[d, j] += signs[k] * coefficients[d, at] * density
            t += 3 if kinds[k] == NEGAMI else 1 if kinds[k] == FINITE else 2
            at += 1
        if frame[1] == WARBURG or frame[1] == POWER:
            m = shapes[d, t] if frame[1] == POWER else 0.5
            for j in range(ln_tau.size):
                power = math.exp(m * (ln_tau[j] + log_lowest))
                out[d, j] += coefficients[d, at] * math.sin(math.pi * m) / math.pi * power
    return out
