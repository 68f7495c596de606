"""Many patchy interfaces at once, on any array library that follows the array API standard.

One algorithm serves numpy, CuPy, PyTorch and JAX: arrays stay in the library, and on the device, of ``contact``. On numpy
each cell is solved by compiled code after the other, which keeps it in the cache of the processor; elsewhere the batch is one
array operation after the other over all cells. Double precision throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from garnetlab.core import InvalidInput
from garnetlab.numerics import Array, GenericKernels, Kernels, compiled_kernels
from garnetlab.physics import _interface_input as given
from garnetlab.physics._interface_fields import (
    Currents,
    Local,
    Slab,
    linear_currents,
    make_slab,
    nonlinear_currents,
    wide,
)
from garnetlab.physics._interface_law import butler_volmer_law
from garnetlab.physics._table import ParameterRow, require_fraction
from garnetlab.units import AreaResistance, Conductivity, CurrentDensity, Fraction, Length, Temperature, Voltage

__all__ = ["InterfaceBatch", "interface_batch"]

_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class InterfaceBatch:
    """Resistances and currents of many cells, in the array library of the maps.

    Parameters
    ----------
    asr:             Voltage over mean current density, slab included, shape (batch,) [ohm m^2].
    current_density: Shape (batch, rows, columns) [A/m^2], over the area of the pixel.
    voltage:         Shape (batch,) [V].
    iterations:      Conjugate gradient steps, the most of any cell.
    converged:       Whether every cell met the tolerance; if not, no number here may be used.
    """

    asr: AreaResistance
    current_density: CurrentDensity
    voltage: Voltage
    iterations: int
    converged: bool


def interface_batch(
    contact: Fraction,
    *,
    conductivity: Conductivity,
    thickness: Length,
    period: Length,
    charge_transfer_resistance: AreaResistance | None = None,
    exchange_current_density: CurrentDensity | None = None,
    temperature: Temperature | None = None,
    symmetry: Fraction = 0.5,
    current_density: CurrentDensity | None = None,
    voltage: Voltage | None = None,
    tolerance: Fraction = 1e-8,
) -> InterfaceBatch:
    """Return resistances and currents of many patchy faces of equal slabs, each against an equipotential plane.

    Parameters
    ----------
    contact:                    Shape (batch, rows, columns), an array of any array library: True or False, or fractions 0 to 1.
    conductivity:               Of the slabs [S/m].
    thickness:                  Of the slabs [m].
    period:                     Lateral length of the maps along their columns [m]; the maps repeat, pixels are square.
    charge_transfer_resistance: Per true contact area [ohm m^2], a number or one per cell; linear kinetics.
    exchange_current_density:   Per true contact area [A/m^2], a number or one per cell; Butler-Volmer kinetics.
    temperature:                [K], of Butler-Volmer kinetics.
    symmetry:                   Share of the overpotential that drives the cathodic direction.
    current_density:            Mean current density held [A/m^2], a number or one per cell; 1 by default if linear.
    voltage:                    Held [V], a number or one per cell.
    tolerance:                  On the residual.

    Raises
    ------
    InvalidInput  if an argument is out of range.

    Source
    ------
    See ``garnetlab.physics.interface``, whose method this is.
    """
    from array_api_compat import array_namespace, is_numpy_array

    array = np.asarray(contact) if isinstance(contact, list | tuple | float | int) else contact
    numpy = is_numpy_array(array)
    xp = array_namespace(array)
    batch = _Batch(array, xp)
    layer = given.layer(batch.shape, conductivity=float(conductivity), thickness=float(thickness), period=float(period))
    kind = given.one_of(
        {
            "charge_transfer_resistance": charge_transfer_resistance,
            "exchange_current_density": exchange_current_density,
        },
        "the first for linear and the second for Butler-Volmer kinetics",
    )
    linear = kind == "charge_transfer_resistance"
    held = given.one_of({"current_density": current_density, "voltage": voltage}, "the one that is held", none=linear)
    drive = batch.numbers(
        1.0 if held is None else current_density if held == "current_density" else voltage, held or ""
    )
    potential = 1.0 if linear else given.thermal_voltage(float(temperature)) if temperature is not None else None
    if potential is None:
        message = "temperature = None: expected a temperature in K for Butler-Volmer kinetics, for example 298.15."
        raise InvalidInput(message)
    require_fraction(symmetry=symmetry)
    local = batch.numbers(charge_transfer_resistance if linear else exchange_current_density, str(kind))
    job = _Job(layer, linear, held == "voltage", 1.0 - float(symmetry), float(potential), given.goal(tolerance))
    slab = make_slab(layer.shape, layer.depth, 1)
    if numpy:
        kernels = compiled_kernels()
        cells = [
            job.solve(kernels, slab, batch.fraction[n : n + 1], local[n : n + 1], drive[n : n + 1])
            for n in range(len(local))
        ]
        return _gather(cells)
    symbols = Slab(batch.place(slab.symbol), batch.place(slab.whole), slab.depth)
    return job.solve(GenericKernels(xp), symbols, batch.fraction, local, drive)


class _Batch:
    """Checked maps of shape (batch, 1, rows, columns) in their own library, as contact fractions."""

    def __init__(self, contact: Array, xp: Any) -> None:
        if contact.ndim != 3 or 0 in contact.shape:
            message = (
                f"contact = array of shape {tuple(contact.shape)}: expected three dimensions (batch, rows, columns)."
            )
            raise InvalidInput(message)
        self._xp, self._like = xp, contact
        self.shape = (int(contact.shape[1]), int(contact.shape[2]))
        fraction = xp.astype(contact, xp.float64)[:, None, :, :]
        if isinstance(fraction, np.ndarray):
            fraction = np.ascontiguousarray(fraction)  # compiled code runs along the memory
        if not bool(xp.all((fraction >= 0) & (fraction <= 1))):
            message = "contact = a value outside 0 to 1, or NaN: expected True or False, or contact fractions."
            raise InvalidInput(message)
        empty = ~xp.any(fraction > 0, axis=(1, 2, 3))
        if bool(xp.any(empty)):
            message = f"contact = no pixel in contact in cell {int(xp.argmax(xp.astype(empty, xp.int64)))}: no current can flow."
            raise InvalidInput(message)
        self.fraction = fraction

    def place(self, values: Any) -> Array:
        """Return numbers as an array of the library, on the device of the maps."""
        from array_api_compat import device

        return self._xp.asarray(values, dtype=self._xp.float64, device=device(self._like))

    def numbers(self, value: Any, name: str) -> Array:
        """Return one number per cell, each > 0."""
        own = isinstance(value, type(self._like)) and not isinstance(value, np.ndarray)
        host = value if own else np.asarray(value, dtype=np.float64)
        count = self.fraction.shape[0]
        if host.ndim > 1 or (host.ndim == 1 and host.shape[0] != count):
            message = (
                f"{name} = array of shape {tuple(host.shape)}: expected one number, or one for each of {count} cells."
            )
            raise InvalidInput(message)
        array = self._xp.broadcast_to(host if own else self.place(host), (count,)) + 0.0
        if not bool(self._xp.all((array > 0) & self._xp.isfinite(array))):
            message = f"{name} = {value}: expected finite numbers > 0 in SI."
            raise InvalidInput(message)
        return array


@dataclass(frozen=True, slots=True)
class _Job:
    layer: given.Layer
    linear: bool
    at_voltage: bool
    share: float
    potential: float
    tolerance: float

    def solve(self, kernels: Kernels, slab: Slab, fraction: Array, local: Array, drive: Array) -> InterfaceBatch:
        """Return the solution of the cells given, as one batch."""
        xp, unit = kernels.xp, self.layer.unit
        on = fraction > 0
        part = xp.where(on, fraction, xp.ones_like(fraction))
        if self.linear:
            values = xp.where(on, wide(local) / unit / part, xp.ones_like(part))
            found = linear_currents(kernels, slab, Local(on, values), tolerance=self.tolerance, limit=_LIMIT)
            scale = drive / found.voltage / unit if self.at_voltage else drive / found.flow
            return self._result(found, found.voltage / found.flow * unit, scale)
        exchange = xp.where(on, fraction * wide(local) * unit / self.potential, xp.zeros_like(fraction))
        space: list[Array] | None = None if isinstance(kernels, GenericKernels) else []
        law = butler_volmer_law(exchange, xp.zeros_like(exchange), (self.share,), xp, space)
        values = xp.where(on, 1.0 / xp.where(on, exchange, part), part)
        rough = linear_currents(kernels, slab, Local(on, values), tolerance=1e-3, limit=_LIMIT)
        goal = drive / self.potential
        start = rough.current * wide(goal / rough.voltage if self.at_voltage else goal * unit / rough.flow)
        found = nonlinear_currents(
            kernels, slab, law, start, voltage=goal if self.at_voltage else None, tolerance=self.tolerance, limit=_LIMIT
        )
        return self._result(found, found.voltage / found.flow * unit, self.potential / unit + 0.0 * drive)

    def _result(self, found: Currents, asr: Array, scale: Array) -> InterfaceBatch:
        current = (found.current * wide(scale))[:, 0, :, :]
        voltage = asr * found.flow * scale
        return InterfaceBatch(asr, current, voltage, found.iterations, found.converged)


def _gather(cells: list[InterfaceBatch]) -> InterfaceBatch:
    return InterfaceBatch(
        np.concatenate([np.asarray(cell.asr) for cell in cells]),
        np.concatenate([np.asarray(cell.current_density) for cell in cells]),
        np.concatenate([np.asarray(cell.voltage) for cell in cells]),
        max(cell.iterations for cell in cells),
        all(cell.converged for cell in cells),
    )


PARAMETERS = (
    ParameterRow("charge_transfer_resistance", "ohm m^2", None, 1e-7, 1e-1, "0.001 to 1000 ohm cm^2"),
    ParameterRow("exchange_current_density", "A/m^2", None, 1e-3, 1e4, "as charge_transfer_resistance at 25 degC"),
)

_MAPS = np.array([[[1.0, 0.0, 0.3], [0.0, 0.0, 1.0]], [[1.0, 1.0, 0.3], [0.0, 0.2, 1.0]]])

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (
        interface_batch,
        {
            "contact": _MAPS,
            "conductivity": 0.05,
            "thickness": 1e-3,
            "period": 3e-4,
            "charge_transfer_resistance": np.array([4e-3, 5e-3]),
            "voltage": 0.5,
        },
        "cell by cell what interface_currents gives",
        "tests/physics/test_interface_batch.py",
    ),
    (
        interface_batch,
        {
            "contact": _MAPS,
            "conductivity": 0.05,
            "thickness": 1e-3,
            "period": 3e-4,
            "exchange_current_density": 5.0,
            "temperature": 298.15,
            "symmetry": 0.3,
            "current_density": 20.0,
        },
        "cell by cell what interface_currents gives",
        "tests/physics/test_interface_batch.py",
    ),
]
