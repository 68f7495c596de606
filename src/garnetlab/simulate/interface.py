"""Virtual patchy interfaces: the solver of ``physics.interface`` with results and measurements of the common types."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from garnetlab.core import Channel, InvalidInput, Kind, Measurement, Outcome, Result, SimulationSource, SolveFailed
from garnetlab.library import load_material
from garnetlab.physics.interface import InterfaceSolution, interface_currents
from garnetlab.physics.interface_impedance import interface_spectrum
from garnetlab.units import (
    Area,
    ArealCapacitance,
    AreaResistance,
    Conductivity,
    CurrentDensity,
    Fraction,
    Frequency,
    Length,
    Permittivity,
    Quantity,
    Real,
    Temperature,
    Time,
    Voltage,
)

__all__ = ["InterfaceResult", "interface_impedance", "solve_interface"]

_UNIT = "ohm cm^2"


@dataclass(frozen=True, slots=True)
class InterfaceResult(Result):
    """What the interface solver found; ``solution`` holds the maps in full.

    ``quantities`` are asr, slab_resistance, kinetic_resistance, constriction_resistance, voltage, mean_current_density,
    peak_to_mean and contact_fraction. They are empty where the solver did not converge.
    """

    solution: InterfaceSolution | None = None

    @property
    def asr(self) -> Quantity:
        """Voltage over mean current density, with the certified bounds as its interval."""
        return self._checked("asr")

    @property
    def asr_bounds(self) -> tuple[float, float]:
        """Certified lower and upper bound [ohm m^2]; the upper is infinite where kinetics are too steep for one.

        Raises
        ------
        InvalidInput  if the bounds were not asked for.
        """
        interval, found = self.asr.interval, self._solved()
        if interval is None and found.asr_low is not None:
            return float(found.asr_low), math.inf
        if interval is None:
            message = "asr_bounds = none: expected bounds=True in the call that made this result."
            raise InvalidInput(message)
        return interval

    @property
    def current_density(self) -> Real:
        """Local current density, shape (rows, columns) [A/m^2], positive into the slab."""
        return self._solved().current_density

    @property
    def constriction(self) -> Quantity:
        """What the pattern adds to slab and kinetics."""
        return self._checked("constriction_resistance")

    @property
    def iterations(self) -> int:
        """Conjugate gradient steps."""
        return self._solved().iterations

    @property
    def sensitivity(self) -> Real:
        """Change of the ASR with the local resistance of every pixel, shape (rows, columns); linear kinetics only."""
        return self._solved().sensitivity

    def _checked(self, name: str) -> Quantity:
        self._solved()
        return self.quantities[name]

    def _solved(self) -> InterfaceSolution:
        if self.solution is None or not self.outcome.good:
            raise SolveFailed(self.outcome.value)
        return self.solution


def solve_interface(
    contact: Fraction,
    *,
    thickness: Length,
    period: Length,
    conductivity: Conductivity | None = None,
    electrolyte: str | None = None,
    temperature: Temperature | None = None,
    charge_transfer_resistance: AreaResistance | None = None,
    exchange_current_density: CurrentDensity | None = None,
    symmetry: Fraction = 0.5,
    film_resistance: AreaResistance = 0.0,
    second_contact: Fraction | None = None,
    second_charge_transfer_resistance: AreaResistance | None = None,
    second_exchange_current_density: CurrentDensity | None = None,
    second_film_resistance: AreaResistance | None = None,
    current_density: CurrentDensity | None = None,
    voltage: Voltage | None = None,
    mirror: bool = False,
    bounds: bool = True,
    tolerance: Fraction = 1e-8,
) -> InterfaceResult:
    """Return the resistance and the currents of a patchy contact on a slab, with certified bounds.

    Parameters
    ----------
    contact:                    Shape (rows, columns), True where there is contact, or the local contact fraction 0 to 1.
    thickness:                  Of the slab [m].
    period:                     Lateral length of the map along its columns [m]; pixels are square.
    conductivity:               Of the slab [S/m]; or give ``electrolyte`` and ``temperature``.
    electrolyte:                Name of a material of the library, for example "LLZTO".
    temperature:                [K], of the electrolyte and of Butler-Volmer kinetics.
    charge_transfer_resistance: Per true contact area [ohm m^2], one number or a map; linear kinetics.
    exchange_current_density:   Per true contact area [A/m^2], one number or a map; Butler-Volmer kinetics.
    symmetry:                   Share of the overpotential that drives the cathodic direction.
    film_resistance:            In series with the charge transfer [ohm m^2], one number or a map.
    second_contact:             Of the other face; an equipotential plane if it is not given.
    second_charge_transfer_resistance, second_exchange_current_density, second_film_resistance: Of the other face, those of
                                the first if not given.
    current_density:            Mean current density held [A/m^2]; 1 by default with linear kinetics.
    voltage:                    Held between the electrodes [V].
    mirror:                     The edges of the map are planes of symmetry, as insulating sides are; otherwise it repeats.
    bounds:                     Compute certified bounds, which hold the exact value for the map as given.
    tolerance:                  On the residual of the solve.

    Returns
    -------
    :  The standard uncertainty of ``asr`` is the width of the bounds over sqrt(12), and that of the conductivity in it
       where it comes from the library; that of the input is not in it. Where the solver did not converge, ``outcome`` says
       so and there are no numbers.

    Raises
    ------
    InvalidInput  if an argument is out of range, or the choice of kinetics, of conductivity or of what is held is not clear.

    Source
    ------
    See ``garnetlab.physics.interface``.

    Examples
    --------
    >>> full = solve_interface([[True]], conductivity=0.05, thickness=1e-3, period=1e-4, charge_transfer_resistance=4e-3)
    >>> print(full.asr.to("ohm cm^2").field_value)
    240.0
    """
    sigma, spread, warnings = _conductivity(conductivity, electrolyte, temperature)
    solution = interface_currents(
        contact,
        conductivity=sigma,
        thickness=thickness,
        period=period,
        charge_transfer_resistance=charge_transfer_resistance,
        exchange_current_density=exchange_current_density,
        temperature=temperature,
        symmetry=symmetry,
        film_resistance=film_resistance,
        second_contact=None if second_contact is None else np.asarray(second_contact),
        second_charge_transfer_resistance=second_charge_transfer_resistance,
        second_exchange_current_density=second_exchange_current_density,
        second_film_resistance=second_film_resistance,
        current_density=current_density,
        voltage=voltage,
        mirror=mirror,
        bounds=bounds,
        tolerance=tolerance,
    )
    details = {
        "iterations": solution.iterations,
        "newton_steps": solution.newton_steps,
        "residual": solution.residual,
        "pixels": list(np.shape(solution.contact)),
        "patchy_faces": 1 if second_contact is None else 2,
    }
    if not solution.converged:
        return InterfaceResult(
            "interface", {}, Outcome.NOT_CONVERGED, details=details, warnings=warnings, solution=solution
        )
    curves = {"contact": np.asarray(solution.contact, dtype=np.float64), "current_density": solution.current_density}
    if solution.second_current_density is not None:
        curves["second_contact"] = np.asarray(solution.second_contact, dtype=np.float64)
        curves["second_current_density"] = solution.second_current_density
    return InterfaceResult(
        "interface",
        _quantities(solution, spread),
        curves={k: np.asarray(v) for k, v in curves.items()},
        details=details,
        warnings=warnings,
        solution=solution,
    )


def _conductivity(
    conductivity: Conductivity | None, electrolyte: str | None, temperature: Temperature | None
) -> tuple[Conductivity, float, tuple[str, ...]]:
    """Return conductivity [S/m] as it was given or from the library, its relative standard uncertainty, and warnings."""
    if conductivity is not None and electrolyte is None:
        return conductivity, 0.0, ()
    if conductivity is not None or electrolyte is None:
        both = "neither" if electrolyte is None else "both"
        message = f"conductivity and electrolyte = {both} given: expected one of them, for example electrolyte='LLZTO'."
        raise InvalidInput(message)
    if temperature is None:
        message = (
            f"temperature = None: expected a temperature in K, on which the conductivity of {electrolyte} depends."
        )
        raise InvalidInput(message)
    quantity, warning = load_material(electrolyte).property("ionic_conductivity", temperature=float(temperature))
    spread = (quantity.std or 0.0) / quantity.value
    return quantity.value, spread, (warning,) if warning else ()


def _quantities(s: InterfaceSolution, spread: float) -> dict[str, Quantity]:
    """Return the named quantities; ``spread`` is the relative standard uncertainty of the conductivity."""
    flow, area = np.asarray(s.current_density), float(s.mean_current_density)
    lost = float(np.mean(flow * s.overpotential))
    if s.second_current_density is not None:
        lost += float(np.mean(np.asarray(s.second_current_density) * np.asarray(s.second_overpotential)))
    ohmic = float(s.asr) - lost / area**2  # the change of asr with -ln(conductivity)
    bounds = None if s.asr_low is None or s.asr_high is None else (float(s.asr_low), float(s.asr_high))
    if bounds is not None and not math.isfinite(bounds[1]):
        bounds = None
    numerical = 0.0 if bounds is None else (bounds[1] - bounds[0]) / math.sqrt(12.0)
    std = math.hypot(numerical, ohmic * spread)
    method = "3-D current through the contact map; the interval holds its exact value"
    return {
        "asr": Quantity(float(s.asr), std if bounds or spread else None, _UNIT, interval=bounds, method=method),
        "slab_resistance": Quantity(float(s.slab), float(s.slab) * spread, _UNIT),
        "kinetic_resistance": Quantity(float(s.kinetics), None, _UNIT, method="faces at one potential"),
        "constriction_resistance": Quantity(
            float(s.constriction),
            math.hypot(numerical, (ohmic - float(s.slab)) * spread) if bounds or spread else None,
            _UNIT,
        ),
        "voltage": Quantity(float(s.voltage), None, "V"),
        "mean_current_density": Quantity(area, None, "mA/cm^2"),
        "peak_to_mean": Quantity(float(np.max(flow)) / area, None, "1", method="largest pixel of the first face"),
        "contact_fraction": Quantity(float(np.mean(np.where(flow != 0, s.contact, 0.0))), None, "1"),
    }


def interface_impedance(
    contact: Fraction,
    *,
    frequencies: Frequency,
    area: Area,
    charge_transfer_resistance: AreaResistance,
    thickness: Length,
    period: Length,
    conductivity: Conductivity | None = None,
    electrolyte: str | None = None,
    temperature: Temperature | None = None,
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
) -> Measurement:
    """Return the impedance of a patchy contact on a slab, as an instrument without noise would give it.

    Parameters
    ----------
    contact:                  Shape (rows, columns), True where there is contact, or the local contact fraction 0 to 1.
    frequencies:              Shape (n,) [Hz].
    area:                     Of the electrode [m^2]; the impedance is that per area over it.
    charge_transfer_resistance: Per true contact area [ohm m^2], one number or a map.
    thickness:                Of the slab [m].
    period:                   Lateral length of the map along its columns [m]; pixels are square.
    conductivity, electrolyte, temperature: As in ``solve_interface``.
    double_layer_capacitance: Per true contact area [F/m^2], one number or a map.
    gap_capacitance:          Of voids, per area of the void [F/m^2].
    film_resistance:          In series with charge transfer and double layer [ohm m^2].
    second_contact:           Of the other face; an equipotential plane if it is not given.
    second_charge_transfer_resistance, second_film_resistance: Of the other face, those of the first if not given.
    permittivity, grain_boundary_share, grain_boundary_time, grain_boundary_exponent: Relaxations of the slab, see
                              ``garnetlab.physics.interface_impedance.slab_resistivity``.
    mirror:                   The edges of the map are planes of symmetry; otherwise it repeats.
    tolerance:                On the residual of the solve.

    Raises
    ------
    InvalidInput  if an argument is out of range.
    SolveFailed   if a frequency did not converge.

    Source
    ------
    See ``garnetlab.physics.interface_impedance``.
    """
    sigma, _, warnings = _conductivity(conductivity, electrolyte, temperature)
    if not 0 < float(area) < math.inf:
        message = f"area = {area}: expected a finite area > 0 in m^2."
        raise InvalidInput(message)
    options: dict[str, Any] = {
        "charge_transfer_resistance": charge_transfer_resistance,
        "conductivity": sigma,
        "thickness": thickness,
        "period": period,
        "double_layer_capacitance": double_layer_capacitance,
        "gap_capacitance": gap_capacitance,
        "film_resistance": film_resistance,
        "second_contact": None if second_contact is None else np.asarray(second_contact),
        "second_charge_transfer_resistance": second_charge_transfer_resistance,
        "second_film_resistance": second_film_resistance,
        "permittivity": permittivity,
        "grain_boundary_share": grain_boundary_share,
        "grain_boundary_time": grain_boundary_time,
        "grain_boundary_exponent": grain_boundary_exponent,
        "mirror": mirror,
        "tolerance": tolerance,
    }
    spectrum = interface_spectrum(contact, np.asarray(frequencies, dtype=np.float64), **options)
    if not spectrum.converged:
        raise SolveFailed(Outcome.NOT_CONVERGED.value)
    faces = 1 if second_contact is None else 2
    metadata: dict[str, float | str] = {"area": float(area), "thickness": float(thickness), "interfaces": faces}
    if temperature is not None:
        metadata["temperature"] = float(temperature)
    return Measurement(
        kind=Kind.IMPEDANCE,
        channels={
            Channel.FREQUENCY: np.asarray(spectrum.frequency),
            Channel.IMPEDANCE: np.asarray(spectrum.asr) / float(area),
        },
        source=SimulationSource(_digest(contact, frequencies, area, options), None, "patchy interface on a slab"),
        metadata=metadata,
        warnings=warnings,
    )


def _digest(contact: Fraction, frequencies: Frequency, area: Area, options: dict[str, Any]) -> str:
    """Return the SHA-256 of all inputs."""
    hasher = hashlib.sha256()
    for array in (contact, frequencies, area, *(options[name] for name in sorted(options))):
        values = np.asarray(0.0 if array is None else array, dtype=np.float64)
        hasher.update(json.dumps([array is None, list(values.shape)]).encode() + values.tobytes())
    return hasher.hexdigest()
