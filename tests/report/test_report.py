"""Reports: whole files, equal axes, data beside every figure, no addresses in the page."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from garnetlab.core import InvalidInput
from garnetlab.report import write_report
from garnetlab.report._files import write_bytes
from garnetlab.report._impedance_figures import _equal
from garnetlab.report._style import new_figure, rows_csv, style
from garnetlab.study import write_example


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory):
    """Return the report of three temperatures of the example's pellet."""
    folder = tmp_path_factory.mktemp("report")
    write_example(folder / "example", seed=3)
    text = (folder / "example" / "study.toml").read_text(encoding="utf-8")
    head, *entries = re.split(r"(?m)^(?=\[\[measurements\]\])", text)
    chosen = [e for e in entries if re.search(r"heating_(30|50|80)degC", e)]
    assert len(chosen) == 3
    (folder / "example" / "short.toml").write_text(head + "".join(chosen), encoding="utf-8")
    return write_report(folder / "example" / "short.toml", folder / "out")


def test_all_parts_are_written(written) -> None:
    folder = written.page.parent
    assert written.page.name == "report.html"
    assert (folder / "results.json").is_file()
    assert (folder / "tables" / "values.csv").is_file()
    assert (folder / "tables" / "activation_energies.csv").is_file()
    assert not list(folder.rglob("*.part"))


def test_every_figure_has_svg_png_and_data(written) -> None:
    figures = written.page.parent / "figures"
    stems = {p.stem for p in figures.iterdir()}
    assert len(stems) >= 5  # three spectra, their overview, one Arrhenius plot
    for stem in stems:
        assert {p.suffix for p in figures.glob(f"{stem}.*")} == {".svg", ".png", ".csv"}


def test_results_are_strict_json_and_say_what_the_page_says(written) -> None:
    text = (written.page.parent / "results.json").read_text(encoding="utf-8")
    assert not re.search(r"\b(NaN|Infinity)\b", text)
    payload = json.loads(text)
    page = written.page.read_text(encoding="utf-8")
    assert payload["lines"]
    for line in payload["lines"]:
        assert line.replace("&", "&amp;") in page


def test_the_activation_energy_of_the_simulated_pellet_is_found(written) -> None:
    text = (written.page.parent / "tables" / "activation_energies.csv").read_text(encoding="utf-8")
    energies = list(csv.DictReader(text.splitlines()))
    (total,) = [r for r in energies if r["quantity"] == "activation_energy_total"]
    assert float(total["low 95 %"]) < 0.37 < float(total["high 95 %"])


def test_the_page_needs_no_network(written) -> None:
    page = written.page.read_text(encoding="utf-8")
    assert "<script" not in page
    links = set(re.findall(r"(?:src|href)=\"(http[^\"]+)\"", page))
    assert not links


def test_identifiers_of_figures_are_unique(written) -> None:
    page = written.page.read_text(encoding="utf-8")
    identifiers = re.findall(r'\bid="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))


def test_nyquist_panels_have_one_scale_on_both_axes() -> None:
    with style():
        figure = new_figure(6.0, 4.0)
        axes = figure.subplots()
        axes.plot([0.0, 700.0], [0.0, 150.0])
        _equal(axes, np.array([0.0, 700.0]), np.array([0.0, 150.0]), ratio=3.2)
        figure.canvas.draw()
        box = axes.get_window_extent()
        (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    # one ohm is as many pixels across as up, to the pixel that drawing rounds to
    assert box.width / (x1 - x0) == pytest.approx(box.height / (y1 - y0), rel=2.0 / box.height)
    assert y1 >= 150.0
    assert x0 <= 0.0
    assert x1 >= 700.0


def test_a_table_keeps_columns_that_only_some_rows_have() -> None:
    text = rows_csv([{"a": 1}, {"b": 2.5, "a": None}])
    assert text == "a,b\n1,\n,2.5\n"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    write_bytes(path, b"old")
    with pytest.raises(TypeError):
        write_bytes(path, "text")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.bin"]


def test_a_document_without_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text('schema = "garnetlab/1"\n', encoding="utf-8")
    with pytest.raises(InvalidInput, match="nothing in it can be analysed"):
        write_report(path)
