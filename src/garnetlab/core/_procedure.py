"""Procedures: the steps of a test, written as a sentence each.

The grammar takes PyBaMM's step strings and adds current densities and impedance::

    Plate at 0.2 mA/cm2 for 30 minutes
    Strip at 0.2 mA/cm2 for 30 minutes or until 1 V
    Charge at C/2 until 4.0 V
    Hold at 1 V for 1 hour
    Rest for 10 minutes
    Impedance from 1 MHz to 10 mHz with 10 mV
    Repeat 4500 times
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import model_validator

from garnetlab import units
from garnetlab.core._edge import Record, write_quantity

Action = Literal["plate", "strip", "charge", "discharge", "hold", "rest", "impedance", "repeat"]
_ACTIONS: tuple[Action, ...] = ("plate", "strip", "charge", "discharge", "hold", "rest", "impedance", "repeat")
_MODES = {"A/m^2": "current density", "A": "current", "V": "voltage", "W": "power", "ohm": "resistance"}
_DISPLAY = {"A/m^2": "mA/cm^2", "A": "mA", "V": "V", "W": "W", "ohm": "ohm"}
_RATE = re.compile(r"^(?:C\s*/\s*(?P<over>\d+(?:\.\d+)?)|(?P<times>\d+(?:\.\d+)?)?\s*C)$")
_UNTIL = {"V": "V", "A/m^2": "mA/cm^2", "A": "mA"}


class Step(Record):
    """One step. ``value`` is SI in the unit ``of``; ``of`` is ``"C"`` for a rate; times in s, limits in SI."""

    action: Action
    value: float | None = None
    of: str | None = None
    duration: float | None = None
    until: float | None = None
    until_of: str | None = None
    low: float | None = None
    high: float | None = None
    amplitude: float | None = None
    count: int | None = None

    @model_validator(mode="after")
    def _positive(self) -> Step:
        for name in ("duration", "low", "high", "amplitude", "count"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                message = f"{name} = {value:g}: expected more than 0."
                raise ValueError(message)
        return self

    def __str__(self) -> str:
        return _write(self)


def _quantity(text: str, names: dict[str, str], whole: str) -> tuple[float, str]:
    for unit in names:
        try:
            return units.parse(_powers(text), unit), unit
        except units.UnitError:
            continue
    message = (
        f"step {whole!r}: cannot read {text!r}. Write for example {' or '.join(f'1 {u}' for u in names.values())}."
    )
    raise ValueError(message)


def _powers(text: str) -> str:
    """Return ``mA/cm2`` as ``mA/cm^2``: both spellings are common."""
    return re.sub(r"([A-Za-zµΩ])([23])(?=$|[\s/*)])", r"\1^\2", text)


def parse_step(text: str) -> Step:
    """Return the step a sentence describes.

    Raises
    ------
    ValueError  (made ``InvalidInput`` at the edge) naming the part that cannot be read.
    """
    words = text.strip().split(maxsplit=1)
    action = next((a for a in _ACTIONS if words and a == words[0].lower()), None)
    if action is None:
        message = f"step {text!r}: expected one of {', '.join(a.capitalize() for a in _ACTIONS)} first."
        raise ValueError(message)
    rest = words[1] if len(words) > 1 else ""
    if action == "repeat":
        return _repeat(rest, text)
    if action == "impedance":
        return _impedance(rest, text)
    return _timed(action, rest, text)


def _repeat(rest: str, text: str) -> Step:
    match = re.fullmatch(r"(\d+) times?", rest)
    if match is None:
        message = f"step {text!r}: expected 'Repeat 10 times'."
        raise ValueError(message)
    return Step(action="repeat", count=int(match.group(1)))


def _impedance(rest: str, text: str) -> Step:
    match = re.fullmatch(r"from (.+?) to (.+?)(?: with (.+))?", rest)
    if match is None:
        message = f"step {text!r}: expected 'Impedance from 1 MHz to 10 mHz with 10 mV'."
        raise ValueError(message)
    ends = sorted(_quantity(match.group(i), {"Hz": "Hz"}, text)[0] for i in (1, 2))
    amplitude = None if match.group(3) is None else _quantity(match.group(3), {"V": "V"}, text)[0]
    return Step(action="impedance", low=ends[0], high=ends[1], amplitude=amplitude)


_TIMED = re.compile(r"(?:at (?P<at>.+?))?\s*(?:for (?P<for>.+?))?\s*(?:(?:or )?until (?P<until>.+?))?")


def _timed(action: Action, rest: str, text: str) -> Step:
    match = _TIMED.fullmatch(rest)
    if match is None or not rest or (action == "rest") == bool(match.group("at")):
        message = f"step {text!r}: expected 'Plate at 0.2 mA/cm2 for 30 minutes' or 'Rest for 10 minutes'."
        raise ValueError(message)
    value, of = _level(match.group("at"), text) if match.group("at") else (None, None)
    duration = None if match.group("for") is None else _quantity(match.group("for"), {"s": "min"}, text)[0]
    limit, limit_of = (None, None) if match.group("until") is None else _quantity(match.group("until"), _UNTIL, text)
    if duration is None and limit is None:
        message = f"step {text!r}: it never ends. Add 'for 30 minutes' or 'until 4.0 V'."
        raise ValueError(message)
    return Step(action=action, value=value, of=of, duration=duration, until=limit, until_of=limit_of)


def _level(text: str, whole: str) -> tuple[float, str]:
    match = _RATE.match(text.strip())
    if match is not None:
        over, times = match.group("over"), match.group("times")
        return (1.0 / float(over) if over else float(times or 1)), "C"
    return _quantity(text, _DISPLAY, whole)


def _write(step: Step) -> str:
    words = [step.action.capitalize()]
    if step.action == "repeat":
        return f"Repeat {step.count} times"
    if step.action == "impedance":
        words += [f"from {write_quantity(step.high or 0.0, 'Hz')} to {write_quantity(step.low or 0.0, 'Hz')}"]
        words += [] if step.amplitude is None else [f"with {write_quantity(step.amplitude, 'mV')}"]
        return " ".join(words)
    if step.value is not None and step.of is not None:
        words.append(
            f"at {step.value!r} C" if step.of == "C" else f"at {write_quantity(step.value, _DISPLAY[step.of])}"
        )
    if step.duration is not None:
        words.append(f"for {write_quantity(step.duration, 'min')}")
    if step.until is not None and step.until_of is not None:
        words.append(
            f"{'or ' if step.duration is not None else ''}until {write_quantity(step.until, _UNTIL[step.until_of])}"
        )
    return " ".join(words)


class Procedure(Record):
    """The steps of a test in order; ``Repeat n times`` repeats everything before it (since the last ``Repeat``)."""

    steps: tuple[str, ...]
    temperature: str | None = None

    @model_validator(mode="after")
    def _readable(self) -> Procedure:
        for text in self.steps:
            parse_step(text)
        if self.temperature is not None:
            units.parse(self.temperature, "K")
        return self

    def parsed(self) -> tuple[Step, ...]:
        """Return the steps as records."""
        return tuple(parse_step(text) for text in self.steps)
