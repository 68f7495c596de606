"""Every public function of physics is rerun in other units, and its reference cases hold. [P.2]"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest

from garnetlab import physics, units
from garnetlab.testing._dimensions import MOST_EXEMPT, check_dimensions, rescaled_constants
from garnetlab.units import AreaResistance, CurrentDensity, Length, Resistance, Temperature, Voltage

#: at most five, each with its reason
EXEMPT = {"assign_arc": "compares with a published table of capacitances in farad, which is data and not a law"}
MODULES = sorted(m.name for m in pkgutil.iter_modules(physics.__path__) if not m.name.startswith("_"))


def loaded(name: str) -> ModuleType:
    return importlib.import_module(f"garnetlab.physics.{name}")


def faults(module: ModuleType, **options) -> list[str]:
    return check_dimensions(module, rng=np.random.default_rng(7), **options)


@pytest.mark.parametrize("name", MODULES)
def test_P2_public_functions_are_homogeneous_in_dimensions(name):
    module = loaded(name)
    assert faults(module, exempt={k: v for k, v in EXEMPT.items() if hasattr(module, k)}) == []


def test_P2_at_most_five_functions_are_exempt_and_each_needs_it():
    assert len(EXEMPT) <= MOST_EXEMPT
    found = {fault.split(":")[0] for name in MODULES for fault in faults(loaded(name))}
    assert found == set(EXEMPT)


@pytest.mark.parametrize("name", MODULES)
def test_a_function_gives_its_reference_values(name):
    for function, inputs, expected, _ in loaded(name).REFERENCE_CASES:
        found = function(**inputs)
        if isinstance(expected, float):
            assert found == pytest.approx(expected, rel=1e-5), function  # printed to six digits
        elif not isinstance(expected, str):
            assert found == expected


# planted faults ------------------------------------------------------------------------------------------------------
def good(exchange: CurrentDensity, *, temperature: Temperature) -> AreaResistance:
    return units.R * temperature / (units.F * exchange)


def literal(exchange: CurrentDensity, *, temperature: Temperature) -> AreaResistance:
    return 8.314 * temperature / (units.F * exchange)


def mislabelled(exchange: CurrentDensity, *, temperature: Temperature) -> Resistance:
    return units.R * temperature / (units.F * exchange)


def bare(exchange: float, *, temperature: Temperature) -> AreaResistance:
    return units.R * temperature / (units.F * exchange)


def silent(exchange, *, temperature: Temperature) -> AreaResistance:
    return units.R * temperature / (units.F * exchange)


def hidden_default(
    exchange: CurrentDensity, *, temperature: Temperature, offset: AreaResistance = 1e-4
) -> AreaResistance:
    return units.R * temperature / (units.F * exchange) + offset


class Pair(NamedTuple):
    voltage: Voltage
    length: Length


def pair(temperature: Temperature) -> Pair:
    return Pair(units.R * temperature / units.F, 1e-3)


INPUTS = {"exchange": 5.89, "temperature": 298.15}


def planted(*functions, inputs=INPUTS) -> ModuleType:
    module = ModuleType("planted")
    module.REFERENCE_CASES = [(f, inputs, None, "planted") for f in functions]
    module.__all__ = [f.__name__ for f in functions]
    for function in functions:
        setattr(module, function.__name__, function)
    return module


def test_P2_a_right_function_passes():
    assert faults(planted(good, hidden_default)) == []


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (literal, "in other units where its annotation says"),
        (mislabelled, "in other units where its annotation says"),
        (bare, "exchange is a number without a dimension"),
        (silent, "exchange not annotated"),
    ],
)
def test_P2_a_planted_fault_is_found(function, message):
    found = faults(planted(function))
    assert len(found) == 1
    assert message in found[0]
    assert found[0].startswith(function.__name__)


def test_P2_a_literal_in_one_field_of_a_result_is_found():
    assert len(faults(planted(pair, inputs={"temperature": 298.15}))) == 1


def test_P2_a_function_without_reference_case_is_found():
    module = planted(good)
    module.REFERENCE_CASES = []
    assert faults(module) == ["good: no reference case"]


@pytest.mark.parametrize("exempt", [{"good": " "}, {str(k): "reason" for k in range(6)}])
def test_P2_exemptions_are_few_and_have_reasons(exempt):
    with pytest.raises(ValueError, match="expected at most 5 functions, each with its reason"):
        faults(planted(good), exempt=exempt)


def test_constants_are_put_back_after_an_error():
    before = units.F
    with pytest.raises(ZeroDivisionError), rescaled_constants({"A": 2.0}):
        assert pytest.approx(2 * before) == units.F
        raise ZeroDivisionError
    assert before == units.F


def test_rescaled_constants_stay_consistent_with_each_other():
    with rescaled_constants({"kg": 1.3, "m": 0.7, "s": 1.9, "A": 0.6, "K": 1.4, "mol": 0.8}):
        assert pytest.approx(units.e * units.N_A, rel=1e-9) == units.F
        assert pytest.approx(units.k_B * units.N_A, rel=1e-9) == units.R
