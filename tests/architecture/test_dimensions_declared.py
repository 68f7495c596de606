"""Every public function of physics, simulate and analyse says the dimension of its numbers, and physics its source. [P.1]"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Annotated, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from garnetlab import units

_SOURCE = re.compile(r"^Source\n-{3,}\n\s*\S", re.MULTILINE)
#: containers whose entries are of one kind; a mapping holds entries of many kinds and names them instead
_UNIFORM = (list, tuple, set, frozenset, Sequence)


def public_modules(part: str) -> list[ModuleType]:
    """Return the part and its public modules."""
    package = importlib.import_module(f"garnetlab.{part}")
    names = [m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")]
    return [package, *(importlib.import_module(f"garnetlab.{part}.{name}") for name in names)]


def public_functions(part: str) -> dict[str, Callable[..., Any]]:
    """Return the functions that stand in the ``__all__`` of a part or of a public module of it."""
    found = {}
    for module in public_modules(part):
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if inspect.isfunction(value) and value.__module__.startswith("garnetlab."):
                found[f"{value.__module__}.{name}"] = value
    return found


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the resolved annotations; names imported for the type checker only resolve to ``Any``."""
    known = {**function.__globals__, "NDArray": NDArray, "np": np}
    while True:
        try:
            return typing.get_type_hints(function, known, include_extras=True)
        except NameError as error:
            known[error.name] = Any


def has_bare_number(hint: Any) -> bool:
    """Whether the annotation takes a float, complex number or array without a dimension."""
    origin = typing.get_origin(hint)
    if origin is Annotated:
        bare = not any(isinstance(extra, units.Dim) for extra in hint.__metadata__)
        return bare and has_bare_number(hint.__origin__)
    if origin in (typing.Union, types.UnionType) or origin in _UNIFORM:
        return any(has_bare_number(argument) for argument in typing.get_args(hint))
    return hint in (float, complex) or origin is np.ndarray or hint is np.ndarray


def undeclared(function: Callable[..., Any]) -> list[str]:
    """Return the arguments (and ``return``) that are numbers without a dimension, or have no annotation."""
    hints = hints_of(function)
    arguments = [*inspect.signature(function).parameters, "return"]
    return [name for name in arguments if name not in hints or has_bare_number(hints[name])]


def lacks_source(function: Callable[..., Any]) -> bool:
    return _SOURCE.search(inspect.getdoc(function) or "") is None


def _functions(*parts: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for part in parts:
        yield from public_functions(part).items()


@pytest.mark.parametrize("part", ["physics", "simulate", "analyse"])
def test_P1_the_part_has_public_functions(part):
    assert public_functions(part)


def test_P1_every_number_of_a_public_function_has_a_dimension():
    found = {name: bare for name, f in _functions("physics", "simulate", "analyse") if (bare := undeclared(f))}
    assert found == {}


def test_P1_every_public_function_has_a_docstring():
    assert [name for name, f in _functions("physics", "simulate", "analyse") if not inspect.getdoc(f)] == []


def test_P1_every_public_function_of_physics_names_its_source():
    assert [name for name, f in _functions("physics") if lacks_source(f)] == []


def test_P1_a_number_without_dimension_is_found():
    def planted(
        a: float,
        b: units.Voltage,
        c: NDArray[np.float64],
        d: tuple[float, ...],
        n: int,
        e=1.0,
        *,
        f: units.Length | None,
    ) -> complex: ...

    assert undeclared(planted) == ["a", "c", "d", "e", "return"]


def test_P1_a_missing_source_is_found():
    def without():
        """Return one."""

    def with_one():
        """Return one.

        Source
        ------
        A book, equation 1.
        """

    assert lacks_source(without)
    assert not lacks_source(with_one)
