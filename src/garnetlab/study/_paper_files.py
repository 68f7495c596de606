"""The paper's tests of cells as instrument files: written, read back and analysed as a laboratory would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from garnetlab.analyse import CellEvents, cell_events, critical_current
from garnetlab.core import Result
from garnetlab.readers import bdf, read
from garnetlab.study._paper_tests import PaperTests
from garnetlab.units import Quantity

__all__ = ["analysed_files", "disagreement", "sentence"]

_SAME = 0.01  # relative difference of one current


def analysed_files(tests: PaperTests, folder: Path) -> dict[str, tuple[CellEvents, Result | None]]:
    """Return what the analysis finds in the file of each test: its events, and the critical current of a ladder.

    The files are in Battery Data Format. Nothing of the simulation but the electrode area reaches the analysis.
    """
    found: dict[str, tuple[CellEvents, Result | None]] = {}
    for key, (_, test) in tests.items():
        record = test.record
        if record is None or key == "abuse.sym":  # its voltage limits are meant
            continue
        (read_back,) = read(bdf.write_bdf(record, folder / f"{key}.bdf.csv"))
        events = cell_events(read_back.with_metadata(area=record.metadata["area"]))
        found[key] = (events, critical_current(events) if key.startswith("ccd.") else None)
    return found


def sentence(key: str, found: Mapping[str, tuple[CellEvents, Result | None]], tests: PaperTests) -> str:
    """Return what the analysis of the typical cell's file says, for the note of a row; empty where there is no file.

    Where it differs from what the simulator says of the same cell, both are told.
    """
    if key not in found:
        return ""
    apart = disagreement(key, found, tests)
    return _finding(key, found) + (f" The simulation of that cell: {apart}." if apart else "")


def disagreement(key: str, found: Mapping[str, tuple[CellEvents, Result | None]], tests: PaperTests) -> str:
    """Return what the simulator says of a cell where the analysis of its file says something else; empty where they agree.

    Currents agree within a per cent, times of failure within one half cycle.
    """
    events, ladder = found[key]
    true = tests[key][1].result.quantities
    if ladder is not None:
        for end in ("survived", "failed"):
            name = f"critical_current_density_{end}"
            said, meant = ladder.quantities.get(name), true.get(name)
            if (said is None) != (meant is None) or (
                said is not None and meant is not None and abs(said.value / meant.value - 1.0) > _SAME
            ):
                return f"{end} {_value(meant) or 'none'} mA/cm^2"
        return ""
    said, meant = events.quantities.get("time_to_failure"), true.get("time_to_failure")
    if said is None or meant is None:
        return "" if said is meant else "no failure" if meant is None else f"failure after {meant.field_value:.4g} h"
    cycles = events.cycles
    longest = 0.0 if cycles is None else float(cycles.nominal.max())
    return "" if abs(said.value - meant.value) <= longest else f"failure after {meant.field_value:.4g} h"


def _finding(key: str, found: Mapping[str, tuple[CellEvents, Result | None]]) -> str:
    events, ladder = found[key]
    if ladder is not None:
        ends = (_value(ladder.quantities.get(f"critical_current_density_{end}")) for end in ("survived", "failed"))
        said = " and ".join(f"{word} {v}" for word, v in zip(("survives", "fails at"), ends, strict=True) if v)
        return f" The file of the typical cell, read and analysed: {said} mA/cm^2."
    failed = events.quantities.get("time_to_failure")
    if failed is None:
        return " The file of the typical cell, read and analysed: no short and no loss of contact."
    return f" The file of the typical cell, read and analysed: {failed.method} after {failed.field_value:.4g} h."


def _value(quantity: Quantity | None) -> str:
    return "" if quantity is None else f"{quantity.field_value:.4g}"
