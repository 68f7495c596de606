"""One face of the resolved model: its state, the symbols of its smoothing, and half cycles in compiled code."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.numerics import current_symbol
from garnetlab.simulate._resolved_parameters import ContactMechanisms, ResolvedParameters, thermal_voltage
from garnetlab.simulate._resolved_records import GAUSSIAN, LOCAL, MEAN, Face, Rules, Work

Floats = NDArray[np.float64]

#: closable gap, dead gap, damage: what a face carries from one half cycle to the next
PARTS = 3


class HalfCycle(NamedTuple):
    """How one face came through a half cycle; see ``half_cycle``."""

    code: int
    elapsed: float
    contact: float
    voltage: float
    solves: int
    transforms: int


class Symbols(NamedTuple):
    """Symbols of the slab and of the smoothing lengths on one grid, and the largest answer of the slab."""

    slab: Floats
    vacancy: Floats
    refill: Floats
    void: Floats
    largest: float


def mechanism_rules(given: ContactMechanisms, *, tolerance: float, growth_factor: float = 1.0) -> Rules:
    """Return the rules of a face without slab and without smoothing; ``growth_factor`` scales what a charge leaves as gap."""
    linear = given.charge_transfer_resistance is not None
    creep, pressure, capillarity, exponent, least = _creep(given)
    off = math.inf
    return Rules(
        even=True,
        linear=linear,
        resistance=float(given.charge_transfer_resistance or 1.0),
        exchange=float(given.exchange_current_density or 1.0),
        thermal=float(thermal_voltage(float(given.temperature))),
        tolerance=float(tolerance),
        largest=0.0,
        height=float(given.height),
        hemispheres=given.contact_law == "hemispheres",
        sharing=float(given.load_sharing),
        growth=float(given.molar_volume / units.F * growth_factor),
        dead_share=float(given.irreversible),
        condensation=0.0,
        recovery=float(given.recovery),
        smoothing=float(given.smoothing),
        closure=float(given.closure),
        slowing=0.0,
        creep=creep,
        pressure=pressure,
        capillarity=capillarity,
        exponent=exponent,
        least_gap=least,
        damage_current=off if given.damage_current is None else float(given.damage_current),
        damage_exponent=float(given.damage_exponent),
        damage_norm=float(given.damage_norm),
        critical=off if given.critical_overpotential is None else float(given.critical_overpotential),
        spreads=LOCAL,
        fills=LOCAL,
    )


def _creep(given: ContactMechanisms) -> tuple[float, float, float, float, float]:
    """Return factor, pressure, capillarity, exponent and least gap over height of the closure by creep."""
    creep = given.creep
    if creep is None:
        return 0.0, 0.0, 0.0, 1.0, 1.0
    cold = 1.0 / given.temperature - 1.0 / creep.reference_temperature
    rate = 1.5 * creep.reference_rate * math.exp(-creep.activation_energy / units.R * cold)
    factor = rate * (1.5 / creep.exponent / creep.reference_stress) ** creep.exponent
    largest = 1.5 * given.height
    least = (creep.smallest_radius / largest) ** 3
    pull = 2.0 * creep.surface_energy / largest
    return float(factor), float(creep.pressure), float(pull), float(creep.exponent), float(least)


def slab_rules(given: ResolvedParameters, symbols: Symbols, *, tolerance: float) -> Rules:
    """Return the rules of a face of the resolved model."""
    return mechanism_rules(given.mechanisms, tolerance=tolerance)._replace(
        even=given.conductivity == math.inf,
        largest=symbols.largest,
        condensation=float(given.condensation),
        slowing=float(given.closure_slowing),
        spreads=_how(float(given.smear_length)),
        fills=_how(float(given.recovery_length)),
    )


def _how(length: float) -> int:
    if length == 0.0:
        return LOCAL
    return MEAN if length == math.inf else GAUSSIAN


def make_symbols(given: ResolvedParameters, shape: tuple[int, int]) -> Symbols:
    """Return the symbols on a grid."""
    pixel = float(given.period) / shape[1]
    if given.conductivity == math.inf:
        slab, largest = no_symbol(), 0.0
    else:
        one, _, _ = current_symbol(shape, float(given.thickness) / pixel)
        slab = one * (pixel / float(given.conductivity))
        largest = float(slab.max())
    vacancy, refill, void = (
        heat_symbol(shape, float(length) / pixel)
        for length in (given.smear_length, given.recovery_length, given.void_length)
    )
    return Symbols(slab, vacancy, refill, void, largest)


def no_symbol() -> Floats:
    """Return what stands for a symbol that is not used."""
    return np.ones((1, 1))


def heat_symbol(shape: tuple[int, int], pixels: float) -> Floats:
    """Return the symbol of the heat kernel of the lattice of variance ``pixels`` squared along each axis.

    exp[-l^2 (2 - cos kx - cos ky)] is a distribution for every l, so smoothing keeps signs; a sampled Gaussian does not.
    """
    if pixels in (0.0, math.inf):
        return no_symbol()
    along_y = np.cos(2.0 * np.pi * np.fft.fftfreq(shape[0]))
    along_x = np.cos(2.0 * np.pi * np.fft.rfftfreq(shape[1]))
    symbol: Floats = np.exp(-(pixels**2) * (2.0 - along_y[:, None] - along_x[None, :]))
    return symbol


class FaceRun:
    """One face whose state, shape (3, rows, columns), lives in ``state`` and is changed in place."""

    def __init__(
        self, contact: Floats, supply: Floats, rules: Rules, symbols: Symbols, given: ContactMechanisms
    ) -> None:
        from garnetlab.simulate._resolved_compiled import half_cycle  # the compiler is loaded on first use

        shape = contact.shape
        self._half_cycle = half_cycle
        self.state = np.zeros((PARTS, *shape))
        self.rules, self.symmetry = rules, float(given.symmetry)
        self._initial = np.array(
            contact, dtype=np.float64, order="C"
        )  # own memory: compiled code is typed by what may be written
        around = np.ones(shape)
        if rules.slowing > 0.0:
            around = np.fft.irfft2(np.fft.rfft2(self._initial) * symbols.void, s=shape)
        self._face = Face(
            self._initial,
            np.array(np.broadcast_to(supply, shape), dtype=np.float64, order="C"),
            around,
            self.state[0],
            self.state[1],
            self.state[2],
            symbols.slab,
            symbols.vacancy,
            symbols.refill,
            symbols.void,
        )
        width = shape[1] // 2 + 1
        maps = {name: np.zeros(shape) for name in Work._fields}
        maps["spectrum"] = np.zeros((shape[0], width), dtype=np.complex128)
        self._work = Work(**maps)
        self.initial = float(self._initial.mean())
        self._least = float(given.end_fraction) * self.initial

    def half(self, direction: int, current_density: float, duration: float, steps: int) -> HalfCycle:
        """Carry the face through a half cycle: stripped (1), plated (-1) or at rest (0)."""
        drive = 1.0 - self.symmetry if direction > 0 else self.symmetry
        return HalfCycle(
            *self._half_cycle(
                direction, current_density, drive, duration, steps, self._least, self._face, self.rules, self._work
            )
        )

    @property
    def contact(self) -> Floats:
        """Local contact now."""
        part = (self.state[0] + self.state[1]) / self.rules.height
        lost = np.cbrt(part) ** 2 if self.rules.hemispheres else part
        now: Floats = self._initial * np.maximum(1.0 - lost, 0.0)
        return now

    def norm(self, damage: Floats) -> float:
        """Return the norm of a damage that shorts at 1, as compiled code has it."""
        power = self.rules.damage_norm
        if power == math.inf:
            return float(damage.max())
        return float(np.sum(self.weight * damage**power) ** (1.0 / power))

    @property
    def weight(self) -> Floats:
        """Contact the face started with, over its sum."""
        weight: Floats = self._initial / self._initial.sum()
        return weight
