"""Annotated types of the mechanisms that ``garnetlab.units`` has no name for."""

from __future__ import annotations

from typing import Annotated

from garnetlab.units import Dim, Real

Speed = Annotated[Real, Dim(m=1, s=-1)]
Diffusivity = Annotated[Real, Dim(m=2, s=-1)]
SurfaceEnergy = Annotated[Real, Dim(kg=1, s=-2)]
Toughness = Annotated[Real, Dim(kg=1, m=-0.5, s=-2)]
Resistivity = Annotated[Real, Dim(kg=1, m=3, s=-3, A=-2)]
