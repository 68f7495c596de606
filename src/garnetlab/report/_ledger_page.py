"""The ledger against the paper as page, JSON and CSV: the library call behind ``garnetlab reproduce``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from garnetlab.report import _cell_test_figures, _page
from garnetlab.report import _impedance_figures as figures
from garnetlab.report._files import make_folder, write_text
from garnetlab.report._ledger_cell_figures import cell_figures
from garnetlab.report._style import SavedFigure, rows_csv
from garnetlab.study import Ledger, reproduce

_MEANING = {
    "input": "a given value, or a simulation made from the reported value and read back",
    "calibrated": "it entered the calibration, or was derived from what did",
    "predicted": "computed without it",
    "analysed": "from data independent of it",
    "audited": "a calculation on the paper's own numbers",
    "qualitative": "words, no number to compare",
    "not computed": "an optional extra is missing",
    "not yet modelled": "no model for it yet",
}


def write_ledger(folder: Path, *, progress: Callable[[int, int], None] | None = None) -> tuple[Ledger, Path]:
    """Run the reproduction, write ``report.html``, ``ledger.json``, ``ledger.csv``, ``audit.csv`` and figures.

    Returns
    -------
    :  The ledger and the path of the page.
    """
    ledger = reproduce(progress=progress)
    make_folder(folder)
    payload = ledger.to_dict()
    rows, checks = _lists(payload)
    write_text(folder / "ledger.json", json.dumps(payload, allow_nan=False, ensure_ascii=False, indent=1))
    write_text(folder / "ledger.csv", rows_csv([_plain(r) for r in rows]))
    write_text(folder / "audit.csv", rows_csv(checks))
    saved = _figures(ledger, make_folder(folder / "figures"))
    page = folder / "report.html"
    write_text(page, _page.page("The paper, row by row", _body(rows, checks, saved)))
    return ledger, page


def _lists(payload: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return list(payload["observations"]), list(payload["audit"])


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    interval = row["interval"]
    return {**row, "interval": None if interval is None else f"{interval[0]:.6g}..{interval[1]:.6g}"}


def _figures(ledger: Ledger, folder: Path) -> list[SavedFigure]:
    saved = []
    for name, results in ledger.series.items():
        caption, labels = ledger.captions[name], ledger.labels[name]
        draw = figures.arrhenius_figure if results[0].analysis == "arrhenius" else figures.overview
        saved.append(draw(results, folder, name, caption, labels))
    for name, (sweep, result) in ledger.sweeps.items():
        title = f"2d: Tafel plot of {sweep.metadata.get('sample', name)}, simulated from the reported exchange current"
        saved.append(_cell_test_figures.tafel_figure(result, folder, f"2d_{name}".replace(".", "_"), title))
    return [*saved, *cell_figures(ledger, folder)]


def _number(value: Any, digits: int = 4) -> str | None:
    return None if value is None else f"{value:.{digits}g}"


def _row(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        "id": row["id"],
        "reported": row["text"] if row["reported"] is None else _number(row["reported"]),
        "computed": _number(row["computed"]),
        "std": _number(row["std"], 2),
        "unit": row["unit"],
        "status": row["status"],
        "deviation": None if row["deviation"] is None else f"{row['deviation']:+.1f}",
        "route": row["route"],
        "note": row["note"],
    }


def _body(rows: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]], saved: Sequence[SavedFigure]) -> str:
    counts = Counter(str(r["status"]) for r in rows)
    overview = [{"status": s, "rows": counts.get(s, 0), "meaning": m} for s, m in _MEANING.items()]
    parts = [_page.heading("The paper, row by row", 1)]
    source = (
        "Peng et al., A high-wettability composite lithium anode for garnet-type solid-state electrolyte and copper"
        " current collector, J. Alloys Compd. (2025), doi:10.1016/j.jallcom.2025.180411."
    )
    verdicts = Counter(str(c["verdict"]) for c in checks)
    said = ", ".join(f"{n} {v}" for v, n in verdicts.most_common())
    lead = f"{len(rows)} reported facts and {len(checks)} checks of the paper against itself ({said})."
    parts += [_page.paragraph(lead, "lead"), _page.paragraph(source, "soft"), _page.table(overview, numeric=("rows",))]
    parts += [_page.heading("Figures")] if saved else []
    parts += [_page.figure(s.svg, s.caption, i) for i, s in enumerate(saved, start=1)]
    parts += [_page.heading("Audit"), _page.table(checks)]
    parts += [_page.heading("Ledger"), _page.table([_row(r) for r in rows], numeric=("computed", "std", "deviation"))]
    return "\n".join(parts)
