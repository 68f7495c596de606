"""Critical current density: an interval of survived and failed, censored ladders, and what is no ladder."""

import numpy as np
import pytest

from garnetlab import units
from garnetlab.analyse import cell_events, critical_current
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, MissingInput, Outcome, SimulationSource
from garnetlab.core._protocols import ccd_ladder, galvanostatic_cycling
from garnetlab.readers import read
from garnetlab.simulate import FaceModel, simulate_cell, symmetric_cell
from garnetlab.simulate._cell_model import CellModel
from garnetlab.study._paper_faces import paper_face

AREA, THICKNESS, HALF = 0.785e-4, 1e-3, 1800.0
HOUR = 3600.0
SURVIVED, FAILED = "critical_current_density_survived", "critical_current_density_failed"


def cell(**changes):
    face = FaceModel(**({"initial_contact": 0.5, "charge_transfer_resistance": 50e-4} | changes))
    return CellModel(face, face, area=AREA, thickness=THICKNESS, conductivity=0.05, softening=0.0, hard_short=3e-4)


def ladder(one, *, after_short=3 * HOUR, kelvin=None, noise=1e-4, **changes):
    given = {"start": 1.0, "step": 1.0, "stop": 12.0, "half_cycle_time": HALF}
    steps = ccd_ladder(**(given | changes))
    return simulate_cell(one, steps, voltage_noise=noise, after_short=after_short, temperature=kelvin)


DAMAGED = {"damage_current": 10.0, "damage_exponent": 6.0}


@pytest.mark.parametrize("cycles", [1, 3])
@pytest.mark.parametrize("rest", [None, 300.0])
def test_the_interval_is_that_of_the_simulator(cycles, rest):
    test = ladder(cell(**DAMAGED), cycles=cycles, rest=rest)
    found = critical_current(test.record)
    for name in (SURVIVED, FAILED):
        assert found[name].value == pytest.approx(test.result[name].value, rel=1e-6)
    assert found["time_to_failure"].value == pytest.approx(test.result["time_to_failure"].value, abs=HALF)
    assert found.details["failed_by"] == "hard short"
    assert not found.details["censored"]


@pytest.mark.parametrize(("wt", "celsius"), [(0.0, 25.0), (10.0, 25.0), (10.0, 60.0)])
def test_cells_of_the_paper_give_the_interval_of_the_simulator(wt, celsius):
    one = symmetric_cell(paper_face(wt), area=AREA, thickness=THICKNESS)
    test = ladder(one, stop=40.0, kelvin=units.celsius(celsius))
    found = critical_current(test.record)
    for name in (SURVIVED, FAILED):
        assert found[name].value == pytest.approx(test.result[name].value, rel=1e-6)


def test_the_conditions_stand_beside_the_interval():
    test = ladder(cell(**DAMAGED), kelvin=units.celsius(25.0))
    found = critical_current(test.record.with_metadata(pressure=2e6))
    assert found["current_density_step"].field_value == pytest.approx(0.1)
    assert found["half_cycle_time"].field_value == pytest.approx(0.5)
    assert "half_cycle_capacity" not in found.quantities
    assert found.details["constant"] == "time"
    assert found.details["temperature_degC"] == pytest.approx(25.0)
    assert found.details["pressure_MPa"] == pytest.approx(2.0)
    rungs = found.details["current_densities_mA_cm2"]
    assert rungs[:3] == pytest.approx([0.1, 0.2, 0.3])
    # both directions, from 0.1 mA/cm^2 on: 2 * 0.5 h * the sum of the rungs before
    before = sum(j for j in rungs if j < found[FAILED].field_value * 0.99)
    assert found["cumulative_capacity"].field_value == pytest.approx(before, abs=found[FAILED].field_value)
    assert found["cumulative_capacity"].field_value >= before


def test_a_ladder_of_constant_capacity_says_so():
    test = ladder(cell(**DAMAGED), half_cycle_time=None, half_cycle_capacity=0.1 * units.mAh_cm2)
    found = critical_current(test.record)
    assert found.details["constant"] == "capacity"
    assert found["half_cycle_capacity"].field_value == pytest.approx(0.1, rel=1e-3)
    assert found[FAILED].value == pytest.approx(test.result[FAILED].value, rel=1e-6)


def test_a_ladder_without_failure_is_censored():
    found = critical_current(ladder(cell()).record)
    assert FAILED not in found.quantities
    assert found[SURVIVED].field_value == pytest.approx(1.2)
    assert found.details["censored"]
    assert found.details["outcome"] == "survived only"
    assert found.outcome is Outcome.SUCCESS
    assert any("lies above the survived one" in w for w in found.warnings)


