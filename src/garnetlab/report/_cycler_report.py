"""Results of cyclers, DC tests and distributions of relaxation times to figures and tables of a report."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from garnetlab import units
from garnetlab.report import _cycler_figures as figures
from garnetlab.report._files import flat_row
from garnetlab.report._style import CYCLE, SavedFigure

if TYPE_CHECKING:
    from garnetlab.core import Result

__all__ = ["cycler_figures", "cycler_tables"]

_TOGETHER = len(CYCLE)  # cells on one axes that can still be told apart
_SHEETS = 40
_SYMMETRIC = ("cycling", "ccd")

Titles = Callable[["Result"], str]
Slugs = Callable[[str], str]


def cycler_figures(results: Sequence[Result], folder: Path, *, title: Titles, slug: Slugs) -> list[SavedFigure]:
    """Return the figures of all results of cyclers: cells together, then one by one."""
    saved = _others(results, folder, title=title, slug=slug)
    symmetric = [r for r in results if r.analysis in _SYMMETRIC and "time" in r.curves]
    for kind in _SYMMETRIC:
        cells = [r for r in symmetric if r.analysis == kind]
        if 1 < len(cells) <= _TOGETHER:
            word = "Cycling" if kind == "cycling" else "Ladders"
            labels = _unlike([title(r) for r in cells])
            saved.append(
                figures.cells_figure(cells, labels, folder, f"{kind}_together", f"{word} of {len(cells)} cells")
            )
    for i, result in enumerate(symmetric[:_SHEETS]):
        name, words = slug(f"{result.analysis}_{i + 1:03d}_{title(result)}"), title(result)
        if result.analysis == "ccd":
            saved.append(figures.ladder_verdict_figure(result, folder, name, words))
        else:
            saved.append(figures.cells_figure([result], [words], folder, name, words))
        saved.append(figures.half_cycles_figure(result, folder, f"{name}_half_cycles", words))
    return saved


def _others(results: Sequence[Result], folder: Path, *, title: Titles, slug: Slugs) -> list[SavedFigure]:
    """Return the figures of full cells, DC polarisations and distributions of relaxation times."""
    from garnetlab.report import _full_cell_figures as full
    from garnetlab.report import _relaxation_figures as relaxation

    saved: list[SavedFigure] = []
    cells = [r for r in results if r.analysis == "full-cell"]
    if 1 < len(cells) <= _TOGETHER:
        labels, words = _unlike([title(r) for r in cells]), f"{len(cells)} full cells"
        saved.append(full.capacity_figure(cells, labels, folder, "full_cells_together", words))
        saved.append(full.profiles_figure(cells, labels, folder, "full_cells_profiles", words))
    for i, result in enumerate(results[:_SHEETS]):
        name, words = slug(f"{result.analysis}_{i + 1:03d}_{title(result)}"), title(result)
        if result.analysis == "full-cell":
            saved.append(full.capacity_figure([result], [words], folder, name, words))
            saved.append(full.profiles_figure([result], [words], folder, f"{name}_profiles", words))
        elif result.analysis == "dc":
            saved.append(full.dc_figure(result, folder, name, words))
        elif result.analysis == "drt" and "gamma" in result.curves:
            saved.append(relaxation.relaxation_figure(result, folder, name, words))
    spectra = [r for r in results if r.analysis == "drt" and "gamma" in r.curves]
    if 1 < len(spectra) <= _SHEETS:
        labels = _unlike([title(r) for r in spectra])
        saved.append(
            relaxation.relaxation_series_figure(spectra, labels, folder, "drt_together", f"{len(spectra)} spectra")
        )
    return saved


def cycler_tables(results: Sequence[Result], *, title: Titles) -> dict[str, list[dict[str, object]]]:
    """Return quantities, events and half cycles of all results of cyclers as tables."""
    symmetric = [r for r in results if r.analysis in _SYMMETRIC]
    tables: dict[str, list[dict[str, object]]] = {}
    for kind in (*_SYMMETRIC, "full-cell", "stripping", "dc", "drt"):
        rows = [
            {"cell": title(r), **flat_row(row), "outcome": r.outcome.label}
            for r in results
            if r.analysis == kind
            for row in r.to_rows()
        ]
        tables |= {kind.replace("-", "_"): rows} if rows else {}
    events = [{"cell": title(r), **_event(e)} for r in symmetric for e in r.details.get("events", [])]
    cycles = [row for r in symmetric for row in _half_cycles(r, title(r))]
    named = {"events": events, "half_cycles": cycles}
    return tables | {name: rows for name, rows in named.items() if rows}


def _event(event: dict[str, object]) -> dict[str, object]:
    evidence = event.get("evidence")
    words = " ".join(str(e) for e in evidence) if isinstance(evidence, list | tuple) else ""
    return {**{k: v for k, v in event.items() if k != "evidence"}, "evidence": words}


#: column of the table -> curve and unit
_COLUMNS = {
    "start/h": ("half_cycle_start", units.hour),
    "end/h": ("half_cycle_end", units.hour),
    "direction": ("half_cycle_sign", 1.0),
    "current density/mA cm-2": ("half_cycle_current_density", units.mA_cm2),
    "overpotential at start/mV": ("half_cycle_overpotential_start", 1e-3),
    "overpotential/mV": ("half_cycle_overpotential_plateau", 1e-3),
    "overpotential at end/mV": ("half_cycle_overpotential_end", 1e-3),
    "std of overpotential/mV": ("half_cycle_overpotential_std", 1e-3),
    "capacity/mAh cm-2": ("half_cycle_areal_charge", units.mAh_cm2),
    "curvature": ("half_cycle_curvature", 1.0),
    "tip": ("half_cycle_tip", 1.0),
    "drift": ("half_cycle_drift", 1.0),
    "asymmetry": ("half_cycle_asymmetry", 1.0),
    "finished": ("half_cycle_finished", 1.0),
}


def _half_cycles(result: Result, name: str) -> list[dict[str, object]]:
    curves = result.curves
    if "half_cycle_start" not in curves:
        return []
    factor, unit = (units.ohm_cm2, "ohm cm2") if "area_m2" in result.details else (1.0, "ohm")
    columns = {**_COLUMNS, f"resistance/{unit}": ("half_cycle_resistance", factor)}
    rows = []
    for i in range(len(curves["half_cycle_start"])):
        row: dict[str, object] = {"cell": name, "half cycle": i + 1}
        for column, (key, scale) in columns.items():
            value = float(curves[key][i]) / scale
            row[column] = None if math.isnan(value) else value
        rows.append(row)
    return rows


def _unlike(labels: Sequence[str]) -> list[str]:
    """Return labels of which no two are the same."""
    return [label if labels.count(label) == 1 else f"{label} ({i + 1})" for i, label in enumerate(labels)]
