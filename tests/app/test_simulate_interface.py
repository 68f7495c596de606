"""``garnetlab simulate interface`` as a user meets it: table, JSON, files, one-line errors, exit status."""

from __future__ import annotations

import csv
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
title = "Two contacts"

[interfaces.full]
contact.full = true
period = "100 um"
thickness = "1 mm"
conductivity = "5e-4 S/cm"
charge_transfer_resistance = "10 ohm cm^2"

[interfaces.patchy]
contact.random = { fraction = 0.3, correlation_length = "5 um", seed = 1 }
period = "100 um"
pixels = 32
thickness = "1 mm"
conductivity = "5e-4 S/cm"
charge_transfer_resistance = "10 ohm cm^2"
impedance = { area = "0.785 cm^2", high = "1 MHz", low = "10 mHz", double_layer_capacitance = "5 uF/cm^2" }
"""
BAD = '[interfaces.bad]\ncontact.image = { path = "gone.png" }\nperiod = "1 um"\nthickness = "1 mm"\n'
BAD += 'conductivity = "1 S/cm"\ncharge_transfer_resistance = "1 ohm cm^2"\n'


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def written(folder: Path, text: str = DOCUMENT) -> Path:
    path = folder / "contacts.toml"
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
    """Return the folder and the JSON of both interfaces."""
    folder = tmp_path_factory.mktemp("simulate")
    result = run("simulate", "interface", written(folder), "--out", folder / "out", "--json")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return folder / "out", json.loads(result.stdout)


def test_the_json_is_that_of_the_contract(done) -> None:
    payload = done[1]
    assert payload["schema"] == "garnetlab/1"
    assert payload["errors"] == []
    assert [r["details"]["interface"] for r in payload["results"]] == ["full", "patchy"]
    for result in payload["results"]:
        assert result["analysis"] == "interface"
        assert result["outcome"] == "success"
        assert {"value", "std", "unit"} <= set(result["quantities"]["asr"])
        assert result["source"][0]["path"].endswith("contacts.toml")


def test_a_full_contact_is_the_slab_and_the_charge_transfer_in_series(done) -> None:
    asr = done[1]["results"][0]["quantities"]["asr"]
    # 0.1 cm / 5e-4 S/cm + 10 ohm cm^2; the solver's tolerance is 1e-8
    assert asr["value"] == pytest.approx(210.0, rel=1e-8)
    assert asr["unit"] == "ohm cm^2"


def test_a_patchy_contact_has_bounds_that_hold_its_value_and_parts_that_add_up(done) -> None:
    q = done[1]["results"][1]["quantities"]
    low, high = q["asr"]["interval"]
    assert low <= q["asr"]["value"] <= high
    assert high < 1.01 * low
    parts = ("slab_resistance", "kinetic_resistance", "constriction_resistance")
    assert sum(q[n]["value"] for n in parts) == pytest.approx(q["asr"]["value"], rel=1e-12)  # rounding of a sum
    assert q["contact_fraction"]["value"] == pytest.approx(0.3, abs=0.5 / 32**2)  # whole pixels
    assert q["peak_to_mean"]["value"] > 1 / 0.3


def test_the_spectrum_is_read_back_and_ends_at_the_resistance_of_the_direct_current(done) -> None:
    folder, payload = done
    (spectrum,) = read(folder / "impedance" / "patchy.csv")
    assert len(spectrum) == payload["measurements"][0]["points"] == 81
    assert np.all(spectrum[Channel.IMPEDANCE].imag <= 0)
    asr = payload["results"][1]["quantities"]["asr"]["value"]
    # at 10 mHz (omega R C)^2 = (6.3e-2 * 10 * 5e-6)^2 < 1e-11; what is left are two solves to 1e-8
    assert spectrum[Channel.IMPEDANCE][-1].real * 0.785 == pytest.approx(asr, rel=1e-7)


def test_every_figure_has_svg_png_and_data_and_every_file_is_named(done) -> None:
    folder, payload = done
    stems = {p.stem for p in (folder / "figures").iterdir()}
    assert stems == {
        "full_contact", "full_current", "full_resistance",
        "patchy_contact", "patchy_current", "patchy_resistance", "patchy_impedance",
    }  # fmt: skip
    for stem in stems:
        assert {p.suffix for p in (folder / "figures").glob(f"{stem}.*")} == {".svg", ".png", ".csv"}
    assert not list(folder.rglob("*.part"))
    named = {Path(p) for p in payload["files"]}
    assert named == {p for p in folder.rglob("*") if p.is_file()} - {folder / "report.html", folder / "results.json"}


def test_the_page_and_the_results_say_what_was_printed(done) -> None:
    folder, payload = done
    assert json.loads((folder / "results.json").read_text(encoding="utf-8")) == payload
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Two contacts" in page
    assert page.count("<svg") == 7
    with (folder / "tables" / "values.csv").open(encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream) if r["quantity"] == "asr"]
    assert [float(r["value"]) for r in rows] == [r["quantities"]["asr"]["value"] for r in payload["results"]]


def test_the_table_names_the_parts_and_goes_to_reports_by_default(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("simulate", "interface", written(tmp_path).name, "--name", "full")
    assert result.exit_code == 0, result.stderr
    assert "interface full [success]" in result.stdout
    for word in ("asr", "210", "slab_resistance", "kinetic", "constriction", "peak_to_mean", "iterations", "Ω cm²"):
        assert word in result.stdout
    assert "patchy" not in result.stdout
    assert "report: reports/contacts/report.html" in result.stdout
    assert (tmp_path / "reports" / "contacts" / "report.html").is_file()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('schema = "garnetlab/1"\n', "interfaces = none in"),
        ("", "schema = None: expected 'garnetlab/1'"),
        ("x = \n", ":1: no TOML"),
        (DOCUMENT.replace('"100 um"', '"100 V"'), "interfaces.full.period = '100 V': expected a quantity like '1 um'"),
        (DOCUMENT.replace("fraction = 0.3", "fraction = 0"), "interfaces.patchy.contact.random.fraction = 0: expected"),
        (DOCUMENT.replace("seed =", "sead ="), "interfaces.patchy.contact.random.sead: unknown field."),
        ('schema = "garnetlab/1"\n' + BAD, "interfaces.bad.contact.image: "),
    ],
)
def test_a_document_that_cannot_be_used_is_one_line_and_status_2(tmp_path, text, expected) -> None:
    result = run("simulate", "interface", written(tmp_path, text), "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert expected in one_line(result)
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("interfce",), "kind = 'interfce': not known. Did you mean 'interface'? Known: interface, ccd, cycling"),
        (("interface", "--name", "ful"), "name = 'ful': no such interface"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(tmp_path, arguments, expected) -> None:
    result = run("simulate", arguments[0], written(tmp_path), *arguments[1:])
    assert result.exit_code == 2
    assert expected in one_line(result)


def test_a_missing_document_is_status_2(tmp_path) -> None:
    result = run("simulate", "interface", tmp_path / "gone.toml")
    assert result.exit_code == 2
    assert "gone.toml: No such file or directory" in one_line(result)


def test_a_file_in_place_of_the_folder_is_status_2(tmp_path) -> None:
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    result = run("simulate", "interface", written(tmp_path), "--name", "full", "--out", tmp_path / "taken")
    assert result.exit_code == 2
    assert "choose another with --out" in one_line(result).lower()
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


def test_one_bad_interface_among_good_ones_is_status_1_and_the_good_one_is_printed(tmp_path) -> None:
    text = DOCUMENT.partition("[interfaces.patchy]")[0] + BAD
    result = run("simulate", "interface", written(tmp_path, text), "--out", tmp_path / "out", "--json")
    assert result.exit_code == 1
    payload = json.loads(result.stdout)
    assert [r["details"]["interface"] for r in payload["results"]] == ["full"]
    assert "gone.png: No such file" in payload["errors"][0]["message"]
    assert "interfaces.bad.contact.image" in one_line(result)


def test_no_convergence_is_status_1_with_advice_and_no_numbers(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("garnetlab.physics.interface._LIMIT", 1)
    path = written(tmp_path)
    result = run("simulate", "interface", path, "--name", "patchy", "--out", tmp_path / "out", "--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)["results"]
    assert found["outcome"] == "not_converged"
    assert found["quantities"] == {}
    assert "interfaces.patchy: The solver did not reach its tolerance. Loosen tolerance" in one_line(result)
    assert not (tmp_path / "out" / "figures").exists()


def test_the_example_can_be_simulated(tmp_path) -> None:
    assert run("example", tmp_path / "trial").exit_code == 0
    result = run(
        "simulate", "interface", tmp_path / "trial" / "interface.toml", "--name", "full", "--out", tmp_path / "o"
    )
    assert result.exit_code == 0, result.stderr
