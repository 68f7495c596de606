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

Floats = NDArray[np.float64]

__all__ = ["Decay", "fit_decay"]

_BINS = 120
_FEWEST = 6  # bins
_FLOORS = 17
#: steps of the floor about an optimum, in standard uncertainties; and the BIC within which a model counts
_STEPS = np.concatenate([np.linspace(-6.0, 6.0, 25), [-15.0, -10.0, 10.0, 15.0]])
_COUNTS = 30.0
_DIGITS = 1e-4  # relative: what no average removes
_BLOCK = 8  # bins that tell the relative noise
#: variance of large values over that of small ones from which the noise is said to go with the value
_EXCESS = 1.2


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
    bins = _binned(time, value / scale)  # the fit wants amplitudes near 1
    if len(bins.time) < _FEWEST:
        return None
    floors = np.linspace(0.0, max(float((bins.value[-3:] + 5.0 * bins.std[-3:]).max()), 1e-300), _FLOORS)
    profiles = _profiles(bins, floors)
    heavier = _reweighted(bins, profiles)
    if heavier is not None:
        bins = heavier
        profiles = _profiles(bins, floors)
    floors, profiles = _refined(bins, floors, profiles)
    return _decay(bins, floors, profiles, scale)


def _decay(bins: Bins, floors: Floats, profiles: list[Profile], scale: float) -> Decay:
    size, weights, density = _averaged(bins, profiles, floors)
    centre, std, interval = _moments(floors, density)
    best = _best(bins, profiles)
    curve = best.curve(bins)
    residual = (bins.value - curve) / bins.std
    return Decay(
        floor=scale * centre,
        std=scale * std,
        interval=(scale * interval[0], scale * interval[1]),
        best=best.model.name,
        weights={p.model.name: float(share) for p, share in zip(profiles, weights, strict=True)},
        start=(scale * float(curve[0]), scale * float(bins.std[0]) * math.sqrt(size)),
        last=(scale * float(bins.value[-1]), scale * float(bins.std[-1]) * math.sqrt(size)),
        time=bins.time,
        value=scale * bins.value,
        fit=scale * curve,
        misfit=math.sqrt(float(residual @ residual) / max(len(residual) - best.model.free, 1)),
    )


# models ---------------------------------------------------------------------------------------------------------------
def _profiles(bins: Bins, floors: Floats) -> list[Profile]:
    return [profile_of_floor(m, bins, floors) for m in MODELS if m.free < len(bins.time)]


def _best(bins: Bins, profiles: list[Profile]) -> Profile:
    """Return the model of the least BIC, for noise of the size that the bins say."""
    penalty = math.log(len(bins.time))
    return min(profiles, key=lambda p: float(p.squares.min()) + p.model.free * penalty)


def _averaged(bins: Bins, profiles: list[Profile], floors: Floats) -> tuple[float, Floats, Floats]:
    """Return the size of the variance beside that of the bins, the probabilities of the models, and the density of the floor.

    A model counts by its BIC; within it the floor is as likely as its profile says.
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
    likely /= np.trapezoid(likely, floors, axis=1)[:, None]
    return size, weights, weights @ likely


def _refined(bins: Bins, floors: Floats, profiles: list[Profile]) -> tuple[Floats, list[Profile]]:
    """Return floors close to one another where they are likely, and the profiles there.

    The grid follows the optimum of every model that counts, in steps of its standard uncertainty.
    """
    freed = [free_floor(p, bins) for p in profiles]
    penalty = math.log(len(bins.time))
    scores = np.array([float(f.squares.min()) + f.model.free * penalty for f in freed])
    size = max(float(scores.min()) / len(bins.time), 1.0)
    places = [floors]
    for one, score in zip(freed, scores, strict=True):
        if score - scores.min() < _COUNTS * size:
            places.append(one.parameters[0, 0] + one.floor_std * math.sqrt(size) * _STEPS)
    finer = np.unique(np.clip(np.concatenate(places), 0.0, floors[-1]))
    out = []
    for one, coarse in zip(freed, profiles, strict=True):
        known = np.concatenate([one.parameters, coarse.parameters])
        near = np.abs(finer[:, None] - known[None, :, 0]).argmin(axis=1)
        out.append(profile_of_floor(one.model, bins, finer, known[near]))
    return finer, out


def _reweighted(bins: Bins, profiles: list[Profile]) -> Bins | None:
    """Return the bins with the noise that the best model leaves where the record is large, None where it is as said."""
    residual = bins.value - _best(bins, profiles).curve(bins)
    loud = bins.value > 3.0 * bins.value[-1]
    if loud.sum() < _BLOCK:
        return None
    excess = float(np.mean((residual[loud] / bins.std[loud]) ** 2))
    quiet = float(np.mean((residual[~loud] / bins.std[~loud]) ** 2))
    if excess < _EXCESS * max(quiet, 1.0):
        return None
    part = math.sqrt(max(float(np.mean((residual[loud] ** 2 - bins.std[loud] ** 2) / bins.value[loud] ** 2)), 0.0))
    return replace(bins, std=np.hypot(bins.std, part * np.abs(bins.value)))


def _inflation(residual: Floats) -> float:
    """Return how much a variance grows where neighbouring residuals go together, at least 1."""
    total = float(residual @ residual)
    if total <= 0.0:
        return 1.0
    together = min(max(float(residual[1:] @ residual[:-1]) / total, 0.0), 0.9)
    return (1.0 + together) / (1.0 - together)


# noise and bins -------------------------------------------------------------------------------------------------------
def _binned(time: Floats, value: Floats) -> Bins:
    """Return means over bins even in ln t, at the mean time, with the standard error of each."""
    edges = np.geomspace(time[0], time[-1] * (1.0 + 1e-12), _BINS + 1)
    place = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, _BINS - 1)
    count = np.bincount(place, minlength=_BINS)
    good = count > 0
    mean, when, square = (np.bincount(place, x, minlength=_BINS)[good] / count[good] for x in (value, time, time**2))
    width = np.sqrt(np.maximum(square - when**2, 0.0))
    width[count[good] == 1] = 0.0
    noise, relative = _noise(time, value)
    single = np.hypot(noise, relative * mean) / np.sqrt(count[good])
    return Bins(when, width, mean, np.hypot(single, _DIGITS * mean))


def _noise(time: Floats, value: Floats) -> tuple[float, float]:
    """Return noise that is constant, from the second half, and noise that goes with the value, from the first."""
    slope = (value[2:] - value[:-2]) / (time[2:] - time[:-2])
    inside = value[1:-1] - value[:-2] - slope * (time[1:-1] - time[:-2])
    weight = (time[2:] - time[1:-1]) / (time[2:] - time[:-2])
    scatter = np.abs(inside) / np.sqrt(1.0 + weight**2 + (1.0 - weight) ** 2)
    half = len(scatter) // 2
    late = 1.4826 * float(np.median(scatter[half:]))
    size = np.abs(value[1:-1][:half])
    early = np.sqrt(np.maximum(scatter[:half] ** 2 - late**2, 0.0))
    loud = size > 10.0 * late
    relative = 1.4826 * float(np.median(early[loud] / size[loud])) if loud.sum() > _BLOCK else 0.0
    return max(late, 1e-6 * float(np.abs(value[-1])), 1e-300), min(relative, 0.02)


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
