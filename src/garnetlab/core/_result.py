"""Results: what an analysis gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from garnetlab.core._errors import InvalidInput, nearest
from garnetlab.core._outcome import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from garnetlab.units import Quantity


@dataclass(frozen=True, slots=True)
class Result:
    """What an analysis found: numbers with uncertainty, how it ended, and what stands behind it.

    Parameters
    ----------
    analysis:   Name of the analysis, as in ``garnetlab analyse --as``.
    quantities: Named quantities of the contract.
    outcome:    How it ended; only a good outcome carries numbers to be used.
    curves:     Named arrays for figures (model, residuals, axes), SI.
    details:    JSON-able facts (chosen model and why, identifiability, assignment of arcs).
    sources:    JSON objects of the measurements it came from.
    warnings:   What a user should know.
    citations:  Keys into the library's bibliography.
    """

    analysis: str
    quantities: Mapping[str, Quantity]
    outcome: Outcome = Outcome.SUCCESS
    curves: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    sources: Sequence[Mapping[str, object]] = ()
    warnings: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Quantity:
        try:
            return self.quantities[name]
        except KeyError:
            message = f"quantity = {name!r}: not in this result.{nearest(name, self.quantities)}"
            raise InvalidInput(message) from None

    def to_rows(self) -> list[dict[str, object]]:
        """Return one row per quantity: name, value, std, unit (for tables and CSV)."""
        return [{"quantity": name, **q.to_dict()} for name, q in self.quantities.items()]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object of the contract."""
        return {
            "analysis": self.analysis,
            "source": [dict(s) for s in self.sources],
            "quantities": {name: q.to_dict() for name, q in self.quantities.items()},
            "outcome": self.outcome.label,
            "warnings": list(self.warnings),
            "details": dict(self.details),
            "citations": list(self.citations),
        }

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{escape(n)}</td><td>{escape(str(q))}</td></tr>" for n, q in self.quantities.items())
        return f"<table><caption>{escape(self.analysis)}: {escape(self.outcome.label)}</caption>{rows}</table>"
