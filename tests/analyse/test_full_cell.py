"""Full cells: truth of simulated records, the capacity columns of real files, coverage, refusals, speed of structure."""

from __future__ import annotations

import csv
import math
import time

import numpy as np
import pytest

from garnetlab.analyse import analyse_full_cell
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, Outcome, SimulationSource
from garnetlab.readers import read
from garnetlab.units import Quantity

HOUR, CURRENT = 3600.0, 1e-3
GAP = 0.12  # V between charge and discharge
PLACE, WIDTH = 3.42, 0.02  # V: middle and width of the plateau of the open-circuit curve


def rest_voltage(x):
    """Return a curve with one plateau: x = Q/Q0 is a logistic function of the voltage, so dQ/dV peaks at PLACE."""
    return PLACE + WIDTH * np.log(x / (1.0 - x))


def cell(
    *, cycles=3, period=20.0, noise=0.0, seed=0, fade=0.0, loss=0.0, gap=GAP, current=CURRENT, counter=False, rest=True
) -> tuple[Measurement, np.ndarray]:
    """Return a record of cycles whose capacities are known [C], and those capacities (cycle, charge and discharge)."""
    rng = np.random.default_rng(seed)
    times, volts, amps, now = [np.zeros(1)], [np.full(1, 3.0)], [np.zeros(1)], 0.0
    truth = []
    for n in range(cycles):
        whole = current * HOUR * (1.0 - fade * n)
        sides = (whole, whole * (1.0 - loss))
        truth.append(sides)
        for sign, charge in zip((1.0, -1.0), sides, strict=True):
            length = charge / current
            t = np.append(np.arange(period * rng.uniform(0.05, 1.0), length, period), length)
            passed = current * t / charge
            x = 0.005 + 0.99 * (passed if sign > 0 else 1.0 - passed)
            times.append(now + t)
            volts.append(rest_voltage(x) + sign * gap / 2.0)
            amps.append(np.full(len(t), sign * current))
            now += length
            if rest:
                times.append(now + np.array([1.0, 600.0]))
                volts.append(np.full(2, rest_voltage(0.5)))
                amps.append(np.zeros(2))
                now += 600.0
    t, v, i = (np.concatenate(x) for x in (times, volts, amps))
    channels = {Channel.TIME: t, Channel.VOLTAGE: v + noise * rng.standard_normal(len(v)), Channel.CURRENT: i}
    if counter:
        dq = np.append(0.0, np.diff(t) * i[1:])
        channels[Channel.CHARGE] = np.cumsum(dq)
    return Measurement(Kind.CYCLING, channels, SimulationSource("", seed, "full cell"), {}), np.array(truth)


def test_capacities_efficiency_gap_and_voltages_of_a_known_cell_come_back():
    record, truth = cell(loss=0.02, fade=0.01, cycles=4)
    found = analyse_full_cell(record)
    assert found.outcome is Outcome.SUCCESS
    # the current is constant: what is not known is the charge between a turn and the first record after it, at most 20 s
    for name, column in (("charge_capacity", 0), ("discharge_capacity", 1)):
        assert found.curves[name] == pytest.approx(truth[:, column], abs=20.0 * CURRENT)
    assert found["initial_coulombic_efficiency"].value == pytest.approx(0.98, abs=2 * 20.0 / HOUR)
    assert found["voltage_gap_first"].value == pytest.approx(GAP, abs=1e-4)  # the curve is straight near its middle
    assert found["voltage_gap_first"].unit == "mV"
    assert found["mean_charge_voltage"].value == pytest.approx(PLACE + GAP / 2, abs=1e-3)
    assert found["capacity_fade_per_cycle"].value == pytest.approx(0.01, abs=20.0 / HOUR)
    assert found["capacity_retention"].value == pytest.approx(0.97, abs=2 * 20.0 / HOUR)
    assert found.details["complete_cycles"] == 4


