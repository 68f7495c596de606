"""Column names of cyclers to what they name and in which unit: ``Test_Time(s)``, ``Current/mA``, ``Cap. [Ah]``."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from garnetlab import units

_BRACKET = re.compile(r"(.+?)\s*[(\[]\s*([^()\[\]]+?)\s*[)\]]")
_TAIL = re.compile(r"(.+)_([A-Za-z]+)")
_DROPPED = re.compile(r"[\s_.#:\-]")
#: names that are units
_BARE = {
    "amps": ("current", "A"), "amp": ("current", "A"), "volts": ("voltage", "V"), "amphr": ("capacity", "Ah"),
    "watthr": ("energy", "Wh"), "ahstep": ("ahstep", "Ah"),
}  # fmt: skip


class Unit(NamedTuple):
    """What numbers of a unit become in SI: ``factor * x + offset``; of which dimension they are."""

    dimension: str
    factor: float
    offset: float = 0.0


def _table() -> dict[str, Unit]:
    out: dict[str, Unit] = {}
    for text, factor in (("s", 1.0), ("sec", 1.0), ("secs", 1.0), ("seconds", 1.0), ("second", 1.0), ("ms", 1e-3)):
        out[text] = Unit("time", factor)
    for text in ("h", "hr", "hrs", "hour", "hours"):
        out[text] = Unit("time", units.hour)
    out |= dict.fromkeys(("min", "mins", "minutes"), Unit("time", 60.0))
    for prefix, factor in (("", 1.0), ("m", 1e-3), ("u", 1e-6), ("µ", 1e-6), ("μ", 1e-6), ("n", 1e-9), ("k", 1e3)):
        out[prefix + "v"] = Unit("voltage", factor)
        out[prefix + "a"] = Unit("current", factor)
        for mark in ("h", ".h", "·h", "hr", "-hr"):
            out[f"{prefix}a{mark}"] = Unit("charge", factor * units.hour)
            out[f"{prefix}w{mark}"] = Unit("energy", factor * units.hour)
        out[prefix + "as"] = Unit("charge", factor)
        out[prefix + "ws"] = Unit("energy", factor)
    out |= {"volts": Unit("voltage", 1.0), "volt": Unit("voltage", 1.0)}
    out |= {"amps": Unit("current", 1.0), "ampere": Unit("current", 1.0)}
    out |= dict.fromkeys(("°c", "℃", "degc", "deg c", "\ufffdc", "ºc"), Unit("temperature", 1.0, units.ZERO_CELSIUS))
    out["k"] = Unit("temperature", 1.0)
    return out


_UNITS = _table()
_COULOMB, _CELSIUS = Unit("charge", 1.0), Unit("temperature", 1.0, units.ZERO_CELSIUS)


def unit_of(text: str, dimension: str) -> Unit | None:
    """Return the unit that ``text`` names for numbers of ``dimension``, or None where it names none of it.

    Examples
    --------
    >>> unit_of("mA", "current").factor
    0.001
    >>> unit_of("mAh/g", "charge") is None
    True
    """
    bare = text.strip().rstrip(".")
    if bare == "C":
        return {"charge": _COULOMB, "temperature": _CELSIUS}.get(dimension)
    found = _UNITS.get(bare.lower())
    if found is None or found.dimension != dimension or (bare[:1] == "M" and len(bare) > 1 and dimension != "time"):
        return None
    return found


@functools.lru_cache(maxsize=4096)
def split_name(name: str) -> tuple[str, str]:
    """Return what a column name names, in lower case without blanks and marks, and its unit as written.

    Examples
    --------
    >>> split_name("Test_Time(s)")
    ('testtime', 's')
    >>> split_name("SCapacity/mAh/g")
    ('scapacity', 'mAh/g')
    >>> split_name("Current/mA")
    ('current', 'mA')
    >>> split_name("voltage_V")
    ('voltage', 'V')
    """
    text = name.strip().strip("\"'~").strip()
    bracket = _BRACKET.fullmatch(text)
    tail = _TAIL.fullmatch(text)
    if bracket:
        base, unit = bracket[1], bracket[2]
    elif "/" in text and not text.startswith("/"):
        base, _, unit = text.partition("/")
    elif tail and (tail[2].lower() in _UNITS or tail[2] == "C"):
        base, unit = tail[1], tail[2]
    else:
        base, unit = text, ""
    key = _DROPPED.sub("", base).lower()
    return _BARE.get(key, (key, unit.strip())) if not unit else (key, unit.strip())
