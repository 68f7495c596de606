"""Records that compiled code of the resolved contact model takes, and its codes; they load without it."""

from __future__ import annotations

from typing import Any, NamedTuple

Array = Any  # numpy arrays inside compiled code

#: how a length smooths a map: not at all, by a Gaussian, or to its mean
LOCAL, GAUSSIAN, MEAN = 0, 1, 2
#: how a half cycle ended
DONE, LOST, SHORT, FILAMENT, FAILED = 0, 1, 2, 3, 4


class Rules(NamedTuple):
    """The numbers of the model, SI, as compiled code takes them."""

    even: bool  # the current is shared equally by all contact: a slab that conducts without limit
    linear: bool
    resistance: float
    exchange: float
    thermal: float  # R T/F
    tolerance: float
    largest: float  # of the answers of the slab
    height: float
    hemispheres: bool
    sharing: float
    growth: float  # V_m/F
    dead_share: float
    condensation: float
    recovery: float
    smoothing: float
    closure: float
    slowing: float  # exponent
    creep: float  # factor of the power law, 0 for closure of first order
    pressure: float
    capillarity: float  # 2 gamma/(1.5 h), over the cube root of w/h
    exponent: float
    least_gap: float  # over the height: below it the surface pulls as there
    damage_current: float
    damage_exponent: float
    damage_norm: float
    critical: float
    spreads: int
    fills: int


class Face(NamedTuple):
    """What a face is and where it stands: maps, and symbols of its smoothing."""

    contact: Array
    supply: Array
    around: Array  # the contact averaged over the size of a void
    gap: Array
    dead: Array
    damage: Array
    slab: Array
    vacancy: Array
    refill: Array
    void: Array


class Work(NamedTuple):
    """Memory of one face; ``drop`` is where the next solve starts."""

    chi: Array
    drop: Array
    before: Array
    last: Array
    current: Array
    slope: Array
    image: Array
    misfit: Array
    p: Array
    q: Array
    r: Array
    sum: Array
    root: Array
    spectrum: Array
    source: Array
    closing: Array
    harm: Array
    source_next: Array
    closing_next: Array
    harm_next: Array
    gap: Array
    dead: Array
