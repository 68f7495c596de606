"""The variants that are compared: baselines, single mechanisms, combinations, and combinations with literature values."""

from __future__ import annotations

import math
from functools import lru_cache

from garnetlab import units
from garnetlab.core import InvalidInput, nearest
from garnetlab.physics.voids import diffusion_limited_supply
from garnetlab.study._calibration import Parameter
from garnetlab.study._calibration_model import InterfaceVariant

#: the variant taken where none is asked for: see docs/explanation/calibration.md for the rule
DEFAULT = "both-sourced"

_SELF_DIFFUSION = "self-diffusion of lithium, 0.549 eV (Lodding 1970, recalled)"
_KINETICS = "intrinsic charge transfer of lithium on garnet, 0.43 +- 0.06 eV (doi:10.1002/admi.202202354, abstract)"
_LITHIUM_ENERGY, _KINETIC_ENERGY, _KINETIC_STD, _DIFFUSION_ENERGY = 0.61, 0.43, 0.06, 0.549

_Q = Parameter("contact_exponent", "1", 0.0, 1.2)
_SUPPLY = Parameter("ln_supply", "1", -3.0, 3.0)
_SUPPLY_ENERGY = Parameter("supply_energy", "eV", 0.0, 1.0)
_HEIGHT = Parameter("ln_height", "1", -2.5, 3.0)
_M = Parameter("ln_damage_exponent", "1", 0.0, 3.0)
_JF = Parameter("ln_damage_current", "1", -3.0, 4.0)
_JF_ENERGY = Parameter("damage_energy", "eV", 0.0, 1.0)
_JF_SOURCED = Parameter(
    "damage_energy", "eV", 0.0, 1.0, _LITHIUM_ENERGY - _KINETIC_ENERGY, _KINETIC_STD,
    "energy of the interface minus " + _KINETICS,
)  # fmt: skip
_KINETIC = Parameter("kinetic_energy", "eV", 0.1, 0.8, _KINETIC_ENERGY, _KINETIC_STD, _KINETICS)
_SCATTER = Parameter("ln_scatter", "1", -5.0, 0.5, math.log(0.1), 0.5)
_DEAD = Parameter("ln_irreversible", "1", -9.0, 0.0)

_DAMAGE = (_M, _JF, _SCATTER)
_BOTH = (_Q, _SUPPLY, _HEIGHT, _M, _JF, _SCATTER)
_DIFFUSES = {"supply_energy": _DIFFUSION_ENERGY}
_DIFFUSES_USES = f"supply: {_SELF_DIFFUSION}"
_HOT_USES = f"damage energy: 0.61 eV minus {_KINETICS}"


def _baselines() -> tuple[InterfaceVariant, ...]:
    return (
        InterfaceVariant(
            "null",
            "null model as described: damage from the two lives of lithium, nothing else",
            (Parameter("ln_damage_exponent", "1", 0.0, 3.0), _JF, _SCATTER),
            only=("life.0.0.2", "life.0.0.4"),
        ),
        InterfaceVariant(
            "strong-null", "damage under constant contact, one energy", (_Q, *_DAMAGE[:2], _JF_ENERGY, _SCATTER)
        ),
        InterfaceVariant(
            "seven", "contact loss and damage, damage athermal (seven parameters)",
            (_Q, _SUPPLY, _SUPPLY_ENERGY, _HEIGHT, _M, _JF, _SCATTER),
        ),
    )  # fmt: skip


def _single() -> tuple[InterfaceVariant, ...]:
    loss = (_Q, _SUPPLY, _SUPPLY_ENERGY, _HEIGHT)
    return (
        InterfaceVariant("loss", "contact loss alone", (*loss, _SCATTER), scatter="supply"),
        InterfaceVariant(
            "loss-dead", "contact loss with an irreversible share", (*loss, _DEAD, _SCATTER), scatter="supply"
        ),
        InterfaceVariant(
            "damage-sourced", "damage alone, its energy from the literature", (_Q, *_DAMAGE[:2], _JF_SOURCED, _SCATTER),
            uses=_HOT_USES,
        ),
        InterfaceVariant(
            "damage-contact", "damage alone, contact grows on heating", (_Q, *_DAMAGE[:2], _KINETIC, _SCATTER),
            uses=f"contact: energies 0.61 and 0.58 eV minus {_KINETICS}",
        ),
    )  # fmt: skip


