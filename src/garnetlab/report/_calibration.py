"""A calibrated interface to a folder: the library call behind ``garnetlab fit --out``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from garnetlab.core import InvalidInput
from garnetlab.report import _calibration_figures as figures
from garnetlab.report import _page
from garnetlab.report._files import make_folder, write_text
from garnetlab.report._style import SavedFigure, columns_csv, rows_csv
from garnetlab.study import InterfaceFit


@dataclass(frozen=True, slots=True)
class WrittenFit:
    """A fit and where its page and files are."""

    page: Path
    fit: InterfaceFit
    files: tuple[Path, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object of the contract, with the files written."""
        return {**self.fit.to_dict(), "report": str(self.page), "files": [str(f) for f in self.files]}


def write_fit(fit: InterfaceFit, folder: Path) -> WrittenFit:
    """Write ``report.html``, ``results.json``, tables (parameters, predictions, posterior as CSV) and figures.

    Raises
    ------
    InvalidInput  if the folder cannot be written.
    """
    try:
        return _write(fit, make_folder(folder))
    except OSError as error:
        message = f"out = {str(folder)!r}: cannot be written ({error.strerror or error}). Choose another with --out."
        raise InvalidInput(message) from None


def _write(fit: InterfaceFit, folder: Path) -> WrittenFit:
    tables, pictures = make_folder(folder / "tables"), make_folder(folder / "figures")
    saved = [
        figures.posterior_figure(fit, pictures, "posterior"),
        figures.predictions_figure(fit, pictures, "predictions"),
    ]
    if fit.profiles:
        saved.append(figures.profile_figure(fit, pictures, "profiles"))
    texts = {
        "parameters": rows_csv(fit.parameter_rows()),
        "predictions": rows_csv(fit.prediction_rows()),
        "posterior": columns_csv(
            {p.name: fit.calibration.draws[:, i] for i, p in enumerate(fit.calibration.parameters)}
        ),
    }
    files = [file for figure in saved for file in figure.files]
    for name, text in texts.items():
        files.append(tables / f"{name}.csv")
        write_text(files[-1], text)
    written = WrittenFit(folder / "report.html", fit, tuple(files))
    write_text(written.page, _page.page("Calibrated interface", _body(fit, saved)))
    text = json.dumps(written.to_dict(), allow_nan=False, ensure_ascii=False, indent=1, default=float)
    write_text(folder / "results.json", text)
    return written


def _body(fit: InterfaceFit, saved: list[SavedFigure]) -> str:
    c = fit.calibration
    words = [
        f"Model {fit.variant.name}: {fit.variant.title}.",
        f"Known from elsewhere: {fit.variant.uses or 'nothing'}.",
        f"Calibrated on {', '.join(o.id for o in fit.observations)}.",
        f"Sum of the log scores of the {len(fit.held_out)} observations held out: {fit.score:.2f}.",
        f"Seed {c.seed}; {len(c.draws)} draws, at least {c.convergence.effective.min():.0f} of them independent.",
    ]
    parts = [_page.heading("Calibrated interface", 1), *(_page.paragraph(w) for w in words)]
    parts += [_page.heading("Parameters"), _page.table([_shown(r) for r in fit.parameter_rows()])]
    if fit.combinations:
        rows: list[dict[str, object]] = [
            {"std over prior": f"{k.std:.3g}", **{n: f"{w:+.2f}" for n, w in k.weights.items()}}
            for k in fit.combinations
        ]
        parts += [_page.heading("Combinations, stiff first"), _page.table(rows)]
    parts += [_page.heading("Predictions"), _page.table([_shown(r) for r in fit.prediction_rows()])]
    parts += [_page.figure(figure.svg, figure.caption, i) for i, figure in enumerate(saved, 1)]
    return "\n".join(parts)


def _shown(row: dict[str, object]) -> dict[str, object]:
    return {k: f"{v:.4g}" if isinstance(v, float) else ("" if v is None else v) for k, v in row.items()}
