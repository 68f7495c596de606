"""Voltage profiles of a passage: differential capacity on an even grid of voltages, its peaks, and plateaus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.analyse._charge_passed import Passages, Record, direction
from garnetlab.analyse._full_cell_cycles import resolution, steady_end, voltage_noise

Floats = NDArray[np.float64]

__all__ = ["Profile", "profile_of"]

_FINEST, _CELLS = 1e-3, 500  # V, and cells over the range of voltages
_NOISES = 8.0  # of the voltage in a cell
_FOLDS = 8
_PROMINENCE, _SURE = 0.05, 4.0  # of the largest value, and standard uncertainties
_PLATEAU = 0.1  # part of the capacity
_LEAST = 12  # rows
_KERNEL = np.array([0.0625, 0.25, 0.375, 0.25, 0.0625])  # binomial
_TIE = 1e-12


@dataclass(frozen=True, slots=True)
class Profile:
    """A passage by charge and voltage, and how its charge lies over the voltages.

    Parameters
    ----------
    charge, voltage: Row by row (n,) [C, V].
    grid, density:   Voltages and dQ/dV there [C/V], with ``density_std``.
    peaks:           (k, 4): voltage and its std [V], height and its std [C/V].
    plateaus:        (p, 4): mean voltage and its std, width [V], and charge [C].
    """

    charge: Floats
    voltage: Floats
    grid: Floats
    density: Floats
    density_std: Floats
    peaks: Floats
    plateaus: Floats


def profile_of(record: Record, passages: Passages, k: int) -> Profile:
    """Return the profile of passage ``k`` from its first current on; dQ/dV leaves out the tail at constant voltage.

    The voltage is made monotone in the charge by isotonic regression, and the charge is shared among cells of voltage as it
    then lies. The uncertainties are those of a jackknife over eight interleaved parts of the rows.
    """
    begin, last = int(passages.first[k]), int(passages.active[k])
    # a rest before the current belongs to no profile: it begins with the last row of it
    flows = (direction(record.current[begin + 1 : last + 2]) == passages.sign[k]) & (
        np.diff(passages.passed[begin : last + 2]) > 0.0
    )
    first = begin + int(flows.argmax()) if flows.any() else begin
    charge = passages.passed[first : last + 2] - passages.passed[first]
    voltage = record.voltage[first : last + 2].copy()
    if passages.passed[first + 1] > passages.passed[first]:
        voltage[0] = voltage[1]  # that row is at rest
    stop = steady_end(record, first, last) - first + 2
    moved = np.concatenate(([True], np.diff(charge[:stop]) > 0.0))
    q, v = charge[:stop][moved], voltage[:stop][moved]
    empty = np.zeros(0)
    if len(q) < _LEAST or np.ptp(v) <= 0.0:
        return Profile(charge, voltage, empty, empty, empty, np.zeros((0, 4)), np.zeros((0, 4)))
    way = int(passages.sign[k])
    step = max(_FINEST, float(np.ptp(v)) / _CELLS, 2.0 * resolution(v), _NOISES * voltage_noise(record))
    edges = np.arange(float(v.min()) - 2.5 * step, float(v.max()) + 3.0 * step, step)
    whole = _density(q, v, way, edges)
    folds = [_density(q[keep], v[keep], way, edges) for keep in _folds(len(q))]
    spread = _jackknife(np.array(folds))
    grid = 0.5 * (edges[1:] + edges[:-1])
    peaks, plateaus = _features(grid, whole, spread, folds, float(charge[-1]))
    return Profile(charge, voltage, grid, whole, spread, peaks, plateaus)


def _folds(count: int) -> list[NDArray[np.bool_]]:
    place = np.arange(count) % _FOLDS
    keep = [place != k for k in range(_FOLDS)]
    for fold in keep:
        fold[[0, -1]] = True
    return keep


def _jackknife(values: Floats) -> Floats:
    count = len(values)
    out: Floats = np.sqrt((count - 1) / count * ((values - values.mean(axis=0)) ** 2).sum(axis=0))
    return out


def _density(charge: Floats, voltage: Floats, way: int, edges: Floats) -> Floats:
    """Return dQ/dV in the cells between the edges, smoothed over its neighbours by a binomial kernel."""
    from scipy.optimize import isotonic_regression

    rising = way * np.asarray(isotonic_regression(way * voltage).x)
    rising, passed = (rising, charge) if way > 0 else (rising[::-1], charge[-1] - charge[::-1])
    apart = rising + _TIE * np.arange(len(rising))
    at = np.interp(edges, apart, passed)
    density = np.diff(at) / np.diff(edges)
    out: Floats = np.convolve(density, _KERNEL, mode="same")
    return out


def _features(
    grid: Floats, density: Floats, spread: Floats, folds: list[Floats], capacity: float
) -> tuple[Floats, Floats]:
    """Return peaks and plateaus."""
    from scipy.signal import find_peaks, peak_widths

    top = float(density.max())
    found, known = find_peaks(density, prominence=_PROMINENCE * top)
    found = found[known["prominences"] > _SURE * spread[found]]
    if not len(found):
        return np.zeros((0, 4)), np.zeros((0, 4))
    _, _, left, right = peak_widths(density, found, rel_height=0.5)
    step = float(grid[1] - grid[0])
    peaks, plateaus = [], []
    for low, high in zip(left, right, strict=True):
        inside = slice(max(int(np.floor(low)), 0), int(np.ceil(high)) + 1)
        tops = np.array([_top(grid[inside], fold[inside]) for fold in folds])
        place, height = _top(grid[inside], density[inside])
        std = _jackknife(tops)
        peaks.append((place, float(np.hypot(std[0], step / np.sqrt(12.0))), height, float(std[1])))
        charge = float(density[inside].sum()) * step
        others = found[(found >= low) & (found <= high)]
        if charge >= _PLATEAU * capacity and len(others) == 1:
            means = np.array([float(grid[inside] @ f[inside]) / max(float(f[inside].sum()), 1e-300) for f in folds])
            mean = float(grid[inside] @ density[inside]) / float(density[inside].sum())
            spread_of_mean = float(_jackknife(means[:, None])[0])
            plateaus.append((mean, float(np.hypot(spread_of_mean, step / np.sqrt(12.0))), (high - low) * step, charge))
    return np.array(peaks), np.array(plateaus).reshape(-1, 4)


def _top(grid: Floats, density: Floats) -> tuple[float, float]:
    """Return place and height of the top of a peak, by the parabola through its highest cell and the two beside it."""
    k = int(density.argmax())
    if not 0 < k < len(density) - 1:
        return float(grid[k]), float(density[k])
    below, top, above = (float(density[k + d]) for d in (-1, 0, 1))
    bend = below - 2.0 * top + above
    shift = 0.5 * (below - above) / bend if bend < 0.0 else 0.0
    return float(grid[k] + shift * (grid[1] - grid[0])), top - 0.25 * (below - above) * shift
