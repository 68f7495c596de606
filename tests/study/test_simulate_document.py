"""Interfaces of a document: their maps, what the solver is given, and what cannot be made."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from garnetlab import units
from garnetlab.core import Channel, InterfaceEntry, InvalidInput, ReadError, StudyDocument, save_document
from garnetlab.physics.contact import random_contact, rough_contact, rough_surface
from garnetlab.simulate import interface_impedance, solve_interface
from garnetlab.study import simulate_document
from garnetlab.study._interface import contact_maps

SLAB = {"thickness": 1e-4, "conductivity": 0.052, "charge_transfer_resistance": 4e-5}
RANDOM = {"random": {"fraction": 0.3, "correlation_length": "5 um", "seed": 1}}
DISC = {"discs": {"radius": "20 um"}}


def interface(**changes: object) -> InterfaceEntry:
    """Return a patchy interface on 16 x 16 pixels, with entries changed, or left out where the new value is None."""
    entry = {**SLAB, "contact": RANDOM, "period": 1e-4, "pixels": 16, **changes}
    return InterfaceEntry(**{k: v for k, v in entry.items() if v is not None})


def document(folder: Path, **entries: InterfaceEntry) -> Path:
    path = folder / "study.toml"
    save_document(StudyDocument(schema="garnetlab/1", interfaces=entries), path)
    return path


def one(folder: Path, **changes: object):
    """Return the only interface of a document with one."""
    found = simulate_document(document(folder, a=interface(**changes)), "interface")
    assert found.errors == ()
    (item,) = found.interfaces
    return item


def picture(path: Path, rows: int = 20, columns: int = 30) -> np.ndarray:
    """Write an image whose left third is bright and return what is bright."""
    bright = np.zeros((rows, columns), dtype=bool)
    bright[:, : columns // 3] = True
    cv2.imwrite(str(path), np.where(bright, 255, 0).astype(np.uint8))
    return bright


# maps -----------------------------------------------------------------------------------------------------------------
def test_the_random_map_of_problem_P1_gives_its_resistance(tmp_path):
    item = one(tmp_path, pixels=64)
    low, high = item.result.asr_bounds
    # 21.7310 ohm cm^2 is the contract's value of this map refined exactly; the bounds must hold it
    assert low <= 21.7310 * units.ohm_cm2 <= high


def test_a_random_map_is_that_of_the_generator():
    expected = random_contact((16, 16), fraction=0.3, period=1e-4, correlation_length=5e-6, rng=1)
    first, second = contact_maps("a", interface(), Path())
    assert second is None
    assert np.array_equal(first.contact, expected)


def test_a_rough_map_is_that_of_the_generator():
    shape = {"hurst": 0.8, "roll_off": 3e5, "cut_off": 5e5}
    load = {"pressure": 1e6, "effective_modulus": 8.7e9, "hardness": 2.3e6}
    heights = rough_surface((16, 16), period=1e-4, rms_slope=0.1, rng=3, **shape)
    expected = rough_contact(heights, period=1e-4, **load)
    contact = {"rough": {**shape, **load, "rms_slope": 0.1, "seed": 3}}
    assert np.array_equal(contact_maps("a", interface(contact=contact), Path())[0].contact, expected)


@pytest.mark.parametrize(
    ("discs", "pixels", "rows", "count"),
    [
        ({}, 32, 32, 1),
        ({}, 32, 48, 1),
        ({"columns": 2}, 32, 32, 4),
        ({"columns": 2, "lattice": "hexagonal"}, 97, 168, 8),
    ],
)
def test_discs_have_their_exact_area_and_nothing_around_them(discs, pixels, rows, count):
    contact = {"discs": {"radius": "10 um", **discs}}
    found = contact_maps("a", interface(contact=contact, pixels=pixels, rows=rows), Path())[0].contact
    pixel = 1e-4 / pixels
    # the areas of pixels are exact; 1e-9 is for rounding over some thousands of them
    assert found.sum() * pixel**2 == pytest.approx(count * np.pi * 1e-10, rel=1e-9)
    assert found[found > 0].min() > 1e-12


def test_an_image_is_taken_relative_to_the_document_and_its_scale_gives_the_period(tmp_path):
    bright = picture(tmp_path / "map.png")
    entry = interface(contact={"image": {"path": "map.png", "scale": "2 um"}}, period=None, pixels=None)
    found = contact_maps("a", entry, tmp_path)[0]
    assert np.array_equal(found.contact, bright)
    assert found.period == pytest.approx(60e-6, rel=1e-12)


def test_an_image_is_resampled_to_the_pixels_asked_for(tmp_path):
    bright = picture(tmp_path / "map.png")
    dark = {"image": {"path": "map.png", "contact": "dark"}}
    found = contact_maps("a", interface(contact=dark, pixels=15), tmp_path)[0].contact
    assert found.shape == (10, 15)
    assert found.mean() == pytest.approx(1.0 - bright.mean(), rel=1e-12)


def test_a_full_face_takes_the_pixels_of_the_image_opposite(tmp_path):
    picture(tmp_path / "map.png")
    second = {"contact": {"image": {"path": "map.png"}}}
    faces = contact_maps("a", interface(contact={"full": True}, pixels=None, second=second), tmp_path)
    assert [f.contact.shape for f in faces if f is not None] == [(20, 30), (20, 30)]
    assert faces[0].contact.all()


def test_faces_that_do_not_fit_on_each_other_are_refused(tmp_path):
    picture(tmp_path / "map.png")
    second = {"contact": {"image": {"path": "map.png", "scale": "1 um"}}}
    with pytest.raises(InvalidInput, match=r"^interfaces\.a\.second\.contact: a map of 11 x 16 pixels, 30 um wide"):
        contact_maps("a", interface(second=second), tmp_path)


# solves ---------------------------------------------------------------------------------------------------------------
def test_the_solver_is_given_every_entry(tmp_path):
    second = {"contact": DISC, "exchange_current_density": 20.0, "film_resistance": 3e-5}
    item = one(
        tmp_path, charge_transfer_resistance=None, exchange_current_density=10.0, temperature=330.0, symmetry=0.4,
        film_resistance=2e-5, second=second, voltage=0.3, mirror=True, tolerance=1e-10,
    )  # fmt: skip
    first, other = contact_maps("a", interface(second={"contact": DISC}), Path())
    assert other is not None
    expected = solve_interface(
        first.contact, period=1e-4, thickness=1e-4, conductivity=0.052, exchange_current_density=10.0, temperature=330.0,
        symmetry=0.4, film_resistance=2e-5, second_contact=other.contact, second_exchange_current_density=20.0,
        second_film_resistance=3e-5, voltage=0.3, mirror=True, tolerance=1e-10,
    )  # fmt: skip
    assert item.result.asr == expected.asr
    assert np.array_equal(item.result.current_density, expected.current_density)
    assert item.result.details["kinetics"] == "Butler-Volmer"


def test_the_impedance_is_given_every_entry(tmp_path):
    sweep = {
        "area": 1e-4, "high": 1e5, "low": 1e2, "points_per_decade": 2, "double_layer_capacitance": 0.05, "gap": 1e-8,
        "permittivity": 100.0, "grain_boundary_share": 0.4, "grain_boundary_time": 1e-5, "grain_boundary_exponent": 0.9,
    }  # fmt: skip
    item = one(tmp_path, impedance=sweep, film_resistance=1e-5, mirror=True)
    first, _ = contact_maps("a", interface(), Path())
    vacuum = 8.8541878188e-12  # F/m, CODATA 2022
    expected = interface_impedance(
        first.contact, frequencies=np.logspace(5, 2, 7), area=1e-4, period=1e-4, **SLAB, double_layer_capacitance=0.05,
        gap_capacitance=vacuum / 1e-8, permittivity=100.0 * vacuum, grain_boundary_share=0.4, grain_boundary_time=1e-5,
        grain_boundary_exponent=0.9, film_resistance=1e-5, mirror=True,
    )  # fmt: skip
    assert item.spectrum is not None
    # both are the same call; 1e-9 lets the frequencies differ by rounding
    assert item.spectrum[Channel.IMPEDANCE] == pytest.approx(expected[Channel.IMPEDANCE], rel=1e-9)
    assert item.spectrum.metadata["sample"] == "a"


def test_the_impedance_of_butler_volmer_kinetics_is_that_at_equilibrium(tmp_path):
    law = {"charge_transfer_resistance": None, "exchange_current_density": 10.0, "temperature": 300.0, "voltage": 0.5}
    sweep = {"area": 1e-4, "high": 1.0, "low": 0.1, "points_per_decade": 1}
    item = one(tmp_path, contact={"full": True}, impedance=sweep, **law)
    expected = (1e-4 / 0.052 + units.R * 300.0 / (units.F * 10.0)) / 1e-4  # slab and RT/(F j0) in series, by hand
    assert item.spectrum is not None
    # a full face has no constriction and no capacitance is given: one number at every frequency, to the tolerance 1e-8
    assert item.spectrum[Channel.IMPEDANCE] == pytest.approx(expected, rel=1e-8)
    assert any("equilibrium" in text for text in item.result.warnings)


def test_strong_currents_have_finite_bounds_too(tmp_path):
    law = {"charge_transfer_resistance": None, "exchange_current_density": 10.0, "temperature": 298.15}
    item = one(tmp_path, contact=DISC, current_density=1e4, **law)
    asr = item.result.quantities["asr"]
    low, high = asr.interval
    assert 0 < low <= asr.value <= high < np.inf


def test_a_solve_that_does_not_converge_is_an_outcome_with_advice(tmp_path, monkeypatch):
    monkeypatch.setattr("garnetlab.physics.interface._LIMIT", 1)
    found = simulate_document(document(tmp_path, a=interface(impedance={"area": 1e-4})), "interface")
    (item,) = found.interfaces
    assert item.result.outcome.label == "not_converged"
    assert item.result.quantities == {}
    assert item.spectrum is None
    assert found.bad == 1
    assert found.advice[0][1].startswith("interfaces.a: The solver did not reach its tolerance.")


def test_an_impedance_that_does_not_converge_leaves_the_result(tmp_path, monkeypatch):
    monkeypatch.setattr("garnetlab.physics.interface_impedance._LIMIT", 1)
    found = simulate_document(document(tmp_path, a=interface(impedance={"area": 1e-4, "gap": 1e-8})), "interface")
    (item,) = found.interfaces
    assert item.result.outcome.good
    assert item.spectrum is None
    assert [m.split(" The")[0] for _, m in found.errors] == ["interfaces.a.impedance:"]


def test_one_bad_interface_leaves_the_others(tmp_path):
    gone = {"image": {"path": "gone.png"}}
    found = simulate_document(document(tmp_path, good=interface(), bad=interface(contact=gone)), "interface")
    assert [item.name for item in found.interfaces] == ["good"]
    ((file, message),) = found.errors
    assert file.endswith("study.toml")
    assert (
        message == f"interfaces.bad.contact.image: {tmp_path / 'gone.png'}: No such file or directory. Check the path."
    )


def test_only_the_named_interfaces_are_simulated_and_progress_is_told(tmp_path):
    told: list[tuple[int, int]] = []
    path = document(tmp_path, a=interface(), b=interface(), c=interface())
    found = simulate_document(path, "interface", names=["c", "a", "c"], progress=lambda *step: told.append(step))
    assert [item.name for item in found.interfaces] == ["c", "a"]
    assert told == [(1, 2), (2, 2)]


def test_the_source_is_the_document_with_its_digest_and_the_image(tmp_path):
    picture(tmp_path / "map.png")
    item = one(tmp_path, contact={"image": {"path": "map.png"}}, pixels=None)
    document_source, image_source = item.result.sources
    assert document_source["part"] == "a"
    assert len(str(document_source["digest"])) == 64
    assert Path(str(image_source["path"])).name == "map.png"


@pytest.mark.parametrize(
    ("kind", "names", "message"),
    [
        ("interfaces", (), "kind = 'interfaces': not known. Did you mean 'interface'? Known: interface, ccd, cycling"),
        ("interface", ("b",), "name = 'b': no such interface"),
    ],
)
def test_what_is_not_known_is_refused(tmp_path, kind, names, message):
    with pytest.raises(InvalidInput) as caught:
        simulate_document(document(tmp_path, a=interface()), kind, names=names)
    assert str(caught.value).startswith(message)


def test_a_document_without_interfaces_is_refused(tmp_path):
    with pytest.raises(
        InvalidInput, match=r"^interfaces = none in .*: expected at least one table \[interfaces\.NAME\]"
    ):
        simulate_document(document(tmp_path), "interface")


def test_a_document_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ReadError, match=r"gone\.toml: No such file or directory"):
        simulate_document(tmp_path / "gone.toml", "interface")