def _combined() -> tuple[InterfaceVariant, ...]:
    return (
        InterfaceVariant("both", "contact loss and damage, both energies free", (*_BOTH, _SUPPLY_ENERGY, _JF_ENERGY)),
        InterfaceVariant(
            "both-dead", "contact loss, irreversible share and damage", (*_BOTH, _JF_ENERGY, _DEAD), _DIFFUSES,
            uses=_DIFFUSES_USES,
        ),
        InterfaceVariant(
            "both-diffusion", "contact loss and damage, supply energy of self-diffusion", (*_BOTH, _JF_ENERGY), _DIFFUSES,
            uses=_DIFFUSES_USES,
        ),
        InterfaceVariant(
            "both-athermal", "contact loss and athermal damage, supply energy of self-diffusion", _BOTH, _DIFFUSES,
            uses=_DIFFUSES_USES,
        ),
        InterfaceVariant(
            "both-sourced", "contact loss and damage, both energies from the literature", (*_BOTH, _JF_SOURCED),
            _DIFFUSES, uses=f"{_DIFFUSES_USES}; {_HOT_USES}",
        ),
        InterfaceVariant(
            "both-contact", "contact loss and damage, contact grows on heating", (*_BOTH, _KINETIC), _DIFFUSES,
            uses=f"{_DIFFUSES_USES}; contact: energies 0.61 and 0.58 eV minus {_KINETICS}",
        ),
    )  # fmt: skip


def _further() -> tuple[InterfaceVariant, ...]:
    free = (*_BOTH, _JF_SOURCED)
    uses = f"{_DIFFUSES_USES}; {_HOT_USES}"
    exponent = "; damage exponent: a cell with a ZnI2 interlayer, 2.3 mA/cm^2 and more than 800 h at 1.0 (abstract)"
    reached = math.log(
        float(
            diffusion_limited_supply(
                298.15, prefactor=0.125e-4, activation_energy=_DIFFUSION_ENERGY * units.eV, molar_volume=12.97e-6,
                distance=10e-6,
            )
        ) / 10.0
    )  # fmt: skip
    estimate = {**_DIFFUSES, "ln_supply": reached}
    carried = Parameter(
        "ln_supply",
        "1",
        -3.0,
        6.0,
        reached,
        1.0,
        "diffusion over 10 um of contact, within a factor of e: " + _SELF_DIFFUSION,
    )
    kinds = (
        ("no-capillarity", "as both-sourced, closure by stack pressure alone", {"surface_energy": 0.0}),
        ("no-creep", "as both-sourced, no closure by creep", {"creep": False}),
        ("sharing", "as both-sourced, contacts share the load", {"load_sharing": 1.0}),
        ("linear", "as both-sourced, contact falls linearly with the gap", {"contact_law": "linear"}),
        ("full-recovery", "as both-sourced, all plated metal goes into gaps first", {"recovery": 1.0}),
        ("wide-supply", "as both-sourced, supply spread 0.5", {"spread": 0.5}),
    )
    return (
        *(InterfaceVariant(name, title, free, _DIFFUSES, face, uses=uses) for name, title, face in kinds),
        InterfaceVariant(
            "particles", "as both-sourced, Li2O swept onto the interface", free, _DIFFUSES, particles=True, uses=uses
        ),
        InterfaceVariant(
            "diffusion-supply", "as both-sourced, supply limited by diffusion", (_Q, carried, _HEIGHT, _M, _JF, _SCATTER,
            _JF_SOURCED), _DIFFUSES, uses=f"{uses}; size of the supply",
        ),
        InterfaceVariant(
            "estimate-athermal", "supply as estimated from diffusion, damage athermal", (_Q, _HEIGHT, _M, _JF, _SCATTER),
            estimate, uses=f"size and energy of the supply: {_SELF_DIFFUSION} over 10 um",
        ),
        InterfaceVariant(
            "estimate-sourced", "supply as estimated from diffusion, damage energy 0.18 eV",
            (_Q, _HEIGHT, _M, _JF, _SCATTER), {**estimate, "damage_energy": _LITHIUM_ENERGY - _KINETIC_ENERGY},
            uses=f"size and energy of the supply: {_SELF_DIFFUSION} over 10 um; {_HOT_USES}",
        ),
        InterfaceVariant(
            "both-fixed", "contact loss and damage, both energies fixed from the literature", _BOTH,
            {**_DIFFUSES, "damage_energy": _LITHIUM_ENERGY - _KINETIC_ENERGY}, uses=f"{_DIFFUSES_USES}; {_HOT_USES}",
        ),
        InterfaceVariant(
            "companion", "as both-sourced, exponent bounded by another cell", free, _DIFFUSES, companion=True,
            uses=uses + exponent,
        ),
        InterfaceVariant(
            "companion-contact", "as both-contact, exponent bounded by another cell", (*_BOTH, _KINETIC), _DIFFUSES,
            companion=True, uses=f"{_DIFFUSES_USES}; contact: {_KINETICS}{exponent}",
        ),
    )  # fmt: skip


@lru_cache(maxsize=1)
def interface_variants() -> dict[str, InterfaceVariant]:
    """Return all variants by name: three baselines, single mechanisms, combinations, further mechanisms."""
    return {v.name: v for v in (*_baselines(), *_single(), *_combined(), *_further())}


def interface_variant(name: str) -> InterfaceVariant:
    """Return a variant by its name.

    Raises
    ------
    InvalidInput  if there is none of that name.
    """
    known = interface_variants()
    if name not in known:
        message = f"model = {name!r}: not a variant.{nearest(name, known)} Known: {', '.join(known)}."
        raise InvalidInput(message)
    return known[name]
