"""Impedance of patchy faces: limits, circuits, finite volumes, and analysis of what comes out."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.analyse import analyse_impedance
from garnetlab.analyse.circuit import analyse_circuit
from garnetlab.analyse.kk import check_validity
from garnetlab.core import Channel, InvalidInput
from garnetlab.physics.contact import random_contact, refine_contact
from garnetlab.physics.interface import interface_currents
from garnetlab.physics.interface_impedance import interface_spectrum, slab_resistivity
from garnetlab.simulate import Noise, interface_impedance
from garnetlab.simulate.eis import impedance_noise
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


# more limits ----------------------------------------------------------------------------------------------------------
def test_high_frequencies_short_a_face_with_gap_and_leave_the_slab():
    """Voids next to contact carry the current through their capacitance as well, so no constriction is left."""
    spectrum = interface_spectrum(ONE, np.array([1e12]), gap_capacitance=1e-2, **FACE, **SLAB)
    # 1/(omega C) is 1.6e-11 ohm m^2 of 8e-4
    assert spectrum.asr[0] == pytest.approx(4e-5 / SIGMA, rel=1e-6)


def test_high_frequencies_short_the_slab_as_well_where_it_has_a_permittivity():
    f = np.array([1e11, 1e12])
    spectrum = interface_spectrum(np.ones((4, 4)), f, permittivity=4e-10, **FACE, **SLAB)
    capacitive = (1 / (4e-10 / 4e-5) + 1 / 0.02) / (2j * np.pi * f)  # slab and double layer
    # what is left beside it: sigma/(omega eps) = 2e-4 and 2e-5
    np.testing.assert_allclose(spectrum.asr, capacitive, rtol=1e-3)
    np.testing.assert_allclose(spectrum.asr[1], capacitive[1], rtol=1e-4)


@pytest.mark.parametrize("second", [None, TWO])
def test_resistance_and_reactance_have_the_sign_of_a_passive_cell_and_fall_with_frequency(second):
    f = np.logspace(-2, 9, 45)
    spectrum = interface_spectrum(
        ONE,
        f,
        second_contact=second,
        gap_capacitance=1e-4,
        permittivity=4e-10,
        grain_boundary_share=0.4,
        grain_boundary_time=1e-5,
        grain_boundary_exponent=0.9,
        **FACE,
        **SLAB,
    )
    assert spectrum.converged
    assert np.all(spectrum.asr.imag < 0)
    assert np.all(np.diff(spectrum.asr.real) < 0)  # resistors and capacitors alone
    assert np.all(spectrum.asr.real > 0)


def test_the_order_of_frequencies_and_warm_starts_change_nothing():
    f = np.logspace(6, 0, 7)
    there = interface_spectrum(ONE, f, gap_capacitance=1e-4, second_contact=TWO, **FACE, **SLAB)
    back = interface_spectrum(ONE, f[::-1], gap_capacitance=1e-4, second_contact=TWO, **FACE, **SLAB)
    single = [interface_spectrum(ONE, f[[n]], gap_capacitance=1e-4, second_contact=TWO, **FACE, **SLAB) for n in (0, 3)]
    np.testing.assert_allclose(back.asr[::-1], there.asr, rtol=1e-7)
    np.testing.assert_allclose([s.asr[0] for s in single], there.asr[[0, 3]], rtol=1e-7)


def test_mirrors_equal_the_reflected_map():
    reflected = np.block([[ONE, ONE[:, ::-1]], [ONE[::-1], ONE[::-1, ::-1]]])
    options = {"gap_capacitance": 1e-4, **FACE}
    f = np.array([1e2, 1e5])
    mirrored = interface_spectrum(ONE, f, mirror=True, **options, **SLAB)
    wide = interface_spectrum(reflected, f, **options, **SLAB | {"period": 2 * PERIOD})
    np.testing.assert_allclose(mirrored.asr, wide.asr, rtol=1e-7)


def test_faces_of_a_thick_slab_add_up():
    f, thick = np.array([1e2, 1e4]), SLAB | {"thickness": 3 * PERIOD}
    one, two, both = (
        interface_spectrum(first, f, second_contact=second, gap_capacitance=1e-4, **FACE, **thick).asr
        for first, second in ((ONE, None), (TWO, None), (ONE, TWO))
    )
    # what couples them is 1/sinh(6 pi) = 1.3e-8 of the constriction
    np.testing.assert_allclose(both, one + two - 3 * PERIOD / SIGMA, rtol=1e-7)


def test_slab_relaxations_show_as_two_arcs_of_their_own_size():
    """Grains of 4e-10 F/m relax at sigma/(2 pi eps (1 - g)), boundaries at 1/(2 pi tau), four decades apart."""
    options = {"permittivity": 4e-12, "grain_boundary_share": 0.4, "grain_boundary_time": 1e-5}
    peaks = np.array([1 / (2 * np.pi * 1e-5), SIGMA / (2 * np.pi * 4e-12 * 0.6)])
    f = np.array([peaks[0] / 1e3, peaks[0], np.sqrt(peaks[0] * peaks[1]), peaks[1]])
    face = {"charge_transfer_resistance": 1e-3 * UNIT}
    z = interface_spectrum(np.ones((4, 4)), f, **face, **options, **SLAB).asr / (4e-5 / SIGMA)
    # neighbours are at least 1e4 apart and add the square of their ratio to the real, their ratio to the imaginary part
    assert z[0].real == pytest.approx(1.0, abs=1e-3)
    assert z[1].imag == pytest.approx(-0.2, abs=1e-3)
    assert z[2].real == pytest.approx(0.6, abs=1e-3)
    assert z[3].imag == pytest.approx(-0.3, abs=1e-3)
    patchy = interface_spectrum(ONE, f, **face, **options, **SLAB).asr
    steady = interface_currents(ONE, bounds=False, **face, **SLAB)
    # constriction lies in the slab, so it relaxes with it, the local resistance of 1e-3 UNIT does not
    np.testing.assert_allclose(patchy / steady.asr, z, atol=2e-3)


@pytest.mark.parametrize("frequency", [30.0, 3e3, 1e6])
@pytest.mark.parametrize("second", [None, TWO])
def test_one_frequency_has_the_limit_of_complex_finite_volumes(frequency, second):
    """Both sides refined and extrapolated, each within its own estimate."""
    gap, options = 2e-4, {"permittivity": 4e-10, "grain_boundary_share": 0.3, "grain_boundary_time": 1e-6}
    w = 2j * np.pi * frequency
    rho = slab_resistivity(frequency, conductivity=SIGMA, **options)

    def local(contact):
        return np.where(contact, 2 * UNIT / (1 + w * 2 * UNIT * 0.02), 1 / (w * gap))

    ours, theirs = [], []
    for n in (1, 2, 4):
        other = None if second is None else refine_contact(second, n)
        found = interface_spectrum(
            refine_contact(ONE, n),
            np.array([frequency]),
            gap_capacitance=gap,
            second_contact=other,
            tolerance=1e-10,
            **FACE,
            **options,
            **SLAB,
        )
        ours.append(found.asr[0])
        theirs.append(
            finite_volume_interface(
                local(ONE),
                second_resistance=None if second is None else local(second),
                conductivity=1 / rho,
                thickness=4e-5,
                period=PERIOD,
                refine=n,
            ).asr
        )
    (value, error), (reference, own) = extrapolated(ours), extrapolated(theirs)
    assert abs(value - reference) <= error + own
    assert error + own < 0.02 * abs(reference)


def analysed(measured, seed, **metadata):
    """Return the analysis of a noisy copy."""
    f, z = measured[Channel.FREQUENCY], measured[Channel.IMPEDANCE]
    rng, noise = np.random.default_rng(seed), impedance_noise(z, f, Noise(relative=3e-3))
    channels = {
        Channel.FREQUENCY: f,
        Channel.IMPEDANCE: z + noise * (rng.standard_normal(len(f)) + 1j * rng.standard_normal(len(f))),
    }
    metadata = {**measured.metadata, "electrodes": "symmetric", **metadata}
    (result,) = analyse_impedance([type(measured)(measured.kind, channels, measured.source, metadata)])
    return result


@pytest.mark.parametrize("faces", [1, 2])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_analysis_of_a_noisy_copy_gives_the_interface_resistance_within_its_interval(faces, seed):
    contact = random_contact((32, 32), fraction=0.4, period=PERIOD, correlation_length=PERIOD / 10, rng=4)
    second = {"second_contact": contact[::-1]} if faces == 2 else {}
    slab = SLAB | {"thickness": 1e-3}
    face = {"charge_transfer_resistance": 40e-4, **second}
    f = np.logspace(7, -1, 81)
    measured = interface_impedance(
        contact, frequencies=f, area=1e-4, double_layer_capacitance=0.02, permittivity=4e-10, **face, **slab
    )
    result = analysed(measured, seed, interfaces=faces)
    # the arc is what the double layer shorts: all but slab and the constriction between equipotential patches
    short = interface_currents(contact, bounds=False, **{**face, "charge_transfer_resistance": 1e-9}, **slab).asr
    truth = (interface_currents(contact, bounds=False, **face, **slab).asr - short) / faces
    found = result["interface_resistance"]
    low, high = found.interval
    assert low <= truth <= high
    assert high - low < 0.02 * truth


def test_a_measurement_says_how_many_patchy_interfaces_it_has():
    """The analysis divides by it, and takes two where it is not said."""
    options = {"frequencies": np.logspace(5, 0, 6), "area": 1e-4, **FACE, **SLAB}
    assert interface_impedance(ONE, **options).metadata["interfaces"] == 1
    assert interface_impedance(ONE, second_contact=TWO, **options).metadata["interfaces"] == 2
