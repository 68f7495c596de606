"""Fits of a circuit the user names: a series of arcs goes the fast way, any other circuit the general one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._circuit_fit import CircuitFits, fit_circuit
from garnetlab.analyse._geometry import sample_of
from garnetlab.analyse._noise import correlation_inflation
from garnetlab.analyse._spectra import check_kind
from garnetlab.analyse._uncertainty import IDENTIFIABLE, Fitted, parameter_quantity
from garnetlab.analyse.eis import analyse_impedance
from garnetlab.analyse.kk import Validity, check_validity
from garnetlab.core import Channel, Measurement, Outcome, Result
from garnetlab.numerics import ArcModel, Tail
from garnetlab.physics.impedance import Circuit, parse_circuit, series_of_arcs
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    ComplexArray = NDArray[np.complex128]

_POOR = 0.05


def arc_model(circuit: Circuit) -> ArcModel | None:
    """Return the series of arcs that ``circuit`` is, or None where it is another circuit (an exponent of 1 included)."""
    series = series_of_arcs(circuit)
    if series is None or any(kind not in ("RQ", "Zarc") for kind, _ in series.arcs):
        return None
    tail = {None: Tail.NONE, "W": Tail.WARBURG, "C": Tail.CAPACITOR, "CPE": Tail.POWER}[series.tail]
    return ArcModel(
        arcs=len(series.arcs),
        resistance=series.resistance is not None,
        inductance=series.inductance is not None,
        tail=tail,
    )


def analyse_circuit(
    measurements: Sequence[Measurement],
    circuit: str,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Result, ...]:
    """Return for every spectrum the fit of the circuit written as ``circuit``.

    Parameters
    ----------
    measurements: Impedance measurements.
    circuit:      ``R(RQ)(RQ)W`` (Boukamp) or ``R0-p(R1,CPE1)-W1`` (impedance.py).
    progress:     Called with (done, total).

    Returns
    -------
    :  For a series of arcs what ``analyse_impedance`` returns, with this circuit. For any other circuit its parameters
       as quantities, named as in the circuit, with standard uncertainty and 95 % interval, and no assignment.

    Raises
    ------
    InvalidInput  for text that is no circuit, a measurement that is no spectrum, or more parameters than data.
    """
    parsed = parse_circuit(circuit)
    model = arc_model(parsed)
    if model is not None:
        return analyse_impedance(measurements, model=model, progress=progress)
    out = []
    for done, measurement in enumerate(measurements, start=1):
        out.append(_general(measurement, parsed))
        if progress is not None:
            progress(done, len(measurements))
    return tuple(out)


def _general(measurement: Measurement, circuit: Circuit) -> Result:
    check_kind(measurement)
    sample = sample_of(measurement)
    order = np.argsort(-measurement[Channel.FREQUENCY], kind="stable")
    frequency, impedance = measurement[Channel.FREQUENCY][order], measurement[Channel.IMPEDANCE][order]
    validity = check_validity(frequency, impedance[None, :])
    fits = fit_circuit(circuit, frequency, impedance[None, :])
    fit = circuit.impedance(fits.parameters[0], frequency)
    residual = (impedance - fit) / np.abs(impedance)
    fitted = _fitted(fits, residual)
    quantities = {n: parameter_quantity(fitted, n, u) for n, u in zip(circuit.names, _units(circuit), strict=True)}
    if sample.temperature is not None:
        quantities["temperature"] = Quantity(sample.temperature, None, "degC")
    rms = float(np.sqrt(np.mean(0.5 * np.abs(residual) ** 2)))
    return Result(
        analysis="eis",
        quantities=quantities,
        outcome=_outcome(fits, validity, rms),
        curves=_curves(frequency, impedance, fit, validity),
        details=_details(measurement, circuit, fitted, validity, rms),
        sources=(measurement.source.to_dict(),),
        warnings=(*measurement.warnings, *_open(fitted)),
        citations=("boukamp1995",),
    )


def _units(circuit: Circuit) -> list[str]:
    """Return display units; Q has the unit S s^n, whose exponent is another parameter: it is shown as a bare number."""
    return ["1" if "^n" in unit else unit for unit in circuit.units]


def _fitted(fits: CircuitFits, residual: ComplexArray) -> Fitted:
    covariance = fits.covariance[0] * correlation_inflation(residual)
    bound = fits.at_bound[0]
    dof = max(2 * len(residual) - int(np.count_nonzero(~bound)), 1)
    return Fitted(fits.circuit.names, fits.parameters[0], covariance, bound, dof)


def _outcome(fits: CircuitFits, validity: Validity, rms: float) -> Outcome:
    if not fits.converged[0]:
        return Outcome.NOT_AT_OPTIMUM
    if validity.drift[0]:
        return Outcome.INVALID_SPECTRUM
    return Outcome.POOR_FIT if rms > _POOR else Outcome.SUCCESS


def _open(fitted: Fitted) -> list[str]:
    names = [n for n in fitted.names if not fitted.identifiable(n)]
    return [f"not determined by the data (over {IDENTIFIABLE:.0%} or at a bound): {', '.join(names)}."] if names else []


def _curves(
    frequency: FloatArray, impedance: ComplexArray, fit: ComplexArray, validity: Validity
) -> dict[str, FloatArray]:
    relative = (impedance - fit) / np.abs(impedance)
    parts = {"measured": impedance, "fit": fit, "residual": relative, "kk": validity.residual[0]}
    out = {"frequency": frequency, "used": np.ones(len(frequency)), "zhit_modulus": validity.zhit_modulus[0]}
    for name, values in parts.items():
        out[f"{name}_real"], out[f"{name}_imaginary"] = values.real, values.imag
    return out


def _details(
    measurement: Measurement, circuit: Circuit, fitted: Fitted, validity: Validity, rms: float
) -> dict[str, object]:
    parameters = [
        {"name": n, **parameter_quantity(fitted, n, u).to_dict(), "identifiable": fitted.identifiable(n)}
        for n, u in zip(circuit.names, _units(circuit), strict=True)
    ]
    sample = sample_of(measurement)
    return {
        "circuit": str(circuit),
        "parameters": parameters,
        "arcs": [],
        "selection": [f"{circuit} was given."],
        "candidates": [],
        "relative_rms": rms,
        "validity": {
            "outlier": bool(validity.outlier[0]),
            "drift": bool(validity.drift[0]),
            "noise": float(validity.noise[0]),
        },
        "points": len(measurement),
        "geometry": {
            "area": sample.area,
            "thickness": sample.thickness,
            "interfaces": sample.interfaces,
            "electrodes": sample.electrodes,
        },
        "metadata": dict(measurement.metadata),
    }
