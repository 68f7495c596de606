"""The command line as a user meets it: JSON on standard output, one-line errors, exit status."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from garnetlab.app.cli import app
from garnetlab.readers.generic_text import write_csv
from garnetlab.simulate import simulate_eis

CIRCUIT = "R0-p(R1,CPE1)-p(R2,CPE2)-W1"
CASE_B = {
    "R0": 200.0, "R1": 100.0, "CPE1.Q": 6e-8, "CPE1.n": 0.92, "R2": 460.0, "CPE2.Q": 3e-6, "CPE2.n": 0.85, "W1": 4.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def spectrum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a csv file of reference case B at 1 % noise."""
    folder = tmp_path_factory.mktemp("cli")
    measurement = simulate_eis(CIRCUIT, CASE_B, noise=0.01, rng=np.random.default_rng(2024))
    path = folder / "cell.csv"
    write_csv(measurement, path)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def one_line(result: Result) -> str:
    """Return the only line on standard error, and check that standard output is empty."""
    lines = result.stderr.strip().splitlines()
    assert result.stdout == ""
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    return lines[0]


def test_read_prints_the_json_of_the_contract(spectrum: Path) -> None:
    result = run("read", spectrum, "--json")
    assert result.exit_code == 0
    payload = json.loads(result.stdout)
    assert set(payload) == {"schema", "measurements", "errors"}
    (measurement,) = payload["measurements"]
    assert measurement["kind"] == "impedance"
    assert measurement["points"] == 81
    assert {"frequency", "impedance"} <= set(measurement["channels"])
    assert {"path", "sha256", "reader"} <= set(measurement["source"])


def test_read_with_data_carries_the_numbers(spectrum: Path) -> None:
    payload = json.loads(run("read", spectrum, "--json", "--data").stdout)
    values = payload["measurements"][0]["channels"]["impedance"]["values"]
    assert len(values) == 81
    assert len(values[0]) == 2


def test_analyse_recovers_the_interface_resistance_within_four_standard_uncertainties(spectrum: Path) -> None:
    result = run(
        "analyse", spectrum, "--area", "0.785 cm^2", "--thickness", "1 mm", "--electrodes", "symmetric", "--json"
    )
    assert result.exit_code == 0, result.stderr
    (found,) = json.loads(result.stdout)["results"]
    quantity = found["quantities"]["interface_resistance"]
    assert quantity["unit"] == "ohm cm^2"
    # four standard uncertainties: a right analysis fails on one seed in 16 000; coverage is proved elsewhere
    assert abs(quantity["value"] - 460.0 * 0.785 / 2) < 4 * quantity["std"]
    assert quantity["std"] < 0.02 * quantity["value"]
    assert found["outcome"] == "success"


def test_analyse_without_area_gives_ohm_and_says_so(spectrum: Path) -> None:
    (found,) = json.loads(run("analyse", spectrum, "--json").stdout)["results"]
    assert found["quantities"]["interface_resistance"]["unit"] == "ohm"
    assert any("--area" in w for w in found["warnings"])


def test_a_circuit_can_be_given(spectrum: Path) -> None:
    (found,) = json.loads(run("analyse", spectrum, "--circuit", "R(RQ)(RQ)W", "--json").stdout)["results"]
    assert found["details"]["circuit"] == "R(RQ)(RQ)W"


