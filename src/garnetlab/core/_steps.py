"""Steps of a test and the sentences that describe them.

The grammar takes PyBaMM's step strings and adds current densities, impedance, voltage sweeps and repetition::

    Plate at 0.2 mA/cm2 for 30 minutes or until 1 V
    Strip at 0.2 mA/cm2 for 30 minutes or until -1 V
    Discharge at C/10 for 10 hours or until 3.3 V at 25 degC (1 minute period)
    Hold at 4.1 V until C/50
    Rest for 10 minutes
    Impedance from 1 MHz to 10 mHz with 10 mV and 10 points per decade
    Sweep from -0.2 V to 0.2 V at 1 mV/s
    Repeat the last 2 steps 10 times
"""

from __future__ import annotations

import enum
import functools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from garnetlab import units
from garnetlab.core._errors import InvalidInput


class Action(enum.Enum):
    """What a driven step does. Plating and charging have a positive current."""

    PLATE = "Plate"
    STRIP = "Strip"
    CHARGE = "Charge"
    DISCHARGE = "Discharge"
    HOLD = "Hold"
    REST = "Rest"

    @property
    def sign(self) -> int:
        """Sign of the current: 1, -1, or 0 where the step does not impose it."""
        return {"Plate": 1, "Charge": 1, "Strip": -1, "Discharge": -1}.get(self.value, 0)


class LevelKind(enum.Enum):
    """What a level is: the value is the unit in which it is written."""

    CURRENT_DENSITY = "mA/cm^2"
    CURRENT = "mA"
    RATE = "C"
    POWER = "W"
    RESISTANCE = "ohm"
    VOLTAGE = "V"
    AREAL_CHARGE = "mAh/cm^2"
    CHARGE = "mAh"


_IMPOSED = (
    LevelKind.RATE, LevelKind.CURRENT_DENSITY, LevelKind.CURRENT, LevelKind.POWER, LevelKind.RESISTANCE
)  # fmt: skip
_LIMITS = (
    LevelKind.RATE, LevelKind.VOLTAGE, LevelKind.CURRENT_DENSITY, LevelKind.CURRENT, LevelKind.AREAL_CHARGE,
    LevelKind.CHARGE,
)  # fmt: skip
_RATE = re.compile(r"(?:C\s*/\s*(?P<over>\d+(?:\.\d+)?)|(?P<times>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)?\s*C)")


@dataclass(frozen=True, slots=True)
class Level:
    """A level that is imposed or ends a step: SI, or multiples of 1C for a rate."""

    value: float
    kind: LevelKind

    def __str__(self) -> str:
        if self.kind is not LevelKind.RATE:
            return units.format_exact(self.value, self.kind.value)
        slow = round(1.0 / self.value) if 1e-6 < self.value < 1.0 else 1
        return f"C/{slow}" if slow > 1 and 1.0 / slow == self.value else f"{repr(self.value).removesuffix('.0')} C"


@dataclass(frozen=True, slots=True)
class TimedStep:
    """A step that lasts: a level imposed (none at rest), and what ends it (whichever comes first).

    Times [s], temperature [K], ``period`` between records [s].
    """

    action: Action
    level: Level | None = None
    duration: float | None = None
    until: tuple[Level, ...] = ()
    temperature: float | None = None
    period: float | None = None

    def __str__(self) -> str:
        words = [self.action.value]
        words += [] if self.level is None else [f"at {self.level}"]
        ends = [] if self.duration is None else [f"for {_time(self.duration)}"]
        ends += [f"until {limit}" for limit in self.until]
        words.append(" or ".join(ends))
        words += [] if self.temperature is None else [f"at {units.format_exact(self.temperature, 'degC')}"]
        words += [] if self.period is None else [f"({_time(self.period)} period)"]
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class ImpedanceStep:
    """An impedance sweep from ``start`` to ``stop`` [Hz] with an amplitude [V]."""

    start: float
    stop: float
    amplitude: float | None = None
    points_per_decade: int | None = None

    def __str__(self) -> str:
        text = f"Impedance from {_frequency(self.start)} to {_frequency(self.stop)}"
        extra = [] if self.amplitude is None else [units.format_exact(self.amplitude, "mV")]
        extra += [] if self.points_per_decade is None else [f"{self.points_per_decade} points per decade"]
        return f"{text} with {' and '.join(extra)}" if extra else text


