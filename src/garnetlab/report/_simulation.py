"""A simulated document to a folder: the library call behind ``garnetlab simulate --out``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from garnetlab.core import InvalidInput, Outcome, Result
from garnetlab.readers.generic_text import write_csv
from garnetlab.report import _interface_figures as figures
from garnetlab.report import _page
from garnetlab.report._cell_tests import draw_test, write_test
from garnetlab.report._files import make_folder, write_text
from garnetlab.report._report import slug
from garnetlab.report._style import SavedFigure, rows_csv
from garnetlab.study import SimulatedInterface, SimulatedTest, Simulation


@dataclass(frozen=True, slots=True)
class WrittenSimulation:
    """A simulation and where its page and files are."""

    page: Path
    simulation: Simulation
    files: tuple[Path, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object of the contract, with the files written."""
        return {**self.simulation.to_dict(), "report": str(self.page), "files": [str(f) for f in self.files]}


def write_simulation(simulation: Simulation, folder: Path) -> WrittenSimulation:
    """Write ``report.html``, ``results.json``, figures (SVG, PNG, CSV), a table, the impedance and the records as CSV.

    The record of a cell test is written in Battery Data Format and as an export of LAND cyclers.

    Raises
    ------
    InvalidInput  if the folder cannot be written.
    """
    try:
        return _write(simulation, make_folder(folder))
    except OSError as error:
        message = f"out = {str(folder)!r}: cannot be written ({error.strerror or error}). Choose another with --out."
        raise InvalidInput(message) from None


def _write(simulation: Simulation, folder: Path) -> WrittenSimulation:
    saved: dict[str, list[SavedFigure]] = {}
    files: list[Path] = []
    names = _file_names([item.name for item in simulation.items])
    for item, name in zip(simulation.items, names, strict=True):
        if not item.result.outcome.good:
            continue
        pictures = make_folder(folder / "figures")
        if isinstance(item, SimulatedTest):
            saved[item.name] = draw_test(item, pictures, name)
            files += write_test(item, folder, name)
        else:
            saved[item.name] = _figures(item, pictures, name)
            if item.spectrum is not None:
                files.append(write_csv(item.spectrum, make_folder(folder / "impedance") / f"{name}.csv"))
        files += [file for figure in saved[item.name] for file in figure.files]
    rows = _rows(simulation)
    if rows:
        files.append(make_folder(folder / "tables") / "values.csv")
        write_text(files[-1], rows_csv(rows))
    written = WrittenSimulation(folder / "report.html", simulation, tuple(files))
    write_text(written.page, _page.page(simulation.title, _body(simulation, saved)))
    text = json.dumps(written.to_dict(), allow_nan=False, ensure_ascii=False, indent=1, default=float)
    write_text(folder / "results.json", text)
    return written


def _rows(simulation: Simulation) -> list[dict[str, object]]:
    """Return one row per quantity."""
    rows = [{"interface": i.name, **_flat(row)} for i in simulation.interfaces for row in i.result.to_rows()]
    for test in simulation.tests:
        for result in test.results:
            head: dict[str, object] = {
                "experiment": test.name, "analysis": result.analysis, "outcome": result.outcome.label,
            }  # fmt: skip
            rows += [{**head, **_flat(row)} for row in result.to_rows()] or [head]
    return rows


def _file_names(given: Sequence[str]) -> list[str]:
    """Return a file name for every name; names that differ only in what a file name cannot hold are numbered."""
    names: list[str] = []
    for wanted in given:
        name, k = slug(wanted), 1
        while name in names:
            k += 1
            name = f"{slug(wanted)}_{k}"
        names.append(name)
    return names


def _figures(item: SimulatedInterface, folder: Path, name: str) -> list[SavedFigure]:
    title = f"Interface {item.name}"
    saved = [
        figures.contact_figure(item.result, folder, f"{name}_contact", title),
        figures.current_figure(item.result, folder, f"{name}_current", title),
        figures.resistance_figure(item.result, folder, f"{name}_resistance", title),
    ]
    if item.spectrum is not None:
        saved.append(figures.impedance_figure(item.spectrum, item.result, folder, f"{name}_impedance", title))
    return saved


def _flat(row: dict[str, object]) -> dict[str, object]:
    """Return the row with its bounds in two columns."""
    interval = row.get("interval")
    rest = {k: v for k, v in row.items() if k != "interval"}
    if isinstance(interval, list):
        rest["lower bound"], rest["upper bound"] = interval
    return rest


def _body(simulation: Simulation, saved: dict[str, list[SavedFigure]]) -> str:
    parts = [_page.heading(simulation.title, 1), _page.warnings([message for _, message in simulation.errors])]
    number = 0
    for item in simulation.items:
        parts.append(_page.heading(item.title if isinstance(item, SimulatedTest) else item.name))
        results = item.results if isinstance(item, SimulatedTest) else (item.result,)
        for result in results:
            parts += _told(result, said=isinstance(item, SimulatedTest))
        for figure in saved.get(item.name, []):
            number += 1
            parts.append(_page.figure(figure.svg, figure.caption, number))
    parts.append(_page.heading("Sources"))
    parts.append(_page.table([dict(s) for result in simulation.results for s in result.sources]))
    return "\n".join(parts)


def _told(result: Result, *, said: bool) -> list[str]:
    """Return how a result ended, with ``said`` in words even where it is good, its numbers, and its warnings."""
    if not result.outcome.good:
        return [_page.warnings([result.outcome.value, *result.warnings])]
    shown = [_shown(_flat(row)) for row in result.to_rows()]
    parts = [_page.paragraph(result.outcome.value, "lead")] if said and result.outcome is not Outcome.SUCCESS else []
    if shown or not said:
        parts.append(_page.table(shown, numeric=("value", "std", "lower bound", "upper bound")))
    return [*parts, _page.warnings(result.warnings)]


def _shown(row: dict[str, object]) -> dict[str, object]:
    return {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}
