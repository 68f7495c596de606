r"""The population of contacts: many contacts that share the current equally, each with its own supply and gap.

It is the limit of the resolved model without lateral spreading and on a slab that conducts without limit, and lies
between that and the mean field:

.. math:: \dot w_b = \frac{V_m}{F}\,\frac{f_b}{c}\,(i - q_b)_+ - k_c w_b, \qquad i = \frac{j}{\theta}, \quad
          \theta = \theta_0 \langle f_b \rangle

for contacts of equal number b with the quenched supply q_b and the remaining share of contact f_b. c is the area of
electrode over the area of contact into which the vacancies of one contact go: 1 for a gap that opens under the contact
alone, 1/theta0 for one that spreads over the whole electrode, as the mean field has it.

Source
------
Own model; equal load sharing as in bundles of fibres: H. E. Daniels, Proc. R. Soc. A 183 (1945) 405.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from garnetlab.core import InvalidInput
from garnetlab.physics._ranges import require_not_negative, require_share
from garnetlab.simulate._resolved_cycles import CellRun, Progress
from garnetlab.simulate._resolved_face import FaceRun, Floats, Symbols, mechanism_rules, no_symbol
from garnetlab.simulate._resolved_parameters import ContactMechanisms, supply_levels
from garnetlab.simulate.resolved import ContactRun, FaceState, finished, make_jumps, make_schedule, put_start
from garnetlab.units import AreaResistance, CurrentDensity, Fraction, Number, Time

__all__ = ["simulate_population", "supply_quantiles"]


def supply_quantiles(
    count: int, *, supply: CurrentDensity, relative_spread: Number, law: str = "logistic"
) -> CurrentDensity:
    """Return the supply of contacts of equal number [A/m^2], the means of a distribution between its quantiles, none below zero.

    Parameters
    ----------
    count:           Contacts, at least 1.
    supply:          Mean of a logistic or normal, median of a lognormal distribution [A/m^2], >= 0.
    relative_spread: Scale or standard deviation over the supply, or standard deviation of the logarithm, >= 0.
    law:             "logistic", "normal" or "lognormal".

    Raises
    ------
    InvalidInput  if a number is out of its range, or the law is not known.

    Source
    ------
    Integrals of the quantile functions.

    Examples
    --------
    >>> supply_quantiles(2, supply=10.0, relative_spread=0.25).round(4).tolist()
    [6.625, 13.4657]
    """
    if int(count) != count or count < 1:
        message = f"count = {count}: expected a whole number of at least 1."
        raise InvalidInput(message)
    require_not_negative(supply=supply, relative_spread=relative_spread)
    edges = np.linspace(0.0, 1.0, int(count) + 1)
    values: Floats = float(supply) * supply_levels(edges, law, float(relative_spread))
    return values


def simulate_population(
    *,
    mechanisms: ContactMechanisms,
    contact_fraction: Fraction,
    supply: CurrentDensity,
    current_density: CurrentDensity,
    half_cycle: Time,
    cycles: Number,
    rest: Time = 0.0,
    second_contact_fraction: Fraction | None = None,
    second_supply: CurrentDensity | None = None,
    spread_area: Number = 1.0,
    slab_resistance: AreaResistance = 0.0,
    start: Sequence[FaceState] | None = None,
    jump: bool = True,
    jump_tolerance: Fraction = 5e-3,
    inner_cycles: int = 6,
    steps: int = 10,
    progress: Progress | None = None,
) -> ContactRun:
    """Return what becomes of a symmetric cell whose faces are populations of contacts, over equal cycles.

    Parameters
    ----------
    mechanisms:       At every contact.
    contact_fraction: theta0 of the left face, more than 0 and at most 1.
    supply:           Of the contacts [A/m^2 of contact], shape (contacts,), as from ``supply_quantiles``.
    current_density:  [A/m^2 of electrode], > 0. The first half cycle strips the left face.
    half_cycle:       Its duration [s], > 0.
    cycles:           How many, a multiple of one half.
    rest:             After every half cycle [s], >= 0.
    second_contact_fraction, second_supply: Of the right face; those of the left if not given.
    spread_area:      c, from 1 to 1/theta0.
    slab_resistance:  Of the bulk [ohm m^2], which only adds to the voltage.
    start, jump, jump_tolerance, inner_cycles, steps, progress: as ``simulate_resolved``.

    Returns
    -------
    :  As ``simulate_resolved``; maps have the shape (1, contacts).

    Raises
    ------
    InvalidInput  if an argument cannot be used.

    Source
    ------
    See the head of this module.

    Examples
    --------
    >>> given = ContactMechanisms(height=1e-6, charge_transfer_resistance=3e-3, irreversible=0.1)
    >>> levels = supply_quantiles(24, supply=10.0, relative_spread=0.25)
    >>> cell = {"mechanisms": given, "contact_fraction": 0.2, "supply": levels, "half_cycle": 1800.0}
    >>> simulate_population(**cell, current_density=2.0, cycles=100).ending.name
    'CONTACT_LOST'
    """
    require_not_negative(slab_resistance=slab_resistance)
    schedule = make_schedule(current_density, half_cycle, rest, cycles, steps=steps, bulk=float(slab_resistance))
    jumps = make_jumps(jump_tolerance, inner_cycles)
    fractions = (contact_fraction, contact_fraction if second_contact_fraction is None else second_contact_fraction)
    supplies = (supply, supply if second_supply is None else second_supply)
    first, second = (
        _face(mechanisms, share, levels, spread_area) for share, levels in zip(fractions, supplies, strict=True)
    )
    if first.state.shape != second.state.shape:
        message = (
            f"second_supply = {second.state.shape[2]} contacts: expected {first.state.shape[2]}, as the left face."
        )
        raise InvalidInput(message)
    cell = CellRun((first, second), schedule, progress)
    put_start(cell, start)
    return finished(cell, jumps if jump else None)


def _face(mechanisms: ContactMechanisms, share: Fraction, supply: CurrentDensity, spread_area: Number) -> FaceRun:
    """Return a face whose pixels are contacts."""
    require_share(contact_fraction=share)
    levels = np.atleast_1d(np.asarray(supply, dtype=np.float64))
    if levels.ndim != 1 or levels.size == 0 or not np.all(np.isfinite(levels)):
        message = f"supply = array of shape {levels.shape}: expected finite numbers, one for every contact."
        raise InvalidInput(message)
    theta, area = float(share), float(spread_area)
    if not 1.0 <= area <= 1.0 / theta * (1.0 + 1e-12):
        message = f"spread_area = {area:g}: expected 1 to 1/contact_fraction, {1.0 / theta:g}."
        raise InvalidInput(message)
    rules = mechanism_rules(mechanisms, tolerance=1e-6, growth_factor=1.0 / (theta * area))
    none = no_symbol()
    contact = np.full((1, levels.size), theta)
    return FaceRun(contact, np.maximum(levels, 0.0)[None, :], rules, Symbols(none, none, none, none, 0.0), mechanisms)