@dataclass(frozen=True, slots=True)
class SweepStep:
    """A linear sweep of the voltage from ``start`` to ``stop`` [V] at a ``rate`` > 0 [V/s], up or down.

    Temperature [K], ``period`` between records [s].
    """

    start: float
    stop: float
    rate: float
    temperature: float | None = None
    period: float | None = None

    @property
    def duration(self) -> float:
        """How long the sweep takes [s]."""
        return abs(self.stop - self.start) / self.rate

    def __str__(self) -> str:
        voltages = " to ".join(units.format_exact(v, "V") for v in (self.start, self.stop))
        words = [f"Sweep from {voltages} at {units.format_exact(self.rate, 'mV/s')}"]
        words += [] if self.temperature is None else [f"at {units.format_exact(self.temperature, 'degC')}"]
        words += [] if self.period is None else [f"({_time(self.period)} period)"]
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class RepeatStep:
    """Run the steps above ``times`` times in all: those since the previous repetition, or only the ``last`` few."""

    times: int
    last: int | None = None

    def __str__(self) -> str:
        return f"Repeat {'' if self.last is None else f'the last {self.last} steps '}{self.times} times"


#: a step that is run once where it stands
RunStep: TypeAlias = TimedStep | ImpedanceStep | SweepStep
Step: TypeAlias = RunStep | RepeatStep


def parse_step(text: str) -> Step:
    """Return the step a sentence describes.

    Raises
    ------
    InvalidInput  naming the part that cannot be read or cannot be.
    """
    try:
        return read_step(text)
    except units.UnitError as error:
        message = f"step = {error}"
        raise InvalidInput(message) from None


@functools.lru_cache(maxsize=4096)
def read_step(text: str) -> Step:
    """Return the step a sentence describes; ``UnitError`` without the name of an entry where it cannot be read."""
    sentence = " ".join(text.split()).removesuffix(".")
    word, _, rest = sentence.partition(" ")
    try:
        if word.lower() == "repeat":
            return _repeat(rest)
        if word.lower() == "impedance":
            return _impedance(rest)
        if word.lower() == "sweep":
            return _sweep(rest)
        return _timed(_action(word), rest)
    except units.UnitError as error:
        message = f"{text!r}: {error}"
        raise units.UnitError(message) from None


def _action(word: str) -> Action:
    for action in Action:
        if action.value == word.capitalize():
            return action
    known = ", ".join([*(a.value for a in Action), "Impedance", "Sweep", "Repeat"])
    message = f"{word!r} is no step. Begin with one of {known}."
    raise units.UnitError(message)


def _repeat(rest: str) -> RepeatStep:
    match = re.fullmatch(r"(?:(?:the )?last (\d{1,9}) steps? )?(\d{1,9}) times?", rest)
    if match is None or int(match[2]) < 1 or (match[1] and int(match[1]) < 1):
        message = "expected 'Repeat 10 times' or 'Repeat the last 2 steps 10 times', with numbers from 1."
        raise units.UnitError(message)
    return RepeatStep(int(match[2]), int(match[1]) if match[1] else None)


_POINTS = re.compile(r"(\d{1,4}) points? per decade")


def _impedance(rest: str) -> ImpedanceStep:
    match = re.fullmatch(r"from (.+?) to (.+?)(?: with (.+))?", rest)
    if match is None:
        message = "expected 'Impedance from 1 MHz to 10 mHz with 10 mV and 10 points per decade'."
        raise units.UnitError(message)
    start, stop = (_positive(match[i], "Hz") for i in (1, 2))
    points: list[int] = []
    amplitudes: list[float] = []
    for part in match[3].split(" and ") if match[3] else []:
        found = _POINTS.fullmatch(part)
        if found is None:
            amplitudes.append(_positive(part, "V"))
        else:
            points.append(int(found[1]))
    if 0 in points or start == stop or len(points) > 1 or len(amplitudes) > 1:
        message = "expected two different frequencies, and once at most an amplitude and 1 or more points per decade."
        raise units.UnitError(message)
    return ImpedanceStep(start, stop, next(iter(amplitudes), None), next(iter(points), None))


_SWEEP = re.compile(r"from (.+?) to (.+?) at (.+?)(?: at (.+?))?(?: \((.+?) period\))?")


