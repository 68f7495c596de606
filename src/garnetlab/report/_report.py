"""A study to a page: the library call behind ``garnetlab report``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from garnetlab import units
from garnetlab.core import InvalidInput, Result
from garnetlab.readers import ReadOptions
from garnetlab.report import _impedance_figures as figures
from garnetlab.report import _page
from garnetlab.report._cycler_report import cycler_figures, cycler_tables
from garnetlab.report._files import flat_row, make_folder, write_text
from garnetlab.report._style import SavedFigure, rows_csv
from garnetlab.study import (
    Analysis,
    SampleOptions,
    Summary,
    analyse_study,
    compare_cells,
    load_study,
    missing_entries,
    summarise,
)

_ROWS = 300  # of a table that a page shows
_SHEETS = 60  # a page with more single-spectrum figures is no page any more; the tables hold all spectra


@dataclass(frozen=True, slots=True)
class Written:
    """What a report holds and where it is."""

    page: Path
    analysis: Analysis
    summary: Summary
    lines: tuple[str, ...]
    files: tuple[Path, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object of the contract, with the series and the files written."""
        out = self.analysis.to_dict()
        rest = [*self.summary.arrhenius, *self.summary.comparisons, *self.summary.groups]
        out["results"] = [r.to_dict() for r in (*self.analysis.results, *rest)]
        out["lines"] = list(self.lines)
        out["report"] = str(self.page)
        out["files"] = [str(f) for f in self.files]
        return out


