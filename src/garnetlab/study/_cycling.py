"""One measurement of a cycler to the result that fits it: ladder, cycling of a symmetric cell, or full cell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse import CellEvents, analyse_full_cell, cell_events, critical_current
from garnetlab.core import Channel, InvalidInput, Measurement, MissingInput, Result
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["analyse_cycling", "cycling_result", "known_electrolyte", "known_events", "ladder_result"]

_LADDER = 3  # different currents from which a test may be a ladder
_SAME = 0.02  # relative difference of one current


def analyse_cycling(measurement: Measurement) -> Result:
    """Return what a file of a cycler holds: the critical current of a ladder, else the cycling of a symmetric cell, else the
    capacities of a full cell.

    What was decided stands in ``details["chosen"]``. A ladder whose electrode area is not known is analysed as cycling, with
    a warning that says what is missing.

    Raises
    ------
    InvalidInput  if it is none of the three.
    """
    try:
        found = known_events(measurement)
    except InvalidInput as symmetric:
        try:
            return _said(analyse_full_cell(measurement), f"full cell: {symmetric}")
        except (InvalidInput, MissingInput) as full:
            message = f"neither a symmetric nor a full cell: {symmetric} {full}"
            raise InvalidInput(message) from None
    try:
        return _said(_ladder(found), "a ladder: the current rises step by step")
    except MissingInput as missing:
        wanted = _currents(found) >= _LADDER
        extra = (f"this may be a ladder, but {missing}",) if wanted else ()
        result = _cycling(found)
        return _said(replace(result, warnings=(*result.warnings, *extra)), "cycling of a symmetric cell")
    except InvalidInput:
        return _said(_cycling(found), "cycling of a symmetric cell: the current does not rise step by step")


def cycling_result(measurement: Measurement) -> Result:
    """Return half cycles and events of a symmetric cell as one result (``--as cycling``), with curves for figures.

    Raises
    ------
    InvalidInput  if it is no cycling of a symmetric cell.
    """
    return _cycling(known_events(measurement))


def ladder_result(measurement: Measurement) -> Result:
    """Return the critical current of a ladder (``--as ccd``), with curves for figures.

    Raises
    ------
    InvalidInput, MissingInput  as ``critical_current``.
    """
    return _ladder(known_events(measurement))


def known_electrolyte(measurement: Measurement) -> Quantity | None:
    """Return the resistance of the electrolyte that the metadata know [ohm], taken as exact."""
    known = measurement.metadata.get("electrolyte_resistance")
    return None if known is None else Quantity(float(known), 0.0, "ohm")


def known_events(measurement: Measurement) -> CellEvents:
    """Return the events, with what the metadata know of electrolyte and current."""
    density = measurement.metadata.get("current_density")
    given = Channel.CURRENT not in measurement.channels and density is not None
    return cell_events(
        measurement,
        electrolyte_resistance=known_electrolyte(measurement),
        current_density=float(density) if given and density is not None else None,
    )


def _cycling(found: CellEvents) -> Result:
    table = _table(found)
    return Result(
        analysis="cycling",
        quantities={**table.quantities, **found.quantities},
        curves=_curves(found),
        details={**table.details, **found.details, **_area(found)},
        sources=found.sources,
        warnings=found.warnings,
        citations=found.citations,
    )


def _ladder(found: CellEvents) -> Result:
    result = critical_current(found)
    details = {**result.details, "events": found.details["events"], **_area(found)}
    return replace(result, curves={**result.curves, **_curves(found)}, details=details)


def _table(found: CellEvents) -> Result:
    if found.cycles is None:
        message = "events = without half cycles: expected those of cell_events."
        raise InvalidInput(message)
    return found.cycles.to_result()


def _area(found: CellEvents) -> dict[str, object]:
    area = None if found.cycles is None else found.cycles.area
    metadata = {} if found.cycles is None else dict(found.cycles.measurement.metadata)
    return {"metadata": metadata} | ({} if area is None else {"area_m2": area})


def _curves(found: CellEvents) -> dict[str, Floats]:
    """Return the records of the file and the half cycles, as figures take them."""
    cycles = found.cycles
    if cycles is None:
        return {}
    record = cycles.measurement
    curves: dict[str, Floats] = {"time": record[Channel.TIME], "voltage": record[Channel.VOLTAGE]}
    if Channel.CURRENT in record.channels:
        curves["current"] = record[Channel.CURRENT]
        if cycles.area is not None:
            curves["current_density"] = record[Channel.CURRENT] / cycles.area
    table = _table(found).curves
    curves |= {f"half_cycle_{name}": column for name, column in table.items()}
    curves["half_cycle_time"] = 0.5 * (cycles.start + cycles.end)
    curves["half_cycle_overpotential"] = cycles.sign * cycles.overpotential_plateau
    return curves


def _currents(found: CellEvents) -> int:
    """Return how many different currents a test has, to a percent."""
    if found.cycles is None:
        return 0
    sizes = found.cycles.current[np.isfinite(found.cycles.current) & (found.cycles.current > 0.0)]
    return len(np.unique(np.round(np.log(1e3 * sizes) / _SAME))) if len(sizes) else 0


def _said(result: Result, chosen: str) -> Result:
    return replace(result, details={**result.details, "chosen": chosen})
