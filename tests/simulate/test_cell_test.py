"""Virtual tests of lithium cells: what the records say, and how they end."""

import math

import numpy as np
import pytest

from garnetlab import units
from garnetlab.core import Channel, ImpedanceStep, InvalidInput, Kind, Outcome, Procedure
from garnetlab.core._protocols import (
    ccd_ladder,
    dc_polarisation,
    galvanostatic_cycling,
    one_way_plating,
    tafel_sweep,
    with_impedance,
)
from garnetlab.physics import short_circuit
from garnetlab.simulate import _mean_field_compiled as kernel
from garnetlab.simulate._cell_model import CellModel, symmetric_cell
from garnetlab.simulate._face_model import FaceModel
from garnetlab.simulate.cell_test import simulate_cell

AREA, THICKNESS = 0.785e-4, 1e-3
HOUR = 3600.0


def plain(**changes):
    """Return a face whose contact never changes."""
    return FaceModel(**({"initial_contact": 0.5, "charge_transfer_resistance": 50e-4} | changes))


def living(**changes):
    given = {
        "initial_contact": 0.3,
        "exchange_current_density": 8.0,
        "supply": 10.0,
        "damage_current": 15.0,
        "damage_exponent": 7.0,
    }
    return FaceModel(**(given | changes))


def cell(face, other=None, **changes):
    given = {"area": AREA, "thickness": THICKNESS, "conductivity": 0.05}
    return CellModel(face, other or face, **(given | changes))


def test_the_voltage_is_current_times_slab_and_both_faces():
    test = simulate_cell(cell(plain()), Procedure(steps=("Plate at 0.2 mA/cm2 for 30 minutes",)))
    expected = 2.0 * (1e-3 / 0.05 + 2 * 50e-4 / 0.5)
    assert test.record[Channel.VOLTAGE] == pytest.approx(expected, rel=1e-12)
    assert test.record[Channel.CURRENT] == pytest.approx(2.0 * AREA, rel=1e-12)


def test_stripping_has_the_opposite_sign():
    test = simulate_cell(cell(plain()), Procedure(steps=("Strip at 0.2 mA/cm2 for 30 minutes",)))
    assert np.all(test.record[Channel.VOLTAGE] < 0.0)
    assert np.all(test.record[Channel.CURRENT] < 0.0)


def test_an_asymmetric_cell_rests_at_the_difference_of_the_potentials():
    test = simulate_cell(cell(plain(potential=2e-3), plain()), Procedure(steps=("Rest for 10 minutes",)))
    assert test.record[Channel.VOLTAGE] == pytest.approx(2e-3, rel=1e-12)


def test_constant_contact_shorts_at_the_time_of_the_law():
    face = plain(damage_current=10.0, damage_exponent=4.0)
    test = simulate_cell(cell(face), galvanostatic_cycling(4.0, half_cycle_time=1800.0, duration=100 * HOUR))
    # the right face is plated first; (4/(0.5*10))^4 per hour = 0.4096/h: D = 1 after 2.441 h of plating it
    plated = 1.0 / 0.8**4
    half_cycles = math.floor(plated / 0.5)
    expected = 2 * half_cycles * 0.5 + (plated - half_cycles * 0.5)
    assert test.result.outcome is Outcome.SHORT_CIRCUIT
    assert test.result["time_to_failure"].value == pytest.approx(expected * HOUR, rel=1e-6)


def test_no_test_is_stopped_before_its_end_without_a_word():
    test = simulate_cell(cell(plain()), galvanostatic_cycling(2.0, half_cycle_time=1800.0, duration=4500 * HOUR))
    assert test.result.outcome is Outcome.SUCCESS
    assert test.record[Channel.TIME][-1] == pytest.approx(4500 * HOUR, rel=1e-12)
    assert "time_to_failure" not in test.result.quantities


def test_lost_contact_and_a_short_are_two_outcomes():
    lost = simulate_cell(cell(living(damage_current=math.inf)), one_way_plating(4.0, duration=50 * HOUR))
    short = simulate_cell(cell(living()), galvanostatic_cycling(4.0, half_cycle_time=1800.0, duration=50 * HOUR))
    assert lost.result.outcome is Outcome.CONTACT_LOST
    assert short.result.outcome is Outcome.SHORT_CIRCUIT


def test_the_stripped_face_loses_contact_before_the_plated_one():
    test = simulate_cell(cell(living()), Procedure(steps=("Plate at 0.3 mA/cm2 for 30 minutes",)))
    assert test.result.curves["contact_fraction_left"][-1] < test.result.curves["contact_fraction_right"][-1]
    assert test.result.curves["contact_fraction_right"][-1] == pytest.approx(0.3, rel=1e-12)


