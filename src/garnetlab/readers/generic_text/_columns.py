"""Column names to what they mean: quantity, unit, sign, logarithm."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass


class Role(enum.Enum):
    """What a column holds."""

    FREQUENCY = "frequency"
    REAL = "Z'"
    IMAGINARY = "Z''"
    MODULUS = "|Z|"
    PHASE = "phase"


class UnitProblem(ValueError):
    """A unit that cannot be turned into the one needed."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column that matters.

    Attributes
    ----------
    index:  Its place in the row (from 0).
    name:   What the file calls it.
    role:   What it holds.
    factor: Multiplies its numbers to Hz, ohm or rad; for a phase without unit 1, with ``unit`` empty.
    unit:   The unit the file names, or empty.
    log:    Base of the logarithm the numbers are, or 0.
    minus:  The name says that the numbers are the negative of the quantity.
    """

    index: int
    name: str
    role: Role
    factor: float
    unit: str
    log: float = 0.0
    minus: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NAMES: dict[Role, frozenset[str]] = {
    Role.FREQUENCY: _words(
        "f fr freq frequency frequencies frequenz fréquence frequence frecuencia frequenza 频率 周波数 ν"
        " omega ω w angularfrequency"
    ),
    Role.REAL: _words(
        "z' zs' zre zreal rez re real realz zrealpart realpart realpartofz realteil realteilz z're zr zprime zreel"
        " partieréelle partiereelle realimpedance impedancereal 实部 z'real realz' rezs"
    ),
    Role.IMAGINARY: _words(
        "z'' zs'' zim zimag zimaginary imz im imag imagz imaginary imaginaryz imaginarypart imaginarypartofz"
        " imaginärteil imaginaerteil z''im zi zdoubleprime zdprime z''imag partieimaginaire imagz'' 虚部"
        " imaginaryimpedance impedanceimaginary imzs"
    ),
    Role.MODULUS: _words(
        "|z| zmod modz zmodulus modulus modulusofz absz zabs |zs| magnitude magnitudez mag zmag zmagnitude z betrag"
        " impedance impedanz impedancemodulus impedancemagnitude |impedance| 阻抗 模值"
    ),
    Role.PHASE: _words(
        "phase phasez zphase zphz theta thetaz θ argz zarg arg phaseangle phaseofz phi phiz φ angle phasenwinkel"
        " phasenverschiebung phaseshift zphaseangle 相位 相位角"
    ),
}
_ROLE = {name: role for role, names in _NAMES.items() for name in names}
_ANGULAR = _words("omega ω w angularfrequency")
_SAME = str.maketrans(
    {"\u2032": "'", "\u2019": "'", "`": "'", "\u00b4": "'", "\u2018": "'", "\u2212": "-", "\u2013": "-"}
)
_DOUBLE = ("\u2033", "\u201d", "\u201c", '"')
_LOG = re.compile(r"(log10|log_10|log|lg|ln)[\s_]*[(\[]?\s*(.+?)\s*[)\]]?", re.IGNORECASE)
_MINUS = re.compile(r"(?:-\s*1?\s*[*x×·]?|neg(?:ative)?(?:[\s_.]+|(?=[Zz])))\s*", re.IGNORECASE)
_SLASH = re.compile(r"(.+?)\s*/\s*([^/]+(?:/\s?s)?)")
_BRACKET = re.compile(r"(.+?)\s*[(\[{]\s*([^()\[\]{}]+)\s*[)\]}]")
_TAIL = re.compile(r"(.+?)(?:_|\s+in\s+|\s+)([kMmuµGn]?(?:[Oo]hms?|OHM|ohm)|[kMmG]?Hz|hz|HZ|deg|rad)")
_UNIT_LIKE = re.compile(r"ohm|hz|deg|°|rad|cm|sec|\bs\b", re.IGNORECASE)
_OHM = re.compile(r"([kKMmuµμGn]?)\s*(?:ohms?|OHMS?|Ohms?)")
_OHM_AREA = re.compile(r"[kKMmuµμGn]?\s*ohms?[\s.*·⋅x-]*c?m(?:\^?2|²|\*\*2)?", re.IGNORECASE)
_SI = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "G": 1e9, "n": 1e-9}
_HERTZ = {"Hz": 1.0, "hz": 1.0, "HZ": 1.0, "kHz": 1e3, "KHz": 1e3, "khz": 1e3, "MHz": 1e6, "mHz": 1e-3, "GHz": 1e9}
_HERTZ |= {"1/s": 1.0, "s-1": 1.0, "s^-1": 1.0, "Hertz": 1.0, "hertz": 1.0}
_RADIAN_RATE = frozenset({"rad/s", "rads-1", "rads^-1", "rad/sec", "rad.s-1", "s-1rad"})
_ANGLE = {"rad": 1.0, "radian": 1.0, "radians": 1.0, "mrad": 1e-3}
_ANGLE |= dict.fromkeys(("deg", "deg.", "degree", "degrees", "°", "grad", "º"), math.pi / 180.0)


def columns_of(names: Sequence[str], units: Sequence[str] = ()) -> list[Column]:
    """Return the columns that matter among ``names``; ``units`` is the row of units beneath them, where there is one.

    Raises
    ------
    UnitProblem  if such a column has a unit that is none of its kind, or ohm times an area.
    """
    found = []
    for index, name in enumerate(names):
        unit = units[index] if index < len(units) else ""
        column = column_of(index, name, unit)
        if column is not None:
            found.append(column)
    return found


def column_of(index: int, name: str, unit: str = "") -> Column | None:
    """Return what the column called ``name`` holds, or None where it is none of the five quantities.

    Raises
    ------
    UnitProblem  if its unit cannot be used.

    Examples
    --------
    >>> column = column_of(2, "-Im(Z)/kOhm")
    >>> column.role.value, column.factor, column.minus
    ("Z''", 1000.0, True)
    """
    text = _normal(name)
    log = 0.0
    logarithm = _LOG.fullmatch(text)
    minus = _MINUS.match(text)
    if logarithm:
        log = math.e if logarithm[1].lower() == "ln" else 10.0
        text = logarithm[2] + ("|" if logarithm[2].count("|") == 1 else "")
    elif minus and minus.end() < len(text):
        text = text[minus.end() :]
    base, own_unit = _take_unit(text)
    role = _ROLE.get(_key(base))
    if role is None or (log and role not in (Role.FREQUENCY, Role.MODULUS)):
        return None
    shown = own_unit or _normal(unit)
    factor = _factor(name, role, shown, angular=_key(base) in _ANGULAR)
    return Column(index, name.strip(), role, factor, shown, log, bool(minus and not log))


def is_unit(text: str) -> bool:
    """Return whether a cell holds nothing but a unit, as in the row beneath the names."""
    stripped = _normal(text).strip("()[]{} ")
    known = stripped in _HERTZ or stripped in _ANGLE or _OHM.fullmatch(stripped) or _OHM_AREA.fullmatch(stripped)
    return bool(known) or stripped in {"", "-", "V", "A", "s", "mA", "mV", "h", "F", "1", "S", "C", "K", "°C"}


def _normal(name: str) -> str:
    text = name.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].strip()
    for double in _DOUBLE:
        text = text.replace(double, "''")
    text = text.translate(_SAME).replace("\u03a9", "ohm").replace("\u2126", "ohm").lstrip("\ufeff")
    return text.removeprefix("Data:").strip()


def _key(base: str) -> str:
    return re.sub(r"[\s_.()\[\]{}:,]", "", base).lower()


def _take_unit(text: str) -> tuple[str, str]:
    """Split a name into what it names and its unit; a bracket that holds no unit belongs to the name or is a remark."""
    for pattern in (_BRACKET, _SLASH, _TAIL):
        match = pattern.fullmatch(text)
        if match is None:
            continue
        base, unit = match[1].rstrip("/ "), match[2].strip().strip("()[]{} ")
        if _UNIT_LIKE.search(unit):
            return base, unit
        if pattern is _BRACKET and unit.lower() not in ("z", "|z|", "zs"):
            return base, ""
    return text, ""


def _factor(name: str, role: Role, unit: str, *, angular: bool) -> float:
    bare = unit.strip().strip("()[]{} ")
    if role is Role.FREQUENCY:
        if bare.replace(" ", "") in _RADIAN_RATE or (angular and not bare):
            return 1.0 / (2.0 * math.pi)
        if not bare:
            return 1.0
        return _known(name, bare, _HERTZ, "Hz, kHz, MHz, mHz or rad/s")
    if role is Role.PHASE:
        return _known(name, bare.lower(), _ANGLE, "deg or rad") if bare else 1.0
    if not bare:
        return 1.0
    match = _OHM.fullmatch(bare)
    if match:
        return _SI[match[1]]
    if _OHM_AREA.fullmatch(bare):
        message = (
            f"{name.strip()!r} has the unit {bare!r}: expected ohm. These numbers are resistance times area or length;"
            " divide them by the geometry and export in ohm."
        )
        raise UnitProblem(message)
    message = f"{name.strip()!r} has the unit {bare!r}: expected ohm, kohm, mohm or Mohm. Export in one of these."
    raise UnitProblem(message)


def _known(name: str, unit: str, table: dict[str, float], expected: str) -> float:
    try:
        return table[unit]
    except KeyError:
        message = f"{name.strip()!r} has the unit {unit!r}: expected {expected}. Export in one of these."
        raise UnitProblem(message) from None
