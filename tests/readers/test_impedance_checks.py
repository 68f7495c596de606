"""Columns of numbers to a checked spectrum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from garnetlab.core import Channel, InvalidInput, Kind, ReadError
from garnetlab.readers._impedance import (
    check_modulus,
    check_phase,
    impedance_measurement,
    informative,
    out_of_order,
    require_impedance,
    sign_is_turned,
    split_sweeps,
)

PATH = Path("cell.z")
F = np.logspace(5, 0, 16)
Z = 100 + 50 / (1 + 2j * np.pi * F * 50 * 1e-5)


def build(f=F, re=Z.real, im=Z.imag, **rest):
    return impedance_measurement(PATH, f, re, im, **rest)


def test_a_spectrum_keeps_its_numbers_its_order_and_its_sign():
    m = build()
    assert m.kind is Kind.IMPEDANCE
    assert np.array_equal(m[Channel.FREQUENCY], F)
    assert np.array_equal(m[Channel.IMPEDANCE], Z)
    assert m.warnings == ()


def with_bad(column, value):
    out = np.array(column)
    out[3] = value
    return out


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ({"f": with_bad(F, np.nan)}, "frequency = nan: expected a finite number"),
        ({"f": with_bad(F, 0.0)}, "frequency = 0: expected a frequency > 0 Hz"),
        ({"f": with_bad(F, -5.0)}, "frequency = -5: expected a frequency > 0 Hz"),
        ({"f": with_bad(F, 1e20)}, "expected 1e-7 Hz to 1e12 Hz"),
        ({"re": with_bad(Z.real, np.inf)}, "expected a finite number"),
        ({"im": with_bad(Z.imag, np.nan)}, "expected a finite number"),
        ({"re": with_bad(Z.real, 0.0), "im": with_bad(Z.imag, 0.0)}, r"expected \|Z\| > 0 ohm"),
        ({"re": with_bad(Z.real, 1e30)}, r"expected \|Z\| from"),
    ],
)
def test_a_bad_number_is_refused_with_its_line(rest, message):
    with pytest.raises(ReadError, match=rf"^cell\.z:13: .*{message}"):
        build(**rest, lines=range(10, 26))


def test_without_lines_the_point_is_named():
    with pytest.raises(ReadError, match=r"\(point 4\)"):
        build(f=with_bad(F, 0.0))


def test_columns_of_unequal_length_and_no_point_are_refused():
    with pytest.raises(ReadError, match="frequency 16, real 15, imaginary 16"):
        build(re=Z.real[:-1])
    with pytest.raises(ReadError, match="no impedance point"):
        build([], [], [])


def test_a_turned_sign_is_refused_and_an_inductor_is_a_warning():
    assert sign_is_turned(F, Z.conj())
    with pytest.raises(ReadError, match="the sign of Z'' is turned round"):
        build(im=-Z.imag)
    inductor = 0.01 + 1e-7 * F + 2j * np.pi * F * 1e-7
    assert "every imaginary part is positive" in build(re=inductor.real, im=inductor.imag).warnings[0]


def test_repeated_frequencies_and_negative_real_parts_are_kept_with_a_warning():
    m = build(f=with_bad(F, F[2]), re=with_bad(Z.real, -1.0))
    assert len(m) == 16
    assert "stand more than once" in m.warnings[0]
    assert "1 of 16 real parts are not positive (first at point 4)" in m.warnings[1]


def test_sweeps_are_split_where_the_frequency_jumps_back():
    down = list(F)
    assert [(r.start, r.stop) for r in split_sweeps(down * 3)] == [(0, 16), (16, 32), (32, 48)]
    assert len(split_sweeps(down[::-1] * 3)) == 3


def test_a_turn_a_repeat_or_a_point_out_of_order_does_not_split():
    down = list(F)
    assert len(split_sweeps(down[8:0:-1] + down)) == 1
    assert len(split_sweeps(down[:5] + down[4:])) == 1
    assert len(split_sweeps([*down[:5], down[6], down[5], *down[7:]])) == 1
    assert split_sweeps([]) == []
    assert len(split_sweeps([5.0, 5.0])) == 1


def test_a_damaged_frequency_inside_a_sweep_is_noticed_and_does_not_split_it():
    f = with_bad(F, F[3] * 1000)
    assert len(split_sweeps(f)) == 1
    assert out_of_order(f) == [3]
    assert "1 frequencies are out of order (first at line 13)" in build(f=f, lines=range(10, 26)).warnings[0]


def test_one_turn_of_the_sweep_is_in_order():
    assert out_of_order(np.concatenate([F[8:0:-1], F])) == []
    assert out_of_order(np.repeat(F, 2)) == []


def test_modulus_and_phase_must_agree_with_the_parts():
    check_modulus(PATH, 3, 3.0, -4.0, 5.0)
    check_modulus(PATH, 3, 3.0, -4.0, 0.0)
    check_phase(PATH, 3, -1.0, 1e-9, -180.0)
    with pytest.raises(ReadError, match=r"cell\.z:3: \|Z\| = 6 ohm: expected 5 ohm"):
        check_modulus(PATH, 3, 3.0, -4.0, 6.0)
    with pytest.raises(ReadError, match=r"cell\.z:3: phase = 45 deg: expected -45 deg"):
        check_phase(PATH, 3, 1.0, -1.0, 45.0)


def test_a_column_of_one_number_says_nothing():
    assert informative([0.0, 1.0])
    assert informative([2.0])
    assert not informative([0.0])
    assert not informative([3.0, 3.0])
    assert not informative([])


def test_a_writer_refuses_what_is_no_spectrum():
    require_impedance(build())
    from garnetlab.core import Measurement, SimulationSource

    other = Measurement(Kind.CYCLING, {Channel.TIME: np.arange(3.0)}, SimulationSource("", None, ""))
    with pytest.raises(InvalidInput, match="expected an impedance spectrum"):
        require_impedance(other)