def test_a_ladder_names_the_last_survived_and_the_first_failed_current():
    test = simulate_cell(cell(living()), ccd_ladder(start=1.0, step=1.0, stop=20.0, half_cycle_time=1800.0))
    survived = test.result["critical_current_density_survived"].value
    failed = test.result["critical_current_density_failed"].value
    assert failed == pytest.approx(survived + 1.0, rel=1e-9)
    assert test.result.outcome is Outcome.SHORT_CIRCUIT


def test_used_up_lithium_ends_the_step_at_its_voltage_and_the_test_goes_on():
    face = plain(lithium=2.0 * HOUR)  # one hour at 2 A/m2
    steps = ("Plate at 0.2 mA/cm2 for 3 hours or until 2 V", "Strip at 0.2 mA/cm2 for 30 minutes")
    test = simulate_cell(cell(face), Procedure(steps=steps))
    record = test.record
    assert record[Channel.VOLTAGE].max() == 2.0
    assert record[Channel.TIME][-1] == pytest.approx(1.5 * HOUR, rel=1e-9)
    assert test.result.details["limits_by_lost_lithium"] == 1


def test_used_up_lithium_without_a_limit_ends_the_test():
    test = simulate_cell(cell(plain(lithium=2.0 * HOUR)), one_way_plating(2.0, duration=3 * HOUR))
    assert test.result.outcome is Outcome.LITHIUM_USED_UP
    assert test.result["time_to_failure"].value == pytest.approx(HOUR, rel=1e-9)


def test_a_voltage_limit_ends_a_step_at_that_voltage():
    face = living(damage_current=math.inf, supply=5.0)
    test = simulate_cell(cell(face), Procedure(steps=("Plate at 0.3 mA/cm2 for 30 hours or until 0.3 V",)))
    assert test.record[Channel.VOLTAGE][-1] == pytest.approx(0.3, rel=1e-6)
    assert test.record[Channel.TIME][-1] < 30 * HOUR


def test_after_a_short_the_voltage_is_that_of_parallel_paths():
    face = plain(damage_current=10.0, damage_exponent=4.0)
    hard = cell(face, hard_short=3e-4, softening=0.0)
    test = simulate_cell(
        hard, galvanostatic_cycling(4.0, half_cycle_time=1800.0, duration=100 * HOUR), after_short=2 * HOUR
    )
    late = test.record[Channel.TIME] > test.result["time_to_failure"].value + 0.5 * HOUR
    expected = short_circuit.shorted_voltage(4.0, cell_resistance=1e-3 / 0.05 + 2 * 1e-2, short_resistance=3e-4)
    assert np.abs(test.record[Channel.VOLTAGE][late]) == pytest.approx(expected, rel=1e-6)


def test_a_soft_short_lowers_the_voltage_step_by_step():
    face = plain(damage_current=10.0, damage_exponent=4.0)
    test = simulate_cell(
        cell(face), galvanostatic_cycling(4.0, half_cycle_time=1800.0, duration=100 * HOUR), after_short=2 * HOUR
    )
    after = test.record[Channel.TIME] > test.result["time_to_failure"].value
    voltages = np.abs(test.record[Channel.VOLTAGE][after])
    assert np.all(np.diff(voltages) <= 1e-12)
    assert 4.0 * 2e-4 * 0.9 < voltages[-1] < voltages[0] < 4.0 * 0.06


def test_a_filament_starts_when_the_plated_face_reaches_the_overpotential_of_the_flaw():
    face = plain(critical_overpotential=0.055)  # 100 ohm cm2: between 0.5 and 0.6 mA/cm2
    test = simulate_cell(cell(face), ccd_ladder(start=1.0, step=1.0, stop=20.0, half_cycle_time=1800.0))
    assert test.result["critical_current_density_failed"].value == pytest.approx(6.0)


def test_heating_lowers_the_resistances_by_their_energies():
    energy, hot = 0.6 * units.eV, units.celsius(60.0)
    both = [
        simulate_cell(
            cell(plain(kinetic_activation_energy=energy), conduction_energy=0.37 * units.eV),
            Procedure(steps=("Plate at 0.2 mA/cm2 for 30 minutes",)),
            temperature=t,
        ).record[Channel.VOLTAGE][0]
        for t in (298.15, hot)
    ]
    slope = (1 / 298.15 - 1 / hot) / units.k_B
    slab = 1e-3 / 0.05 * math.exp(-0.37 * units.eV * slope) * hot / 298.15
    assert both[1] == pytest.approx(2.0 * (slab + 2e-2 * math.exp(-energy * slope)), rel=1e-9)
    assert both[0] == pytest.approx(2.0 * (2e-2 + 2e-2), rel=1e-9)


