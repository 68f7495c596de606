"""The distribution of relaxation times of one spectrum as a result: quantities, curves, details, words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from garnetlab.analyse import _drt_uncertainty as known
from garnetlab.analyse._drt_compiled import POWER, ZARC
from garnetlab.analyse._drt_model import SHAPE_NAME
from garnetlab.analyse._drt_spectrum import Found
from garnetlab.analyse._geometry import Sample
from garnetlab.core import Measurement, Outcome, Result
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

_CITATIONS = ("golub1973", "kaufman1975", "schwarz1978", "boukamp1995")
_PER_DECADE = 10
#: a part is said not to be determined where its standard uncertainty is larger than this share of it
_DETERMINED = 0.10
#: a sum is given where it is known this many times better than its worst member
_BETTER = 3.0
_SURE = 0.9
#: points per decade below which counts of arcs and bands were seen to be worse than they say
_DENSE = 7.0


def result_of(measurement: Measurement, sample: Sample, found: Found) -> Result:
    """Return the result of one spectrum."""
    quantities = _quantities(found, sample)
    if sample.temperature is not None:
        quantities["temperature"] = Quantity(sample.temperature, None, "degC")
    sums = _sums(found)
    details = _details(found) | {"sums": sums}
    outcome, said = _outcome(found)
    said += _doubts(found, quantities, [total["sum"] for total in sums])
    return Result(
        analysis="drt",
        quantities=quantities,
        outcome=outcome,
        curves=_curves(found),
        details=details | {"metadata": dict(measurement.metadata)},
        sources=(measurement.source.to_dict(),),
        warnings=(*measurement.warnings, *said),
        citations=_CITATIONS,
    )


def _quantity(value: float, draws: Floats, unit: str, method: str) -> Quantity:
    """Return a quantity whose interval and std are those of the draws."""
    ordered = np.sort(draws)
    low, high = (float(ordered[round(p * (len(ordered) - 1))]) for p in (0.025, 0.975))
    return Quantity(value, (high - low) / 3.92, unit, (min(low, value), max(high, value)), method)


def _quantities(found: Found, sample: Sample) -> dict[str, Quantity]:
    model, structure = found.model, found.model.structure
    alike = found.known.alike()
    arcs = len(structure.kinds)
    best = known.Draws(structure, model.coefficients[None], model.shapes[None])
    series = np.concatenate([d.coefficients[:, 0] for d in alike])
    resistance = np.concatenate([d.resistances() for d in alike])
    ln_tau = np.concatenate([d.ln_tau() for d in alike])
    values, times = best.resistances()[0], best.ln_tau()[0]
    out = {"series_resistance": _quantity(float(model.coefficients[0]), series, "ohm", "R0")}
    for k in range(arcs):
        name, r, log_t = f"arc{k + 1}", float(values[k]), float(times[k])
        out[f"{name}_resistance"] = _quantity(r, resistance[:, k], "ohm", "arc of the distribution")
        out[f"{name}_time_constant"] = _quantity(math.exp(log_t), np.exp(ln_tau[:, k]), "s", "arc of the distribution")
        out[f"{name}_capacitance"] = _quantity(
            math.exp(log_t) / r, np.exp(ln_tau[:, k]) / resistance[:, k], "F", "tau/R"
        )
        if list(known.exponents(structure, model.shapes, k)) == ["n"]:
            place = structure.places()[k].start + 1
            same = [d.shapes[:, place] for d in alike if d.structure.kinds == structure.kinds]
            out[f"{name}_exponent"] = _quantity(float(model.shapes[place]), np.concatenate(same), "1", "ZARC")
        if sample.area is not None:
            drawn = resistance[:, k] * sample.area
            out[f"{name}_area_specific_resistance"] = _quantity(r * sample.area, drawn, "ohm cm^2", "R times area")
    if arcs:
        total = resistance.sum(axis=1)
        out["polarisation_resistance"] = _quantity(float(values.sum()), total, "ohm", "sum of the arcs")
    return out | _frame_quantities(found)


def _frame_quantities(found: Found) -> dict[str, Quantity]:
    """Return inductance and tail, from the draws of the models with the frame of the best."""
    model, structure, out = found.model, found.model.structure, {}
    draws = [d for d in found.known.draws if d.structure == structure]
    coefficients, shapes = (np.concatenate([getattr(d, a) for d in draws]) for a in ("coefficients", "shapes"))
    if structure.inductance and model.coefficients[1] > 0:
        scale = math.exp(-found.task.log_omega[0])
        out["inductance"] = _quantity(model.coefficients[1] * scale, coefficients[:, 1] * scale, "H", "in series")
    if structure.tail:
        m = float(known.tail_exponent(structure, model.shapes[None])[0])
        scale = math.exp(m * found.task.log_omega[-1])
        unit = f"ohm s^-{m:.4g}"
        out["tail_coefficient"] = _quantity(
            model.coefficients[-1] * scale, coefficients[:, -1] * scale, unit, "A (jw)^-m"
        )
        out["tail_exponent"] = (
            _quantity(m, shapes[:, -1], "1", "constant phase") if structure.tail == POWER else Quantity(m, None, "1")
        )
    return out


def _sums(found: Found) -> list[dict[str, Any]]:
    """Return sums of neighbouring resistances that are determined while a member is not."""
    alike = found.known.alike()
    drawn = np.concatenate([np.column_stack([d.coefficients[:, 0], d.resistances()]) for d in alike])
    signs = np.array(found.model.structure.signs)
    first = found.model.structure.first_arc
    best = np.concatenate([found.model.coefficients[:1], signs * found.model.coefficients[first : first + signs.size]])
    low, high = known.limits(drawn)
    std = (high - low) / 3.92
    names = ["R0", *(f"R{k + 1}" for k in range(signs.size))]
    out: list[dict[str, Any]] = []
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            if (std[i : j + 1] <= _DETERMINED * np.abs(best[i : j + 1])).all():
                continue
            total = _quantity(float(best[i : j + 1].sum()), drawn[:, i : j + 1].sum(axis=1), "ohm", "sum")
            spread = total.std or 0.0
            if spread <= _DETERMINED * abs(total.value) and _BETTER * spread < std[i : j + 1].max():
                out.append({"sum": names[i : j + 1], **total.to_dict()})
                break
    return out


def _details(found: Found) -> dict[str, object]:
    model, structure = found.model, found.model.structure
    arcs = [
        {
            "arc": k + 1,
            "shape": SHAPE_NAME[structure.kinds[k]],
            "loop": structure.signs[k] < 0,
            "probability": found.known.presence(float(log_t), structure.signs[k]),
            "in_window": bool(-found.task.log_omega[0] <= log_t <= -found.task.log_omega[-1]),
            **known.exponents(structure, model.shapes, k),
        }
        for k, log_t in enumerate(model.ln_tau())
    ]
    return {
        "model": known.describe(structure),
        "arcs": arcs,
        "count_probability": {str(n): p for n, p in found.known.counts().items()},
        "alternatives": [
            {"model": known.describe(m.structure), "weight": float(w), "criterion": m.criterion() - model.criterion()}
            for m, w in zip(found.known.models[1:], found.known.weights[1:], strict=True)
        ],
        "noise": {"law": found.law.name, "relative": found.law.relative, "absolute": found.law.absolute},
        "relative_rms": found.relative_rms,
        "lack_of_fit": {"ratio": found.misfit, "limit": found.misfit_limit, "lacks": found.lacks},
        "points": len(found.frequency),
        "left_out": [float(f) for f in found.frequency[~found.used]],
    }


def _outcome(found: Found) -> tuple[Outcome, list[str]]:
    said = []
    if not found.used.all():
        listed = ", ".join(f"{f:.4g}" for f in found.frequency[~found.used])
        said.append(f"left out as outliers: the points at {listed} Hz.")
    outcome = Outcome.SUCCESS
    if found.lacks:
        said.append(
            f"lack of fit: the model leaves {found.relative_rms:.2%} of |Z|, {math.sqrt(found.misfit):.1f} times the noise. "
            "Arcs and a tail do not describe the spectrum."
        )
        outcome = Outcome.POOR_FIT
    if found.verdict.drift and not any(s < 0 for s in found.model.structure.signs):
        said.append("a resistance changed during the sweep (drift test): the spectrum is not of one state of the cell.")
        outcome = Outcome.INVALID_SPECTRUM
    return outcome, said


def _doubts(found: Found, quantities: dict[str, Quantity], sums: list[list[str]]) -> list[str]:
    said = []
    counts = found.known.counts()
    n = len(found.model.structure.kinds)
    if counts.get(n, 0.0) < _SURE:
        others = ", ".join(f"{k} with {p:.0%}" for k, p in counts.items() if k != n and p >= 0.01)
        said.append(f"{n} arcs with probability {counts.get(n, 0.0):.0%}; {others}.")
    for k, sign in enumerate(found.model.structure.signs):
        if sign < 0:
            tau = quantities[f"arc{k + 1}_time_constant"].value
            said.append(
                f"arc {k + 1} at {1 / (2 * math.pi * tau):.3g} Hz is an inductive loop (negative resistance): a slow "
                "adsorption or activation, or a cell that changed during the sweep. Repeat the sweep to tell them apart."
            )
    said += _cut(found)
    decades = math.log10(float(found.frequency[0] / found.frequency[-1]))
    density = (len(found.frequency) - 1) / decades
    if density < _DENSE * (1.0 - 1e-3):
        said.append(
            f"{density:.2g} points per decade: below {_DENSE:.0f} arcs are missed, and bands and probabilities are too"
            " narrow. Measure more points per decade."
        )
    if any(kind != ZARC for kind in found.model.structure.kinds):
        said.append("an arc has another shape than a ZARC: bands cover less there than where all arcs are ZARCs.")
    if found.inflation > 1.5:
        said.append(f"residuals are systematic: variances were multiplied by {found.inflation:.1f}.")
    said += [f"only {' + '.join(names)} is determined, not its parts." for names in sums]
    return said


def _cut(found: Found) -> list[str]:
    """Return what is said where an arc reaches beyond the lowest frequency, or may stand behind a tail.

    A tail whose exponent is fitted is the upper flank of a ZARC of that exponent: what lies below the sweep tells them apart.
    """
    model, structure = found.model, found.model.structure
    lowest = float(found.frequency[-1])
    slowest = float(model.ln_tau()[-1]) if structure.kinds else -math.inf
    if slowest > -found.task.log_omega[-1]:
        return [
            f"arc {len(structure.kinds)} at {math.exp(-slowest) / (2.0 * math.pi):.3g} Hz lies below the lowest frequency"
            f" ({lowest:.3g} Hz): its resistance is extrapolated. Measure to lower frequencies."
        ]
    if structure.tail == POWER:
        return [
            f"the tail of exponent {float(known.tail_exponent(structure, model.shapes[None])[0]):.2g} may be an arc that the"
            f" lowest frequency ({lowest:.3g} Hz) cuts off: the upper flank of an arc looks the same. Measure to lower"
            " frequencies to tell them apart."
        ]
    return []


def _curves(found: Found) -> dict[str, Floats]:
    task, model = found.task, found.model
    decades = (task.slowest - task.fastest) / math.log(10.0)
    ln_tau = np.linspace(task.fastest, task.slowest, int(decades * _PER_DECADE) + 1)
    low, high = known.band(task, found.known, ln_tau)
    gamma = known.curve(task, model.structure, model.coefficients[None], model.shapes[None], ln_tau)[0]
    out = {"tau": np.exp(ln_tau), "gamma": gamma, "gamma_low": low, "gamma_high": high}
    out.update({f"gamma_arc{k + 1}": g for k, g in enumerate(known.arc_curves(task, model, ln_tau))})
    out["frequency"] = found.frequency
    for name, z in (("measured", found.impedance), ("fit", found.fit), ("residual", found.residual)):
        out[f"{name}_real"], out[f"{name}_imaginary"] = z.real, z.imag
    out["used"] = found.used.astype(np.float64)
    return out
