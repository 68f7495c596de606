"""The example folder: simulated, complete, deterministic, and something for every part of the program to find."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from garnetlab.analyse import analyse_impedance, arrhenius
from garnetlab.core import Channel, InvalidInput, load_document
from garnetlab.readers import read
from garnetlab.study import write_example
from garnetlab.study._example import COOLING_GAIN
from garnetlab.study._study import load_study, read_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("example") / "demo"
    write_example(target)
    return target


@pytest.fixture(scope="module")
def truth(folder):
    return json.loads((folder / "truth.json").read_text())["files"]


@pytest.fixture(scope="module")
def results(folder):
    measurements, bad = read_study(load_study(folder))
    assert bad == []
    names = [str(Path(m.source.to_dict()["path"]).relative_to(folder)) for m in measurements]
    return dict(zip(names, analyse_impedance(measurements), strict=True))


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_returned_paths_are_the_files_of_the_folder(tmp_path):
    paths = write_example(tmp_path / "demo")
    assert sorted(paths) == sorted(p for p in (tmp_path / "demo").rglob("*") if p.is_file())


def test_the_folder_holds_four_text_formats(folder):
    # 12 spectra of the pellet, 5 cells each of Li and Li-10KCO, 2 faulty ones
    found = [p.suffix for p in folder.rglob("*") if p.is_file()]
    assert {s: found.count(s) for s in (".mpt", ".DTA", ".z", ".csv")} == {".mpt": 12, ".DTA": 5, ".z": 5, ".csv": 2}


def test_every_file_of_the_document_exists_and_every_data_file_is_in_the_document(folder, truth):
    document = load_document(folder / "study.toml")
    listed = {m.path for m in document.measurements}
    assert listed == set(truth)
    assert listed == {str(p.relative_to(folder)) for p in folder.glob("*/*")}


def test_replicates_are_known_as_such(folder):
    series = load_document(folder / "study.toml").replicates()
    assert {name: len(members) for name, members in series.items() if len(members) > 1} == {"li": 5, "li-10kco": 5}


def test_the_readme_says_that_everything_is_simulated(folder):
    assert "SIMULATED" in (folder / "README.txt").read_text()


def test_every_file_says_that_it_is_simulated_in_its_truth(folder):
    assert json.loads((folder / "truth.json").read_text())["simulated"] is True


def test_one_seed_gives_the_same_bytes(folder, tmp_path):
    write_example(tmp_path / "again")
    assert content(tmp_path / "again") == content(folder)


def test_another_seed_gives_other_spectra_of_the_same_names(folder, tmp_path):
    write_example(tmp_path / "other", seed=1)
    other, first = content(tmp_path / "other"), content(folder)
    assert set(other) == set(first)
    assert {n for n in other if other[n] == first[n]} <= {"README.txt", "interface.toml"}


def test_all_files_read_as_81_points_from_1_MHz_to_10_mHz(folder, truth):
    for name in truth:
        (spectrum,) = read(folder / name)
        frequency = spectrum[Channel.FREQUENCY]
        assert len(frequency) == 81
        assert frequency.max() == pytest.approx(1e6, rel=1e-6)
        assert frequency.min() == pytest.approx(1e-2, rel=1e-6)


def test_resistances_of_sound_cells_come_back(results, truth):
    # the overlap of the arcs costs up to 3.2 % of the smallest ASR and 1.2 % of the others (20 seeds, see the ledger)
    for name, known in truth.items():
        if name.startswith("cells") and "fault" not in known:
            for quantity, key in (
                ("electrolyte_resistance", "electrolyte_resistance_ohm"),
                ("interface_resistance", "interface_resistance_ohm_cm2"),
            ):
                found = results[name][quantity]
                assert found.field_value == pytest.approx(known[key], rel=0.05), (name, quantity)


def test_sound_spectra_are_not_flagged(results, truth):
    flagged = [n for n, known in truth.items() if "fault" not in known and not results[n].outcome.good]
    # false alarms are allowed for 5 % of spectra: of 22, more than 4 have a probability of 0.5 %
    assert len(flagged) <= 4


def test_the_drifting_spectrum_is_flagged(results):
    assert results["cells/li-10kco_drift.csv"].details["validity"]["drift"]


def test_the_drifting_arc_has_grown_by_15_percent(folder, truth):
    # at the lowest frequencies the sweep is nearly over: the real part is larger by 0.15 x the arc than without drift,
    # less what the Warburg element hides; compared with the twin that has the same specimen and a bad point elsewhere
    drifting, steady = (read(folder / f"cells/li-10kco_{k}.csv")[0] for k in ("drift", "outlier"))
    change = (drifting[Channel.IMPEDANCE].real - steady[Channel.IMPEDANCE].real)[-1]
    arc = truth["cells/li-10kco_drift.csv"]["interface_arc_resistance_ohm"]
    # two draws of 0.3 % of 341 ohm each: 1.5 ohm, four times that around 12.4 ohm
    assert abs(change - 0.15 * arc) < 6.0


def test_the_spectrum_with_a_bad_point_is_flagged(results):
    assert results["cells/li-10kco_outlier.csv"].details["validity"]["outlier"]


def test_activation_energies_of_both_branches_come_back(results):
    for branch in ("heating", "cooling"):
        series = [r for n, r in results.items() if f"_{branch}_" in n]
        found = arrhenius(series)["activation_energy_total"]
        assert found.field_value == pytest.approx(0.37, rel=0.005)  # largest error over 20 seeds: 0.2 %


def test_the_cooling_branch_conducts_better(truth):
    hot, cold = (truth[f"pellet/llzto_{b}_50degC.mpt"]["ionic_conductivity_S_per_cm"] for b in ("heating", "cooling"))
    assert cold / hot == pytest.approx(COOLING_GAIN, rel=1e-12)


def test_replicates_scatter(truth):
    # five draws of 8 %: a spread below 1 % or above 25 % has a probability below 1e-3 (chi squared, 4 degrees)
    values = [v["interface_resistance_ohm_cm2"] for n, v in truth.items() if n.startswith("cells/li_")]
    assert 0.01 < np.std(values, ddof=1) / np.mean(values) < 0.25


def test_an_existing_folder_with_files_is_refused_and_kept(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InvalidInput, match=r"holds 1 entries, expected a new or empty folder\. Choose another name"):
        write_example(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "taken").write_text("keep")
    with pytest.raises(InvalidInput, match="is a file"):
        write_example(tmp_path / "taken")


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "empty").mkdir()
    write_example(tmp_path / "empty")
    assert (tmp_path / "empty" / "study.toml").is_file()


def test_nothing_is_left_when_writing_fails(tmp_path, monkeypatch):
    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("garnetlab.study._example._write_texts", fail)
    with pytest.raises(InvalidInput, match="No space left"):
        write_example(tmp_path / "demo")
    assert list(tmp_path.iterdir()) == []
