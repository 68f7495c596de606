"""Resistance and activation energy of the paper's interfaces over the composition of the anode, with intervals between.

Between the compositions of the paper ln ASR goes linearly with the mass fraction; how far it may be off is that of a Brownian
bridge whose rate comes from leaving one composition out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.library import load_observations
from garnetlab.units import Quantity

__all__ = ["paper_asr", "paper_energy", "reported_resistances"]

_LEVEL = 0.95  # of the interval of an interpolated resistance


def paper_asr(additive_wt_pct: float) -> Quantity:
    """Return the resistance of one interface at 25 degC [ohm m^2] with a 95 % interval where it is interpolated.

    Raises
    ------
    InvalidInput  outside 0 to 20 wt%.
    """
    x = _within(additive_wt_pct)
    table = reported_resistances()
    if x in table:
        return Quantity(table[x], None, "ohm cm^2", method="reported")
    below, above = _neighbours(x, tuple(table))
    middle = _bridge(x, below, above, table)
    spread = math.sqrt(_rate() * (x - below) * (above - x) / (above - below))
    reach = _student() * spread
    value = math.exp(middle)
    return Quantity(
        value, value * spread, "ohm cm^2", interval=(value * math.exp(-reach), value * math.exp(reach)),
        method=f"between {below:g} and {above:g} wt% of the paper",
    )  # fmt: skip


def paper_energy(additive_wt_pct: float) -> float:
    """Return the activation energy of the interface [J]: that of Li, of Li-10KCO, and linear between; above 10 wt% the latter."""
    found = {row.k2co3_wt_pct: row.value for row in load_observations() if row.id.startswith("int.Ea.")}
    at = sorted((float(x), float(y) * units.eV) for x, y in found.items() if x is not None and y is not None)
    return float(np.interp(_within(additive_wt_pct), [x for x, _ in at], [y for _, y in at]))


def _within(additive_wt_pct: float) -> float:
    low, high = min(reported_resistances()), max(reported_resistances())
    if not low <= additive_wt_pct <= high:
        message = (
            f"K2CO3 = {additive_wt_pct:g} wt%: expected {low:g} to {high:g} wt%, the compositions of the paper."
            " Nothing is known beyond them. Choose one inside."
        )
        raise InvalidInput(message)
    return float(additive_wt_pct)


@lru_cache(maxsize=1)
def reported_resistances() -> dict[float, float]:
    """Return the resistances of one interface that the paper reports, at 25 degC [ohm m^2], by wt% of K2CO3."""
    rows = [row for row in load_observations() if row.id.startswith("asr.")]
    return {r.k2co3_wt_pct: r.value * units.ohm_cm2 for r in rows if r.k2co3_wt_pct is not None and r.value is not None}


def _neighbours(x: float, known: tuple[float, ...]) -> tuple[float, float]:
    return max(k for k in known if k < x), min(k for k in known if k > x)


def _bridge(x: float, below: float, above: float, table: Mapping[float, float]) -> float:
    """Return ln ASR on the line between two compositions."""
    share = (x - below) / (above - below)
    return (1.0 - share) * math.log(table[below]) + share * math.log(table[above])


@lru_cache(maxsize=1)
def _rate() -> float:
    """Return the variance of ln ASR per wt%: mean over inner compositions, each left out and foretold by its neighbours."""
    table = reported_resistances()
    found = []
    for x in sorted(table)[1:-1]:
        below, above = _neighbours(x, tuple(table))
        error = math.log(table[x]) - _bridge(x, below, above, table)
        found.append(error**2 / ((x - below) * (above - x) / (above - below)))
    return float(np.mean(found))


@lru_cache(maxsize=1)
def _student() -> float:
    from scipy.stats import t

    return float(t.ppf(0.5 + 0.5 * _LEVEL, len(reported_resistances()) - 2))
