"""A cell of two living faces on a garnet slab, as the virtual tests take it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.library import load_material
from garnetlab.physics._ranges import activated, require_not_negative, require_part
from garnetlab.physics._table import require_positive
from garnetlab.simulate import _mean_field_compiled as kernel
from garnetlab.simulate._face_model import FaceModel

__all__ = ["CellModel", "symmetric_cell"]

# one number each, where the types of ``units`` are arrays as well
_Area = Annotated[float, units.Dim(m=2)]
_Length = Annotated[float, units.Dim(m=1)]

_EPSILON_0 = 8.8541878188e-12  # F/m, CODATA 2022
#: grain boundary of a 10 mm pellet, 1 mm thick; constant phase elements of boundary and double layer
_BOUNDARY_Q, _BOUNDARY_N, _LAYER_N = 6e-8, 0.92, 0.85


@dataclass(frozen=True, slots=True)
class CellModel:
    """Two faces, the slab between them, and what a short is like. SI, at the reference temperature of the slab.

    Parameters
    ----------
    left, right:             Faces; a positive current strips the left and plates the right one.
    area:                    Of the electrodes [m^2].
    thickness:               Of the slab [m].
    conductivity:            Ionic [S/m].
    conduction_energy:       Activation energy of sigma T [J].
    electronic_conductivity: [S/m]; 0 for none.
    reference_temperature:   Of the conductivity [K].
    soft_short:              Resistance of a short as it starts [ohm m^2].
    hard_short:              As it ends [ohm m^2], at most that.
    softening:               Growth of the damage beyond 1 over which the short hardens; 0 for hard at once.
    name:                    As the notebook has it.

    Raises
    ------
    InvalidInput  naming the number that is out of its range.
    """

    left: FaceModel
    right: FaceModel
    area: float
    thickness: float
    conductivity: float
    conduction_energy: float = 0.0
    electronic_conductivity: float = 0.0
    reference_temperature: float = 298.15
    soft_short: float = 50e-4
    hard_short: float = 2e-4
    softening: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        positive = ("area", "thickness", "conductivity", "reference_temperature", "soft_short", "hard_short")
        require_positive(**{n: getattr(self, n) for n in positive})
        require_not_negative(
            conduction_energy=self.conduction_energy,
            electronic_conductivity=self.electronic_conductivity,
            softening=self.softening,
        )
        if self.hard_short > self.soft_short:
            message = (
                f"hard_short = {self.hard_short:g} ohm m^2: expected at most soft_short, {self.soft_short:g} ohm m^2."
            )
            raise InvalidInput(message)

    def slab_resistance(self, temperature: float) -> float:
        """Return L/sigma [ohm m^2] at a temperature."""
        factor = activated(temperature, activation_energy=self.conduction_energy, reference=self.reference_temperature)
        sigma = self.conductivity * float(factor) * self.reference_temperature / temperature
        return self.thickness / sigma

    def row(self, temperature: float) -> NDArray[np.float64]:
        """Return the numbers of the cell that the compiled kernels take, at a temperature."""
        out = np.zeros(6)
        out[kernel.SLAB] = self.slab_resistance(temperature)
        out[kernel.SOFT], out[kernel.HARD], out[kernel.SOFTENING] = self.soft_short, self.hard_short, self.softening
        out[kernel.REST_VOLTAGE] = self.left.potential - self.right.potential
        if self.electronic_conductivity > 0.0:
            out[kernel.LEAK] = self.electronic_conductivity / self.thickness
        return out

    def impedance(
        self, temperature: float, *, left: float, right: float, short: float = math.inf
    ) -> tuple[str, dict[str, float]]:
        """Return circuit and parameters [ohm, F] of the cell at rest.

        Bulk, grain boundary, and one arc for each face whose resistance goes as 1/theta and whose double layer goes as
        theta; a short lies beside all of them.

        Parameters
        ----------
        temperature: [K].
        left, right: Contact fractions, more than 0.
        short:       Resistance of a short [ohm m^2].
        """
        require_part(left=left, right=right)
        share, permittivity = (_garnet(n) for n in ("grain_boundary_share", "relative_permittivity"))
        slab = self.slab_resistance(temperature) / self.area
        scale = self.area / (math.pi * 0.005**2) * (1e-3 / self.thickness)
        values = {
            "R0": slab * (1.0 - share),
            "C0": _EPSILON_0 * permittivity * self.area / self.thickness,
            "R1": slab * share,
            "CPE1.Q": _BOUNDARY_Q * scale**_BOUNDARY_N,
            "CPE1.n": _BOUNDARY_N,
        }
        for place, face, theta in ((2, self.left, left), (3, self.right, right)):
            transfer = face.transfer_resistance(temperature)
            layer = (transfer * max(face.double_layer_capacitance, 1e-12)) ** _LAYER_N / transfer
            values |= {
                f"R{place}": transfer / theta / self.area,
                f"CPE{place}.Q": layer * theta * self.area,
                f"CPE{place}.n": _LAYER_N,
            }
        circuit = "p(R0,C0)-p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)"
        if short < math.inf:
            return f"p({circuit},R4)", {**values, "R4": short / self.area}
        return circuit, values


def symmetric_cell(face: FaceModel, *, area: _Area, thickness: _Length, name: str = "") -> CellModel:
    """Return a cell with twice the same face on the LLZTO of the library."""
    garnet = load_material("LLZTO")
    conductivity = garnet.property("ionic_conductivity", temperature=units.celsius(25.0))[0].value
    return CellModel(
        face,
        face,
        area=area,
        thickness=thickness,
        conductivity=float(conductivity),
        conduction_energy=float(garnet.property("activation_energy", temperature=units.celsius(30.0))[0].value),
        electronic_conductivity=_garnet("electronic_conductivity"),
        name=name,
    )


def _garnet(name: str) -> float:
    return float(load_material("LLZTO").property(name, temperature=units.celsius(25.0))[0].value)
