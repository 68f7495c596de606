"""What each piece of one direction shows: currents, overpotentials in parts of its length, noise, charge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._half_cycle_segments import Pieces, Records, most_repeated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["PARTS", "Lengths", "Values", "lengths_of", "parts_of", "values_of"]

PARTS = 8  #: of the length of a half cycle, in which its overpotential is averaged
_STEADY = 0.1  # relative change of the current within a half cycle, beyond which it is not galvanostatic
_SHORT = 0.02  # share of its length that a finished half cycle may miss, beside two records
_OWN = 4  # half cycles at one current that agree, for a length of their own
_AT_LIMIT = 0.99  # of the highest voltage of the test, at which a step that jumped was ended by a limit
_JUMP = 1.25  # times the record before, at which a step that ends was ended by its voltage
_EXACT = 5e-3  # of the length, by which a timer is off
_ROSE = 1.1  # times its plateau, at which a half cycle that ends may have been ended by its voltage
_MANY = 8.0  # intervals between records that a length of its own lasts at least
_COMMON, _LENGTHS = 0.01, 40  # share of runs of one length that are worth a pass of their own, and how many such passes
_AROUND = 4  # half cycles to either side
_BENDS = 3  # second differences that tell the noise
_LOUDEST = 10.0  # times the noise of most half cycles, that is believed of one
_MAD = 1.482602218505602
_LARGE = 6  # records of a half cycle that can spare its first one


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long the half cycles last, and how long the protocol meant them to [s]; the time into the half cycle at which
    its first record stands (more than 0 after a gap); and whether each was finished.

    ``constant`` says what the protocol repeats: "time", "capacity", or "unknown".
    """

    duration: Floats
    nominal: Floats
    offset: Floats
    finished: Bools
    cut: Bools
    constant: str


@dataclass(frozen=True, slots=True)
class Values:
    """One value per half cycle, SI, signed as the overpotential: positive while the voltage follows the current."""

    current: Floats
    steady: Bools
    start: Floats
    plateau: Floats
    plateau_std: Floats
    end: Floats
    highest: Floats
    noise: Floats
    charge: Floats
    temperature: Floats
    records: Ints
    longest_interval: Floats