def test_intervals_hold_the_truth_as_often_as_they_say():
    held = {
        "charge_capacity_first": 0,
        "discharge_capacity_last": 0,
        "voltage_gap_first": 0,
        "initial_coulombic_efficiency": 0,
    }
    count = 60
    for seed in range(count):
        record, truth = cell(noise=1e-3, seed=seed, loss=0.01, cycles=2, period=60.0, rest=False)
        found = analyse_full_cell(record, profiles=[])
        values = (truth[0, 0], truth[1, 1], GAP, 0.99)
        for name, value in zip(held, values, strict=True):
            q = found[name]
            held[name] += abs(q.value - value) <= 1.96 * q.std
    # of 60 intervals of 95 % fewer than 51 hold with a probability of 0.2 %; the sampling is taken as unknown, so more may
    assert min(held.values()) >= 51, held


def test_the_peak_of_the_differential_capacity_is_where_the_plateau_is():
    places, stds = [], []
    for seed in range(30):
        record, _ = cell(noise=5e-4, seed=seed, cycles=1, period=5.0)
        peaks = analyse_full_cell(record).details["peaks"]["1"]["charge"]
        assert len(peaks) == 1
        places.append(peaks[0]["voltage_V"])
        stds.append(peaks[0]["voltage_std_V"])
    truth = PLACE + GAP / 2
    held = sum(abs(p - truth) <= 1.96 * s for p, s in zip(places, stds, strict=True))
    assert (
        held >= 24
    )  # of 30 intervals of 95 % fewer than 25 hold with a probability of 0.3 %, and a jackknife of 8 is rough
    # a peak of 50 mV between half heights is found to a fifth of it, or it would say nothing
    assert max(stds) < 0.2 * 3.5 * WIDTH


def test_the_peak_has_the_height_and_the_plateau_the_charge_of_the_curve():
    record, truth = cell(cycles=1, period=2.0, noise=1e-4)
    found = analyse_full_cell(record)
    height = found.details["peaks"]["1"]["charge"][0]["height_mAh_V"]
    # dQ/dV at the middle of a logistic curve is Q/(4 WIDTH) over 0.99; the kernel of 5 cells of 1 mV flattens by (1 mV/WIDTH)^2/8
    assert height == pytest.approx(truth[0, 0] / 3.6 / (4 * WIDTH) / 0.99, rel=0.02)
    plateau = found.details["plateaus"]["1"]["charge"][0]
    # between the half heights of sech^2 lies tanh(0.8814) = 0.7071 of the charge
    assert plateau["charge_mAh"] == pytest.approx(truth[0, 0] / 3.6 * 0.7071 / 0.99, rel=0.05)
    assert plateau["voltage_V"] == pytest.approx(PLACE + GAP / 2, abs=1e-3)


def test_per_mass_and_per_area_carry_their_uncertainty():
    record, truth = cell(cycles=1)
    found = analyse_full_cell(record, active_mass=Quantity(2e-6, 0.1e-6, "mg"), area=Quantity(0.5e-4, None, "cm^2"))
    specific = found["specific_discharge_capacity_first"]
    assert specific.unit == "mAh/g"
    assert specific.value == pytest.approx(truth[0, 1] / 2e-6, rel=0.01)
    assert specific.std / specific.value == pytest.approx(0.05, rel=0.02)  # that of the mass outweighs the sampling
    assert found["areal_discharge_capacity_first"].field_value == pytest.approx(truth[0, 1] / 3.6 / 0.5, rel=0.01)


def test_the_charge_comes_from_the_counter_where_there_is_one():
    record, _ = cell(cycles=2, counter=True)
    counted = analyse_full_cell(record)
    channels = {c: a for c, a in record.channels.items() if c is not Channel.CHARGE}
    integral = analyse_full_cell(Measurement(record.kind, channels, record.source, record.metadata))
    assert counted.details["capacity_from"] == "the file's counter"
    a, b = counted["charge_capacity_first"], integral["charge_capacity_first"]
    assert abs(a.value - b.value) <= 3.0 * math.hypot(a.std, b.std)


