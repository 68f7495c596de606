"""Dimensional homogeneity: functions rerun in other units of mass, length, time, current, temperature, amount, money.

Every argument and every physical constant is rescaled by what its dimension says for randomly chosen base units; the
result must scale as its annotation says. A literal constant, a missing factor or a wrong annotation is found so.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Annotated

import numpy as np

from garnetlab import units
from garnetlab.units import Dim

#: constants of ``garnetlab.units`` that have a dimension. Factors between units are none.
CONSTANTS: dict[str, Dim] = {
    "F": Dim(A=1, s=1, mol=-1),
    "R": Dim(kg=1, m=2, s=-2, mol=-1, K=-1),
    "k_B": Dim(kg=1, m=2, s=-2, K=-1),
    "e": Dim(A=1, s=1),
    "N_A": Dim(mol=-1),
    "eV": Dim(kg=1, m=2, s=-2),
}
_BASE = ("kg", "m", "s", "A", "K", "mol", "currency")
#: rounding of a chain of products and of an exponential whose argument is of order 10
_TOLERANCE = 1e-9
MOST_EXEMPT = 5


class DimensionFault(ValueError):
    """An annotation that does not say the dimension of a number, or a number that does not have the dimension it says."""


def check_dimensions(
    module: ModuleType, *, rng: np.random.Generator, exempt: Mapping[str, str] | None = None, rounds: int = 3
) -> list[str]:
    """Return what is wrong with the dimensions of the public functions of ``module``, one line each.

    Parameters
    ----------
    module: Has ``__all__`` and ``REFERENCE_CASES``, rows of (function or its name, inputs, expected, source).
    rng:    Chooses the base units, each by a factor of 1/2 to 2.
    exempt: Functions left out, with the reason; at most five.
    rounds: How many systems of units are tried.

    Raises
    ------
    ValueError  if more than five functions are exempt or a reason is missing.
    """
    left_out = exempt or {}
    if len(left_out) > MOST_EXEMPT or not all(reason.strip() for reason in left_out.values()):
        message = f"exempt = {dict(left_out)}: expected at most {MOST_EXEMPT} functions, each with its reason."
        raise ValueError(message)
    faults = []
    for name, function in public_functions(module).items():
        if name in left_out:
            continue
        cases = [row[1] for row in getattr(module, "REFERENCE_CASES", ()) if row[0] in (function, name)]
        if not cases:
            faults.append(f"{name}: no reference case")
        for inputs in cases:
            faults.extend(f"{name}: {fault}" for fault in _faults(function, inputs, rng, rounds))
    return faults


def public_functions(module: ModuleType) -> dict[str, Callable[..., object]]:
    """Return the functions in ``__all__`` of a module."""
    named = {name: getattr(module, name) for name in getattr(module, "__all__", ())}
    return {name: value for name, value in named.items() if inspect.isfunction(value)}


def _faults(
    function: Callable[..., object], inputs: Mapping[str, object], rng: np.random.Generator, rounds: int
) -> list[str]:
    hints = typing.get_type_hints(function, include_extras=True)
    bound = inspect.signature(function).bind(**inputs)
    bound.apply_defaults()
    arguments = bound.arguments
    bare = [name for name in [*arguments, "return"] if name not in hints]
    if bare:
        return [f"{', '.join(bare)} not annotated"]
    try:
        before = function(**arguments)
        for _ in range(rounds):
            scales = {base: float(2.0 ** rng.uniform(-1, 1)) for base in _BASE}
            scaled = {name: _scaled(value, hints[name], arguments, scales, name) for name, value in arguments.items()}
            with rescaled_constants(scales):
                after = function(**scaled)
            _compare(after, _scaled(before, hints["return"], arguments, scales, "the result"))
    except DimensionFault as fault:
        return [str(fault)]
    return []


@contextmanager
def rescaled_constants(scales: Mapping[str, float]) -> Iterator[None]:
    """Rescale the constants of ``garnetlab.units`` inside the block."""
    kept = {name: getattr(units, name) for name in CONSTANTS}
    try:
        for name, dim in CONSTANTS.items():
            setattr(units, name, kept[name] * dim.factor(scales))
        yield
    finally:
        for name, value in kept.items():
            setattr(units, name, value)


def _scaled(
    value: object, hint: object, arguments: Mapping[str, object], scales: Mapping[str, float], name: str
) -> object:
    """Return ``value`` in the other units, as its annotation says."""
    if typing.get_origin(hint) is Annotated:
        dim = _dim(hint, arguments)
        if dim is not None:
            return None if value is None else np.multiply(value, dim.factor(scales))  # type: ignore[call-overload]
        return _scaled(value, typing.get_args(hint)[0], arguments, scales, name)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return _scaled(value, _member(hint, value), arguments, scales, name)
    if isinstance(value, tuple | list):
        return _scaled_sequence(value, hint, arguments, scales, name)
    if isinstance(value, Mapping):
        inner = (typing.get_args(hint) or (object, object))[1]
        return {key: _scaled(item, inner, arguments, scales, f"{name}[{key!r}]") for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type) and _has_numbers(value):
        inner_hints = typing.get_type_hints(type(value), include_extras=True)
        return tuple(
            _scaled(getattr(value, f.name), inner_hints[f.name], arguments, scales, f"{name}.{f.name}")
            for f in fields(value)
        )
    if isinstance(value, float | complex | np.ndarray | np.floating) and not isinstance(value, bool):
        message = f"{name} is a number without a dimension. Annotate it with a type of garnetlab.units."
        raise DimensionFault(message)
    return value


def _has_numbers(value: object) -> bool:
    held = (getattr(value, f.name) for f in fields(value))  # type: ignore[arg-type]
    return any(isinstance(item, float | complex | np.ndarray) for item in held)


def _scaled_sequence(
    value: Sequence[object], hint: object, arguments: Mapping[str, object], scales: Mapping[str, float], name: str
) -> tuple[object, ...]:
    """Return the entries scaled: by the fields of a NamedTuple, or by the annotations of a tuple or list."""
    names = getattr(type(value), "_fields", None)
    if names is not None:
        inner = typing.get_type_hints(type(value), include_extras=True)
        return tuple(_scaled(getattr(value, n), inner[n], arguments, scales, f"{name}.{n}") for n in names)
    members = [member for member in typing.get_args(hint) if member is not Ellipsis]
    if len(members) != len(value):
        members = (members or [object])[:1] * len(value)
    return tuple(
        _scaled(item, m, arguments, scales, f"{name}[{k}]")
        for k, (item, m) in enumerate(zip(value, members, strict=True))
    )


def _dim(hint: object, arguments: Mapping[str, object]) -> Dim | None:
    """Return the dimension in an annotation; one that depends on other arguments goes first."""
    found = None
    for extra in typing.get_args(hint)[1:]:
        resolve = getattr(extra, "resolve", None)
        if resolve is not None:
            return typing.cast("Dim", resolve(arguments))
        if isinstance(extra, Dim):
            found = extra
    return found


def _member(hint: object, value: object) -> object:
    """Return the member of a union that ``value`` is of: one with a dimension if it is a number, else the first."""
    members = typing.get_args(hint)
    if value is None:
        return type(None)
    number = isinstance(value, float | complex | int | np.ndarray | np.floating)
    annotated = [m for m in members if typing.get_origin(m) is Annotated]
    others = [m for m in members if m is not type(None) and m not in annotated]
    return (annotated or others if number else others or annotated)[0]


def _compare(found: object, expected: object) -> None:
    """Raise DimensionFault unless ``found`` is ``expected`` to rounding."""
    if is_dataclass(found) and isinstance(expected, tuple):
        found = tuple(getattr(found, f.name) for f in fields(found))
    if isinstance(expected, tuple) and isinstance(found, tuple | list) and len(expected) == len(found):
        for one, other in zip(found, expected, strict=True):
            _compare(one, other)
        return
    if isinstance(expected, dict) and isinstance(found, Mapping) and set(found) == set(expected):
        for key, value in expected.items():
            _compare(found[key], value)
        return
    if isinstance(expected, float | complex | np.ndarray | np.number):
        same = np.allclose(np.asarray(found), np.asarray(expected), rtol=_TOLERANCE, atol=0.0, equal_nan=True)
    else:
        same = found == expected
    if not same:
        message = f"gives {found} in other units where its annotation says {expected}"
        raise DimensionFault(message)
