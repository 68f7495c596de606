"""The temperature a file's name, or a title inside the file, states."""

from __future__ import annotations

import re
from collections.abc import Mapping

from garnetlab import units

#: two statements of one temperature that differ by more than this conflict [K]
CONFLICT = 2.0

_MINUS = "-\u2212\u2013"
_TEMPERATURE = re.compile(
    rf"""
    (?P<before>^|[^\d.])                                   # never the tail of a longer number
    (?P<sign>[{_MINUS}+]|(?:minus|neg)[_\s]?)?
    (?P<number>\d+(?:\.\d+)?)
    [_\s]?
    (?P<unit>\u00b0\s?C|\u2103|oC|[dD]eg(?:ree)?s?[._\s]?C|[dD]eg|[cC]elsius|K(?:elvin)?|C)
    (?![A-Za-z])
    """,
    re.VERBOSE,
)
_RATE_AFTER = re.compile(r"[-_\s]*(?:rate|dis|dch|ch(?:g|arge|rg)|cyc)", re.IGNORECASE)
_RATE_BEFORE = re.compile(r"rate[-_\s=]*(?:at[-_\s]*)?$", re.IGNORECASE)
_CHARGE_BEFORE = re.compile(r"(?:charge|cycl\w*|chg)[-_\s=]*(?:at[-_\s]*)?$", re.IGNORECASE)


def temperatures_in(text: str) -> tuple[float, ...]:
    """Return the different temperatures [K] that ``text`` states, in its order.

    A minus counts only at the start or after ``_``, a blank or ``(``; a bare ``C`` counts only for at least 5
    degrees either way and where no C-rate is meant (``10C_rate``, ``charge_10C``); kelvin
    count from 50 K. What no cell is measured at is no temperature.
    """
    found: list[float] = []
    for match in _TEMPERATURE.finditer(text):
        value = _kelvin(text, match)
        if value is not None and all(abs(value - other) > 1e-9 for other in found):
            found.append(value)
    return tuple(found)


def temperature_from_name(name: str) -> float | None:
    """Return the temperature [K] that a file name states, or None where it states none or two different ones.

    Examples
    --------
    >>> temperature_from_name("s04147-140deg.txt")
    413.15
    >>> temperature_from_name("PEIS_LPSCl_-25C.mpr")
    248.15
    >>> temperature_from_name("cell_0.5C.csv") is None
    True
    """
    found = temperatures_in(name)
    return found[0] if len(found) == 1 else None


def temperature_text(temperature: float, origin: str) -> str:
    """Return how a result names its temperature and where it came from.

    Examples
    --------
    >>> temperature_text(298.15, "file name")
    '25.0 °C (from the file name)'
    """
    return f"{temperature - units.celsius(0.0):.1f} °C (from the {origin})"


def temperature_metadata(known: Mapping[str, float | str], name: str) -> dict[str, float | str]:
    """Return what a file's name adds to the metadata ``known`` from the file itself.

    ``temperature`` [K] with ``temperature_from`` (``"file"`` or ``"file name"``); ``temperature_name`` [K] where the name
    states one more than 2 K away from the file's own; ``temperature_doubt``, a sentence, where the name states several.
    """
    stated = temperatures_in(name)
    own = known.get("temperature")
    out: dict[str, float | str] = {}
    if isinstance(own, float | int):
        out["temperature_from"] = str(known.get("temperature_from", "file"))
        if len(stated) == 1 and abs(stated[0] - own) > CONFLICT:
            out["temperature_name"] = stated[0]
    elif len(stated) == 1:
        out |= {"temperature": stated[0], "temperature_from": "file name"}
    elif stated:
        shown = ", ".join(f"{t - units.celsius(0.0):.4g} °C" for t in stated)
        out["temperature_doubt"] = f"the file name states {len(stated)} temperatures ({shown}): give --temperature"
    return out


def _kelvin(text: str, match: re.Match[str]) -> float | None:
    unit = match["unit"]
    value = float(match["number"])
    if _is_negative(text, match):
        value = -value
    if unit.startswith("K"):
        return value if 50.0 <= value <= 3000.0 else None
    if unit == "C" and (abs(value) < 5.0 or _is_rate(text, match)):
        return None
    return units.celsius(value) if -200.0 <= value <= 2000.0 else None


def _is_negative(text: str, match: re.Match[str]) -> bool:
    sign = match["sign"] or ""
    if sign in ("", "+"):
        return False
    start = match.start("sign")
    return sign not in _MINUS or start == 0 or text[start - 1] in "_(" or text[start - 1].isspace()


def _is_rate(text: str, match: re.Match[str]) -> bool:
    after, before = text[match.end() :], text[: match.start("number")]
    if _RATE_AFTER.match(after) or _RATE_BEFORE.search(before):
        return True
    return float(match["number"]) <= 20.0 and _CHARGE_BEFORE.search(before) is not None