def test_steps_of_the_current_are_told_apart():
    parts = [cell(cycles=2, current=c)[0] for c in (1e-3, 3e-3, 1e-3)]
    offset, times = 0.0, []
    for part in parts:
        times.append(part[Channel.TIME] + offset)
        offset = times[-1][-1] + 1.0
    channels = {
        Channel.TIME: np.concatenate(times),
        **{c: np.concatenate([p[c] for p in parts]) for c in (Channel.VOLTAGE, Channel.CURRENT)},
    }
    found = analyse_full_cell(Measurement(Kind.CYCLING, channels, parts[0].source, {}))
    rates = [(r["first_cycle"], r["last_cycle"], round(r["current_mA"], 6)) for r in found.details["rates"]]
    assert rates == [(1, 2, 1.0), (3, 4, 3.0), (5, 6, 1.0)]


def test_a_first_discharge_that_empties_the_cell_is_no_cycle():
    record, _ = cell(cycles=2, loss=0.01)
    drop = record[Channel.TIME] >= 1.7 * HOUR  # in the first discharge
    channels = {c: a[drop] for c, a in record.channels.items()}
    found = analyse_full_cell(Measurement(record.kind, channels, record.source, {}))
    assert found.details["cycle_begins_with"] == "charge"
    assert found["initial_coulombic_efficiency"].value == pytest.approx(0.99, abs=0.012)
    assert any("before the first cycle" in w for w in found.warnings)
    other = analyse_full_cell(Measurement(record.kind, channels, record.source, {}), first="discharge")
    assert other["initial_coulombic_efficiency"].value > 1.5


def test_a_cycle_that_was_cut_is_not_counted():
    record, _ = cell(cycles=3)
    keep = record[Channel.TIME] < record[Channel.TIME][-1] - 0.9 * HOUR
    cut = Measurement(record.kind, {c: a[keep] for c, a in record.channels.items()}, record.source, {})
    found = analyse_full_cell(cut)
    assert found["cycles"].value == 2
    assert any("cycle 3 is not complete" in w for w in found.warnings)


def stepped(steps, *, period=10.0, capacity=7.2, resistance=20.0) -> Measurement:
    """Return the record of steps (current [A], time [s]) of a cell with a straight open-circuit curve."""
    time, current, x, voltage = [0.0], [0.0], [0.0], [3.6]
    for amps, length in steps:
        for dt in np.diff(np.append(np.arange(0.0, length - 1e-6, period), length)):
            time.append(time[-1] + dt)
            current.append(amps)
            x.append(x[-1] + amps * dt / capacity)
            voltage.append(3.6 + 0.3 * x[-1] + resistance * amps)
    channels = {
        Channel.TIME: np.array(time),
        Channel.VOLTAGE: np.array(voltage),
        Channel.CURRENT: np.array(current),
    }
    return Measurement(Kind.CYCLING, channels, SimulationSource("", 0, "steps"), {})


REST = (0.0, 600.0)


@pytest.mark.parametrize(("size", "length"), [(2e-3, 10.0), (1e-3, 100.0)])
def test_a_pulse_against_the_charge_is_no_half_cycle(size, length):
    # 0.4 % and 2 % of the capacity, as for the resistance at a state of charge
    back = size * length / CURRENT
    cycle = [(CURRENT, 2500.0), (0.0, 60.0), (-size, length), (0.0, 60.0), (CURRENT, 2500.0 + back), REST]
    found = analyse_full_cell(stepped(([*cycle, (-CURRENT, 4950.0), REST]) * 4))
    assert found["cycles"].value == 4
    assert found.outcome is Outcome.SUCCESS
    # what the pulse took back is not passed twice: 5 C are charged net, 4.95 C discharged
    charged = found["charge_capacity_first"]
    assert abs(charged.value - 5.0) < 1.96 * charged.std
    assert found["coulombic_efficiency"].value == pytest.approx(0.99, abs=1e-3)
    assert any(w.startswith("4 reversals count as pulses") for w in found.warnings)


