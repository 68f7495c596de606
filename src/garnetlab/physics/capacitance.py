"""What an arc may be, judged from its capacitance.

A process inside the sample (bulk, second phase, grain boundary) has a capacitance that goes as area over thickness; one
on its faces (surface layer, interface with the electrode, reaction) goes as the area. The classes are orders of
magnitude for a permittivity near 10; garnets (50 to 200) lie a decade above the bulk value. So every limit has a
log-normal doubt of half a decade, and the answer is a probability for each class, never a name alone. Capacitances
overlap between classes: temperature dependence and blocking electrodes decide where this table cannot.

Source
------
J. T. S. Irvine, D. C. Sinclair, A. R. West, Adv. Mater. 2 (1990) 132, table 1 (farads at length/area = 1 cm^-1).
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import numpy as np

from garnetlab.core import InvalidInput
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.units import Area, Capacitance, Dim, Fraction, Quantity, Real

__all__ = ["CLASSES", "ArcAssignment", "CapacitanceClass", "assign_arc"]

#: thickness over area
CellConstant = Annotated[Real, Dim(m=-1)]
_SOURCE = "Irvine, Sinclair & West, Adv. Mater. 2 (1990) 132, table 1"
#: doubt of every limit of the table [decades], one sigma
DOUBT = 0.5
#: further doubt [decades] where the geometry is not known: pellets span thickness/area = 0.1 to 10 cm^-1
UNKNOWN_GEOMETRY = 0.5
_PER_CM, _CM2 = 100.0, 1e-4


class CapacitanceClass(NamedTuple):
    """One row of the table: limits at length/area = 1 cm^-1, and whether the process sits on a face of the sample."""

    name: str
    low: Quantity
    high: Quantity
    on_face: bool


def _row(name: str, low: float, high: float, *, on_face: bool) -> CapacitanceClass:
    ends = [Quantity(value, None, "F", source=_SOURCE) for value in (low, high)]
    return CapacitanceClass(name, ends[0], ends[1], on_face)


#: a single order of magnitude in the table stands for half a decade to either side
_HALF = math.sqrt(10.0)
CLASSES = (
    _row("bulk", 1e-12 / _HALF, 1e-12 * _HALF, on_face=False),
    _row("second phase", 1e-11 / _HALF, 1e-11 * _HALF, on_face=False),
    _row("grain boundary", 1e-11, 1e-8, on_face=False),
    _row("bulk ferroelectric", 1e-10, 1e-9, on_face=False),
    _row("surface layer", 1e-9, 1e-7, on_face=True),
    _row("sample-electrode interface", 1e-7, 1e-5, on_face=True),
    _row("electrochemical reaction", 1e-4 / _HALF, 1e-4 * _HALF, on_face=True),
)


class ArcAssignment(NamedTuple):
    """Classes with their probabilities, the most probable first, and the rule with its doubt in words."""

    ranked: tuple[tuple[str, Fraction], ...]
    rule: str


def assign_arc(
    capacitance: Capacitance,
    *,
    relative_std: Fraction = 0.0,
    cell_constant: CellConstant | None = None,
    area: Area | None = None,
    ferroelectric: bool = False,
) -> ArcAssignment:
    """Return the probability of every class of arc for one capacitance.

    Each class is flat in log C between its limits and blurred by the doubt of the table and the uncertainty of C; all
    classes are equally likely beforehand. Hence a narrow class wins over a wide one at the same capacitance.

    Parameters
    ----------
    capacitance:   Effective capacitance of the arc [F], > 0.
    relative_std:  Standard uncertainty of its logarithm, >= 0.
    cell_constant: Thickness over area [1/m]; None leaves the capacitance as it is and adds half a decade of doubt.
    area:          Face [m^2], for the processes on it; None likewise.
    ferroelectric: Whether the sample may be a ferroelectric; else that class is left out.

    Returns
    -------
    :  ``ranked`` (name, probability), adding to 1, and ``rule`` in words.

    Raises
    ------
    InvalidInput  if a number is not finite and positive (``relative_std``: not negative).

    Source
    ------
    Irvine, Sinclair & West, Adv. Mater. 2 (1990) 132, table 1; width, blur and equal priors are choices of this package.

    Examples
    --------
    >>> assign_arc(7e-7).ranked[0][0]
    'sample-electrode interface'
    """
    require_positive(capacitance=capacitance)
    for name, value in (("cell_constant", cell_constant), ("area", area)):
        if value is not None:
            require_positive(**{name: value})
    if not np.isfinite(relative_std) or relative_std < 0:
        message = f"relative_std = {relative_std}: expected a finite number >= 0."
        raise InvalidInput(message)
    own = float(relative_std) / math.log(10.0)
    inside = _normalised(capacitance, None if cell_constant is None else float(cell_constant) / _PER_CM)
    on_face = _normalised(capacitance, None if area is None else _CM2 / float(area))
    scores = {
        row.name: _density(row, *(on_face if row.on_face else inside), own)
        for row in CLASSES
        if ferroelectric or row.name != "bulk ferroelectric"
    }
    total = sum(scores.values())
    ranked = sorted(((name, score / total) for name, score in scores.items()), key=lambda pair: -pair[1])
    return ArcAssignment(tuple(ranked), _rule(own, cell_constant is None, area is None))


def _normalised(capacitance: Capacitance, factor: float | None) -> tuple[float, float]:
    """Return log10 of the capacitance at the geometry of the table, and the doubt in decades."""
    x = math.log10(float(capacitance) * (1.0 if factor is None else factor))
    return x, DOUBT if factor is not None else math.hypot(DOUBT, UNKNOWN_GEOMETRY)


def _density(row: CapacitanceClass, x: float, doubt: float, own: float) -> float:
    """Return the probability density of log10 C in a class: uniform between the limits, blurred by a normal law.

    A floor of 1e-9 keeps the probabilities defined for a capacitance far outside every class.
    """
    low, high = math.log10(row.low.value), math.log10(row.high.value)
    width = math.sqrt(2.0) * math.hypot(doubt, own)
    return 0.5 * (math.erf((high - x) / width) - math.erf((low - x) / width)) / (high - low) + 1e-9


def _rule(own: float, no_cell_constant: bool, no_area: bool) -> str:
    missing = [name for name, absent in (("cell constant", no_cell_constant), ("area", no_area)) if absent]
    geometry = (
        f"; {' and '.join(missing)} unknown, taken as 1 in cm with {UNKNOWN_GEOMETRY} decades more" if missing else ""
    )
    return (
        f"capacitance classes of {_SOURCE}, log-normal doubt {DOUBT} decades (one sigma){geometry};"
        f" own uncertainty {own:.2g} decades; classes equally likely beforehand"
    )


PARAMETERS = (
    ParameterRow("capacitance", "F", None, 1e-13, 1e-2, _SOURCE),
    ParameterRow("relative_std", "1", 0.0, 0.0, 10.0, "standard uncertainty of ln C from a fit"),
    ParameterRow("cell_constant", "m^-1", None, 1.0, 1e4, "film to rod"),
)

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (assign_arc, {"capacitance": 2e-12, "cell_constant": 100.0}, "bulk", _SOURCE),
    (assign_arc, {"capacitance": 1e-9, "cell_constant": 100.0, "area": 1e-4}, "grain boundary", _SOURCE),
    (assign_arc, {"capacitance": 1e-6, "cell_constant": 100.0, "area": 1e-4}, "sample-electrode interface", _SOURCE),
    (assign_arc, {"capacitance": 1e-4, "cell_constant": 100.0, "area": 1e-4}, "electrochemical reaction", _SOURCE),
]
