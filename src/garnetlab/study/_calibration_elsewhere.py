"""The calibrated interface against what other laboratories report: critical current from the interface resistance alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.library import load_anodes
from garnetlab.study._calibration_model import InterfaceVariant
from garnetlab.study._calibration_observations import InterfaceObservation
from garnetlab.study._calibration_prediction import predict

Floats = NDArray[np.float64]
_PAPER = "peng-"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A critical current of another laboratory, reported and predicted from its resistance.

    Parameters
    ----------
    id:       Of the row in the table of anodes.
    resistance: [ohm cm^2].
    reported: [mA/cm^2].
    low, median, high: 5, 50 and 95 % of the predicted first failed step [mA/cm^2].
    ratio:    ln(median/reported).
    read:     Whether both numbers were seen in a text or an abstract; the others are recalled and do not count.
    source:   DOI or address.
    """

    id: str
    resistance: float
    reported: float
    low: float
    median: float
    high: float
    ratio: float
    read: bool
    source: str


def compare_elsewhere(variant: InterfaceVariant, draws: Floats, *, seed: int) -> tuple[Elsewhere, ...]:
    """Return predicted against reported critical currents at room temperature of all rows with resistance and CCD.

    Steps of 0.1 mA/cm^2, 30 min half cycles and 0.2 MPa are assumed; the sources rarely say.
    """
    rows = [a for a in load_anodes() if a.resistance and a.ccd and not a.id.startswith(_PAPER)]
    observations = [
        InterfaceObservation(a.id, "ccd", (a.resistance or 0.0) * 1e-4, 298.15, 0.0, (a.ccd or 0.0) * 10.0)
        for a in rows
    ]
    found = predict(variant, draws, observations, seed=seed)
    out = []
    for a in rows:
        low, middle, high = (q / 10.0 for q in found[a.id].quantiles)
        reported = a.ccd or math.nan
        out.append(
            Elsewhere(
                a.id,
                a.resistance or math.nan,
                reported,
                low,
                middle,
                high,
                math.log(middle / reported),
                a.read,
                a.source,
            )
        )
    return tuple(out)


def scatter(rows: Sequence[Elsewhere]) -> tuple[int, float, float]:
    """Return how many rows there are, the mean and the standard deviation of ln(predicted/reported); nan below two rows."""
    ratios = np.array([r.ratio for r in rows])
    if len(ratios) < 2:
        return len(ratios), float(ratios.mean()) if len(ratios) else math.nan, math.nan
    return len(ratios), float(ratios.mean()), float(ratios.std(ddof=1))
