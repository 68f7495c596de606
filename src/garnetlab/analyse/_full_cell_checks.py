"""What no full cell does: efficiencies, passages, gaps and specific capacities that say the cycles were told apart wrongly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from garnetlab.analyse._charge_passed import Passages
from garnetlab.analyse._full_cell_cycles import Cycles
from garnetlab.units import Quantity

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

__all__ = ["doubts_of"]

# conventions: a first cycle may lose half of its charge, and what was not charged cannot be discharged
_LEAST, _MOST = 0.5, 1.1  # coulombic efficiency
_GAIN = 1.5  # of the first capacity: more is no retention
_UNLIKE = 3.0  # times: passages beside each other
_SURE = 2.0  # standard uncertainties
_SPECIFIC = (1.0, 5000.0)  # mAh/g; lithium itself holds 3861
_NAMED = 5  # cycles that a sentence names


def doubts_of(
    passages: Passages, cycles: Cycles, complete: Ints, quantities: Mapping[str, Quantity]
) -> tuple[list[str], bool]:
    """Return what speaks against the cycles, in sentences, and whether it does in most cycles after the first."""
    said = _of_signs(passages)
    ratio = cycles.efficiency[0][complete]
    gap, gap_std = (x[complete] for x in cycles.gap)
    unlike = _unlike_neighbours(passages, cycles)[complete]
    odd, negative = (ratio < _LEAST) | (ratio > _MOST), gap < -_SURE * gap_std
    if odd.any():
        values = ratio[odd]
        said.append(
            f"{_named(complete[odd])}: a coulombic efficiency of {values.min():.3g} to {values.max():.3g} (1 is all of it),"
            f" expected {_LEAST:g} to {_MOST:g}. A short, a passage that was cut, or a pulse taken for a half cycle does this."
        )
    if unlike.any():
        said.append(
            f"{_named(complete[unlike])}: passages beside each other differ more than {_UNLIKE:g} times. One was cut, or is a"
            " pulse taken for a half cycle: look at the profiles."
        )
    if negative.any():
        said.append(
            f"{_named(complete[negative])}: the voltage gap is negative, down to {1e3 * gap[negative].min():.3g} mV. The two"
            " passages do not belong together, or the current has the other sign."
        )
    # a first cycle alone may be a poor one: efficiency and gap must both speak against it
    wrong = (odd | unlike | negative)[1:] if len(complete) > 1 else odd & negative
    return [*said, *_of_retention(quantities), *_of_mass(quantities)], bool(2 * int(wrong.sum()) > len(wrong))


def _unlike_neighbours(passages: Passages, cycles: Cycles) -> Bools:
    """Return the cycles of which a passage differs much from the one before it or beside it."""
    size = np.log(passages.capacity)
    far = np.concatenate(([False], np.abs(np.diff(size)) > np.log(_UNLIKE)))
    if cycles.skipped:
        far[1] = False  # what empties the cell before the first cycle may be small
    return (far[cycles.charge] & (cycles.charge >= 0)) | (far[cycles.discharge] & (cycles.discharge >= 0))


def _named(cycles: Ints) -> str:
    few = ", ".join(str(int(k) + 1) for k in cycles[:_NAMED])
    return f"cycle {few}" if len(cycles) == 1 else f"cycles {few}" + (" and more" if len(cycles) > _NAMED else "")


def _of_signs(passages: Passages) -> list[str]:
    if len(set(passages.sign.tolist())) > 1:
        return []
    lacking = "negative" if passages.sign[0] > 0 else "positive"
    return [
        f"no current is {lacking}: either the record holds one direction alone, or the file gives currents without their sign."
        " Export them with it."
    ]


def _of_retention(quantities: Mapping[str, Quantity]) -> list[str]:
    found = quantities.get("capacity_retention")
    if found is None or found.value <= _GAIN:
        return []
    return [
        f"capacity_retention = {100.0 * found.value:.3g} %: expected at most {100.0 * _GAIN:.3g} %, no cell gains as much. The"
        f" two cycles, {found.method}, are not of one kind."
    ]


def _of_mass(quantities: Mapping[str, Quantity]) -> list[str]:
    low, high = _SPECIFIC
    for name, found in quantities.items():
        if name.startswith("specific_") and not low <= abs(found.field_value) <= high:
            return [
                f"{name} = {found.field_value:.3g} mAh/g: expected {low:g} to {high:g} mAh/g, lithium holds 3861. Check the unit"
                " of active_mass."
            ]
    return []
