"""Virtual symmetric cells whose lithium touches the garnet in places: the map is solved at every frequency.

What is assumed, since the paper gives none of it: the resistance per true contact area at the reference temperature is one
for all anodes, just below the lowest reported ASR, so that contact alone makes the rows differ; the pattern is that of the
reference map of the solver (correlation 5 um, period 100 um); voids are 1 um wide; both faces are alike. The slab is ten
periods thick, so the faces do not feel each other.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, Outcome, SimulationSource, SolveFailed
from garnetlab.physics.contact import gaussian_field
from garnetlab.physics.impedance import parse_circuit
from garnetlab.physics.interface import InterfaceSolution, interface_currents
from garnetlab.physics.interface_impedance import interface_spectrum
from garnetlab.simulate.eis import impedance_noise, sweep_time
from garnetlab.study import _ledger_rows_specimens as specimens
from garnetlab.study._ledger_rows_specimens import Interface, Pellet

FloatArray = NDArray[np.float64]

#: per true contact area at the reference temperature [ohm m^2]
TRANSFER = 30.0 * units.ohm_cm2
PERIOD, PIXELS, CORRELATION, PATTERN = 100e-6, 32, 5e-6, 1
#: width of the voids, which decides their capacitance [m]
GAP = 1e-6
_EPSILON_0 = 8.8541878188e-12  # F/m, CODATA 2022
#: double layer per true contact area: a constant phase element of 5 uF/cm^2 beside ``TRANSFER``
_LAYER, _LAYER_N = 0.05, 0.85
_LAYER_Q = (TRANSFER * _LAYER) ** _LAYER_N / TRANSFER


@dataclass(frozen=True, slots=True)
class Contact:
    """One patchy face.

    Parameters
    ----------
    coverage:  Share of every pixel in contact, shape (rows, columns).
    energy:    Activation energy [J] of 1/R of the charge transfer.
    reference: Temperature [K] at which it has ``TRANSFER``.
    """

    coverage: FloatArray
    energy: float
    reference: float

    @property
    def fraction(self) -> float:
        """Share of the face in contact."""
        return float(np.mean(self.coverage))

    def transfer(self, temperature: float) -> float:
        """Return the resistance per true contact area [ohm m^2]."""
        return TRANSFER * Interface(TRANSFER, self.energy, self.reference).growth(temperature)


def coverage_of(fraction: float) -> FloatArray:
    """Return the pattern with exactly that share in contact: of the pixels in their order, the last one in part."""
    field = gaussian_field((PIXELS, PIXELS), period=PERIOD, correlation_length=CORRELATION, rng=PATTERN)
    rank = np.empty(field.size)
    rank[np.argsort(-field, axis=None, kind="stable")] = np.arange(field.size)
    return np.clip(fraction * field.size - rank, 0.0, 1.0).reshape(field.shape)


def conductivity(pellet: Pellet, temperature: float) -> float:
    """Return the conductivity [S/m] of a pellet."""
    return pellet.thickness / (pellet.area * pellet.resistance(temperature))


def contact_of(interface: Interface) -> Contact:
    """Return the contact whose charge transfer alone has the resistance and the energy of the interface.

    These are what an arc shows: with voids this wide the constriction relaxes with the ceramic.

    Raises
    ------
    InvalidInput  if the resistance is below ``TRANSFER``, that of full contact.
    """
    fraction = TRANSFER / interface.resistance
    if fraction > 1.0:
        given = interface.resistance / units.ohm_cm2
        message = (
            f"resistance = {given:g} ohm cm^2: expected at least {TRANSFER / units.ohm_cm2:g}, that of full contact."
        )
        raise InvalidInput(message)
    return Contact(coverage_of(fraction), interface.energy, interface.reference)


def solved(pellet: Pellet, contact: Contact, temperature: float) -> InterfaceSolution:
    """Return the currents through one face of the pellet against an equipotential plane."""
    found = interface_currents(
        contact.coverage,
        charge_transfer_resistance=contact.transfer(temperature),
        conductivity=conductivity(pellet, temperature),
        thickness=pellet.thickness,
        period=PERIOD,
        bounds=False,
    )
    if not found.converged:
        raise SolveFailed(Outcome.NOT_CONVERGED.value)
    return found


def face_resistance(pellet: Pellet, contact: Contact, temperature: float) -> float:
    """Return the ASR [ohm m^2] of one face without the slab: kinetics and constriction, as the solver finds it."""
    found = solved(pellet, contact, temperature)
    return float(found.asr) - float(found.slab)


def apparent_energy(pellet: Pellet, contact: Contact, kelvin: Sequence[float]) -> float:
    """Return the activation energy [J] of a straight line through ln of the solved ASR of one face over 1/kT."""
    x = 1.0 / (units.k_B * np.asarray(kelvin))
    y = np.log([face_resistance(pellet, contact, t) for t in kelvin])
    return float((x - x.mean()) @ y / ((x - x.mean()) @ (x - x.mean())))


def patchy_impedance(pellet: Pellet, contact: Contact, temperature: float) -> NDArray[np.complex128]:
    """Return the impedance [ohm] of anode|pellet|anode with two equal patchy faces at ``specimens.FREQUENCIES``.

    A constant phase element is at each frequency some resistance beside some capacitance, so every frequency is one call.
    """
    ceramic, transfer = pellet.parameters(temperature), contact.transfer(temperature)
    boundary = (ceramic["R1"] * ceramic["CPE1.Q"]) ** (1.0 / ceramic["CPE1.n"])
    z = np.empty(len(specimens.FREQUENCIES), dtype=np.complex128)
    for k, frequency in enumerate(specimens.FREQUENCIES):
        omega = 2.0 * math.pi * float(frequency)
        layer = _LAYER_Q * (1j * omega) ** _LAYER_N
        found = interface_spectrum(
            contact.coverage,
            np.array([frequency]),
            charge_transfer_resistance=1.0 / (1.0 / transfer + layer.real),
            double_layer_capacitance=layer.imag / omega,
            gap_capacitance=_EPSILON_0 / GAP,
            conductivity=conductivity(pellet, temperature),
            thickness=pellet.thickness,
            period=PERIOD,
            permittivity=_EPSILON_0 * specimens.garnet("relative_permittivity"),
            grain_boundary_share=specimens.garnet("grain_boundary_share"),
            grain_boundary_time=boundary,
            grain_boundary_exponent=ceramic["CPE1.n"],
        )
        if not found.converged:
            raise SolveFailed(Outcome.NOT_CONVERGED.value)
        z[k] = 2.0 * np.asarray(found.asr)[0] - np.asarray(found.slab)[0]
    out: NDArray[np.complex128] = z / pellet.area
    return out


def patchy_cell(pellet: Pellet, contact: Contact, *, temperature: float, rng: np.random.Generator) -> Measurement:
    """Return a simulated spectrum of a symmetric cell with patchy faces, diffusion in series, and the noise of an instrument."""
    f = specimens.FREQUENCIES
    warburg = specimens.WARBURG * contact.transfer(temperature) / TRANSFER
    z = patchy_impedance(pellet, contact, temperature) + parse_circuit("W0").impedance(np.array([warburg]), f)
    std = np.asarray(impedance_noise(z, f, specimens.NOISE))
    noisy = z + std * (rng.standard_normal(len(f)) + 1j * rng.standard_normal(len(f)))
    return Measurement(
        kind=Kind.IMPEDANCE,
        channels={Channel.FREQUENCY: f, Channel.IMPEDANCE: noisy, Channel.TIME: np.asarray(sweep_time(f))},
        source=SimulationSource(hashlib.sha256(noisy.tobytes()).hexdigest(), None, "symmetric cell with patchy faces"),
        metadata={"amplitude": specimens.AMPLITUDE},
        std={Channel.IMPEDANCE: std},
    )
