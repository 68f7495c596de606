r"""Current through a patchy contact on a homogeneous slab: three dimensions, solved on the faces.

The potential of a homogeneous layer is known in lateral Fourier space, so only the current densities J of the contact
pixels are unknown:

.. math:: \eta_i(J_i) + \sum_j Z_{ij} J_j = V, \qquad Z(k) = \frac{\tanh(|k| L)}{\sigma |k|}

with the local overpotential eta, 0 current on voids, and Z projected on currents that are constant on pixels (see
``garnetlab.numerics``). The pattern is periodic; ``mirror`` makes the edges of the map planes of symmetry, as insulating
sides are. The far side is an equipotential plane or a second patchy face. Positive current enters the slab from the first
face (strips lithium there) and leaves it at the second. Resistances are voltage over mean current density.

Valid for a homogeneous, isotropic slab in a steady state without depletion (a single-ion conductor), flat faces, and no
current along voids.

Source
------
The Dirichlet-to-Neumann map of a layer: J. R. Barber, Elasticity and contact 2018, ch. 3-5 gives it for the analogous
contact problem. R. Holm, Electric Contacts, 4th ed., Springer 1967 (constriction). J. Newman, K. E. Thomas-Alyea,
Electrochemical Systems, 3rd ed., Wiley 2004, ch. 18 (secondary current distribution).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from garnetlab.core import InvalidInput
from garnetlab.numerics import Array, Kernels, compiled_kernels, potential_symbol
from garnetlab.physics import _interface_input as given
from garnetlab.physics._interface_bounds import (
    GUARD,
    Corners,
    admittances,
    corner_potential,
    lower_resistance,
    upper_resistance,
)
from garnetlab.physics._interface_even import EvenFace, even_currents
from garnetlab.physics._interface_fields import (
    Currents,
    Local,
    Slab,
    balanced,
    linear_currents,
    make_slab,
    nonlinear_currents,
)
from garnetlab.physics._interface_gap import Problem, nonlinear_bounds
from garnetlab.physics._interface_law import ButlerVolmer
from garnetlab.physics._interface_solution import InterfaceSolution
from garnetlab.physics._table import ParameterRow
from garnetlab.units import AreaResistance, Conductivity, CurrentDensity, Fraction, Length, Temperature, Voltage

__all__ = ["InterfaceSolution", "InterfaceSolver", "interface_currents"]

_STEPS = 3  # improvements of the lower bound; more change it by less than a tenth of the distance of the bounds
_LIMIT = 1000  # conjugate gradient steps of one linear solve; hard cases take 30
_FAR = 1e6  # last mean current over the new: rounding of the last is 1e-10 of the new
_LARGEST_VOLTAGE = 100.0


class InterfaceSolver:
    """A slab of one size that is solved again and again while the map changes; buffers and start values are kept.

    Parameters
    ----------
    shape:        Pixels (rows, columns) of the maps.
    conductivity: Of the slab [S/m], > 0.
    thickness:    Of the slab [m], > 0.
    period:       Lateral length of the map along its columns [m], > 0; pixels are square.
    mirror:       The edges of the map are planes of symmetry; otherwise it repeats.
    patchy_faces: 1, the other face being an equipotential plane, or 2.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        *,
        conductivity: Conductivity,
        thickness: Length,
        period: Length,
        mirror: bool = False,
        patchy_faces: int = 1,
    ) -> None:
        if patchy_faces not in (1, 2):
            message = f"patchy_faces = {patchy_faces}: expected 1 or 2."
            raise InvalidInput(message)
        self.layer = given.layer(
            shape,
            conductivity=given.number("conductivity", conductivity),
            thickness=given.number("thickness", thickness),
            period=given.number("period", period),
            mirror=mirror,
        )
        self._slab = make_slab(self.layer.grid, self.layer.depth, patchy_faces)
        self._kernels: Kernels = compiled_kernels()
        self._space: list[given.Real] = []
        self._corners: Corners | None = None
        self._last: tuple[Array, Array, float] | None = None

    def forget(self) -> None:
        """Start the next solve afresh."""
        self._last = None

    def linear(
        self,
        contact: Fraction,
        *,
        charge_transfer_resistance: AreaResistance,
        film_resistance: AreaResistance = 0.0,
        second_contact: Fraction | None = None,
        second_charge_transfer_resistance: AreaResistance | None = None,
        second_film_resistance: AreaResistance | None = None,
        current_density: CurrentDensity | None = None,
        voltage: Voltage | None = None,
        tolerance: Fraction = 1e-8,
        bounds: bool = False,
    ) -> InterfaceSolution:
        """Return the currents under a local resistance; see ``interface_currents`` for the arguments.

        Raises
        ------
        InvalidInput  if an argument cannot be used.
        """
        given.second_face(
            self._slab.faces,
            second_contact=second_contact,
            second_charge_transfer_resistance=second_charge_transfer_resistance,
            second_film_resistance=second_film_resistance,
        )
        slab, faces = self.layer, [given.contact_of_shape(contact, self.layer.shape, "contact")]
        local = given.local_resistance(slab, faces[0], charge_transfer_resistance, film_resistance)
        kinetics = [_parallel(local)]
        if self._slab.faces == 2:
            faces.append(
                given.contact_of_shape(
                    contact if second_contact is None else second_contact, self.layer.shape, "second_contact"
                )
            )
            own = second_charge_transfer_resistance
            own = charge_transfer_resistance if own is None else own
            film = film_resistance if second_film_resistance is None else second_film_resistance
            second = given.local_resistance(slab, faces[1], own, film, "second_contact")
            kinetics.append(_parallel(second))
            local = given.joined(local, second)
        at_voltage, value = _drive(current_density, voltage, default=True)
        goal = given.goal(tolerance)
        found = self._from_last(
            local.on,
            bounds,
            lambda start: linear_currents(self._kernels, self._slab, local, start=start, tolerance=goal, limit=_LIMIT),
        )
        limits = self._linear_bounds(local, found) if bounds and found.converged else None
        if (
            limits is not None
        ):  # its energy is better than the mean of an unfinished solve, and never outside the bounds
            found = replace(found, voltage=found.flow * (limits[1] / (1.0 + GUARD)))
        flow = value / (float(found.voltage[0]) * slab.unit) if at_voltage else value / float(found.flow[0])
        current = found.current * flow
        eta = current * ((local.resistance if local.uniform is None else local.uniform) * slab.unit)
        return self._solution(found, flow, (current, eta), sum(kinetics), limits, faces=faces, linear=True)

    def butler_volmer(
        self,
        contact: Fraction,
        *,
        exchange_current_density: CurrentDensity,
        temperature: Temperature,
        symmetry: Fraction = 0.5,
        film_resistance: AreaResistance = 0.0,
        second_contact: Fraction | None = None,
        second_exchange_current_density: CurrentDensity | None = None,
        second_film_resistance: AreaResistance | None = None,
        current_density: CurrentDensity | None = None,
        voltage: Voltage | None = None,
        tolerance: Fraction = 1e-8,
        bounds: bool = False,
    ) -> InterfaceSolution:
        """Return the currents under Butler-Volmer kinetics; see ``interface_currents`` for the arguments.

        Raises
        ------
        InvalidInput  if an argument cannot be used.
        """
        given.second_face(
            self._slab.faces,
            second_contact=second_contact,
            second_exchange_current_density=second_exchange_current_density,
            second_film_resistance=second_film_resistance,
        )
        slab, face = self.layer, given.contact_of_shape(contact, self.layer.shape, "contact")
        warm = given.number("temperature", temperature)
        state = given.State(given.number("symmetry", symmetry), warm, self._space)
        law = given.butler_volmer_face(slab, face, exchange_current_density, film_resistance, state, second=False)
        if self._slab.faces == 2:
            second = given.contact_of_shape(
                contact if second_contact is None else second_contact, self.layer.shape, "second_contact"
            )
            film = film_resistance if second_film_resistance is None else second_film_resistance
            exchange = second_exchange_current_density
            exchange = exchange_current_density if exchange is None else exchange
            law = given.both(law, given.butler_volmer_face(slab, second, exchange, film, state, second=True))
        at_voltage, value = _drive(current_density, voltage, default=False)
        thermal = given.thermal_voltage(warm)
        unit = thermal / slab.unit
        reduced, goal = value / (thermal if at_voltage else unit), given.goal(tolerance)
        found = self._from_last(
            law.on,
            bounds,
            lambda start: _newton((self._kernels, self._slab, law), start, reduced, goal, at_voltage=at_voltage),
        )
        limits = None
        if bounds and found.converged:
            problem = Problem(self._kernels, self._slab, self._bilinear(), law, _STEPS)
            limits = nonlinear_bounds(problem, found, fixed_current=not at_voltage)
            if not at_voltage:  # that of an unfinished solve may lie outside
                found = replace(found, voltage=np.clip(found.voltage, *(limit * found.flow for limit in limits)))
        flow = float(found.flow[0])
        kinetics = 0.0
        if found.converged:
            kinetics = sum(EvenFace(law, f).overpotential(flow) for f in range(self._slab.faces)) / flow
        faces = [face] if self._slab.faces == 1 else [face, second]
        eta = np.zeros_like(found.current) if found.eta is None else found.eta * thermal
        return self._solution(found, unit, (found.current * unit, eta), kinetics, limits, faces=faces, linear=False)

    def _start(self, on: Array) -> Array | None:
        """Return start values from the last map: its currents where there is still contact, their mean where it is new."""
        if self._last is None:
            return None
        current, before, _ = self._last
        if not np.all(np.any(on & before, axis=(-2, -1))):
            return None  # a face has lost all its contact: there is nothing to start from
        current *= on
        fresh = on & ~before
        if fresh.any():
            current[fresh] = float(np.sum(current)) / max(int(np.count_nonzero(on & before)), 1)
        if self._slab.faces == 2:
            current *= float(np.mean(current)) / np.mean(current, axis=(-2, -1), keepdims=True)
        return current

    def _from_last(self, on: Array, bounds: bool, solve: Callable[[Array | None], Currents]) -> Currents:
        """Return what ``solve`` finds from the last currents; afresh where they are so large that their rounding would show.

        The bounds solve again in the same memory, so with them the currents are copied.
        """
        start = self._start(on)
        found = solve(start)
        if start is not None and self._last is not None and not self._last[2] <= _FAR * float(found.flow[0]):
            found = solve(None)
        flow = float(found.flow[0])
        if found.converged and (bounds or self._slab.faces == 2):
            found = replace(found, current=balanced(found.current.copy()))
        self._last = (found.current, on.copy(), flow) if found.converged and flow > 0 else None
        return found

    def _bilinear(self) -> Corners:
        if self._corners is None:
            same, mixed = potential_symbol(self.layer.grid, self.layer.depth)
            self._corners = Corners(same[None, None] if self._slab.faces == 1 else np.stack((same, mixed))[None])
        return self._corners

    def _linear_bounds(self, local: Local, found: Currents) -> tuple[float, float]:
        high = upper_resistance(self._kernels, self._slab, local, found.current)
        start = corner_potential(self._kernels, self._slab, local, found.current, high)
        low, _ = lower_resistance(self._kernels, self._bilinear(), local, start, steps=_STEPS)
        return float(low[0]), float(high[0])

    def _solution(
        self,
        found: Currents,
        scale: float,
        maps: tuple[given.Real, given.Real],
        kinetics: float,
        limits: tuple[float, float] | None,
        *,
        faces: list[given.Real],
        linear: bool,
    ) -> InterfaceSolution:
        """Return the solution in SI from reduced resistances and fields in SI; ``scale`` is the unit of the current."""
        slab, fold, (current, eta) = self.layer, self.layer.fold, maps
        asr = float(found.voltage[0] / found.flow[0]) * slab.unit
        own, mean = slab.thickness / slab.conductivity, float(found.flow[0]) * scale
        two = current.shape[1] == 2
        return InterfaceSolution(
            asr=asr,
            asr_low=None if limits is None else limits[0] * slab.unit,
            asr_high=None if limits is None else limits[1] * slab.unit,
            voltage=asr * mean,
            mean_current_density=mean,
            contact=faces[0].copy(),  # the caller may change its map in place
            current_density=fold(current[0, 0]),
            overpotential=fold(eta[0, 0]),
            second_contact=faces[1].copy() if two else None,
            second_current_density=fold(current[0, 1]) if two else None,
            second_overpotential=fold(eta[0, 1]) if two else None,
            slab=own,
            kinetics=kinetics * slab.unit,
            constriction=asr - own - kinetics * slab.unit,
            linear=linear,
            iterations=found.iterations,
            newton_steps=found.newton,
            residual=given.decade(float(np.max(found.residual))),
            converged=found.converged,
        )