def test_a_test_of_pulse_power_is_one_discharge():
    # steps of a tenth, each with 10 s at 5 C and back at 3.75 C
    power = [(-5.0 * CURRENT, 10.0), (0.0, 40.0), (3.75 * CURRENT, 10.0), (0.0, 40.0)]
    part = [(-CURRENT, 430.0), REST, *power]
    found = analyse_full_cell(stepped(([(CURRENT, 5000.0), REST] + part * 10 + [(-CURRENT, 500.0), REST]) * 2))
    assert found["cycles"].value == 2
    passed = 10 * (0.43 + 0.05 - 0.0375) + 0.5
    assert found["discharge_capacity_last"].value == pytest.approx(passed, abs=0.05)  # 10 s at 5 C


def test_reversals_too_large_to_be_pulses_end_without_success():
    cycle = [(CURRENT, 2500.0), (-CURRENT, 1000.0), (CURRENT, 3500.0), REST, (-CURRENT, 4950.0), REST]
    found = analyse_full_cell(stepped(cycle * 3))
    assert found.outcome is Outcome.NOT_IDENTIFIABLE
    assert any("a coulombic efficiency of 0.4 to 1.41" in w for w in found.warnings)
    assert any("differ more than 3 times" in w for w in found.warnings)
    assert any("capacity_retention = " in w for w in found.warnings)


def test_a_poor_first_cycle_is_said_but_is_a_cycle():
    cycles = [(CURRENT, 5000.0), REST, (-CURRENT, 2000.0), REST, *[(CURRENT, 2000.0), (-CURRENT, 1980.0)] * 3, REST]
    found = analyse_full_cell(stepped(cycles))
    assert found.outcome is Outcome.SUCCESS
    assert any(w.startswith("cycle 1: a coulombic efficiency of 0.4") for w in found.warnings)


def test_a_negative_gap_is_said():
    record = stepped([(CURRENT, 5000.0), REST, (-CURRENT, 4950.0), REST], resistance=-30.0)
    assert any("the voltage gap is negative" in w for w in analyse_full_cell(record).warnings)


def interrupted(*, counter: bool) -> Measurement:
    """Return three cycles; in the charge of the second nothing was recorded for an hour, and nothing flowed."""
    record = stepped([(CURRENT, 5000.0), REST, (-CURRENT, 4950.0), REST] * 3)
    time = record[Channel.TIME].copy()
    charge = np.append(0.0, np.cumsum(np.diff(time) * record[Channel.CURRENT][1:]))
    time[time > 5000.0 + 600.0 + 4950.0 + 600.0 + 2500.0] += HOUR
    channels = {**record.channels, Channel.TIME: time} | ({Channel.CHARGE: charge} if counter else {})
    return Measurement(record.kind, channels, record.source, {})


def test_a_gap_in_the_records_counts_as_one_period_and_as_doubt():
    found = analyse_full_cell(interrupted(counter=False))
    value, std = (found.curves[f"charge_capacity{end}"] for end in ("", "_std"))
    assert value == pytest.approx(5.0, abs=0.02)
    # from nothing to all of 3.6 C may have flowed: the interval holds both
    assert 1.96 * std[1] >= 3.6 * (1.0 - 10.0 / HOUR)
    assert std[[0, 2]] == pytest.approx(0.005, rel=0.5)
    assert found["coulombic_efficiency"].value == pytest.approx(0.99, abs=2e-3)
    assert any(w.startswith("gaps without rows while current flowed: 1, of up to 1 h") for w in found.warnings)


def test_the_counter_of_the_file_says_what_flowed_in_a_gap():
    found = analyse_full_cell(interrupted(counter=True))
    assert found.curves["charge_capacity"] == pytest.approx(5.0, abs=0.01)
    assert found.curves["charge_capacity_std"] == pytest.approx(0.005, rel=0.5)
    assert not any("gaps without rows" in w for w in found.warnings)


def test_uneven_rows_are_no_gaps():
    rng = np.random.default_rng(4)
    record = cell(cycles=2, period=30.0)[0]
    keep = rng.uniform(size=len(record)) > 0.4  # up to some 8 in a row are missing, now and then
    thin = Measurement(record.kind, {c: a[keep] for c, a in record.channels.items()}, record.source, {})
    assert not any("gaps" in w for w in analyse_full_cell(thin).warnings)


