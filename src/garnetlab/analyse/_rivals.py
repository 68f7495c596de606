"""What the choice of the circuit adds to the uncertainty of what is read off it.

Every circuit tried reads the spectrum in its own way. With the weights w_i, proportional to exp(-BIC/2), the variance
between circuits of a quantity q, taken about the value reported, is sum w_i (ln q_i - ln q)^2 in the logarithm; it is
added to that of the fit. A circuit in which the quantity does not occur says nothing about it.

Source
------
A. E. Raftery, Sociol. Methodol. 25 (1995) 111 (weights, moments over models); S. T. Buckland, K. P. Burnham,
N. H. Augustin, Biometrics 53 (1997) 603.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from garnetlab.analyse._selection import Candidate, Selection
from garnetlab.units import Quantity

#: rivals of a smaller weight are left out: together they would add less than a hundredth of their own difference squared
_NEGLIGIBLE = 1e-3
#: a quantity that differs by more than a factor three counts as differing by that: such a rival reads another thing
_LARGEST = math.log(3.0)


def rivals(selection: Selection) -> list[tuple[float, Candidate]]:
    """Return the circuits that the data do not exclude, with their weights; the one chosen is left out."""
    best = min(c.bic for c in selection.candidates)
    raw = [math.exp(-0.5 * (c.bic - best)) for c in selection.candidates]
    total = sum(raw)
    pairs = [(w / total, c) for w, c in zip(raw, selection.candidates, strict=True)]
    return [(w, c) for w, c in pairs if w > _NEGLIGIBLE and c is not selection.chosen and c.converged]


def widened(name: str, quantity: Quantity, readings: Sequence[tuple[float, Mapping[str, float]]]) -> Quantity:
    """Return ``quantity`` with the variance between circuits added; its interval grows in proportion to its std."""
    told = [(w, r[name]) for w, r in readings if r.get(name, 0.0) > 0]
    between = sum(w * min(abs(math.log(v / quantity.value)), _LARGEST) ** 2 for w, v in told)
    own = (quantity.std or 0.0) / quantity.value
    if between == 0.0 or own == 0.0 or quantity.interval is None:
        return quantity
    grown = math.hypot(own, math.sqrt(between))
    low, high = (quantity.value * (limit / quantity.value) ** (grown / own) for limit in quantity.interval)
    return replace(quantity, std=quantity.value * grown, interval=(low, high))
