"""What several verbs of the command line take: each option is defined once."""

from __future__ import annotations

from typing import Annotated

import typer

CurrentUnit = Annotated[str | None, typer.Option(help="Of a column of current that names none, for example mA.")]
CexRange = Annotated[str | None, typer.Option(help='Range of a LAND .cex file, for example "5 V, 10 mA".')]
Area = Annotated[str | None, typer.Option(help='Electrode area, for example "0.785 cm^2".')]
Diameter = Annotated[str | None, typer.Option(help='Electrode diameter, for example "10 mm".')]
Thickness = Annotated[str | None, typer.Option(help='Thickness of the electrolyte, for example "1 mm".')]
Temperature = Annotated[str | None, typer.Option(help='Temperature, for example "25 degC".')]
Electrodes = Annotated[str | None, typer.Option(help="blocking or symmetric.")]
Interfaces = Annotated[int | None, typer.Option(help="1 (half cell) or 2 (symmetric cell).")]
Circuit = Annotated[str | None, typer.Option(help='Circuit, for example "R(RQ)(RQ)W"; chosen if not given.')]
ActiveMass = Annotated[str | None, typer.Option(help='Active mass of a full cell, for example "2.1 mg".')]
ElectrolyteResistance = Annotated[
    str | None, typer.Option(help='Of the electrolyte alone, from impedance, for example "140 ohm".')
]
CurrentDensity = Annotated[str | None, typer.Option(help='Where a file has no current, for example "0.2 mA/cm^2".')]