def _sums(values: Floats, pieces: Pieces, chosen: Ints) -> Floats:
    """Return the sums over the chosen pieces."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[pieces.last[chosen]] - total[pieces.first[chosen]])


def _middle(values: Floats, first: Ints, last: Ints) -> Floats:
    """Return the median of each run [first, last): runs of one length at once, all others by one sort."""
    sizes = last - first
    out = np.empty(len(first))
    lengths, of = np.unique(sizes, return_inverse=True)
    count = np.bincount(of)
    rare = np.ones(len(first), dtype=np.bool_)
    for k in np.flatnonzero(count >= max(_COMMON * len(first), 1))[:_LENGTHS]:
        own = of == k
        out[own] = np.median(values[first[own][:, None] + np.arange(lengths[k])], axis=1)
        rare &= ~own
    if np.any(rare):
        out[rare] = _middle_by_sort(values, first[rare], last[rare])
    return out


def _middle_by_sort(values: Floats, first: Ints, last: Ints) -> Floats:
    """Return the median of each run [first, last) from one sort of all."""
    sizes = last - first
    owner = np.repeat(np.arange(len(first)), sizes)
    begin = np.cumsum(sizes) - sizes
    place = np.arange(int(sizes.sum())) + np.repeat(first - begin, sizes)
    ordered = values[place][np.lexsort((values[place], owner))]
    return np.asarray(0.5 * (ordered[begin + (sizes - 1) // 2] + ordered[begin + sizes // 2]))


def values_of(records: Records, pieces: Pieces, chosen: Ints) -> Values:
    """Return the values of the chosen pieces, which are not rests."""
    first, last = pieces.first[chosen], pieces.last[chosen]
    sign = pieces.sign[chosen].astype(np.float64)
    halfway = 0.5 * (records.time[first] + np.maximum(pieces.until[chosen], records.time[last - 1]))
    second = np.clip(np.searchsorted(records.time, halfway, side="left"), first, last - 1)
    plateau = _middle(records.voltage, second, last) * sign
    noise = _noise(records, pieces, chosen)
    counted = np.maximum(last - second, 1)
    current, steady = _currents(records, pieces, chosen)
    waits = np.append(np.diff(records.time), 0.0)
    inside = np.array(waits)
    inside[pieces.last - 1] = 0.0
    return Values(
        current=current,
        steady=steady,
        start=records.voltage[first] * sign,
        plateau=plateau,
        plateau_std=np.sqrt(np.pi / 2.0) * noise / np.sqrt(counted),
        end=_end(records, first, last) * sign,
        highest=np.maximum.reduceat(np.abs(records.voltage), pieces.first)[chosen],
        noise=noise,
        charge=_charge(records, pieces, chosen),
        temperature=_means(records.temperature, pieces, chosen),
        records=last - first,
        longest_interval=np.maximum.reduceat(inside, pieces.first)[chosen],
    )


def _means(values: Floats | None, pieces: Pieces, chosen: Ints) -> Floats:
    if values is None:
        return np.full(len(chosen), np.nan)
    return _sums(values, pieces, chosen) / (pieces.last[chosen] - pieces.first[chosen])


def _end(records: Records, first: Ints, last: Ints) -> Floats:
    """Return the median of the last three records, or what there are."""
    v = records.voltage
    three = np.stack([v[np.maximum(last - k, first)] for k in (1, 2, 3)])
    middle = np.median(three, axis=0)
    return np.where(last - first >= 6, middle, v[last - 1])


def _currents(records: Records, pieces: Pieces, chosen: Ints) -> tuple[Floats, Bools]:
    """Return the size of the current, NaN where the file has none, and whether it is constant."""
    if records.current is None or pieces.source == "voltage":
        return np.full(len(chosen), np.nan), np.ones(len(chosen), dtype=np.bool_)
    first, last = pieces.first[chosen], pieces.last[chosen]
    size = np.abs(records.current)
    current = _middle(size, first, last)
    quarter = np.maximum((last - first) // 4, 1)
    total = np.concatenate([[0.0], np.cumsum(size)])
    early = (total[first + quarter] - total[first]) / quarter
    late = (total[last] - total[last - quarter]) / quarter
    return current, np.asarray(np.abs(late - early) <= _STEADY * current + 1.5 * records.resolution)


def _noise(records: Records, pieces: Pieces, chosen: Ints) -> Floats:
    """Return the standard deviation of the voltage from the middle second difference within each piece; that of all where few.

    A fall, or a single wrong reading, does not count as noise.
    """
    v = records.voltage
    bends = np.zeros(len(v))
    bends[1:-1] = np.abs(v[2:] - 2.0 * v[1:-1] + v[:-2])
    first, last = pieces.first[chosen] + 1, pieces.last[chosen] - 1
    enough = last - first >= _BENDS
    if np.mean(enough) < 0.5:
        return np.full(len(chosen), _coarse_noise(records, pieces, chosen))
    found = np.full(len(chosen), np.nan)
    found[enough] = _MAD * _middle(bends, first[enough], last[enough]) / np.sqrt(6.0)
    found[~enough] = float(np.median(found[enough]))
    padded = np.pad(found, _AROUND, mode="edge")
    typical = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1), axis=1)
    # a middle of few values scatters: no half cycle is taken to be much quieter than those around it
    return np.asarray(np.clip(found, 0.7 * typical, _LOUDEST * typical))


def _coarse_noise(records: Records, pieces: Pieces, chosen: Ints) -> float:
    """Return the noise where half cycles have a few records only: from what repeats least, in a half cycle or between them."""
    first, last = records.voltage[pieces.first[chosen]], records.voltage[pieces.last[chosen] - 1]
    sign = pieces.sign[chosen]
    apart = first[2:] - first[:-2]
    found = [np.median(np.abs(d)) for d in (apart[sign[2:] == sign[:-2]], last - first) if len(d)]
    return float(_MAD * min(found) / np.sqrt(2.0)) if found else 0.0


def _charge(records: Records, pieces: Pieces, chosen: Ints) -> Floats:
    """Return the charge passed [C], to the moment at which the next piece begins; NaN without a current."""
    first, last = pieces.first[chosen], pieces.last[chosen]
    if records.current is None or pieces.source == "voltage":
        return np.full(len(chosen), np.nan)
    size = np.abs(records.current)
    steps = np.append(0.5 * (size[1:] + size[:-1]) * np.diff(records.time), 0.0)
    total = np.concatenate([[0.0], np.cumsum(steps)])
    rest = np.maximum(pieces.until[chosen] - records.time[last - 1], 0.0)
    return np.asarray(total[last - 1] - total[first] + rest * size[last - 1])


# lengths --------------------------------------------------------------------------------------------------------------
def lengths_of(records: Records, pieces: Pieces, chosen: Ints, values: Values) -> Lengths:
    """Return durations, what the protocol meant them to be, and which half cycles were finished."""
    start = records.time[pieces.first[chosen]]
    duration = np.maximum(pieces.until[chosen], records.time[pieces.last[chosen] - 1]) - start
    sound = ~pieces.after_gap[chosen] & ~pieces.before_gap[chosen]
    sound[-1] = False  # the record may end before the half cycle
    if not np.any(sound):
        sound = np.ones(len(chosen), dtype=np.bool_)
    ends = pieces.last[chosen] - 1
    earlier = np.abs(records.voltage[np.maximum(ends - 1, pieces.first[chosen])])
    jumped = np.abs(records.voltage[ends]) > _JUMP * earlier
    fewest = 1.0 if pieces.source == "voltage" else 0.25  # pieces of one sign may hold several half cycles
    limited = jumped & (np.abs(records.voltage[ends]) >= _AT_LIMIT * float(values.highest.max()))
    free = sound & ~limited if np.any(sound & ~limited) else sound
    nominal, constant = _nominal(duration, values.current, free, jumped, fewest)
    usual = float(np.median(np.diff(records.time))) if len(records.time) > 1 else 0.0
    interval = np.minimum(values.longest_interval, usual)
    rose = np.abs(records.voltage[ends]) > _ROSE * np.abs(values.plateau)
    kept = ~limited & ~jumped & ~rose & sound
    repeated = _repeated(duration, values.current, pieces.sign[chosen], kept, interval)
    nominal = np.where(np.isfinite(nominal) & (repeated > 0.0), repeated, nominal)
    slack = np.minimum(_SHORT * nominal + 2.0 * interval, 0.45 * nominal)
    ends_at_once = ~pieces.before_gap[chosen] & (np.arange(len(chosen)) < len(chosen) - 1)
    missing = np.maximum(nominal - duration, 0.0)
    begins_late = pieces.after_gap[chosen] & ends_at_once
    below = np.abs(records.voltage[ends]) < _AT_LIMIT * float(values.highest.max())
    begins_late[0] |= len(chosen) > 1 and bool(
        ~jumped[0] & (below | ~rose)[0]
    )  # the record may begin within a half cycle
    offset = np.where(begins_late & (missing > slack), missing, 0.0)
    resumed = _resumed(duration, nominal, slack, values.current, pieces.sign[chosen]) & (offset == 0.0)
    offset[1:] = np.where(resumed[1:], duration[:-1], offset[1:])
    known = np.isfinite(nominal)
    limited &= (np.count_nonzero(limited) > 1) & (duration <= (1.0 + _SHORT) * nominal)
    paused = np.append(resumed[1:], False)
    whole = duration + offset >= nominal - np.where(jumped, _EXACT * nominal, slack)
    finished = known & ~limited & (whole | paused)
    cut = (known & ~finished | (duration <= 0.0)) & ends_at_once & ~pieces.after_gap[chosen]
    return Lengths(duration, np.where(known, nominal, duration), offset, finished, cut, constant)


def _repeated(duration: Floats, current: Floats, sign: Ints, kept: Bools, interval: Floats) -> Floats:
    """Return the length of half cycles that last as long as the one before or after them at that current and in that direction.

    Two in a row that end at the same time and without a rise of the voltage were ended by a timer. 0 where there is no such.
    """
    out = np.zeros(len(duration))
    logs = np.log(np.maximum(np.where(np.isfinite(current), current, 1.0), 1e-300))
    for direction in (1, -1):
        own = np.flatnonzero(sign == direction)
        if len(own) < 2:
            continue
        a, b = own[:-1], own[1:]
        near = np.abs(duration[a] - duration[b]) <= _EXACT * duration[b] + np.maximum(interval[a], interval[b])
        pair = near & (np.abs(logs[a] - logs[b]) < _SHORT) & kept[a] & kept[b] & (b - a <= 2)
        pair &= np.minimum(duration[a], duration[b]) > _MANY * np.maximum(interval[a], interval[b])
        middle = 0.5 * (duration[a] + duration[b])
        out[a[pair]] = middle[pair]
        out[b[pair]] = np.where(out[b[pair]] > 0.0, np.maximum(out[b[pair]], middle[pair]), middle[pair])
    return out


def _resumed(duration: Floats, nominal: Floats, slack: Floats, current: Floats, sign: Ints) -> Bools:
    """Return which pieces go on with the half cycle before them: same direction and current, and one length in all."""
    out = np.zeros(len(duration), dtype=np.bool_)
    both = duration[1:] + duration[:-1]
    same = np.isfinite(current[1:]) & (np.abs(current[1:] - current[:-1]) <= _SHORT * current[1:])
    fits = np.abs(both - nominal[1:]) <= 2.0 * slack[1:]
    out[1:] = same & fits & (sign[1:] == sign[:-1]) & (duration[:-1] < nominal[:-1] - slack[:-1])
    return out


def _nominal(duration: Floats, current: Floats, sound: Bools, jumped: Bools, fewest: float) -> tuple[Floats, str]:
    """Return the length that the protocol repeats, per half cycle, and what it holds constant."""
    charge = duration * current
    constant = "time"
    if np.all(np.isfinite(charge)) and np.ptp(current) > 0.05 * float(np.median(current)):
        share = [_agreement(x[sound]) for x in (duration, charge)]
        constant = "capacity" if share[1] > share[0] else "time"
    usual = most_repeated((charge if constant == "capacity" else duration)[sound], fewest=fewest)
    nominal = usual / current if constant == "capacity" else np.full(len(duration), usual)
    if not np.isfinite(usual):
        return np.full(len(duration), np.nan), "unknown"
    _own_lengths(nominal, duration, current, sound & ~jumped)
    return nominal, constant if np.count_nonzero(sound) >= 2 else "unknown"


def _own_lengths(nominal: Floats, duration: Floats, current: Floats, sound: Bools) -> None:
    """Give half cycles at one current their own length where the protocol kept it from the first of them on, in place."""
    if not np.all(np.isfinite(current)):
        return
    groups = np.round(np.log(np.maximum(current, 1e-300)) / _SHORT).astype(np.int64)
    names = np.unique(groups)
    for group in names if len(names) <= 500 else ():
        own = np.flatnonzero((groups == group) & sound)
        if len(own) >= _OWN:
            length = float(np.median(duration[own[:_OWN]]))
            agree = np.abs(duration[own] - length) <= _EXACT * length
            if length > 0.0 and bool(agree[:_OWN].all()) and np.mean(agree) > 0.5:
                nominal[groups == group] = length


def _agreement(values: Floats) -> float:
    """Return the share of values that agree with the most repeated one."""
    mode = most_repeated(values)
    return float(np.mean(np.abs(values - mode) <= _SHORT * mode)) if mode > 0.0 else 0.0


# parts ----------------------------------------------------------------------------------------------------------------
def parts_of(records: Records, pieces: Pieces, chosen: Ints, lengths: Lengths) -> tuple[Floats, Ints]:
    """Return the mean overpotential in each part of the length, NaN where there is no record, and how many there are.

    Shape (n, PARTS). Single records that stand out are replaced by the middle one of three.
    """
    first, last = pieces.first[chosen], pieces.last[chosen]
    sizes = last - first
    owner = np.repeat(np.arange(len(first)), sizes)
    whole = int(sizes.sum()) == len(records.time)
    place = slice(None) if whole else np.arange(int(sizes.sum())) + np.repeat(first - np.cumsum(sizes) + sizes, sizes)
    steady = _calmed(records.voltage, pieces)[place] * pieces.sign[chosen][owner]
    begin = records.time[first] - lengths.offset
    ratio = (records.time[place] - begin[owner]) * (PARTS / np.maximum(lengths.nominal, 1e-9))[owner]
    cell = owner * PARTS + np.minimum(ratio.astype(np.int64), PARTS - 1)
    count = np.bincount(cell, minlength=len(first) * PARTS)
    total = np.bincount(cell, weights=steady, minlength=len(first) * PARTS)
    mean = np.full(len(count), np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean.reshape(-1, PARTS), count.reshape(-1, PARTS)


def _calmed(voltage: Floats, pieces: Pieces) -> Floats:
    """Return the middle of each three records within a piece; the ends of short pieces as they are."""
    out = np.array(voltage)
    a, b, c = voltage[:-2], voltage[1:-1], voltage[2:]
    out[1:-1] = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    ends = np.concatenate([pieces.first, pieces.last - 1])
    out[ends] = voltage[ends]
    large = pieces.first[pieces.last - pieces.first >= _LARGE]
    out[large] = out[large + 1]  # the first record may still hold the voltage of before
    return out
