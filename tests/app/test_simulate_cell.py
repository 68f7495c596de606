"""``garnetlab simulate`` of cell tests as a user meets it: table, JSON, files, one-line errors, interruption, exit status."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from garnetlab.app.cli import app
from garnetlab.core import Channel
from garnetlab.readers import read

DOCUMENT = """
schema = "garnetlab/1"
title = "A small study"

[cells.lithium]
layers = [{ material = "Li" }, { material = "LLZTO", thickness = "1 mm" }, { material = "Li" }]
area = "0.785 cm^2"

[models.strong]
off = ["damage_current"]

[experiments.ladder]
cell = "lithium"
ladder = { start = "0.2 mA/cm^2", step = "0.2 mA/cm^2", stop = "2 mA/cm^2", half_cycle_time = "30 min" }
impedance = { low = "10 Hz" }

[experiments.cycles]
cell = "lithium"
model = "strong"
cycling = { current_density = "0.1 mA/cm^2", half_cycle_time = "30 min", cycles = 3 }
impedance = { low = "10 Hz" }
noise = "0.1 mV"

[experiments.sweep]
cell = "lithium"
model = "strong"
tafel = { start = "-150 mV", stop = "150 mV", rate = "1 mV/s" }
noise = "0.1 mV"

[experiments.spectrum]
cell = "lithium"
impedance = { low = "10 Hz" }
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def written(folder: Path, text: str = DOCUMENT) -> Path:
    path = folder / "cells.toml"
    path.write_text(text, encoding="utf-8")
    return path


def one_line(result: Result) -> str:
    """Return the only line on standard error."""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    return lines[0]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """Return the folder and the JSON of the cycling test."""
    folder = tmp_path_factory.mktemp("simulate")
    result = run("simulate", "cycling", written(folder), "--out", folder / "out", "--json")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return folder / "out", json.loads(result.stdout)


def test_the_json_is_that_of_the_contract(done) -> None:
    payload = done[1]
    (result,) = payload["results"]
    assert result["analysis"] == "cell-test"
    assert result["outcome"] == "success"
    assert result["details"]["experiment"] == "cycles"
    assert result["quantities"]["duration"] == {"value": 3.0, "std": 0.0, "unit": "h"}
    assert [m["kind"] for m in payload["measurements"]] == ["cycling", "impedance", "impedance"]
    assert payload["errors"] == []


def test_records_and_spectra_are_files_that_are_read_like_measured_ones(done) -> None:
    folder, payload = done
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*.csv") if "figures" not in p.parts}
    assert names == {
        "records/cycles.bdf.csv", "records/cycles.land.csv", "impedance/cycles_before.csv", "impedance/cycles_after.csv",
        "tables/values.csv",
    }  # fmt: skip
    for name in ("bdf", "land"):
        (record,) = read(folder / "records" / f"cycles.{name}.csv")
        assert record.source.reader == name
        assert len(record) == payload["measurements"][0]["points"]
        assert set(np.round(np.abs(record[Channel.CURRENT]), 12)) == {7.85e-5}  # 0.1 mA/cm^2 times 0.785 cm^2
    (spectrum,) = read(folder / "impedance" / "cycles_after.csv")
    assert len(spectrum) == 51


def test_every_figure_has_svg_png_and_data_and_every_file_is_named(done) -> None:
    folder, payload = done
    stems = {p.stem for p in (folder / "figures").iterdir()}
    assert stems == {"cycles_voltage", "cycles_contact", "cycles_overpotential", "cycles_impedance"}
    for stem in stems:
        assert {p.suffix for p in (folder / "figures").glob(f"{stem}.*")} == {".svg", ".png", ".csv"}
    named = {Path(p) for p in payload["files"]}
    assert named == {p for p in folder.rglob("*") if p.is_file()} - {folder / "report.html", folder / "results.json"}
    assert json.loads((folder / "results.json").read_text(encoding="utf-8")) == payload
    assert (folder / "report.html").read_text(encoding="utf-8").count("<svg") == 4


