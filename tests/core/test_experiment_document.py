"""Virtual experiments and models in a document: what is read, what is run, round trips, refusals with the entry's path."""

from __future__ import annotations

import dataclasses
import math

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garnetlab import units
from garnetlab.core import (
    AbuseEntry,
    Cell,
    CyclingEntry,
    ExperimentEntry,
    ImpedanceStep,
    InvalidInput,
    LadderEntry,
    Layer,
    ModelEntry,
    PlatingEntry,
    PolarisationEntry,
    Procedure,
    StudyDocument,
    SweepEntry,
    TafelEntry,
    ccd_ladder,
    json_schema,
    load_document,
    parse_document,
    save_document,
)
from garnetlab.simulate._face_model import FaceModel

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
CELL = {"layers": [{"material": "Li"}, {"material": "LLZTO", "thickness": "1 mm"}, {"material": "Li"}]}
LADDER = {"start": "0.1 mA/cm2", "step": "0.1 mA/cm2", "stop": "0.5 mA/cm2", "half_cycle_time": "30 min"}
HALF = {"half_cycle_time": "30 min"}


def document(experiment: dict[str, object], **tables: object) -> StudyDocument:
    data = {"schema": "garnetlab/1", "cells": {"s": CELL}, "experiments": {"a": {"cell": "s", **experiment}}, **tables}
    return parse_document(data)


def parsed(**experiment: object) -> ExperimentEntry:
    return document(experiment).experiments["a"]


def refusal(**experiment: object) -> str:
    with pytest.raises(InvalidInput) as caught:
        document(experiment)
    assert "\n" not in str(caught.value)
    return str(caught.value)


