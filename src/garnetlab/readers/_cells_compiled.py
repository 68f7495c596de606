"""Bytes of delimited rows to numbers, times and places of texts, in one compiled pass.

Every number is the double nearest to what is written. A row that is not of the plain form stops the pass at its
beginning, so that the caller decides about it.

Source: W. D. Clinger, How to read floating point numbers accurately, PLDI 1990: an integer up to 2^53 times or over a power
of ten up to 10^22 is rounded once. T. J. Dekker, Numer. Math. 18 (1971) 224: products without rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Integers = NDArray[np.int64]
    Array = NDArray[np.float64]
    Whole = int | np.int64

#: what is done with a column
SKIP, NUMBER, CLOCK, TEXT, BLANK = 0, 1, 2, 3, 4
#: what a byte is
INSIDE, DELIMITER, LINE_FEED, RETURN, FORBIDDEN = 0, 1, 2, 3, 4
#: what a number is
_BAD, _GOOD, _HARD = 0, 1, 2
_SPACE, _PLUS, _MINUS, _POINT, _COMMA, _COLON = 32, 43, 45, 46, 44, 58
_ZERO, _NINE, _ONE, _TEN = np.uint64(48), np.uint64(9), np.uint64(1), np.uint64(10)
_LINE_FEED_BYTE = 10
_E = (69, 101)
_MOST_DIGITS = 19  # an integer of so many fits 64 bits
_MOST_EXPONENT = np.uint64(4)  # digits
_MOST_CLOCK = 9  # digits of hours or days
_MOST_FRACTION = 13  # digits of a second's fraction, which keep the number below 2^53
_EXACT_INTEGER = np.uint64(1 << 53)
_EXACT_POWER = 22  # 10^22 is a double, 10^23 is none
_LARGEST_POWER = 45  # 5^45 has 105 bits: the sum of two doubles
_POWERS = np.array([float(10**k) for k in range(_LARGEST_POWER + 1)])
_POWERS_REST = np.array([float(10**k - int(float(10**k))) for k in range(_LARGEST_POWER + 1)])
_SPLIT = 134217729.0  # 2^27 + 1
_NEVER_TIED = 2.0**-40  # share of the correction that is more than its own error
_NEVER_LESS = 2.0**-95


@njit(cache=True)
def _quotient(integer: np.uint64, power: Whole) -> tuple[float, bool]:
    """Return integer / 10^power rounded to the nearest double, and whether that is certain."""
    high = np.float64(integer)
    low = np.float64(np.int64(integer - np.uint64(high)))
    divisor = _POWERS[power]
    first = high / divisor
    product = first * divisor
    a = _SPLIT * first
    first_high = a - (a - first)
    first_low = first - first_high
    b = _SPLIT * divisor
    divisor_high = b - (b - divisor)
    divisor_low = divisor - divisor_high
    error = ((first_high * divisor_high - product) + first_high * divisor_low + first_low * divisor_high) + (
        first_low * divisor_low
    )
    rest = ((high - product) - error) + low - first * _POWERS_REST[power]
    second = rest / divisor
    doubt = abs(second) * _NEVER_TIED + first * _NEVER_LESS
    return first + second, first + (second - doubt) == first + (second + doubt)


@njit(cache=True)
def _value(integer: np.uint64, power: Whole) -> tuple[float, bool]:
    """Return integer * 10^power rounded to the nearest double, and whether that is certain."""
    if integer == 0:
        return 0.0, True
    if integer <= _EXACT_INTEGER and -_EXACT_POWER <= power <= _EXACT_POWER:
        if power < 0:
            return np.float64(integer) / _POWERS[-power], True
        return np.float64(integer) * _POWERS[power], True
    if -_LARGEST_POWER <= power <= 0:
        return _quotient(integer, -power)
    return 0.0, False


@njit(cache=True)
def _digits(data: Bytes, begin: np.uint64, integer: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return where digits end, and the number they make behind ``integer``; it overflows where they are too many."""
    place = begin
    digit = np.uint64(data[place]) - _ZERO
    while digit <= _NINE:
        integer = integer * _TEN + digit
        place += _ONE
        digit = np.uint64(data[place]) - _ZERO
    return place, integer


