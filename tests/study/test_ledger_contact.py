"""The patchy cells of the ledger: their map, their impedance against circuits and two faces, and what an arc shows of them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from garnetlab import units
from garnetlab.core import Channel, InvalidInput
from garnetlab.library import load_observations
from garnetlab.physics.impedance import parse_circuit
from garnetlab.physics.interface_impedance import interface_spectrum
from garnetlab.study import _ledger_rows_contact as patchy
from garnetlab.study import _ledger_rows_specimens as specimens
from garnetlab.study._audit_checks_numbers import Paper
from garnetlab.study._ledger_rows_specimens import FREQUENCIES, Interface
from garnetlab.study._ledger_rows_spectra import _contact_note, _interface, _pellet

ROOM = units.celsius(25.0)


@pytest.fixture(scope="module")
def paper():
    return Paper(load_observations())


@pytest.fixture(scope="module")
def pellet(paper):
    return _pellet(paper)


@pytest.fixture(scope="module")
def lithium(paper):
    return patchy.contact_of(_interface(paper, "asr.0"))


@pytest.fixture(scope="module")
def impedance(pellet, lithium):
    return patchy.patchy_impedance(pellet, lithium, ROOM)


def circuit(pellet, interface: Interface, fraction: float, temperature: float) -> np.ndarray:
    """Return the impedance with the contact everywhere alike: charge transfer and double layer count the contact."""
    model = parse_circuit("p(R0,C0)-p(R1,CPE1)-p(R2,CPE2)")
    arc = {
        "R2": 2.0 * interface.resistance * interface.growth(temperature) / pellet.area,
        "CPE2.Q": patchy._LAYER_Q * fraction * pellet.area / 2.0,
        "CPE2.n": patchy._LAYER_N,
    }
    values = {**pellet.parameters(temperature), **arc}
    return model.impedance(np.array([values[n] for n in model.names]), FREQUENCIES)


@pytest.mark.parametrize("fraction", [0.001, 0.1652, 0.9, 1.0])
def test_the_pattern_has_exactly_the_share_in_contact(fraction):
    coverage = patchy.coverage_of(fraction)
    assert coverage.mean() == pytest.approx(fraction, rel=1e-12)
    assert ((coverage > 0) & (coverage < 1)).sum() <= 1


def test_more_contact_keeps_what_was_in_contact():
    assert (patchy.coverage_of(0.3) >= patchy.coverage_of(0.1652)).all()


def test_full_contact_is_the_circuit(pellet):
    # one call per frequency of a uniform face: solver tolerance 1e-8
    interface = Interface(patchy.TRANSFER, 0.6 * units.eV, ROOM)
    for celsius in (25.0, 60.0):
        found = patchy.patchy_impedance(pellet, patchy.contact_of(interface), units.celsius(celsius))
        expected = circuit(pellet, interface, 1.0, units.celsius(celsius))
        assert np.abs(found / expected - 1.0).max() < 1e-7


def test_charge_transfer_alone_has_the_reported_resistance(paper, pellet, lithium):
    found = patchy.solved(pellet, lithium, ROOM)
    assert found.kinetics == pytest.approx(paper.si("asr.0"), rel=1e-9)
    assert found.asr - found.slab > paper.si("asr.0")


def test_both_faces_solved_at_once_agree_with_two_single_ones(pellet, lithium, impedance):
    # ten periods of slab between the faces: exp(-2 pi 10) = 5e-28, so only the solver's tolerance of 1e-8 is left
    parameters = pellet.parameters(ROOM)
    for k in (0, 20, 40):
        omega = 2 * np.pi * FREQUENCIES[k]
        layer = patchy._LAYER_Q * (1j * omega) ** patchy._LAYER_N
        found = interface_spectrum(
            lithium.coverage,
            FREQUENCIES[k : k + 1],
            charge_transfer_resistance=1 / (1 / lithium.transfer(ROOM) + layer.real),
            double_layer_capacitance=layer.imag / omega,
            gap_capacitance=8.8541878188e-12 / patchy.GAP,
            second_contact=lithium.coverage,
            conductivity=patchy.conductivity(pellet, ROOM),
            thickness=pellet.thickness,
            period=patchy.PERIOD,
            permittivity=8.8541878188e-12 * specimens.garnet("relative_permittivity"),
            grain_boundary_share=specimens.garnet("grain_boundary_share"),
            grain_boundary_time=(parameters["R1"] * parameters["CPE1.Q"]) ** (1 / parameters["CPE1.n"]),
            grain_boundary_exponent=parameters["CPE1.n"],
        )
        assert found.asr[0] / pellet.area == pytest.approx(impedance[k], rel=1e-6)


def test_the_constriction_is_not_in_the_arc(paper, pellet, lithium, impedance):
    # what the patches add to the circuit stands from the lowest frequency to above the arc (some kHz) unchanged; the grain
    # boundaries relax near 0.5 MHz with n = 0.9, which takes (1e4/5e5)^0.9 = 3 % of their 40 % at 10 kHz
    found = patchy.solved(pellet, lithium, ROOM)
    added = impedance - circuit(pellet, _interface(paper, "asr.0"), lithium.fraction, ROOM)
    low = FREQUENCIES <= 1.01e4
    assert np.abs(added[low] / (2 * found.constriction / pellet.area) - 1.0).max() < 0.05
    assert abs(added[0]) < 0.7 * abs(added[-1])


def test_heating_raises_the_share_of_constriction(pellet, lithium):
    shares = [s.constriction / (s.asr - s.slab) for s in (patchy.solved(pellet, lithium, t) for t in (ROOM, 333.15))]
    # 0.61 eV of 1/R against 0.37 eV of sigma T: exp(0.24 eV/k (1/298.15 - 1/333.15)) 333.15/298.15 = 2.98 in the ratio, less
    # the fall of the constriction itself with R_ct, at most 12 % over all R_ct and some per cent over this factor of 12
    assert shares[1] / (1 - shares[1]) / (shares[0] / (1 - shares[0])) == pytest.approx(2.98, rel=0.04)


def test_the_energy_of_the_asr_lies_between_that_of_the_arc_and_that_of_the_slab(paper, pellet):
    kelvin = [units.celsius(t) for t in (25.0, 40.0, 60.0)]
    for key in ("asr.0", "asr.10"):
        contact = patchy.contact_of(_interface(paper, key))
        whole = patchy.apparent_energy(pellet, contact, kelvin)
        assert paper.si("llzto.sigma.Ea") < whole < contact.energy


def test_the_note_names_the_solved_asr_and_its_constriction(pellet, lithium):
    found = patchy.solved(pellet, lithium, ROOM)
    whole, share = re.search(
        r"solved ASR is ([\d.]+) ohm cm\^2 at 25 degC, of which ([\d.]+) %", _contact_note(pellet, lithium)
    ).groups()
    assert float(whole) == pytest.approx((found.asr - found.slab) / units.ohm_cm2, abs=0.05)
    assert float(share) == pytest.approx(100 * found.constriction / (found.asr - found.slab), abs=0.05)


def test_an_asr_below_that_of_full_contact_is_refused():
    with pytest.raises(InvalidInput, match=r"resistance = 20 ohm cm\^2: expected at least 30"):
        patchy.contact_of(Interface(20 * units.ohm_cm2, 0.6 * units.eV, ROOM))


def test_the_noise_of_a_cell_is_that_of_the_instrument(pellet, lithium):
    cell = patchy.patchy_cell(pellet, lithium, temperature=ROOM, rng=np.random.default_rng(3))
    again = patchy.patchy_cell(pellet, lithium, temperature=ROOM, rng=np.random.default_rng(4))
    # difference of two draws over its deviation: 162 numbers, chi squared 162 +- 4 sqrt(2 162)
    change = (cell[Channel.IMPEDANCE] - again[Channel.IMPEDANCE]) / (np.sqrt(2) * cell.std[Channel.IMPEDANCE])
    assert abs(np.sum(np.abs(change) ** 2) - 162) < 4 * np.sqrt(2 * 162)
