"""A decaying record to its floor: which decays describe it, and what floor they leave open.

The record is compressed to means over bins that are even in the logarithm of time. A model is a floor plus decays that all
fall: nothing, one to three exponentials, a power of time, a power beside an exponential, a stretched exponential. For every
model the least sum of squares is found as a function of the floor, and the models are averaged by BIC. So the interval of
the floor holds both the noise and the doubt of the model.

Source
------
G. Schwarz, Ann. Stat. 6 (1978) 461 (BIC); A. K. Jonscher, Dielectric Relaxation in Solids, Chelsea Dielectrics Press 1983
(power laws of relaxation); G. Williams, D. C. Watts, Trans. Faraday Soc. 66 (1970) 80 (stretched exponential).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from garnetlab.analyse._decay_models import MODELS, Bins, Profile, free_floor, profile_of_floor
from garnetlab.analyse._decay_noise import DIGITS, Noise, binned, end_slope, noise_of

Floats = NDArray[np.float64]

__all__ = ["Decay", "fit_decay"]

_FEWEST = 6  # bins
_FLOORS = 17
#: steps of the floor about an optimum, in standard uncertainties; and the BIC within which a model counts
_STEPS = np.concatenate([np.linspace(-6.0, 6.0, 25), [-15.0, -10.0, 10.0, 15.0]])
_COUNTS = 30.0
_BLOCK = 8  # bins that tell whether the noise goes with the value
#: probability of the models without an end above which the floor is open below: more likely than not
_OPEN = 0.5
_SPREAD = 1.96
#: variance of large values over that of small ones from which the noise is said to go with the value
_EXCESS = 1.2
#: degrees of freedom from which residuals tell the noise, and standard uncertainties by which they are then less than said
_FREE, _BELOW = 8, 3.0


@dataclass(frozen=True, slots=True)
class Decay:
    """The floor of a record and the decays above it.

    Parameters
    ----------
    floor, std: Median and half of the middle 68 % of the floor over the models.
    interval:   95 %; its lower end is 0 where no floor is needed.
    best:       Name of the most probable model.
    weights:    Probability of every model.
    start:      Value at the first time by the best model, with its standard uncertainty.
    last:       Mean of the last bin, with its standard uncertainty.
    time, value, fit: Bins of the record and the best model there.
    misfit:     Root mean square of the residuals over their noise; about 1 where the best model describes the record.
    open_below: Whether models whose decay is too slow to be told from a floor are more probable than the others; the lower
                end of the interval is then 0.
    half_width: Of what a reading can stand for, where it is in steps that no mean resolves; the interval holds it.
    fall:       By how much the last third falls from its begin to its end, with its standard uncertainty.
    """

    floor: float
    std: float
    interval: tuple[float, float]
    best: str
    weights: dict[str, float]
    start: tuple[float, float]
    last: tuple[float, float]
    time: Floats
    value: Floats
    fit: Floats
    misfit: float
    open_below: bool
    half_width: float
    fall: tuple[float, float]

    @property
    def reached(self) -> bool:
        """Whether the record determines its floor: the lower end of its interval is at least half of the upper one."""
        return self.interval[0] >= 0.5 * self.interval[1] > 0.0


def fit_decay(time: Floats, value: Floats) -> Decay | None:
    """Return the floor of a record that falls towards a value >= 0, or None where it has too few points.

    Parameters
    ----------
    time:  From the step on, > 0 and rising (n,).
    value: Positive where the record decays from above (n,).
    """
    scale = float(np.abs(value).max())
    if len(value) < _FEWEST or not scale > 0.0:
        return None
    noise = noise_of(time, value / scale)  # the fit wants amplitudes near 1
    bins = binned(time, value / scale, noise)
    if len(bins.time) < _FEWEST:
        return None
    floors = np.linspace(0.0, max(float((bins.value[-3:] + 5.0 * bins.std[-3:]).max()), 1e-300), _FLOORS)
    profiles = [profile_of_floor(m, bins, floors) for m in MODELS if m.free < len(bins.time)]
    freed = [free_floor(p, bins) for p in profiles]
    for again in (_reweighted, _lightened):
        other = again(bins, _best(bins, freed), noise)
        if other is not None:
            bins = other
            profiles = [profile_of_floor(p.model, bins, floors, (p.parameters,)) for p in profiles]
            freed = [free_floor(_with(p, f), bins) for p, f in zip(profiles, freed, strict=True)]
    floors, profiles = _refined(bins, floors, profiles, freed)
    return _decay(bins, floors, profiles, scale, noise, end_slope(time, value))


def _decay(
    bins: Bins, floors: Floats, profiles: list[Profile], scale: float, noise: Noise, fall: tuple[float, float]
) -> Decay:
    size, weights, density = _averaged(bins, profiles, floors)
    centre, std, (low, high) = _moments(floors, density)
    unending = [p.leaves_open(bins, size) for p in profiles]
    open_below = float(weights[unending].sum()) > _OPEN
    if open_below:  # anything up to where the record ends
        low, high = 0.0, max(high, float(bins.value[-1] + _SPREAD * bins.std[-1] * math.sqrt(size)))
    # what lies within half a step of the reading reads the same
    low, high = max(low - noise.half_width, 0.0), high + noise.half_width
    std = max(math.hypot(std, noise.half_width / math.sqrt(3.0)), 0.5 * (high - low) / _SPREAD)
    best = _best(bins, profiles)
    curve = best.curve(bins)
    residual = (bins.value - curve) / bins.std
    return Decay(
        floor=scale * centre,
        std=scale * std,
        interval=(scale * low, scale * high),
        best=best.model.name,
        weights={m.name: 0.0 for m in MODELS}
        | {p.model.name: float(share) for p, share in zip(profiles, weights, strict=True)},
        start=(scale * float(curve[0]), scale * float(bins.std[0]) * math.sqrt(size)),
        last=(scale * float(bins.value[-1]), scale * float(bins.std[-1]) * math.sqrt(size)),
        time=bins.time,
        value=scale * bins.value,
        fit=scale * curve,
        misfit=math.sqrt(float(residual @ residual) / max(len(residual) - best.model.free, 1)),
        open_below=open_below,
        half_width=scale * noise.half_width,
        fall=fall,
    )


# models ---------------------------------------------------------------------------------------------------------------
def _with(profile: Profile, optimum: Profile) -> Profile:
    """Return a profile with a place more: the optimum of other weights is a good start."""
    parameters = np.concatenate([optimum.parameters, profile.parameters])
    return replace(profile, parameters=parameters, squares=np.concatenate([[0.0], profile.squares]))


def _best(bins: Bins, profiles: list[Profile]) -> Profile:
    """Return the model of the least BIC, for noise of the size that the bins say."""
    penalty = math.log(len(bins.time))
    return min(profiles, key=lambda p: float(p.squares.min()) + p.model.free * penalty)


def _averaged(bins: Bins, profiles: list[Profile], floors: Floats) -> tuple[float, Floats, Floats]:
    """Return the size of the variance beside that of the bins, the probabilities of the models, and the density of the floor.

    A model counts by its BIC; within it the floor is as likely as its profile says, but for floors that go with a decay too
    slow to be told from one.
    """
    best = _best(bins, profiles)
    residual = (bins.value - best.curve(bins)) / bins.std
    freedom = max(len(residual) - best.model.free, 1)
    size = max(float(residual @ residual) / freedom, 1.0) * _inflation(residual)
    squares = np.array([p.squares for p in profiles]) / size
    least = squares.min(axis=1)
    score = least + np.array([p.model.free for p in profiles]) * math.log(len(bins.time))
    weights = np.exp(-0.5 * (score - score.min()))
    weights /= weights.sum()
    likely = np.exp(-0.5 * (squares - least[:, None]))
    told = ~np.array([p.too_slow(bins, size) for p in profiles])
    if (weights @ (likely * told)).max() > 0.0:
        likely = likely * told
    likely /= np.maximum(np.trapezoid(likely, floors, axis=1), 1e-300)[:, None]
    return size, weights, weights @ likely


def _refined(bins: Bins, floors: Floats, profiles: list[Profile], freed: list[Profile]) -> tuple[Floats, list[Profile]]:
    """Return floors close to one another where they are likely, and the profiles there of the models that count.

    The grid follows the optimum of every model that counts, in steps of its standard uncertainty. A fit at a floor starts
    from the nearest one that is known, or from the optimum moved with the floor: what is nearest may lie in a side valley.
    """
    penalty = math.log(len(bins.time))
    scores = np.array([float(f.squares.min()) + f.model.free * penalty for f in freed])
    size = max(float(scores.min()) / len(bins.time), 1.0)
    counts = scores - scores.min() < _COUNTS * size
    kept = [(p, f) for p, f, count in zip(profiles, freed, counts, strict=True) if count]
    steps = [f.parameters[0, 0] + f.floor_std * math.sqrt(size) * _STEPS for _, f in kept]
    finer = np.unique(np.clip(np.concatenate([floors, *steps]), 0.0, floors[-1]))
    out = []
    for coarse, one in kept:
        known = np.concatenate([one.parameters, coarse.parameters])
        near = np.abs(finer[:, None] - known[None, :, 0]).argmin(axis=1)
        moved = one.parameters + (finer[:, None] - one.parameters[0, 0]) * one.response
        out.append(profile_of_floor(one.model, bins, finer, (known[near], moved)))
    return finer, out


def _reweighted(bins: Bins, best: Profile, _: Noise) -> Bins | None:
    """Return the bins with the noise that the best model leaves where the record is large, None where it is as said."""
    residual = bins.value - best.curve(bins)
    loud = bins.value > 3.0 * bins.value[-1]
    if loud.sum() < _BLOCK:
        return None
    excess = float(np.mean((residual[loud] / bins.std[loud]) ** 2))
    # none is quiet where the last bin is negative by its noise
    quiet = float(np.mean((residual[~loud] / bins.std[~loud]) ** 2)) if not loud.all() else 1.0
    if excess < _EXCESS * max(quiet, 1.0):
        return None
    part = math.sqrt(max(float(np.mean((residual[loud] ** 2 - bins.std[loud] ** 2) / bins.value[loud] ** 2)), 0.0))
    return replace(bins, std=np.hypot(bins.std, part * np.abs(bins.value)))


def _lightened(bins: Bins, best: Profile, noise: Noise) -> Bins | None:
    """Return the bins with less noise where the best model leaves less than is said, None where it does not.

    Where rows are far apart, what the decay bends between three of them counts as noise at first. What the best model
    leaves is noise and lack of fit, so never too small. Large values and the others are looked at by themselves.
    """
    residual = (bins.value - best.curve(bins)) / bins.std
    loud = bins.value > 3.0 * bins.value[-1]
    std, found = bins.std.copy(), False
    for part in (loud, ~loud):
        freedom = part.sum() * (1.0 - best.model.free / len(residual))
        if noise.half_width > 0.0 or freedom < _FREE:
            continue
        left = float(residual[part] @ residual[part]) / freedom
        spread = 2.0 / (9.0 * freedom)  # Wilson and Hilferty: the cube root of chi squared is normal
        if left < (1.0 - spread - _BELOW * math.sqrt(spread)) ** 3:
            std[part] *= math.sqrt(left)
            found = True
    return replace(bins, std=np.maximum(std, DIGITS * np.abs(bins.value))) if found else None


def _inflation(residual: Floats) -> float:
    """Return how much a variance grows where neighbouring residuals go together, at least 1."""
    total = float(residual @ residual)
    if total <= 0.0:
        return 1.0
    together = min(max(float(residual[1:] @ residual[:-1]) / total, 0.0), 0.9)
    return (1.0 + together) / (1.0 - together)


# floor ----------------------------------------------------------------------------------------------------------------
def _moments(floors: Floats, density: Floats) -> tuple[float, float, tuple[float, float]]:
    """Return median, half of the middle 68 %, and the 95 % interval of a density on a grid.

    The interval begins at 0 where 0 is as likely as what lies two standard deviations from the greatest density.
    """
    inside = 0.5 * (density[1:] + density[:-1]) * np.diff(floors)
    below = np.concatenate(([0.0], np.cumsum(inside)))
    below /= below[-1]
    low, dark, centre, bright, high = (float(np.interp(p, below, floors)) for p in (0.025, 0.1587, 0.5, 0.8413, 0.975))
    std = max(0.5 * (bright - dark), float(np.diff(floors).min()) / math.sqrt(12.0))
    open_below = floors[0] <= 0.0 and density[0] > math.exp(-2.0) * density.max()
    return centre, std, (0.0 if open_below else low, high)
