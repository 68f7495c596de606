"""The sample register: what is known of every pellet and cell that was measured."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from garnetlab.core._cell import Area, Length
from garnetlab.core._edge import In, Record
from garnetlab.core._errors import MissingInput
from garnetlab.core._recipe import Duration, Pressure, Temperature

Hours = Annotated[float, In("h", at_least=0.0)]


class Sample(Record):
    """One pellet or cell. Only what changes a result is ever asked for; nothing is guessed."""

    pellet: str | None = None
    batch: str | None = None
    series: str | None = Field(default=None, description="samples of one series are replicates of each other")
    anode: str | None = Field(default=None, description="id of the anode's recipe")
    electrodes: Literal["blocking", "symmetric", "unknown"] = "unknown"
    interfaces: Literal[1, 2] = 2
    area: Area | None = Field(default=None, description="measured footprint of the electrode")
    area_std: Area | None = None
    diameter: Length | None = Field(default=None, description="of a round electrode, instead of the area")
    thickness: Length | None = None
    thickness_std: Length | None = None
    temperature: Temperature | None = None
    pressure: Pressure | None = Field(default=None, description="stack pressure")
    polish: str | None = None
    polish_time: Duration | None = None
    air_exposure: Hours | None = None
    operator: str | None = None
    channel: str | None = None
    note: str = ""

    @model_validator(mode="after")
    def _one_size(self) -> Sample:
        if self.area is not None and self.diameter is not None:
            circle = math.pi / 4.0 * self.diameter**2
            if not math.isclose(circle, self.area, rel_tol=0.01):
                message = (
                    f"area and diameter disagree: a circle of this diameter has {circle * 1e4:.4g} cm^2. Give one."
                )
                raise ValueError(message)
        return self

    @property
    def footprint(self) -> float | None:
        """Electrode area [m^2] from area or diameter, None where neither is given."""
        if self.area is not None or self.diameter is None:
            return self.area
        return math.pi / 4.0 * float(self.diameter) ** 2


_OPTION = {
    "area": '--area "0.785 cm^2" or --diameter "10 mm"',
    "thickness": '--thickness "1 mm"',
    "temperature": '--temperature "25 degC"',
}


def require(sample: Sample, name: Literal["area", "thickness", "temperature"], *, sample_id: str, why: str) -> float:
    """Return the SI value of what a result depends on.

    Raises
    ------
    MissingInput  naming the document entry and the option of the command line.
    """
    value = sample.footprint if name == "area" else getattr(sample, name)
    if value is None:
        message = f"samples.{sample_id}.{name} = none given: {why} needs it. Add it there, or give {_OPTION[name]}."
        raise MissingInput(message)
    return float(value)


class MeasurementEntry(Record):
    """One file of a study: where it is, which sample it belongs to, and what the file does not know."""

    path: str
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    sample: str | None = None
    temperature: Temperature | None = None
    branch: Literal["heating", "cooling"] | None = None
    place: str | None = Field(default=None, description="where it stands in a test, for example 'after 100 cycles'")
    reader: str | None = None
    circuit: str | None = Field(default=None, description="Boukamp code or circuit string; chosen by BIC if not given")
    note: str = ""
