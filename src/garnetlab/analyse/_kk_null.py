"""Null distribution of the drift statistic, simulated on clean spectra.

Made by ``proofs/validity.py --calibrate 8000`` (seed 7000, 144 000 spectra) from nine families of random circuits: one
to three arcs alone, with a tail hidden in the noise, with Warburg, CPE, blocking, finite-length and open diffusion
tails, with an arc cut by the lowest frequency, and the random circuits of the reference problem; half of the first
eight with an inductance; 20 to 120 points, 0.1 to 3 % noise that follows |Z| or is constant. A quantile is the largest
of any family with 1000 spectra or more in its row, so that the rate of false alarms holds for each and not only on
average. The statistic is that without the systematic error, which can only bring it nearer to 0.

The rows differ in the strength of -Im Z over its noise in the lowest decade, which a drift does not change.
"""

from __future__ import annotations

import numpy as np

from garnetlab.analyse._kk_model import FloatArray

#: probabilities of the columns
TAIL = (0.14, 0.07, 0.035, 0.02, 0.01, 0.005, 0.0025, 0.001)
#: strengths of the rows; a row is made from the spectra up to twice its strength and above the row before
STRENGTH = (1.0, 4.0, 16.0, 64.0, 256.0)
#: statistic that a growing resistance must pass, strength by tail
GROWTH = (
    (1.15, 1.51, 1.88, 2.11, 2.35, 2.60, 2.94, 3.16),
    (1.52, 2.01, 2.40, 2.62, 2.88, 3.33, 3.46, 3.80),
    (1.56, 1.98, 2.33, 2.59, 2.84, 3.25, 3.51, 4.02),
    (1.40, 1.85, 2.25, 2.52, 2.86, 3.06, 3.33, 3.67),
    (1.58, 2.10, 2.46, 2.77, 3.04, 3.25, 3.54, 3.85),
)
#: the same for a falling resistance
FALL = (
    (1.23, 1.61, 1.92, 2.16, 2.50, 2.74, 2.98, 3.16),
    (1.02, 1.44, 1.79, 2.12, 2.41, 2.63, 2.90, 3.20),
    (1.14, 1.52, 1.78, 1.96, 2.29, 2.55, 2.94, 3.24),
    (1.44, 1.82, 2.12, 2.41, 2.74, 2.99, 3.22, 3.57),
    (1.42, 1.83, 2.18, 2.43, 2.73, 2.98, 3.22, 3.54),
)


def drift_thresholds(strength: FloatArray, *, growth: float, fall: float) -> tuple[FloatArray, FloatArray]:
    """Return thresholds (m,) for a resistance that grows and for one that falls.

    ``growth`` and ``fall`` are the probabilities that a clean spectrum passes them; interpolation is linear in the
    logarithms of probability and strength, and flat outside the table.
    """
    where = np.log(np.clip(strength, STRENGTH[0], STRENGTH[-1]))
    rows = np.log(STRENGTH)
    limits = []
    for table, tail in ((GROWTH, growth), (FALL, fall)):
        column = [np.interp(-np.log(tail), -np.log(TAIL), row) for row in table]
        limits.append(np.asarray(np.interp(where, rows, column), dtype=np.float64))
    return limits[0], limits[1]
