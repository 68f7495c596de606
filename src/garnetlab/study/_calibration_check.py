"""Checks of the calibration itself: leave one out by fitting again, known truths, and what counts as both mechanisms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from garnetlab.study._calibration import calibrate
from garnetlab.study._calibration_likelihood import InterfaceLikelihood
from garnetlab.study._calibration_model import InterfaceVariant, Numbers, RowMaker
from garnetlab.study._calibration_observations import CALIBRATED, InterfaceObservation, paper_observations
from garnetlab.study._calibration_prediction import cell_life, failed_step, predict
from garnetlab.study._calibration_variants import interface_variant


def has_loss_and_damage(variant: InterfaceVariant) -> bool:
    """Return whether a variant contains contact loss and plating damage: supply and damage current are finite."""
    names = {p.name for p in variant.parameters} | set(variant.fixed)
    return {"ln_supply", "ln_damage_current"} <= names


def left_out_refitted(model: str, left: str, seed: int, steps: int) -> dict[str, float]:
    """Return the score of one calibrated observation after a calibration without it."""
    known, variant = paper_observations(), interface_variant(model)
    likelihood = InterfaceLikelihood(variant, [known[n] for n in CALIBRATED if n != left])
    found = calibrate(variant.parameters, likelihood, seed=seed, steps=steps)
    p = predict(variant, found.thinned(2000), [known[left]], seed=seed)[left]
    return {"score": round(p.score, 3), "inside_90": float(p.inside)}


def synthetic(
    variant: InterfaceVariant, numbers: Numbers, observations: Sequence[InterfaceObservation], rng: np.random.Generator
) -> list[InterfaceObservation]:
    """Return observations as cells with known numbers would have given them, each cell with its own damage current.

    Critical currents are the interval of their step. A life that was exact is exact; one that was censored stays censored at
    its time if the cell lives longer, and is exact if it dies before.
    """
    rows = RowMaker(variant)
    out = []
    for o in observations:
        z, half = float(rng.normal()), o.half_cycles[0]
        if o.kind == "ccd":
            failed, _ = failed_step(numbers, o, rows, half=half, z=z)
            out.append(replace(o, low=failed - o.step, high=failed))
            continue
        life, _ = cell_life(numbers, o, rows, half=half, z=z)
        censored = life > (o.low if o.censored else 1e5 * 3600.0)
        if censored:
            out.append(replace(o, low=o.low if o.censored else 1e5 * 3600.0, high=math.inf, exact=None))
        else:
            out.append(replace(o, low=life / 2.0, high=life * 2.0, exact=life))
    return out


def recovered(model: str, seed: int, steps: int) -> dict[str, float]:
    """Return, for numbers drawn from the priors of a variant, the posterior quantile of each true value.

    Truths for which plain lithium would fail at once, or Li-10KCO never, are drawn again: nobody calibrates on these.
    """
    variant = interface_variant(model)
    rng = np.random.default_rng(77_000 + seed)
    observations = [paper_observations()[n] for n in CALIBRATED]
    while True:
        truth = np.array([p.draw(rng) for p in variant.parameters])
        made = synthetic(variant, variant.numbers(truth), observations, rng) if _usable(variant, truth) else None
        if made is not None:
            break
    likelihood = InterfaceLikelihood(variant, made)
    found = calibrate(variant.parameters, likelihood, seed=seed, steps=steps)
    return {p.name: round(float(np.mean(found.draws[:, i] < truth[i])), 3) for i, p in enumerate(variant.parameters)}


def _usable(variant: InterfaceVariant, truth: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    """Return whether the median cells of a truth have critical currents between 0.2 and 6 mA/cm^2."""
    numbers, rows = variant.numbers(truth), RowMaker(variant)
    for name in ("ccd.0", "ccd.10.60C"):
        failed, _ = failed_step(numbers, paper_observations()[name], rows, half=1800.0, z=0.0)
        if not 2.0 <= failed <= 60.0:
            return False
    return True
