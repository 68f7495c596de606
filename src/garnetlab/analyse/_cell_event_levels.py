"""How far each half cycle lies from what the ones before it foretell, and how large such differences are by chance.

The overpotential of a half cycle is compared, part by part of its length, with the same part of the last two half cycles
in the same direction: what repeats in every half cycle (polarisation, a peak at the start) drops out. A change of current
between them is allowed for by the slope d ln V/d ln I that earlier changes showed (Butler-Volmer kinetics in series with
a resistance: between 0 and 1, more where contact goes), a change of temperature by activation energies of 0.1 to 0.9 eV.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab import units
from garnetlab.analyse.half_cycles import HalfCycles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["SAME", "SLOPES", "Levels", "levels_of", "running_scatter"]

_MAD = 1.482602218505602
SAME = 0.02  # difference of ln I within which two currents are the same
_BACK = 10  # half cycles in one direction over which one at the same current is looked for
#: slope d ln V/d ln I where no earlier change of current tells it, its standard deviation, and that where some do
_SLOPE, _SLOPE_STD, _SLOPE_KNOWN = 0.9, 0.15, 0.06
SLOPES = (0.3, 1.3)  #: what is believed of one change of current
_TOLD = 4  # earlier changes whose median is taken
_LEAST = 5e-3  # relative scatter between half cycles, at least: room temperature and instruments are no better
#: the scatter of a usual laboratory, and how many half cycles it counts for; how many are remembered, in how many blocks
_USUAL, _WEIGHT, _MEMORY, _BLOCKS = 0.015, 4.0, 200, 256
_ENERGY, _ENERGY_STD = 0.5 * units.eV, 0.2 * units.eV
_SAME_KELVIN = 0.3
_DIRECTIONS = 0.1  # difference in shape between the two directions, and between a new cell and one half cycle later
_NOT_CALM = 2e-6  # doubt of what is expected that is none, but tells nothing of the scatter
_ENOUGH = 4  # parts with records that show a shape
_LAST = 5  # half cycles whose noise is compared
_LOW, _FAR_OFF = 0.35, 0.3  # share of the pairs taken as low; largest offset over their voltage
_UNSURE = 0.01  # beside it, of every change of current
_AFTER_GAP = 0.2  # a cell left alone: three kelvin at 0.6 eV
_LONG_REST = 3.0  # times the usual time between two half cycles, and more than a half cycle: the cell was left alone


@dataclass(frozen=True, slots=True)
class Levels:
    """Logarithms of overpotentials less what is expected, shape (n, parts), NaN where nothing can be compared.

    Parameters
    ----------
    fall, rise:  Against the lower and the higher of two references.
    before:      Index of the half cycle compared with, -1 for none.
    expected:    Change of ln V expected from current and temperature, shape (n,).
    common:      Standard deviation that all parts of a half cycle share, shape (n,).
    single:      That of one part alone, shape (n, parts).
    logs:        ln of the overpotential, shape (n, parts).
    rested:      Against the last half cycle alone, the middle of all parts, shape (n,).
    level:       ln of the overpotential, the middle of all parts, shape (n,).
    current:     ln of the current, shape (n,); the same everywhere without one.
    change:      Standard deviation of what is expected from a change of current or temperature, or after a gap; 0 without.
    slope:       d ln V/d ln I believed at each half cycle.
    scatter:     Between half cycles at one current, one number.
    """

    fall: Floats
    rise: Floats
    before: Ints
    expected: Floats
    common: Floats
    single: Floats
    logs: Floats
    rested: Floats
    level: Floats
    current: Floats
    change: Floats
    slope: Floats
    scatter: float


def levels_of(cycles: HalfCycles) -> Levels:
    """Return how far each half cycle lies from what those before it foretell."""
    logs, single = _logs(cycles)
    current = _log_current(cycles)
    usable = cycles.galvanostatic & ~cycles.cut
    first = _previous(cycles.sign, current, usable)
    second = np.where(first >= 0, first[np.maximum(first, 0)], -1)
    slope, slope_std = _slopes(cycles, logs, current)
    found, expects, spreads = [], [], []
    for before in (first, second):
        expected, spread = _expected(cycles, current, before, slope, slope_std)
        place = np.maximum(before, 0)
        difference = np.where((before >= 0)[:, None], logs - logs[place] - expected[:, None], np.nan)
        found.append(difference)
        expects.append(expected)
        spreads.append(spread)
    _first_ones(cycles, logs, found[0], spreads[0])
    other = single[np.maximum(first, 0)]
    noise = np.hypot(single, np.where(np.isnan(other), single, other))
    noise[:2] = np.hypot(noise[:2], np.where(first[:2] < 0, _DIRECTIONS, 0.0)[:, None])
    scatter, shape = _scatter(found[0], noise, spreads[0], first)
    return Levels(
        fall=np.fmax(found[0], found[1]),
        rise=np.fmin(found[0], found[1]),
        before=first,
        expected=expects[0],
        common=np.hypot(scatter, np.maximum(spreads[0], np.where(second >= 0, spreads[1], 0.0))),
        single=np.hypot(noise, shape),
        logs=logs,
        rested=_over_parts(found[0]),
        level=_over_parts(logs),
        current=current,
        change=np.maximum(spreads[0], np.where(second >= 0, spreads[1], 0.0)),
        slope=slope,
        scatter=float(np.median(scatter)),
    )


def _over_parts(values: Floats) -> Floats:
    """Return the middle of the parts of each half cycle, NaN where none has a record."""
    out = np.full(len(values), np.nan)
    known = np.isfinite(values)
    whole, some = known.all(axis=1), known.any(axis=1)
    out[whole] = np.median(values[whole], axis=1)
    some &= ~whole
    out[some] = np.nanmedian(values[some], axis=1)
    return out


def _logs(cycles: HalfCycles) -> tuple[Floats, Floats]:
    """Return the logarithm of the overpotential in each part, and its standard deviation from the noise of records."""
    noise = np.maximum(_steady_noise(cycles.noise), 1e-9)[:, None]
    mean = noise / np.sqrt(np.maximum(cycles.counts, 1))
    centred = cycles.parts - (cycles.sign * _offset(cycles))[:, None]
    bounded = np.where(np.isnan(centred), np.nan, np.fmax(centred, mean))
    relative = np.minimum(mean / bounded, 1.0)
    return np.log(bounded), relative


def _steady_noise(noise: Floats) -> Floats:
    """Return the noise of each half cycle, at most twice that of most of the last five: an event itself is no noise."""
    padded = np.concatenate([np.full(_LAST - 1, noise[0]), noise])
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, _LAST), axis=1)
    return np.asarray(np.minimum(noise, 2.0 * usual))


def _offset(cycles: HalfCycles) -> float:
    """Return the voltage about which both directions lie [V], from pairs of half cycles at low voltages.

    An offset of the instrument counts where voltages are small, and would look like a slope d ln V/d ln I that differs
    between the directions.
    """
    size = cycles.overpotential_plateau
    pair = (cycles.sign[1:] == -cycles.sign[:-1]) & cycles.galvanostatic[1:] & cycles.galvanostatic[:-1]
    if np.all(np.isfinite(cycles.current)):
        pair &= np.abs(cycles.current[1:] - cycles.current[:-1]) <= SAME * cycles.current[1:]
    mean = 0.5 * (size[1:] + size[:-1])
    pair &= mean > 0.0
    if np.count_nonzero(pair) < 2:
        return 0.0
    low = pair & (mean <= np.quantile(mean[pair], _LOW))
    apart = 0.5 * (size[1:] - size[:-1]) * cycles.sign[1:]
    limit = _FAR_OFF * float(np.median(mean[low]))
    return float(np.clip(np.median(apart[low]), -limit, limit))


def _log_current(cycles: HalfCycles) -> Floats:
    """Return ln I, the same number everywhere where no current is known."""
    if not np.all(np.isfinite(cycles.current)):
        return np.zeros(len(cycles))
    return np.asarray(np.log(np.maximum(cycles.current, 1e-300)))


def _previous(sign: Ints, current: Floats, usable: Bools) -> Ints:
    """Return the last usable half cycle in the same direction: at the same current if there is one among ten, else any."""
    out = np.full(len(sign), -1, dtype=np.int64)
    for direction in (1, -1):
        own = np.flatnonzero((sign == direction) & usable)
        asked = np.flatnonzero(sign == direction)
        if not len(own):
            continue
        rank = np.searchsorted(own, asked)  # how many usable ones come before each
        any_before = np.where(rank >= 1, own[np.maximum(rank - 1, 0)], -1)
        chosen = np.full(len(asked), -1, dtype=np.int64)
        for back in range(1, _BACK + 1):
            place = own[np.maximum(rank - back, 0)]
            same = (rank >= back) & (np.abs(current[asked] - current[place]) < SAME) & (chosen < 0)
            chosen[same] = place[same]
        out[asked] = np.where(chosen >= 0, chosen, any_before)
    return out


def _slopes(cycles: HalfCycles, logs: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Return d ln V/d ln I believed at each half cycle from earlier changes of current, and its standard deviation."""
    n = len(cycles)
    slope, spread = np.full(n, _SLOPE), np.full(n, _SLOPE_STD)
    middle = _over_parts(logs)
    seen: list[float] = []
    for h in _changes(cycles, current):
        if seen:
            slope[h:], spread[h:] = float(np.median(seen[-_TOLD:])), _SLOPE_KNOWN if len(seen) > 1 else 0.1
        before = _last_of(cycles, h)
        if before >= 0 and abs(current[h] - current[before]) > SAME:
            told = (middle[h] - middle[before]) / (current[h] - current[before])
            seen.append(float(np.clip(told, *SLOPES)))
    return slope, spread


