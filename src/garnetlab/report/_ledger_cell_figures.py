"""Figures of the paper's cell tests as the calibrated cell runs them, with the reported number beside the computed one."""

from __future__ import annotations

from pathlib import Path

from garnetlab.report import _cell_test_figures as figures
from garnetlab.report._style import SavedFigure
from garnetlab.study import Ledger

_WINDOWS_3E = ((795.0, 800.0), (1595.0, 1600.0), (2395.0, 2400.0))  # h, the insets of the paper's figure 3e


def cell_figures(ledger: Ledger, folder: Path) -> list[SavedFigure]:
    """Write one figure for each test of the paper, and impedance and contact of the long ones; return them in order."""
    saved: list[SavedFigure] = []
    for key, (test, found) in ledger.tests.items():
        record = found.record
        if record is None:
            continue
        name = f"{test.figure}_{key}".replace(".", "_").replace("-", "m")
        title = f"{test.figure}: {test.title}\n{_beside(ledger, key)}"
        if key.startswith("ccd."):
            saved.append(figures.ladder_figure(record, folder, name, title, result=found.result))
        else:
            windows = tuple((a * 3600.0, b * 3600.0) for a, b in _WINDOWS_3E) if test.figure == "3e" else ()
            saved.append(figures.voltage_figure(record, folder, name, title, result=found.result, windows=windows))
        if len(found.spectra) == 2:
            spectra = dict(zip(("before", "after"), found.spectra, strict=True))
            saved.append(figures.nyquist_figure(spectra, folder, f"S15_{name}", f"S15: impedance, {test.title}"))
        if key in ("life.0.0.2", "life.10.0.2"):
            saved.append(figures.contact_figure(found.result, folder, f"contact_{name}", f"Contact, {test.title}"))
    return saved


def _beside(ledger: Ledger, key: str) -> str:
    """Return the reported and the computed number in one line."""
    row = ledger[key]
    unit = row.unit.replace("^2", "²")
    if row.computed is None:
        return ""
    if row.reported is None:
        return f"reported: {row.text or 'returns to its initial overpotential'}; computed ratio {row.computed:.3g}"
    reported = f"{'> ' if row.censored else ''}{row.reported:g}"
    low, high = row.interval or (row.computed, row.computed)
    return f"reported {reported} {unit}; {row.status.value} {row.computed:.3g} {unit} (90 %: {low:.3g} to {high:.3g})"
