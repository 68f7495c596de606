"""Shorts as resistances: cylinders of lithium, parallel paths, and what a leak amounts to."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garnetlab.core import InvalidInput
from garnetlab.library import load_material
from garnetlab.physics.short_circuit import (
    filament_radius,
    leakage_current,
    short_current_share,
    short_resistance,
    shorted_voltage,
)

PELLET = {"length": 1e-3, "resistivity": 9.28e-8}
RESISTANCE = st.floats(1e-6, 1e3)


def test_the_resistivity_is_that_of_the_library():
    assert load_material("Li").property("resistivity", temperature=293.15)[0].value == pytest.approx(9.28e-8)


def test_a_soft_short_without_its_gap_is_the_hard_one():
    # a tenth of an atom of gap: 1e-11 m/0.052 S/m against 9.28e-11 ohm m^2, and the limit
    hard = short_resistance(1e-6, **PELLET)
    gaps = np.array([0.0, 1e-20, 1e-9])
    soft = short_resistance(1e-6, **PELLET, gap=gaps, gap_conductivity=0.052)
    assert soft[0] == hard
    assert soft[1] == pytest.approx(hard, rel=1e-8)
    assert soft[2] > 100 * hard


@given(st.floats(1e-8, 1e-4), st.integers(1, 100))
def test_filaments_side_by_side_conduct_together(radius, count):
    one = short_resistance(radius, **PELLET)
    assert short_resistance(radius, **PELLET, count=float(count)) * count == pytest.approx(one, rel=1e-12)
    assert short_resistance(radius * math.sqrt(count), **PELLET) == pytest.approx(one / count, rel=1e-12)


@given(st.floats(1e-8, 1e-4), st.floats(1.0, 50.0))
def test_a_resistance_gives_back_its_radius(radius, count):
    resistance = short_resistance(radius, **PELLET, count=count)
    assert filament_radius(resistance, **PELLET, count=count) == pytest.approx(radius, rel=1e-12)


@given(j=st.floats(-100, 100), cell=RESISTANCE, short=RESISTANCE)
def test_the_paths_share_the_current_and_have_one_voltage(j, cell, short):
    voltage = shorted_voltage(j, cell_resistance=cell, short_resistance=short)
    share = short_current_share(cell, short_resistance=short)
    assert 0.0 <= share <= 1.0
    # each path by Ohm's law; 1 - share loses 1e-16 against a share near 1
    assert voltage == pytest.approx(share * j * short, rel=1e-9, abs=1e-300)
    assert voltage == pytest.approx((1.0 - share) * j * cell, rel=1e-6, abs=1e-12 * abs(j) * cell)
    assert abs(voltage) <= abs(j) * min(cell, short) * (1 + 1e-12)


def test_a_huge_short_is_no_short_and_a_tiny_one_takes_all():
    # 1e9 apart
    assert shorted_voltage(2.0, cell_resistance=0.03, short_resistance=3e7) == pytest.approx(0.06, rel=1e-8)
    assert shorted_voltage(2.0, cell_resistance=0.03, short_resistance=3e-11) == pytest.approx(6e-11, rel=1e-8)


def test_one_filament_of_a_micrometre_pulls_a_cell_of_the_paper_down_tenfold():
    # 0.785 cm^2, 500 ohm cm^2 of bulk and two faces; 29.5 ohm * 0.785 cm^2 = 23 ohm cm^2
    short = short_resistance(1e-6, **PELLET) * 0.785e-4
    ratio = shorted_voltage(2.0, cell_resistance=0.05, short_resistance=short) / (2.0 * 0.05)
    assert ratio == pytest.approx(23.2 / (23.2 + 500), rel=1e-2)


def test_a_sound_pellet_leaks_a_millionth_of_a_milliampere():
    # 50 mV over 1 mm at the electronic conductivity of the library, against 0.2 mA/cm^2
    electronic = load_material("LLZTO").property("electronic_conductivity", temperature=298.15)[0].value
    leak = leakage_current(0.05, electronic=electronic, thickness=1e-3)
    assert leak / 2.0 == pytest.approx(1.29e-6, rel=1e-2)
    assert leakage_current(-0.05, electronic=electronic, thickness=1e-3) == -leak


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radius": 0.0}, "radius = 0.0"),
        ({"length": -1.0}, "length = -1.0"),
        ({"resistivity": math.nan}, "resistivity = nan"),
        ({"gap": 1e-9}, "expected a gap_conductivity with it"),
        ({"gap": 1e-3, "gap_conductivity": 1.0}, "gap = 0.001 m: expected less than the length"),
        ({"gap": 1e-9, "gap_conductivity": 0.0}, "gap_conductivity = 0.0"),
    ],
)
def test_a_short_of_numbers_out_of_range_is_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        short_resistance(**{"radius": 1e-6, **PELLET, **change})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shorted_voltage(1.0, cell_resistance=0.0, short_resistance=1.0), "cell_resistance = 0.0"),
        (lambda: shorted_voltage(math.nan, cell_resistance=1.0, short_resistance=1.0), "current_density = nan"),
        (lambda: short_current_share(1.0, short_resistance=0.0), "short_resistance = 0.0"),
        (lambda: leakage_current(math.inf, electronic=1e-8, thickness=1e-3), "voltage = inf"),
        (lambda: filament_radius(0.0, **PELLET), "resistance = 0.0"),
    ],
)
def test_numbers_out_of_range_are_refused(call, message):
    with pytest.raises(InvalidInput, match=message):
        call()