def _changes(cycles: HalfCycles, current: Floats) -> list[int]:
    """Return the half cycles that differ in current from the one before in their direction, the first few hundred."""
    found: list[int] = []
    for direction in (1, -1):
        own = np.flatnonzero(cycles.sign == direction)
        found += [int(h) for h in own[1:][np.abs(np.diff(current[own])) > SAME]]
    return sorted(found)[:2000]


def _last_of(cycles: HalfCycles, h: int) -> int:
    """Return the half cycle before ``h`` in its direction, -1 for none."""
    earlier = np.flatnonzero(cycles.sign[max(h - 12, 0) : h] == cycles.sign[h])
    return int(earlier[-1]) + max(h - 12, 0) if len(earlier) else -1


def _expected(
    cycles: HalfCycles, current: Floats, before: Ints, slope: Floats, slope_std: Floats
) -> tuple[Floats, Floats]:
    """Return the change of ln V expected from current and temperature, and its standard deviation."""
    place = np.maximum(before, 0)
    ratio = np.where(before >= 0, current - current[place], 0.0)
    ratio = np.where(np.abs(ratio) < SAME, 0.0, ratio)
    expected, variance = slope * ratio, (slope_std * ratio) ** 2
    variance = variance + np.where(ratio != 0.0, _UNSURE**2 + cycles.current_std**2 * (1.0 + np.exp(2.0 * ratio)), 0.0)
    variance = variance + np.where(_gap_between(cycles, before), _AFTER_GAP**2, 0.0)
    kelvin = cycles.temperature
    if np.any(np.isfinite(kelvin)):
        warmer = np.abs(kelvin - kelvin[place]) > _SAME_KELVIN
        inverse = np.where(warmer, (1.0 / kelvin - 1.0 / kelvin[place]) / units.k_B, 0.0)
        expected = expected + _ENERGY * inverse
        variance = variance + (_ENERGY_STD * inverse) ** 2
    return expected, np.sqrt(variance)


