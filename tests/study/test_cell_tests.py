"""Experiments of a document: the cell that is made of it, what is measured on it, and what cannot be made."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from garnetlab import units
from garnetlab.core import Channel, InvalidInput, Kind, parse_document, save_document
from garnetlab.readers import bdf, land, read
from garnetlab.readers.generic_text import write_csv
from garnetlab.study import SampleOptions, analyse_files, simulate_document
from garnetlab.study._cell_tests import cell_of
from garnetlab.study._paper_faces import paper_face, paper_parameters
from garnetlab.study._paper_interface import paper_asr, paper_energy

ASR = {0: 181.6, 1: 89.7, 5: 66.9, 10: 32.5, 15: 59.2, 20: 59.9}  # ohm cm^2, the paper at 25 degC
LADDER = {"start": "0.1 mA/cm2", "step": "0.1 mA/cm2", "stop": "0.3 mA/cm2", "half_cycle_time": "30 min"}
DEAD = {"off": ["supply", "damage_current"], "creep": False}  # contact does not change


def stack(left: str = "Li", right: str | None = None, **cell: object) -> dict[str, object]:
    middle = {"material": "LLZTO", "thickness": "1 mm"}
    return {"layers": [{"material": left}, middle, {"material": right or left}], "area": "0.785 cm^2", **cell}


def document(cell: dict[str, object] | None = None, models: dict | None = None, **experiment: object):
    """Return a document with one cell and one experiment."""
    test = {"ladder": LADDER} if not {"ladder", "tafel", "impedance", "steps"} & set(experiment) else {}
    tables = {"cells": {"c": cell or stack()}, "experiments": {"a": {"cell": "c", **test, **experiment}}}
    return parse_document({"schema": "garnetlab/1", **tables, "models": models or {}})


def run(folder: Path, kind: str, **entries: object):
    """Return the only test of a document with one."""
    path = folder / "cells.toml"
    save_document(document(**entries), path)
    found = simulate_document(path, kind)
    assert found.errors == ()
    (item,) = found.tests
    return item


# faces ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("percent", ASR)
def test_a_face_of_the_paper_has_its_resistance_and_its_contact(percent):
    face = paper_face(percent)
    theta = 0.1 * (32.5 / ASR[percent]) ** paper_parameters().contact_exponent
    assert face.initial_contact == pytest.approx(theta, rel=1e-12)
    asr = face.transfer_resistance(units.celsius(25.0)) / face.initial_contact
    assert asr / units.ohm_cm2 == pytest.approx(ASR[percent], rel=1e-12)
    assert paper_asr(percent).interval is None


def test_the_energy_of_the_interface_is_that_of_the_paper_and_linear_between():
    assert [paper_energy(x) / units.eV for x in (0, 5, 10, 20)] == pytest.approx([0.61, 0.595, 0.58, 0.58], rel=1e-12)


def test_a_composition_between_those_of_the_paper_lies_between_their_resistances_within_its_interval():
    found = paper_asr(7.5)
    assert found.field_value == pytest.approx(math.sqrt(66.9 * 32.5), rel=1e-12)  # the middle of ln ASR, by hand
    low, high = found.field_interval
    assert low < 32.5 < 66.9 < high


def test_the_interval_of_an_interpolated_resistance_holds_each_composition_that_is_left_out():
    # the rate of the bridge is that of leaving one out: each error over its own spread is then of order one, and the
    # mean of their squares is 1 by construction; the interval of t with 4 degrees of freedom is 2.776 spreads
    table = sorted(ASR.items())
    ratios = []
    for k in range(1, len(table) - 1):
        (a, ya), (x, y), (b, yb) = table[k - 1 : k + 2]
        middle = ((b - x) * math.log(ya) + (x - a) * math.log(yb)) / (b - a)
        ratios.append((math.log(y) - middle) / math.sqrt((x - a) * (b - x) / (b - a)))
    rate = np.mean(np.square(ratios))
    low, high = paper_asr(12.5).interval
    assert math.log(high / low) == pytest.approx(2 * 2.7764451 * math.sqrt(rate * 2.5 * 2.5 / 5.0), rel=1e-6)
    assert max(map(abs, ratios)) < 2.776 * math.sqrt(rate)


@pytest.mark.parametrize("percent", [-1.0, 20.5, 60.0, math.nan])
def test_a_composition_outside_the_paper_is_refused(percent):
    with pytest.raises(InvalidInput, match=r"expected 0 to 20 wt%"):
        paper_face(percent)


# cells ----------------------------------------------------------------------------------------------------------------
def test_the_layers_make_the_cell():
    cell, notes = cell_of(document(stack("Li-10KCO", "Li", pressure="5 MPa")), "a")
    assert (cell.area, cell.thickness) == (pytest.approx(0.785e-4), pytest.approx(1e-3))
    assert cell.left.initial_contact == pytest.approx(0.1, rel=1e-12)
    assert cell.right.initial_contact == paper_face(0).initial_contact
    assert cell.left.pressure == cell.right.pressure == 5e6
    assert notes == ()


def test_a_recipe_of_the_document_or_of_the_layer_makes_the_anode():
    data = {"schema": "garnetlab/1", "recipes": {"batch": {"additive": "K2CO3", "mass_fraction": "5 wt%"}},
            "cells": {"c": stack("batch")}, "experiments": {"a": {"cell": "c", "ladder": LADDER}}}  # fmt: skip
    assert cell_of(parse_document(data), "a")[0].left == paper_face(5)
    own = {"material": "anode", "recipe": {"additive": "K2CO3", "mass_fraction": "15 wt%"}}
    layers = [own, {"material": "LLZTO", "thickness": "1 mm"}, own]
    assert cell_of(document({"layers": layers, "area": "1 cm^2"}), "a")[0].right == paper_face(15)


def test_an_interpolated_composition_says_so_with_its_interval():
    (note,) = cell_of(document(stack("Li-7.5KCO")), "a")[1]
    assert "no 7.5 wt% K2CO3: ASR 46.6 ohm cm^2 is interpolated (95 % 14.9 to 146)" in note


def test_a_measured_resistance_and_contact_take_the_place_of_the_papers():
    interfaces = [{"resistance": "50 ohm cm^2"}, {"contact_fraction": 0.3}]
    cell, _ = cell_of(document(stack(interfaces=interfaces)), "a")
    room = units.celsius(25.0)
    assert cell.left.transfer_resistance(room) / cell.left.initial_contact == pytest.approx(50e-4, rel=1e-12)
    theta = 0.1 * (32.5 / 50.0) ** paper_parameters().contact_exponent
    assert cell.left.initial_contact == pytest.approx(theta, rel=1e-12)
    assert cell.right.initial_contact == 0.3
    assert cell.right.transfer_resistance(room) / 0.3 == pytest.approx(181.6e-4, rel=1e-12)


def test_an_anode_outside_the_paper_needs_its_resistance_and_says_whose_mechanisms_it_has():
    alloy = {"material": "alloy", "recipe": {"additive": "Sn", "mass_fraction": "30 wt%"}}
    layers = [alloy, {"material": "LLZTO", "thickness": "1 mm"}, alloy]
    with pytest.raises(InvalidInput, match=r"additive = 'Sn': no model for it\. Give the interface's resistance"):
        cell_of(document({"layers": layers, "area": "1 cm^2"}), "a")
    given = [{"resistance": "1e-6 ohm cm^2"}] * 2
    cell, notes = cell_of(document({"layers": layers, "area": "1 cm^2", "interfaces": given}), "a")
    assert cell.left.initial_contact == 1.0  # far less resistance than Li-10KCO: the whole face, not more
    assert any("mechanisms are those of lithium" in note for note in notes)


def test_models_change_what_they_name_and_start_from_each_other():
    models = {
        "first": {"height": "1 um", "exchange_current_density": "1 mA/cm2", "pressure": "3 MPa"},
        "second": {"base": "first", "height": "2 um", "charge_transfer_resistance": "5 ohm cm2", **DEAD},
    }
    cell, _ = cell_of(document(models=models, model="first", right_model="second"), "a")
    assert (cell.left.height, cell.left.exchange_current_density, cell.left.pressure) == (1e-6, 10.0, 3e6)
    assert (cell.right.height, cell.right.exchange_current_density, cell.right.pressure) == (2e-6, None, 3e6)
    assert cell.right.charge_transfer_resistance == pytest.approx(5e-4)
    assert cell.right.supply == cell.right.damage_current == math.inf
    assert cell.right.creep is False
    assert cell.left.damage_current == paper_face(0).damage_current


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"cell": stack("Lithium")}, "material = 'Lithium': expected an electrode: Li, a name like Li-10KCO"),
        ({"cell": stack("Li-30KCO")}, "K2CO3 = 30 wt%: expected 0 to 20 wt%"),
        ({"cell": {"layers": [{"material": "Li"}, {"material": "Li"}], "area": "1 cm2"}}, "cells.c.layers = Li|Li: "),
        ({"cell": {**stack(), "area": None}}, "cells.c.area: missing. Add it"),
        ({"cell": stack(interfaces=[{"resistance": "0 ohm cm2"}, {}])}, "expected more than 0"),
        ({"model": "peng2026"}, "model = 'peng2026': not known. Did you mean 'peng2025'? Known: peng2025."),
        ({"model": "x", "models": {"x": {"base": "y"}, "y": {"base": "x"}}}, "starts from itself (x from y from x)"),
        ({"level": "resolved"}, "level = 'resolved': expected 'mean-field'"),
        (
            {"cell": stack(interfaces=[{"contact_fraction": 0.5}, {}]), "model": "x", "models": {"x": {"initial_contact": 0.4}}},
            "interfaces.contact_fraction given and initial_contact of model 'x'",
        ),
    ],
)  # fmt: skip
def test_what_no_cell_can_be_made_of_is_refused(entries, message):
    cell = entries.get("cell")
    if cell is not None:
        entries = {**entries, "cell": {k: v for k, v in cell.items() if v is not None}}
    with pytest.raises(InvalidInput) as caught:
        cell_of(document(**entries), "a")
    assert message in str(caught.value)


# tests ----------------------------------------------------------------------------------------------------------------
def test_a_ladder_names_experiment_document_and_what_it_found(tmp_path):
    item = run(tmp_path, "ccd", noise="0.1 mV", seed=3)
    assert item.result["critical_current_density_survived"].field_value == pytest.approx(0.3, rel=1e-12)
    assert item.result["duration"].field_value == pytest.approx(3.0, rel=1e-12)
    assert item.result.details["experiment"] == "a"
    assert item.result.sources[0]["part"] == "a"
    assert len(str(item.result.sources[0]["digest"])) == 64
    assert item.title == "a: Li|LLZTO|Li, 25 °C"


def test_the_temperature_is_that_of_the_experiment_else_of_the_cell(tmp_path):
    warm = run(tmp_path, "ccd", cell=stack(temperature="60 degC"))
    assert set(warm.test.record[Channel.TEMPERATURE]) == {333.15}
    cold = run(tmp_path, "ccd", cell=stack(temperature="60 degC"), temperature="-10 degC")
    assert set(cold.test.record[Channel.TEMPERATURE]) == {263.15}


def test_the_same_seed_gives_the_same_record_and_another_gives_another(tmp_path):
    voltages = [run(tmp_path, "ccd", noise="1 mV", seed=s).test.record[Channel.VOLTAGE] for s in (1, 1, 2)]
    assert np.array_equal(voltages[0], voltages[1])
    assert not np.array_equal(voltages[0], voltages[2])


def test_one_bad_experiment_leaves_the_others(tmp_path):
    good = document().model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    good["schema"] = "garnetlab/1"
    good["cells"]["bad"] = stack("Lithium")
    good["experiments"]["b"] = {"cell": "bad", "ladder": LADDER}
    save_document(parse_document(good), tmp_path / "cells.toml")
    told: list[tuple[int, int]] = []
    found = simulate_document(tmp_path / "cells.toml", "ccd", progress=lambda *step: told.append(step))
    assert [item.name for item in found.tests] == ["a"]
    ((_, message),) = found.errors
    assert message.startswith("experiments.b: material = 'Lithium': expected an electrode")
    assert told == sorted(told)
    assert told[-1] == (2000, 2000)


@pytest.mark.parametrize(
    ("kind", "names", "message"),
    [
        ("cycling", (), "kind = 'cycling': no such experiment in"),
        ("ccd", ("b",), "name = 'b': no such experiment in"),
        ("cdd", (), "kind = 'cdd': not known. Did you mean 'ccd'?"),
    ],
)
def test_what_is_not_in_the_document_is_refused(tmp_path, kind, names, message):
    save_document(document(), tmp_path / "cells.toml")
    with pytest.raises(InvalidInput) as caught:
        simulate_document(tmp_path / "cells.toml", kind, names=names)
    assert str(caught.value).startswith(message)


# round trips ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("write", [bdf.write_bdf, land.write_land])
def test_a_record_written_as_a_cycler_writes_it_is_read_back_equal(tmp_path, write):
    record = run(tmp_path, "ccd", noise="0.1 mV").test.record
    (again,) = read(write(record, tmp_path / "record.csv"))
    assert again.kind is Kind.CYCLING
    # BDF keeps 9 digits of voltage and current; LAND 1 us of time rounded to 1 ms, 1 uV, 1 pA, 1 uK: half of the last
    limits = {Channel.TIME: 5e-4, Channel.VOLTAGE: 5e-7, Channel.CURRENT: 5e-12, Channel.TEMPERATURE: 5e-7}
    for channel, limit in limits.items():
        assert np.abs(again[channel] - record[channel]).max() <= 1.01 * limit, channel
    for channel in (Channel.CYCLE, Channel.STEP):
        assert np.array_equal(again[channel], record[channel])


def test_the_interface_resistance_of_simulated_spectra_is_found_within_its_interval(tmp_path):
    options = SampleOptions(area=0.785e-4, thickness=1e-3, temperature=298.15, electrodes="symmetric")
    paths = []
    for seed in range(8):
        item = run(tmp_path, "eis", cell=stack("Li-10KCO"), impedance={"low": "1 Hz"}, seed=seed)
        paths.append(write_csv(item.test.spectra[0], tmp_path / f"s{seed}.csv"))
    intervals = [r["interface_resistance"].field_interval for r in analyse_files(paths, options=options).results]
    # of 8 intervals of 95 % fewer than 6 hold with a probability of 0.6 %
    assert sum(low <= 32.5 <= high for low, high in intervals) >= 6


def test_the_exchange_current_of_a_simulated_sweep_is_found_through_the_file_of_a_cycler(tmp_path):
    models = {"dead": DEAD}
    item = run(
        tmp_path, "tafel", cell=stack("Li-10KCO"), models=models, model="dead", noise="0.1 mV",
        tafel={"start": "-300 mV", "stop": "300 mV", "rate": "1 mV/s"},
    )  # fmt: skip
    expected = units.R * 298.15 / (units.F * 32.5e-4)  # RT/(F ASR), by hand
    path = bdf.write_bdf(item.test.record, tmp_path / "sweep.csv")
    (result,) = analyse_files([path], analysis="tafel", options=SampleOptions(area=0.785e-4)).results
    low, high = result["exchange_current_density"].interval
    assert low <= expected <= high
    assert item.tafel is not None
    # the file rounds voltages to nine digits, far below their noise
    assert result["exchange_current_density"].value == pytest.approx(
        item.tafel["exchange_current_density"].value, rel=1e-4
    )
