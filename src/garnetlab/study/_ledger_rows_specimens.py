"""Virtual specimens: a blocking pellet and a symmetric cell, as circuits at a temperature.

What the paper gives (conductivity, activation energies, ASR, pellet) comes from its observations. The rest is needed for
a spectrum but moves none of the numbers read back: it is assumed here once, with its reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from garnetlab import units
from garnetlab.core import Measurement
from garnetlab.library import load_material
from garnetlab.physics import transport
from garnetlab.simulate import REALISTIC, Drift, simulate_eis, sweep_frequencies
from garnetlab.simulate.eis import impedance_noise

_EPSILON_0 = 8.8541878188e-12  # F/m, CODATA 2022
#: constant phase element of the grain boundaries on 0.785 cm^2 x 1 mm (reference problem of the package)
_BOUNDARY_Q, _BOUNDARY_N = 1.5e-8, 0.90
#: of one Li|LLZTO interface pair, and its Warburg coefficient at room temperature (reference problem)
_INTERFACE_Q, _INTERFACE_N, WARBURG = 3e-6, 0.85, 2.0
#: of a sputtered gold electrode that blocks lithium ions; assumed, 1 uF/cm^2 is a double layer on a polished ceramic
_GOLD_Q, _GOLD_N = 1e-6, 0.92

BLOCKING_CIRCUIT = "p(R0,C0)-p(R1,CPE1)-CPE2"
SYMMETRIC_CIRCUIT = "p(R0,C0)-p(R1,CPE1)-p(R2,CPE2)-W3"

#: points of one sweep: 1 MHz to 0.01 Hz, ten per decade
FREQUENCIES = np.asarray(sweep_frequencies(high=1e6, low=1e-2, points_per_decade=10))
AMPLITUDE = 0.010
NOISE = REALISTIC


def _percent(frequency: float) -> float:
    """Return the standard deviation of each part at ``frequency`` [Hz] in percent of the modulus."""
    return 100.0 * float(impedance_noise(1.0, frequency, NOISE))


NOISE_SAID = f"noise {_percent(1e3):.1f} % of |Z|, {_percent(1e6):.1f} % at 1 MHz and {_percent(1e-2):.1f} % at 0.01 Hz"


def garnet(name: str) -> float:
    """Return a property of LLZTO at room temperature from the library."""
    return load_material("LLZTO").property(name, temperature=units.celsius(25.0))[0].value


@dataclass(frozen=True, slots=True)
class Pellet:
    """A pellet: conductivity [S/m] at ``reference`` [K], activation energy [J] of sigma T, face [m^2], thickness [m]."""

    conductivity: float
    energy: float
    reference: float
    area: float
    thickness: float

    def resistance(self, temperature: float) -> float:
        """Return the resistance [ohm] at ``temperature`` [K]."""
        hot, cold = (
            float(transport.arrhenius_conductivity(t, prefactor=1.0, activation_energy=self.energy))
            for t in (temperature, self.reference)
        )
        sigma = self.conductivity * hot / cold
        return float(transport.pellet_resistance(sigma, thickness=self.thickness, area=self.area))

    def parameters(self, temperature: float) -> dict[str, float]:
        """Return bulk and grain boundary as circuit parameters; their share does not change with temperature."""
        total = self.resistance(temperature)
        return {
            "R0": total * (1.0 - garnet("grain_boundary_share")),
            "C0": _EPSILON_0 * garnet("relative_permittivity") * self.area / self.thickness,
            "R1": total * garnet("grain_boundary_share"),
            "CPE1.Q": _BOUNDARY_Q,
            "CPE1.n": _BOUNDARY_N,
        }

    def geometry(self, temperature: float) -> dict[str, float]:
        """Return what the notebook of a measurement would say."""
        return {"area": self.area, "thickness": self.thickness, "temperature": temperature}


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface: ASR [ohm m^2] at ``reference`` [K] and activation energy [J] of 1/R."""

    resistance: float
    energy: float
    reference: float

    def growth(self, temperature: float) -> float:
        """Return the ASR at ``temperature`` over that at the reference."""
        return math.exp(self.energy / units.k_B * (1.0 / temperature - 1.0 / self.reference))


def blocking(
    pellet: Pellet, *, temperature: float, rng: np.random.Generator, metadata: Mapping[str, float | str] | None = None
) -> Measurement:
    """Return a simulated spectrum of Au|pellet|Au."""
    parameters = {**pellet.parameters(temperature), "CPE2.Q": _GOLD_Q, "CPE2.n": _GOLD_N}
    return _spectrum(BLOCKING_CIRCUIT, parameters, rng, metadata)


def symmetric(
    pellet: Pellet,
    interface: Interface,
    *,
    temperature: float,
    rng: np.random.Generator,
    growth: float = 0.0,
    metadata: Mapping[str, float | str] | None = None,
) -> Measurement:
    """Return a simulated spectrum of anode|pellet|anode; the arc holds both interfaces.

    With ``growth`` the arc's resistance grows by that share of its first value during the sweep, linearly in time.
    """
    scale = interface.growth(temperature)
    parameters = {
        **pellet.parameters(temperature),
        "R2": 2.0 * interface.resistance * scale / pellet.area,
        "CPE2.Q": _INTERFACE_Q,
        "CPE2.n": _INTERFACE_N,
        "W3": WARBURG * scale,
    }
    return _spectrum(SYMMETRIC_CIRCUIT, parameters, rng, metadata, Drift("R2", growth) if growth else None)


def _spectrum(
    circuit: str,
    parameters: Mapping[str, float],
    rng: np.random.Generator,
    metadata: Mapping[str, float | str] | None,
    drift: Drift | None = None,
) -> Measurement:
    return simulate_eis(
        circuit,
        parameters,
        frequencies=FREQUENCIES,
        noise=NOISE,
        drift=drift,
        amplitude=AMPLITUDE,
        rng=rng,
        metadata=metadata,
    )
