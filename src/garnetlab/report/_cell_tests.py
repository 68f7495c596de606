"""Files and figures of virtual cell tests: what a cycler and an impedance analyser would have written, and pictures."""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers.bdf import write_bdf
from garnetlab.readers.generic_text import write_csv
from garnetlab.readers.land import write_land
from garnetlab.report import _cell_test_figures as figures
from garnetlab.report._files import make_folder
from garnetlab.report._style import SavedFigure
from garnetlab.study import SimulatedTest

#: tests in which current and voltage are shown one above the other
_BOTH = {"ccd", "tafel", "dc"}
_FEWEST = 3  # points that make a picture


def write_test(item: SimulatedTest, folder: Path, name: str) -> list[Path]:
    """Write the record in two formats of cyclers and every spectrum as csv, and return the files."""
    files: list[Path] = []
    if item.test.record is not None:
        records = make_folder(folder / "records")
        files.append(write_bdf(item.test.record, records / f"{name}.bdf.csv"))
        files.append(write_land(item.test.record, records / f"{name}.land.csv"))
    for label, spectrum in spectra_of(item).items():
        end = "" if label == "spectrum" else f"_{label.replace(' ', '_')}"
        files.append(write_csv(spectrum, make_folder(folder / "impedance") / f"{name}{end}.csv"))
    return files


def spectra_of(item: SimulatedTest) -> dict[str, Measurement]:
    """Return the spectra by what they are called: one alone, before and after the test, or numbered."""
    spectra = item.test.spectra
    if len(spectra) == 1:  # a cell that failed has none after the test
        return {"spectrum" if item.kind in ("eis", "steps") else "before": spectra[0]}
    names = ["before", "after"] if len(spectra) == 2 else [f"sweep {k + 1}" for k in range(len(spectra))]
    return dict(zip(names, spectra, strict=True))


def draw_test(item: SimulatedTest, folder: Path, name: str) -> list[SavedFigure]:
    """Return the figures of one test."""
    saved: list[SavedFigure] = []
    record, result = item.test.record, item.result
    if record is not None and len(record) >= _FEWEST:
        if item.kind in _BOTH:
            labels = item.kind == "ccd"
            saved.append(
                figures.ladder_figure(record, folder, f"{name}_test", item.title, result=result, labels=labels)
            )
        else:
            saved.append(figures.voltage_figure(record, folder, f"{name}_voltage", item.title, result=result))
        saved.append(figures.contact_figure(result, folder, f"{name}_contact", item.title))
        if item.kind not in ("tafel", "dc") and len(result.curves["half_cycle_time"]) >= _FEWEST:
            saved.append(figures.overpotential_figure(result, folder, f"{name}_overpotential", item.title))
    if item.tafel is not None and item.tafel.quantities:
        saved.append(figures.tafel_figure(item.tafel, folder, f"{name}_tafel", item.title))
    spectra = spectra_of(item)
    if spectra:
        saved.append(figures.nyquist_figure(spectra, folder, f"{name}_impedance", item.title))
    return saved