def _parallel(local: Local) -> float:
    """Return the reduced resistance of a face whose surface is at one potential."""
    if local.uniform is not None:
        return float(local.uniform * local.on.size / np.count_nonzero(local.on))
    return 1.0 / float(np.mean(admittances(local, np)))


def _newton(
    system: tuple[Kernels, Slab, ButlerVolmer], start: Array | None, value: float, tolerance: float, *, at_voltage: bool
) -> Currents:
    """Return the reduced currents at a voltage or a mean current density, from those of even faces where there is no start."""
    _, slab, law = system
    if start is None:
        start = even_currents(law, float(slab.depth), value, at_voltage=at_voltage)
    if not at_voltage:
        start = start * (value / np.mean(start, axis=(-2, -1), keepdims=True))
    goal = np.array([value]) if at_voltage else None
    return nonlinear_currents(*system, start, voltage=goal, tolerance=tolerance, limit=_LIMIT)


def _drive(current_density: CurrentDensity | None, voltage: Voltage | None, *, default: bool) -> tuple[bool, float]:
    """Return whether the voltage is held, and what is held; 1 A/m^2 where a linear problem leaves it open."""
    choice = given.one_of(
        {"current_density": current_density, "voltage": voltage}, "the one that is held", none=default
    )
    value = 1.0
    if choice is not None:
        value = given.number(choice, current_density if choice == "current_density" else voltage)
    if not (np.isfinite(value) and value > 0):
        message = f"{choice} = {value:g}: expected a finite number > 0 in SI. Swap the faces for the other direction."
        raise InvalidInput(message)
    if not 1.0 / given.LARGEST <= value <= given.LARGEST:
        message = f"{choice} = {value:g}: expected {1.0 / given.LARGEST:g} to {given.LARGEST:g} in SI. Check the unit."
        raise InvalidInput(message)
    if choice == "voltage" and value > _LARGEST_VOLTAGE:
        message = f"voltage = {value:g} V: expected at most {_LARGEST_VOLTAGE:g} V. Pass volts, not millivolts."
        raise InvalidInput(message)
    return choice == "voltage", value