def test_a_cell_that_shorts_is_done_and_says_how_and_when(tmp_path) -> None:
    result = run("simulate", "ccd", written(tmp_path), "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert "ladder: Li|LLZTO|Li, 25 °C [short_circuit]" in result.stdout
    for word in ("time_to_failure", "critical_current_density_failed", "critical_current_density_survived"):
        assert word in result.stdout
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "The simulated cell shorted." in page
    # a shorted cell is not measured again: the one spectrum is that before the test
    assert [p.name for p in (tmp_path / "out" / "impedance").iterdir()] == ["ladder_before.csv"]


def test_a_sweep_comes_with_its_tafel_analysis_and_so_does_its_file(tmp_path) -> None:
    result = run("simulate", "tafel", written(tmp_path), "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.stderr
    first, second = json.loads(result.stdout)["results"]
    assert (first["analysis"], second["analysis"]) == ("cell-test", "tafel")
    file = tmp_path / "out" / "records" / "sweep.bdf.csv"
    again = run("analyse", file, "--as", "tafel", "--area", "0.785 cm^2", "--out", tmp_path / "page", "--json")
    assert again.exit_code == 0, again.stderr
    (found,) = json.loads(again.stdout)["results"]
    one, other = (r["quantities"]["exchange_current_density"] for r in (second, found))
    assert one["unit"] == other["unit"] == "mA/cm^2"
    # the file rounds voltages to nine digits, far below their noise
    assert other["value"] == pytest.approx(one["value"], rel=1e-4)
    assert any(p.name.startswith("tafel_001") for p in (tmp_path / "page" / "figures").iterdir())
    straight = run("analyse", file, "--as", "linear-polarisation", "--area", "0.785 cm^2", "--electrolyte-resistance",
                   "200 ohm", "--out", tmp_path / "line")  # fmt: skip
    assert straight.exit_code == 0, straight.output
    assert "interface_resistance" in (tmp_path / "line" / "tables" / "linear_polarisation.csv").read_text()


def test_an_impedance_alone_says_what_the_cell_is_made_of(tmp_path) -> None:
    result = run("simulate", "eis", written(tmp_path), "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.stderr
    quantities = json.loads(result.stdout)["results"][0]["quantities"]
    assert quantities["interface_resistance_left"]["value"] == pytest.approx(181.6, rel=1e-9)  # the paper's lithium
    assert (tmp_path / "out" / "impedance" / "spectrum.csv").is_file()


def test_a_table_goes_to_reports_by_default(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("simulate", "eis", written(tmp_path).name)
    assert result.exit_code == 0, result.stderr
    assert "report: reports/cells/report.html" in result.stdout


@pytest.mark.parametrize(
    ("change", "kind", "expected"),
    [
        (("", ""), "dc", "kind = 'dc': no such experiment in"),
        (("[experiments.", "[experimnts."), "ccd", "experimnts: unknown field. Did you mean 'experiments'?"),
        (('"Li" }, {', '"Lithium" }, {'), "ccd", "experiments.ladder: material = 'Lithium': expected an electrode"),
        (("area = ", "aria = "), "ccd", "cells.lithium.aria: unknown field. Did you mean 'area'?"),
        (('area = "0.785 cm^2"', ""), "ccd", "experiments.ladder: cells.lithium.area: missing. Add it"),
        (("2 mA/cm^2\", half", "2 mA\", half"), "ccd", "experiments.ladder.ladder.stop = '2 mA': expected a quantity"),
        (("damage_current", "damages"), "cycling", "models.strong.off.0"),
        (('model = "strong"', 'model = "stronger"'), "cycling", "model = 'stronger': not known. Did you mean 'strong'?"),
        (('[experiments.spectrum]\ncell = "lithium"', '[experiments.spectrum]\ncell = "lithum"'), "eis",
         "experiments.spectrum.cell = 'lithum': no such cell in the document. Did you mean 'lithium'?"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_used_is_one_line_and_status_2(tmp_path, change, kind, expected) -> None:
    result = run("simulate", kind, written(tmp_path, DOCUMENT.replace(*change)), "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert expected in one_line(result)
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("cycle",), "kind = 'cycle': not known."),
        (("ccd", "--name", "laddr"), "name = 'laddr': no such experiment in"),
        (("ccd", "--name", "sweep"), "name = 'sweep': is of kind 'tafel', not 'ccd'. Write  garnetlab simulate tafel."),
    ],
)
def test_wrong_use_is_one_line_and_status_2(tmp_path, arguments, expected) -> None:
    result = run("simulate", arguments[0], written(tmp_path), *arguments[1:])
    assert result.exit_code == 2
    assert expected in one_line(result)


def test_an_interruption_is_one_line_and_leaves_nothing(tmp_path, monkeypatch) -> None:
    def stop(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("garnetlab.study._cell_tests.simulate_cell", stop)
    result = run("simulate", "ccd", written(tmp_path), "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "interrupted" in one_line(result)
    assert not (tmp_path / "out").exists()


def test_an_interruption_while_files_are_written_leaves_whole_files_only(tmp_path, monkeypatch) -> None:
    def stop(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("garnetlab.report._cell_tests.write_land", stop)
    result = run("simulate", "cycling", written(tmp_path), "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "interrupted" in one_line(result)
    assert len(read(tmp_path / "out" / "records" / "cycles.bdf.csv")) == 1
    assert not [p for p in (tmp_path / "out").rglob("*") if p.name.startswith(".")]
