"""Impedance spectra to resistances, conductivities and interface resistances with honest errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from garnetlab import units
from garnetlab.analyse import _uncertainty as errors
from garnetlab.analyse._assignment import Assignment, assign_arcs
from garnetlab.analyse._geometry import Sample, sample_of
from garnetlab.analyse._rivals import rivals, widened
from garnetlab.analyse._selection import ACCURACY, DETECTED, describe
from garnetlab.analyse._spectra import Spectrum, check_kind, fit_spectra
from garnetlab.core import Measurement, Outcome, Result
from garnetlab.numerics import ArcModel, Tail
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_CITATIONS = ("golub1973", "kaufman1975", "schwarz1978", "irvine1990", "hsu2001", "boukamp1995", "ehm2000")
#: a reading of the arcs less probable than this is said to be in doubt
_SURE = 0.9
#: an outlier is spoken of where it is off by more than this part of abs(Z)
_OUTLIER_SAID = 0.01
#: a fit worse than this (rms of the relative residual) is no description of the data
_POOR = 0.05
_UNIT_OF = {"R": "ohm", "tau": "s", "n": "1", "L": "H", "m": "1"}


def analyse_impedance(
    measurements: Sequence[Measurement],
    *,
    model: ArcModel | None = None,
    series: Sequence[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Result, ...]:
    """Return for every spectrum its circuit, resistances, capacitances and what follows from the geometry.

    Every spectrum is tested (linear Kramers-Kronig, Z-HIT), fitted without an initial guess by a series of arcs whose
    number, tail and inductance are chosen by BIC, and its arcs are assigned by capacitance.

    Parameters
    ----------
    measurements: Impedance measurements. Their metadata may hold ``area`` [m^2], ``thickness`` [m], ``temperature``
                  [K], ``electrodes`` (``"blocking"`` or ``"symmetric"``) and ``interfaces`` (default 2).
    model:        A fixed circuit instead of the choice.
    series:       A label per spectrum: spectra of one label (a temperature series) share a circuit where one serves all.
                  By default the metadata entry ``sample`` with ``branch``.
    progress:     Called with (done, total).

    Returns
    -------
    :  One result per spectrum. Quantities: ``electrolyte_resistance``, ``bulk_resistance``,
       ``grain_boundary_resistance`` [ohm] (the latter two only where both are seen, with two sigma at least),
       ``interface_arc_resistance`` [ohm], ``interface_capacitance`` [F], ``interface_resistance`` [ohm cm^2: arc times
       area over the number of interfaces; without area the whole arc in ohm], ``ionic_conductivity`` and its
       ``_bulk`` and ``_grain_boundary`` parts [S/cm] where area and thickness are known. Every quantity has a standard
       uncertainty and a 95 % interval. ``details`` holds circuit, parameters, identifiability, assignment, candidates.

    Raises
    ------
    InvalidInput  if a measurement is no impedance spectrum, has too few points, or carries impossible metadata.
    """
    samples = [sample_of(m) for m in measurements]
    labels = [_label(m) for m in measurements] if series is None else list(series)
    spectra = fit_spectra(measurements, model=model, series=labels, progress=progress)
    return tuple(_result(m, s, spectrum) for m, s, spectrum in zip(measurements, samples, spectra, strict=True))


def _label(measurement: Measurement) -> str:
    return " ".join(str(measurement.metadata[k]) for k in ("sample", "branch") if measurement.metadata.get(k))


def _result(measurement: Measurement, sample: Sample, spectrum: Spectrum) -> Result:
    assignment = _assign(spectrum, sample)
    readings = _readings(spectrum, sample)
    quantities = {name: widened(name, q, readings) for name, q in _resistances(spectrum, sample, assignment).items()}
    quantities.update(_of_the_area(quantities, sample))
    quantities.update(_conductivities(quantities, sample))
    if sample.temperature is not None:
        quantities["temperature"] = Quantity(sample.temperature, None, "degC")
    outcome, said = _outcome(spectrum)
    warnings = [*measurement.warnings, *said, *_doubts(spectrum, sample, assignment, quantities)]
    return Result(
        analysis="eis",
        quantities=quantities,
        outcome=outcome,
        curves=_curves(spectrum),
        details=_details(measurement, spectrum, sample, assignment)
        | {"identifiable": {name: errors.determined(q) for name, q in quantities.items() if q.std is not None}},
        sources=(measurement.source.to_dict(),),
        warnings=tuple(warnings),
        citations=_CITATIONS,
    )


def _arcs(spectrum: Spectrum) -> list[int]:
    return [k for k in range(1, spectrum.model.arcs + 1) if spectrum.fitted.value(f"R{k}") > 0]


def _assign(spectrum: Spectrum, sample: Sample) -> Assignment:
    capacities = [errors.arc_capacitance(spectrum.fitted, k) for k in _arcs(spectrum)]
    values = [c.value for c in capacities]
    spreads = [(c.std or 0.0) / c.value for c in capacities]
    constant = sample.cell_constant
    return assign_arcs(
        values,
        spreads,
        cell_constant=1.0 if constant is None else constant / 100.0,
        ohmic=_ohmic(spectrum),
        blocking=sample.electrodes == "blocking",
        symmetric=sample.electrodes == "symmetric",
        tail=spectrum.fitted.value("A") > 0,
        unfinished=[
            2 * np.pi * spectrum.frequency.min() * spectrum.fitted.value(f"tau{k}") > 1.0 for k in _arcs(spectrum)
        ],
    )


def _ohmic(spectrum: Spectrum) -> bool:
    """Return whether a series resistance is there: one that the data do not tell from 0 is no sign of the bulk."""
    return spectrum.fitted.value("R0") > 0 and spectrum.fitted.log_std("R0") <= DETECTED


def _names(spectrum: Spectrum, assignment: Assignment, roles: Sequence[str], *, ohmic: bool) -> list[str]:
    """Return the resistances that play one of ``roles``; ``ohmic`` adds the series resistance."""
    names = [f"R{k}" for k, role in zip(_arcs(spectrum), assignment.roles, strict=True) if role in roles]
    return ["R0", *names] if ohmic and spectrum.fitted.value("R0") > 0 else names


def _resistances(spectrum: Spectrum, sample: Sample, assignment: Assignment) -> dict[str, Quantity]:
    fitted, out = spectrum.fitted, {}
    electrolyte = _names(spectrum, assignment, ("bulk", "grain boundary"), ohmic=True)
    if electrolyte:
        out["electrolyte_resistance"] = errors.sum_quantity(fitted, electrolyte, "ohm", "bulk + grain boundary")
    bulk = _names(spectrum, assignment, ("bulk",), ohmic=True)
    boundary = _names(spectrum, assignment, ("grain boundary",), ohmic=False)
    for name, parts in (("bulk_resistance", bulk), ("grain_boundary_resistance", boundary)):
        if parts and bulk and boundary:
            quantity = errors.sum_quantity(fitted, parts, "ohm", " + ".join(parts))
            if quantity.std is not None and quantity.std <= DETECTED * quantity.value:
                out[name] = quantity
    if sample.electrodes != "blocking":
        out.update(_interface(spectrum, assignment))
    return out


def _readings(spectrum: Spectrum, sample: Sample) -> list[tuple[float, dict[str, float]]]:
    """Return what the rivals of the chosen circuit say of the same resistances, with their weights."""
    if spectrum.selection is None:
        return []
    out = []
    for weight, rival in rivals(spectrum.selection):
        size = len(rival.parameters)
        known = errors.Fitted(rival.model.names, rival.parameters, np.zeros((size, size)), rival.at_bound, 1)
        other = replace(spectrum, model=rival.model, fitted=known)
        found = _resistances(other, sample, _assign(other, sample))
        out.append((weight, {name: q.value for name, q in found.items()}))
    return out


def _interface(spectrum: Spectrum, assignment: Assignment) -> dict[str, Quantity]:
    names = _names(spectrum, assignment, ("interface",), ohmic=False)
    if not names:
        return {}
    arc = errors.sum_quantity(spectrum.fitted, names, "ohm", "whole arc: " + " + ".join(names))
    out = {"interface_arc_resistance": arc}
    if len(names) == 1:
        out["interface_capacitance"] = errors.arc_capacitance(spectrum.fitted, int(names[0][1:]))
    return out


def _of_the_area(resistances: Mapping[str, Quantity], sample: Sample) -> dict[str, Quantity]:
    """Return the area-specific resistance of one interface; the whole arc in ohm where no area is known."""
    if "interface_arc_resistance" not in resistances:
        return {}
    arc = resistances["interface_arc_resistance"]
    if sample.area is None:
        return {"interface_resistance": arc}
    factor = sample.area / sample.interfaces
    method = f"arc x area/{sample.interfaces}, area {units.format_value(sample.area, 'cm^2')}"
    return {"interface_resistance": _scaled(arc, factor, sample.area_std / sample.area, "ohm cm^2", method)}


def _scaled(quantity: Quantity, factor: float, relative_std: float, unit: str, method: str) -> Quantity:
    """Return a resistance times an exact or uncertain factor; the interval widens in proportion to the std."""
    value = quantity.value * factor
    relative = (quantity.std or 0.0) / quantity.value
    both = float(np.hypot(relative, relative_std))
    low, high = quantity.interval or (quantity.value, quantity.value)
    widen = both / relative if relative > 0 else 1.0
    interval = (quantity.value * (low / quantity.value) ** widen * factor,
                quantity.value * (high / quantity.value) ** widen * factor)  # fmt: skip
    return Quantity(value, value * both, unit, interval, method)


def _conductivities(resistances: Mapping[str, Quantity], sample: Sample) -> dict[str, Quantity]:
    constant = sample.cell_constant
    if constant is None or sample.area is None or sample.thickness is None:
        return {}
    geometry = float(np.hypot(sample.area_std / sample.area, sample.thickness_std / sample.thickness))
    pairs = {
        "ionic_conductivity": "electrolyte_resistance",
        "ionic_conductivity_bulk": "bulk_resistance",
        "ionic_conductivity_grain_boundary": "grain_boundary_resistance",
    }
    out = {}
    for name, source in pairs.items():
        if source in resistances:
            out[name] = _inverse(resistances[source], constant, geometry)
    return out


def _inverse(resistance: Quantity, constant: float, geometry: float) -> Quantity:
    value = constant / resistance.value
    low, high = resistance.interval or (resistance.value, resistance.value)
    relative = (resistance.std or 0.0) / resistance.value
    both = float(np.hypot(relative, geometry))
    widen = both / relative if relative > 0 else 1.0
    interval = (value * (resistance.value / high) ** widen, value * (resistance.value / low) ** widen)
    return Quantity(value, value * both, "S/cm", interval, "thickness/(area resistance)")


def _outcome(spectrum: Spectrum) -> tuple[Outcome, list[str]]:
    validity, i, said = spectrum.validity, spectrum.row, []
    if validity.outlier[i]:
        worst = int(validity.worst_point[i])
        frequency, off = spectrum.frequency[worst], abs(validity.residual[i, worst])
        action = "" if spectrum.used[worst] else ": left out"
        if off > _OUTLIER_SAID:
            said.append(f"the point at {frequency:.4g} Hz is an outlier ({off:.1%} of |Z| off Kramers-Kronig){action}.")
    if not spectrum.converged:
        return Outcome.NOT_AT_OPTIMUM, said
    if validity.drift[i]:
        said.append("a resistance changed during the sweep (drift test): the spectrum is not of one state of the cell.")
        return Outcome.INVALID_SPECTRUM, said
    if spectrum.relative_rms > _POOR:
        said.append(f"residuals are {spectrum.relative_rms:.1%} of |Z|: no circuit tried describes the spectrum.")
        return Outcome.POOR_FIT, said
    return Outcome.SUCCESS, said


def _doubts(
    spectrum: Spectrum, sample: Sample, assignment: Assignment, quantities: Mapping[str, Quantity]
) -> list[str]:
    said = []
    if assignment.probability < _SURE and spectrum.model.arcs:
        said.append(_reading(spectrum, assignment))
    if spectrum.inflation > 1.5:
        said.append(f"residuals are systematic: variances were multiplied by {spectrum.inflation:.1f}.")
    noise = float(spectrum.validity.noise[spectrum.row])
    if spectrum.relative_rms > max(2.0 * noise, ACCURACY):
        said.append(f"the circuit leaves {spectrum.relative_rms:.2%} of |Z| where the noise is {noise:.2%}.")
    if sample.area is None and "interface_arc_resistance" in quantities:
        said.append("no electrode area: interface_resistance is the whole arc in ohm. Give --area or --diameter.")
    if sample.cell_constant is None and "electrolyte_resistance" in quantities:
        said.append("no area and thickness: no conductivity. Give --area or --diameter, and --thickness.")
    if sample.electrodes == "symmetric" and "interface_arc_resistance" not in quantities:
        said.append("no interface arc was found in a symmetric cell: electrolyte_resistance may contain the interface.")
    if sample.electrodes == "unknown" and "interface_arc_resistance" in quantities:
        said.append(
            "electrodes not stated: a slow arc is read as the interface. Say --electrodes blocking or symmetric."
        )
    for total in errors.identifiable_sums(spectrum.fitted):
        joined = " + ".join(total.names)
        said.append(f"only {joined} = {total.quantity} is determined, not its parts.")
    return said


def _reading(spectrum: Spectrum, assignment: Assignment) -> str:
    """Return the reading of the arcs with its probability, and what the next reading would give."""
    text = f"the arcs read as {', '.join(assignment.roles)} with probability {assignment.probability:.0%}"
    if not assignment.second:
        return f"{text}: a capacitance lies outside its class."
    other = replace(assignment, roles=assignment.second)
    sums = [
        (label, sum(spectrum.fitted.value(n) for n in _names(spectrum, other, roles, ohmic=ohmic)))
        for label, roles, ohmic in (
            ("electrolyte", ("bulk", "grain boundary"), True),
            ("interface", ("interface",), False),
        )
    ]
    said = ", ".join(f"{label} {value:.4g} ohm" for label, value in sums)
    return f"{text}; as {', '.join(assignment.second)} they would give {said}."


def _curves(spectrum: Spectrum) -> dict[str, NDArray[np.float64]]:
    fitted, out = spectrum.fitted, {}
    out["frequency"] = spectrum.frequency
    for name, values in (("measured", spectrum.impedance), ("fit", spectrum.fit), ("residual", spectrum.residual)):
        out[f"{name}_real"], out[f"{name}_imaginary"] = values.real, values.imag
    kk = spectrum.validity.residual[spectrum.row]
    out["kk_real"], out["kk_imaginary"] = kk.real, kk.imag
    out["zhit_modulus"] = spectrum.validity.zhit_modulus[spectrum.row]
    out["used"] = spectrum.used.astype(float)
    omega: FloatArray = 2.0 * np.pi * spectrum.frequency
    for k in _arcs(spectrum):
        r, tau, n = (fitted.value(f"{p}{k}") for p in ("R", "tau", "n"))
        arc = np.asarray(r / (1 + (1j * omega * tau) ** n), dtype=np.complex128)
        out[f"arc{k}_real"], out[f"arc{k}_imaginary"] = arc.real, arc.imag
    return out


def _parameter_unit(name: str, spectrum: Spectrum) -> str:
    if name == "A":
        exponent = {Tail.WARBURG: 0.5, Tail.CAPACITOR: 1.0}.get(spectrum.model.tail, spectrum.fitted.value("m"))
        return f"ohm s^-{exponent:.4g}"
    return _UNIT_OF[name.rstrip("0123456789")]


def _parameters(spectrum: Spectrum) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name in spectrum.fitted.names:
        quantity = errors.parameter_quantity(spectrum.fitted, name, _parameter_unit(name, spectrum))
        rows.append({"name": name, **quantity.to_dict(), "identifiable": spectrum.fitted.identifiable(name)})
    for k in _arcs(spectrum):
        for label, quantity in (
            (f"C{k}", errors.arc_capacitance(spectrum.fitted, k)),
            (f"Q{k}", errors.arc_pseudo_capacitance(spectrum.fitted, k)),
        ):
            rows.append({"name": label, **quantity.to_dict(), "identifiable": errors.determined(quantity)})
    return rows


def _details(measurement: Measurement, spectrum: Spectrum, sample: Sample, assignment: Assignment) -> dict[str, object]:
    selection, validity, i = spectrum.selection, spectrum.validity, spectrum.row
    candidates = [] if selection is None else selection.candidates
    return {
        "circuit": describe(spectrum.model),
        "parameters": _parameters(spectrum),
        "arcs": [
            {"arc": k, "role": role, "probabilities": dict(marginal)}
            for k, role, marginal in zip(_arcs(spectrum), assignment.roles, assignment.marginal, strict=True)
        ],
        "assignment_rule": "capacitance classes of Irvine, Sinclair and West (1990), ordered by time constant",
        "assignment_probability": assignment.probability,
        "identifiable_sums": [
            {"sum": list(s.names), **s.quantity.to_dict()} for s in errors.identifiable_sums(spectrum.fitted)
        ],
        "selection": [] if selection is None else list(selection.reasons),
        "candidates": [
            {"circuit": describe(c.model), "bic": c.bic, "aicc": _finite(c.aicc), "free": c.free} for c in candidates
        ],
        "noise": {"law": spectrum.noise.name, "relative": spectrum.noise.relative, "absolute": spectrum.noise.absolute},
        "relative_rms": spectrum.relative_rms,
        "validity": {
            "outlier": bool(validity.outlier[i]),
            "drift": bool(validity.drift[i]),
            "noise": float(validity.noise[i]),
        },
        "points": len(spectrum.frequency),
        "geometry": {
            "area": sample.area,
            "thickness": sample.thickness,
            "interfaces": sample.interfaces,
            "electrodes": sample.electrodes,
        },
        "metadata": dict(measurement.metadata),
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def check_measurement(measurement: Measurement) -> None:
    """Raise InvalidInput unless ``analyse_impedance`` takes this measurement: kind, points, metadata."""
    check_kind(measurement)
    sample_of(measurement)
