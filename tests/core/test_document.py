"""Study documents: round trips, digests, refusals."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import garnetlab.core
from garnetlab.core import (
    Cell,
    Interface,
    InvalidInput,
    Layer,
    MeasurementEntry,
    MissingInput,
    Procedure,
    ReadError,
    Recipe,
    Sample,
    StudyDocument,
    json_schema,
    load_document,
    parse_document,
    require,
    save_document,
)

SCHEMA_FILE = Path(garnetlab.core.__file__).parent / "schemas" / "garnetlab-1.json"
VALIDATOR = jsonschema.Draft202012Validator(json_schema())
POSITIVE = st.floats(1e-12, 1e12)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


RECIPES = st.builds(
    Recipe, additive=maybe(TEXT), mass_fraction=st.floats(0.0, 0.999), melt_temperature=maybe(POSITIVE),
    time=maybe(POSITIVE), pressure=maybe(POSITIVE), atmosphere=maybe(TEXT), note=TEXT,
)  # fmt: skip
LAYERS = st.builds(Layer, material=TEXT, thickness=maybe(POSITIVE), recipe=maybe(RECIPES))
INTERFACES = st.builds(Interface, contact_fraction=maybe(st.floats(0.0, 1.0)), resistance=maybe(POSITIVE), note=TEXT)


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    layers = tuple(draw(st.lists(LAYERS, min_size=2, max_size=4)))
    between = draw(st.just(()) | st.tuples(*[INTERFACES] * (len(layers) - 1)))
    return Cell(layers=layers, interfaces=between, area=draw(maybe(POSITIVE)), temperature=draw(maybe(POSITIVE)))


@st.composite
def procedures(draw: st.DrawFn) -> Procedure:
    current, hours, times = (draw(POSITIVE) for _ in range(3))
    steps = [f"Plate at {current!r} mA/cm2 for {hours!r} h", f"Rest for {times!r} s", "Impedance from 1 MHz to 1 Hz"]
    return Procedure(steps=(*draw(st.permutations(steps)), "Repeat 7 times"), temperature=draw(maybe(POSITIVE)))


SAMPLES = st.builds(
    Sample, pellet=maybe(TEXT), series=maybe(TEXT), electrodes=st.sampled_from(["blocking", "symmetric", "unknown"]),
    interfaces=st.sampled_from([1, 2]), area=maybe(POSITIVE), thickness=maybe(POSITIVE), temperature=maybe(POSITIVE),
    pressure=maybe(POSITIVE), air_exposure=maybe(POSITIVE), operator=maybe(TEXT), channel=maybe(TEXT), note=TEXT,
)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> StudyDocument:
    samples = draw(st.dictionaries(KEYS, SAMPLES, max_size=3))
    entries = st.builds(
        MeasurementEntry, path=TEXT, sha256=maybe(st.just("0" * 64)), temperature=maybe(POSITIVE),
        sample=st.sampled_from([None, *samples]), branch=st.sampled_from([None, "heating", "cooling"]),
    )  # fmt: skip
    return StudyDocument(
        schema="garnetlab/1",
        title=draw(TEXT),
        recipes=draw(st.dictionaries(KEYS, RECIPES, max_size=2)),
        cells=draw(st.dictionaries(KEYS, cells(), max_size=2)),
        procedures=draw(st.dictionaries(KEYS, procedures(), max_size=2)),
        samples=samples,
        measurements=tuple(draw(st.lists(entries, max_size=3))),
    )


@settings(max_examples=50, deadline=None)
@given(documents(), st.sampled_from(["toml", "json"]))
def test_a_document_written_and_read_again_is_equal_with_the_same_digest(tmp_path_factory, document, suffix):
    path = tmp_path_factory.mktemp("study") / f"study.{suffix}"
    save_document(document, path)
    again = load_document(path)
    assert again == document
    assert again.digest() == document.digest()


@settings(max_examples=10, deadline=None)
@given(documents())
def test_every_document_satisfies_the_published_schema(document):
    VALIDATOR.validate(document.to_dict())


def test_the_published_schema_is_that_of_the_models():
    published = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert published == json_schema(), "write it anew: json.dumps(json_schema(), indent=1, ensure_ascii=False)"


def test_the_published_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())


def document(**entries: object) -> StudyDocument:
    return parse_document({"schema": "garnetlab/1", **entries})


def test_the_digest_does_not_depend_on_order_or_units():
    one = document(
        title="t", samples={"a": {"area": "0.785 cm^2", "temperature": "80 degC"}, "b": {"thickness": "1 mm"}},
        procedures={"p": {"steps": ["Plate at 0.2 mA/cm2 for 30 minutes"]}},
    )  # fmt: skip
    other = document(
        procedures={"p": {"steps": ["Plate at 2 A/m^2 for 0.5 hours"]}},
        samples={"b": {"thickness": "1000 um"}, "a": {"temperature": "353.15 K", "area": "78.5 mm^2"}}, title="t",
    )  # fmt: skip
    assert one == other
    assert one.digest() == other.digest()


def test_the_digest_depends_on_every_value():
    entries = [{"a": {"area": f"{a} cm^2"}} for a in ("0.785", "0.78500000000001")] + [{"b": {"area": "0.785 cm^2"}}]
    assert len({document(samples=e).digest() for e in entries}) == 3


def test_the_digest_does_not_depend_on_the_place_of_the_file(tmp_path):
    (tmp_path / "sub").mkdir()
    study = document(measurements=[{"path": "a.txt"}])
    for folder in (tmp_path, tmp_path / "sub"):
        save_document(study, folder / "s.toml")
    assert load_document(tmp_path / "s.toml").digest() == load_document(tmp_path / "sub" / "s.toml").digest()


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"samples": {"s1": {"diametr": "1 mm"}}}, "samples.s1.diametr: unknown field. Did you mean 'diameter'?"),
        ({"measurments": []}, "measurments: unknown field. Did you mean 'measurements'?"),  # codespell:ignore measurments
        ({"cells": {"c": {"layers": [{"materail": "Li"}, {"material": "LLZTO"}]}}},  # codespell:ignore materail
         "cells.c.layers.0.material: missing."),
        ({"samples": {"s1": {"area": "0.2 V"}}}, "samples.s1.area = '0.2 V': expected a quantity like '1 cm^2'"),
        ({"samples": {"s1": {"area": "0.2"}}}, "samples.s1.area = '0.2': the unit is missing."),
        ({"samples": {"s1": {"area": 0.785}}}, "samples.s1.area = 0.785: the unit is missing. Write for example '1 cm^2'."),
        ({"samples": {"s1": {"area": True}}}, "samples.s1.area = True: expected text with a unit"),
        ({"samples": {"s1": {"temperature": "-273.15 degC"}}},
         "samples.s1.temperature = '-273.15 degC': expected more than 0 K."),
        ({"samples": {"s1": {"thickness": "0 mm"}}}, "samples.s1.thickness = '0 mm': expected more than 0 mm."),
        ({"samples": {"s1": {"pressure": "-1 MPa"}}}, "samples.s1.pressure = '-1 MPa': expected at least 0 MPa."),
        ({"samples": {"s1": {"area": "1 cm^2", "diameter": "5 mm"}}}, "samples.s1 = area and diameter disagree"),
        ({"samples": {"s1": {"interfaces": 5}}}, "samples.s1.interfaces = 5: input should be 1 or 2."),
        ({"samples": {"s1": {"anode": "10ko"}}, "recipes": {"10kco": {}}},
         "samples.s1.anode = '10ko': no such recipe. Did you mean '10kco'?"),
        ({"samples": 3}, "samples = 3: expected a table."),
        ({"title": 3}, "title = 3: expected text."),
        ({"recipes": {"r": {"mass_fraction": 10}}}, "recipes.r.mass_fraction = '10': expected a mass fraction below 1"),
        ({"recipes": {"r": {"mass_fraction": 10**400}}}, "recipes.r.mass_fraction = 1000"),
        ({"recipes": {"r": {"mass_fraction": "-1 %"}}}, "recipes.r.mass_fraction = '-1 %': expected at least 0 %."),
        ({"measurements": [{"path": "x"}, {"sample": "a"}]}, "measurements.1.path: missing. Add it to the document."),
        ({"samples": {"pellet-1": {}}, "measurements": [{"path": "x", "sample": "pelet-1"}]},
         "measurements.0.sample = 'pelet-1': no such sample in the register. Did you mean 'pellet-1'?"),
        ({"procedures": {"p": {"steps": ["Rest for 1 h", "Rest for 3 V"]}}},
         "procedures.p.steps.1 = 'Rest for 3 V': '3 V': expected a quantity like '30 min', got the unit 'V'."),
        ({"procedures": {"p": {"steps": []}}}, "procedures.p.steps = []: tuple should have at least 1 item"),
        ({"schema": "garnetlab/2"}, "schema = 'garnetlab/2': expected 'garnetlab/1'."),
        ({"schema": None}, "schema = None: expected 'garnetlab/1'. Write  schema = \"garnetlab/1\"  in the first line."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_path(entries, message):
    with pytest.raises(InvalidInput) as caught:
        document(**entries)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_a_record_made_in_python_gives_the_same_one_line():
    with pytest.raises(InvalidInput, match=r"^diametr: unknown field. Did you mean 'diameter'\?$"):
        Sample(diametr="1 mm")


def test_in_python_a_plain_number_is_si():
    assert Sample(area=7.85e-5) == Sample(area="0.785 cm^2")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("s.toml", b'schema = "garnetlab/1"\ntitle = \n', ":2: no TOML: "),
        ("s.json", b'{"schema":\n "garnetlab/1",\n}', ":3: no JSON: "),
        ("s.toml", b"\xff\xfe\x00", ": not UTF-8 text. Save the document as UTF-8."),
        ("absent.toml", None, ": No such file or directory. Check the path."),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError) as caught:
        load_document(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}{message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["[1, 2]", "3", '"text"', "null"])
def test_json_that_is_no_object_is_refused(tmp_path, content):
    (tmp_path / "s.json").write_text(content)
    with pytest.raises(ReadError, match="expected an object at the top level"):
        load_document(tmp_path / "s.json")


@pytest.mark.parametrize("name", ["a.b", "", "\x7f", "\n", 'say "x"', "back\\slash", "ключ", "trailing\n"])
def test_any_name_can_be_the_id_of_a_sample(tmp_path, name):
    save_document(document(samples={name: {"note": name}}), tmp_path / "s.toml")
    assert load_document(tmp_path / "s.toml") == document(samples={name: {"note": name}})


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ReadError, match="cannot be written: No such file or directory"):
        save_document(document(), tmp_path / "absent" / "s.toml")


def test_json_nested_without_end_is_refused(tmp_path):
    (tmp_path / "s.json").write_text("[" * 200_000)
    with pytest.raises(ReadError, match="nested too deeply"):
        load_document(tmp_path / "s.json")


def test_a_document_with_a_bom_and_windows_line_ends_is_read(tmp_path):
    (tmp_path / "s.toml").write_bytes(b'\xef\xbb\xbfschema = "garnetlab/1"\r\ntitle = "t"\r\n')
    assert load_document(tmp_path / "s.toml").title == "t"


def test_saving_leaves_the_old_file_whole_when_it_fails(tmp_path):
    save_document(document(title="old"), tmp_path / "s.toml")
    with pytest.raises(InvalidInput, match="expected text that is valid Unicode"):
        save_document(document(title="new \ud800"), tmp_path / "s.toml")
    assert load_document(tmp_path / "s.toml").title == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["s.toml"]


def test_a_saved_document_is_toml_that_people_can_read(tmp_path):
    study = document(samples={"s1": {"area": "78.5 mm^2", "temperature": "25 degC"}}, measurements=[{"path": "a.txt"}])
    save_document(study, tmp_path / "s.toml")
    text = (tmp_path / "s.toml").read_text()
    assert 'area = "0.785 cm^2"' in text
    assert tomllib.loads(text)["measurements"] == [{"path": "a.txt"}]


LI = Layer(material="Li")
KCO = Layer(material="Li", recipe=Recipe(additive="K2CO3", mass_fraction="10 wt%"))
LLZTO = Layer(material="LLZTO", thickness="1 mm")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (LI | LLZTO | LI, "Li|LLZTO|Li"),
        (KCO | LLZTO | KCO, "Li-10KCO|LLZTO|Li-10KCO"),
        (LI | (LLZTO | KCO), "Li|LLZTO|Li-10KCO"),
        ((LI | LLZTO) | (LLZTO | LI), "Li|LLZTO|LLZTO|Li"),
    ],
)
def test_a_cell_prints_as_the_paper_writes_it(cell, text):
    assert str(cell) == text


def test_a_cell_of_equal_anodes_is_symmetric():
    assert (KCO | LLZTO | KCO).symmetric
    assert not (LI | LLZTO | KCO).symmetric


def test_interfaces_lie_between_the_layers():
    with pytest.raises(InvalidInput, match="expected 2, one between each two layers"):
        Cell(layers=(LI, LLZTO, LI), interfaces=(Interface(),))


@pytest.mark.parametrize(("percent", "name"), [("0 %", "Li"), ("1 wt%", "Li-1KCO"), ("15 %", "Li-15KCO")])
def test_a_recipe_has_the_name_of_its_anode(percent, name):
    assert str(Recipe(additive="K2CO3", mass_fraction=percent)) == name


def test_the_footprint_of_a_round_electrode_is_pi_d2_over_4():
    assert Sample(diameter="10 mm").footprint == pytest.approx(0.7853981633974483e-4, rel=1e-15)


@pytest.mark.parametrize(
    ("name", "option"),
    [("area", "--area"), ("area", "--diameter"), ("thickness", "--thickness"), ("temperature", "--temperature")],
)
def test_what_is_missing_is_asked_for_by_entry_and_option(name, option):
    with pytest.raises(MissingInput) as caught:
        require(Sample(), name, sample_id="s1", why="the conductivity")
    assert str(caught.value).startswith(f"samples.s1.{name} = none given: the conductivity needs it.")
    assert option in str(caught.value)


def test_what_is_given_is_returned_in_si():
    assert require(Sample(thickness="2 mm"), "thickness", sample_id="s1", why="it") == 2e-3


def test_samples_of_one_series_are_replicates():
    study = document(samples={"a": {"series": "li"}, "b": {"series": "li"}, "c": {}})
    assert study.replicates() == {"li": ("a", "b"), "c": ("c",)}


def test_numerics_import_no_pydantic():
    code = "import sys; from garnetlab.core import Measurement; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_steps_import_no_pydantic():
    code = "import sys; from garnetlab.core import parse_step; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