@njit(cache=True)
def _significant(data: Bytes, begin: np.uint64, end: np.uint64) -> int:
    """Return how many digits follow the first that is not 0."""
    count = 0
    for place in range(begin, end):
        byte = data[place]
        if byte not in (_POINT, _COMMA) and (count or byte != _ZERO):
            count += 1
    return count


@njit(cache=True)
def _number(data: Bytes, start: Whole, decimal: int) -> tuple[Whole, float, int]:
    """Return where a number ends, its value, and whether it is bad, good, or too hard for here; empty is NaN."""
    begin = np.uint64(start)
    negative = data[begin] == _MINUS
    if negative or data[begin] == _PLUS:
        begin += _ONE
    place, integer = _digits(data, begin, np.uint64(0))
    written = np.int64(place - begin)
    power: Whole = 0
    if data[place] == decimal:
        behind = place + _ONE
        place, integer = _digits(data, behind, integer)
        power = -np.int64(place - behind)
        written -= power
    if not written:
        return np.int64(place), np.nan, _GOOD if np.int64(place) == start else _BAD
    hard = written > _MOST_DIGITS and _significant(data, begin, place) > _MOST_DIGITS
    if data[place] == _E[0] or data[place] == _E[1]:
        place += _ONE
        down = data[place] == _MINUS
        if down or data[place] == _PLUS:
            place += _ONE
        behind = place
        place, exponent = _digits(data, behind, np.uint64(0))
        if place == behind:
            return np.int64(place), 0.0, _BAD
        if place - behind > _MOST_EXPONENT:
            return np.int64(place), 0.0, _HARD
        power += -np.int64(exponent) if down else np.int64(exponent)
    if hard:
        return np.int64(place), 0.0, _HARD
    value, certain = _value(integer, power)
    return np.int64(place), -value if negative else value, _GOOD if certain else _HARD


@njit(cache=True)
def _integer(data: Bytes, begin: Whole) -> tuple[Whole, Whole]:
    """Return where digits end, and their number; it overflows where they are too many."""
    place, value = _digits(data, np.uint64(begin), np.uint64(0))
    return np.int64(place), np.int64(value)


@njit(cache=True)
def _clock(data: Bytes, begin: Whole, delimiter: int) -> tuple[Whole, float, int]:
    """Return where a time like d-hh:mm:ss.fff ends, its seconds, and whether it is one."""
    days: Whole = 0
    place, hours = _integer(data, begin)
    if place > begin and data[place] == _MINUS:
        if place - begin > _MOST_CLOCK:
            return place, 0.0, _BAD
        begin = place + 1
        days = hours
        place, hours = _integer(data, begin)
    if not 1 <= place - begin <= _MOST_CLOCK or data[place] != _COLON:
        return place, 0.0, _BAD
    begin = place + 1
    place, minutes = _integer(data, begin)
    if not 1 <= place - begin <= 2 or minutes >= 60 or data[place] != _COLON:
        return place, 0.0, _BAD
    begin = place + 1
    place, seconds = _integer(data, begin)
    if not 1 <= place - begin <= 2 or seconds >= 60:
        return place, 0.0, _BAD
    whole = np.float64(((24 * days + hours) * 60 + minutes) * 60)
    if data[place] != _POINT and (data[place] != _COMMA or delimiter == _COMMA):
        return place, whole + np.float64(seconds), _GOOD
    begin = place + 1
    place, fraction = _integer(data, begin)
    digits = place - begin
    if not 1 <= digits <= _MOST_FRACTION:
        return place, 0.0, _BAD
    scale = np.int64(_POWERS[digits])
    return place, whole + np.float64(seconds * scale + fraction) / _POWERS[digits], _GOOD


