"""Cells: ordered stacks of layers with explicit interfaces between them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from garnetlab.core._edge import In, Record
from garnetlab.core._recipe import Pressure, Recipe, Temperature

Length = Annotated[float, In("mm", above=0.0)]
Area = Annotated[float, In("cm^2", above=0.0)]
AreaResistance = Annotated[float, In("ohm cm^2", at_least=0.0)]
Fraction = Annotated[float, In("1", at_least=0.0)]


class Layer(Record):
    """One layer of a stack: a material of the library or an anode made by a recipe."""

    material: str
    thickness: Length | None = None
    recipe: Recipe | None = None

    def __str__(self) -> str:
        return str(self.recipe) if self.recipe is not None else self.material

    def __or__(self, other: Layer | Cell) -> Cell:
        """Stack: ``li | llzto | li`` is a cell."""
        right = other.layers if isinstance(other, Cell) else (other,)
        return Cell(layers=(self, *right))


class Interface(Record):
    """What lies between two neighbouring layers."""

    contact_fraction: Fraction | None = Field(default=None, description="true over apparent contact area")
    resistance: AreaResistance | None = Field(default=None, description="area-specific resistance")
    note: str = ""

    @model_validator(mode="after")
    def _fraction(self) -> Interface:
        if self.contact_fraction is not None and self.contact_fraction > 1.0:
            message = f"contact_fraction = {self.contact_fraction:g}: expected 0 to 1."
            raise ValueError(message)
        return self


class Cell(Record):
    """An ordered stack of layers; the electrode area lives here. Prints as ``Li-10KCO|LLZTO|Li-10KCO``."""

    layers: tuple[Layer, ...] = Field(min_length=2)
    interfaces: tuple[Interface, ...] = ()
    area: Area | None = None
    pressure: Pressure | None = None
    temperature: Temperature | None = None

    @model_validator(mode="after")
    def _one_less(self) -> Cell:
        if self.interfaces and len(self.interfaces) != len(self.layers) - 1:
            message = (
                f"interfaces = {len(self.interfaces)}: expected {len(self.layers) - 1}, one between each two layers."
            )
            raise ValueError(message)
        return self

    @property
    def symmetric(self) -> bool:
        """Whether the stack reads the same from both sides."""
        return self.layers == self.layers[::-1]

    def __str__(self) -> str:
        return "|".join(map(str, self.layers))

    def __or__(self, other: Layer | Cell) -> Cell:
        right = other.layers if isinstance(other, Cell) else (other,)
        return Cell(layers=(*self.layers, *right), area=self.area, pressure=self.pressure, temperature=self.temperature)