def test_direct_current_polarisation_reads_the_total_resistance():
    test = simulate_cell(cell(plain()), dc_polarisation(0.01, duration=HOUR))
    total = 0.01 * AREA / test.record[Channel.CURRENT][-1]
    assert test.record.kind is Kind.DC_POLARISATION
    assert total == pytest.approx(1e-3 / 0.05 + 2 * 1e-2, rel=1e-9)


def test_a_voltage_sweep_is_symmetric_for_a_symmetric_cell():
    face = FaceModel(initial_contact=0.5, exchange_current_density=5.0)
    test = simulate_cell(cell(face), tafel_sweep(start=-0.2, stop=0.2, rate=1e-3))
    current = test.record[Channel.CURRENT]
    assert test.record.kind is Kind.VOLTAMMETRY
    assert current == pytest.approx(-current[::-1], rel=1e-9, abs=1e-15)


def test_impedance_after_cycling_shows_the_lost_contact():
    sweep = ImpedanceStep(1e6, 1e-2, 0.01, 10)
    procedure = with_impedance(Procedure(steps=("Plate at 0.3 mA/cm2 for 30 minutes",)), sweep)
    test = simulate_cell(cell(living(damage_current=math.inf)), procedure, impedance_noise=0.0)
    before, after = (s[Channel.IMPEDANCE][-1].real * AREA for s in test.spectra)
    expected = 0.0
    contact = living().transfer_resistance(298.15)
    for side in ("left", "right"):
        expected += contact / test.result.curves[f"contact_fraction_{side}"][-1] - contact / 0.3
    # the arcs end below 0.01 Hz by less than 1e-4 of their size
    assert after - before == pytest.approx(expected, rel=1e-2)


def test_the_noise_is_what_was_asked_for():
    procedure = Procedure(steps=("Plate at 0.2 mA/cm2 for 30 minutes (1 second period)",))
    test = simulate_cell(cell(plain()), procedure, voltage_noise=1e-4, rng=3)
    spread = np.std(test.record[Channel.VOLTAGE])
    assert spread == pytest.approx(1e-4, rel=4 / math.sqrt(2 * 1801))  # four standard errors


def test_the_same_seed_gives_the_same_record():
    procedure = Procedure(steps=("Plate at 0.2 mA/cm2 for 30 minutes",))
    one, other = (simulate_cell(cell(plain()), procedure, voltage_noise=1e-4, rng=5) for _ in range(2))
    assert np.array_equal(one.record[Channel.VOLTAGE], other.record[Channel.VOLTAGE])
    assert one.record.source == other.record.source


def test_leakage_takes_its_share_of_the_current():
    leaking = cell(plain(), electronic_conductivity=1e-6)
    test = simulate_cell(leaking, Procedure(steps=("Plate at 0.2 mA/cm2 for 30 minutes",)))
    total, leak = 1e-3 / 0.05 + 2e-2, 1e-3 / 1e-6
    assert test.record[Channel.VOLTAGE][0] == pytest.approx(2.0 * total * leak / (total + leak), rel=1e-4)