def test_analyse_writes_figures_and_tables_when_asked(spectrum: Path, tmp_path: Path) -> None:
    result = run("analyse", spectrum, "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "out" / "report.html").is_file()
    assert list((tmp_path / "out" / "figures").glob("*.svg"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--area", "5 V"), "area = '5 V': expected a quantity like '0.785 cm^2'"),
        (("--area", "0.785"), "area = '0.785': the unit is missing"),
        (("--area", "-1 cm^2"), "area = -1 cm^2: expected a finite area > 0"),
        (("--diameter", "0 mm"), "diameter = '0 mm': expected more than 0"),
        (("--area", "1 cm^2", "--diameter", "1 cm"), "expected one of them"),
        (("--temperature", "-300 degC"), "temperature = -300 degC: expected more than 0 K"),
        (("--temperature", "25"), "temperature = '25': the unit is missing"),
        (("--as", "ccd-typo"), "analysis = 'ccd-typo': not known"),
        (("--circuit", "R(RQ"), "circuit"),
        (("--electrodes", "gold"), "electrodes = 'gold': expected one of"),
        (("--interfaces", "3"), "interfaces = 3: expected 1"),
        (("--as", "arrhenius"), "--area"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(spectrum: Path, arguments: tuple[str, ...], expected: str) -> None:
    result = run("analyse", spectrum, *arguments)
    assert result.exit_code == 2
    assert expected in one_line(result)


@pytest.mark.parametrize("verb", ["read", "analyse"])
def test_a_missing_file_is_status_2(verb: str, tmp_path: Path) -> None:
    result = run(verb, tmp_path / "nothing.csv", "--json")
    assert result.exit_code == 2
    assert "nothing.csv" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert json.loads(result.stdout)["errors"][0]["file"].endswith("nothing.csv")


def test_one_bad_file_among_good_ones_is_status_1_and_the_good_one_is_printed(spectrum: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("frequency/Hz,Re(Z)/Ohm,-Im(Z)/Ohm\n1000,1.0,0.5\n100,2.0,x\n10,3.0,0.5\n", encoding="utf-8")
    result = run("read", spectrum, bad, "--json")
    assert result.exit_code == 1
    payload = json.loads(result.stdout)
    assert len(payload["measurements"]) == 1
    assert len(payload["errors"]) == 1
    assert "bad.csv:3" in payload["errors"][0]["message"]


def test_arrhenius_needs_three_temperatures(spectrum: Path) -> None:
    result = run(
        "analyse", spectrum, "--as", "arrhenius", "--area", "1 cm^2", "--thickness", "1 mm", "--temperature", "25 degC"
    )
    assert result.exit_code == 2
    assert "temperatures = 1 different: expected at least 3" in one_line(result)


def test_a_folder_in_place_of_a_file_is_one_line(tmp_path: Path) -> None:
    result = run("read", tmp_path)
    assert result.exit_code == 2
    assert "is a folder" in result.stderr


def test_report_of_an_example_names_its_page_and_refuses_the_drifting_cell(tmp_path: Path) -> None:
    assert run("example", tmp_path / "example").exit_code == 0
    study = tmp_path / "example" / "study.toml"
    head, *entries = study.read_text(encoding="utf-8").split("[[measurements]]")
    few = [e for e in entries if "10kco_1" in e or "drift" in e]
    assert len(few) == 2
    study.write_text("[[measurements]]".join([head, *few]), encoding="utf-8")
    result = run("report", study, "--out", tmp_path / "out", "--json")
    assert result.exit_code == 1, "the drifting spectrum must be refused"
    payload = json.loads(result.stdout)
    assert Path(payload["report"]).is_file()
    outcomes = {Path(r["source"][0]["path"]).stem: r["outcome"] for r in payload["results"]}
    assert outcomes == {"li-10kco_1": "success", "li-10kco_drift": "invalid_spectrum"}


def test_report_of_nothing_is_refused(tmp_path: Path) -> None:
    result = run("report", tmp_path)
    assert result.exit_code == 2
    assert "expected instrument files or a study.toml" in one_line(result)


def test_example_does_not_overwrite(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    result = run("example", tmp_path)
    assert result.exit_code == 2
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "precious"


def test_cite_prints_bibtex_and_knows_its_keys() -> None:
    result = run("cite", "peng2025")
    assert result.exit_code == 0
    assert "10.1016/j.jallcom.2025.180411" in result.stdout
    assert "Did you mean 'peng2025'" in run("cite", "peng2024").stderr


def test_doctor_finds_this_installation_healthy() -> None:
    result = run("doctor", "--json")
    assert result.exit_code == 0, result.stdout
    parts = {c["part"]: c for c in json.loads(result.stdout)["checks"]}
    assert parts["numpy"]["good"]


def test_version_is_that_of_the_package() -> None:
    from garnetlab import __version__

    assert run("--version").stdout.strip() == __version__
