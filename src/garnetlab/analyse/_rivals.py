r"""What the choice of the circuit adds to the uncertainty of its parameters.

The circuits tried have the weights :math:`w \propto e^{-\mathrm{BIC}/2}`. A rival that the data do not exclude and that
gives another value to what a parameter stands for makes the parameter less certain: to the covariance of the logarithms
is added :math:`\sum_i w_i \delta_i \delta_i^T`, with :math:`\delta_i` the difference of the logarithms between rival i
and the circuit chosen. This is the variance between circuits in the law of total variance, taken about the value reported.

Source
------
A. E. Raftery, Sociol. Methodol. 25 (1995) 111, equation 36 (weights, moments over models); S. T. Buckland,
K. P. Burnham, N. H. Augustin, Biometrics 53 (1997) 603.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._selection import Candidate, Selection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

#: rivals of a smaller weight are left out: together they would add less than a hundredth of their own difference squared
_NEGLIGIBLE = 1e-3
#: a parameter that differs by more than a factor ten counts as differing by that
_LARGEST = math.log(10.0)


def between_circuits(selection: Selection) -> FloatArray:
    """Return (p, p) the covariance of the logarithms of the chosen circuit's parameters between the circuits tried."""
    chosen = selection.chosen
    out = np.zeros((len(chosen.parameters), len(chosen.parameters)))
    for weight, rival in zip(weights(selection), selection.candidates, strict=True):
        if rival is not chosen and weight > _NEGLIGIBLE:
            difference = _difference(chosen, rival)
            out += weight * np.outer(difference, difference)
    return out


def weights(selection: Selection) -> list[float]:
    """Return the weight of every candidate of a selection; they add up to 1."""
    evidence = [selection.evidence.get(c.model, math.inf) for c in selection.candidates]
    best = min(evidence)
    raw = [math.exp(-0.5 * (e - best)) for e in evidence]
    return [w / sum(raw) for w in raw]


def _difference(chosen: Candidate, rival: Candidate) -> FloatArray:
    """Return (p,) the logarithms of what the rival says of the chosen parameters minus their own; 0 where it is silent."""
    told = _retold(chosen, rival)
    pairs = zip(chosen.model.names, chosen.parameters, strict=True)
    logs = [math.log(told[n] / v) if v > 0 and told.get(n, 0.0) > 0 else 0.0 for n, v in pairs]
    return np.clip(np.array(logs), -_LARGEST, _LARGEST)


def _retold(chosen: Candidate, rival: Candidate) -> dict[str, float]:
    """Return the rival's parameters under the names of the chosen circuit.

    An arc of the rival goes to the nearest arc of the chosen circuit in ln tau. Resistances of one arc add up; the largest
    lends time constant and exponent. A Warburg coefficient is not compared with one of another exponent.
    """
    mine, theirs = _named(chosen), _named(rival)
    told = {name: theirs[name] for name in ("R0", "L") if name in theirs}
    if chosen.model.tail is rival.model.tail:
        told |= {name: theirs[name] for name in ("A", "m") if name in theirs}
    places = [k for k in range(1, chosen.model.arcs + 1) if mine[f"R{k}"] > 0]
    largest: dict[int, float] = {}
    for k in range(1, rival.model.arcs + 1):
        size = theirs[f"R{k}"]
        if size <= 0 or not places:
            continue
        j = min(places, key=lambda i: abs(math.log(mine[f"tau{i}"] / theirs[f"tau{k}"])))
        told[f"R{j}"] = told.get(f"R{j}", 0.0) + size
        if size > largest.get(j, 0.0):
            largest[j] = size
            told |= {f"tau{j}": theirs[f"tau{k}"], f"n{j}": theirs[f"n{k}"]}
    return told


def _named(candidate: Candidate) -> Mapping[str, float]:
    return dict(zip(candidate.model.names, candidate.parameters.tolist(), strict=True))
