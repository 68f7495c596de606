"""Units, dimensions and quantities.

Inside the package every number is a plain SI float (or float64 array) whose dimension stands in its
annotation; text with units is parsed once, at the edge. This module needs the standard library only.

Physical constants are the exact CODATA values of the 2019 SI (BIPM, SI Brochure, 9th ed.). Read them as
``units.F``, never by ``from units import F``: the dimension tests rescale them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

from garnetlab.units._dim import NONE, Dim, UnitError
from garnetlab.units._parse import Unit, example_of, format_exact, format_value, parse, parse_unit, pretty_unit
from garnetlab.units._quantity import Quantity, format_pair

__all__ = [
    "F",
    "NONE",
    "N_A",
    "R",
    "ZERO_CELSIUS",
    "Amount",
    "Area",
    "AreaResistance",
    "ArealCapacitance",
    "ArealCharge",
    "Capacitance",
    "Charge",
    "Complex",
    "ComplexAreaResistance",
    "ComplexResistivity",
    "Conductance",
    "Conductivity",
    "ConductivityTemperature",
    "Current",
    "CurrentDensity",
    "Density",
    "Dim",
    "Energy",
    "Fraction",
    "Frequency",
    "Impedance",
    "Inductance",
    "Length",
    "MPa",
    "Mass",
    "MolarEnergy",
    "MolarVolume",
    "Number",
    "Permittivity",
    "Pressure",
    "Quantity",
    "Real",
    "Resistance",
    "S_cm",
    "Temperature",
    "Time",
    "Unit",
    "UnitError",
    "Voltage",
    "Volume",
    "WarburgCoefficient",
    "celsius",
    "cm",
    "cm2",
    "e",
    "eV",
    "example_of",
    "format_exact",
    "format_pair",
    "format_value",
    "hour",
    "k_B",
    "mA_cm2",
    "mAh_cm2",
    "minute",
    "mm",
    "nm",
    "ohm_cm2",
    "parse",
    "parse_unit",
    "pretty_unit",
    "um",
]

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Real: TypeAlias = float | NDArray[np.float64]
    Complex: TypeAlias = complex | NDArray[np.complex128]
else:
    Real = float
    Complex = complex

#: elementary charge [C]
e = 1.602176634e-19
#: Avogadro constant [1/mol]
N_A = 6.02214076e23
#: Boltzmann constant [J/K]
k_B = 1.380649e-23
#: Faraday constant [C/mol]
F = 96485.33212331001
#: molar gas constant [J/(mol K)]
R = 8.31446261815324
#: 0 degC in kelvin [K]
ZERO_CELSIUS = 273.15

_M, _KG, _S, _A, _K, _MOL = Dim(m=1), Dim(kg=1), Dim(s=1), Dim(A=1), Dim(K=1), Dim(mol=1)
_J = Dim(kg=1, m=2, s=-2)
_V = _J / (_A * _S)
_OHM = _V / _A

# Annotated SI types. A scalar or an array of the same dimension.
Fraction = Annotated[Real, NONE]
Number = Annotated[Real, NONE]
Length = Annotated[Real, _M]
Area = Annotated[Real, _M**2]
Volume = Annotated[Real, _M**3]
Time = Annotated[Real, _S]
Frequency = Annotated[Real, _S**-1]
Mass = Annotated[Real, _KG]
Density = Annotated[Real, _KG / _M**3]
Amount = Annotated[Real, _MOL]
Temperature = Annotated[Real, _K]
Pressure = Annotated[Real, _J / _M**3]
Energy = Annotated[Real, _J]
MolarEnergy = Annotated[Real, _J / _MOL]
MolarVolume = Annotated[Real, _M**3 / _MOL]
Voltage = Annotated[Real, _V]
Current = Annotated[Real, _A]
CurrentDensity = Annotated[Real, _A / _M**2]
Charge = Annotated[Real, _A * _S]
ArealCharge = Annotated[Real, _A * _S / _M**2]
Resistance = Annotated[Real, _OHM]
Conductance = Annotated[Real, _OHM**-1]
AreaResistance = Annotated[Real, _OHM * _M**2]
Conductivity = Annotated[Real, _OHM**-1 / _M]
ConductivityTemperature = Annotated[Real, _OHM**-1 / _M * _K]
Capacitance = Annotated[Real, _A * _S / _V]
ArealCapacitance = Annotated[Real, _A * _S / _V / _M**2]
Inductance = Annotated[Real, _OHM * _S]
WarburgCoefficient = Annotated[Real, _OHM * _S**-0.5]
Impedance = Annotated[Complex, _OHM]
ComplexAreaResistance = Annotated[Complex, _OHM * _M**2]
ComplexResistivity = Annotated[Complex, _OHM * _M]
Permittivity = Annotated[Real, _A * _S / _V / _M]

# Plain factors for input helpers: ``0.2 * mA_cm2``.
nm, um, mm, cm = 1e-9, 1e-6, 1e-3, 1e-2
cm2 = 1e-4
minute, hour = 60.0, 3600.0
mA_cm2 = 10.0
mAh_cm2 = 36000.0
ohm_cm2 = 1e-4
S_cm = 100.0
eV = 1.602176634e-19
MPa = 1e6


def celsius(temperature: float) -> float:
    """Return the thermodynamic temperature [K] of ``temperature`` degrees Celsius."""
    return temperature + ZERO_CELSIUS
