"""Times as cyclers write them, to seconds: numbers, ``1-02:03:04``, ``26:03:04.5``, dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import ReadError
from garnetlab.readers._dates import iso_datetime

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_CLOCK = re.compile(r"(?:(\d+)(?:\s*[dD](?:ays?)?,?\s*|[-\s]))?(\d+):([0-5]?\d):([0-5]?\d(?:[.,]\d+)?)")
_HALF_DAY = re.compile(r"(.*?)\s*([AaPp])\.?[Mm]\.?")
_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {_NAMES[4 * i : 4 * i + 3]: i + 1 for i in range(12)}
_NAMED = re.compile(r"(\d{1,2})[-\s]([A-Za-z]{3})[A-Za-z]*[-\s](\d{2,4})(.*)")


def is_clock(text: str) -> bool:
    """Return whether a cell is a time like ``1-02:03:04``, ``26:03:04`` or ``2d 02:03:04``."""
    return _CLOCK.fullmatch(text.strip()) is not None


def clock_seconds(path: Path, line: int, name: str, cells: Sequence[str]) -> Array:
    """Return the seconds in cells like ``d-hh:mm:ss`` or ``hh:mm:ss.fff``.

    Raises
    ------
    ReadError  with line and column, if a cell is none.
    """
    fast = _fixed(cells)
    if fast is not None:
        return fast
    out = np.empty(len(cells))
    for i, text in enumerate(cells):
        seconds = clock(text)
        if seconds is None:
            message = f"{name} = {text.strip()!r}: expected a time like hh:mm:ss or d-hh:mm:ss. Export again."
            raise ReadError(path, message, line + i)
        out[i] = seconds
    return out


def clock(text: str) -> float | None:
    """Return the seconds in a cell like ``d-hh:mm:ss`` or ``hh:mm:ss.fff``, or None where it is none."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    days, hours, minutes = (int(x or 0) for x in match.groups()[:3])
    return ((24 * days + hours) * 60 + minutes) * 60 + float(match[4].replace(",", "."))


def _fixed(cells: Sequence[str]) -> Array | None:
    """Return the seconds where every cell is ``hh:mm:ss`` of one length, or None.

    A cell of another length would have its colons elsewhere in the joined text.
    """
    width = len(cells[0])
    text = "".join(cells)
    if width < 8 or len(text) != width * len(cells) or not text.isascii():
        return None
    digits = np.frombuffer(text.encode("ascii"), np.uint8).reshape(len(cells), width) - np.uint8(48)
    marks = (width - 3, width - 6)
    colon = np.uint8(ord(":") - 48)
    seconds: Array = np.zeros(len(cells))
    for place in range(width):
        column = digits[:, place]
        if place in marks:
            if (column != colon).any():
                return None
            continue
        if (column > (5 if place in (width - 5, width - 2) else 9)).any():
            return None
        seconds += column * _place_value(width, place)
    return seconds


def _place_value(width: int, place: int) -> float:
    """Return how many seconds one unit of a digit of ``hh:mm:ss`` is; ``width`` is the text's length."""
    values = {width - 1: 1.0, width - 2: 10.0, width - 4: 60.0, width - 5: 600.0}
    return values.get(place, 3600.0 * 10.0 ** (width - 7 - place))


def parse_date(text: str, order: str = "") -> datetime | None:
    """Return the date and time in a cell, or None where it is none or could be two.

    Parameters
    ----------
    text:  Such as ``06/05/2021 11:23:46``, ``23-Nov-23 3:56:11 PM`` or ``2025-07-19 15:26:20``.
    order: ``"mdy"`` or ``"dmy"`` where the program always writes one.

    Examples
    --------
    >>> parse_date("23-Nov-23 3:56:11 PM").isoformat()
    '2023-11-23T15:56:11'
    """
    stripped = text.strip()
    half = _HALF_DAY.fullmatch(stripped)
    plain = half[1] if half else stripped
    named = _NAMED.fullmatch(plain)
    if named and named[2].lower() in _MONTHS:
        year = int(named[3]) + (2000 if len(named[3]) == 2 else 0)
        plain = f"{year}-{_MONTHS[named[2].lower()]:02d}-{int(named[1]):02d}{named[4]}"
    stamp = iso_datetime(plain.replace("T", " "), order=order)
    if "T" not in stamp:
        return None
    found = datetime.fromisoformat(stamp)
    if half and not 1 <= found.hour <= 12:
        return None
    if half:
        found = found.replace(hour=found.hour % 12 + (12 if half[2] in "pP" else 0))
    return found


def date_seconds(path: Path, line: int, name: str, cells: Sequence[str], *, order: str = "") -> tuple[Array, str]:
    """Return the seconds since the first of the dates, and the first in ISO form.

    A date like 05/11/2021 depends on the country. Where no ``order`` is given, that in which every date can be read and
    the times do not fall is taken; where both can be, the file leaves it open.

    Raises
    ------
    ReadError  with line and column, if a cell is no date, or the order of day and month is open.
    """
    orders = (order,) if order else ("mdy", "dmy")
    found: list[tuple[Array, str]] = []
    for each in orders:
        stamps = [parse_date(c, each) for c in cells]
        if all(s is not None for s in stamps):
            known = [s for s in stamps if s is not None]
            seconds = np.array([(s - known[0]).total_seconds() for s in known])
            if bool((np.diff(seconds) >= 0).all()):
                found.append((seconds, known[0].isoformat()))
    if not found:
        bad = next((i for i, c in enumerate(cells) if all(parse_date(c, o) is None for o in orders)), 0)
        message = f"{name} = {cells[bad].strip()!r}: expected a date and time that do not fall. Export again."
        raise ReadError(path, message, line + bad)
    if len(found) > 1 and not np.array_equal(found[0][0], found[1][0]):
        message = f"{name} = {cells[0].strip()!r}: day or month first? Both fit. Export with elapsed time in seconds."
        raise ReadError(path, message, line)
    return found[0][0], "" if len(found) > 1 and found[0][1] != found[1][1] else found[0][1]
