"""What other papers report about lithium on garnets, as data."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import lru_cache

from garnetlab.library._toml import data_text


@dataclass(frozen=True, slots=True)
class ReportedAnode:
    """One reported interface. Numbers are None where the source gives none or an inequality.

    Parameters
    ----------
    id:          Name of the row.
    category:    "bare", "interlayer", "surface" or "composite".
    anode:       Anode or layer.
    electrolyte: Garnet.
    resistance:  Of one interface [ohm cm^2].
    ccd:         At room temperature [mA/cm^2].
    source:      DOI or address.
    evidence:    How it was seen: "seed" (the paper itself), "seen_abstract", "seen_text", "memory".
    note:        What else the row says.
    """

    id: str
    category: str
    anode: str
    electrolyte: str
    resistance: float | None
    ccd: float | None
    source: str
    evidence: str
    note: str

    @property
    def read(self) -> bool:
        """Whether every number was seen in a text or an abstract, none recalled."""
        return self.evidence.startswith(("seed", "seen")) and "memory" not in self.evidence


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@lru_cache(maxsize=1)
def load_anodes() -> tuple[ReportedAnode, ...]:
    """Return reported interfaces of lithium and garnets, each with its source and how it was seen."""
    lines = [line for line in data_text("anodes.csv").splitlines() if not line.startswith("#")]
    return tuple(
        ReportedAnode(
            id=row["id"],
            category=row["category"],
            anode=row["anode"],
            electrolyte=row["electrolyte"],
            resistance=_number(row["resistance_ohm_cm2"]),
            ccd=_number(row["ccd_mA_cm2"]),
            source=row["source"],
            evidence=row["evidence"],
            note=row["note"],
        )
        for row in csv.DictReader(io.StringIO("\n".join(lines)))
    )
