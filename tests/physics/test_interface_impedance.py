"""Impedance of patchy faces: limits, circuits, finite volumes, and analysis of what comes out."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.analyse.circuit import analyse_circuit
from garnetlab.analyse.kk import check_validity
from garnetlab.core import Channel, InvalidInput
from garnetlab.physics.interface import interface_currents
from garnetlab.physics.interface_impedance import interface_spectrum, slab_resistivity
from garnetlab.simulate import interface_impedance
from garnetlab.testing import extrapolated, finite_volume_interface

SIGMA, PERIOD = 0.05, 8e-5
UNIT = PERIOD / 8 / SIGMA
ONE, TWO = np.random.default_rng(11).random((2, 8, 8)) < 0.4
SLAB = {"conductivity": SIGMA, "thickness": 4e-5, "period": PERIOD}
FACE = {"charge_transfer_resistance": 2 * UNIT, "double_layer_capacitance": 0.02}


@pytest.mark.parametrize("second", [None, TWO])
def test_low_frequencies_give_the_direct_current_resistance(second):
    spectrum = interface_spectrum(ONE, np.array([1e-3]), second_contact=second, gap_capacitance=1e-5, **FACE, **SLAB)
    steady = interface_currents(ONE, charge_transfer_resistance=2 * UNIT, second_contact=second, bounds=False, **SLAB)
    # omega R C = 2.5e-8 is what is left of the capacitances
    assert spectrum.asr[0].real == pytest.approx(steady.asr, rel=1e-7)
    assert abs(spectrum.asr[0].imag) < 1e-6 * steady.asr


def test_high_frequencies_short_the_double_layer_but_not_the_constriction():
    spectrum = interface_spectrum(ONE, np.array([1e12]), **FACE, **SLAB)
    short = interface_currents(ONE, charge_transfer_resistance=1e-7 * UNIT, bounds=False, **SLAB)
    assert spectrum.asr[0].real == pytest.approx(short.asr, rel=1e-5)
    assert short.constriction > 0.05 * UNIT


def test_full_contact_is_the_circuit_by_hand():
    f = np.logspace(6, 0, 13)
    options = {
        "permittivity": 4e-10,
        "grain_boundary_share": 0.3,
        "grain_boundary_time": 1e-6,
        "grain_boundary_exponent": 0.9,
    }
    spectrum = interface_spectrum(np.ones((2, 2)), f, film_resistance=UNIT, **FACE, **options, **SLAB)
    w = 2j * np.pi * f
    slab = 4e-5 / SIGMA * (0.7 / (1 + w * 0.7 * 4e-10 / SIGMA) + 0.3 / (1 + (w * 1e-6) ** 0.9))
    np.testing.assert_allclose(spectrum.slab, slab, rtol=1e-12)
    np.testing.assert_allclose(spectrum.asr, slab + UNIT + 2 * UNIT / (1 + w * 2 * UNIT * 0.02), rtol=1e-10)


@pytest.mark.parametrize("frequency", [30.0, 3e3, 1e6])
@pytest.mark.parametrize("second", [None, TWO])
def test_one_frequency_agrees_with_complex_finite_volumes(frequency, second):
    gap, options = 2e-4, {"permittivity": 4e-10, "grain_boundary_share": 0.3, "grain_boundary_time": 1e-6}
    found = interface_spectrum(
        ONE, np.array([frequency]), gap_capacitance=gap, second_contact=second, **FACE, **options, **SLAB
    )
    w = 2j * np.pi * frequency

    def local(contact):
        return np.where(contact, 2 * UNIT / (1 + w * 2 * UNIT * 0.02), 1 / (w * gap))

    sigma = 1 / slab_resistivity(frequency, conductivity=SIGMA, **options)
    values = [
        finite_volume_interface(
            local(ONE),
            second_resistance=None if second is None else local(second),
            conductivity=sigma,
            thickness=4e-5,
            period=PERIOD,
            refine=n,
        ).asr
        for n in (1, 2, 4)
    ]
    parts = [extrapolated([getattr(v, part) for v in values]) for part in ("real", "imag")]
    fine = np.array([found.asr[0].real, found.asr[0].imag])
    reference, error = np.array(parts).T
    # our pixels are coarse: the real currents differ from the reference by up to its own first change
    change = abs(values[0] - values[1])
    np.testing.assert_allclose(fine, reference, atol=np.max(error) + change)


def test_the_spectrum_of_a_map_passes_the_kramers_kronig_test_and_gives_its_resistance_back():
    f = np.logspace(6, -1, 71)
    measured = interface_impedance(ONE, frequencies=f, area=1e-4, gap_capacitance=1e-5, **FACE, **SLAB)
    noise = 1e-3 * np.abs(measured[Channel.IMPEDANCE])
    rng = np.random.default_rng(3)
    noisy = measured[Channel.IMPEDANCE] + noise * (rng.standard_normal(71) + 1j * rng.standard_normal(71))
    assert check_validity(f, noisy).valid.all()
    truth = 2 * UNIT / np.mean(ONE)  # the arc: what the double layer shorts; constriction stays in the real axis
    data = type(measured)(
        measured.kind, {Channel.FREQUENCY: f, Channel.IMPEDANCE: noisy}, measured.source, dict(measured.metadata)
    )
    (result,) = analyse_circuit([data], "R0-p(R1,C1)")
    arc = result.quantities["R1"]
    # local arcs see different constrictions, so their sum is not quite one arc: 5 % by the spread of currents
    assert arc.value * 1e-4 == pytest.approx(truth, rel=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frequency": np.array([[1.0]])}, "expected a list of frequencies"),
        ({"frequency": np.array([-1.0])}, "frequency = -1"),
        ({"gap_capacitance": -1.0}, "gap_capacitance = -1"),
        ({"gap_capacitance": np.ones((8, 8))}, "expected one finite number"),
        ({"grain_boundary_share": 2.0}, "grain_boundary_share = 2"),
        ({"permittivity": -1.0}, "permittivity = -1"),
        ({"second_contact": np.ones((2, 2))}, "second_contact = array of shape"),
        ({"charge_transfer_resistance": 0.0}, "charge_transfer_resistance = 0"),
    ],
)
def test_bad_input_names_thing_and_value(change, message):
    options = {"frequency": np.array([1.0]), **FACE, **SLAB} | change
    with pytest.raises(InvalidInput, match=message):
        interface_spectrum(ONE, options.pop("frequency"), **options)