def test_the_efficiency_of_a_cycle_is_no_better_known_than_its_charges():
    found = analyse_full_cell(stepped([(CURRENT, 5000.0), REST, (-CURRENT, 4950.0), REST] * 5))
    own = float(found.curves["coulombic_efficiency_std"][1])
    assert found["coulombic_efficiency"].std == pytest.approx(own, rel=1e-3)  # the five cycles are the same
    assert own == pytest.approx(0.0014, rel=0.1)  # 10 s of 5000 s, twice


def test_currents_without_sign_are_named():
    record = cell(cycles=2)[0]
    unsigned = {**record.channels, Channel.CURRENT: np.abs(record[Channel.CURRENT])}
    found = analyse_full_cell(Measurement(record.kind, unsigned, record.source, {}))
    assert found.outcome is Outcome.TOO_FEW_POINTS
    assert any(w.startswith("no current is negative") for w in found.warnings)


def test_a_mass_in_a_wrong_unit_is_said():
    record = cell(cycles=1)[0]
    wrong = Measurement(record.kind, record.channels, record.source, {"active_mass": 2.1})
    assert any("Check the unit of active_mass" in w for w in analyse_full_cell(wrong).warnings)
    right = Measurement(record.kind, record.channels, record.source, {"active_mass": 2.1e-5})
    assert not any("active_mass" in w for w in analyse_full_cell(right).warnings)


def test_the_rest_before_the_first_current_is_in_no_profile():
    found = analyse_full_cell(stepped([(0.0, 1200.0), (CURRENT, 5000.0), REST, (-CURRENT, 4950.0), REST]))
    begin = 3.6 + 20.0 * CURRENT
    voltage, charge = found.curves["profile_1_charge_voltage"], found.curves["profile_1_charge_charge"]
    assert voltage.min() >= begin - 1e-9
    assert (charge == 0.0).sum() == 1
    grid, density = found.curves["dqdv_1_charge_voltage"], found.curves["dqdv_1_charge_density"]
    assert grid[density > 0.0].min() >= begin - 0.01  # the grid reaches a few cells of at most 2 mV below


# real files -----------------------------------------------------------------------------------------------------------
def test_capacities_agree_with_the_columns_of_a_neware_export(data_dir):
    path = data_dir / "cycling" / "cellpy__neware_uio.csv"
    with path.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    steps: list[tuple[str, float]] = []
    for row in rows:
        kind, key = row["Step Type"], (row["Cycle Index"], row["Step Index"])
        if not steps or steps[-1][0] != (kind, key):
            steps.append(((kind, key), 0.0))
        steps[-1] = (steps[-1][0], float(row["Capacity(Ah)"]) * HOUR)
    charged = [q for (kind, _), q in steps if "DChg" not in kind and "Chg" in kind]
    discharged = [q for (kind, _), q in steps if "DChg" in kind]
    found = analyse_full_cell(read(path)[0])
    # several steps of one direction may follow one another: the sums are compared, and the first passage
    total = np.nansum(found.curves["charge_capacity"]), np.nansum(found.curves["discharge_capacity"])
    resolution = 1e-8 * HOUR  # the last digit of the column
    assert total[0] == pytest.approx(sum(charged), abs=len(charged) * resolution)
    assert total[1] == pytest.approx(sum(discharged), abs=len(discharged) * resolution)


def test_capacities_agree_with_the_columns_of_an_arbin_workbook(data_dir):
    from python_calamine import CalamineWorkbook

    path = data_dir / "cycling" / "navani__bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx"
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Channel_11_1").to_python()
    columns = {
        name: np.array([row[k] for row in rows[1:]], dtype=float)
        for k, name in enumerate(rows[0])
        if "Capacity" in name
    }
    found = analyse_full_cell(read(path)[0])
    total = np.nansum(found.curves["charge_capacity"]) + np.nansum(found.curves["discharge_capacity"])
    counted = HOUR * sum(float(c[-1]) for c in columns.values())
    largest = max(found.curves["discharge_capacity"][0], found.curves["charge_capacity"][0])
    assert counted - 1e-3 * largest <= total <= counted * (1 + 1e-9)  # one pulse below a thousandth is left out