@njit(cache=True)
def _cell_end(data: Bytes, begin: Whole, marks: Bytes) -> Whole:
    """Return where a cell ends."""
    place = np.uint64(begin)
    while marks[data[place]] == INSIDE:
        place += _ONE
    return np.int64(place)


@njit(cache=True)
def _differs(data: Bytes, start: Whole, stop: Whole, before: Whole, before_stop: Whole) -> bool:
    if stop - start != before_stop - before:
        return True
    for i in range(stop - start):  # noqa: SIM110 - compiled code knows no generators
        if data[start + i] != data[before + i]:
            return True
    return False


@njit(cache=True)
def _row(
    data: Bytes,
    place: Whole,
    signs: tuple[int, int],
    marks: Bytes,
    columns: Integers,
    numbers: Array,
    row: int,
    spans: Integers,
    counts: Integers,
    hard: Integers,
) -> Whole:
    """Read one row and return where the next begins, or -1 where it is not of the plain form."""
    width = columns.shape[1] - 1
    column = 0
    while True:
        kind, slot = columns[0, min(column, width)], columns[1, min(column, width)]
        while data[place] == _SPACE:
            place += 1
        start = place
        if kind == NUMBER:
            place, numbers[slot, row], found = _number(data, place, signs[1])
            if found == _BAD:
                return -1
            if found == _HARD:
                at = counts[0]
                hard[at, 0], hard[at, 1], hard[at, 2], hard[at, 3] = slot, row, start, place
                counts[0] += 1
        elif kind == CLOCK:
            place, numbers[slot, row], found = _clock(data, place, signs[0])
            if found == _BAD:
                return -1
        elif kind == SKIP:
            place = _cell_end(data, place, marks)
        elif kind == TEXT:
            place = stop = _cell_end(data, place, marks)
            while stop > start and data[stop - 1] == _SPACE:
                stop -= 1
            count = counts[1 + slot]
            if not count or _differs(data, start, stop, spans[slot, count - 1, 1], spans[slot, count - 1, 2]):
                spans[slot, count, 0], spans[slot, count, 1], spans[slot, count, 2] = row, start, stop
                counts[1 + slot] += 1
        while data[place] == _SPACE:
            place += 1
        mark = marks[data[place]]
        if mark == RETURN and data[place + 1] == _LINE_FEED_BYTE:
            place += 1
            mark = LINE_FEED
        place += 1
        column += 1
        if mark == LINE_FEED:
            return place if column >= width else -1
        if mark != DELIMITER:
            return -1


@njit(cache=True)
def parse_rows(
    data: Bytes,
    begin: Whole,
    signs: tuple[int, int],
    marks: Bytes,
    columns: Integers,
    numbers: Array,
    row: int,
    spans: Integers,
    counts: Integers,
    hard: Integers,
) -> tuple[int, Whole]:
    """Read rows into arrays, to the end or until one is not of the plain form.

    Parameters
    ----------
    data:    Bytes of whole lines, the last byte a line feed.
    begin:   Where to begin.
    signs:   Bytes between cells and of the decimal mark.
    marks:   What each of the 256 bytes is.
    columns: (2, width + 1): what is done with each column and which row of ``numbers`` or ``spans`` it fills; the last
             stands for those behind the table, ``BLANK``.
    numbers: (numbers, rows): filled; an empty cell is NaN.
    row:     Row to fill first.
    spans:   (texts, rows, 3): filled with row, start and stop of each text that differs from the one above.
    counts:  (1 + texts,): how many hard numbers, and how many spans of each text, there are; changed.
    hard:    (any, 4): filled with slot, row, start and stop of numbers that the caller reads.

    Returns
    -------
    :  The row to fill next, and where the next line begins: the size of ``data`` at the end.
    """
    kept = counts.copy()
    while begin < len(data):
        after = _row(data, begin, signs, marks, columns, numbers, row, spans, counts, hard)
        if after < 0:
            counts[:] = kept
            break
        kept[:] = counts
        begin = after
        row += 1
    return row, begin