def interface_currents(
    contact: Fraction,
    *,
    conductivity: Conductivity,
    thickness: Length,
    period: Length,
    charge_transfer_resistance: AreaResistance | None = None,
    exchange_current_density: CurrentDensity | None = None,
    temperature: Temperature | None = None,
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
) -> InterfaceSolution:
    """Return the currents through one or two patchy faces of a slab.

    Parameters
    ----------
    contact:                    Shape (rows, columns), True where there is contact, or the local contact fraction 0 to 1.
    conductivity:               Of the slab [S/m].
    thickness:                  Of the slab [m].
    period:                     Lateral length of the map along its columns [m]; pixels are square.
    charge_transfer_resistance: Per true contact area [ohm m^2], one number or a map; linear kinetics. Infinite: no contact.
    exchange_current_density:   Per true contact area [A/m^2], one number or a map; Butler-Volmer kinetics.
    temperature:                [K], of Butler-Volmer kinetics.
    symmetry:                   Share of the overpotential that drives the cathodic direction, as in ``kinetics``.
    film_resistance:            In series with the charge transfer, per true contact area [ohm m^2], one number or a map.
    second_contact:             Of the other face; an equipotential plane if it is not given.
    second_charge_transfer_resistance, second_exchange_current_density, second_film_resistance: Of the other face, those of
                                the first if not given.
    current_density:            Mean current density held [A/m^2]; 1 by default with linear kinetics.
    voltage:                    Held between the electrodes [V].
    mirror:                     The edges of the map are planes of symmetry, as insulating sides are; otherwise it repeats.
    bounds:                     Compute certified bounds of the resistance.
    tolerance:                  On the residual.

    Raises
    ------
    InvalidInput  if an argument is out of range, or the choice of kinetics or of what is held is not clear.

    Source
    ------
    See the head of this module.
    """
    kind = given.one_of(
        {
            "charge_transfer_resistance": charge_transfer_resistance,
            "exchange_current_density": exchange_current_density,
        },
        "the first for linear and the second for Butler-Volmer kinetics",
    )
    linear = kind == "charge_transfer_resistance"
    if linear:
        unused = {"second_exchange_current_density": second_exchange_current_density}
        given.without_effect(unused | {"symmetry": None if symmetry == 0.5 else symmetry}, "the kinetics are linear")
    else:
        unused = {"second_charge_transfer_resistance": second_charge_transfer_resistance}
        given.without_effect(unused, "the kinetics are Butler-Volmer on both faces")
    solver = InterfaceSolver(
        given.contact_map(contact).shape,
        conductivity=conductivity,
        thickness=thickness,
        period=period,
        mirror=mirror,
        patchy_faces=1 if second_contact is None else 2,
    )
    if linear:
        return solver.linear(
            contact,
            charge_transfer_resistance=charge_transfer_resistance,  # type: ignore[arg-type]
            film_resistance=film_resistance,
            second_contact=second_contact,
            second_charge_transfer_resistance=second_charge_transfer_resistance,
            second_film_resistance=second_film_resistance,
            current_density=current_density,
            voltage=voltage,
            tolerance=tolerance,
            bounds=bounds,
        )
    if temperature is None:
        message = "temperature = None: expected a temperature in K for Butler-Volmer kinetics, for example 298.15."
        raise InvalidInput(message)
    return solver.butler_volmer(
        contact,
        exchange_current_density=exchange_current_density,  # type: ignore[arg-type]
        temperature=temperature,
        symmetry=symmetry,
        film_resistance=film_resistance,
        second_contact=second_contact,
        second_exchange_current_density=second_exchange_current_density,
        second_film_resistance=second_film_resistance,
        current_density=current_density,
        voltage=voltage,
        tolerance=tolerance,
        bounds=bounds,
    )


