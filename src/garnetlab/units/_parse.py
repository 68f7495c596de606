"""Text with units to SI numbers and back."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction as _Ratio
from functools import lru_cache
from typing import NamedTuple

from garnetlab.units._dim import _BASE, NONE, Dim, UnitError

ZERO_CELSIUS = 273.15

_M, _KG, _S, _A, _K, _MOL = Dim(m=1), Dim(kg=1), Dim(s=1), Dim(A=1), Dim(K=1), Dim(mol=1)
_J = Dim(kg=1, m=2, s=-2)
_V = _J / (_A * _S)
_OHM = _V / _A


class _UnitDef(NamedTuple):
    dim: Dim
    factor: float
    prefixable: bool


_UNITS: dict[str, _UnitDef] = {
    "m": _UnitDef(_M, 1.0, True),
    "g": _UnitDef(_KG, 1e-3, True),
    "s": _UnitDef(_S, 1.0, True),
    "A": _UnitDef(_A, 1.0, True),
    "K": _UnitDef(_K, 1.0, True),
    "mol": _UnitDef(_MOL, 1.0, True),
    "Hz": _UnitDef(_S**-1, 1.0, True),
    "V": _UnitDef(_V, 1.0, True),
    "ohm": _UnitDef(_OHM, 1.0, True),
    "S": _UnitDef(_OHM**-1, 1.0, True),
    "F": _UnitDef(_A * _S / _V, 1.0, True),
    "H": _UnitDef(_OHM * _S, 1.0, True),
    "C": _UnitDef(_A * _S, 1.0, True),
    "J": _UnitDef(_J, 1.0, True),
    "N": _UnitDef(_J / _M, 1.0, True),
    "W": _UnitDef(_J / _S, 1.0, True),
    "Pa": _UnitDef(_J / _M**3, 1.0, True),
    "bar": _UnitDef(_J / _M**3, 1e5, True),
    "eV": _UnitDef(_J, 1.602176634e-19, True),
    "Ah": _UnitDef(_A * _S, 3600.0, True),
    "Wh": _UnitDef(_J, 3600.0, True),
    "L": _UnitDef(_M**3, 1e-3, True),
    "min": _UnitDef(_S, 60.0, False),
    "h": _UnitDef(_S, 3600.0, False),
    "d": _UnitDef(_S, 86400.0, False),
    "deg": _UnitDef(NONE, math.pi / 180.0, False),
    "rad": _UnitDef(NONE, 1.0, True),
    "%": _UnitDef(NONE, 0.01, False),
    "1": _UnitDef(NONE, 1.0, False),
    "EUR": _UnitDef(Dim(currency=1), 1.0, False),
}
_ALIASES = {
    "\u03a9": "ohm",
    "\u2126": "ohm",
    "Ohm": "ohm",
    "ohms": "ohm",
    "Ohms": "ohm",
    "OHM": "ohm",
    "°": "deg",
    "degree": "deg",
    "degrees": "deg",
    "sec": "s",
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "hour": "h",
    "hours": "h",
    "hr": "h",
    "day": "d",
    "days": "d",
    "l": "L",
    "wt%": "%",
    "at%": "%",
}
_PREFIXES = {
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,
    "μ": 1e-6,
    "m": 1e-3,
    "c": 1e-2,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
}
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_HIGHEST_POWER = 12
_CELSIUS = {"degC", "°C", "℃", "celsius", "Celsius", "oC"}
_POWER = r"[+-]?\d+(?:\.\d+)?(?:/\d+)?"
_TOKEN = re.compile(
    r"\s*(?:(?P<op>[*·/()])|(?P<unit>[^\s*·/()^0-9.+\-]+|1)(?:\^?(?:(?P<power>"
    + _POWER
    + r")|\((?P<bracketed>"
    + _POWER
    + r")\)))?)"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its text, dimension, factor to SI, offset (only degC has one) and the factor as an exact ratio."""

    text: str
    dim: Dim
    factor: float
    offset: float = 0.0
    exact: _Ratio = _Ratio(1)

    def to_si(self, value: float) -> float:
        """Return ``value`` of this unit in SI."""
        return value * self.factor + self.offset

    def from_si(self, value: float) -> float:
        """Return the SI number ``value`` in this unit."""
        return (value - self.offset) / self.factor


