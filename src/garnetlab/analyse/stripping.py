"""Stripping of a thin layer of lithium to its voltage limit: capacity, thickness and utilisation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.analyse._charge_passed import Passages, Record, passages_of, record_of
from garnetlab.analyse._geometry import sample_of
from garnetlab.core import InvalidInput, Measurement, MissingInput, Outcome, Result
from garnetlab.library import load_material
from garnetlab.units import Quantity

Floats = NDArray[np.float64]

__all__ = ["stripping_capacity", "volumetric_capacity"]

_SMALLEST = 0.01  # of the largest passage
_KNEE = 2.0  # times the plateau: where the voltage leaves it
_USED_UP = 3.0  # times the plateau: below it at the end the layer is not used up
_LAST = 3  # rows at the end; the cycler may write one more at a lower current
_SUM = 1e-3  # by which mass fractions may miss 1
_LEAST = 8
_NEAR = 5e-3  # of the voltage limit


def volumetric_capacity(mass_fractions: Mapping[str, float] | None = None) -> Quantity:
    """Return the charge of the metallic lithium in a volume of a layer [mAh/cm^3]; without fractions that of lithium.

    The volumes of the phases add up; only the metal is counted, not the lithium in oxide or carbide.

    Parameters
    ----------
    mass_fractions: Of the phases, by the names of the library's materials, adding up to 1: ``{"Li": 0.869, "Li2O": 0.0649,
                    "K": 0.0566, "LiC6": 0.0095}`` for lithium with 10 wt% K2CO3 after full reaction.

    Raises
    ------
    InvalidInput  if the fractions do not add up to 1, hold no lithium, or name a material without density.

    Examples
    --------
    >>> round(volumetric_capacity().field_value)
    2066
    >>> round(volumetric_capacity({"Li": 0.869, "Li2O": 0.0649, "K": 0.0566, "LiC6": 0.0095}).field_value)
    1940
    """
    if mass_fractions is not None:
        return _of_mixture(mass_fractions)
    volume = load_material("Li").property("molar_volume", temperature=units.celsius(25.0))[0]
    value = units.F / volume.value
    return Quantity(value, value * (volume.std or 0.0) / volume.value, "mAh/cm^3", method="F/V_m of lithium")


def _of_mixture(fractions: Mapping[str, float]) -> Quantity:
    total = math.fsum(fractions.values())
    if abs(total - 1.0) > _SUM or min(fractions.values()) < 0.0 or not fractions.get("Li", 0.0) > 0.0:
        message = (
            f"mass_fractions = {dict(fractions)}: expected fractions >= 0 that add up to 1, not {total:g}, with lithium"
            ' as "Li".'
        )
        raise InvalidInput(message)
    volume, variance = 0.0, 0.0
    for name, fraction in fractions.items():
        density = load_material(name).property("density", temperature=units.celsius(25.0))[0]
        volume += fraction / density.value
        variance += (fraction / density.value * (density.std or 0.0) / density.value) ** 2
    molar = load_material("Li").property("molar_mass")[0]
    value = fractions["Li"] / molar.value * units.F / volume
    relative = math.hypot(math.sqrt(variance) / volume, (molar.std or 0.0) / molar.value)
    return Quantity(value, value * relative, "mAh/cm^3", method="metallic lithium over the volume of all phases")


@dataclass(frozen=True, slots=True)
class _Strip:
    """One passage: charge [C] from its begin and size of the voltage [V] row by row, and its plateau."""

    charge: Floats
    voltage: Floats
    plateau: float
    plateau_std: float
    std: float


def stripping_capacity(
    measurement: Measurement,
    *,
    voltage_limit: Quantity | None = None,
    thickness: Quantity | None = None,
    capacity_of_layer: Quantity | None = None,
    area: Quantity | None = None,
) -> Result:
    """Return how much lithium a thin layer gave until its voltage ran away, against what its thickness holds.

    The passage with the largest charge is taken; its sign says which electrode was stripped. The layer counts as used up
    where the voltage ends above three times its plateau: in the last row, or in two of the last three. The capacity is that to
    the voltage limit, or to the end where none is given; that to twice the plateau is given beside it, since a limit on a steep
    rise hardly matters.

    Parameters
    ----------
    measurement:       Time, voltage, current; its metadata hold ``area`` [m^2].
    voltage_limit:     Size of the voltage that ends the stripping [V]; by default the end of the passage.
    thickness:         Of the layer before [um], with its standard uncertainty.
    capacity_of_layer: Charge per volume of the layer [mAh/cm^3], from ``volumetric_capacity``; by default that of lithium.
    area:              Of the layer [cm^2], with its standard uncertainty; wins over the metadata.

    Returns
    -------
    :  ``stripping_capacity`` and ``capacity_at_knee`` [mAh/cm^2], ``thickness_stripped`` [um], ``plateau_overpotential``
       [mV], and with ``thickness`` also ``theoretical_capacity`` [mAh/cm^2] and ``utilisation`` [%]. Where the voltage does
       not run away, NOT_IDENTIFIABLE with ``capacity_passed`` alone, a lower bound. Curves: ``areal_charge``, ``voltage``.

    Raises
    ------
    InvalidInput  if there is no current, too few records, or a limit below the plateau.
    MissingInput  if the area is not known.

    Source
    ------
    Faraday's law; the molar volume and the densities are those of the library.
    """
    size, area_std = _area(measurement, area)
    record = record_of(measurement, "stripping")
    passages = passages_of(record, smallest=_SMALLEST)
    k = int(passages.capacity.argmax())
    strip = _strip(record, passages, k)
    warnings = [*measurement.warnings, *record.warnings, *_warnings(passages, k)]
    limit = None if voltage_limit is None else abs(voltage_limit.to("V").value)
    if limit is not None and limit <= strip.plateau:
        message = (
            f"voltage_limit = {limit:g} V: expected more than the plateau of {strip.plateau:.3g} V. Check the unit."
        )
        raise InvalidInput(message)
    relative = area_std / size
    theory = volumetric_capacity() if capacity_of_layer is None else capacity_of_layer.to("mAh/cm^3")
    used_up = _ran_away(strip)
    at_limit = None if limit is None else _reached(strip, limit)
    if not used_up or (limit is not None and at_limit is None):
        warnings.append(
            f"the voltage ends at {strip.voltage[-1]:.3g} V, {strip.voltage[-1] / strip.plateau:.2g} times its plateau"
            + ("" if limit is None else f", below the limit of {limit:g} V")
            + ": the layer is not used up. What passed is a lower bound."
        )
        passed = float(strip.charge[-1]) / size
        quantities = {"capacity_passed": Quantity(passed, passed * relative, "mAh/cm^2", method="lower bound")}
        outcome = Outcome.NOT_IDENTIFIABLE
    else:
        if int((strip.voltage > _KNEE * strip.plateau).sum()) == 1:
            warnings.append(
                f"one row alone, the last, lies above {_KNEE:g} times the plateau: it may be a spike instead of the end of the"
                " layer. Record more often."
            )
        end = (float(strip.charge[-1]), strip.std) if at_limit is None else at_limit
        knee = _reached(strip, _KNEE * strip.plateau)
        quantities = _quantities(end, knee, size, relative, theory) | _against(end, size, relative, theory, thickness)
        outcome = Outcome.SUCCESS
    quantities["plateau_overpotential"] = Quantity(
        strip.plateau, strip.plateau_std, "mV", method="median of the middle"
    )
    return Result(
        analysis="stripping",
        quantities=quantities,
        outcome=outcome,
        curves={"areal_charge": strip.charge / size, "voltage": strip.voltage},
        details={
            "stripped_electrode": "left" if passages.sign[k] > 0 else "right",
            "passage": k,
            "passages": len(passages),
            "voltage_limit_V": limit,
            "area_cm2": size * 1e4,
            "capacity_of_layer_mAh_cm3": theory.field_value,
            "capacity_from": "the file's counter" if record.from_counter else "current over time",
            "metadata": dict(measurement.metadata),
        },
        sources=(measurement.source.to_dict(),),
        warnings=tuple(warnings),
        citations=("crc",),
    )


def _area(measurement: Measurement, given: Quantity | None) -> tuple[float, float]:
    if given is not None:
        return given.to("cm^2").value, given.std or 0.0
    sample = sample_of(measurement)
    if sample.area is None:
        message = (
            f'area = {sample.area} given: an areal capacity needs it. Give --area "0.785 cm^2" (or --diameter "10 mm").'
        )
        raise MissingInput(message)
    return sample.area, sample.area_std


def _strip(record: Record, passages: Passages, k: int) -> _Strip:
    first, last = int(passages.first[k]), int(passages.last[k])
    rows = np.arange(first + 1, last + 2)
    way = passages.sign[k]
    flows = way * record.current[rows] > 0.0
    rows = rows[flows]
    if len(rows) < _LEAST:
        message = f"records = {len(rows)} while stripping: expected at least {_LEAST}. Record more often."
        raise InvalidInput(message)
    charge = passages.passed[rows] - passages.passed[first]
    voltage = np.asarray(way * record.voltage[rows], dtype=np.float64)
    middle = (charge > 0.1 * charge[-1]) & (charge < 0.6 * charge[-1])
    inside = voltage[middle] if middle.sum() > 2 else voltage
    plateau = float(np.median(inside))
    if not plateau > 0.0:
        message = (
            f"voltage = {plateau:.3g} V on the plateau: expected it along the current. This cell has a voltage of its own; strip"
            " against lithium, or check the sign."
        )
        raise InvalidInput(message)
    return _Strip(charge, voltage, plateau, float(inside.std()), float(passages.capacity_std[k]))


def _ran_away(strip: _Strip) -> bool:
    above = strip.voltage[-_LAST:] > _USED_UP * strip.plateau
    return bool(above[-1] or above.sum() > 1)


def _reached(strip: _Strip, level: float) -> tuple[float, float] | None:
    """Return the charge at which the voltage last rises through a level [C], and its uncertainty; None if it never does."""
    below = np.flatnonzero(strip.voltage < level)
    if not len(below):
        return float(strip.charge[0]), strip.std
    k = int(below[-1])
    if k + 1 >= len(strip.voltage):
        # the cycler stops at the limit as it measures it: the record of that may lie within its scatter below it
        if strip.voltage[k] < level - max(4.0 * strip.plateau_std, _NEAR * level):
            return None
        return float(strip.charge[-1]), strip.std
    step = strip.charge[k + 1] - strip.charge[k]
    part = (level - strip.voltage[k]) / (strip.voltage[k + 1] - strip.voltage[k])
    charge = float(strip.charge[k] + min(max(part, 0.0), 1.0) * step)
    return charge, math.hypot(strip.std, float(step) / math.sqrt(12.0))


def _quantities(
    end: tuple[float, float], knee: tuple[float, float] | None, area: float, relative: float, theory: Quantity
) -> dict[str, Quantity]:
    value = end[0] / area
    std = math.hypot(end[1] / area, value * relative)
    deep = value / theory.value
    deep_std = deep * math.hypot(std / value, (theory.std or 0.0) / theory.value)
    out = {
        "stripping_capacity": Quantity(
            value, std, "mAh/cm^2", (value - 1.96 * std, value + 1.96 * std), "charge to the limit"
        ),
        "thickness_stripped": Quantity(deep, deep_std, "um", method="capacity over that of the layer's volume"),
    }
    if knee is not None:
        at = knee[0] / area
        out["capacity_at_knee"] = Quantity(
            at, math.hypot(knee[1] / area, at * relative), "mAh/cm^2", method="at twice the plateau"
        )
    return out


def _against(
    end: tuple[float, float], area: float, relative: float, theory: Quantity, thickness: Quantity | None
) -> dict[str, Quantity]:
    """Return what a layer of that thickness holds, and the part that was stripped."""
    if thickness is None:
        return {}
    depth = thickness.to("um")
    held = depth.value * theory.value
    parts = [(depth.std or 0.0) / depth.value, (theory.std or 0.0) / theory.value]
    value = end[0] / area
    share = value / held
    std = share * math.hypot(end[1] / end[0], relative, *parts)
    return {
        "theoretical_capacity": Quantity(
            held, held * math.hypot(*parts), "mAh/cm^2", method="thickness times capacity of the layer"
        ),
        "utilisation": Quantity(share, std, "%", (share - 1.96 * std, share + 1.96 * std), "stripped over theoretical"),
    }


def _warnings(passages: Passages, k: int) -> list[str]:
    said = []
    if k and np.any(passages.sign[:k] != passages.sign[k]):
        back = float(passages.capacity[:k][passages.sign[:k] != passages.sign[k]].sum())
        said.append(
            f"{back / 3.6:.3g} mAh were plated before the stripping that is analysed: the layer was thicker by as much."
        )
    return said