CURRENTS = st.floats(1e-3, 100.0)
SPANS = st.floats(1.0, 1e6)
HALVES = st.one_of(
    SPANS.map(lambda t: {"half_cycle_time": t}), st.floats(1.0, 1e5).map(lambda q: {"half_cycle_capacity": q})
)
TESTS = st.one_of(
    st.builds(lambda a, b, n, h: {"ladder": LadderEntry(start=a, step=b, stop=a + n * b, **h)}, CURRENTS, CURRENTS,
              st.integers(0, 9), HALVES),
    st.builds(lambda j, n, h: {"cycling": CyclingEntry(current_density=j, cycles=n, **h)}, CURRENTS,
              st.integers(1, 10**6), HALVES),
    st.builds(lambda j, t: {"plating": PlatingEntry(current_density=j, duration=t)}, CURRENTS, SPANS),
    st.builds(lambda j, t, h: {"abuse": AbuseEntry(current_density=j, voltage=2.0, longest=t, **h)}, CURRENTS, SPANS,
              HALVES),
    st.builds(lambda a, r: {"tafel": TafelEntry(start=-a, stop=a, rate=r)}, st.floats(0.01, 1.0), st.floats(1e-5, 1.0)),
    st.builds(lambda t: {"polarisation": PolarisationEntry(voltage=-1.0, duration=t)}, SPANS),
    st.just({"steps": ("Rest for 1 h", "Repeat 2 times")}),
    st.just({"impedance": SweepEntry()}),
)  # fmt: skip
EXPERIMENTS = st.builds(
    lambda test, **rest: ExperimentEntry(cell="s", **rest, **test), TESTS,
    level=st.sampled_from(["mean-field", "population", "resolved"]), noise=st.just(0.0) | st.floats(1e-9, 0.1),
    seed=st.integers(0, 2**40), temperature=st.none() | st.floats(200.0, 400.0), period=st.none() | SPANS,
    right_model=st.none() | st.just("other"),
)  # fmt: skip
MODELS = st.builds(
    ModelEntry, base=st.sampled_from(["peng2025", "m"]), initial_contact=st.none() | st.floats(1e-3, 1.0),
    supply_activation_energy=st.none() | st.floats(1e-22, 1e-18), height=st.none() | st.floats(1e-9, 1e-3),
    exchange_current_density=st.none() | CURRENTS, pressure=st.none() | st.just(0.0) | st.floats(1e3, 1e8),
    surface_energy=st.none() | st.just(0.0), double_layer_capacitance=st.none() | st.floats(1e-6, 10.0),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(EXPERIMENTS, MODELS)
def test_an_experiment_written_and_read_again_is_equal_and_satisfies_the_schema(tmp_path_factory, experiment, model):
    cell = Cell(layers=(Layer(material="Li"), Layer(material="Li")))
    before = StudyDocument(schema="garnetlab/1", cells={"s": cell}, experiments={"a": experiment}, models={"m": model})
    VALIDATOR.validate(before.to_dict())
    path = tmp_path_factory.mktemp("experiment") / "a.toml"
    save_document(before, path)
    again = load_document(path)
    assert again == before
    assert again.digest() == before.digest()


def test_a_ladder_in_a_document_is_the_ladder_of_the_builder():
    found = parsed(ladder=LADDER, temperature="60 degC")
    built = ccd_ladder(start=1.0, step=1.0, stop=5.0, half_cycle_time=1800.0, temperature=333.15)
    assert found.build({}) == built
    assert found.kind == "ccd"


@pytest.mark.parametrize(
    ("test", "kind", "first"),
    [
        (
            {"cycling": {"current_density": "0.2 mA/cm2", "half_cycle_capacity": "0.1 mAh/cm2", "duration": "4500 h"}},
            "cycling",
            "Plate at 0.2 mA/cm^2 until 0.1 mAh/cm^2",
        ),
        (
            {"plating": {"current_density": "0.1 mA/cm2", "voltage_limit": "5 V"}},
            "plating",
            "Plate at 0.1 mA/cm^2 until 5 V",
        ),
        (
            {"abuse": {"current_density": "0.1 mA/cm2", "voltage": "2 V", "longest": "10 h", **HALF}},
            "abuse",
            "Plate at 0.1 mA/cm^2 for 30 min",
        ),
        (
            {"tafel": {"start": "-200 mV", "stop": "200 mV", "rate": "0.1 mV/s"}},
            "tafel",
            "Sweep from -0.2 V to 0.2 V at 0.1 mV/s",
        ),
        ({"polarisation": {"voltage": "1 V", "duration": "3600 s"}}, "dc", "Hold at 1 V for 1 h"),
        ({"steps": ["rest for 60 s"]}, "steps", "Rest for 1 min"),
        ({"impedance": {}}, "eis", "Impedance from 1 MHz to 10 mHz with 10 mV and 10 points per decade"),
    ],
)
def test_every_kind_of_test_becomes_steps(test, kind, first):
    found = parsed(**test)
    assert found.kind == kind
    assert found.build({}).steps[0] == first


def test_an_impedance_table_asks_for_a_sweep_before_and_after():
    steps = list(parsed(ladder=LADDER, impedance={"low": "1 Hz"}).build({}).expanded())
    assert steps[0] == steps[-1] == ImpedanceStep(1e6, 1.0, 0.01, 10)
    assert len(steps) == 12


def test_a_procedure_of_the_document_is_used_and_its_temperature_unless_another_is_given():
    table = {"p": {"steps": ["Rest for 1 h"], "temperature": "40 degC"}}
    found = document({"procedure": "p"}, procedures=table)
    assert found.experiments["a"].build(found.procedures).temperature == 313.15
    cold = document({"procedure": "p", "temperature": "-10 degC"}, procedures=table)
    assert cold.experiments["a"].build(cold.procedures) == Procedure(steps=("Rest for 1 h",), temperature=263.15)


def test_a_model_gives_only_what_it_changes_in_si():
    model = document({"impedance": {}}, models={"m": {
        "supply": "1 mA/cm2", "supply_activation_energy": "0.4 eV", "height": "1.7 um", "surface_energy": "0 J/m^2",
    }}).models["m"]  # fmt: skip
    assert model.base == "peng2025"
    assert model.overrides() == {
        "supply": 10.0,
        "supply_activation_energy": pytest.approx(0.4 * units.eV, rel=1e-15),
        "height": 1.7e-6,
        "surface_energy": 0.0,
    }


def test_an_energy_per_mole_is_read_too():
    entry = ModelEntry(supply_activation_energy="37 kJ/mol")
    assert entry.supply_activation_energy == pytest.approx(37e3 / units.N_A, rel=1e-15)


def test_the_entries_of_a_model_are_the_parameters_of_a_face_and_what_goes_with_a_document():
    face = {field.name for field in dataclasses.fields(FaceModel)}
    assert set(ModelEntry.model_fields) - face == {"base", "note", "off"}
    assert face - set(ModelEntry.model_fields) == set()


def test_every_entry_of_a_model_is_taken_in_the_unit_of_the_face():
    entry = document({"impedance": {}}, models={"m": {
        "contact_law": "linear", "load_sharing": 0.5, "smoothing": "20 nm", "smallest_radius": "0.3 um",
        "closure": "1e-5 1/s", "creep": False, "particle_fraction": 0.01, "particle_diameter": "1 um",
        "particle_release": 0.1, "critical_overpotential": "50 mV", "lost_share": 0.1, "lithium": "2 mAh/cm2",
        "potential": "1 mV", "film_resistance": "1 ohm cm2", "off": ["supply"],
    }}).models["m"]  # fmt: skip
    expected = {
        "contact_law": "linear", "load_sharing": 0.5, "smoothing": 2e-8, "smallest_radius": 3e-7, "closure": 1e-5,
        "creep": False, "particle_fraction": 0.01, "particle_diameter": 1e-6, "particle_release": 0.1,
        "critical_overpotential": 0.05, "lost_share": 0.1, "lithium": 7.2e4, "potential": 1e-3, "film_resistance": 1e-4,
        "supply": math.inf,
    }  # fmt: skip
    found = entry.overrides()
    assert found.pop("contact_law") == expected.pop("contact_law")
    assert found == pytest.approx(expected, rel=1e-14)  # rounding of a unit
    FaceModel(**{"initial_contact": 1.0, "charge_transfer_resistance": 1e-3, **entry.overrides()})


def test_a_mechanism_is_not_switched_off_and_given():
    with pytest.raises(InvalidInput, match=r"supply is given\. Leave one out"):
        document({"impedance": {}}, models={"m": {"supply": "1 mA/cm2", "off": ["supply"]}})


@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        ({}, "experiments.a = nothing given: expected exactly one of procedure, steps, ladder"),
        ({"ladder": LADDER, "steps": ["Rest for 1 h"]}, "experiments.a = steps and ladder given: expected exactly one"),
        ({"ladder": {**LADDER, "stop": "0.05 mA/cm2"}}, "experiments.a.ladder = stop = 0.5 A/m^2: expected at least"),
        ({"ladder": {**LADDER, "half_cycle_capacity": "1 mAh/cm2"}}, "half_cycle_time and half_cycle_capacity given"),
        ({"ladder": {**LADDER, "stop": 0.5}}, "experiments.a.ladder.stop = 0.5: the unit is missing"),
        ({"cycling": {"current_density": "0.2 mA/cm2", **HALF}}, "expected exactly one of cycles, duration"),
        ({"plating": {"current_density": "0.2 mA/cm2"}}, "expected one of duration, capacity and voltage_limit"),
        ({"tafel": {"start": "0.1 V", "stop": "0.1 V", "rate": "1 mV/s"}}, "expected two different voltages"),
        ({"polarisation": {"voltage": "0 V", "duration": "1 h"}}, "expected a voltage that is not 0"),
        ({"impedance": {"low": "1 GHz"}}, "experiments.a.impedance = high = 1e+06 Hz: expected more than low"),
        ({"steps": ["Plait at 1 mA/cm2 for 1 h"]}, "experiments.a.steps.0 = 'Plait at 1 mA/cm2 for 1 h': 'Plait'"),
        ({"impedance": {}, "cell": "t"}, "experiments.a.cell = 't': no such cell in the document"),
        ({"procedure": "p"}, "experiments.a.procedure = 'p': no such procedure in the document"),
        ({"impedance": {}, "level": "quantum"}, "experiments.a.level = 'quantum'"),
        ({"impedance": {}, "noise": "-1 mV"}, "experiments.a.noise = '-1 mV': expected at least 0 mV"),
        ({"impedance": {}, "ladr": {}}, "experiments.a.ladr: unknown field. Did you mean 'ladder'?"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(experiment, message):
    assert message in refusal(**experiment)


def test_a_model_has_one_law_of_kinetics():
    both = {"charge_transfer_resistance": "30 ohm cm2", "exchange_current_density": "1 mA/cm2"}
    with pytest.raises(InvalidInput, match="expected at most one of charge_transfer_resistance"):
        document({"impedance": {}}, models={"m": both})
