"""Local Butler-Volmer kinetics compiled for the processor; the generic form is ``ButlerVolmer.respond``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from garnetlab.numerics import Array
from garnetlab.physics._interface_law import STEPS

_STEPS = STEPS
_SERIES = 0.2  # below it log(h + root) loses digits


@njit(cache=True, fastmath={"contract"})
def _one(u: float, a: float) -> tuple[float, float]:
    if a == 0.5:
        half = 0.5 * abs(u)
        root = np.sqrt(1.0 + half * half)
        y = 2.0 * (np.log(half + root) if half > _SERIES else np.log1p(half + half * half / (1.0 + root)))
        return (y if u >= 0 else -y), 1.0 / root
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


@njit(cache=True, fastmath={"contract", "reassoc"})
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
    for r in range(rows):
        for c in range(columns):
            drop_here = drop[r, c] + length * change_drop[r, c]
            new_drop[r, c] = drop_here
            if on[r, c]:
                e = exchange[r, c]
                j = current[r, c] + length * change[r, c]
                y, s = _one(j / e, a)
                s = s / e + film[r, c]
                f = face - y - film[r, c] * j - drop_here
                new[r, c], force[r, c], slope[r, c] = j, f, s
                total += f
                square += f * f
                along += f * change[r, c]
                least, largest = min(least, s), max(largest, s)
            else:
                new[r, c], force[r, c], slope[r, c] = 0.0, 0.0, 0.0
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
