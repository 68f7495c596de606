"""Local Butler-Volmer kinetics compiled for the processor; the generic form is ``ButlerVolmer.respond``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from garnetlab.numerics import Array
from garnetlab.physics._interface_law import STEPS

_STEPS = STEPS
_LN2 = 0.6931471805599453
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD  # of sqrt(1/2), so that mantissas fall between it and sqrt(2)


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _one(u: float, a: float) -> tuple[float, float]:
    """Return y of ``u = exp(a y) - exp(-(1 - a) y)`` and dy/du, as ``_interface_law.inverse``."""
    size, forward = abs(u), a if u >= 0 else 1.0 - a
    back, y = 1.0 - forward, 0.0
    for _ in range(_STEPS):
        inside = size + np.expm1(-back * y)
        step = (np.log1p(inside) - forward * y) / (back * np.exp(-back * y) / (1.0 + inside) + forward)
        y += step
        if abs(step) <= 1e-15 * (1.0 + y):
            break
    slope = 1.0 / (forward * np.exp(forward * y) + back * np.exp(-back * y))
    return (y if u >= 0 else -y), slope


@njit(cache=True, fastmath={"contract", "nsz"}, error_model="numpy")
def _row_half(current: Array, exchange: Array, on: Array, eta: Array, slope: Array, work: Array) -> None:
    """Fill overpotential and slope of one row for a symmetry of 1/2, in loops the compiler turns into vector instructions.

    y = 2 asinh(u/2) = 2 log(h + sqrt(1 + h^2)) with h = |u|/2. What rounding takes from the argument of the logarithm is put
    back, so that small currents keep their digits. The logarithm is that of the exponent plus 2 atanh((m - 1)/(m + 1)) of the
    mantissa m as a series, good to 4e-16.
    """
    argument, lost = work[0], work[1]
    for c in range(current.size):
        inverse = on[c] / (exchange[c] + (1.0 - on[c]))
        h = 0.5 * abs(current[c]) * inverse
        square = h * h
        root = np.sqrt(1.0 + square)
        whole = h + root
        argument[c] = whole
        lost[c] = (h + square / (1.0 + root) - (whole - 1.0)) * (root - h)
        slope[c] = inverse / root
    bits, exponent = argument.view(np.int64), work[2]
    for c in range(current.size):
        shift = (bits[c] - _SQRT_HALF_BITS) >> 52
        bits[c] -= shift << 52
        exponent[c] = np.float64(shift)
    for c in range(current.size):
        m = argument[c]
        t = (m - 1.0) / (m + 1.0)
        z = t * t
        p = 1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21)))
        p = 1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * (1 / 13 + z * p))))
        y = 2.0 * (exponent[c] * _LN2 + 2.0 * t * (1.0 + z * (1 / 3 + z * p)) + lost[c])
        eta[c] = y if current[c] >= 0 else -y


@njit(cache=True)
def _row(current: Array, exchange: Array, on: Array, a: float, eta: Array, slope: Array) -> None:
    for c in range(current.size):
        if on[c]:
            y, s = _one(current[c] / exchange[c], a)
            eta[c], slope[c] = y, s / exchange[c]
        else:
            eta[c], slope[c] = 0.0, 0.0


@njit(cache=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def _face(
    current: Array,
    drop: Array,
    change: Array,
    change_drop: Array,
    length: float,
    face: float,
    exchange: Array,
    film: Array,
    on: Array,
    a: float,
    new: Array,
    new_drop: Array,
    force: Array,
    slope: Array,
) -> tuple[float, float, float, float, float]:
    total, square, along, least, largest = 0.0, 0.0, 0.0, np.inf, 0.0
    rows, columns = current.shape
    work = np.empty((3, columns))
    for r in range(rows):
        j, eta, steep, held = new[r], force[r], slope[r], new_drop[r]
        for c in range(columns):
            held[c] = drop[r, c] + length * change_drop[r, c]
            j[c] = current[r, c] + length * change[r, c] if on[r, c] else 0.0
        if a == 0.5:
            _row_half(j, exchange[r], on[r], eta, steep, work)
        else:
            _row(j, exchange[r], on[r], a, eta, steep)
        for c in range(columns):
            touching = on[r, c]
            s = steep[c] + film[r, c] if touching else 0.0
            f = face - eta[c] - film[r, c] * j[c] - held[c] if touching else 0.0
            steep[c], eta[c] = s, f
            total += f
            square += f * f
            along += f * change[r, c]
            least = min(least, s) if touching else least
            largest = max(largest, s)
    return total, square, along, least, largest


@njit(cache=True)
def respond(
    current: Array,
    drop: Array,
    change: Array,
    change_drop: Array,
    length: Array,
    face: Array,
    exchange: Array,
    film: Array,
    on: Array,
    drive: tuple[float, ...],
    fields: Array,
) -> Any:
    """Fill ``fields`` (4, batch, ...) with those of ``Point``; return its sums and its span.

    The sums are those of the force per face, of its square, and of it times the change.
    """
    batch, faces = current.shape[:2]
    new, new_drop, force, slope = fields[0], fields[1], fields[2], fields[3]
    sums = np.zeros((batch, faces + 2))
    least, largest = np.inf, 0.0
    for b in range(batch):
        for f in range(faces):
            total, square, along, low, high = _face(
                current[b, f],
                drop[b, f],
                change[b, f],
                change_drop[b, f],
                length[b],
                face[b, f],
                exchange[b, f],
                film[b, f],
                on[b, f],
                drive[f],
                new[b, f],
                new_drop[b, f],
                force[b, f],
                slope[b, f],
            )
            sums[b, f] = total
            sums[b, faces] += square
            sums[b, faces + 1] += along
            least, largest = min(least, low), max(largest, high)
    return sums, (least, largest)
