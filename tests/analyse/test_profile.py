"""Profile intervals: as the linear ones where those hold, and right where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.analyse import analyse_impedance, profile
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, SimulationSource
from garnetlab.numerics import ArcModel, Tail
from garnetlab.testing import reference_spectra

TWO_ARCS = ArcModel(2, tail=Tail.WARBURG)
#: seeds of these tests; none of them was used while the method was written
SEED = 51200


def measured(case: str, count: int) -> list[Measurement]:
    frequency, spectra = reference_spectra(case, count, rng=np.random.default_rng([SEED, ord(case)]))
    channels = [{Channel.FREQUENCY: frequency, Channel.IMPEDANCE: z} for z in spectra]
    return [Measurement(Kind.IMPEDANCE, c, SimulationSource("", SEED, "test")) for c in channels]


def test_profile_and_linear_interval_agree_for_what_is_well_determined() -> None:
    """R_int of case B is known to 0.5 %; curvature changes a limit by about its square, far below the 5 % of it allowed."""
    (m,) = measured("B", 1)
    (result,) = analyse_impedance([m], model=TWO_ARCS)
    for name in ("R0", "R1", "R2", "tau2", "n2"):
        row = next(p for p in result.details["parameters"] if p["name"] == name)
        found = profile(m, name, TWO_ARCS)
        assert found.field_value == pytest.approx(row["value"], rel=1e-9)
        for mine, linear in zip(found.field_interval, row["interval"], strict=True):
            assert np.log(mine / row["value"]) == pytest.approx(np.log(linear / row["value"]), rel=0.05)


def test_the_profile_of_the_open_grain_boundary_covers_95_percent() -> None:
    """R_gb of case A is known to 18 % only. 40 spectra: a true 95 % gives 33 hits or fewer once in 300 times."""
    intervals = [profile(m, "R1", TWO_ARCS).interval for m in measured("A", 40)]
    hits = sum(low <= 50.0 <= high for low, high in intervals)
    assert hits > 33
    # the likelihood of a truncated arc is lopsided: more room above than below, which a symmetric interval has not
    assert np.median([np.log(high / 50.0) + np.log(low / 50.0) for low, high in intervals]) > 0.0


def test_an_exponent_never_goes_beyond_one() -> None:
    m = measured("A", 3)[0]
    low, high = profile(m, "n1", TWO_ARCS).interval
    assert 0.4 < low < 0.9 < high <= 1.0


def test_a_parameter_that_is_not_there_is_refused() -> None:
    (m,) = measured("B", 1)
    with pytest.raises(InvalidInput, match="parameter = 'R7': not in"):
        profile(m, "R7", TWO_ARCS)
    with pytest.raises(InvalidInput, match="unit changes with the exponent"):
        profile(m, "A", ArcModel(2, tail=Tail.POWER))
