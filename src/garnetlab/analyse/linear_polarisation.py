"""The slope of the voltage at rest to a resistance, and with that of the electrolyte to the interfaces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.analyse._series_resistance import resistance_from
from garnetlab.analyse._tafel_fit import Sweep, inflation, sweep_of
from garnetlab.core import InvalidInput, Measurement, Outcome, Result
from garnetlab.physics.kinetics import exchange_current_density_from_resistance
from garnetlab.units import Quantity

Floats = NDArray[np.float64]
_Voltage = Annotated[float, units.Dim(kg=1, m=2, s=-3, A=-1)]

__all__ = ["analyse_linear_polarisation"]

_REACH = 1.0  # R T/F over each face
_LEAST = 6  # records within the window
#: of what the fifth order changes in the slope, at most what is left: 0.05 for equal faces of a symmetry of 1/2 over the window,
#: 0.1 for exchange currents of 1 to 3, 0.21 for a face that alone makes the resistance
_LEFT = 0.2
_POOR = 0.05  # rms of the residual over the largest overpotential


@dataclass(frozen=True, slots=True)
class RestSlope:
    """Rest voltage [V] and slope there [ohm m^2], each with its standard uncertainty; the records that were used."""

    rest: tuple[float, float]
    slope: tuple[float, float]
    inside: NDArray[np.bool_]
    fit: Floats
    rms: float


def analyse_linear_polarisation(
    measurement: Measurement,
    *,
    electrolyte_resistance: Quantity | Measurement | None = None,
    window: _Voltage | None = None,
) -> Result:
    """Return the resistance of a cell at rest from a sweep through its rest voltage.

    Within the window a polynomial of the fifth order in the current is fitted, odd for a symmetric cell, so that the bend of
    the kinetics does not enter the slope. The seventh order leaves at most a fifth of what the fifth changed, and that is part
    of the uncertainty; a window wider than the default one leaves more. What is not electrolyte is interface: charge transfer
    and films together. The standard uncertainty is that of which 1.96 make 95 %, also for few records.

    Parameters
    ----------
    measurement:            Voltage and current; its metadata hold ``area`` [m^2], ``temperature`` [K] and ``interfaces``.
    electrolyte_resistance: From impedance, with its standard uncertainty [ohm], or the spectrum itself.
    window:                 Reach of the voltage to both sides of rest [V]; by default R T/F over each face.

    Returns
    -------
    :  ``total_resistance`` [ohm cm^2], ``total_resistance_of_cell`` [ohm], ``rest_potential`` [mV]; with the electrolyte also
       ``interface_resistance`` of one face [ohm cm^2], ``interface_resistance_of_face`` [ohm], ``electrolyte_resistance``
       [ohm] and ``exchange_current_density_least`` R T/(F R) [mA/cm^2], the exchange current density if there is no film,
       and less than it if there is one. Curves: ``voltage``, ``current_density``, ``fit``. POOR_FIT where no line is there.

    Raises
    ------
    InvalidInput  if the sweep does not pass through rest, or has too few records within the window.
    MissingInput  if area or temperature is not known.

    Source
    ------
    M. Stern, A. L. Geary, J. Electrochem. Soc. 104 (1957) 56; Bard & Faulkner (2001), eq. 3.4.13.
    """
    known = (
        None if electrolyte_resistance is None else resistance_from(electrolyte_resistance, "electrolyte", measurement)
    )
    sweep = sweep_of(measurement, None, 0.5, "linear polarisation")
    if window is not None and not 0.0 < window < math.inf:
        message = f"window = {window} V: expected a finite voltage > 0."
        raise InvalidInput(message)
    reach = _REACH * sweep.thermal * sweep.interfaces if window is None else window
    found = slope_at_rest(sweep, reach)
    poor = found.rms > _POOR * reach
    lost = found.slope[0] <= 2.0 * found.slope[1]
    warnings = list(measurement.warnings)
    if poor:
        warnings.append(
            f"the voltages scatter by {found.rms * 1e3:.3g} mV about the line: forward and backward sweep differ, or the cell is"
            " not at a steady state. Sweep more slowly."
        )
    elif lost:
        warnings.append(
            f"the slope of {found.slope[0] * 1e4:.3g} ohm cm^2 is no more than two standard uncertainties of"
            f" {found.slope[1] * 1e4:.3g}: record more points about rest."
        )
    if known is None:
        warnings.append(
            "the resistance of the electrolyte is not given, so the interfaces are not told from it. Give it from impedance."
        )
    quantities = _quantities(sweep, found, known, warnings)
    return Result(
        analysis="linear-polarisation",
        quantities=quantities,
        outcome=Outcome.POOR_FIT if poor else Outcome.NOT_IDENTIFIABLE if lost else Outcome.SUCCESS,
        curves={
            "voltage": sweep.voltage[found.inside],
            "current_density": sweep.current[found.inside],
            "fit": found.fit,
        },
        details={
            "area_cm2": sweep.area * 1e4,
            "interfaces": sweep.interfaces,
            "temperature": sweep.temperature,
            "window_V": reach,
            "points": int(found.inside.sum()),
            "rms_residual_V": found.rms,
            "metadata": dict(measurement.metadata),
        },
        sources=(measurement.source.to_dict(),),
        warnings=tuple(warnings),
    )


def slope_at_rest(sweep: Sweep, reach: float, *, straight: bool = False) -> RestSlope:
    """Return rest voltage and slope from the records whose voltage lies within ``reach`` [V] of rest.

    Of a sweep that is known to be ``straight`` within its noise the third order is taken, not the fifth.

    Raises
    ------
    InvalidInput  if fewer than six lie there.
    """
    small = np.argsort(np.abs(sweep.current))[: max(_LEAST, len(sweep.current) // 50)]
    rest = float(np.median(sweep.voltage[small]))
    found = None
    for _ in range(3):
        inside = np.abs(sweep.voltage - rest) <= reach
        currents = sweep.current[inside]
        if inside.sum() < _LEAST or not currents.min() < 0.0 < currents.max():
            message = (
                f"records = {int(inside.sum())} within {reach * 1e3:.3g} mV of rest: expected at least {_LEAST}, with currents"
                " in both directions. Sweep through rest more slowly, or widen the window."
            )
            raise InvalidInput(message)
        found = _polynomial(sweep, inside, straight=straight)
        rest = found.rest[0]
    if found is None:
        message = f"reach = {reach}: expected a finite voltage > 0."
        raise InvalidInput(message)
    return found


def _polynomial(sweep: Sweep, inside: NDArray[np.bool_], *, straight: bool) -> RestSlope:
    """Return the fit of the fifth order of the current: without even powers for a symmetric cell, which is odd."""
    from scipy.stats import norm
    from scipy.stats import t as student

    current, voltage = sweep.current[inside], sweep.voltage[inside]
    scale = float(np.abs(current).max())
    cubic, fifth = ([0, 1, 3], [0, 1, 3, 5]) if sweep.interfaces > 1 else ([0, 1, 2, 3], [0, 1, 2, 3, 4, 5])
    left = 0.0
    columns, solution = _solved(current / scale, voltage, cubic)
    if not straight and columns.shape[1] == len(cubic) and len(current) >= len(fifth) + 2:
        before = float(solution[1])
        columns, solution = _solved(current / scale, voltage, fifth)
        left = _LEFT * abs(float(solution[1]) - before)
    fit = columns @ solution
    residual = voltage - fit
    freedom = max(len(current) - columns.shape[1], 1)
    few = float(
        student.ppf(0.975, freedom) / norm.ppf(0.975)
    )  # so that 1.96 times the uncertainty is 95 % of few records too
    size = float(residual @ residual) / freedom * inflation(residual) * few**2
    covariance = size * np.linalg.inv(columns.T @ columns)
    return RestSlope(
        (float(solution[0]), math.sqrt(covariance[0, 0])),
        (float(solution[1]) / scale, math.hypot(math.sqrt(covariance[1, 1]), left) / scale),
        inside,
        fit,
        math.sqrt(float(np.mean(residual**2))),
    )


def _solved(x: Floats, voltage: Floats, powers: list[int]) -> tuple[Floats, Floats]:
    """Return columns and coefficients of a polynomial; those of a line where the currents do not determine it."""
    columns = np.stack([x**n for n in powers], axis=1)
    solution, _, rank, _ = np.linalg.lstsq(columns, voltage, rcond=None)
    if rank < len(powers):
        columns = columns[:, :2]
        solution = np.linalg.lstsq(columns, voltage, rcond=None)[0]
    return columns, np.asarray(solution, dtype=np.float64)


def _quantities(sweep: Sweep, found: RestSlope, known: Quantity | None, warnings: list[str]) -> dict[str, Quantity]:
    total, std = found.slope
    out = {
        "total_resistance": Quantity(total, std, "ohm cm^2", method="slope at rest"),
        "total_resistance_of_cell": Quantity(total / sweep.area, std / sweep.area, "ohm", method=_over(sweep)),
        "rest_potential": Quantity(found.rest[0], found.rest[1], "mV"),
    }
    if known is None:
        return out
    out["electrolyte_resistance"] = known
    face = (total - known.value * sweep.area) / sweep.interfaces
    face_std = math.hypot(std, (known.std or 0.0) * sweep.area) / sweep.interfaces
    if face <= 2.0 * face_std:
        warnings.append(
            f"the electrolyte of {known} takes all of the {total / sweep.area:.4g} ohm of the cell within the uncertainty:"
            " nothing is said of the interfaces."
        )
        return out
    limits = (face - 1.96 * face_std, face + 1.96 * face_std)
    exchange = float(exchange_current_density_from_resistance(face, temperature=sweep.temperature))
    bounds = (exchange * face / limits[1], exchange * face / limits[0]) if limits[0] > 0.0 else None
    return out | {
        "interface_resistance": Quantity(face, face_std, "ohm cm^2", limits, "charge transfer and films of one face"),
        "interface_resistance_of_face": Quantity(face / sweep.area, face_std / sweep.area, "ohm", method=_over(sweep)),
        "exchange_current_density_least": Quantity(
            exchange, exchange * face_std / face, "mA/cm^2", bounds, "R T/(F R), without a film"
        ),
    }


def _over(sweep: Sweep) -> str:
    return f"A = {sweep.area * 1e4:.4g} cm^2"
