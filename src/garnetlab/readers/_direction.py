"""Which way a current goes: from its sign, from the state of the step, or from the voltage at the start of a step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import ReadError
from garnetlab.readers._runs import Runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_CHARGE = ("c", "ch", "chg", "charge", "charging")
_DISCHARGE = ("d", "dis", "dchg", "dch", "disch", "discharge", "discharging")
_REST = ("r", "rest", "p", "pause", "s", "suspend", "stop", "start", "ocv", "wait", "w")
#: share of rows or steps that may speak against a direction found from the others
_ODD = 0.02


def direction_of(state: str) -> int | None:
    """Return 1 for a state that charges, -1 for one that discharges, 0 for a rest, None where the word is not known.

    Examples
    --------
    >>> [direction_of(s) for s in ("CC DChg", "C_CV", "D_Rate", "Rest", "discharge CC", "充电", "SVM")]
    [-1, 1, -1, 0, -1, 1, None]
    """
    text = state.strip().lower().replace("_", " ").replace("-", " ").replace("/", " ")
    if "放" in text:
        return -1
    if "充" in text:
        return 1
    if "静" in text or "搁" in text or "休" in text:
        return 0
    for word in text.split():
        if word in _DISCHARGE or word.startswith(("disch", "dchg")) or word.endswith(("dchg", "disch", "discharge")):
            return -1
        if word in _CHARGE or word.startswith("charg") or word.endswith(("chg", "charge")):
            return 1
        if word in _REST:
            return 0
    return None


def directions(states: Sequence[str]) -> Array:
    """Return 1, -1, 0 or NaN (not known) for the state of each row."""
    words = states.words if isinstance(states, Runs) else states
    known = {s: direction_of(s) for s in set(words)}
    numbers = {s: np.nan if d is None else float(d) for s, d in known.items()}
    found = np.array([numbers[s] for s in words], dtype=np.float64)
    return np.repeat(found, states.lengths()) if isinstance(states, Runs) else found


def signed_by_state(path: Path, name: str, states: Sequence[str], current: Array, line: int) -> tuple[Array, list[str]]:
    """Return currents with current > 0 for charging, decided by the states of the rows, and what was decided.

    A file that writes currents without sign gets them from the states; one whose charges are negative throughout is
    turned. A few rows at the ends of steps may carry the sign of the step before.

    Raises
    ------
    ReadError  with its line, if a current has the sign of the other state, or a state is not known and the currents have
               no sign.
    """
    way = directions(states)
    flowing = current != 0
    charge, discharge = flowing & (way > 0), flowing & (way < 0)
    if bool((current < 0).any()):
        return _checked(path, (name, states), current, (charge, discharge), line)
    if not discharge.any() and not np.isnan(way[flowing]).any() and not (way[flowing] == 0).any():
        return current, []
    unknown = flowing & (np.isnan(way) | (way == 0))
    if unknown.any():
        i = int(np.argmax(unknown))
        message = (
            f"{name} = {states[i].strip()!r} with a current of {current[i]:g} A and no sign in the file: expected a charge"
            " or a discharge. Export currents with their sign."
        )
        raise ReadError(path, message, line + i)
    return np.where(way < 0, -current, current), [f"currents have no sign in the file: taken from the column {name!r}"]


def _checked(
    path: Path,
    column: tuple[str, Sequence[str]],
    current: Array,
    ways: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    line: int,
) -> tuple[Array, list[str]]:
    """Return signed currents as they are, or turned, by the rows whose state charges and discharges."""
    name, states = column
    charge, discharge = ways
    total = int(np.count_nonzero(charge | discharge))
    against = (charge & (current < 0)) | (discharge & (current > 0))
    count = int(np.count_nonzero(against))
    if total and count == total:
        return -current, [f"currents are negative where {name!r} says charge: turned, so that current > 0 charges"]
    if count > _ODD * total:
        i = int(np.argmax(against))
        message = f"current = {current[i]:g} A in a step named {states[i].strip()!r}: expected the other sign."
        raise ReadError(path, f"{message} Export it again.", line + i)
    if count:
        first = line + int(np.argmax(against))
        return current, [f"{count} currents have the sign of another step, first in line {first}: kept as they are"]
    return current, []


def signed_by_voltage(
    path: Path, current: Array, voltage: Array, starts: NDArray[np.int64], line: int
) -> tuple[Array, list[str]]:
    """Return currents without sign with one, from the step of the voltage where each begins after a rest.

    A cell is passive: a current that charges raises the voltage at once. Where a step of current does not follow a rest
    its direction stays open.

    Raises
    ------
    ReadError  with its line, for such a step.
    """
    out = current.copy()
    ends = [*starts[1:].tolist(), len(current)]
    for start, end in zip(starts.tolist(), ends, strict=True):
        rows = start + np.flatnonzero(current[start:end] != 0)
        if not rows.size:
            continue
        first = int(rows[0])
        rise = voltage[first] - voltage[first - 1] if first else 0.0
        if first == 0 or current[first - 1] != 0 or rise == 0.0:
            message = (
                f"current = {current[first]:g} A has no sign in the file, and no rest before it shows its direction:"
                " charge or discharge? Export the column of the state (Md, State) too."
            )
            raise ReadError(path, message, line + first)
        if rise < 0:
            out[start:end] = -current[start:end]
    notes = ["currents have no sign in the file: taken from the step of the voltage after each rest"]
    return out, notes if bool((current != 0).any()) else []


def signed_by_counters(
    path: Path, names: tuple[str, str], gains: Array, current: Array, starts: NDArray[np.int64], line: int
) -> tuple[Array, list[str]]:
    """Return currents without sign with one, from counters of charge and of discharge, and what was decided.

    Parameters
    ----------
    path:    The file, for the message.
    names:   Column names of both counters.
    gains:   What they gain in each row since the row above, charge minus discharge, in any unit.
    current: Currents >= 0.
    starts:  Rows at which a step begins. Of a step, what is gained after its first row decides, since the first may hold
             the end of the step before. Where only one step is known each row decides for itself, and one without gain
             takes the way of the next.
    line:    Line of the first row.

    Raises
    ------
    ReadError  with its line, where a current has no direction: no gain in its step, or several rows without gain between
               a charge and a discharge.
    """
    flowing = current != 0
    if not (gains[flowing] < 0).any():
        return current, []
    way = _way_of_steps(gains, starts) if len(starts) > 1 else _way_of_rows(gains, flowing)
    if (flowing & (way == 0)).any():
        i = int(np.argmax(flowing & (way == 0)))
        message = (
            f"current = {current[i]:g} A has no sign in the file, and neither {names[0]!r} nor {names[1]!r} rises there:"
            " charge or discharge? Export the column of the state, or currents with their sign."
        )
        raise ReadError(path, message, line + i)
    note = f"currents have no sign in the file: taken from the counters {names[0]!r} and {names[1]!r}"
    return np.where(way < 0, -current, current), [note]


def _way_of_steps(gains: Array, starts: NDArray[np.int64]) -> Array:
    """Return 1 or -1 for the rows of each step, by what it gains after its first row; 0 where it gains nothing."""
    lengths = np.diff(starts, append=len(gains))
    whole = np.add.reduceat(gains, starts)
    later = np.where(lengths > 1, whole - gains[starts], whole)
    return np.repeat(np.sign(np.where(later == 0, whole, later)), lengths)


def _way_of_rows(gains: Array, flowing: NDArray[np.bool_]) -> Array:
    """Return 1 or -1 for each row of a current; 0 where more than one without gain stands between both ways."""
    rows = np.flatnonzero(flowing)
    way = np.sign(gains[rows])
    known = np.flatnonzero(way)
    place = np.arange(len(rows))
    after = np.searchsorted(known, place)
    following = way[known[np.minimum(after, len(known) - 1)]]
    preceding = way[known[np.maximum(after - 1, 0)]]
    gap = np.diff(known, prepend=known[0])[np.minimum(after, len(known) - 1)]
    filled = np.where((way == 0) & (following != preceding) & (gap > 2), 0.0, following)
    out = np.zeros(len(gains))
    out[rows] = np.where(way != 0, way, filled)
    return out
