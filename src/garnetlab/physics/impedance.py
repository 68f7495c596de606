"""Impedance of equivalent circuits, and what the parameters of an arc mean.

A circuit is text, either in the notation of impedance.py (``R0-p(R1,CPE1)-W1``: ``-`` in series, ``p(,)`` in parallel)
or a circuit description code after Boukamp (``R(RQ)W``: brackets alternate between parallel and series, each letter an
element). ``ELEMENTS`` lists the elements; the table with formulas, units and sources stands in
``garnetlab.physics._elements``. A capacitive arc has a negative imaginary part.

Source
------
B. A. Boukamp, Solid State Ionics 20 (1986) 31 (code); M. D. Murbach et al., J. Open Source Softw. 5 (2020) 2349
(notation of impedance.py); E. Barsoukov, J. R. Macdonald (eds.), Impedance Spectroscopy, 2nd ed., Wiley 2005.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from garnetlab.core import InvalidInput
from garnetlab.physics._circuit import Circuit, Element, Node, Parallel, Series
from garnetlab.physics._elements import ELEMENTS, FloatArray
from garnetlab.physics._parser import parse
from garnetlab.physics._table import require_positive
from garnetlab.units import Capacitance, Dim, Fraction, Real, Resistance, Time

__all__ = [
    "ELEMENTS",
    "ArcSeries",
    "Circuit",
    "brug_capacitance",
    "constant_phase_coefficient",
    "effective_capacitance",
    "parse_circuit",
    "series_of_arcs",
    "time_constant",
]


@dataclass(frozen=True, slots=True)
class TimePower:
    """Says that a dimension has one more power of time, whose exponent is another argument."""

    base: Dim
    argument: str

    def resolve(self, arguments: Mapping[str, object]) -> Dim:
        """Return the dimension for these arguments."""
        return self.base * Dim(s=float(arguments[self.argument]))  # type: ignore[arg-type]


_SIEMENS = Dim(kg=-1, m=-2, s=3, A=2)
#: Q of a constant phase element [S s^n]; the ``Dim`` is that of n = 1
CpeCoefficient = Annotated[Real, Dim(kg=-1, m=-2, s=4, A=2), TimePower(_SIEMENS, "exponent")]


def parse_circuit(text: str) -> Circuit:
    """Return the circuit written as ``text``.

    Parameters
    ----------
    text: ``R0-p(R1,CPE1)-W1`` or ``R(RQ)W``. Numbers may be left out; then elements of a kind are numbered from 1, and
          resistors from 0 where one leads the circuit. Letters of the code: R C L Q W, T (``Wo``), O (``Ws``), G, and
          of our own Z (``Zarc``), K, A (``La``).

    Raises
    ------
    InvalidInput  with the position where the text is malformed; or more than 500 characters, 60 elements, 20 brackets.

    Source
    ------
    Boukamp, Solid State Ionics 20 (1986) 31; Murbach et al., J. Open Source Softw. 5 (2020) 2349.

    Examples
    --------
    >>> circuit = parse_circuit("R(RQ)W")
    >>> str(circuit), circuit.names
    ('R0-p(R1,CPE1)-W1', ('R0', 'R1', 'CPE1.Q', 'CPE1.n', 'W1'))
    """
    return Circuit(parse(text))


def time_constant(resistance: Resistance, *, coefficient: CpeCoefficient, exponent: Fraction) -> Time:
    """Return the time constant [s] of a resistance [ohm] parallel to a constant phase element, (R Q)^(1/n).

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Barsoukov & Macdonald, Impedance Spectroscopy, 2nd ed., sec. 2.2: Z = R/(1 + (s tau)^n) with tau^n = R Q.

    Examples
    --------
    >>> time_constant(100.0, coefficient=1e-6, exponent=1.0)
    0.0001
    """
    require_positive(resistance=resistance, coefficient=coefficient, exponent=exponent)
    return (resistance * coefficient) ** (1.0 / exponent)


def constant_phase_coefficient(resistance: Resistance, *, time_constant: Time, exponent: Fraction) -> CpeCoefficient:
    """Return Q = tau^n/R [S s^n] of the constant phase element parallel to a resistance [ohm]; inverse of ``time_constant``.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    As for ``time_constant``.

    Examples
    --------
    >>> constant_phase_coefficient(100.0, time_constant=1e-4, exponent=1.0)
    1e-06
    """
    require_positive(resistance=resistance, time_constant=time_constant, exponent=exponent)
    return time_constant**exponent / resistance


def effective_capacitance(resistance: Resistance, *, coefficient: CpeCoefficient, exponent: Fraction) -> Capacitance:
    """Return the capacitance [F] of an arc (RQ), (R^(1-n) Q)^(1/n) = tau/R.

    It has the frequency of the arc's apex. For a distribution through a film or ceramic (normal to the electrode); for
    one along the electrode use ``brug_capacitance``.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    C. H. Hsu, F. Mansfeld, Corrosion 57 (2001) 747, eq. 3; for ceramics J. Fleig, Solid State Ionics 150 (2002) 181.

    Examples
    --------
    >>> round(effective_capacitance(50.0, coefficient=1.5e-8, exponent=0.9) * 1e9, 3)
    3.13
    """
    require_positive(resistance=resistance, coefficient=coefficient, exponent=exponent)
    return (resistance * coefficient) ** (1.0 / exponent) / resistance


def brug_capacitance(
    coefficient: CpeCoefficient, *, exponent: Fraction, series: Resistance, parallel: Resistance = np.inf
) -> Capacitance:
    """Return the capacitance [F] of an electrode whose time constants are distributed along its face.

    .. math:: C = Q^{1/n} (1/R_s + 1/R_p)^{(n-1)/n}

    Parameters
    ----------
    coefficient: Q of the constant phase element [S s^n].
    exponent:    Its n, in (0, 1].
    series:      Resistance in series with it, the electrolyte's [ohm].
    parallel:    Resistance parallel to it, the charge transfer's [ohm]; infinite for a blocking electrode.

    Raises
    ------
    InvalidInput  if a number is not positive.

    Source
    ------
    G. J. Brug et al., J. Electroanal. Chem. 176 (1984) 275, eq. 20 and 32.

    Examples
    --------
    >>> brug_capacitance(1e-6, exponent=1.0, series=100.0)
    1e-06
    """
    require_positive(coefficient=coefficient, exponent=exponent, series=series)
    if np.any(np.asarray(parallel) <= 0):
        message = f"parallel = {parallel}: expected a resistance > 0 ohm, or inf for a blocking electrode."
        raise InvalidInput(message)
    return coefficient ** (1.0 / exponent) * (1.0 / series + 1.0 / parallel) ** ((exponent - 1.0) / exponent)


@dataclass(frozen=True, slots=True)
class ArcSeries:
    """How a circuit that is a series of arcs maps to the vector R0, L, (R, tau, n) per arc, A, m.

    Parameters
    ----------
    circuit:    The circuit.
    resistance: Place of R0 in its parameters, or None.
    inductance: Place of L, or None.
    arcs:       For each arc its kind ("RQ", "RC", "K", "Zarc") and the places of its parameters.
    tail:       Kind of the tail ("W", "CPE", "C"), or None.
    tail_at:    Places of the tail's parameters. The tail is ``A (j omega)^-m``.
    """

    circuit: Circuit
    resistance: int | None
    inductance: int | None
    arcs: tuple[tuple[str, tuple[int, ...]], ...]
    tail: str | None
    tail_at: tuple[int, ...]

    def to_arcs(self, parameters: FloatArray) -> FloatArray:
        """Return the vectors (..., q) of circuit parameters (..., p): [R0], [L], R, tau, n per arc, [A, m].

        R0, L, and A with m are left out where the circuit has none; an arc without exponent gets n = 1.
        """
        p = np.moveaxis(np.asarray(parameters, dtype=np.float64), -1, 0)
        found = [p[i] for i in (self.resistance, self.inductance) if i is not None]
        for kind, (r, second, *third) in self.arcs:
            n = p[third[0]] if third else np.ones_like(p[r])
            tau = p[second] if kind in ("K", "Zarc") else (p[r] * p[second]) ** (1.0 / n)
            found += [p[r], tau, n]
        if self.tail == "W":
            found += [np.sqrt(2.0) * p[self.tail_at[0]], np.full_like(p[0], 0.5)]
        elif self.tail is not None:
            found += [1.0 / p[self.tail_at[0]], p[self.tail_at[1]] if self.tail == "CPE" else np.ones_like(p[0])]
        return np.stack(found, axis=-1)

    def from_arcs(self, vector: FloatArray) -> FloatArray:
        """Return the circuit parameters (..., p) of vectors (..., q); inverse of ``to_arcs``.

        The exponent of an arc or tail whose element has none is dropped.
        """
        v = np.moveaxis(np.asarray(vector, dtype=np.float64), -1, 0)
        out = np.empty((len(self.circuit), *v.shape[1:]))
        values = iter(v)
        for place in (self.resistance, self.inductance):
            if place is not None:
                out[place] = next(values)
        for kind, places in self.arcs:
            r, tau, n = next(values), next(values), next(values)
            middle = tau if kind in ("K", "Zarc") else tau**n / r
            for place, value in zip(places, (r, middle, n), strict=False):
                out[place] = value
        if self.tail is not None:
            strength, exponent = next(values), next(values)
            first = strength / np.sqrt(2.0) if self.tail == "W" else 1.0 / strength
            for place, value in zip(self.tail_at, (first, exponent), strict=False):
                out[place] = value
        return np.moveaxis(out, 0, -1)


def series_of_arcs(circuit: Circuit) -> ArcSeries | None:
    """Return how ``circuit`` maps to a series of arcs, or None if it is none.

    A series of arcs has at most one R and one L, one or more arcs (RQ), (RC), K or Zarc, and at most one tail W, CPE, C.

    Source
    ------
    The model of ``garnetlab.numerics.ArcModel``; tau = (R Q)^(1/n) as in ``time_constant``, A = sigma sqrt(2) for W.

    Examples
    --------
    >>> series_of_arcs(parse_circuit("R(RQ)(RQ)W")).tail
    'W'
    >>> series_of_arcs(parse_circuit("R(Q(RW))")) is None
    True
    """
    parts = circuit.root.parts if isinstance(circuit.root, Series) else (circuit.root,)
    single: dict[str, tuple[int, ...]] = {}
    arcs = []
    for part in parts:
        if (arc := _arc(part)) is not None:
            arcs.append(arc)
            continue
        role = {"R": "R", "L": "L", "W": "tail", "CPE": "tail", "C": "tail"}.get(getattr(part, "kind", ""))
        if role is None or role in single or not isinstance(part, Element):
            return None
        single[role] = _places(part)
        single.setdefault(part.kind, ())
    if not arcs:
        return None
    tail = next((kind for kind in ("W", "CPE", "C") if kind in single), None)
    r, inductance = (single[k][0] if k in single else None for k in ("R", "L"))
    return ArcSeries(circuit, r, inductance, tuple(arcs), tail, single.get("tail", ()))


def _places(element: Element) -> tuple[int, ...]:
    return tuple(range(element.start, element.start + len(ELEMENTS[element.kind].parameters)))


def _arc(node: Node) -> tuple[str, tuple[int, ...]] | None:
    if isinstance(node, Element):
        return (node.kind, _places(node)) if node.kind in ("K", "Zarc") else None
    if not isinstance(node, Parallel) or len(node.parts) != 2:
        return None
    by_kind = {part.kind: part for part in node.parts if isinstance(part, Element)}
    for kind, name in (("CPE", "RQ"), ("C", "RC")):
        if set(by_kind) == {"R", kind}:
            return name, (*_places(by_kind["R"]), *_places(by_kind[kind]))
    return None


#: (function, inputs, expected, source); expected numbers by hand from the formula named
REFERENCE_CASES = [
    (
        parse_circuit,
        {"text": "R(RQ)W"},
        parse_circuit("R0-p(R1,CPE1)-W1"),
        "the two notations of one circuit, Boukamp (1986) and Murbach et al. (2020)",
    ),
    (
        series_of_arcs,
        {"circuit": parse_circuit("R(Q(RW))")},
        None,
        "a Randles cell is no series of arcs; by definition",
    ),
    (
        time_constant,
        {"resistance": 83.0, "coefficient": 3e-6, "exponent": 0.85},
        5.75751e-5,
        "exp(ln(83 * 3e-6)/0.85)",
    ),
    (
        constant_phase_coefficient,
        {"resistance": 83.0, "time_constant": 5.75751e-5, "exponent": 0.85},
        3.0e-6,
        "inverse of the case of time_constant",
    ),
    (
        effective_capacitance,
        {"resistance": 83.0, "coefficient": 3e-6, "exponent": 0.85},
        6.93676e-7,
        "tau/R of the case of time_constant",
    ),
    (
        brug_capacitance,
        {"coefficient": 3e-6, "exponent": 0.85, "series": 200.0, "parallel": 83.0},
        6.52458e-7,
        "(3e-6)^(1/0.85) (1/200 + 1/83)^(-0.15/0.85); Brug et al. (1984), eq. 20",
    ),
]
