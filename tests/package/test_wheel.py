"""The wheel works in an empty environment that holds its declared dependencies only, at the locked versions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPECTRA = {".txt", ".csv", ".z", ".dta", ".mpt", ".ism"}


def run(*command: str | Path, cwd: Path) -> str:
    """Run a program away from the repository and return its standard output; fail with what it said."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV", "GARNETLAB_DATA"}}
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    outcome = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, f"{command}: exit status {outcome.returncode}\n{outcome.stdout}\n{outcome.stderr}"
    return outcome.stdout


def constraints(lock: str) -> str:
    """Return the pins of the lock without their hashes."""
    return "\n".join(line.removesuffix("\\").strip() for line in lock.splitlines() if re.match(r"[a-zA-Z0-9]", line))


def find_uv() -> str:
    own = ROOT / ".uv" / "bin" / "uv"
    found = str(own) if own.is_file() else shutil.which("uv")
    assert found, "uv is not there: run make setup"
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def binaries(wheel: Path, tmp_path_factory) -> Path:
    """The folder of programs of an environment with nothing but the wheel and what it declares."""
    folder, uv = tmp_path_factory.mktemp("bare"), find_uv()
    pins = folder / "constraints.txt"
    pins.write_text(constraints((ROOT / "requirements.lock").read_text()))
    run(uv, "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
    binaries = folder / "venv" / "bin"
    run(uv, "pip", "install", "--quiet", "--python", binaries / "python", "--constraint", pins, wheel, cwd=folder)
    return binaries


@pytest.fixture(scope="module")
def garnetlab(binaries: Path, tmp_path_factory) -> Callable[..., str]:
    folder = tmp_path_factory.mktemp("use")
    return lambda *arguments: run(binaries / "garnetlab", *arguments, cwd=folder)


@pytest.fixture(scope="module")
def spectrum(garnetlab, tmp_path_factory) -> Path:
    """One spectrum of the example, small and simulated."""
    folder = tmp_path_factory.mktemp("example") / "study"
    garnetlab("example", folder)
    assert (folder / "study.toml").is_file()
    return min(p for p in folder.rglob("*") if p.suffix.lower() in SPECTRA and p.stem != "README")


def test_the_wheel_holds_the_data_and_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    source = ROOT / "src" / "garnetlab"
    data = {f"garnetlab/{p.relative_to(source)}" for p in source.rglob("*") if p.suffix in {".toml", ".csv", ".json"}}
    assert "garnetlab/py.typed" in names
    assert data <= set(names)
    assert [n for n in names if not n.startswith(("garnetlab/", "garnetlab-"))] == []


def test_the_environment_is_bare(binaries):
    code = "import importlib.util as u; print([n for n in ('pybamm', 'pymatgen', 'galvani', 'pytest', 'mypy') if u.find_spec(n)])"
    assert run(binaries / "python", "-c", code, cwd=binaries).strip() == "[]"


def test_every_public_name_can_be_imported(binaries):
    code = "import garnetlab; print(len([getattr(garnetlab, name) for name in dir(garnetlab)]))"
    assert int(run(binaries / "python", "-c", code, cwd=binaries)) > 1


def test_help_of_the_installed_program_lists_the_verbs(garnetlab):
    assert re.search(r"^ +analyse ", garnetlab("--help"), re.MULTILINE)


def test_read_gives_the_json_of_the_contract(garnetlab, spectrum):
    payload = json.loads(garnetlab("read", spectrum, "--json"))
    (measurement, *_) = payload["measurements"]
    assert payload["schema"]
    assert payload["errors"] == []
    assert measurement["kind"] == "impedance"
    assert measurement["points"] > 10
    assert set(measurement["source"]) >= {"path", "sha256", "reader"}


def test_analyse_gives_the_json_of_the_contract(garnetlab, spectrum):
    geometry = ("--area", "0.785 cm^2", "--thickness", "1 mm", "--temperature", "25 degC")
    payload = json.loads(garnetlab("analyse", spectrum, "--as", "eis", *geometry, "--json"))
    (result, *_) = payload["results"]
    assert payload["errors"] == []
    assert result["outcome"] == "success"
    assert result["quantities"]
    assert all(set(q) >= {"value", "std", "unit"} for q in result["quantities"].values())


def test_reproduce_gives_115_rows_and_the_audit(garnetlab):
    payload = json.loads(garnetlab("reproduce", "--json"))
    assert len(payload["observations"]) == 115
    assert {row["status"] for row in payload["observations"]} > {"input"}
    assert all(check["verdict"] for check in payload["audit"])
    assert payload["audit"]


def test_hashes_are_taken_off_the_pins():
    hashes = " \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n    # via x\n"
    lock = f"# made by\nnumpy==2.4.0{hashes}tomli==2 ; os_name == 'nt'{hashes}"
    assert constraints(lock) == "numpy==2.4.0\ntomli==2 ; os_name == 'nt'"
