"""A calibrated interface as two files of the library: a TOML document with medians and intervals, a CSV with draws."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

from garnetlab.study._calibration_fit import InterfaceFit

DRAWS = 300


def write_model(fit: InterfaceFit, stem: Path, *, made_by: str, source: str = "peng2025") -> tuple[Path, Path]:
    """Write ``stem.toml`` and ``stem.csv`` and return their paths."""
    document, draws = stem.with_suffix(".toml"), stem.with_suffix(".csv")
    document.write_text(model_toml(fit, made_by=made_by, source=source), encoding="utf-8")
    draws.write_text(draws_csv(fit, made_by=made_by), encoding="utf-8")
    return document, draws


def model_toml(fit: InterfaceFit, *, made_by: str, source: str) -> str:
    """Return the document: variant, seed, date, score, and every number with its interval."""
    c = fit.calibration
    lines = [
        "# Calibrated interface. Made by " + made_by + "; do not edit.",
        f'variant = "{fit.variant.name}"',
        f'title = "{fit.variant.title}"',
        f'source = "{source}"',
        f'uses = "{fit.variant.uses}"',
        f'made_by = "{made_by}"',
        f'date = "{dt.datetime.now(tz=dt.UTC).date().isoformat()}"',
        f"seed = {c.seed}",
        f"maximum = {c.best_value:.4f}",
        f"score = {fit.score:.4f}",
        f"calibrated = [{', '.join(repr(o.id) for o in fit.observations)}]".replace("'", '"'),
        f"predicted = [{', '.join(repr(o.id) for o in fit.held_out)}]".replace("'", '"'),
    ]
    if fit.variant.fixed:
        lines += ["", "[fixed]", *(f"{k} = {v!r}" for k, v in fit.variant.fixed.items())]
    for row in fit.parameter_rows():
        lines += ["", f"[parameters.{row['parameter']}]", f'unit = "{row["unit"]}"']
        lines += [f"{k} = {row[k]:.6g}" for k in ("median", "low", "high", "maximum", "typical", "median_error")]
        lines += [f'verdict = "{row["verdict"]}"'] if row["verdict"] else []
    return "\n".join(lines) + "\n"


def draws_csv(fit: InterfaceFit, *, made_by: str) -> str:
    """Return evenly thinned posterior draws as CSV text."""
    out = io.StringIO()
    out.write(f"# source: calibration on the observations of peng2025 by {made_by}, seed {fit.calibration.seed}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([p.name for p in fit.calibration.parameters])
    writer.writerows([[f"{v:.6g}" for v in draw] for draw in fit.calibration.thinned(DRAWS)])
    return out.getvalue()
