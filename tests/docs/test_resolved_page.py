"""The page on the levels of the contact model: what it shows is made by its script, and what it says holds."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "explanation" / "resolved-or-mean-field.md"


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    spec = importlib.util.spec_from_file_location("executed_page_of_levels", DOCS / "_ext" / "executed_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("levels") / "out"
    found = module.run(DOCS / "explanation" / "resolved_or_mean_field.py", folder)
    assert (folder / "levels.svg").is_file()
    return {name: entry["value"] for name, entry in found.items()}


def test_the_page_shows_only_values_that_its_script_makes(values):
    shown = set(re.findall(r"\{value\}`([^`]+)`", PAGE.read_text(encoding="utf-8")))
    assert shown
    assert shown - set(values) == set()


def test_a_spread_far_over_the_spots_is_the_mean_field_and_a_short_one_is_not(values):
    assert all(values[f"long.{size}"] < 0.01 for size in (6, 12, 40))
    assert values["short.6"] < values["short.12"] < values["short.40"]
    assert values["short.40"] > 0.5


def test_the_slab_adds_little_at_30_ohm_cm2(values):
    assert abs(values["life.resolved.change"]) < 0.05
    assert values["peak.spots.30"] < 0.1
    assert values["slab.spots.30"] == pytest.approx(0.0, abs=1e-12)


def test_below_the_supply_only_crowded_currents_lose_contact(values):
    assert values["free.disc"] == pytest.approx(0.0, abs=1e-12)
    assert values["free.spots"] == pytest.approx(0.0, abs=1e-12)
    assert 0.0 < values["slab.disc.3"] < values["slab.disc.0.3"]
    assert values["slab.spots.0.3"] < values["slab.disc.0.3"]
    assert values["edge.0.3"] < values["middle.0.3"]
    assert values["edge.30"] > values["middle.30"]


def test_patch_size_matters_more_than_the_slab(values):
    assert values["life.spots.40"] < 0.5 * values["life.resolved"]
    assert values["life.population.local"] < values["life.resolved"] < values["life.population.shared"]