PARAMETERS = (
    ParameterRow("conductivity", "S/m", None, 1e-3, 0.2, "LLZTO 0.02 to 0.1 S/m at 25 degC: the library of materials"),
    ParameterRow("thickness", "m", None, 1e-6, 5e-3, "films of 1 um to pellets of 5 mm"),
    ParameterRow("period", "m", None, 1e-7, 1e-2, "some ten times the size of the patches"),
    ParameterRow("charge_transfer_resistance", "ohm m^2", None, 1e-7, 1e-1, "0.001 to 1000 ohm cm^2"),
    ParameterRow("exchange_current_density", "A/m^2", None, 1e-3, 1e4, "as charge_transfer_resistance at 25 degC"),
    ParameterRow("film_resistance", "ohm m^2", 0.0, 0.0, 1e-1, "none to 1000 ohm cm^2"),
    ParameterRow("symmetry", "1", 0.5, 0.3, 0.7, "as in kinetics"),
)

_STRIPE = np.array([[True, False]])

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (
        interface_currents,
        {
            "contact": np.array([[1.0, 0.0, 0.3], [0.0, 0.0, 1.0]]),
            "conductivity": 0.05,
            "thickness": 1e-3,
            "period": 3e-4,
            "charge_transfer_resistance": 4e-3,
            "film_resistance": 1e-3,
            "voltage": 0.5,
        },
        "see tests/physics/test_interface.py",
        "a map with a partly wetted pixel, against finite volumes",
    ),
    (
        interface_currents,
        {
            "contact": _STRIPE,
            "conductivity": 0.05,
            "thickness": 1e-3,
            "period": 3e-4,
            "exchange_current_density": 5.0,
            "temperature": 298.15,
            "film_resistance": 1e-3,
            "second_contact": _STRIPE,
            "current_density": 20.0,
        },
        "see tests/physics/test_interface.py",
        "a striped face, against finite volumes",
    ),
]
