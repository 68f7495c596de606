"""What the user says of the samples of a folder, and options that go together."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from garnetlab.app import cli
from garnetlab.study import load_study, missing_entries, read_study, sample_options


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(a) for a in arguments])


def write_table(path: Path, *columns: np.ndarray, names: str) -> None:
    rows = (",".join(f"{x:.9g}" for x in row) for row in zip(*columns, strict=True))
    path.write_text("\n".join([names, *rows]) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a sweep of a voltage and a polarisation under a held one, and no document."""
    out = tmp_path / "files"
    out.mkdir()
    rng = np.random.default_rng(3)
    voltage = np.linspace(-0.2, 0.2, 400)
    time = np.abs(voltage - voltage[0]) / 1e-3
    current = 2e-4 * np.sinh(19.46 * voltage) * (1 + 1e-3 * rng.standard_normal(400))
    write_table(out / "sweep.csv", time, voltage, current, names="time/s,voltage/V,current/A")
    time = np.arange(0.0, 3600.0, 10.0)
    current = 1e-8 + 1e-6 * np.exp(-time / 100) + 1e-11 * rng.standard_normal(len(time))
    write_table(out / "held.csv", time, np.full(len(time), 0.5), current, names="time/s,voltage/V,current/A")
    return out


def test_a_folder_without_document_takes_what_is_missing_from_options(folder: Path) -> None:
    rows = "".join(f"{k},1,2,{10 * k},1,{3 + k / 100:.2f},{'C' if k % 20 < 10 else 'D'}\n" for k in range(40))
    text = "Rec,Cyc,Step,Test Time (sec),Current,Voltage,State\n" + rows
    (folder / "cell.csv").write_text(text, encoding="utf-8")
    bare = run("report", folder)
    assert bare.exit_code == 2
    assert "--area" in bare.stderr
    assert "--current-unit mA" in bare.stderr
    given = ("--area", "0.785 cm^2", "--thickness", "1 mm", "--temperature", "25 degC", "--current-unit", "mA")
    result = run("report", folder, *given, "--out", folder.parent / "out", "--json")
    payload = json.loads(result.stdout)
    assert payload["errors"] == []
    assert {Path(s["path"]).name for r in payload["results"] for s in r["source"]} == {
        "sweep.csv",
        "held.csv",
        "cell.csv",
    }


def test_an_option_that_replaces_what_a_document_says_is_told(folder: Path) -> None:
    document = folder / "study.toml"
    document.write_text(
        'schema = "garnetlab/1"\n[samples.one]\narea = "0.5 cm^2"\nthickness = "1 mm"\ntemperature = "25 degC"\n'
        'electrodes = "symmetric"\n[[measurements]]\npath = "sweep.csv"\nsample = "one"\n',
        encoding="utf-8",
    )
    study = load_study(document)
    (plain,), _ = read_study(study)
    (replaced,), _ = read_study(study, options=sample_options(area="0.785 cm^2", thickness="1 mm"))
    assert replaced.metadata["area"] == pytest.approx(0.785e-4)
    told = set(replaced.warnings) - set(plain.warnings)
    assert told == {"area = 0.5 cm^2 of file or document: replaced by 0.785 cm^2 of the option"}
    assert not missing_entries(study, sample_options(area="0.785 cm^2"))


def test_report_and_analyse_say_of_samples_the_same() -> None:
    both = [set(inspect.signature(f).parameters) for f in (cli.analyse, cli.report)]
    assert both[0] - both[1] == {"files", "analysis", "watch", "every", "looks"}
    assert both[1] - both[0] == {"path"}


@pytest.mark.parametrize(("option", "value"), [("--looks", "1"), ("--every", "5 s")])
def test_an_option_of_watching_without_watch_is_refused(folder: Path, option: str, value: str) -> None:
    result = run("analyse", folder / "sweep.csv", option, value)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert f"expected only with --watch. Add --watch, or drop {option}." in line
