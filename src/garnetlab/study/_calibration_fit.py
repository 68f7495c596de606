"""A calibration of an interface from its observations to its predictions: the call behind ``garnetlab fit``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import InvalidInput, nearest
from garnetlab.study._calibration import Calibration, Progress, calibrate
from garnetlab.study._calibration_document import read_interface_observations
from garnetlab.study._calibration_likelihood import InterfaceLikelihood
from garnetlab.study._calibration_model import InterfaceVariant
from garnetlab.study._calibration_observations import CALIBRATED, InterfaceObservation, paper_observations
from garnetlab.study._calibration_prediction import (
    LeftOut,
    Prediction,
    leave_one_out,
    predict,
    total_score,
    typical_draw,
)
from garnetlab.study._calibration_profile import Combination, Profile, combinations, profile_all
from garnetlab.study._calibration_variants import DEFAULT, interface_variant

Floats = NDArray[np.float64]

#: seed of starts and chains: that of the ledger, the date on which the paper appeared
SEED = 20250414
STEPS = 800
_SCORED = 2000  # draws behind a score
_TYPICAL = 300  # draws among which the typical one is looked for
_SCORED_SLOWLY = 400  # where every probability takes a search


@dataclass(frozen=True, slots=True)
class InterfaceFit:
    """A calibrated interface.

    Parameters
    ----------
    variant:      The mechanisms.
    observations: What it was calibrated on, by id.
    held_out:     What was predicted only.
    calibration:  Maximum, posterior, convergence.
    predictions:  Predictive distributions of both, by id.
    left_out:     Scores of the calibrated observations, each predicted from the others.
    typical:      The draw whose median cells come nearest to the predicted medians.
    profiles:     Which parameters are identified; empty if not asked for.
    combinations: Stiff and sloppy combinations; empty if not asked for.
    """

    variant: InterfaceVariant
    observations: tuple[InterfaceObservation, ...]
    held_out: tuple[InterfaceObservation, ...]
    calibration: Calibration
    predictions: dict[str, Prediction]
    left_out: dict[str, LeftOut]
    typical: Floats
    profiles: tuple[Profile, ...] = ()
    combinations: tuple[Combination, ...] = ()

    @property
    def score(self) -> float:
        """Sum of the log scores of what was held out."""
        return total_score({o.id: self.predictions[o.id] for o in self.held_out})

    def parameter_rows(self) -> list[dict[str, object]]:
        """Return one row per parameter: posterior, maximum, verdict, convergence."""
        c = self.calibration
        verdicts = {p.name: p for p in self.profiles}
        rows: list[dict[str, object]] = []
        for i, (p, (low, middle, high)) in enumerate(zip(c.parameters, c.quantiles(), strict=True)):
            profile = verdicts.get(p.name)
            rows.append({
                "parameter": p.name, "unit": p.unit, "median": float(middle), "low": float(low), "high": float(high),
                "maximum": float(c.best[i]), "typical": float(self.typical[i]), "verdict": profile.verdict if profile else None,
                "profile_low": profile.interval[0] if profile else None,
                "profile_high": profile.interval[1] if profile else None,
                "median_error": float(c.convergence.error[i]),
                "autocorrelation_steps": float(c.convergence.autocorrelation[i]),
                "split_difference": float(c.convergence.split[i]), "prior": p.source,
            })  # fmt: skip
        return rows

    def prediction_rows(self) -> list[dict[str, object]]:
        """Return one row per observation in field units: event, predictive interval, probability, score."""
        calibrated = {o.id for o in self.observations}
        rows: list[dict[str, object]] = []
        for o in (*self.observations, *self.held_out):
            p = self.predictions[o.id]
            factor, unit = (10.0, "mA/cm^2") if o.kind == "ccd" else (3600.0, "h")
            low, middle, high = (_finite(v / factor) for v in p.quantiles)
            left = self.left_out.get(o.id)
            rows.append({
                "id": o.id, "role": "calibrated" if o.id in calibrated else "predicted", "kind": o.kind, "unit": unit,
                "event_above": o.low / factor, "event_up_to": _finite(o.high / factor),
                "exact": None if o.exact is None else o.exact / factor, "low": low, "median": middle, "high": high,
                "probability": p.probability, "score": p.score, "score_error": p.error, "inside_90": p.inside,
                "contact_lost": p.lost, "beyond_1e6_h": p.beyond,
                "leave_one_out": left.score if left else None, "effective_draws": left.effective if left else None,
            })  # fmt: skip
        return rows

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object: numbers are finite or None."""
        c = self.calibration
        return {
            "schema": "garnetlab/1",
            "model": self.variant.name,
            "title": self.variant.title,
            "uses": self.variant.uses,
            "fixed": dict(self.variant.fixed),
            "seed": c.seed,
            "maximum": c.best_value,
            "evidence": c.evidence,
            "draws": len(c.draws),
            "score": self.score if self.held_out else None,
            "leave_one_out": sum(v.score for v in self.left_out.values()),
            "parameters": self.parameter_rows(),
            "combinations": [{"std": _finite(k.std), "weights": k.weights} for k in self.combinations],
            "predictions": self.prediction_rows(),
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def fit_interface(
    source: str | Path | None = None,
    *,
    observations: Sequence[str] = (),
    model: str | InterfaceVariant = DEFAULT,
    seed: int = SEED,
    steps: int = STEPS,
    profile: bool = True,
    progress: Progress | None = None,
) -> InterfaceFit:
    """Calibrate contact loss and plating damage of an interface on critical currents and lives; predict the others.

    Parameters
    ----------
    source:       A TOML document with ``[[observations]]``; None for the paper's set.
    observations: Ids to calibrate on; by default those the document marks, or the paper's calibration set.
    model:        A variant or its name, see ``interface_variants``.
    seed:         Of starts and chain.
    steps:        Of the chain, at least 50; 64 walkers.
    profile:      Whether to say which parameters are identified (a quarter of the time).
    progress:     Called with (done, total).

    Returns
    -------
    :  The fit. A parameter is in the unit of its name: ``ln_`` of mA/cm^2 or um.

    Raises
    ------
    InvalidInput  if an id, a variant or the document is not valid.
    """
    variant = interface_variant(model) if isinstance(model, str) else model
    if steps < 50:
        message = (
            f"steps = {steps}: expected at least 50. Ten times the autocorrelation time, about 800, is worth having."
        )
        raise InvalidInput(message)
    if seed < 0:
        message = f"seed = {seed}: expected a whole number of at least 0."
        raise InvalidInput(message)
    known, marked = (paper_observations(), CALIBRATED) if source is None else read_interface_observations(Path(source))
    used = _chosen(known, observations or variant.only or marked)
    held = tuple(
        o for o in known.values() if o.id not in {u.id for u in used} and o.id not in (marked if variant.only else ())
    )
    likelihood = InterfaceLikelihood(variant, used)
    share = _shares(progress, profile)
    found = calibrate(variant.parameters, likelihood, seed=seed, steps=steps, progress=share[0])
    profiles = profile_all(likelihood, found, progress=share[1]) if profile else ()
    draws = found.thinned(_SCORED if variant.scatter == "damage" else _SCORED_SLOWLY)
    few = found.thinned(_TYPICAL)
    return InterfaceFit(
        variant,
        used,
        held,
        found,
        predict(variant, draws, (*used, *held), seed=seed),
        leave_one_out(likelihood, draws),
        few[typical_draw(variant, few, (*used, *held))],
        profiles,
        combinations(likelihood, found) if profile else (),
    )


def _chosen(known: dict[str, InterfaceObservation], ids: Sequence[str]) -> tuple[InterfaceObservation, ...]:
    for name in ids:
        if name not in known:
            message = f"observation = {name!r}: not in the set.{nearest(name, known)} Known: {', '.join(known)}."
            raise InvalidInput(message)
    return tuple(known[name] for name in ids)


def _shares(progress: Progress | None, profile: bool) -> tuple[Progress | None, Progress | None]:
    """Return the callbacks of calibration and profiles, as parts of one bar."""
    if progress is None:
        return None, None
    first = 800 if profile else 1000

    def calibration(done: int, total: int) -> None:
        progress(round(first * done / total), 1000)

    def profiles(done: int, total: int) -> None:
        progress(first + round((1000 - first) * done / total), 1000)

    return calibration, profiles