def test_a_ladder_stopped_in_the_middle_of_a_current_has_not_survived_it():
    whole = ladder(cell()).record
    keep = whole[Channel.TIME] < 11.3 * HOUR  # the last half cycle of 1.1 mA/cm^2 ends at 11 h, that of 1.2 runs
    cut = Measurement(whole.kind, {c: x[keep] for c, x in whole.channels.items()}, whole.source, whole.metadata)
    assert critical_current(cut)[SURVIVED].field_value == pytest.approx(1.1)


def test_lost_contact_and_a_voltage_limit_fail_a_current_as_well():
    losing = cell(supply=7.0, height=6e-7, exchange_current_density=8.0, charge_transfer_resistance=None)
    lost = ladder(losing, voltage_limit=1.0)
    assert critical_current(lost.record).details["failed_by"] == "contact lost"
    assert critical_current(lost.record)[FAILED].value == pytest.approx(lost.result[FAILED].value, rel=1e-6)
    limit = ladder(cell(), voltage_limit=0.35)
    found = critical_current(limit.record)
    assert found.details["failed_by"] == "voltage limit"
    assert found[FAILED].field_value == pytest.approx(0.9)  # 0.04 ohm m^2: 0.35 V at 0.875 mA/cm^2
    assert found[SURVIVED].field_value == pytest.approx(0.8)


def test_a_cell_that_fails_at_the_first_current_has_survived_none():
    dying = cell(damage_current=2.2, damage_exponent=4.0)  # (1/1.1)^4 = 0.68 per hour of plating: within 2 h
    found = critical_current(ladder(dying, start=1.0, cycles=4, stop=4.0, after_short=30 * HOUR).record)
    assert SURVIVED not in found.quantities
    assert found[FAILED].field_value == pytest.approx(0.1)
    assert any("failed at the first current" in w for w in found.warnings)


def test_events_that_are_at_hand_can_be_given():
    record = ladder(cell(**DAMAGED)).record
    assert critical_current(cell_events(record))[FAILED].value == critical_current(record)[FAILED].value


def test_cycling_at_one_current_and_blocks_of_currents_are_no_ladders():
    steady = simulate_cell(cell(), galvanostatic_cycling(2.0, half_cycle_time=HALF, cycles=10), voltage_noise=1e-4)
    with pytest.raises(
        InvalidInput, match=r"current density = 0.2 mA/cm\^2: expected at least 3 that rise.*cell_events"
    ):
        critical_current(steady.record)
    falling = _blocks((8.0, 4.0, 2.0))
    with pytest.raises(InvalidInput, match=r"expected a ladder that rises. Cut the file"):
        critical_current(_joined(falling))


def _blocks(levels):
    return [
        simulate_cell(cell(), galvanostatic_cycling(j, half_cycle_time=HALF, cycles=4), voltage_noise=1e-4).record
        for j in levels
    ]


def _joined(records):
    out = {c: [] for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT)}
    start = 0.0
    for one in records:
        out[Channel.TIME].append(one[Channel.TIME] + start)
        out[Channel.VOLTAGE].append(one[Channel.VOLTAGE])
        out[Channel.CURRENT].append(one[Channel.CURRENT])
        start = float(out[Channel.TIME][-1][-1])
    channels = {c: np.concatenate(x) for c, x in out.items()}
    return Measurement(Kind.CYCLING, channels, SimulationSource("", 0, "test"), {"area": AREA})


def test_a_ladder_without_area_or_current_is_refused_and_says_what_is_missing():
    record = ladder(cell(**DAMAGED)).record
    bare = Measurement(record.kind, record.channels, record.source)
    with pytest.raises(MissingInput, match="area = none given"):
        critical_current(bare)
    assert critical_current(bare, area=AREA)[FAILED].value == critical_current(record)[FAILED].value
    blind = {c: x for c, x in record.channels.items() if c is not Channel.CURRENT}
    with pytest.raises(MissingInput, match="current = none in the file"):
        critical_current(Measurement(record.kind, blind, record.source, record.metadata))


def test_the_real_cell_at_one_current_is_refused(data_dir):
    file = data_dir / "cycling" / "Novel__Data_Figure_3bc_PHJ_13_201.csv"
    if not file.exists():
        pytest.skip(f"{file.name} is not there")
    with pytest.raises(MissingInput, match="current = none in the file"):
        critical_current(read(file)[0])
