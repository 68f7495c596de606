"""Null distribution of the drift statistic, simulated on clean spectra.

Made by ``proofs/validity.py --calibrate`` (seed 7000) from nine families of random circuits: one to three arcs alone,
with a tail hidden in the noise, with Warburg, CPE, blocking, finite-length and open diffusion tails, with an arc cut
by the lowest frequency, and the random circuits of the reference problem; half of them with an inductance; 20 to 120
points, 0.1 to 3 % noise that follows |Z| or is constant. A quantile is the largest of any family with 1000 spectra
or more in its row, so that the rate of false alarms holds for each and not only on average.

The rows differ in the strength of -Im Z over its noise in the lowest decade, which a drift does not change.
"""

from __future__ import annotations

import numpy as np

from garnetlab.analyse._kk_model import FloatArray

#: probabilities of the columns
TAIL = (0.14, 0.07, 0.035, 0.02, 0.01, 0.005, 0.0025, 0.001)
#: strengths of the rows; a row is made from the spectra up to twice its strength and above the row before
STRENGTH = (1.0, 4.0, 16.0, 64.0, 256.0)
GROWTH = ((1.0,) * 8,) * 5
FALL = ((1.0,) * 8,) * 5


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
