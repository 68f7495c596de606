r"""Joint fit of a temperature series: one activation energy per process, all spectra at once.

All spectra have one circuit. The resistances follow :math:`\ln(T/R_k) = a_k - E_k/k_BT` (the form of hopping
conduction, :math:`\sigma T`), the time constants :math:`\ln\tau_k = b_k + F_k/k_BT`; the exponents are common; tail and
inductance are free in every spectrum. Every spectrum has besides an error of its temperature with the stated standard
uncertainty, common to all its processes. What the series shares (exponents, ratios of time constants) so helps to tell
arcs apart that no single spectrum resolves.

Source
------
Global analysis of spectra: J. R. Knutson, J. M. Beechem, L. Brand, Chem. Phys. Lett. 102 (1983) 501. Errors of the
abscissa as parameters with a prior: W. A. Fuller, Measurement Error Models, Wiley 1987, section 1.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import least_squares
from scipy.special import fdtri, stdtrit

from garnetlab import units
from garnetlab.analyse._geometry import sample_of
from garnetlab.analyse._spectra import Spectrum, fit_spectra
from garnetlab.analyse.arrhenius import series_temperatures
from garnetlab.core import InvalidInput, Measurement, MissingInput, Outcome, Result
from garnetlab.numerics import ArcModel, arcs_impedance, arcs_log_jacobian
from garnetlab.units import Quantity, Temperature

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

#: probability with which a joint fit that is worse than this by chance is called worse
_SURE = 0.999


def joint_arrhenius(
    measurements: Sequence[Measurement],
    *,
    model: ArcModel | None = None,
    temperature_std: Temperature = 0.5,
) -> Result:
    """Return the activation energies of one temperature series from a joint fit of all its spectra.

    Parameters
    ----------
    measurements:    Impedance spectra of one sample and branch, with ``temperature`` in the metadata.
    model:           The circuit; by default the one that serves the whole series.
    temperature_std: Standard uncertainty of each temperature [K].

    Returns
    -------
    :  ``activation_energy_<element>`` [eV] for every resistance of the circuit (``R0``, ``R1``, ...) in the form
       ln(T/R), and ``relaxation_energy_<element>`` of every arc from ln(tau), with standard uncertainty and 95 % interval.
       ``details`` holds the circuit, the covariance of the energies [eV^2] in the order of ``details["energies"]``, and
       the temperature errors found [K]. Where the joint fit is worse than the separate ones by more than chance (F test,
       0.1 %), the outcome is ``POOR_FIT``: the series does not share what is assumed.

    Raises
    ------
    MissingInput  if a temperature is missing.
    InvalidInput  if there are fewer than three temperatures, or no circuit serves all spectra.
    """
    if not 0 <= temperature_std < math.inf:
        message = f"temperature_std = {temperature_std}: expected a finite uncertainty >= 0 K."
        raise InvalidInput(message)
    temperatures = series_temperatures([_temperature(m) for m in measurements])
    spectra = fit_spectra(measurements, model=model, series=["series"] * len(measurements))
    problem = _Problem.of(spectra, temperatures, float(temperature_std))
    found = least_squares(
        problem.residual,
        problem.start,
        jac=problem.jacobian,
        bounds=problem.bounds,
        x_scale="jac",
        method="trf",
        max_nfev=200,
    )
    return _result(problem, found.x, problem.jacobian(found.x), measurements, converged=bool(found.status > 0))


def _temperature(measurement: Measurement) -> float:
    temperature = sample_of(measurement).temperature
    if temperature is None:
        path = measurement.source.to_dict().get("path", "a spectrum")
        message = f"temperature = none known for {path}: give --temperature, or the temperature in the document."
        raise MissingInput(message)
    return temperature


@dataclass(frozen=True, slots=True)
class _Problem:
    """Spectra, their common circuit, and what each unknown does to the logarithms of their parameters.

    The unknowns are value at the mean of x = 1/(k_B T) and slope of every thermal parameter, the common exponents, what
    every spectrum has of its own, and its temperature error in units of its standard uncertainty. ``design`` (s, p, q)
    takes the unknowns to the logarithms (s, p) for exact temperatures; ``thermal`` (p,) is 1 for resistances, whose
    ln R = ln T + ..., and time constants; ``resistive`` (p,) is 1 for resistances.
    """

    spectra: Sequence[Spectrum]
    model: ArcModel
    temperatures: FloatArray
    temperature_std: float
    design: FloatArray
    start: FloatArray
    bounds: tuple[FloatArray, FloatArray]
    slopes: dict[str, int]
    scale: float
    noise: FloatArray
    active: NDArray[np.bool_]

    @classmethod
    def of(cls, spectra: Sequence[Spectrum], temperatures: FloatArray, temperature_std: float) -> _Problem:
        """Return the problem started from the separate fits."""
        models = {s.model for s in spectra}
        if len(models) > 1:
            message = f"circuits = {len(models)} different: expected one that serves the series. Give the circuit."
            raise InvalidInput(message)
        (model,) = models
        values = np.array([s.fitted.values for s in spectra])
        active = _active(model, values)
        x = 1.0 / (units.k_B * temperatures)
        scale = float(np.ptp(x))
        design, slopes = _design(model, active, (x - x.mean()) / scale)
        logs = np.log(np.where(values > 0, values, 1.0))
        resistive = np.array([n[0] == "R" for n in model.names])
        target = logs - np.where(resistive, np.log(temperatures)[:, None], 0.0)
        keep = np.tile(active, (len(spectra), 1)) & (values > 0)
        start = np.linalg.lstsq(design[keep], target[keep], rcond=None)[0]
        start = np.concatenate([start, np.zeros(len(spectra))])
        high = np.full(start.size, np.inf)
        exponents = [i for i, n in enumerate(model.names) if n[0] in "nm"]
        for i in exponents:
            high[np.flatnonzero(np.any(design[:, i, :] != 0, axis=0))] = 0.0
        start = np.minimum(start, np.where(np.isfinite(high), -1e-3, np.inf))
        noise = np.array([math.sqrt(s.ssr / s.fitted.dof) for s in spectra])
        bounds = (np.full(start.size, -np.inf), high)
        return cls(spectra, model, temperatures, temperature_std, design, start, bounds, slopes, scale, noise, active)

    def logs(self, unknowns: FloatArray) -> FloatArray:
        """Return the logarithms (s, p) of the parameters; the temperature of a spectrum is its own plus its error."""
        count = len(self.spectra)
        own, errors = unknowns[:-count], unknowns[-count:] * self.temperature_std
        temperature = self.temperatures + errors
        shift = (1.0 / temperature - 1.0 / self.temperatures) / (units.k_B * self.scale)
        out = self.design @ own
        for name, column in self.slopes.items():
            place = self.model.names.index(name)
            out[:, place] += own[column] * shift + (np.log(temperature) if name[0] == "R" else 0.0)
        out[:, ~self.active] = -np.inf
        return out

    def residual(self, unknowns: FloatArray) -> FloatArray:
        """Return the weighted residuals of all parts, and the temperature errors in their standard uncertainty."""
        values = np.exp(self.logs(unknowns))
        values[:, ~self.active] = [0.0 if n[0] in "RLA" else 1.0 for n in np.array(self.model.names)[~self.active]]
        parts = []
        for spectrum, noise, row in zip(self.spectra, self.noise, values, strict=True):
            off = (spectrum.impedance - arcs_impedance(self.model, row, spectrum.frequency)) * spectrum.weights / noise
            parts += [off.real, off.imag]
        return np.concatenate([*parts, unknowns[-len(self.spectra) :]])

    def jacobian(self, unknowns: FloatArray) -> FloatArray:
        """Return the derivative of ``residual`` by the unknowns."""
        count = len(self.spectra)
        errors = unknowns[-count:] * self.temperature_std
        values = np.exp(self.logs(unknowns))
        values[:, ~self.active] = [0.0 if n[0] in "RLA" else 1.0 for n in np.array(self.model.names)[~self.active]]
        blocks = []
        for i, (spectrum, noise, row) in enumerate(zip(self.spectra, self.noise, values, strict=True)):
            by_log = arcs_log_jacobian(self.model, row, spectrum.frequency)
            turn = self._turn(unknowns, i, float(self.temperatures[i] + errors[i]))
            block = -(by_log @ turn) * (spectrum.weights / noise)[:, None]
            blocks += [block.real, block.imag]
        prior = np.zeros((count, unknowns.size))
        prior[:, -count:] = np.eye(count)
        return np.concatenate([*blocks, prior])

    def _turn(self, unknowns: FloatArray, i: int, temperature: float) -> FloatArray:
        """Return (p, q) the derivative of the logarithms of spectrum i by the unknowns."""
        count = len(self.spectra)
        shift = (1.0 / temperature - 1.0 / self.temperatures[i]) / (units.k_B * self.scale)
        out = np.zeros((len(self.model.names), unknowns.size))
        out[:, :-count] = self.design[i]
        for name, column in self.slopes.items():
            place = self.model.names.index(name)
            out[place, column] += shift
            by_temperature = -unknowns[column] / (units.k_B * self.scale * temperature**2)
            by_temperature += 1.0 / temperature if name[0] == "R" else 0.0
            out[place, unknowns.size - count + i] = by_temperature * self.temperature_std
        out[~self.active] = 0.0
        return out


def _active(model: ArcModel, values: FloatArray) -> NDArray[np.bool_]:
    """Return (p,) which parameters the series has: a coefficient that is zero in half of the spectra is left out.

    A resistance in series that is zero anywhere is left out, for it has no logarithm there.
    """
    present = np.array([np.mean(values[:, i] > 0) for i in range(len(model.names))])
    owners = {n: ("R" + n[3:] if n.startswith("tau") else "R" + n[1:] if n[0] == "n" else n) for n in model.names}
    owners["m"] = "A"
    return np.array(
        [present[model.names.index(owners[n])] >= (1.0 if owners[n][0] == "R" else 0.5) for n in model.names]
    )


def _design(model: ArcModel, active: NDArray[np.bool_], x: FloatArray) -> tuple[FloatArray, dict[str, int]]:
    """Return (s, p, q) and the column of the slope of every thermal parameter."""
    columns: list[FloatArray] = []
    slopes: dict[str, int] = {}
    shape = (len(x), len(model.names))

    def add(place: int, values: FloatArray) -> None:
        column = np.zeros(shape)
        column[:, place] = values
        columns.append(column)

    for place, name in enumerate(model.names):
        if not active[place]:
            continue
        if name[0] in "Rt":
            add(place, np.ones_like(x))
            slopes[name] = len(columns)
            add(place, x)
        elif name[0] == "n":
            add(place, np.ones_like(x))
        else:
            for one in np.eye(len(x)):
                add(place, one)
    return np.stack(columns, axis=-1), slopes


def _result(
    problem: _Problem, found: FloatArray, jacobian: FloatArray, measurements: Sequence[Measurement], *, converged: bool
) -> Result:
    residual = problem.residual(found)
    used = 2 * sum(int(s.used.sum()) for s in problem.spectra)
    dof = max(used + len(problem.spectra) - found.size, 1)
    separate = sum(s.fitted.dof for s in problem.spectra)  # their sum of squares, as the weights hold their own noise
    given_up = max(dof - separate, 1)
    ratio = (float(residual @ residual) - separate) / given_up
    refuted = ratio > float(fdtri(given_up, separate, _SURE)) * max(s.inflation for s in problem.spectra)
    excess = max(float(residual @ residual) / dof, 1.0) * max(s.inflation for s in problem.spectra)
    size = np.linalg.norm(jacobian, axis=0)
    size[size == 0] = 1.0
    covariance = np.linalg.pinv((jacobian / size).T @ (jacobian / size)) / np.outer(size, size) * excess
    names = list(problem.slopes)
    columns = [problem.slopes[n] for n in names]
    energies = found[columns] / problem.scale
    spread = covariance[np.ix_(columns, columns)] / problem.scale**2
    k = float(stdtrit(dof, 0.975))
    quantities = {}
    for i, name in enumerate(names):
        std = math.sqrt(float(spread[i, i]))
        label = f"activation_energy_{name}" if name[0] == "R" else f"relaxation_energy_R{name[3:]}"
        form = "ln(T/R)" if name[0] == "R" else "ln(tau)"
        interval = (float(energies[i]) - k * std, float(energies[i]) + k * std)
        quantities[label] = Quantity(float(energies[i]), std, "eV", interval, f"{form}, joint fit")
    details = {
        "circuit": problem.spectra[0].selection.reasons[0] if problem.spectra[0].selection else "",
        "energies": list(quantities),
        "covariance": (spread / units.eV**2).tolist(),
        "temperature_errors": (found[-len(problem.spectra) :] * problem.temperature_std).tolist(),
        "temperatures": [float(t) - units.ZERO_CELSIUS for t in problem.temperatures],
        "F": ratio,
    }
    warnings: tuple[str, ...] = ()
    if refuted:
        warnings = (
            f"the joint fit is worse than the separate ones (F = {ratio:.1f}): exponents or activation energies are not"
            " common to these temperatures. Use the separate fits.",
        )
    outcome = Outcome.POOR_FIT if refuted else Outcome.SUCCESS if converged else Outcome.NOT_AT_OPTIMUM
    sources = tuple(m.source.to_dict() for m in measurements)
    return Result("joint-arrhenius", quantities, outcome, {}, details, sources, warnings, ("golub1973",))
