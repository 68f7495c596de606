"""Activation energies: the line, its errors, the real pellet, the refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from garnetlab import units
from garnetlab.analyse import analyse_impedance, arrhenius, branches
from garnetlab.analyse.arrhenius import fit_line
from garnetlab.core import InvalidInput, MissingInput, Result
from garnetlab.readers import read
from garnetlab.units import Quantity

EV = units.eV


def result(celsius: float, sigma: float, relative: float, **metadata: str) -> Result:
    """Return what the analysis gives for one temperature, reduced to what the series needs."""
    t = celsius + 273.15
    quantities = {
        "temperature": Quantity(t, None, "degC"),
        "ionic_conductivity": Quantity(sigma, sigma * relative, "S/cm"),
        "electrolyte_resistance": Quantity(1.0 / sigma, relative / sigma, "ohm"),
    }
    return Result("eis", quantities, details={"metadata": metadata, "geometry": {"electrodes": "blocking"}})


def series(
    temperatures: np.ndarray, energy: float, relative: float, kelvin: float, rng: np.random.Generator
) -> list[Result]:
    """Return a series whose temperatures are off by ``kelvin`` (one std) and whose values scatter by ``relative``."""
    true = temperatures + 273.15 + kelvin * rng.standard_normal(len(temperatures))
    sigma = 1e6 / true * np.exp(-energy * EV / (units.k_B * true)) * np.exp(relative * rng.standard_normal(len(true)))
    return [result(t, s, relative) for t, s in zip(temperatures, sigma, strict=True)]


def test_the_line_goes_through_exact_points_in_SI() -> None:
    """x is of order 1e20 per joule: a system solved in these units loses the intercept."""
    t = np.array([298.15, 310.0, 325.0, 340.0])
    x = 1.0 / (units.k_B * t)
    y = 12.0 - 0.37 * EV * x
    line = fit_line(x, y, np.full(4, 1e-3))
    fit, _ = line.band(x)
    assert np.max(np.abs(fit - y)) < 1e-9
    assert line.slope / EV == pytest.approx(0.37, rel=1e-9)


@pytest.mark.parametrize("count", [4, 7])
def test_the_interval_covers_95_percent_with_temperature_errors(count: int) -> None:
    """500 series with 0.5 K and 0.3 %: the binomial std of 95 % is 1.0 %, four of them are allowed below."""
    rng = np.random.default_rng(880011)
    temperatures = np.linspace(30.0, 80.0, count)
    hits = 0
    for _ in range(500):
        low, high = arrhenius(series(temperatures, 0.37, 0.003, 0.5, rng))["activation_energy_total"].interval
        hits += low <= 0.37 * EV <= high
    assert hits / 500 >= 0.95 - 0.04
    assert hits / 500 <= 0.995


def test_the_two_forms_differ_by_kT() -> None:
    """d ln T / d(1/kT) = -kT: the energy from ln(sigma) is lower by k T, 0.028 eV at 55 degC."""
    rng = np.random.default_rng(1)
    found = arrhenius(series(np.linspace(30.0, 80.0, 6), 0.37, 1e-6, 0.0, rng))
    gap = (found["activation_energy_total"].value - found["activation_energy_total_sigma"].value) / EV
    assert gap == pytest.approx(units.k_B * 328.15 / EV, rel=0.02)


def test_geometry_common_to_all_points_does_not_widen_the_energy() -> None:
    rng = np.random.default_rng(2)
    plain = series(np.linspace(30.0, 80.0, 6), 0.37, 0.002, 0.0, rng)
    wide = []
    for r in plain:
        q = r["ionic_conductivity"]
        wide.append(
            Result(
                "eis",
                {**r.quantities, "ionic_conductivity": Quantity(q.value, 0.2 * q.value, "S/cm")},
                details=r.details,
            )
        )
    assert arrhenius(wide)["activation_energy_total"].std == pytest.approx(
        arrhenius(plain)["activation_energy_total"].std
    )


def test_heating_and_cooling_are_kept_apart() -> None:
    names = [("p", "heating"), ("p", "cooling"), ("p", "heating"), ("q", "")]
    results = [result(30.0, 1.0, 0.01, sample=s, branch=b) for s, b in names]
    assert {k: len(v) for k, v in branches(results).items()} == {"p heating": 2, "p cooling": 1, "q": 1}


def test_two_temperatures_or_none_are_refused() -> None:
    with pytest.raises(InvalidInput, match="temperatures = 2 different: expected at least 3"):
        arrhenius([result(30.0, 1.0, 0.01), result(40.0, 1.2, 0.01)])
    with pytest.raises(InvalidInput, match="expected a span of at least 5 K"):
        arrhenius([result(30.0 + i, 1.0, 0.01) for i in range(3)])
    bare = [
        Result(
            "eis", {"ionic_conductivity": Quantity(1.0, 0.1, "S/cm")}, details={"geometry": {"electrodes": "blocking"}}
        )
    ]
    with pytest.raises(MissingInput, match="--temperature"):
        arrhenius(bare * 3)


def test_a_series_without_geometry_is_refused() -> None:
    results = [
        Result(
            "eis",
            {"temperature": Quantity(300.0 + 10 * i, None, "degC")},
            details={"geometry": {"electrodes": "blocking"}},
        )
        for i in range(3)
    ]
    with pytest.raises(MissingInput, match=r"--area .* and --thickness"):
        arrhenius(results)


def test_the_real_pellet_agrees_with_independent_fits(data_dir: Path) -> None:
    """Sample s04147 at 140 to 200 degC: fits of the full series of seven temperatures gave 0.587, 0.892 and 0.855 eV."""
    files = [data_dir / "impedance" / f"EISFitpython__s04147-{t}deg.txt" for t in (140, 160, 180, 200)]
    geometry = {"area": np.pi / 4 * 0.013**2, "thickness": 0.002, "electrodes": "blocking", "sample": "s04147"}
    found = arrhenius(analyse_impedance([m.with_metadata(**geometry) for f in files for m in read(f)]))
    for part, energy in (("bulk", 0.587), ("grain_boundary", 0.892), ("total", 0.855)):
        low, high = found[f"activation_energy_{part}"].field_interval
        assert low <= energy <= high, part
    # four points and two parameters: an interval as wide as these says something; that of the bulk hardly does
    for part, half in (("total", 0.03), ("grain_boundary", 0.06)):
        low, high = found[f"activation_energy_{part}"].field_interval
        assert (high - low) / 2 < half
