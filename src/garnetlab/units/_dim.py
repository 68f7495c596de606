"""Dimensions: exponents of the SI base units and of money."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

_BASE = ("kg", "m", "s", "A", "K", "mol", "currency")


class UnitError(ValueError):
    """Text that is no quantity, or a quantity of another kind. Re-raised as ``InvalidInput`` at the edge."""


@dataclass(frozen=True, slots=True)
class Dim:
    """Dimension as integer (or fractional) exponents of the SI base units and of money."""

    kg: float = 0
    m: float = 0
    s: float = 0
    A: float = 0
    K: float = 0
    mol: float = 0
    currency: float = 0

    def __mul__(self, other: Dim) -> Dim:
        return Dim(*(getattr(self, b) + getattr(other, b) for b in _BASE))

    def __truediv__(self, other: Dim) -> Dim:
        return self * other**-1

    def __pow__(self, power: float) -> Dim:
        return Dim(*(getattr(self, b) * power for b in _BASE))

    def factor(self, scales: Mapping[str, float]) -> float:
        """Return by what a value of this dimension is multiplied when base unit ``b`` shrinks by ``scales[b]``."""
        return float(math.prod(scales.get(b, 1.0) ** getattr(self, b) for b in _BASE))

    def __str__(self) -> str:
        parts = [b if getattr(self, b) == 1 else f"{b}^{getattr(self, b):g}" for b in _BASE if getattr(self, b)]
        return " ".join(parts) or "1"


NONE = Dim()
