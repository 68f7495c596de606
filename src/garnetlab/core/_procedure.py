"""Procedures: the steps of a test, each written as a sentence (``garnetlab.core.parse_step`` has the grammar)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from garnetlab.core._edge import Record
from garnetlab.core._errors import InvalidInput
from garnetlab.core._recipe import Temperature
from garnetlab.core._steps import ImpedanceStep, RepeatStep, RunStep, Step, SweepStep, TimedStep, parse_step, read_step

Block = tuple[tuple[RunStep, ...], int]


def _sentence(value: object) -> object:
    """Return a step in its one spelling, so that equal steps are equal text."""
    if isinstance(value, TimedStep | ImpedanceStep | SweepStep | RepeatStep):
        return str(value)
    return str(read_step(value)) if isinstance(value, str) else value


#: a step in its one spelling
Sentence = Annotated[str, BeforeValidator(_sentence)]


class Procedure(Record):
    """The steps of a test in order.

    ``Repeat n times`` runs the steps above it, since the last repetition, ``n`` times in all.
    """

    steps: tuple[Sentence, ...] = Field(
        min_length=1, description="one sentence per step, such as 'Plate at 0.2 mA/cm2 for 30 minutes'"
    )
    temperature: Temperature | None = None
    note: str = ""

    @model_validator(mode="after")
    def _repeatable(self) -> Procedure:
        self.blocks()
        return self

    def parsed(self) -> tuple[Step, ...]:
        """Return the steps as records."""
        return tuple(parse_step(text) for text in self.steps)

    def blocks(self) -> tuple[Block, ...]:
        """Return the runs of steps in order, each with how often it is run.

        Raises
        ------
        InvalidInput  if a repetition has too few steps above it.
        """
        done: list[Block] = []
        open_: list[RunStep] = []
        for step in self.parsed():
            if not isinstance(step, RepeatStep):
                open_.append(step)
                continue
            count = len(open_) if step.last is None else step.last
            if not 0 < count <= len(open_):
                message = f"{str(step)!r}: expected at least {max(count, 1)} steps above it, got {len(open_)}."
                raise InvalidInput(message)
            once, again = open_[:-count], open_[-count:]
            done += [(tuple(once), 1)] if once else []
            done.append((tuple(again), step.times))
            open_ = []
        return (*done, (tuple(open_), 1)) if open_ else tuple(done)

    def expanded(self) -> Iterator[RunStep]:
        """Yield every step in the order in which it is run, repetitions included."""
        for steps, times in self.blocks():
            for _ in range(times):
                yield from steps

    def __str__(self) -> str:
        return "\n".join(self.steps)
