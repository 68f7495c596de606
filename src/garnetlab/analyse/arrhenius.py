"""Activation energies from a temperature series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from garnetlab import units
from garnetlab.core import InvalidInput, MissingInput, Outcome, Result
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

MIN_TEMPERATURES = 3
_SPAN = 5.0  # kelvin; a series narrower than this cannot carry an activation energy


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line ``y = intercept - slope x`` with ``x = 1/(k_B T)``: the slope is an activation energy [J]."""

    slope: float
    slope_std: float
    intercept: float
    covariance: FloatArray
    dof: int
    scatter: float
    reference: float

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the slope (Student, ``dof`` degrees of freedom)."""
        k = float(stdtrit(self.dof, 0.975))
        return self.slope - k * self.slope_std, self.slope + k * self.slope_std

    def band(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the line and the half width of its 95 % confidence band at ``x`` (n,) [1/J]."""
        shifted = x - self.reference
        design = np.stack([np.ones_like(x), -shifted])
        variance = np.einsum("in,ij,jn->n", design, self.covariance, design)
        k = float(stdtrit(self.dof, 0.975))
        return self.intercept - self.slope * shifted, k * np.sqrt(np.maximum(variance, 0.0))


def fit_line(x: FloatArray, y: FloatArray, y_std: FloatArray) -> Line:
    """Return the weighted straight line through ``y`` (n,) over ``x`` (n,) = 1/(k_B T) [1/J].

    Every point gets, beside its stated uncertainty, a common scatter (temperature error, a changing sample) of the size
    that makes the weighted sum of squares equal to its degrees of freedom; zero where the stated uncertainties suffice.
    A relative scatter is needed because one kelvin is worth 5 % of a conductivity, far more than a fit's error.

    Source
    ------
    J. Mandel and R. C. Paule, Anal. Chem. 42 (1970) 1194; R. C. Paule and J. Mandel, J. Res. NBS 87 (1982) 377.
    """
    scatter = _common_scatter(x, y, y_std)
    weight = 1.0 / (np.maximum(y_std, 1e-9) ** 2 + scatter**2)
    reference = float(np.sum(weight * x) / np.sum(weight))
    # x is of order 1e20: the system is solved in units of its own spread, else rounding spoils it
    spread = float(np.max(np.abs(x - reference)))
    design = np.stack([np.ones_like(x), -(x - reference) / spread])
    scaled = np.linalg.inv((design * weight) @ design.T)
    units_back = np.array([1.0, 1.0 / spread])
    intercept, slope = units_back * (scaled @ (design * weight) @ y)
    covariance: FloatArray = (scaled * np.outer(units_back, units_back)).astype(np.float64)
    std = math.sqrt(float(covariance[1, 1]))
    return Line(float(slope), std, float(intercept), covariance, len(x) - 2, scatter, reference)


def _excess(x: FloatArray, y: FloatArray, variance: FloatArray) -> float:
    """Return the weighted sum of squares about the best line minus its degrees of freedom."""
    weight = 1.0 / variance
    design = np.stack([np.ones_like(x), x - x.mean()])
    scaled = design / np.abs(design).max(axis=1, keepdims=True)
    coefficients = np.linalg.solve((scaled * weight) @ scaled.T, (scaled * weight) @ y)
    return float(np.sum(weight * (y - coefficients @ scaled) ** 2)) - (len(x) - 2)


def _common_scatter(x: FloatArray, y: FloatArray, y_std: FloatArray) -> float:
    """Return the common standard deviation of Mandel and Paule, by bisection of its logarithm."""
    own = np.maximum(y_std, 1e-9) ** 2
    if _excess(x, y, own) <= 0.0:
        return 0.0
    low, high = math.log(1e-9), math.log(10.0 * float(np.ptp(y)) + 1e-6)
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _excess(x, y, own + math.exp(2 * middle)) > 0.0 else (low, middle)
    return math.exp(0.5 * (low + high))


#: part -> its conductivity and the resistance whose uncertainty counts: that of the geometry is common to all points
_PARTS = {
    "total": ("ionic_conductivity", "electrolyte_resistance"),
    "bulk": ("ionic_conductivity_bulk", "bulk_resistance"),
    "grain_boundary": ("ionic_conductivity_grain_boundary", "grain_boundary_resistance"),
}


