"""Pages that are run while the docs are built: their numbers hold, and the extension fails, keeps and repeats as it says."""

from __future__ import annotations

import csv
import importlib.util
import math
import os
import re
import sys
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace

from garnetlab.physics.constriction import contact_fraction_from_constriction

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "explanation" / "constriction-or-kinetics.md"
ROLE = re.compile(r"\{value\}`([^`]+)`")


@pytest.fixture(scope="module")
def extension() -> ModuleType:
    spec = importlib.util.spec_from_file_location("executed_page", DOCS / "_ext" / "executed_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ran(extension: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path, float]:
    folder = tmp_path_factory.mktemp("page") / "out"
    # the extension runs the script in a process of its own: its time counts as that of a child
    before = _children()
    values = extension.run(DOCS / "explanation" / "constriction_or_kinetics.py", folder)
    return values, folder, _children() - before


def _children() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


@pytest.fixture(scope="module")
def values(ran: tuple[dict, Path, float]) -> dict[str, float]:
    return {name: entry["value"] for name, entry in ran[0].items()}


# the page -------------------------------------------------------------------------------------------------------------
def test_the_page_shows_only_values_and_figures_that_its_script_makes(ran):
    text = PAGE.read_text(encoding="utf-8")
    assert set(ROLE.findall(text)) - set(ran[0]) == set()
    for name in re.findall(r"\{executed-figure\} (\S+)", text):
        assert (ran[1] / f"{name}.svg").is_file()
        header, first, *_ = csv.reader((ran[1] / f"{name}.csv").read_text(encoding="utf-8").splitlines())
        assert len(header) == len(first) > 2


def test_the_script_takes_at_most_40_s_of_one_core(ran):
    assert ran[2] <= 40.0


def test_single_spots_have_equal_parts_near_a_ratio_of_pi_over_4(values):
    # c theta = pi/4 to 8/(3 pi) = 0.85 for one equipotential and one evenly loaded disc; discs of 1 % see each other:
    # lattice factor 1 - 2.483 sqrt(0.01/pi) = 0.860
    assert 0.860 * math.pi / 4 < values["equal.0.01"] < 0.860 * 8 / (3 * math.pi) + 0.02


def test_the_solver_agrees_with_the_exact_lattice(values):
    # a staircase disc of n >= 6 pixels radius has the perimeter error of half a pixel on a part of its edge: below 0.5/6 of
    # its constriction at most, and the area, which is exact, takes most of that
    assert values["exact"] < 0.02


def test_the_ohmic_share_is_below_the_constriction_by_at_most_the_even_current(values):
    # an even current raises the constriction by at most 32/(3 pi^2) - 1 = 8.1 %, so the lost power by less of the ASR
    assert 0.0 < values["shares.gap"] < 0.081


def test_the_share_at_25_degC_is_no_weight_for_an_arrhenius_line(values):
    assert values["energy.room"] > 5 * values["energy.ohmic"]
    assert values["energy.ohmic"] < values["energy.middle"]


def test_the_simple_sum_is_the_arithmetic_it_says(values):
    assert values["simple.li.0.8"] == pytest.approx((0.8 - 0.61) / (0.8 - 0.37))
    assert values["simple.kco.0.61"] == pytest.approx(0.03 / 0.24)


def test_pure_constriction_is_excluded_by_its_energy(values):
    assert values["away.li"] == pytest.approx(0.24 / 0.02)
    assert values["away.kco"] == pytest.approx(0.21 / 0.02)


def test_no_energy_of_the_kinetics_allows_more_constriction_than_the_limit(values):
    for tag in ("li", "kco"):
        shares = [values[f"most.{tag}.{energy}"] for energy in ("0.61", "0.7", "0.8", "1")]
        assert shares == sorted(shares)
        assert shares[-1] <= values[f"cap.{tag}"] + 1e-6 < 0.5
        assert values[f"cap.exact.{tag}"] < values[f"cap.{tag}"] < values[f"cap.later.any.{tag}"] < 0.5


def test_a_two_resistor_model_by_hand_gives_the_same_limit(values):
    # a constriction that does not depend on R_ct, beside R_ct/theta: ASR/ASR0 = s g_slab + (1 - s) g_kin. The solver lets
    # theta c fall from 0.51 to 0.45 where kinetics vanish (theta = 0.1), 12 % of the hot end: the shares differ by less
    kelvin = 273.15 + np.array([30.0, 40.0, 50.0, 60.0, 70.0, 80.0])
    x = (1 / kelvin - 1 / 298.15) / 8.617333262e-5

    def energy(share: float) -> float:
        return float(np.polyfit(x, np.log(share * np.exp(0.37 * x) + (1 - share) * np.exp(1.0 * x)), 1)[0])

    low, high = 0.0, 0.9
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if energy(middle) > 0.59 else (low, middle)
    assert values["most.li.1"] == pytest.approx(low, rel=0.12)


def test_the_area_ratios_are_the_arithmetic_of_the_referee(values):
    kT = 8.617333262e-5 * 298.15
    ratio = 181.6 / 32.5
    assert values["ratio.same.prefactor"] == pytest.approx(ratio * math.exp(-0.03 / kT), rel=1e-6)  # 1.7
    assert values["ratio.same.prefactor.low"] == pytest.approx(ratio * math.exp(-0.05 / kT), rel=1e-6)  # 0.8
    assert values["ratio.same.prefactor.high"] == pytest.approx(ratio * math.exp(-0.01 / kT), rel=1e-6)  # 3.8


def test_pure_constriction_needs_the_known_contact_fractions(values):
    # the package's closed formula for spots of 1, 10 and 100 um: 0.08, 0.7 and 5.6 %; discs on a lattice, not in a tube
    for spot in (1, 10, 100):
        known = contact_fraction_from_constriction(181.6e-4, radius=spot * 1e-6, conductivity=0.052)
        assert values[f"pure.li.{spot}"] == pytest.approx(known, rel=0.05)


def test_the_kinetic_arc_has_its_own_frequency_and_the_constriction_that_of_gap_or_bulk(values):
    # 1/(2 pi R_ct C_dl) within a tenth where the gaps are wide: the parabola through ten points a decade, and at
    # ratio 0.5 the other arc; a constriction with wide gaps stays near the bulk
    assert values["slow.kinetics.1000nm"] == pytest.approx(values["transfer.kinetics"], rel=0.1)
    assert values["slow.both.1000nm"] == pytest.approx(values["transfer.both"], rel=0.1)
    assert values["fast.both.1000nm"] / values["bulk"] > 0.5
    assert values["slow.constriction.1nm"] / values["bulk"] < 0.01


def test_wide_gaps_hide_the_constriction_in_the_electrolyte(values):
    # the fit tells 17 kHz from 6 MHz: a quarter of the constriction is far above its uncertainty and far below the effect
    hidden = values["true.hidden"] - values["true.hidden.transfer"]
    assert values["read.hidden"] < values["true.hidden.transfer"] + 0.25 * hidden
    assert values["read.hidden.electrolyte"] > values["true.slab"] + 1.5 * hidden
    assert values["read.shown"] > values["true.shown"] - 0.25 * hidden


# the extension --------------------------------------------------------------------------------------------------------
SCRIPT = """\
import json, sys
from pathlib import Path
folder = Path(sys.argv[1])
with Path({log!r}).open("a") as log:
    log.write("x")
(folder / "values.json").write_text(json.dumps({{"answer": {{"text": "{answer}", "value": 1.0}}}}))
(folder / "plot.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
(folder / "plot.csv").write_text("x,y\\n1,2\\n")
"""
TEXT = "# Page\n\n```{execute} page.py\n```\n\nIt is {value}`answer`.\n\n```{executed-figure} plot\nA plot.\n```\n"


def make(folder: Path, *, text: str = TEXT, answer: str = "forty-two") -> None:
    folder.mkdir(exist_ok=True)
    (folder / "index.md").write_text(text, encoding="utf-8")
    (folder / "page.py").write_text(SCRIPT.format(log=str(folder / "log"), answer=answer), encoding="utf-8")


def build(folder: Path) -> tuple[int, str]:
    """Return the exit status of a build with warnings as errors, and the page."""
    settings = {"extensions": ["myst_parser", "executed_page"], "html_theme": "basic", "project": "p"}
    sys.path.insert(0, str(DOCS / "_ext"))
    out = folder / "out"
    try:
        with docutils_namespace(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other packages; those of the build are its own
            app = Sphinx(str(folder), None, str(out), str(out / ".doctrees"), "html", settings, status=None,
                         exception_on_warning=False, warningiserror=True)  # fmt: skip
            app.build()
    finally:
        sys.path.remove(str(DOCS / "_ext"))
    page = out / "index.html"
    return app.statuscode, page.read_text(encoding="utf-8") if page.is_file() else ""


def test_values_and_figures_stand_in_the_page_with_the_data_beside(tmp_path):
    make(tmp_path / "docs")
    status, page = build(tmp_path / "docs")
    assert status == 0
    assert "forty-two" in page
    assert 'src="_executed/index/plot.svg"' in page
    assert (tmp_path / "docs" / "out" / "_executed" / "index" / "plot.csv").read_text() == "x,y\n1,2\n"


def test_a_second_build_runs_nothing_and_a_changed_script_runs_again(tmp_path):
    folder = tmp_path / "docs"
    make(folder)
    build(folder)
    assert build(folder)[0] == 0
    assert (folder / "log").read_text() == "x"
    make(folder, answer="forty-three")
    assert "forty-three" in build(folder)[1]
    assert (folder / "log").read_text() == "xx"


def test_a_changed_package_changes_the_digest(extension, tmp_path):
    package, script = tmp_path / "package", tmp_path / "page.py"
    package.mkdir()
    (package / "part.py").write_text("a = 1\n")
    script.write_text("")
    before = extension.digest(script, package)
    assert extension.digest(script, package) == before
    (package / "part.py").write_text("a = 2\n")
    assert extension.digest(script, package) != before


def test_a_script_that_fails_or_writes_nothing_fails_the_build(tmp_path, extension):
    folder = tmp_path / "docs"
    make(folder)
    (folder / "page.py").write_text("raise ValueError('no convergence')\n", encoding="utf-8")
    with pytest.raises(ExtensionError, match="no convergence"):
        build(folder)
    (folder / "page.py").write_text("", encoding="utf-8")
    with pytest.raises(ExtensionError, match=r"wrote no values\.json"):
        build(folder)


@pytest.mark.parametrize(
    "text",
    [TEXT.replace("`answer`", "`question`"), TEXT.replace("{executed-figure} plot", "{executed-figure} other")],
)
def test_an_unknown_value_or_figure_fails_the_build(tmp_path, text):
    make(tmp_path / "docs", text=text)
    assert build(tmp_path / "docs")[0] == 1
