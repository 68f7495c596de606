"""Profile-likelihood intervals, and the joint fit of a temperature series."""

from __future__ import annotations

import math

import numpy as np
import pytest

from garnetlab import units
from garnetlab.analyse._spectra import fit_spectra
from garnetlab.analyse._uncertainty import parameter_quantity
from garnetlab.analyse.joint import joint_arrhenius
from garnetlab.analyse.profile import profile
from garnetlab.core import InvalidInput, Measurement, MissingInput, Outcome
from garnetlab.numerics import ArcModel, Tail
from garnetlab.simulate import simulate_eis

CIRCUIT = "R0-p(R1,CPE1)-p(R2,CPE2)-W1"
CASE_A = {
    "R0": 200.0,
    "R1": 50.0,
    "CPE1.Q": 1.5e-8,
    "CPE1.n": 0.90,
    "R2": 83.0,
    "CPE2.Q": 3e-6,
    "CPE2.n": 0.85,
    "W1": 2.0,
}
MODEL = ArcModel(2, tail=Tail.WARBURG)
SEED = 914007


def case_a(seed: int) -> Measurement:
    return simulate_eis(CIRCUIT, CASE_A, noise=0.01, rng=np.random.default_rng([SEED, seed]))


def test_profile_and_linear_interval_agree_where_the_parameter_is_well_known() -> None:
    m = case_a(0)
    found = profile(m, "R2", MODEL)
    linear = parameter_quantity(fit_spectra([m], model=MODEL)[0].fitted, "R2", "ohm")
    assert found.value == pytest.approx(linear.value, rel=1e-4)
    # R_int is known to 2 %: second-order terms are of the order of 2 % of the half width, ten times that is allowed
    for one, other in zip(found.interval, linear.interval, strict=True):
        assert math.log(one / found.value) == pytest.approx(math.log(other / linear.value), rel=0.2)


def test_the_profile_of_an_open_grain_boundary_holds_the_truth() -> None:
    """R_gb of case A is known to 18 % at best, so that a linear interval is a guess; 20 spectra, at most 4 misses.

    At 95 % five or more of 20 miss the truth once in 400 times.
    """
    missed = 0
    for seed in range(1, 21):
        low, high = profile(case_a(seed), "R1", MODEL).interval
        missed += not low <= CASE_A["R1"] <= high
    assert missed <= 4


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(InvalidInput, match="R7"):
        profile(case_a(0), "R7", MODEL)


def pellet(celsius: float, rng: np.random.Generator, *, kelvin: float) -> Measurement:
    """Return a blocking pellet whose bulk and grain boundary have 0.35 and 0.45 eV; the thermometer errs by ``kelvin``."""
    true = celsius + 273.15 + kelvin * rng.standard_normal()
    x = units.eV / units.k_B * (1 / true - 1 / 300.0)
    bulk, boundary = (r * true / 300.0 * math.exp(e * x) for r, e in ((2e4, 0.35), (6e4, 0.45)))
    values = {"R1": bulk, "CPE1.Q": 2e-11, "CPE1.n": 0.95, "R2": boundary, "CPE2.Q": 3e-9, "CPE2.n": 0.9}
    values |= {"CPE3.Q": 1e-6, "CPE3.n": 0.9}
    meta = {"temperature": celsius + 273.15, "area": 1e-4, "thickness": 1e-3, "electrodes": "blocking", "sample": "p"}
    return simulate_eis("p(R1,CPE1)-p(R2,CPE2)-CPE3", values, noise=0.01, rng=rng, metadata=meta)


def test_the_joint_fit_finds_both_energies_within_its_intervals() -> None:
    """Four series of five temperatures with 0.5 K: at 95 % three or more of eight intervals miss once in 170 times."""
    missed = 0
    model = ArcModel(2, resistance=False, tail=Tail.POWER)
    for seed in range(4):
        rng = np.random.default_rng([SEED, 77, seed])
        found = joint_arrhenius([pellet(t, rng, kelvin=0.5) for t in (20.0, 35.0, 50.0, 65.0, 80.0)], model=model)
        assert found.outcome is Outcome.SUCCESS
        for name, energy in (("activation_energy_R1", 0.35), ("activation_energy_R2", 0.45)):
            low, high = found[name].field_interval
            missed += not low <= energy <= high
            assert high - low < 0.06
    assert missed <= 2


def test_the_joint_fit_needs_temperatures() -> None:
    rng = np.random.default_rng(0)
    bare = [Measurement(m.kind, m.channels, m.source) for m in (pellet(t, rng, kelvin=0.0) for t in (20.0, 40.0, 60.0))]
    with pytest.raises(MissingInput, match="--temperature"):
        joint_arrhenius(bare)