def _one_unit(text: str, whole: str) -> _UnitDef:
    name = _ALIASES.get(text, text)
    if name in _UNITS:
        return _UNITS[name]
    if name in _CELSIUS:  # as part of a product degC is a difference
        return _UnitDef(_K, 1.0, False)
    prefix, rest = name[:1], _ALIASES.get(name[1:], name[1:])
    if prefix in _PREFIXES and rest in _UNITS and _UNITS[rest].prefixable:
        base = _UNITS[rest]
        return _UnitDef(base.dim, float(f"{base.factor * _PREFIXES[prefix]:.15g}"), False)
    message = f"unit = {whole!r}: {text!r} is no unit known here. Write for example mA/cm^2, ohm cm^2, S/cm, degC."
    raise UnitError(message)


@lru_cache(maxsize=512)
def parse_unit(text: str) -> Unit:
    """Return the unit written as ``text``, for example ``"mA/cm^2"``, ``"Ω cm²"``, ``"S cm⁻¹"`` or ``"degC"``.

    A solidus divides by the next factor only (``J/mol/K``); products are written with a blank, ``*`` or ``·``.

    Raises
    ------
    UnitError  if a part is no unit.
    """
    stripped = text.strip()
    if stripped in _CELSIUS:
        return Unit("degC", _K, 1.0, ZERO_CELSIUS)
    if stripped in ("", "1"):
        return Unit("1", NONE, 1.0)
    source = re.sub(r"([⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+)", lambda m: "^" + m.group(1).translate(_SUPERSCRIPT), stripped)
    dim, factor, position, sign, depth = NONE, _Ratio(1), 0, 1, [1]
    expect = True
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None or match.end() == position:
            message = f"unit = {text!r}: cannot read {source[position:]!r}. Write for example mA/cm^2 or ohm cm^2."
            raise UnitError(message)
        position = match.end()
        op = match.group("op")
        if op == "/":
            sign, expect = -1, True
        elif op == "(":
            depth.append(depth[-1] * sign)
            sign = 1
        elif op == ")":
            if len(depth) == 1:
                message = f"unit = {text!r}: a closing bracket without an opening one."
                raise UnitError(message)
            depth.pop()
        elif op is None:
            one = _one_unit(match.group("unit"), text)
            power = _power(match.group("power") or match.group("bracketed") or "1", text) * sign * depth[-1]
            dim, factor = dim * one.dim**power, factor * _raised(one.factor, power)
            sign, expect = 1, False
    if expect or len(depth) != 1:
        message = f"unit = {text!r}: incomplete. Write for example mA/cm^2."
        raise UnitError(message)
    return Unit(stripped, dim, float(factor), exact=factor)


def _power(raw: str, whole: str) -> float:
    top, _, bottom = raw.partition("/")
    power = float(top) / float(bottom or 1) if float(bottom or 1) else math.inf
    if abs(power) > _HIGHEST_POWER:
        message = f"unit = {whole!r}: expected powers up to {_HIGHEST_POWER}, got {raw}."
        raise UnitError(message)
    return power


def _raised(factor: float, power: float) -> _Ratio:
    return _Ratio(repr(factor)) ** int(power) if power == int(power) else _Ratio(repr(factor**power))


_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$", re.DOTALL)


