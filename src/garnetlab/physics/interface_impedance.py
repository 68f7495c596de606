r"""Impedance of a patchy contact on a slab: the map of ``interface`` at every frequency.

The potential in the layer stays that of Laplace's equation, with a complex resistivity; the local impedance of contact is
a film in series with charge transfer beside the double layer, that of a void the capacitance of its gap:

.. math:: \eta_i = \frac{J_i}{y_i}, \qquad
          y = \frac{\theta}{R_f + R_{ct}/(1 + i \omega R_{ct} C_{dl})} + (1 - \theta) i \omega C_{gap}

with the contact fraction theta of the pixel. The slab has two relaxations in series, of grains and of grain boundaries:

.. math:: \rho(\omega) = \frac{1}{\sigma} \left[ \frac{1 - g}{1 + i \omega (1 - g) \varepsilon/\sigma}
          + \frac{g}{1 + (i \omega \tau)^n} \right]

Valid for small amplitudes, without diffusion, at wavelengths far above the slab (quasi-static).

Source
------
J. Newman, J. Electrochem. Soc. 117 (1970) 198 (frequency dispersion of a resolved electrode: double layer beside charge
transfer over Laplace's equation). J. R. Macdonald, E. Barsoukov (eds.), Impedance Spectroscopy, 2nd ed., Wiley 2005, sec.
2.1 and 4.1 (series model of grains and boundaries, exponent of a distributed element).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import InvalidInput
from garnetlab.numerics import compiled_kernels, current_symbol
from garnetlab.physics import _interface_input as given
from garnetlab.physics._interface_fields import Local, Slab, linear_currents
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.units import (
    ArealCapacitance,
    AreaResistance,
    ComplexAreaResistance,
    ComplexResistivity,
    Conductivity,
    Fraction,
    Frequency,
    Length,
    Permittivity,
    Time,
)

__all__ = ["InterfaceSpectrum", "interface_spectrum", "slab_resistivity"]

_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class InterfaceSpectrum:
    """Impedance of a patchy interface over frequency.

    Parameters
    ----------
    frequency:        Shape (n,) [Hz].
    asr:              Impedance times area, slab included, shape (n,) [ohm m^2].
    slab:             That of the slab alone between equipotential planes.
    iterations:       Conjugate gradient steps, all together.
    residual:         Largest relative misfit of the potential, as the next power of ten.
    converged:        Whether every frequency met the tolerance; if not, no number here may be used.
    """

    frequency: Frequency
    asr: ComplexAreaResistance
    slab: ComplexAreaResistance
    iterations: int
    residual: Fraction
    converged: bool


def slab_resistivity(
    frequency: Frequency,
    *,
    conductivity: Conductivity,
    permittivity: Permittivity = 0.0,
    grain_boundary_share: Fraction = 0.0,
    grain_boundary_time: Time = 0.0,
    grain_boundary_exponent: Fraction = 1.0,
) -> ComplexResistivity:
    """Return the complex resistivity of a ceramic [ohm m], shape of ``frequency``; capacitive parts are negative.

    Parameters
    ----------
    frequency:               [Hz], > 0.
    conductivity:            At zero frequency, grains and boundaries together [S/m], > 0.
    permittivity:            Of the grains, absolute [F/m], >= 0; that of the vacuum times the relative one.
    grain_boundary_share:    Share g of the resistivity at zero frequency that is of grain boundaries, 0 to 1.
    grain_boundary_time:     Relaxation time of the boundaries [s], >= 0; 0 leaves them resistive.
    grain_boundary_exponent: n of their constant phase element, above 0, at most 1.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Barsoukov & Macdonald (2005), sec. 4.1.

    Examples
    --------
    >>> z = slab_resistivity(1.0, conductivity=0.05)
    >>> round(z.real, 6)
    20.0
    """
    require_positive(conductivity=conductivity, frequency=frequency)
    g, n = float(np.max(grain_boundary_share)), float(np.max(grain_boundary_exponent))
    if not (0 <= g <= 1 and 0 < n <= 1):
        message = (
            f"grain_boundary_share = {g:g}, grain_boundary_exponent = {n:g}: expected 0 to 1, the exponent above 0."
        )
        raise InvalidInput(message)
    for name, value in {"permittivity": permittivity, "grain_boundary_time": grain_boundary_time}.items():
        if not 0 <= float(np.max(value)) < np.inf:
            message = f"{name} = {value}: expected a finite number >= 0 in SI."
            raise InvalidInput(message)
    omega = 2j * np.pi * np.asarray(frequency, dtype=np.float64)
    grains = (1 - g) / (1 + omega * (1 - g) * permittivity / conductivity)
    boundaries = g / (1 + (omega * grain_boundary_time) ** n) if np.any(np.asarray(grain_boundary_time) > 0) else g
    total = (grains + boundaries) / conductivity
    return total if np.ndim(total) else complex(total)  # type: ignore[return-value]


def interface_spectrum(
    contact: Fraction,
    frequency: Frequency,
    *,
    charge_transfer_resistance: AreaResistance,
    conductivity: Conductivity,
    thickness: Length,
    period: Length,
    double_layer_capacitance: ArealCapacitance = 0.0,
    gap_capacitance: ArealCapacitance = 0.0,
    film_resistance: AreaResistance = 0.0,
    second_contact: Fraction | None = None,
    second_charge_transfer_resistance: AreaResistance | None = None,
    second_film_resistance: AreaResistance | None = None,
    permittivity: Permittivity = 0.0,
    grain_boundary_share: Fraction = 0.0,
    grain_boundary_time: Time = 0.0,
    grain_boundary_exponent: Fraction = 1.0,
    mirror: bool = False,
    tolerance: Fraction = 1e-8,
) -> InterfaceSpectrum:
    """Return the impedance of one or two patchy faces of a slab, per area.

    Parameters
    ----------
    contact:                    Shape (rows, columns), True where there is contact, or the local contact fraction 0 to 1.
    frequency:                  Shape (n,) [Hz], > 0, in any order; close neighbours make the solve faster.
    charge_transfer_resistance: Per true contact area [ohm m^2], one number or a map.
    conductivity:               Of the slab at zero frequency [S/m].
    thickness:                  Of the slab [m].
    period:                     Lateral length of the map along its columns [m]; pixels are square.
    double_layer_capacitance:   Per true contact area [F/m^2], one number or a map.
    gap_capacitance:            Of voids, per area of the void [F/m^2]: permittivity of the vacuum over the gap.
    film_resistance:            In series, per true contact area [ohm m^2].
    second_contact:             Of the other face; an equipotential plane if it is not given.
    second_charge_transfer_resistance, second_film_resistance: Of the other face, those of the first if not given.
    permittivity, grain_boundary_share, grain_boundary_time, grain_boundary_exponent: See ``slab_resistivity``.
    mirror:                     The edges of the map are planes of symmetry; otherwise it repeats.
    tolerance:                  On the residual.

    Raises
    ------
    InvalidInput  if an argument is out of range.

    Source
    ------
    See the head of this module.
    """
    face = given.contact_map(contact)
    slab = given.layer(
        face.shape,
        conductivity=given.number("conductivity", conductivity),
        thickness=given.number("thickness", thickness),
        period=given.number("period", period),
        mirror=mirror,
    )
    f = np.asarray(frequency, dtype=np.float64)
    if f.ndim != 1 or not len(f):
        message = f"frequency = array of shape {f.shape}: expected a list of frequencies in Hz."
        raise InvalidInput(message)
    resistivity = np.asarray(
        slab_resistivity(
            f,
            conductivity=conductivity,
            permittivity=permittivity,
            grain_boundary_share=grain_boundary_share,
            grain_boundary_time=grain_boundary_time,
            grain_boundary_exponent=grain_boundary_exponent,
        )
    )
    films: dict[str, Any] = {"film": film_resistance, "double_layer": double_layer_capacitance, "gap": gap_capacitance}
    faces = [_Face.of(slab, face, charge_transfer_resistance, **films)]
    if second_contact is None:
        given.second_face(
            1,
            second_charge_transfer_resistance=second_charge_transfer_resistance,
            second_film_resistance=second_film_resistance,
        )
    else:
        second = given.contact_of_shape(second_contact, slab.shape, "second_contact")
        local = second_charge_transfer_resistance
        if second_film_resistance is not None:
            films["film"] = second_film_resistance
        faces.append(_Face.of(slab, second, charge_transfer_resistance if local is None else local, **films))
    return _sweep(slab, faces, f, resistivity, given.goal(tolerance))


@dataclass(frozen=True, slots=True)
class _Face:
    """Local properties of one face on the periodic cell, SI."""

    contact: given.Real
    transfer: given.Real
    film: given.Real
    double_layer: given.Real
    gap: float

    @classmethod
    def of(
        cls,
        slab: given.Layer,
        contact: given.Real,
        transfer: Any,
        *,
        film: object,
        double_layer: object,
        gap: Any,
    ) -> _Face:
        values = given.local_map(transfer, contact, "charge_transfer_resistance", positive=True)
        series = given.local_map(film, contact, "film_resistance", positive=False)
        layer = given.local_map(double_layer, contact, "double_layer_capacitance", positive=False)
        if np.ndim(gap) or not 0 <= float(gap) < np.inf:
            message = f"gap_capacitance = {gap}: expected one finite number >= 0 in F/m^2."
            raise InvalidInput(message)
        share, charge, series, layer = (
            slab.unfold(np.asarray(m, dtype=np.float64)) for m in (contact, values, series, layer)
        )
        return cls(share, charge, series, layer, float(gap))

    def admittance(self, omega: float) -> NDArray[np.complex128]:
        """Return the local admittance per area [S/m^2]."""
        charge = self.transfer / (1 + 1j * omega * self.transfer * self.double_layer)
        touching = np.where(self.contact > 0, self.contact / (self.film + charge), 0.0)
        out: NDArray[np.complex128] = touching + (1 - self.contact) * 1j * omega * self.gap
        return out


def _sweep(
    slab: given.Layer, faces: list[_Face], f: given.Real, resistivity: NDArray[np.complex128], tolerance: float
) -> InterfaceSpectrum:
    kernels = compiled_kernels()
    one, same, mixed = current_symbol(slab.grid, slab.depth, half=False)
    symbol = np.stack((one,) if len(faces) == 1 else (same, mixed))[None]
    layer = Slab(symbol, symbol, slab.depth)
    asr, last, iterations, worst, good = np.empty(len(f), complex), None, 0, 0.0, True
    for n, (frequency, rho) in enumerate(zip(f, resistivity, strict=True)):
        admittance = np.stack([face.admittance(2 * np.pi * frequency) for face in faces])[None]
        on = admittance != 0
        local = Local(on, 1.0 / (np.where(on, admittance, 1.0) * slab.pixel * rho))
        found = linear_currents(kernels, layer, local, start=last, tolerance=tolerance, limit=_LIMIT)
        asr[n] = found.voltage[0] / found.flow[0] * slab.pixel * rho
        last, iterations = found.current, iterations + found.iterations
        worst, good = max(worst, float(found.residual[0])), good and found.converged
    return InterfaceSpectrum(f, asr, resistivity * slab.thickness, iterations, given.decade(worst), good)


PARAMETERS = (
    ParameterRow(
        "double_layer_capacitance", "F/m^2", 0.0, 1e-3, 1.0, "1 to 100 uF/cm^2: Newman & Thomas-Alyea (2004), ch. 7"
    ),
    ParameterRow("gap_capacitance", "F/m^2", 0.0, 1e-6, 1e-2, "vacuum permittivity over gaps of 1 nm to 10 um"),
    ParameterRow("grain_boundary_exponent", "1", 1.0, 0.6, 1.0, "Barsoukov & Macdonald (2005), sec. 2.1"),
)

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (
        slab_resistivity,
        {"frequency": 1e6, "conductivity": 0.05, "permittivity": 4e-10},
        "20/(1 + 0.0502655i) ohm m",
        "one relaxation by hand: omega permittivity/conductivity = 0.0502655",
    ),
    (
        interface_spectrum,
        {
            "contact": np.outer([1, 0, 1, 1, 0, 0, 0, 1], [0, 1, 1, 0, 1, 0, 0, 0]) > 0,
            "frequency": np.array([1e3, 1e6]),
            "charge_transfer_resistance": 4e-3,
            "conductivity": 0.05,
            "thickness": 1e-3,
            "period": 3e-4,
            "double_layer_capacitance": 0.02,
            "gap_capacitance": 1e-5,
            "permittivity": 4e-10,
            "grain_boundary_share": 0.3,
            "grain_boundary_time": 1e-6,
            "grain_boundary_exponent": 0.9,
            "film_resistance": 1e-4,
        },
        "see tests/physics/test_interface_impedance.py",
        "a map of a few patches, against finite volumes",
    ),
]
