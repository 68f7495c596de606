"""A reader or a mechanism without its test fails the suite. [T.1]"""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

from garnetlab import physics
from garnetlab.readers import READERS

TESTS = Path(__file__).resolve().parents[1]


def mechanisms() -> list[str]:
    return [m.name for m in pkgutil.iter_modules(physics.__path__) if not m.name.startswith("_")]


def without_test(names: list[str], texts: list[str]) -> list[str]:
    """Return the names that no test quotes."""
    return [name for name in names if not any(re.search(rf"[\"']{re.escape(name)}[\"']", text) for text in texts)]


def reference_faults(module: ModuleType) -> str | None:
    """Return what is wrong with a mechanism's reference cases, or None."""
    cases = getattr(module, "REFERENCE_CASES", None)
    if not cases:
        return "no REFERENCE_CASES"
    unsourced = [i for i, case in enumerate(cases) if not (isinstance(case[-1], str) and case[-1].strip())]
    return f"REFERENCE_CASES {unsourced} name no source" if unsourced else None


def _texts(folder: str) -> list[str]:
    return [path.read_text() for path in (TESTS / folder).glob("test_*.py")]


def test_T1_every_reader_is_quoted_by_a_test():
    assert without_test(list(READERS), _texts("readers")) == []


@pytest.mark.parametrize("name", READERS)
def test_T1_every_reader_has_the_four_names_of_a_reader(name):
    module = importlib.import_module(READERS[name])
    assert module.name == name
    assert all(suffix.startswith(".") for suffix in module.suffixes)
    assert callable(module.sniff)
    assert callable(module.read)


def test_T1_there_are_mechanisms():
    assert mechanisms()


def test_T1_every_mechanism_has_reference_cases_with_source():
    modules = [importlib.import_module(f"garnetlab.physics.{name}") for name in mechanisms()]
    assert {m.__name__: fault for m in modules if (fault := reference_faults(m))} == {}


def test_T1_every_mechanism_has_a_test_file():
    missing = [name for name in mechanisms() if not (TESTS / "physics" / f"test_{name}.py").is_file()]
    assert missing == []


def test_T1_an_untested_reader_is_found():
    assert without_test(["zahner-ism", "new"], ['READER = "zahner-ism"  # newer']) == ["new"]


@pytest.mark.parametrize(
    ("cases", "fault"),
    [
        ([], "no REFERENCE_CASES"),
        ([({}, 1.0, "")], "REFERENCE_CASES [0] name no source"),
        ([({}, 1.0, "A book, equation 1")], None),
    ],
)
def test_T1_missing_reference_cases_are_found(cases, fault):
    module = ModuleType("planted")
    module.REFERENCE_CASES = cases
    assert reference_faults(module) == fault
