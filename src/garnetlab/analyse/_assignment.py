"""Which arc is what: bulk, grain boundary, interface, electrode, from capacitances in the order of time constants."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from garnetlab.physics.capacitance import CLASSES, DOUBT

#: roles in the order in which they follow each other from high to low frequency
ROLES = ("bulk", "grain boundary", "interface", "electrode")

#: the table means a permittivity near 10; garnets have up to 200, and 8.85e-14 F/cm x 200 = 1.8e-11 F
_GARNET_BULK = 1.8e-11
_CLASS = {row.name: row for row in CLASSES}
#: capacitance limits [F] of every role at length/area = 1 cm^-1. A surface layer below the upper limit of grain
#: boundaries cannot be told from them by capacitance and is read as one
_RANGES = {
    "bulk": (_CLASS["bulk"].low.value, _GARNET_BULK),
    "grain boundary": (_CLASS["second phase"].low.value, _CLASS["grain boundary"].high.value),
    "interface": (_CLASS["grain boundary"].high.value, _CLASS["sample-electrode interface"].high.value),
    "electrode": (_CLASS["electrochemical reaction"].low.value, _CLASS["electrochemical reaction"].high.value * 100.0),
}
#: one relaxation is expected of every role, and without a series resistance the fastest arc is expected to be the bulk: a
#: reading against one of these is twenty times less likely than one with it at the same capacitances. A symmetric cell is
#: expected to show its interface, but a good one may be too small to see beside the ceramic: three times. (Choices, stated
#: with the result)
_UNEXPECTED, _NO_INTERFACE = 0.05, 0.3


@dataclass(frozen=True, slots=True)
class Assignment:
    """Roles of the arcs in order, the probability of that reading, and for each arc the probability of every role.

    ``second`` are the roles of the next reading. The probability is lowered where even the best reading has an arc
    outside its class.
    """

    roles: tuple[str, ...]
    probability: float
    marginal: tuple[dict[str, float], ...]
    second: tuple[str, ...] = ()


#: where the electrodes block, the double layer of sample and electrode is the electrode's
_BLOCKING = {**_RANGES, "electrode": (_CLASS["sample-electrode interface"].low.value, _RANGES["electrode"][1])}


def _weight(capacitance: float, log_std: float, role: str, cell_constant: float, *, blocking: bool) -> float:
    """Return the relative probability of a capacitance in a class: flat inside, Gaussian tails in decades outside."""
    low, high = (_BLOCKING if blocking else _RANGES)[role]
    x = math.log10(capacitance * (cell_constant if role in ("bulk", "grain boundary") else 1.0))
    width = math.hypot(DOUBT, log_std / math.log(10.0))
    outside = max(math.log10(low) - x, x - math.log10(high), 0.0)
    return math.exp(-0.5 * (outside / width) ** 2) + 1e-12


def assign_arcs(
    capacitances: Sequence[float],
    log_stds: Sequence[float],
    *,
    cell_constant: float = 1.0,
    ohmic: bool = True,
    blocking: bool = False,
    symmetric: bool = False,
    unfinished: Sequence[bool] = (),
    tail: bool = False,
) -> Assignment:
    """Return the most probable roles of arcs ordered from fast to slow.

    Parameters
    ----------
    capacitances:  Capacitance of each arc [F], fastest first.
    log_stds:      Standard uncertainty of their logarithms.
    cell_constant: Thickness over area in 1/cm; bulk and grain-boundary capacitances scale with its inverse.
    ohmic:         Whether a resistance in series stands before the arcs. It is the bulk (and leads) then; without one
                   the fastest arc is the bulk.
    blocking:      Whether the electrodes block: nothing is an interface then.
    symmetric:     Whether the cell is symmetric: it is expected to show an interface.
    tail:          Whether a tail follows the arcs. With blocking electrodes it is their relaxation already.
    unfinished:    Whether the apex of each arc lies below the lowest frequency: such an arc is no part of the electrolyte.

    Returns
    -------
    :  Roles never go back from slow to fast. Two arcs may share a role.

    Source
    ------
    J. T. S. Irvine, D. C. Sinclair, A. R. West, Adv. Mater. 2 (1990) 132, table 1.
    """
    options = tuple(r for r in ROLES if not (ohmic and r == "bulk") and not (blocking and r == "interface"))
    scores: dict[tuple[str, ...], float] = {}
    fit: dict[tuple[str, ...], float] = {}
    for roles in itertools.combinations_with_replacement(options, len(capacitances)):
        if any(late and r in ("bulk", "grain boundary") for late, r in zip(unfinished, roles, strict=False)):
            continue
        weights = [
            _weight(c, s, r, cell_constant, blocking=blocking)
            for c, s, r in zip(capacitances, log_stds, roles, strict=True)
        ]
        filled = (*roles, "electrode") if blocking and tail else roles
        against = len(filled) - len(set(filled))
        against += bool(roles) and not ohmic and roles[0] != "bulk"
        missing = _NO_INTERFACE if symmetric and "interface" not in roles else 1.0
        scores[roles] = math.prod(weights) * _UNEXPECTED**against * missing
        fit[roles] = min(weights, default=1.0)
    return _ranked(scores, fit, options)


def _ranked(
    scores: dict[tuple[str, ...], float], fit: dict[tuple[str, ...], float], options: tuple[str, ...]
) -> Assignment:
    """Return the assignment from the scores of all readings; of equal readings the one with more interface wins."""
    total = sum(scores.values())
    order = sorted(scores, key=lambda roles: (-scores[roles], -roles.count("interface")))
    best = order[0]
    marginal = tuple(
        {role: sum(p for roles, p in scores.items() if roles[k] == role) / total for role in options}
        for k in range(len(best))
    )
    second = order[1] if len(order) > 1 else ()
    return Assignment(best, scores[best] / total * min(1.0, fit[best]), marginal, second)