def write_report(
    path: Path,
    out: Path | None = None,
    *,
    options: SampleOptions | None = None,
    reading: ReadOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Written:
    """Write ``report.html``, ``results.json``, tables as CSV and figures as SVG, PNG and CSV; return where they are.

    Parameters
    ----------
    path:     A study document, or a folder of instrument files (with its ``study.toml`` if it has one).
    out:      Folder to write into; by default ``report`` beside the document.
    options:  What holds for all samples, in SI; it wins over file and document.
    reading:  What the user says where a file leaves a unit or a range open.
    progress: Called with (done, total) spectra.

    Raises
    ------
    InvalidInput  if ``path`` is neither, or nothing in it can be analysed.
    """
    study = load_study(path)
    analysis = analyse_study(study, options=options, reading=reading, progress=progress)
    if not analysis.results:
        reasons = "; ".join(f"{file}: {message}" for file, message in analysis.errors[:3]) or "it names no files"
        message = f"study = {str(path)!r}: nothing in it can be analysed ({reasons})."
        raise InvalidInput(message)
    folder = make_folder(out if out is not None else study.folder / "report")
    return _write(study.title or path.stem, analysis, folder, missing_entries(study, options))


def write_analysis(analysis: Analysis, folder: Path) -> Written:
    """Write the same page for results of single files (``garnetlab analyse --out``)."""
    only = {r.analysis for r in analysis.results} <= {"eis", "arrhenius"}
    return _write("Impedance analysis" if only else "Analysis", analysis, make_folder(folder))


def _write(title: str, analysis: Analysis, folder: Path, missing: Sequence[str] = ()) -> Written:
    spectra = [r for r in analysis.results if r.analysis == "eis"]
    series = [r for r in analysis.results if r.analysis == "arrhenius"]
    sweeps = [r for r in analysis.results if r.analysis == "tafel"]
    summary = summarise(spectra)
    if series:
        summary = Summary((*series, *summary.arrhenius), summary.lines, summary.comparisons, summary.notes)
    groups, doubts = compare_cells(analysis.results)
    summary = replace(summary, groups=groups, notes=(*missing, *summary.notes, *doubts))
    saved = _figures(spectra, summary, make_folder(folder / "figures"))
    saved += _tafel_figures(sweeps, folder / "figures")
    saved += cycler_figures(analysis.results, folder / "figures", title=_title, slug=slug)
    saved += _survival_figures(summary, folder / "figures")
    tables = (
        _tables(spectra, summary)
        | _sweep_table("tafel", sweeps)
        | _sweep_table("linear_polarisation", [r for r in analysis.results if r.analysis == "linear-polarisation"])
        | _group_table(summary)
        | cycler_tables(analysis.results, title=_title)
    )
    make_folder(folder / "tables")
    files = [f for s in saved for f in s.files]
    for name, rows in tables.items():
        write_text(folder / "tables" / f"{name}.csv", rows_csv(rows))
        files.append(folder / "tables" / f"{name}.csv")
    lines = (*summary.lines, *energy_lines(summary.arrhenius))
    page = folder / "report.html"
    written = Written(page, analysis, summary, lines, tuple(files))
    write_text(page, _page.page(title, _body(title, written, saved, tables)))
    write_text(
        folder / "results.json",
        json.dumps(written.to_dict(), allow_nan=False, ensure_ascii=False, indent=1, default=float),
    )
    return written


def energy_lines(series: Sequence[Result]) -> list[str]:
    """Return the activation energies as a paper prints them, with interval, number of temperatures and form."""
    out = []
    for result in series:
        label = str(result.details.get("label", ""))
        for name, q in result.quantities.items():
            if name.endswith("_sigma") or q.field_interval is None:
                continue
            low, high = q.field_interval
            part = name.removeprefix("activation_energy_").replace("_", " ")
            number = units.format_pair(q.field_value, q.field_std).replace("+-", "±")
            out.append(
                f"{label + ': ' if label else ''}Ea({part}) = {number} eV (95 %: {low:.3f}–{high:.3f} eV, {q.method})"
            )
    return out


def _title(result: Result) -> str:
    meta = result.details.get("metadata", {})
    source = result.sources[0] if result.sources else {}
    name = str(meta.get("sample") or Path(str(source.get("path", "simulation"))).name)
    parts = [name, str(meta.get("branch", "")), str(source.get("part", "") or "")]
    if "temperature" in result.quantities:
        parts.append(f"{result.quantities['temperature'].field_value:.1f} °C")
    return " ".join(p for p in parts if p)


def slug(text: str) -> str:
    """Return ``text`` as a file name: letters, digits, dots and underscores."""
    return re.sub(r"[^A-Za-z0-9.]+", "_", text.replace("−", "-")).strip("_") or "figure"


def _figures(spectra: Sequence[Result], summary: Summary, folder: Path) -> list[SavedFigure]:
    saved = []
    if summary.arrhenius:
        for group, members in _by_sample(summary.arrhenius).items():
            saved.append(
                figures.arrhenius_figure(members, folder, slug(f"arrhenius_{group}"), f"Arrhenius plot {group}".strip())
            )
    for group, members in _groups(spectra).items():
        if len(members) > 1:
            labels = [_title(r).removeprefix(group).strip(" _") or str(i + 1) for i, r in enumerate(members)]
            saved.append(figures.overview(members, folder, slug(f"nyquist_{group}"), f"Spectra of {group}", labels))
    for i, result in enumerate(spectra[:_SHEETS]):
        title = _title(result)
        saved.append(figures.spectrum_sheet(result, folder, slug(f"spectrum_{i + 1:03d}_{title}"), title))
    return saved


def _tafel_figures(sweeps: Sequence[Result], folder: Path) -> list[SavedFigure]:
    from garnetlab.report._cell_test_figures import tafel_figure

    named = [(f"tafel_{i + 1:03d}_{_title(r)}", r) for i, r in enumerate(sweeps[:_SHEETS])]
    return [tafel_figure(result, folder, slug(name), _title(result)) for name, result in named]


def _survival_figures(summary: Summary, folder: Path) -> list[SavedFigure]:
    from garnetlab.report._lifetime_figures import survival_figure

    groups = [r for r in summary.groups if r.analysis == "lifetimes" and "survival" in r.curves]
    labels = [str(r.details["label"]) for r in groups]
    return [survival_figure(groups, labels, folder, "survival", "Lives of cells")] if groups else []


def _group_table(summary: Summary) -> dict[str, list[dict[str, object]]]:
    rows = [
        {"group": r.details["label"], "analysis": r.analysis, **flat_row(row), "outcome": r.outcome.label}
        for r in summary.groups
        for row in r.to_rows()
    ]
    return {"groups": rows} if rows else {}


def _sweep_table(name: str, sweeps: Sequence[Result]) -> dict[str, list[dict[str, object]]]:
    rows = [
        {"file": _title(result), **flat_row(row), "outcome": result.outcome.label}
        for result in sweeps
        for row in result.to_rows()
    ]
    return {name: rows} if rows else {}


def _by_sample(series: Sequence[Result]) -> dict[str, list[Result]]:
    out: dict[str, list[Result]] = {}
    for result in series:
        name = str(result.details.get("label", "")).removesuffix(" heating").removesuffix(" cooling")
        out.setdefault(name, []).append(result)
    return out


def _groups(spectra: Sequence[Result]) -> dict[str, list[Result]]:
    out: dict[str, list[Result]] = {}
    for result in spectra:
        meta = result.details.get("metadata", {})
        out.setdefault(str(meta.get("series") or meta.get("sample") or "all files"), []).append(result)
    return out


def _tables(spectra: Sequence[Result], summary: Summary) -> dict[str, list[dict[str, object]]]:
    values: list[dict[str, object]] = []
    parameters: list[dict[str, object]] = []
    for result in spectra:
        source = result.sources[0] if result.sources else {}
        head: dict[str, object] = {"file": Path(str(source.get("path", ""))).name, "part": source.get("part", "")}
        head |= {k: result.details.get("metadata", {}).get(k) for k in ("sample", "branch")}
        if "temperature" in result.quantities:
            head["temperature/degC"] = round(result.quantities["temperature"].field_value, 3)
        rows = [row for row in result.to_rows() if row["quantity"] != "temperature"]
        values.extend({**head, **flat_row(row), "outcome": result.outcome.label} for row in rows)
        circuit = {"circuit": result.details["circuit"]}
        parameters.extend({**head, **circuit, **flat_row(entry)} for entry in result.details["parameters"])
    energies = [
        {"series": r.details.get("label", ""), **flat_row(row), "method": r.quantities[str(row["quantity"])].method}
        for r in summary.arrhenius
        for row in r.to_rows()
    ]
    contact = [
        {"first": r.details["first"], "second": r.details["second"], **flat_row(row), "verdict": r.details["verdict"]}
        for r in summary.comparisons
        for row in r.to_rows()
    ]
    named = {"values": values, "parameters": parameters, "activation_energies": energies, "contact_area": contact}
    return {name: rows for name, rows in named.items() if rows}


def _shown(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    return [{k: f"{v:.4g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows]


_NUMERIC = ("value", "std", "low 95 %", "high 95 %", "temperature/degC")


def _body(title: str, written: Written, saved: list[SavedFigure], tables: dict[str, list[dict[str, object]]]) -> str:
    results, errors = written.analysis.results, written.analysis.errors
    bad = [r for r in results if not r.outcome.good]
    parts = [_page.heading(title, 1)]
    parts += [_page.paragraph(line, "lead") for line in written.lines]
    parts.append(
        _page.paragraph(f"{len(results)} results, {len(bad)} not to be used, {len(errors)} files not read.", "soft")
    )
    parts += [_page.warnings([f"{_title(r)}: {r.outcome.value}" for r in bad])]
    parts += [_page.warnings([f"{f}: {m}" for f, m in errors]), _page.warnings(written.summary.notes)]
    number = 0
    parts.append(_page.heading("Figures"))
    for number, item in enumerate(saved, start=1):
        parts.append(_page.figure(item.svg, item.caption, number))
    for name, rows in tables.items():
        parts.append(_page.heading(f"Table: {name.replace('_', ' ')}"))
        if len(rows) > _ROWS:
            parts.append(
                _page.paragraph(f"The first {_ROWS} of {len(rows)} rows; all are in tables/{name}.csv.", "soft")
            )
        parts.append(_page.table(_shown(rows[:_ROWS]), numeric=_NUMERIC))
    parts.append(_page.heading("How sure, and why"))
    for result in results:
        reasons = list(result.details.get("selection", []))
        if result.warnings or reasons:
            parts.append(_page.heading(_title(result), 3))
            parts.append(_page.warnings(result.warnings))
            parts.append(_page.paragraph(" ".join(reasons), "soft"))
    parts.append(_page.heading("Sources"))
    parts.append(_page.table([dict(s) for r in results for s in r.sources]))
    return "\n".join(parts)