def _first_ones(cycles: HalfCycles, logs: Floats, difference: Floats, spread: Floats) -> None:
    """Compare the shapes of the first two half cycles, which have none before them, from the start of each; in place."""
    if len(cycles) < 2 or cycles.sign[0] == cycles.sign[1] or not bool(cycles.galvanostatic[:2].all()):
        return
    same = not abs(float(cycles.current[1]) / float(cycles.current[0]) - 1.0) > SAME  # true where there is no current
    if same:
        apart = logs[0] - logs[1]
        known = np.flatnonzero(np.isfinite(apart))
        if len(known) >= _ENOUGH:
            quarter = max(len(known) // 4, 3)
            difference[0] = apart - np.median(apart[known[:quarter]])
            fallen = min(float(np.median(difference[0][known[-quarter:]])), 0.0)
            own = logs[1] - np.median(logs[1][known[:quarter]])
            against = np.median(apart[known[:quarter]]) - apart
            against = np.minimum(np.fmax(against, own), np.fmax(against, 0.0))  # a fall only where it falls itself
            difference[1] = against if fallen > -2.0 * _DIRECTIONS else np.where(np.isfinite(apart), fallen, np.nan)
            spread[:2] = _NOT_CALM
            spread[2:3] = np.hypot(spread[2:3], _DIRECTIONS)  # the first two tell nothing of slow changes


def _gap_between(cycles: HalfCycles, before: Ints) -> Bools:
    """Return whether records are missing, or the cell was left alone, between a half cycle and that compared with, or in it."""
    waits = cycles.start[1:] - cycles.end[:-1]
    usual = float(np.median(waits)) if len(waits) else 0.0
    rests = np.flatnonzero((waits > _LONG_REST * usual) & (waits > cycles.nominal[:-1]))
    begin = np.concatenate([cycles.gaps[:, 0], cycles.end[rests]])
    end = np.concatenate([cycles.gaps[:, 1], cycles.start[rests + 1]])
    begin, end = np.sort(begin), np.sort(end)
    gone = np.searchsorted(begin, cycles.end, side="left")
    earlier = np.searchsorted(end, cycles.start[np.maximum(before, 0)], side="right")
    return np.asarray((before >= 0) & (gone > earlier))


def running_scatter(values: Floats, noise: Floats, width: int, *, usual: float = _USUAL) -> Floats:
    """Return at each value the standard deviation of those before it, beyond the noise of the records; NaN are left out.

    ``width`` values make one independent one. Where few are known the scatter is drawn to the ``usual`` one of a laboratory;
    what happens after a failure does not count.
    """
    block = max(width, -(-len(values) // _BLOCKS))
    out = np.empty(len(values))
    for start in range(0, len(values), block):
        begin = max(start - _MEMORY * width, 0)
        own = values[begin:start]
        own = own[np.isfinite(own)]
        count = len(own) / width if len(own) >= max(width, 2) else 0.0
        seen = 0.0
        if count:
            total = (_MAD * float(np.median(np.abs(own - np.median(own))))) ** 2
            seen = max(total - float(np.median(noise[begin:start] ** 2)), 0.0)
        mixed = (count * seen + _WEIGHT * usual**2) / (count + _WEIGHT)
        out[start : start + block] = np.sqrt(max(mixed, _LEAST**2))
    return out


def _scatter(difference: Floats, noise: Floats, spread: Floats, before: Ints) -> tuple[Floats, float]:
    """Return the standard deviation that all parts of a half cycle share, and that of a part against the others."""
    have = np.isfinite(difference).any(axis=1) & (spread < 1e-6) & (before >= 0)
    known = np.isfinite(difference)
    count = np.maximum(known.sum(axis=1), 1)
    middle = np.where(have, np.where(known, difference, 0.0).sum(axis=1) / count, np.nan)
    single = np.sqrt(np.where(known, noise**2, 0.0).sum(axis=1)) / count
    common = running_scatter(middle, single, 1)
    if np.count_nonzero(have) < 6:
        return common, _LEAST
    parts = difference[have] - middle[have][:, None]
    each = _MAD * float(np.median(np.abs(parts[known[have]])))
    shape = np.sqrt(max(each**2 - float(np.median(noise[have][known[have]] ** 2)), (0.5 * _LEAST) ** 2))
    return common, float(shape)
