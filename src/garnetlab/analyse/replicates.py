"""Replicates: several cells of one kind as one value with its spread, and comparisons between kinds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from garnetlab import units
from garnetlab.core import InvalidInput, Result
from garnetlab.units import Quantity


def combine(values: Sequence[Quantity]) -> Quantity:
    """Return the mean of n cells; std is the standard deviation between the cells, the interval that of the mean.

    For one cell value, std and interval of its analysis are returned. The 95 % interval of the mean is Student's, with
    n - 1 degrees of freedom.

    Raises
    ------
    InvalidInput  if there is no value or the units differ.
    """
    if not values:
        message = "values = 0: expected at least one cell."
        raise InvalidInput(message)
    if len({v.unit for v in values}) > 1:
        message = (
            f"units = {sorted({v.unit for v in values})}: expected one unit. Give the area of all cells or of none."
        )
        raise InvalidInput(message)
    if len(values) == 1:
        return values[0]
    numbers = np.array([v.value for v in values])
    mean, spread = float(numbers.mean()), float(numbers.std(ddof=1))
    half = float(stdtrit(len(values) - 1, 0.975)) * spread / math.sqrt(len(values))
    return Quantity(
        mean,
        spread,
        values[0].unit,
        (mean - half, mean + half),
        f"mean of {len(values)} cells, ± is their standard deviation",
    )


def wording(name: str, results: Sequence[Result]) -> str:
    """Return one line as a paper prints it, with number of cells, temperature, area and which part of the arc.

    ``ASR 32.5 ± 1.2 Ω cm² (n = 5, 25.0 °C, A = 0.785 cm², half of the arc)``
    """
    quantity = combine([r[name] for r in results])
    number = units.format_pair(quantity.field_value, quantity.field_std).replace("+-", "±")
    facts = [f"n = {len(results)}"]
    temperatures = {round(r["temperature"].field_value, 1) for r in results if "temperature" in r.quantities}
    if len(temperatures) == 1:
        facts.append(f"{temperatures.pop():.1f} °C")
    areas = {r.details["geometry"]["area"] for r in results}
    known = [a for a in areas if a is not None]
    if len(areas) == 1 and known:
        facts.append(f"A = {units.parse_unit('cm^2').from_si(known[0]):.3g} cm²")
    elif known:
        facts.append(f"A = {min(known) * 1e4:.3g}–{max(known) * 1e4:.3g} cm²")
    if name == "interface_resistance":
        interfaces = {r.details["geometry"]["interfaces"] for r in results}
        half = {1: "the whole arc", 2: "half of the arc"}
        facts.append(half.get(interfaces.pop(), "arc over the interfaces") if known else "whole arc, area not given")
    if len(results) == 1:
        facts.append("± is the fit's standard uncertainty")
    label = {"interface_resistance": "ASR" if known else "R_int", "ionic_conductivity": "σ"}.get(name, name)
    return f"{label} {number} {units.pretty_unit(quantity.unit)} ({', '.join(facts)})"


def contact_area_test(first: Sequence[Result], second: Sequence[Result]) -> Result:
    """Return whether two samples differ by contact area or by kinetics, from interface capacitance and resistance.

    If only the contact area differs, the capacitance ratio C2/C1 equals the resistance ratio R1/R2; if only the kinetics
    (or a film) differs, the capacitance ratio is 1.

    Returns
    -------
    :  ``capacitance_ratio``, ``resistance_ratio`` (R1/R2) and ``area_exponent`` = ln(C ratio)/ln(R ratio): 1 for contact
       area alone, 0 for kinetics alone, with std; the statement stands in ``details["verdict"]``.

    Raises
    ------
    InvalidInput  if one side has no interface capacitance.
    """
    means = []
    for side in (first, second):
        have = [r for r in side if "interface_capacitance" in r.quantities]
        if not have:
            message = "interface_capacitance = none: expected one interface arc on both sides. Check the spectra."
            raise InvalidInput(message)
        means.append([_log_mean([r[n] for r in have]) for n in ("interface_capacitance", "interface_arc_resistance")])
    (c1, r1), (c2, r2) = means
    log_c, std_c = c2[0] - c1[0], math.hypot(c1[1], c2[1])
    log_r, std_r = r1[0] - r2[0], math.hypot(r1[1], r2[1])
    if abs(log_r) < 2 * std_r:
        message = (
            f"resistance_ratio = {math.exp(log_r):.3g}: the two samples do not differ. There is nothing to explain."
        )
        raise InvalidInput(message)
    exponent = log_c / log_r
    std = math.hypot(std_c / log_r, exponent * std_r / log_r)
    return Result(
        "contact-area",
        {
            "capacitance_ratio": Quantity(math.exp(log_c), math.exp(log_c) * std_c),
            "resistance_ratio": Quantity(math.exp(log_r), math.exp(log_r) * std_r),
            "area_exponent": Quantity(exponent, std),
        },
        details={"verdict": _verdict(exponent, std)},
        sources=tuple(s for r in (*first, *second) for s in r.sources),
    )


def _log_mean(values: Sequence[Quantity]) -> tuple[float, float]:
    logs = np.log([v.value for v in values])
    own = math.sqrt(sum(((v.std or 0.0) / v.value) ** 2 for v in values)) / len(values)
    between = float(logs.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return float(logs.mean()), max(own, between)


#: the capacitance of a constant phase element depends on its resistance as R^((1 - n)/n): 0.2 for n = 0.83. By so much
#: the exponent may be off for a reason that is neither contact area nor kinetics
_CPE_DOUBT = 0.2


def _verdict(exponent: float, std: float) -> str:
    doubt = 2.0 * std + _CPE_DOUBT
    area, kinetics = abs(exponent - 1.0) < doubt, exponent < doubt
    if area and kinetics:
        return "the capacitances do not tell contact area from kinetics"
    if area:
        return "contact area alone explains the difference"
    if kinetics:
        return "contact area does not explain the difference: kinetics or a film does"
    return "contact area explains part of the difference"
