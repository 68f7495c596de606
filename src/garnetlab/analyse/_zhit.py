"""Z-HIT: the modulus of an impedance from its phase."""

from __future__ import annotations

import numpy as np

from garnetlab.analyse._kk_model import ComplexArray, FloatArray

#: half-width in decades of the local quadratic that smooths the phase, and the fewest points it uses
SMOOTHING, FEWEST = 0.35, 5
#: band [Hz] where measured and reconstructed modulus are made to agree
BAND = (1.0, 1e3)
#: weight of the slope of the phase
GAMMA = -np.pi / 6.0


def local_quadratic(x: FloatArray, width: float) -> tuple[FloatArray, FloatArray]:
    """Return the (n, n) matrices that give the smoothed value and its slope at each ``x`` (n,).

    Tricube weights over ``width``, or as far as the fifth nearest point.
    """
    distance = np.abs(x[:, None] - x)
    reach = np.maximum(width, 1.01 * np.sort(distance, axis=1)[:, min(FEWEST, x.size) - 1])
    weight = np.clip(1.0 - (distance / reach[:, None]) ** 3, 0.0, None) ** 1.5
    offset = (x - x[:, None]) / reach[:, None]
    powers = np.stack([np.ones_like(offset), offset, offset**2], axis=2)
    solved = np.linalg.pinv(powers * weight[:, :, None]) * weight[:, None, :]
    return solved[:, 0], solved[:, 1] / reach[:, None]


def modulus_from_phase(frequency: FloatArray, impedance: ComplexArray) -> FloatArray:
    """Return |Z| (m, n) [ohm] of m spectra at descending or ascending ``frequency`` (n,), from their phases."""
    x = np.log(frequency)
    value, slope = local_quadratic(x, SMOOTHING * float(np.log(10.0)))
    phase = np.angle(impedance)
    smooth = phase @ value.T
    steps = 0.5 * (smooth[:, 1:] + smooth[:, :-1]) * np.diff(x)
    integral = np.concatenate([np.zeros((len(phase), 1)), np.cumsum(steps, axis=1)], axis=1)
    shape = 2.0 / np.pi * integral + GAMMA * (phase @ slope.T)
    band = (frequency >= BAND[0]) & (frequency <= BAND[1])
    if band.sum() < FEWEST:
        third = frequency.size // 3
        band = np.zeros(frequency.size, dtype=bool)
        band[third : frequency.size - third] = True
    constant = np.median((np.log(np.abs(impedance)) - shape)[:, band], axis=1, keepdims=True)
    return np.asarray(np.exp(shape + constant))
