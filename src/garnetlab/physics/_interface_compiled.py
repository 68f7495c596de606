"""Local Butler-Volmer kinetics compiled for the processor; the generic form is ``_interface_law.inverse``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from garnetlab.numerics import Array
from garnetlab.physics._interface_law import STEPS

_STEPS = STEPS
_FAST = {"reassoc", "contract", "arcp", "nsz"}


@njit(cache=True, fastmath={"contract"})
def _one(u: float, a: float) -> tuple[float, float]:
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


@njit(cache=True, fastmath={"contract"})
def _half(u: float) -> tuple[float, float]:
    half = 0.5 * u
    square = half * half
    root = np.sqrt(1.0 + square)
    y = 2.0 * np.log1p(abs(half) + square / (1.0 + root))
    return (y if u >= 0 else -y), 1.0 / root


@njit(cache=True)
def response(current: Array, exchange: Array, film: Array, drive: tuple[float, ...]) -> Any:
    """Return overpotential and its slope, see ``ButlerVolmer.response``."""
    eta, slope = np.zeros_like(current), np.zeros_like(current)
    batch, faces, rows, columns = current.shape
    for b in range(batch):
        for f in range(faces):
            a = drive[f]
            for r in range(rows):
                for c in range(columns):
                    e = exchange[b, f, r, c]
                    if e > 0:
                        y, s = _half(current[b, f, r, c] / e) if a == 0.5 else _one(current[b, f, r, c] / e, a)
                        eta[b, f, r, c] = y + film[b, f, r, c] * current[b, f, r, c]
                        slope[b, f, r, c] = s / e + film[b, f, r, c]
    return eta, slope
