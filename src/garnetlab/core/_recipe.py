"""Recipes: how a composite anode is made. A recipe says how, not what it becomes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from garnetlab.core._edge import In, Record

Temperature = Annotated[float, In("degC", above=0.0)]
Pressure = Annotated[float, In("MPa", at_least=0.0)]
Duration = Annotated[float, In("min", at_least=0.0)]
MassFraction = Annotated[float, In("%", at_least=0.0)]


class Recipe(Record):
    """How an anode is made: additive and its mass fraction, melt, substrate, atmosphere."""

    additive: str | None = Field(default=None, description="formula of what is stirred in, for example K2CO3")
    mass_fraction: MassFraction = Field(default=0.0, description="additive over the whole mass, as '10 %' or '10 wt%'")
    melt_temperature: Temperature | None = None
    time: Duration | None = None
    substrate: str | None = None
    pressure: Pressure | None = None
    atmosphere: str | None = None
    note: str = ""

    @field_validator("mass_fraction")
    @classmethod
    def _at_most_one(cls, value: float) -> float:
        if value >= 1.0:
            message = f"'{value:.4g}': expected a mass fraction below 1 (100 %). Did you forget the % sign?"
            raise ValueError(message)
        return value

    def __str__(self) -> str:
        """Return the name as the paper writes it: ``Li``, ``Li-10KCO``."""
        if self.additive is None or self.mass_fraction == 0.0:
            return "Li"
        short = {"K2CO3": "KCO"}.get(self.additive, self.additive)
        return f"Li-{100.0 * self.mass_fraction:g}{short}"