@pytest.mark.parametrize(
    ("name", "column", "factor"),
    [("PyProBE__sample_data_novonix.csv", 1706.52976, 3.6), ("PyProBE__sample_data_basytec.txt", 1.248916998009, 3.6)],
)
def test_a_single_charge_has_the_capacity_of_the_last_row(data_dir, name, column, factor):
    found = analyse_full_cell(read(data_dir / "cycling" / name)[0])
    assert found.outcome is Outcome.TOO_FEW_POINTS  # no discharge
    assert found.curves["charge_capacity"][0] == pytest.approx(factor * column, rel=1e-8)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fastnda__nw4-120-1-6-53.ndax", "fastnda__nw4-120-1-6-53.parquet"),
        ("fastnda__nda_v22.nda.zip", "fastnda__nda_v22.parquet"),
        ("yadg__gcpl.issue_149.mpr", "yadg__gcpl.issue_149.mpt"),
        ("yadg__mb.issue_95.mpr", "yadg__mb.issue_95.mpt"),
    ],
)
def test_two_formats_of_one_measurement_agree(data_dir, one, other):
    pytest.importorskip("fastnda" if "nda" in one else "galvani")
    first, second = (analyse_full_cell(read(data_dir / "cycling" / name)[0]) for name in (one, other))
    assert first["cycles"].value == second["cycles"].value
    for name in ("charge_capacity", "discharge_capacity"):
        # digits of the formats: 7 of a 4-byte float, or 1e-6 Ah
        assert first.curves[name] == pytest.approx(second.curves[name], rel=1e-5, abs=1e-6 * HOUR * 1e-3, nan_ok=True)
    assert first.curves["mean_charge_voltage"] == pytest.approx(
        second.curves["mean_charge_voltage"], abs=2e-4, nan_ok=True
    )


def test_counter_and_integral_of_a_real_file_agree(data_dir):
    pytest.importorskip("galvani")
    record = read(data_dir / "cycling" / "datalab__jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr")[0]
    channels = {c: a for c, a in record.channels.items() if c is not Channel.CHARGE}
    counted, integral = (
        analyse_full_cell(m) for m in (record, Measurement(record.kind, channels, record.source, record.metadata))
    )
    whole = counted.curves["complete"] > 0
    difference = counted.curves["discharge_capacity"] / integral.curves["discharge_capacity"] - 1.0
    assert np.abs(difference[whole]).max() < 2e-4  # a record of 10 s in 10 h is 3e-4


# refusals -------------------------------------------------------------------------------------------------------------
def _without(channel):
    record = cell(cycles=1)[0]
    return Measurement(record.kind, {c: a for c, a in record.channels.items() if c is not channel}, record.source, {})


def _still():
    record = cell(cycles=1)[0]
    return Measurement(record.kind, {**record.channels, Channel.CURRENT: np.zeros(len(record))}, record.source, {})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: _without(Channel.CURRENT), "channels = time, voltage: expected current too"),
        (_still, "current = 0 A at most: expected a current"),
        (lambda: Measurement(Kind.DENSITY, {}, SimulationSource("", 0, ""), {}), "kind = 'density': expected cycling"),
    ],
)
def test_what_is_no_cycling_is_refused_in_one_line(make, message):
    with pytest.raises(InvalidInput) as caught:
        analyse_full_cell(make())
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_cycle_that_is_not_there_is_refused():
    with pytest.raises(InvalidInput, match="profiles = 9: expected cycles from 1 to 2"):
        analyse_full_cell(cell(cycles=2)[0], profiles=[9])
    with pytest.raises(InvalidInput, match="active_mass = 0"):
        analyse_full_cell(cell(cycles=2)[0], active_mass=Quantity(0.0, None, "mg"))


def test_time_grows_in_proportion_to_the_rows():
    spent = []
    for cycles in (20, 80):
        record = cell(cycles=cycles, period=2.0)[0]
        begin = time.process_time()
        analyse_full_cell(record, profiles=[1])
        spent.append((time.process_time() - begin) / len(record))
    # 0.6 million rows at most; 2 million in 5 s is 2.5 us a row, four times that passes on a slow machine
    assert spent[1] < 10e-6
