"""Exchange currents from sweeps of the voltage: exact data, coverage, what cannot be told apart, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from garnetlab import units
from garnetlab.analyse import analyse_tafel
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, MissingInput, Outcome, SimulationSource
from garnetlab.physics.kinetics import butler_volmer_overpotential
from garnetlab.readers import read
from garnetlab.simulate import Noise, simulate_eis
from garnetlab.units import Quantity

AREA, KELVIN, EXCHANGE, SLAB = 0.785e-4, 298.15, 8.0, 0.019


def sweep(
    *, noise: float = 0.0, seed: int = 0, largest: float = 15.0, interfaces: int = 2, symmetry: float = 0.5, **metadata
) -> Measurement:
    """Return a sweep of a cell with known exchange current [A/m^2] and resistance [ohm m^2]."""
    current = np.linspace(-largest, largest, 201)
    law = {"exchange": EXCHANGE, "temperature": KELVIN, "symmetry": symmetry}
    voltage = 1e-3 + SLAB * current + butler_volmer_overpotential(current, **law)
    if interfaces == 2:
        voltage = voltage - butler_volmer_overpotential(-current, **law)
    voltage = voltage + noise * np.random.default_rng(seed).standard_normal(len(current))
    channels = {Channel.TIME: np.arange(201.0), Channel.VOLTAGE: voltage, Channel.CURRENT: AREA * current}
    known = {"area": AREA, "temperature": KELVIN, "interfaces": interfaces, **metadata}
    known = {name: value for name, value in known.items() if value is not None}
    return Measurement(Kind.VOLTAMMETRY, channels, SimulationSource("", seed, "bv"), known)


@pytest.mark.parametrize("interfaces", [1, 2])
@pytest.mark.parametrize("symmetry", [0.5, 0.3])
def test_exact_data_give_back_every_number(interfaces, symmetry):
    found = analyse_tafel(sweep(interfaces=interfaces, symmetry=symmetry), symmetry=symmetry)
    assert found.outcome is Outcome.SUCCESS
    # the least sum of squares is found to 1e-8 of ln j0 at best: squares are flat there, rounding hides the rest
    assert found["exchange_current_density"].value == pytest.approx(EXCHANGE, rel=1e-5)
    assert found["exchange_current_density"].unit == "mA/cm^2"
    assert found["ohmic_resistance"].value == pytest.approx(SLAB / AREA, rel=1e-5)
    assert "electrolyte_resistance" not in found.quantities  # only impedance tells it from a film
    assert found["rest_potential"].value == pytest.approx(1e-3, rel=1e-4)
    face = units.R * KELVIN / (units.F * EXCHANGE)
    assert found["charge_transfer_resistance"].value == pytest.approx(face, rel=1e-5)
    assert found["charge_transfer_resistance_of_face"].value == pytest.approx(face / AREA, rel=1e-5)
    assert found["charge_transfer_resistance_of_face"].method == "A = 0.785 cm^2"
    assert found["total_resistance"].value == pytest.approx(SLAB + interfaces * face, rel=1e-5)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    results = [analyse_tafel(sweep(noise=2e-4, seed=s)) for s in range(40)]
    assert all(r.outcome is Outcome.SUCCESS for r in results)
    for name, truth in (("exchange_current_density", EXCHANGE), ("ohmic_resistance", SLAB / AREA)):
        found = [r[name] for r in results]
        limits = [q.interval or (q.value - 1.96 * q.std, q.value + 1.96 * q.std) for q in found]
        held = sum(low <= truth <= high for low, high in limits)
        # of 40 intervals of 95 % fewer than 34 hold with a probability of 0.3 %
        assert held >= 34, name
    spread = np.std([math.log(r["exchange_current_density"].value) for r in results], ddof=1)
    # of the law of equal faces alone: what unequal faces leave open is in the interval, not in the scatter
    said = np.mean([np.diff(np.log(r.details["interval_of_this_law_mA_cm2"]))[0] / 4.0 for r in results])
    # the standard deviation of 40 values is known to 1/sqrt(78) = 11 %; correlation of residuals only adds: 3 sigma
    assert 0.67 * spread < said < 1.6 * spread


def test_a_sweep_without_curvature_gives_the_sum_only():
    found = analyse_tafel(sweep(noise=2e-4, largest=0.5))
    assert found.outcome is Outcome.NOT_IDENTIFIABLE
    assert set(found.quantities) == {"rest_potential", "total_resistance"}
    total = SLAB + 2 * units.R * KELVIN / (units.F * EXCHANGE)
    # 200 voltages of 0.2 mV noise over +-0.5 A/m^2 give the slope to 2e-4/(0.29 sqrt(201)) = 5e-5, 0.2 %: 5 sigma
    assert found["total_resistance"].value == pytest.approx(total, rel=0.01)
    assert any("resistance of the electrolyte from impedance" in text for text in found.warnings)


def test_a_resistance_from_impedance_tells_them_apart():
    known = Quantity(SLAB / AREA, 0.002 * SLAB / AREA, "ohm")
    measured = sweep(noise=2e-4, largest=2.0)
    alone, helped = analyse_tafel(measured), analyse_tafel(measured, electrolyte_resistance=known)
    low, high = helped["exchange_current_density"].interval
    assert low <= EXCHANGE <= high
    if alone.outcome is Outcome.SUCCESS:
        other = alone["exchange_current_density"].interval
        assert high - low < other[1] - other[0]


def test_neighbouring_residuals_that_go_together_widen_the_interval():
    clean = sweep(noise=2e-4)
    drift = 4e-4 * np.sin(np.linspace(0.0, 9.0, 201))
    channels = {**clean.channels, Channel.VOLTAGE: clean[Channel.VOLTAGE] + drift}
    drifted = Measurement(clean.kind, channels, clean.source, clean.metadata)
    first, second = (analyse_tafel(m)["exchange_current_density"] for m in (clean, drifted))
    assert second.std > 2.0 * first.std


def test_the_temperature_may_come_from_its_channel():
    bare = sweep(temperature=None)
    warm = {**bare.channels, Channel.TEMPERATURE: np.full(len(bare), KELVIN)}
    found = analyse_tafel(Measurement(bare.kind, warm, bare.source, bare.metadata))
    assert found["exchange_current_density"].value == pytest.approx(EXCHANGE, rel=1e-5)


def test_a_symmetric_cell_obeys_the_sinh_of_a_quarter():
    j = np.linspace(-30.0, 30.0, 61)
    law = {"exchange": EXCHANGE, "temperature": KELVIN, "symmetry": 0.5}
    eta = butler_volmer_overpotential(j, **law) - butler_volmer_overpotential(-j, **law)
    # each of two faces in series takes half of the overpotential: j = 2 j0 sinh(F eta/(4 R T))
    assert j == pytest.approx(2.0 * EXCHANGE * np.sinh(units.F * eta / (4.0 * units.R * KELVIN)), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("symmetry", [0.2, 0.35, 0.5, 0.7])
def test_no_symmetry_gives_two_faces_a_slope_below_twice_the_thermal_voltage_each(symmetry):
    j = np.array([1e6, math.e * 1e6]) * EXCHANGE
    law = {"exchange": EXCHANGE, "temperature": KELVIN, "symmetry": symmetry}
    eta = butler_volmer_overpotential(j, **law) - butler_volmer_overpotential(-j, **law)
    per_face = float(np.diff(eta)[0]) / 2.0
    assert per_face >= 2.0 * units.R * KELVIN / units.F * (1.0 - 1e-6)  # per e-fold; equality for 1/2


def stretched(factor: float, seed: int, **rest) -> Measurement:
    """Return a sweep whose overpotential is that of charge transfer times a factor."""
    plain = sweep(noise=2e-4, seed=seed, largest=60.0, **rest)
    line = 1e-3 + SLAB * plain[Channel.CURRENT] / AREA
    voltage = line + factor * (plain[Channel.VOLTAGE] - line)
    return Measurement(plain.kind, {**plain.channels, Channel.VOLTAGE: voltage}, plain.source, plain.metadata)


def test_a_slope_that_no_charge_transfer_has_is_refused():
    for seed in range(5):
        found = analyse_tafel(stretched(0.8, seed))
        assert found.outcome is Outcome.POOR_FIT
        assert set(found.quantities) == {"rest_potential", "total_resistance", "tafel_slope"}
        # the noise is stretched too; 0.8 of 2 R T/F, five standard uncertainties
        slope = found["tafel_slope"]
        assert abs(slope.value - 0.8 * 2.0 * units.R * KELVIN / units.F) < 5.0 * slope.std
        assert any("is no charge transfer" in w for w in found.warnings)


def test_a_slope_of_a_single_face_may_be_half_of_that():
    assert analyse_tafel(stretched(0.8, 0, interfaces=1)).quantities.keys() >= {"exchange_current_density"}
    assert analyse_tafel(stretched(0.4, 0, interfaces=1)).outcome is Outcome.POOR_FIT


def test_charge_transfer_is_not_refused_and_its_slope_is_found_as_often_as_said():
    count, held, refused = 20, 0, 0
    for seed in range(count):
        found = analyse_tafel(sweep(noise=2e-4, seed=seed, largest=60.0))
        refused += "exchange_current_density" not in found.quantities
        slope = found["tafel_slope"]
        held += abs(slope.value - 2.0 * units.R * KELVIN / units.F) <= 1.96 * slope.std
    assert held >= 16  # of 20 intervals of 95 % fewer than 16 hold with a probability of 0.3 %
    assert refused <= 1  # of 20 at 0.5 % each more than 1 with a probability of 0.4 %


def test_a_film_is_told_from_the_electrolyte_by_impedance():
    film, truth = 30.0, SLAB / AREA
    plain = sweep(noise=2e-4, largest=60.0)
    voltage = plain[Channel.VOLTAGE] + film * plain[Channel.CURRENT]
    filmed = Measurement(plain.kind, {**plain.channels, Channel.VOLTAGE: voltage}, plain.source, plain.metadata)
    alone = analyse_tafel(filmed)
    assert alone["ohmic_resistance"].value == pytest.approx(truth + film, rel=0.01)
    found = analyse_tafel(filmed, electrolyte_resistance=Quantity(truth, 0.5, "ohm"))
    assert found["electrolyte_resistance"].value == truth
    layer = found["film_resistance"]
    assert abs(layer.value - film * AREA / 2.0) <= 3.0 * layer.std
    low, high = found["exchange_current_density"].interval
    assert low <= EXCHANGE <= high  # the film does not count as charge transfer
    assert any("in series with the charge transfer" in w for w in found.warnings)


def test_the_electrolyte_may_be_given_as_a_spectrum():
    values = {"R0": SLAB / AREA, "R1": 80.0, "CPE1.Q": 3e-6, "CPE1.n": 0.85}
    known = {"electrodes": "symmetric", "temperature": KELVIN, "area": AREA}
    spectrum = simulate_eis(
        "R0-p(R1,CPE1)", values, rng=np.random.default_rng(1), noise=Noise(relative=1e-3), metadata=known
    )
    found = analyse_tafel(sweep(noise=2e-4), electrolyte_resistance=spectrum)
    assert found["electrolyte_resistance"].value == pytest.approx(SLAB / AREA, rel=0.01)
    low, high = found["exchange_current_density"].interval
    assert low <= EXCHANGE <= high
    with pytest.raises(InvalidInput, match="sample = 'b': expected the spectrum of 'a'"):
        analyse_tafel(sweep(sample="a"), electrolyte_resistance=spectrum.with_metadata(sample="b"))
    with pytest.raises(InvalidInput, match=r"temperature = 333\.15 K of the spectrum: expected 298\.15 K"):
        analyse_tafel(sweep(), electrolyte_resistance=spectrum.with_metadata(temperature=333.15))


def test_an_electrolyte_that_exceeds_the_ohmic_part_is_said():
    found = analyse_tafel(
        sweep(noise=2e-4, largest=60.0), electrolyte_resistance=Quantity(1.3 * SLAB / AREA, 0.5, "ohm")
    )
    assert any("is less than the electrolyte" in w for w in found.warnings)


# unequal faces, another symmetry -----------------------------------------------------------------------------------------
def pair(
    ratio: float = 1.0,
    symmetry: float = 0.5,
    *,
    noise: float,
    seed: int,
    largest: float = 40.0,
    count: int = 80,
    slab: float = SLAB,
) -> Measurement:
    """Return a sweep of two faces whose exchange currents are in a ratio, and have the harmonic mean of ``EXCHANGE``."""
    current = np.linspace(-largest, largest, count)
    law = {"temperature": KELVIN, "symmetry": symmetry}
    first, second = 0.5 * EXCHANGE * (1.0 + 1.0 / ratio), 0.5 * EXCHANGE * (1.0 + ratio)
    voltage = slab * current + butler_volmer_overpotential(current, exchange=first, **law)
    voltage = voltage - butler_volmer_overpotential(-current, exchange=second, **law)
    voltage = voltage + noise * np.random.default_rng(seed).standard_normal(count)
    channels = {Channel.TIME: np.arange(float(count)), Channel.VOLTAGE: voltage, Channel.CURRENT: AREA * current}
    known = {"area": AREA, "temperature": KELVIN, "interfaces": 2}
    return Measurement(Kind.VOLTAMMETRY, channels, SimulationSource("", seed, "bv"), known)


@pytest.mark.parametrize("ratio", [1.5, 3.0, 10.0])
def test_two_unequal_faces_give_two_exchange_currents_and_their_harmonic_mean(ratio):
    found = analyse_tafel(pair(ratio, noise=2e-4, seed=1))
    assert found.outcome is Outcome.SUCCESS
    assert found.details["law"] == "unequal faces"
    low, high = found["exchange_current_density"].interval
    assert low <= EXCHANGE <= high
    for name, truth in (("slower", 0.5 * (1.0 + 1.0 / ratio)), ("faster", 0.5 * (1.0 + ratio))):
        face = found[f"exchange_current_density_{name}_face"]
        assert abs(face.value - truth * EXCHANGE) <= 4.0 * face.std
    both = [found[f"exchange_current_density_{n}_face"].value for n in ("slower", "faster")]
    assert 2.0 / sum(1.0 / b for b in both) == pytest.approx(found["exchange_current_density"].value, rel=1e-12)
    assert any("The electrodes are unequal" in w for w in found.warnings)


def test_both_exchange_currents_and_a_free_symmetry_are_found_together():
    found = analyse_tafel(pair(3.0, 0.4, noise=2e-4, seed=2))
    assert found.details["law"] == "unequal faces and free symmetry"
    low, high = found["exchange_current_density"].interval
    assert low <= EXCHANGE <= high
    # the sweep does not say which face is which, so 0.6 is as good
    assert abs(abs(found["symmetry"].value - 0.5) - 0.1) <= 4.0 * found["symmetry"].std


@pytest.mark.parametrize(
    ("ratio", "symmetry", "noise", "slab"),
    [
        (1.0, 0.5, 1e-4, SLAB),
        (1.0, 0.5, 1e-3, SLAB),
        (1.0, 0.5, 3e-3, SLAB),
        (1.5, 0.5, 2e-4, SLAB),  # two exchange currents
        (1.5, 0.5, 1e-3, SLAB),  # one: what unequal faces leave open is in the interval
        (3.0, 0.5, 1e-3, SLAB),
        (1.0, 0.3, 5e-4, 0.25 * SLAB),  # the sweep contradicts 1/2
    ],
)
def test_the_interval_holds_the_harmonic_mean_whatever_the_law(ratio, symmetry, noise, slab):
    count = 12
    found = [analyse_tafel(pair(ratio, symmetry, noise=noise, seed=s, slab=slab)) for s in range(count)]
    assert all(r.outcome is Outcome.SUCCESS for r in found)
    for name, truth in (("exchange_current_density", EXCHANGE), ("ohmic_resistance", slab / AREA)):
        limits = [r[name].interval for r in found]
        # of 12 intervals of 95 % fewer than 9 hold with a probability of 0.2 %
        assert sum(low <= truth <= high for low, high in limits) >= 9, name


def test_a_slope_above_that_of_the_symmetry_frees_it():
    found = analyse_tafel(pair(1.0, 0.3, noise=2e-4, seed=3, largest=320.0, count=200, slab=0.25 * SLAB))
    assert found["tafel_slope"].value > 2.2 * units.R * KELVIN / units.F
    assert abs(found["symmetry"].value - 0.3) <= 4.0 * found["symmetry"].std
    assert any("contradicts a symmetry of 0.5" in w for w in found.warnings)


def test_a_bend_that_two_unequal_faces_do_not_have_either_is_refused():
    (text,) = analyse_tafel(stretched(0.8, 0)).warnings
    assert "two unequal electrodes do not describe the sweep either" in text


# weak bends, what impedance says ------------------------------------------------------------------------------------------
def barely_bent(size: float) -> Measurement:
    """Return a line whose noise bends as charge transfer does, by ``size`` standard uncertainties of the bend."""
    current = np.linspace(-1.5, 1.5, 100)
    rows = np.stack([np.ones(100), current, current**3], axis=1)
    noise = 2e-4 * np.random.default_rng(4).standard_normal(100)
    noise -= rows @ np.linalg.lstsq(rows, noise, rcond=None)[0]
    basis = np.linalg.qr(rows)[0]
    bend = -np.sign(basis[-1, 2]) * basis[:, 2] * size * math.sqrt(float(noise @ noise) / 97.0)
    total = SLAB + 2.0 * units.R * KELVIN / (units.F * EXCHANGE)
    channels = {
        Channel.TIME: np.arange(100.0), Channel.VOLTAGE: total * current + bend + noise, Channel.CURRENT: AREA * current,
    }  # fmt: skip
    return Measurement(
        Kind.VOLTAMMETRY,
        channels,
        SimulationSource("", 4, "bv"),
        {"area": AREA, "temperature": KELVIN, "interfaces": 2},
    )


def test_a_bend_of_less_than_99_9_percent_gives_no_exchange_current():
    # 2.8 standard uncertainties of the bend have 0.6 %, on either side
    assert analyse_tafel(barely_bent(2.8)).outcome is Outcome.NOT_IDENTIFIABLE
    assert analyse_tafel(barely_bent(5.0)).outcome is Outcome.SUCCESS


def test_a_bend_that_may_be_noise_does_not_reject_a_good_electrolyte():
    known = Quantity(SLAB / AREA, 0.01 * SLAB / AREA, "ohm")
    found = analyse_tafel(barely_bent(2.8), electrolyte_resistance=known)
    assert found.outcome is Outcome.SUCCESS
    low, high = found["exchange_current_density"].interval
    assert low <= EXCHANGE <= high
    assert not any("is less than the electrolyte" in w for w in found.warnings)


def test_an_electrolyte_above_the_whole_cell_is_said_and_not_asked_for_again():
    whole = (SLAB + 2.0 * units.R * KELVIN / (units.F * EXCHANGE)) / AREA
    found = analyse_tafel(sweep(noise=2e-4, largest=1.5), electrolyte_resistance=Quantity(1.2 * whole, 3.0, "ohm"))
    assert found.outcome is Outcome.NOT_IDENTIFIABLE
    assert any("exceeds the whole cell at rest" in w for w in found.warnings)
    assert not any("give the resistance of the electrolyte" in w for w in found.warnings)


def test_unequal_faces_do_not_make_a_good_electrolyte_a_wrong_one():
    known = Quantity(SLAB / AREA, 0.005 * SLAB / AREA, "ohm")
    found = analyse_tafel(pair(3.0, noise=1e-3, seed=0), electrolyte_resistance=known)
    low, high = found["exchange_current_density"].interval
    assert low <= EXCHANGE <= high
    assert "film_resistance" not in found.quantities
    assert not any("is less than the electrolyte" in w for w in found.warnings)


def test_a_refused_sweep_with_few_records_about_rest_leaves_the_slope_there_out():
    current = np.linspace(-80.0, 80.0, 60)
    one = butler_volmer_overpotential(current, exchange=EXCHANGE, temperature=KELVIN, symmetry=0.5)
    noise = 5e-5 * np.random.default_rng(0).standard_normal(60)
    voltage = SLAB * current + 1.6 * one + noise  # 0.8 of what two faces have
    channels = {Channel.TIME: np.arange(60.0), Channel.VOLTAGE: voltage, Channel.CURRENT: AREA * current}
    known = {"area": AREA, "temperature": KELVIN, "interfaces": 2}
    found = analyse_tafel(Measurement(Kind.VOLTAMMETRY, channels, SimulationSource("", 0, "bv"), known))
    assert found.outcome is Outcome.POOR_FIT
    assert set(found.quantities) == {"rest_potential", "tafel_slope"}


def test_the_symmetry_of_a_single_face_is_seen_where_it_is_not_the_one_given():
    found = analyse_tafel(sweep(noise=2e-4, largest=60.0, interfaces=1, symmetry=0.3))
    assert found.outcome is Outcome.SUCCESS
    assert abs(found["symmetry"].value - 0.3) <= 4.0 * found["symmetry"].std
    low, high = found["exchange_current_density"].interval
    assert low <= EXCHANGE <= high


@pytest.mark.parametrize(
    ("name", "message"),
    [("yadg__ca.mpt", "expected a sweep, this one is held"), ("yadg__cp.mpt", "expected both directions"),
     ("gamry__ocp_data.dta", "expected at least 8")],
)  # fmt: skip
def test_real_files_without_a_sweep_through_rest_are_refused(data_dir, name, message):
    measured = read(data_dir / "voltammetry_dc" / name)[0].with_metadata(area=1e-4, temperature=298.15)
    with pytest.raises(InvalidInput, match=message):
        analyse_tafel(measured)


@pytest.mark.parametrize("name", ["ixdat__Pt_poly_cv_CUT.mpt", "yadg__lsv.mpt", "article_MAHE_2__Fig_1_a_black.csv"])
def test_real_sweeps_that_no_charge_transfer_describes_are_poor_fits(data_dir, name):
    measured = read(data_dir / "voltammetry_dc" / name)[0].with_metadata(area=1e-4, temperature=298.15)
    assert analyse_tafel(measured).outcome is Outcome.POOR_FIT


@pytest.mark.parametrize(
    ("measurement", "error", "message"),
    [
        (lambda: sweep(area=None), MissingInput, "area = none given: a current density needs it"),
        (lambda: sweep(temperature=None), MissingInput, "temperature = none given: the Butler-Volmer law needs it"),
        (lambda: sweep(largest=0.0), InvalidInput, "current = 1 different values: expected at least 8"),
    ],
)
def test_what_cannot_be_analysed_is_refused_in_one_line(measurement, error, message):
    with pytest.raises(error) as caught:
        analyse_tafel(measurement())
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
