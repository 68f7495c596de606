"""Materials, observations and sources of the library."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.library import (
    bibtex,
    citation,
    citation_keys,
    load_material,
    load_observations,
    material_names,
    parse_property,
)

EVERY = [(name, key) for name in material_names() for key in load_material(name).properties]
GOOD = {"value": "5.2e-4 S/cm", "std": "0.1e-4 S/cm", "source": "peng2025", "evidence": "text"}


def value(material: str, name: str, celsius: float | None = None) -> float:
    temperature = None if celsius is None else units.celsius(celsius)
    return load_material(material).property(name, temperature=temperature)[0].value


def test_the_materials_of_the_paper_are_there():
    wanted = {"LLZTO", "Li", "K", "Li2O", "Li2CO3", "K2CO3", "LiC6", "Li2C2", "Cu", "Au", "Ag"}
    assert wanted <= set(material_names())


@pytest.mark.parametrize(("name", "key"), EVERY)
def test_every_property_has_a_value_an_uncertainty_and_a_source(name, key):
    prop = load_material(name).properties[key]
    inside = units.celsius(25.0) if prop.low is None or prop.high is None else (prop.low + prop.high) / 2
    quantity, warning = prop.at(inside)
    assert math.isfinite(quantity.value)
    assert quantity.std is not None
    assert 0 < quantity.std < abs(quantity.value)
    assert citation(prop.source).title
    assert warning == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": None}, "X.y: no number without a source and evidence"),
        ({"evidence": None}, "X.y: no number without a source and evidence"),
        ({"evidence": "hearsay"}, "X.y: no number without a source and evidence (text, data, abstract, memory)"),
        ({"std": None}, "X.y: no number without an uncertainty. Add std or relative_std."),
        ({"source": "peng2052"}, "citation = 'peng2052': not in the bibliography. Did you mean 'peng2025'?"),
        ({"sorce": "x"}, "X.y.sorce: unknown key. Did you mean 'source'?"),  # codespell:ignore sorce
    ],
)
def test_no_number_without_a_source(change, message):
    data = {k: v for k, v in {**GOOD, **change}.items() if v is not None}
    with pytest.raises(InvalidInput) as caught:
        parse_property("y", data, where="X")
    assert str(caught.value).startswith(message)


def test_conductivity_at_the_reference_is_that_of_the_paper():
    assert value("LLZTO", "ionic_conductivity", 25.0) == pytest.approx(0.052, rel=1e-14)


def test_conductivity_times_temperature_is_an_arrhenius_line_of_0_37_eV():
    cold, hot = units.celsius(30.0), units.celsius(80.0)
    slope = math.log(value("LLZTO", "ionic_conductivity", 80.0) * hot) - math.log(
        value("LLZTO", "ionic_conductivity", 30.0) * cold
    )
    assert slope / (1 / cold - 1 / hot) * units.k_B / units.eV == pytest.approx(0.37, rel=1e-12)


def test_the_uncertainty_of_the_activation_energy_counts_away_from_the_reference():
    sigma = load_material("LLZTO").properties["ionic_conductivity"]
    (near, _), (far, _) = sigma.at(units.celsius(25.0)), sigma.at(units.celsius(80.0))
    expected = 0.005 * units.eV / units.k_B * (1 / units.celsius(25.0) - 1 / units.celsius(80.0))
    assert math.hypot(near.std / near.value, expected) == pytest.approx(far.std / far.value, rel=1e-12)


def test_a_value_outside_its_range_says_so():
    _, warning = load_material("LLZTO").property("ionic_conductivity", temperature=units.celsius(-10.0))
    assert warning == "ionic_conductivity at -10 degC is extrapolated: peng2025 holds from 25 degC to 80 degC."


def test_a_value_inside_its_range_says_nothing():
    assert load_material("LLZTO").property("ionic_conductivity", temperature=units.celsius(60.0))[1] == ""


@pytest.mark.parametrize(
    ("celsius", "density", "viscosity", "tension"),
    [(210.0, 512.2, 0.554e-3, 0.3921), (350.0, 500.1, 0.411e-3, 0.3751), (400.0, 495.7, 0.378e-3, 0.3689)],
)
def test_liquid_lithium_agrees_with_the_tabulated_correlations(celsius, density, viscosity, tension):
    # the table prints four, three and four digits: half a unit of the last
    assert value("Li", "liquid_density", celsius) == pytest.approx(density, abs=0.05)
    assert value("Li", "liquid_viscosity", celsius) == pytest.approx(viscosity, abs=0.5e-6)
    assert value("Li", "surface_tension", celsius) == pytest.approx(tension, abs=0.5e-4)


def test_liquid_potassium_agrees_with_the_ends_of_its_table():
    potassium = load_material("K")
    ends = [potassium.property("surface_tension", temperature=t)[0].value for t in (800.0, 1400.0)]
    assert ends == pytest.approx([78.75e-3, 39.15e-3], abs=5e-6)


def test_1_mAh_per_cm2_of_lithium_is_4_84_um():
    thickness = units.mAh_cm2 / units.F * value("Li", "molar_volume")
    assert thickness == pytest.approx(4.84e-6, abs=0.005e-6)


@pytest.mark.parametrize(
    ("material", "parts"),
    [
        ("Li2O", {"Li": 2, "O": 1}),
        ("Li2CO3", {"Li": 2, "C": 1, "O": 3}),
        ("K2CO3", {"K": 2, "C": 1, "O": 3}),
        ("Li2C2", {"Li": 2, "C": 2}),
        ("LiC6", {"Li": 1, "C": 6}),
    ],
)
def test_the_molar_mass_of_a_compound_is_the_sum_of_its_atoms(material, parts):
    total = sum(n * value(atom, "molar_mass") for atom, n in parts.items())
    # written with five or six digits: half a unit of the third decimal in g/mol, with 1e-9 for the conversion
    assert value(material, "molar_mass") == pytest.approx(total, abs=0.5e-6 + 1e-9)


def test_molar_volume_and_density_of_lithium_agree():
    quotient = value("Li", "molar_mass") / value("Li", "density")
    volume = load_material("Li").property("molar_volume")[0]
    assert volume.value == pytest.approx(quotient, abs=volume.std)


def test_a_temperature_is_asked_for_where_it_matters():
    with pytest.raises(InvalidInput, match="temperature = None: ionic_conductivity depends on it"):
        load_material("LLZTO").property("ionic_conductivity")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load_material("LLZT0"), "material = 'LLZT0': not in the library. Did you mean 'LLZTO'?"),
        (lambda: load_material("Li").property("densty"),
         "property = 'densty': Li has none of that name. Did you mean 'density'?"),
        (lambda: citation("boukamp1996"), "citation = 'boukamp1996': not in the bibliography. Did you mean 'boukamp1995'?"),
    ],
)  # fmt: skip
def test_an_unknown_name_suggests_the_nearest(call, message):
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value) == message


def test_the_paper_reports_115_facts_with_different_ids():
    observations = load_observations()
    assert len(observations) == 115
    assert len({o.id for o in observations}) == 115


def test_every_fact_is_a_number_or_says_what_it_is():
    bare = [o.id for o in load_observations() if o.value is None and not (o.text or o.note or o.quantity)]
    assert bare == []


@pytest.mark.parametrize(
    ("key", "number", "text"),
    [("asr.10", 32.5, ""), ("protocol.eis", None, "1e6-1e-2"), ("lfp.cathode.recipe", None, "8:1:1"),
     ("llzto.sigma.electrodes", None, "Au"), ("wet.sus.li", None, "")],
)  # fmt: skip
def test_a_fact_that_is_no_number_stays_text(key, number, text):
    found = next(o for o in load_observations() if o.id == key)
    assert (found.value, found.text) == (number, text)


def test_an_interval_contains_its_value():
    assert [o.id for o in load_observations() if o.value is not None and o.low is not None and o.value < o.low] == []
    assert [o.id for o in load_observations() if o.value is not None and o.high is not None and o.value > o.high] == []


def test_every_unit_of_an_observation_is_known_but_for_these():
    unknown = set()
    for observation in load_observations():
        try:
            units.parse_unit(observation.unit)
        except units.UnitError:
            unknown.add(observation.unit)
    assert unknown == {"grit"}


@pytest.mark.parametrize("key", citation_keys())
def test_every_source_has_author_title_year_and_says_how_it_was_seen(key):
    source = citation(key)
    assert source.authors
    assert source.title
    assert 1900 < source.year < 2100
    assert source.evidence in ("text", "data", "abstract", "memory")
    assert not source.doi or source.doi.startswith("10.")


def test_the_methods_of_the_analysis_are_cited():
    wanted = {
        "peng2025", "boukamp1995", "schoenleber2014", "ehm2000", "golub1973", "kaufman1975", "irvine1990", "brug1984",
        "hsu2001", "burnham2002", "schwarz1978", "codata2018",
    }  # fmt: skip
    assert wanted <= set(citation_keys())


def test_bibtex_has_each_source_once_in_order():
    text = bibtex(["schwarz1978", "peng2025", "schwarz1978"])
    assert text.count("@article") == 2
    assert text.index("schwarz1978") < text.index("peng2025")
    assert "doi = {10.1214/aos/1176344136}" in text


def test_the_library_loads_no_pydantic():
    code = (
        "import sys; from garnetlab.library import load_material; load_material('Li'); print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
