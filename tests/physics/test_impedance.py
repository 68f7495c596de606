"""Elements against their formulas and limits, derivatives, Kramers-Kronig, and the algebra of circuits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garnetlab.core import InvalidInput
from garnetlab.physics.impedance import (
    ELEMENTS,
    brug_capacitance,
    constant_phase_coefficient,
    effective_capacitance,
    parse_circuit,
    series_of_arcs,
    time_constant,
)
from garnetlab.units import Dim

F = np.logspace(-2, 6, 33)
OMEGA = 2 * np.pi * F
S = 1j * OMEGA
#: one set of parameters per element, exponents not at their ends
VALUES = {
    "R": (120.0,),
    "C": (3e-6,),
    "L": (2e-6,),
    "La": (2e-6, 0.9),
    "CPE": (4e-6, 0.85),
    "W": (25.0,),
    "Ws": (80.0, 0.3),
    "Wo": (80.0, 0.3),
    "G": (80.0, 0.3),
    "K": (80.0, 0.3),
    "Zarc": (80.0, 0.3, 0.75),
}
NESTED = {
    "R0-p(R1,CPE1)-p(R2,CPE2)-W1": (200.0, 50.0, 1.5e-8, 0.9, 83.0, 3e-6, 0.85, 2.0),
    "R0-p(CPE1,R1-W1)": (200.0, 3e-6, 0.85, 83.0, 20.0),
    "L1-R0-p(CPE1,R1-p(C2,R2-Ws1))-Wo1": (1e-6, 20.0, 3e-6, 0.9, 60.0, 1e-4, 100.0, 40.0, 2.0, 30.0, 50.0),
    "p(R1,C1,G1)-Zarc1-K1-La1": (200.0, 1e-8, 400.0, 0.02, 50.0, 1e-4, 0.8, 30.0, 1e-2, 1e-6, 0.95),
}
EXPECTED = {
    "R": lambda r: r + 0 * S,
    "C": lambda c: 1 / (S * c),
    "L": lambda l: S * l,
    "La": lambda l, n: l * S**n,
    "CPE": lambda q, n: 1 / (q * S**n),
    "W": lambda sigma: sigma * np.sqrt(2.0) / np.sqrt(S),
    "Ws": lambda r, tau: r * np.tanh(np.sqrt(S * tau)) / np.sqrt(S * tau),
    "Wo": lambda r, tau: r / np.tanh(np.sqrt(S * tau)) / np.sqrt(S * tau),
    "G": lambda r, tau: r / np.sqrt(1 + S * tau),
    "K": lambda r, tau: r / (1 + S * tau),
    "Zarc": lambda r, tau, n: r / (1 + (S * tau) ** n),
}


def of(text: str, *parameters: float, frequency=F):
    return parse_circuit(text).impedance(np.array(parameters, dtype=float), np.atleast_1d(frequency))


def hilbert_real(function, omega: float) -> float:
    """Return Z'(omega) - Z'(inf) by the Kramers-Kronig integral of Z'' on a logarithmic grid.

    The subtracted integrand is smooth at x = omega, which the half-shifted grid steps over; the trapezoid rule then
    converges geometrically. The tails beyond exp(+-60) are below exp(-30) of the whole.
    """
    step = 0.02
    x = omega * np.exp((np.arange(-3000, 3000) + 0.5) * step)
    integrand = (x * function(x).imag - omega * function(np.array([omega])).imag) / (x**2 - omega**2)
    return float(-2 / np.pi * (integrand * x).sum() * step)


def test_every_element_is_tested():
    assert set(VALUES) == set(EXPECTED) == set(ELEMENTS)


@pytest.mark.parametrize("kind", ELEMENTS)
def test_an_element_has_the_impedance_of_its_formula(kind):
    # rounding of powers and exponentials, a few 1e-16 times the size of their arguments (below 100)
    np.testing.assert_allclose(of(f"{kind}1", *VALUES[kind]), EXPECTED[kind](*VALUES[kind]), rtol=1e-12)


@pytest.mark.parametrize("text", [*(f"{kind}1" for kind in ELEMENTS), *NESTED])
def test_the_log_jacobian_agrees_with_central_differences(text):
    circuit = parse_circuit(text)
    p = np.array(NESTED.get(text) or VALUES[text[:-1]])
    jacobian, h = circuit.log_jacobian(p, F), 1e-5
    for k in range(len(p)):
        step = np.zeros(len(p))
        step[k] = h
        numeric = (circuit.impedance(p * np.exp(step), F) - circuit.impedance(p * np.exp(-step), F)) / (2 * h)
        # truncation h^2 times the third derivative by ln p, below |Z| (n ln omega)^3 < 5e3 |Z|; rounding 1e-16/h
        error = np.abs(jacobian[:, k] - numeric) / np.abs(circuit.impedance(p, F))
        assert error.max() < 5e3 * h**2


@pytest.mark.parametrize("kind", [k for k in ELEMENTS if k not in ("R", "L", "La")])
def test_an_element_satisfies_kramers_kronig(kind):
    circuit, p = parse_circuit(f"{kind}1"), np.array(VALUES[kind])
    for omega in (0.3, 10.0, 5e3):
        value = circuit.impedance(p, np.array([omega / (2 * np.pi)]))[0]
        found = hilbert_real(lambda x: circuit.impedance(p, x / (2 * np.pi)), omega)
        assert abs(found - value.real) < 1e-6 * abs(value)  # all have Z'(inf) = 0; rounding of a sum of 6000 terms


@pytest.mark.parametrize("kind", ["L", "La"])
def test_the_admittance_of_an_inductor_satisfies_kramers_kronig(kind):
    circuit, p = parse_circuit(f"{kind}1"), np.array(VALUES[kind])
    value = 1 / circuit.impedance(p, np.array([10.0 / (2 * np.pi)]))[0]
    found = hilbert_real(lambda x: 1 / circuit.impedance(p, x / (2 * np.pi)), 10.0)
    assert abs(found - value.real) < 1e-6 * abs(value)


def test_a_warburg_element_has_equal_real_and_negative_imaginary_part():
    z = of("W1", 25.0)
    np.testing.assert_allclose(z.real, -z.imag, rtol=1e-15)


@pytest.mark.parametrize("kind", ["Ws", "Wo"])
def test_finite_diffusion_is_a_warburg_element_at_high_frequency(kind):
    # tanh(u) = 1 - 2 exp(-2u): with Re u = sqrt(omega tau/2) > 40 the difference is exp(-80)
    r, tau, f = 80.0, 0.3, np.array([1e4, 1e6])
    expected = of("W1", r / np.sqrt(2 * tau), frequency=f)
    np.testing.assert_allclose(of(f"{kind}1", r, tau, frequency=f), expected, rtol=1e-12)


def test_transmissive_diffusion_ends_at_its_resistance():
    # tanh(u)/u = 1 - u^2/3: |error| = omega tau/3 = 2e-9
    assert abs(of("Ws1", 80.0, 0.3, frequency=1e-9)[0] - 80.0) < 80.0 * 1e-9


def test_reflecting_diffusion_ends_as_a_third_of_its_resistance_and_a_capacitor():
    # coth(u)/u = 1/u^2 + 1/3 - u^2/45
    omega, r, tau = 2 * np.pi * 1e-6, 80.0, 0.3
    z = of("Wo1", r, tau, frequency=1e-6)[0]
    assert z.real == pytest.approx(r / 3, rel=1e-6)
    assert z.imag == pytest.approx(-r / (omega * tau), rel=1e-9)


def test_a_gerischer_element_ends_at_its_resistance_and_begins_with_a_phase_of_45_degrees():
    low, high = of("G1", 80.0, 0.3, frequency=[1e-9, 1e9])
    assert low == pytest.approx(80.0, rel=1e-8)
    assert np.angle(high, deg=True) == pytest.approx(-45.0, abs=1e-6)


@pytest.mark.parametrize("kind", ELEMENTS)
def test_extreme_arguments_give_finite_numbers(kind):
    p = np.array(VALUES[kind])
    scale = np.array([1e-12, 1.0, 1e12])[:, None] ** (np.array([name != "n" for name in _short(kind)]) * 1.0)
    z, jacobian = parse_circuit(f"{kind}1").linearised(p * scale, np.array([1e-9, 1.0, 1e12]))
    assert np.isfinite(z).all()
    assert np.isfinite(jacobian).all()


def _short(kind: str) -> list[str]:
    return [parameter.name for parameter in ELEMENTS[kind].parameters]


def test_a_resistor_beside_a_constant_phase_element_is_a_zarc():
    r, q, n = 83.0, 3e-6, 0.85
    tau = time_constant(r, coefficient=q, exponent=n)
    np.testing.assert_allclose(of("p(R1,CPE1)", r, q, n), of("Zarc1", r, tau, n), rtol=1e-12)


def test_a_voigt_element_is_a_zarc_of_exponent_one_and_a_resistor_beside_a_capacitor():
    np.testing.assert_allclose(of("K1", 83.0, 1e-3), of("Zarc1", 83.0, 1e-3, 1.0), rtol=1e-12)
    np.testing.assert_allclose(of("K1", 83.0, 1e-3), of("p(R1,C1)", 83.0, 1e-3 / 83.0), rtol=1e-12)


@pytest.mark.parametrize("text", NESTED)
def test_the_real_part_of_a_passive_circuit_is_not_negative(text):
    rng = np.random.default_rng(5)
    circuit = parse_circuit(text)
    exponent = np.array([name.endswith(".n") for name in circuit.names])
    spread = rng.uniform(-5, 5, (200, len(circuit)))
    p = np.where(exponent, rng.uniform(0.3, 1.0, spread.shape), np.array(NESTED[text]) * 10.0**spread)
    z = circuit.impedance(p, F)
    assert (z.real >= -1e-13 * np.abs(z)).all()  # rounding of the product of complex numbers


def test_impedances_in_series_add_and_admittances_in_parallel_add():
    p, q = (50.0, 1e-6, 0.8), (300.0, 0.02)
    one, other = of("p(R1,CPE1)", *p), of("G1", *q)
    np.testing.assert_allclose(of("p(R1,CPE1)-G1", *p, *q), one + other, rtol=1e-14)
    np.testing.assert_allclose(of("p(p(R1,CPE1)-R2,G1)", *p, 7.0, *q), 1 / (1 / (one + 7.0) + 1 / other), rtol=1e-13)


def test_the_order_of_parts_does_not_matter():
    circuit, other = parse_circuit("R0-p(R1,CPE1)-W1"), parse_circuit("W1-p(CPE1,R1)-R0")
    values = dict(zip(circuit.names, (200.0, 50.0, 1e-6, 0.9, 3.0), strict=True))
    moved = np.array([values[name] for name in other.names])
    np.testing.assert_allclose(
        circuit.impedance(np.array([*values.values()]), F), other.impedance(moved, F), rtol=1e-14
    )


def test_scaling_all_resistances_scales_the_impedance():
    circuit = parse_circuit("R0-p(R1,CPE1)-p(R2,CPE2)-W1")
    p = np.array(NESTED[str(circuit)])
    scale = np.array([3.0, 3.0, 1 / 3, 1.0, 3.0, 1 / 3, 1.0, 3.0])
    np.testing.assert_allclose(circuit.impedance(p * scale, F), 3 * circuit.impedance(p, F), rtol=1e-12)


def test_many_parameter_sets_are_evaluated_at_once():
    circuit = parse_circuit("R(Q(RW))")
    p = np.exp(np.random.default_rng(1).normal(size=(2, 3, len(circuit)))) * np.array([10.0, 1e-6, 0.5, 50.0, 5.0])
    z, jacobian = circuit.linearised(p, F)
    assert z.shape == (2, 3, len(F))
    assert jacobian.shape == (2, 3, len(F), len(circuit))
    np.testing.assert_array_equal(z[1, 2], circuit.impedance(p[1, 2], F))


@pytest.mark.parametrize("kind", ELEMENTS)
def test_the_impedance_scales_as_ohm_in_other_units(kind):
    circuit, p = parse_circuit(f"{kind}1"), np.array(VALUES[kind])
    scales = {"kg": 1.7, "m": 0.6, "s": 1.3, "A": 0.8}
    other = p * [dim.factor(scales) for dim in circuit.dimensions(p)]
    ohm = Dim(kg=1, m=2, s=-3, A=-2).factor(scales)
    np.testing.assert_allclose(circuit.impedance(other, F / scales["s"]), ohm * circuit.impedance(p, F), rtol=1e-12)


@pytest.mark.parametrize(
    ("parameters", "frequency", "message"),
    [
        ([1.0], F, r"parameters = array of shape \(1,\): expected the last axis to hold R0, C1"),
        ([1.0, -2.0], F, r"parameters = -2.0: expected finite numbers > 0"),
        ([1.0, np.nan], F, r"parameters = nan"),
        ([1.0, 2.0], [1.0, 0.0], r"frequency = 0.0: expected finite numbers > 0"),
        ([1.0, 2.0], [[1.0]], r"frequency = array of shape \(1, 1\)"),
    ],
)
def test_wrong_numbers_are_refused_with_their_value(parameters, frequency, message):
    with pytest.raises(InvalidInput, match=message):
        parse_circuit("R0-C1").impedance(np.array(parameters), np.array(frequency))


def test_a_vector_is_built_by_names():
    np.testing.assert_array_equal(
        parse_circuit("R(RQ)").vector(R1=2.0, R0=1.0, CPE1_n=0.9, CPE1_Q=3e-6), [1, 2, 3e-6, 0.9]
    )
    with pytest.raises(InvalidInput, match="expected exactly R0, R1, CPE1_Q, CPE1_n"):
        parse_circuit("R(RQ)").vector(R0=1.0)


# series of arcs ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("R0-p(R1,CPE1)-p(R2,CPE2)-W1", NESTED["R0-p(R1,CPE1)-p(R2,CPE2)-W1"]),
        ("L1-p(CPE1,R1)-CPE2", (1e-6, 1e-6, 0.9, 50.0, 1e-4, 0.8)),
        ("Zarc1-R0-K1-p(R2,C2)-C3", (80.0, 1e-3, 0.8, 10.0, 30.0, 1.0, 20.0, 1e-7, 1e-3)),
    ],
)
def test_a_series_of_arcs_maps_to_the_arc_model_and_back(text, parameters):
    circuit, p = parse_circuit(text), np.array(parameters)
    mapping = series_of_arcs(circuit)
    vector = mapping.to_arcs(np.stack([p, 2 * p * 0 + p]))[0]
    v, z = iter(vector), np.zeros(len(F), dtype=complex)
    z += next(v) if mapping.resistance is not None else 0
    z += S * next(v) if mapping.inductance is not None else 0
    for _ in mapping.arcs:
        r, tau, n = next(v), next(v), next(v)
        z += r / (1 + (S * tau) ** n)
    z += next(v) * S ** -next(v)
    np.testing.assert_allclose(z, circuit.impedance(p, F), rtol=1e-10)
    np.testing.assert_allclose(mapping.from_arcs(vector), p, rtol=1e-12)


@pytest.mark.parametrize("text", ["R", "RW", "R(Q(RW))", "RR(RQ)", "R(RQ)QW", "R(RQ)G", "R(RQC)", "R(RR)", "(RQ)LL"])
def test_other_circuits_are_no_series_of_arcs(text):
    assert series_of_arcs(parse_circuit(text)) is None


# what an arc means ---------------------------------------------------------------------------------------------------
def test_the_capacitance_of_an_arc_is_that_of_its_apex():
    r, q, n = 83.0, 3e-6, 0.85
    apex = 1 / (2 * np.pi * r * effective_capacitance(r, coefficient=q, exponent=n))
    f = np.logspace(np.log10(apex) - 0.01, np.log10(apex) + 0.01, 2001)
    top = f[(-of("p(R1,CPE1)", r, q, n, frequency=f).imag).argmax()]
    assert top == pytest.approx(apex, rel=3e-5)  # the spacing of the grid is 2.3e-5


def test_a_time_constant_gives_back_its_coefficient():
    tau = time_constant(83.0, coefficient=3e-6, exponent=0.85)
    assert constant_phase_coefficient(83.0, time_constant=tau, exponent=0.85) == pytest.approx(3e-6, rel=1e-12)


def test_brug_of_a_blocking_electrode_uses_the_series_resistance_alone():
    expected = (3e-6 * 200.0 ** (1 - 0.85)) ** (1 / 0.85)
    assert brug_capacitance(3e-6, exponent=0.85, series=200.0) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(r=st.floats(1e-2, 1e8), q=st.floats(1e-12, 1e-2))
def test_every_capacitance_is_the_coefficient_where_the_exponent_is_one(r, q):
    assert effective_capacitance(r, coefficient=q, exponent=1.0) == pytest.approx(q, rel=1e-12)
    assert brug_capacitance(q, exponent=1.0, series=r) == pytest.approx(q, rel=1e-12)


@pytest.mark.parametrize("name", ["resistance", "coefficient", "exponent"])
def test_a_conversion_refuses_what_is_not_positive(name):
    values = {"resistance": 1.0, "coefficient": 1.0, "exponent": 1.0, name: 0.0}
    with pytest.raises(InvalidInput, match=rf"{name} = 0\.0"):
        time_constant(values.pop("resistance"), **values)


def test_brug_refuses_a_negative_resistance():
    with pytest.raises(InvalidInput, match="parallel = -1"):
        brug_capacitance(1e-6, exponent=0.9, series=1.0, parallel=-1.0)
