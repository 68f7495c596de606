"""Dates as instruments write them, to ISO text."""

from __future__ import annotations

import re
from datetime import datetime

_DATE = re.compile(r"(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?")


def iso_datetime(date: str, time: str = "", *, order: str = "") -> str:
    """Return ``date`` and ``time`` as ISO text, or an empty string where they are no date or could be two.

    Parameters
    ----------
    date:  Such as ``04/23/2018``, ``23.04.2018`` or ``2018-04-23``; may hold the time too.
    time:  Such as ``16:43:15``.
    order: ``"mdy"`` or ``"dmy"`` where the program always writes one; otherwise a date like 05/11/2016 is left out,
           because it depends on the country.

    Examples
    --------
    >>> iso_datetime("4/23/2018", "16:43:15")
    '2018-04-23T16:43:15'
    """
    found, clock = _DATE.search(date), _TIME.search(time or date)
    if found is None:
        return ""
    ymd = _year_month_day(int(found[1]), int(found[2]), int(found[3]), order)
    if ymd is None:
        return ""
    hour, minute, second, fraction = (clock.groups(default="0")) if clock else ("0", "0", "0", "0")
    try:
        stamp = datetime(*ymd, int(hour), int(minute), int(second), int(fraction.ljust(6, "0")))
    except ValueError:
        return ""
    return stamp.isoformat() if clock else stamp.date().isoformat()


def _year_month_day(first: int, second: int, third: int, order: str) -> tuple[int, int, int] | None:
    if first > 31:
        return first, second, third
    year = third + (2000 if third < 70 else 1900) if third < 100 else third
    if first > 12 or (order == "dmy" and second <= 12):
        return year, second, first
    if second > 12 or order == "mdy" or first == second:
        return year, first, second
    return None