def arrhenius(results: Sequence[Result], *, label: str = "") -> Result:
    """Return activation energies of conductivities and of the interface from the results of one temperature series.

    Parameters
    ----------
    results: Results of ``analyse_impedance`` at three or more temperatures, one branch (heating or cooling) of a sample.
    label:   Name of the series, kept in the details.

    Returns
    -------
    :  ``activation_energy_total``, ``_bulk``, ``_grain_boundary`` [eV] from ln(sigma T) over 1/(k_B T), the same with
       ``_sigma`` from ln(sigma), and ``activation_energy_interface`` from ln(T/R), ``_interface_sigma`` from ln(1/R)
       (of cells with symmetric electrodes).
       std and interval hold fit errors and the scatter about the line, whichever is larger; the interval uses
       Student's t with n - 2 degrees of freedom. Curves hold points, line and 95 % band of every part.

    Raises
    ------
    MissingInput  if a temperature, or the geometry that a conductivity needs, is missing.
    InvalidInput  if there are fewer than three different temperatures.

    Source
    ------
    ln(sigma T) is the form of hopping conduction: A. R. West, Solid State Chemistry and its Applications, 2nd ed.,
    Wiley 2014, chapter 8.
    """
    usable = [r for r in results if r.outcome.good or r.outcome is Outcome.INVALID_SPECTRUM]
    temperatures = _temperatures(usable)
    quantities: dict[str, Quantity] = {}
    curves: dict[str, NDArray[np.float64]] = {}
    warnings = (
        [f"{len(results) - len(usable)} spectra without a usable fit were left out."]
        if len(usable) < len(results)
        else []
    )
    refused = sum(not r.outcome.good for r in usable)
    if refused:
        warnings.append(
            f"{refused} of {len(usable)} spectra failed the Kramers-Kronig or drift test and are used all the same."
        )
    series = _Series(temperatures, quantities, curves, warnings)
    for part, (name, resistance) in _PARTS.items():
        series.add(part, [_point(r, name, resistance) for r in usable])
    cells = [r if r.details["geometry"]["electrodes"] == "symmetric" else None for r in usable]
    series.add("interface", [None if r is None else _inverse_point(r) for r in cells])
    if not quantities:
        message = (
            "area and thickness = none given: an Arrhenius plot of conductivity needs both."
            ' Give --area "0.785 cm^2" or --diameter "10 mm", and --thickness "1 mm".'
        )
        raise MissingInput(message)
    details = {"label": label, "temperatures": [t - units.ZERO_CELSIUS for t in temperatures], "n": len(usable)}
    sources = tuple(s for r in usable for s in r.sources)
    return Result("arrhenius", quantities, Outcome.SUCCESS, curves, details, sources, tuple(warnings), ("mandel1970",))


#: a value and the relative standard uncertainty of the resistance it comes from
_Point = tuple[float, float]


def _relative(resistance: Quantity) -> float:
    return (resistance.std or 0.0) / resistance.value


def _point(result: Result, name: str, resistance: str) -> _Point | None:
    if name not in result.quantities or resistance not in result.quantities:
        return None
    return result[name].value, _relative(result[resistance])


def _inverse_point(result: Result) -> _Point | None:
    if "interface_resistance" not in result.quantities:
        return None
    return 1.0 / result["interface_resistance"].value, _relative(result["interface_arc_resistance"])


def _temperatures(results: Sequence[Result]) -> FloatArray:
    found = []
    for result in results:
        if "temperature" not in result.quantities:
            path = result.sources[0].get("path", "a spectrum") if result.sources else "a spectrum"
            message = f"temperature = none known for {path}: give --temperature, or the temperature in the document."
            raise MissingInput(message)
        found.append(result.quantities["temperature"].value)
    return series_temperatures(found)


def series_temperatures(temperatures: Sequence[float]) -> FloatArray:
    """Return the temperatures (n,) [K] of a series, or refuse them: too few different ones, or too close together."""
    array = np.array(temperatures, dtype=np.float64)
    different = len(np.unique(np.round(array, 1)))
    if different < MIN_TEMPERATURES:
        message = (
            f"temperatures = {different} different: expected at least {MIN_TEMPERATURES} for an activation energy."
            " Add spectra at other temperatures."
        )
        raise InvalidInput(message)
    if np.ptp(array) < _SPAN:
        message = (
            f"temperatures = {np.ptp(array):.1f} K apart: expected a span of at least {_SPAN:g} K. Widen the series."
        )
        raise InvalidInput(message)
    return array


@dataclass(frozen=True, slots=True)
class _Series:
    """Temperatures of a series, and what is found of it so far."""

    temperatures: FloatArray
    quantities: dict[str, Quantity]
    curves: dict[str, NDArray[np.float64]]
    warnings: list[str]

    def add(self, part: str, points: Sequence[_Point | None]) -> None:
        """Add both forms of the activation energy of one part, where it was determined at enough temperatures."""
        here = [(*p, t) for p, t in zip(points, self.temperatures, strict=True) if p is not None]
        if len({round(t, 1) for _, _, t in here}) < MIN_TEMPERATURES:
            if here:
                self.warnings.append(f"{part}: determined at {len(here)} temperatures only: no activation energy.")
            return
        value, relative, temperature = (np.array(column) for column in zip(*here, strict=True))
        x = 1.0 / (units.k_B * temperature)
        plain, product = ("ln(1/R)", "ln(T/R)") if part == "interface" else ("ln(sigma)", "ln(sigma T)")
        for suffix, form, y in (("", product, np.log(value * temperature)), ("_sigma", plain, np.log(value))):
            line = fit_line(x, y, relative)
            method = f"{form}, n = {len(here)}, common scatter {line.scatter:.2g}"
            name = f"activation_energy_{part}{suffix}"
            self.quantities[name] = Quantity(line.slope, line.slope_std, "eV", line.interval(), method)
            grid = np.linspace(x.min(), x.max(), 60)
            fit, half = line.band(grid)
            self.curves.update({f"{part}{suffix}_x": x, f"{part}{suffix}_y": y, f"{part}{suffix}_y_std": relative})
            self.curves.update({f"{part}{suffix}_line_x": grid, f"{part}{suffix}_line": fit})
            self.curves[f"{part}{suffix}_band"] = half


def branches(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Return the results by sample and branch: heating and cooling are never mixed.

    The branch is the metadata entry ``branch``; spectra without one form a branch of their own.
    """
    out: dict[str, list[Result]] = {}
    for result in results:
        meta = result.details.get("metadata", {})
        parts = [str(meta[k]) for k in ("sample", "branch") if meta.get(k)]
        out.setdefault(" ".join(parts), []).append(result)
    return out