def _sweep(rest: str) -> SweepStep:
    match = _SWEEP.fullmatch(rest)
    if match is None:
        message = "expected 'Sweep from -0.2 V to 0.2 V at 1 mV/s'."
        raise units.UnitError(message)
    start, stop = (units.parse(match[i], "V") for i in (1, 2))
    if start == stop:
        message = "expected two different voltages. Hold the cell at one voltage with 'Hold at 0.2 V for 1 h'."
        raise units.UnitError(message)
    temperature = None if match[4] is None else _positive(match[4], "K")
    period = None if match[5] is None else _positive(match[5], "s")
    return SweepStep(start, stop, _positive(match[3], "V/s"), temperature, period)


_CLAUSE = re.compile(r"(?:^|,? )(?:or )?(at|for|until|or) ", re.IGNORECASE)
_PERIOD = re.compile(r" ?\((.+?) period\)$")


def _timed(action: Action, rest: str) -> TimedStep:
    found = _PERIOD.search(rest)
    period = None if found is None else _positive(found[1], "s")
    before, *parts = _CLAUSE.split(_PERIOD.sub("", rest))
    if before or not parts:
        message = f"expected '{action.value} {'' if action is Action.REST else 'at 0.2 mA/cm2 '}for 30 minutes'."
        raise units.UnitError(message)
    levels: list[Level] = []
    limits: list[Level] = []
    times: list[float] = []
    temperatures: list[float] = []
    word = ""
    for clause, value in zip(parts[::2], parts[1::2], strict=True):
        word = word if clause.lower() == "or" else clause.lower()
        if word == "for":
            times.append(_positive(value, "s"))
        elif word == "until":
            limits.append(_level(value, _LIMITS))
        elif (kelvin := _temperature(value)) is not None:
            temperatures.append(kelvin)
        else:
            levels.append(_level(value, (LevelKind.VOLTAGE,) if action is Action.HOLD else _IMPOSED))
    _once(action, levels, times, temperatures, limits)
    first: list[float | None] = [next(iter(values), None) for values in (times, temperatures)]
    return TimedStep(action, next(iter(levels), None), first[0], tuple(limits), first[1], period)


def _once(
    action: Action, levels: list[Level], times: list[float], temperatures: list[float], limits: list[Level]
) -> None:
    if len(levels) != (action is not Action.REST):
        wanted = "no level" if action is Action.REST else "one level, as in 'at 0.2 mA/cm2' or 'at 4.1 V'"
        message = f"expected {wanted} in a {action.value} step, got {len(levels)}."
        raise units.UnitError(message)
    if len(times) > 1 or len(temperatures) > 1:
        message = f"expected one time and one temperature, got {len(times)} and {len(temperatures)}."
        raise units.UnitError(message)
    if not times and not limits:
        message = "it never ends. Add 'for 30 minutes' or 'until 4.0 V'."
        raise units.UnitError(message)


def _temperature(text: str) -> float | None:
    try:
        kelvin = units.parse(text, "K")
    except units.UnitError:
        return None
    if kelvin <= 0:
        message = f"{text!r}: expected more than 0 K."
        raise units.UnitError(message)
    return kelvin


def _level(text: str, kinds: Iterable[LevelKind]) -> Level:
    for kind in kinds:
        if kind is LevelKind.RATE:
            if (match := _RATE.fullmatch(text.strip())) is not None:
                over, times = float(match["over"] or 1.0), float(match["times"] or 1.0)
                return _checked(times / over if over else math.inf, kind, text)
            continue
        try:
            value = units.parse(text, kind.value)
        except units.UnitError:
            continue
        return _checked(value, kind, text)
    examples = ", ".join(f"1 {kind.value}" for kind in kinds)
    message = f"cannot use {text!r} here. Write for example {examples}."
    raise units.UnitError(message)


def _checked(value: float, kind: LevelKind, text: str) -> Level:
    """Return the level; only a voltage may be negative or zero, the direction is in the first word."""
    if kind is not LevelKind.VOLTAGE and not 0 < value < math.inf:
        message = f"{text!r}: expected more than 0. The first word says the direction."
        raise units.UnitError(message)
    return Level(value, kind)


def _positive(text: str, unit: str) -> float:
    value = units.parse(text, unit)
    if value <= 0:
        message = f"{text!r}: expected more than 0."
        raise units.UnitError(message)
    return value


def _time(seconds: float) -> str:
    return units.format_exact(seconds, "s" if seconds < 60.0 else "min" if seconds < 3600.0 else "h")


def _frequency(hertz: float) -> str:
    unit = next((u for u, least in (("MHz", 1e6), ("kHz", 1e3), ("Hz", 1.0)) if hertz >= least), "mHz")
    return units.format_exact(hertz, unit)
