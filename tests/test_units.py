"""Units: parsing, formatting, dimensions, and quantities with uncertainty."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garnetlab import units
from garnetlab.units import Dim, Quantity, UnitError

FIELD_UNITS = ["mA/cm^2", "degC", "um", "1", "%", "ohm cm^2", "MPa", "eV", "S/cm", "h", "mAh/cm^2", "deg", "g/cm^3"]
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("text", "unit", "si"),
    [
        ("0.2 mA/cm^2", "A/m^2", 2.0),
        ("0.2 mA/cm2", "A/m^2", 2.0),
        ("0.2 mA cm⁻²", "A/m^2", 2.0),
        ("32.5 Ω cm²", "ohm m^2", 3.25e-3),
        ("32.5 Ohm*cm^2", "ohm m^2", 3.25e-3),
        ("25 degC", "K", 298.15),
        ("-10 °C", "K", 263.15),
        ("25oC", "K", 298.15),
        ("5.2e-4 S cm^-1", "S/m", 0.052),
        ("10 wt%", "1", 0.1),
        ("0.1", "1", 0.1),
        ("30 minutes", "s", 1800.0),
        ("1 µm", "m", 1e-6),
        ("1 μm", "m", 1e-6),
        ("8.314 J/mol/K", "J/(mol K)", 8.314),
        ("2 ohm s^-1/2", "ohm s^(-1/2)", 2.0),
        ("3 J/K/mol", "J mol^-1 K^-1", 3.0),
        ("2 V/(mA/cm^2)", "ohm m^2", 0.2),
        ("0.37 eV", "J", 0.37 * 1.602176634e-19),
    ],
)
def test_text_is_read_as_si(text, unit, si):
    assert units.parse(text, unit) == pytest.approx(si, rel=1e-15)


@pytest.mark.parametrize(
    ("one", "other", "unit"),
    [
        ("0.785 cm^2", "78.5 mm^2", "m^2"),
        ("0.3 mA/cm^2", "3 A/m^2", "A/m^2"),
        ("80 degC", "353.15 K", "K"),
        ("0.7 mAh", "2.52 C", "C"),
        ("1.1 um", "1100 nm", "m"),
    ],
)
def test_one_quantity_in_two_units_is_the_very_same_float(one, other, unit):
    assert units.parse(one, unit) == units.parse(other, unit)


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("0.2", "A/m^2", "'0.2': the unit is missing. Write for example '0.2 mA/cm^2'."),
        ("0.2 V", "A/m^2", "'0.2 V': expected a quantity like '0.2 mA/cm^2', got the unit 'V'."),
        ("thick", "m", "'thick': expected a number with a unit, such as '1 mm'."),
        ("nan m", "m", "'nan m': expected a number with a unit, such as '1 mm'."),
        ("1e999 m", "m", "'1e999 m': expected a finite number."),
        ("1e308 km", "m", "'1e308 km': expected a finite number."),
        ("1 mm^1/0", "m", "unit = 'mm^1/0': expected powers up to 12, got 1/0."),
        ("1 cm^999999", "m", "unit = 'cm^999999': expected powers up to 12, got 999999."),
        ("1 parsec", "m", "unit = 'parsec': 'parsec' is no unit known here."),
        ("1 (m", "m", "unit = '(m': incomplete. Write for example mA/cm^2."),
        ("1 m)", "m", "unit = 'm)': a closing bracket without an opening one."),
        ("1 m/", "m", "unit = 'm/': incomplete. Write for example mA/cm^2."),
    ],
)
def test_text_that_is_no_such_quantity_is_refused_with_the_fix(text, unit, message):
    with pytest.raises(UnitError) as caught:
        units.parse(text, unit)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_a_finite_number_or_a_unit_error(text):
    try:
        value = units.parse(text, "m")
    except UnitError:
        return
    assert math.isfinite(value)


@given(FINITE, st.sampled_from(FIELD_UNITS))
def test_exact_text_reads_back_to_the_same_float(value, unit):
    assert units.parse(units.format_exact(value, unit), unit) == value


@given(st.integers(-99999, 99999), st.integers(0, 4), st.sampled_from(FIELD_UNITS))
def test_short_numbers_stay_short(number, places, unit):
    text = repr(number / 10**places).removesuffix(".0") + ("" if unit == "1" else f" {unit}")
    value = units.parse(text, unit)
    assert units.parse(units.format_exact(value, unit), unit) == value
    assert len(units.format_exact(value, unit)) <= len(text)


def test_a_number_that_is_not_finite_has_no_text():
    with pytest.raises(UnitError, match="expected a finite number"):
        units.format_exact(math.nan, "m")


DIMS = st.builds(Dim, *[st.integers(-3, 3) for _ in range(7)])


@given(DIMS, DIMS)
def test_dimensions_multiply_and_divide_as_a_group(one, other):
    assert (one * other) / other == one
    assert one / one == units.NONE
    assert one * other == other * one


@given(DIMS, st.integers(-3, 3))
def test_a_power_is_a_repeated_product(one, power):
    product = units.NONE
    for _ in range(abs(power)):
        product = product * one if power > 0 else product / one
    assert one**power == product


@given(DIMS, DIMS, st.floats(0.1, 10.0))
def test_the_rescaling_factor_of_a_product_is_the_product(one, other, scale):
    scales = {"kg": scale, "m": 1.0 / scale, "s": scale**2}
    # pow and product round at 1e-16 each; the exponents reach 12 in all, ten operations
    assert (one * other).factor(scales) == pytest.approx(one.factor(scales) * other.factor(scales), rel=1e-13)


def test_constants_are_those_of_the_si():
    assert units.e * units.N_A == pytest.approx(units.F, rel=1e-15)
    assert units.k_B * units.N_A == pytest.approx(units.R, rel=1e-15)


ONE = Quantity(3.0, 0.03, "ohm")
TWO = Quantity(5.0, 0.10, "ohm")


@pytest.mark.parametrize(
    "operation",
    [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b],
    ids=["sum", "difference", "product", "quotient"],
)
def test_uncertainty_agrees_with_sampling(operation):
    rng = np.random.default_rng(7)
    n = 200_000
    sampled = operation(rng.normal(ONE.value, ONE.std, n), rng.normal(TWO.value, TWO.std, n))
    # the standard deviation of n samples is known to 1/sqrt(2 n) = 0.16 %: four of these; first order adds (2 %)^2
    assert operation(ONE, TWO).std == pytest.approx(float(np.std(sampled)), rel=4 * 0.0016 + 4e-4)


def test_quotient_has_the_unit_of_the_quotient():
    quotient = Quantity(3.0, 0.1, "V") / Quantity(2.0, 0.1, "mA/cm^2")
    assert units.parse_unit(quotient.unit).dim == units.parse_unit("ohm m^2").dim


def test_product_with_a_plain_number_scales_both():
    doubled = 2.0 * ONE
    assert (doubled.value, doubled.std, doubled.unit) == (6.0, 0.06, "ohm")


def test_a_sum_of_two_dimensions_is_refused():
    with pytest.raises(UnitError, match="expected a unit of the dimension of 'V'"):
        ONE + Quantity(1.0, 0.1, "V")


def test_an_unknown_uncertainty_stays_unknown():
    assert (ONE + Quantity(1.0, None, "ohm")).std is None


def test_a_quantity_is_never_nan():
    with pytest.raises(ValueError, match="expected a finite number"):
        Quantity(math.nan, 0.1, "V")


@pytest.mark.parametrize(
    ("value", "std", "text"),
    [
        (32.512, 1.23, "32.5 +- 1.2"),
        (61.83, 0.9, "61.8 +- 0.9"),
        (5.2e-4, 5e-6, "(5.20 +- 0.05)e-4"),
        (4500.0, 120.0, "4500 +- 120"),
        (1.0, None, "1"),
    ],
)
def test_a_quantity_prints_as_a_paper_does(value, std, text):
    assert units.format_pair(value, std) == text


@pytest.mark.parametrize(
    ("unit", "pretty"), [("ohm cm^2", "Ω cm²"), ("mA/cm^2", "mA/cm²"), ("degC", "°C"), ("S cm^-1", "S cm⁻¹")]
)
def test_units_print_as_a_paper_does(unit, pretty):
    assert units.pretty_unit(unit) == pretty


def test_temperatures_keep_their_offset_and_differences_do_not():
    warm = Quantity(units.celsius(25.0), 0.5, "degC")
    assert warm.field_value == pytest.approx(25.0, abs=1e-12)  # 298.15 - 273.15 rounds at 6e-14
    assert warm.field_std == 0.5