def test_pressure_and_temperature_outside_the_range_are_said():
    test = simulate_cell(
        cell(living(pressure=1e4)), Procedure(steps=("Rest for 10 minutes",)), temperature=units.celsius(120.0)
    )
    assert any("MPa" in w for w in test.result.warnings)
    assert any("degC" in w for w in test.result.warnings)


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("Charge at C/10 for 10 hours", "C rate"),
        ("Hold at 10 mV until 1 mA", "a time"),
        ("Plate at 0.2 mA/cm2 for 1 hour or until 1 mA", "a time, a charge or a voltage"),
        ("Rest for 1 hour or until 1 V", "a rest"),
    ],
)
def test_a_step_that_a_lithium_cell_cannot_do_is_refused_by_name(step, what):
    with pytest.raises(InvalidInput, match=what) as error:
        simulate_cell(cell(plain()), Procedure(steps=(step,)))
    assert "step = " in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"initial_contact": 0.0},
        {"initial_contact": 1.5},
        {"supply": -1.0},
        {"damage_exponent": 0.0},
        {"recovery": 2.0},
        {"exchange_current_density": 1.0},
        {"contact_law": "cones"},
        {"pressure": -1.0},
    ],
)
def test_a_number_out_of_range_is_named(wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        plain(**wrong)


def test_twelve_records_in_a_step_by_default():
    test = simulate_cell(cell(plain()), Procedure(steps=("Plate at 0.2 mA/cm2 for 30 minutes",)))
    assert len(test.record) == 13
    assert np.diff(test.record[Channel.TIME]) == pytest.approx(150.0)


def test_the_library_cell_has_the_slab_of_the_paper():
    found = symmetric_cell(plain(), area=AREA, thickness=THICKNESS)
    assert found.slab_resistance(298.15) / 1e-4 == pytest.approx(0.1 / 5.2e-4, rel=1e-3)  # ohm cm2
    assert len(found.row(298.15)) > kernel.LEAK


def test_both_sides_of_a_short_are_recorded_at_its_time():
    face = plain(damage_current=10.0, damage_exponent=4.0)
    procedure = galvanostatic_cycling(4.0, half_cycle_time=1800.0, duration=100 * HOUR)
    test = simulate_cell(cell(face, softening=0.0), procedure, after_short=HOUR, period=1800.0)
    at = test.record[Channel.TIME] == test.result["time_to_failure"].value
    before, after = np.abs(test.record[Channel.VOLTAGE][at])
    assert before == pytest.approx(4.0 * (1e-3 / 0.05 + 2e-2), rel=1e-9)
    expected = short_circuit.shorted_voltage(4.0, cell_resistance=4e-2, short_resistance=2e-4)
    assert after == pytest.approx(expected, rel=1e-6)


def test_contact_lost_before_the_time_of_a_step_is_the_outcome_and_the_test_goes_on():
    steps = ("Plate at 0.4 mA/cm2 for 50 hours or until 2 V", "Strip at 0.4 mA/cm2 for 30 minutes")
    test = simulate_cell(cell(living(damage_current=math.inf)), Procedure(steps=steps))
    assert test.result.outcome is Outcome.CONTACT_LOST
    assert test.result.details["limits_by_lost_contact"] == 1
    assert test.record[Channel.TIME][-1] == pytest.approx(test.result["time_to_failure"].value + 0.5 * HOUR)


def test_a_voltage_that_alone_ends_a_step_is_meant_and_no_failure():
    steps = ("Plate at 0.4 mA/cm2 until 2 V", "Strip at 0.4 mA/cm2 for 30 minutes")
    test = simulate_cell(cell(living(damage_current=math.inf)), Procedure(steps=steps))
    assert test.result.outcome is Outcome.SUCCESS
    assert test.result.details["limits_by_lost_contact"] == 1


def test_a_voltage_that_is_never_reached_is_said():
    test = simulate_cell(cell(plain()), Procedure(steps=("Plate at 0.1 mA/cm2 until 2 V",)))
    assert any("never reached" in w for w in test.result.warnings)
    assert test.record[Channel.TIME][-1] == pytest.approx(1e4 * HOUR)


def test_a_current_that_starts_beyond_its_voltage_limit_is_not_survived():
    ladder = ccd_ladder(start=1.0, step=1.0, stop=20.0, half_cycle_time=1800.0, voltage_limit=0.21)
    test = simulate_cell(cell(plain()), ladder)  # 400 ohm cm2: 0.24 V at 0.6 mA/cm2, 0.2 V at 0.5
    assert test.result.outcome is Outcome.VOLTAGE_LIMIT
    assert test.result["critical_current_density_survived"].value == pytest.approx(5.0)
    assert test.result["critical_current_density_failed"].value == pytest.approx(6.0)
    assert test.result["time_to_failure"].value == pytest.approx(5 * HOUR)
    assert test.result.details["limits_by_voltage"] == 2 * 15


def test_a_step_cut_short_by_its_voltage_is_a_failure_even_while_contact_is_there():
    for limit in (0.3, 0.5, 1.0):
        ladder = ccd_ladder(start=1.0, step=1.0, stop=20.0, half_cycle_time=1800.0, voltage_limit=limit)
        found = simulate_cell(cell(living(damage_current=math.inf)), ladder).result
        assert found.outcome in (Outcome.VOLTAGE_LIMIT, Outcome.CONTACT_LOST)
        assert found["critical_current_density_failed"].value < 20.0


def test_currents_that_fall_again_are_no_ladder():
    steps = ("Plate at 0.5 mA/cm2 for 30 minutes", "Strip at 0.25 mA/cm2 for 1 hour", "Repeat 5 times")
    found = simulate_cell(cell(plain()), Procedure(steps=steps)).result
    assert "critical_current_density_survived" not in found.quantities


@pytest.mark.parametrize("kelvin", [0.0, 1.0, 53.0, 460.0])
def test_a_temperature_at_which_nothing_is_known_is_refused(kelvin):
    with pytest.raises(InvalidInput, match="melting point of lithium"):
        simulate_cell(cell(plain()), Procedure(steps=("Rest for 1 minute",)), temperature=kelvin)


def test_a_limit_of_the_wrong_sign_is_refused():
    with pytest.raises(InvalidInput, match="expected a limit below 0 V"):
        simulate_cell(cell(plain()), Procedure(steps=("Strip at 0.2 mA/cm2 for 1 hour or until 2 V",)))
