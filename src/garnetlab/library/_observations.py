"""What the paper reports, as data."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import lru_cache

from garnetlab.library._toml import data_text

SOURCE = "peng2025"


@dataclass(frozen=True, slots=True)
class Observation:
    """One reported fact. ``value`` is a number in ``unit`` or None, ``text`` what is printed where it is no number."""

    id: str
    system: str
    experiment: str
    anode: str
    k2co3_wt_pct: float | None
    temperature_C: float | None
    conditions: str
    quantity: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    kind: str
    where: str
    note: str
    text: str


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@lru_cache(maxsize=1)
def load_observations() -> tuple[Observation, ...]:
    """Return the 115 facts of the paper in the order of its sections.

    Source
    ------
    Peng et al., J. Alloys Compd. (2025), doi:10.1016/j.jallcom.2025.180411.
    """
    lines = [line for line in data_text("observations.csv").splitlines() if not line.startswith("#")]
    out = []
    for row in csv.DictReader(io.StringIO("\n".join(lines))):
        value = _number(row["value"])
        out.append(
            Observation(
                id=row["id"],
                system=row["system"],
                experiment=row["experiment"],
                anode=row["anode"],
                k2co3_wt_pct=_number(row["k2co3_wt_pct"]),
                temperature_C=_number(row["temperature_C"]),
                conditions=row["conditions"],
                quantity=row["quantity"],
                value=value,
                low=_number(row["low"]),
                high=_number(row["high"]),
                unit=row["unit"],
                kind=row["kind"],
                where=row["where"],
                note=row["note"],
                text="" if value is not None else row["value"],
            )
        )
    return tuple(out)
