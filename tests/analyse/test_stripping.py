"""Stripping of a thin layer: a simulated test read back, theory of the layer, coverage, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from garnetlab import units
from garnetlab.analyse import stripping_capacity, volumetric_capacity
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, MissingInput, Outcome, SimulationSource
from garnetlab.core._protocols import one_way_plating
from garnetlab.simulate import FaceModel, simulate_cell, symmetric_cell
from garnetlab.units import Quantity

#: lithium with 10 wt% K2CO3 after full reaction to oxide, potassium and LiC6
COMPOSITE = {"Li": 0.869, "Li2O": 0.0649, "K": 0.0566, "LiC6": 0.0095}
AREA, LIMIT = 0.785e-4, 0.5


def simulated(
    capacity: float, *, seed: int = 0, period: float = 60.0, side: str = "left", hours: float = 30.0
) -> Measurement:
    """Return the record of a cell with a thin layer on one side, stripped at 0.1 mA/cm^2; capacity in C/m^2."""
    common = {"initial_contact": 1.0, "charge_transfer_resistance": 32e-4, "creep": False}
    cell = symmetric_cell(FaceModel(**common), area=AREA, thickness=1e-3)
    cell = replace(cell, **{side: FaceModel(**common, lithium=capacity)})
    procedure = one_way_plating(1.0, duration=hours * 3600.0, voltage_limit=LIMIT)
    record = simulate_cell(cell, procedure, rng=seed, voltage_noise=1e-4, period=period).record
    assert record is not None
    return record


def test_theory_of_a_layer_of_5_um():
    layer = volumetric_capacity(COMPOSITE).value * 5e-6 / units.mAh_cm2
    # 3356 mAh/g times 0.578 g/cm^3 times 5 um by hand; pure lithium holds F/V_m times 5 um = 1.033
    assert layer == pytest.approx(0.970, abs=5e-4)
    assert volumetric_capacity().value * 5e-6 / units.mAh_cm2 == pytest.approx(1.033, abs=5e-4)


def test_a_simulated_layer_of_5_um_gives_its_capacity_back():
    capacity = 0.97 * units.mAh_cm2
    found = stripping_capacity(
        simulated(capacity),
        voltage_limit=Quantity(LIMIT, None, "V"),
        thickness=Quantity(5e-6, 0.1e-6, "um"),
        capacity_of_layer=volumetric_capacity(COMPOSITE),
    )
    assert found.outcome is Outcome.SUCCESS
    stripped = found["stripping_capacity"]
    assert stripped.unit == "mAh/cm^2"
    # 60 s of 34920 s lie between records: 0.0017 mAh/cm^2
    assert stripped.field_value == pytest.approx(0.97, abs=0.0017)
    assert abs(stripped.value - capacity) < 1.96 * stripped.std
    assert found["utilisation"].field_value == pytest.approx(100.0, abs=0.3)
    assert found["utilisation"].std == pytest.approx(
        np.hypot(0.02, 0.005), rel=0.1
    )  # thickness, density and molar mass
    assert found["thickness_stripped"].field_value == pytest.approx(5.0, abs=0.02)
    assert found.details["stripped_electrode"] == "left"


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(5)
    count, held = 20, 0
    for k in range(count):
        capacity = rng.uniform(0.5, 1.5) * units.mAh_cm2
        found = stripping_capacity(simulated(capacity, seed=k, period=rng.uniform(120.0, 600.0)))
        low, high = found["stripping_capacity"].interval
        held += low <= capacity <= high
    assert held >= 16  # of 20 intervals of 95 % fewer than 16 hold with a probability of 0.3 %


def test_the_limit_hardly_matters_where_the_voltage_rises_steeply():
    record = simulated(0.5 * units.mAh_cm2)
    values = [
        stripping_capacity(record, voltage_limit=Quantity(v, None, "V"))["stripping_capacity"].value for v in (0.1, 0.4)
    ]
    assert values[0] == pytest.approx(values[1], rel=0.01)
    at_knee = stripping_capacity(record)["capacity_at_knee"].value
    assert at_knee == pytest.approx(values[0], rel=0.01)


def test_a_layer_that_is_not_used_up_gives_a_lower_bound():
    found = stripping_capacity(simulated(1e9, hours=2.0))
    assert found.outcome is Outcome.NOT_IDENTIFIABLE
    assert set(found.quantities) == {"capacity_passed", "plateau_overpotential"}
    assert found["capacity_passed"].field_value == pytest.approx(0.2, rel=1e-3)
    assert any("lower bound" in w for w in found.warnings)


def test_the_uncertainty_of_the_area_is_that_of_the_capacity():
    found = stripping_capacity(simulated(0.5 * units.mAh_cm2), area=Quantity(AREA, 0.05 * AREA, "cm^2"))
    q = found["stripping_capacity"]
    assert q.std / q.value == pytest.approx(0.05, rel=0.05)


def test_lithium_plated_before_is_said():
    record = simulated(0.5 * units.mAh_cm2)
    t, v, i = (record[c] for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT))
    channels = {
        Channel.TIME: np.concatenate([t[:40], t[40] + t]),
        Channel.VOLTAGE: np.concatenate([-v[:40], v]),
        Channel.CURRENT: np.concatenate([-i[:40], i]),
    }
    found = stripping_capacity(Measurement(record.kind, channels, record.source, record.metadata))
    assert any("plated before the stripping" in w for w in found.warnings)


def test_a_spike_near_the_end_uses_no_layer_up():
    record = simulated(1e9, hours=2.0)
    voltage = record[Channel.VOLTAGE].copy()
    voltage[-2] = 0.4
    spiked = Measurement(record.kind, {**record.channels, Channel.VOLTAGE: voltage}, record.source, record.metadata)
    found = stripping_capacity(spiked)
    assert found.outcome is Outcome.NOT_IDENTIFIABLE
    assert any("not used up" in w for w in found.warnings)
    voltage[-2:] = voltage[-3], 0.4
    last = Measurement(record.kind, {**record.channels, Channel.VOLTAGE: voltage}, record.source, record.metadata)
    assert any("it may be a spike" in w for w in stripping_capacity(last).warnings)


def test_an_hour_without_rows_is_in_the_uncertainty():
    record = simulated(0.5 * units.mAh_cm2)
    time = record[Channel.TIME].copy()
    time[len(time) // 2 :] += 3600.0
    found = stripping_capacity(
        Measurement(record.kind, {**record.channels, Channel.TIME: time}, record.source, record.metadata)
    )
    q = found["stripping_capacity"]
    assert q.field_value == pytest.approx(0.5, abs=0.004)  # two periods of a minute at 0.1 mA/cm^2
    assert q.interval[1] / units.mAh_cm2 >= 0.6  # the current may have flowed through the gap
    assert any(w.startswith("gaps without rows") for w in found.warnings)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r: stripping_capacity(_bare(r)), MissingInput, "area = None given: an areal capacity needs it"),
        (
            lambda r: stripping_capacity(r, voltage_limit=Quantity(1e-3, None, "V")),
            InvalidInput,
            "voltage_limit = 0.001 V",
        ),
        (lambda r: volumetric_capacity({"Li": 0.5}), InvalidInput, "mass_fractions = {'Li': 0.5}: expected fractions"),
        (lambda r: volumetric_capacity({"Li": 0.5, "Unobtainium": 0.5}), InvalidInput, "material = 'Unobtainium'"),
    ],
)
def test_what_cannot_be_analysed_is_refused_in_one_line(call, error, message):
    with pytest.raises(error) as caught:
        call(simulated(0.1 * units.mAh_cm2))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def _bare(record: Measurement) -> Measurement:
    return Measurement(Kind.CYCLING, record.channels, SimulationSource("", 0, ""), {})
