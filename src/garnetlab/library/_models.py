"""Calibrated models: numbers with intervals and posterior draws, as a calibration left them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from garnetlab.core import InvalidInput, nearest
from garnetlab.library._citations import citation
from garnetlab.library._toml import data_text, data_toml


@dataclass(frozen=True, slots=True)
class CalibratedNumber:
    """A number of a calibrated model: median, 5 and 95 % of the posterior, value at the maximum, in the typical draw (the one
    whose median cells come nearest to what is predicted), error of the median.
    """

    unit: str
    median: float
    low: float
    high: float
    maximum: float
    typical: float
    median_error: float
    verdict: str


@dataclass(frozen=True, slots=True)
class CalibratedModel:
    """A model with the posterior of its numbers.

    Parameters
    ----------
    name:       Name in the library.
    variant:    Which mechanisms act: a name of ``interface_variants``.
    title:      The same in words.
    source:     Citation key of the observations.
    uses:       Knowledge from elsewhere that entered.
    made_by:    Script that writes the files.
    date:       On which they were written.
    seed:       Of the calibration.
    maximum:    Largest log posterior density.
    score:      Sum of the log scores of the observations held out.
    calibrated: Ids of the observations it was calibrated on.
    predicted:  Ids of those held out.
    fixed:      Fixed numbers by name.
    parameters: Calibrated numbers by name.
    draws:      Posterior draws, one tuple each, in the order of ``parameters``.
    """

    name: str
    variant: str
    title: str
    source: str
    uses: str
    made_by: str
    date: str
    seed: int
    maximum: float
    score: float
    calibrated: tuple[str, ...]
    predicted: tuple[str, ...]
    fixed: Mapping[str, float]
    parameters: Mapping[str, CalibratedNumber]
    draws: tuple[tuple[float, ...], ...]

    def medians(self) -> dict[str, float]:
        """Return the median of each number."""
        return {name: number.median for name, number in self.parameters.items()}


def model_names() -> tuple[str, ...]:
    """Return the names of the calibrated models in the library, sorted."""
    folder = resources.files("garnetlab.library").joinpath("models")
    return tuple(sorted(p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml")))


@lru_cache(maxsize=8)
def load_model(name: str = "peng2025") -> CalibratedModel:
    """Return a calibrated model of the library.

    Raises
    ------
    InvalidInput  if there is none of that name.
    """
    if name not in model_names():
        message = f"model = {name!r}: not in the library.{nearest(name, model_names())}"
        raise InvalidInput(message)
    data = data_toml(f"models/{name}.toml")
    citation(data["source"])
    lines = [line for line in data_text(f"models/{name}.csv").splitlines() if not line.startswith("#")]
    rows = csv.DictReader(io.StringIO("\n".join(lines)))
    numbers = {k: CalibratedNumber(**{"verdict": "", **entry}) for k, entry in data["parameters"].items()}
    return CalibratedModel(
        name=name,
        variant=data["variant"],
        title=data["title"],
        source=data["source"],
        uses=data["uses"],
        made_by=data["made_by"],
        date=data["date"],
        seed=data["seed"],
        maximum=data["maximum"],
        score=data["score"],
        calibrated=tuple(data["calibrated"]),
        predicted=tuple(data["predicted"]),
        fixed=dict(data.get("fixed", {})),
        parameters=numbers,
        draws=tuple(tuple(float(row[k]) for k in numbers) for row in rows),
    )