def parse(text: str, expected: str) -> float:
    """Return the SI value of ``text`` (a number with its unit), which must have the dimension of ``expected``.

    Raises
    ------
    UnitError  if there is no number, no unit, an unknown unit, or a unit of another dimension.

    Examples
    --------
    >>> parse("0.2 mA/cm^2", "A/m^2")
    2.0
    >>> parse("25 degC", "K")
    298.15
    """
    target = parse_unit(expected)
    match = _NUMBER.match(text)
    if match is None:
        message = f"{text!r}: expected a number with a unit, such as {example_of(expected)!r}."
        raise UnitError(message)
    value, unit_text = float(match.group(1)), match.group(2)
    if not unit_text and target.dim != NONE:
        message = f"{text!r}: the unit is missing. Write for example {example_of(expected)!r}."
        raise UnitError(message)
    unit = parse_unit(unit_text)
    if not same_dimension(unit.dim, target.dim):
        message = f"{text!r}: expected a quantity like {example_of(expected)!r}, got the unit {unit_text!r}."
        raise UnitError(message)
    result = _exact_si(match.group(1), unit) if math.isfinite(value) else value
    if not math.isfinite(result):
        message = f"{text!r}: expected a finite number."
        raise UnitError(message)
    return result


def _exact_si(number: str, unit: Unit) -> float:
    """Return the float nearest to the number in SI, so that 0.785 cm^2 and 78.5 mm^2 are the same float."""
    value = float(number)
    if value == 0 or len(number) > 400:
        return unit.to_si(value)
    try:
        return float(_Ratio(number) * unit.exact + _Ratio(repr(unit.offset)))
    except OverflowError:
        return math.inf


def same_dimension(one: Dim, other: Dim) -> bool:
    """Return whether two dimensions are equal, roots of units included."""
    return all(abs(getattr(one, b) - getattr(other, b)) < 1e-9 for b in _BASE)


def example_of(unit: str) -> str:
    """Return an example of a quantity with the dimension of ``unit``, for messages."""
    return {
        "K": "25 degC",
        "A/m^2": "0.2 mA/cm^2",
        "m": "1 mm",
        "m^2": "0.785 cm^2",
        "s": "30 min",
        "Pa": "5 MPa",
        "ohm m^2": "32.5 ohm cm^2",
        "S/m": "5.2e-4 S/cm",
    }.get(unit, f"1 {unit}")


def format_value(value: float, unit: str, *, digits: int = 4) -> str:
    """Return the SI number ``value`` as text in ``unit``, for example ``"0.2 mA/cm^2"``.

    Examples
    --------
    >>> format_value(2.0, "mA/cm^2")
    '0.2 mA/cm^2'
    """
    number = f"{parse_unit(unit).from_si(value):.{digits}g}"
    return number if unit in ("1", "") else f"{number} {unit}"


def format_exact(value: float, unit: str) -> str:
    """Return the SI number ``value`` as the shortest text in ``unit`` that ``parse`` reads back as the same float.

    Where ``unit`` cannot carry it, the text is in SI base units.

    Examples
    --------
    >>> format_exact(7.85e-05, "cm^2")
    '0.785 cm^2'
    """
    if not math.isfinite(value):
        message = f"value = {value}: expected a finite number."
        raise UnitError(message)
    target = parse_unit(unit)
    suffix = "" if unit in ("1", "") else f" {unit}"
    shown = _shown(value, target)
    for number in (round(shown, 9) + 0.0, *(float(f"{shown:.{digits}g}") for digits in (6, 12, 15, 16, 17))):
        if math.isfinite(number) and _exact_si(repr(number), target) == value:
            return repr(number).removesuffix(".0") + suffix
    return f"{value!r} {target.dim}" if target.dim != NONE else repr(value)


def _shown(value: float, unit: Unit) -> float:
    try:
        return float((_Ratio(value) - _Ratio(repr(unit.offset))) / unit.exact)
    except OverflowError:
        return math.inf


_PRETTY = {"ohm": "Ω", "degC": "°C", "um": "µm", "uA": "µA", "deg": "°", "uF": "µF"}


def pretty_unit(unit: str) -> str:
    """Return ``unit`` as a paper prints it: ``"ohm cm^2"`` becomes ``"Ω cm²"``."""
    raised = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")
    text = re.sub(r"\^([+-]?[\d.]+)", lambda m: m.group(1).translate(raised), unit)
    return re.sub(r"[A-Za-z]+", lambda m: _PRETTY.get(m.group(0), m.group(0)), text)
