"""Imports point down only. The contracts stand in pyproject.toml; here they are kept, and seen to break. [A.1]"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = [
    *("app", "testing", "report", "study", "simulate", "analyse", "readers"),
    *("physics", "library", "numerics", "core"),
]


def lint(folder: Path, config: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--config", config, "--no-cache", "--no-logo"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_A1_import_contracts_are_kept():
    outcome = lint(ROOT / "src", ROOT / "pyproject.toml")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_A1_the_layers_contract_is_exhaustive_over_all_twelve_parts():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(c for c in contracts if c["type"] == "layers")
    named = {part.strip() for layer in layers["layers"] for part in layer.split("|")}
    assert layers["exhaustive"]
    assert layers["containers"] == ["garnetlab"]
    assert named == {*PARTS, "units"}


@pytest.fixture
def small_package(tmp_path):
    """An empty package of the same parts."""
    package = tmp_path / "garnetlab"
    for part in PARTS:
        (package / part).mkdir(parents=True)
        (package / part / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "units.py").touch()
    return package


def test_A1_an_empty_package_of_the_same_parts_passes(small_package):
    outcome = lint(small_package.parent, ROOT / "pyproject.toml")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("core/_bad.py", "import garnetlab.physics", "Imports point down only BROKEN"),
        ("readers/_bad.py", "from garnetlab import analyse", "Imports point down only BROKEN"),
        ("units.py", "import garnetlab.core", "Imports point down only BROKEN"),
        ("study/_bad.py", "import matplotlib.pyplot", "Plotting libraries only in report BROKEN"),
        ("report/_bad.py", "def f():\n    import pandas", "No data-frame library as a dependency BROKEN"),
        ("physics/_bad.py", "import rich", "Terminal libraries only in app BROKEN"),
        ("readers/_bad.py", "import pydantic", "pydantic only at the document edge BROKEN"),
        ("units.py", "import scipy", "units needs the standard library only, at run time BROKEN"),
    ],
)
def test_A1_a_planted_import_breaks_its_contract(small_package, file, line, broken):
    (small_package / file).write_text(line + "\n")
    outcome = lint(small_package.parent, ROOT / "pyproject.toml")
    assert outcome.returncode == 1
    assert broken in outcome.stdout


def test_A1_a_stray_part_breaks_the_layers(small_package):
    (small_package / "helpers.py").touch()
    outcome = lint(small_package.parent, ROOT / "pyproject.toml")
    assert outcome.returncode == 1
    assert "helpers" in outcome.stdout + outcome.stderr
