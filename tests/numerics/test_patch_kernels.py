"""One algorithm, several array libraries: compiled and generic operations agree, and so do whole solves."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import array_api_compat.numpy
import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garnetlab.numerics import GenericKernels, Kernels, compiled_kernels, current_symbol
from garnetlab.physics._interface_fields import Local, Slab, linear_currents, make_slab, nonlinear_currents
from garnetlab.physics._interface_law import butler_volmer_law

NAMESPACES = [array_api_compat.numpy, array_api_strict]
KINDS = ["real masked", "real scaled", "complex masked", "complex scaled"]
# sums of at most 2 * 2 * 13 * 13 terms of size 1 and transforms of the same length: 1e3 roundings of 1e-16 at worst
CLOSE = 1e-13

Fields = dict[str, Any]


def make_fields(shape: tuple[int, int, int, int], kind: str, seed: int) -> Fields:
    """Return every argument the operations take, as numpy arrays of size 1."""
    batch, faces, rows, columns = shape
    rng = np.random.default_rng(seed)
    whole = kind.startswith("complex")

    def numbers(*size: int) -> Any:
        real = rng.normal(size=size)
        return real + 1j * rng.normal(size=size) if whole else real

    on = rng.random(shape) < 0.6
    on[..., 0, 0] = True
    scale = on if kind.endswith("masked") else np.where(on, numbers(*shape) + 2.0, 0.0)
    one, same, mixed = current_symbol((rows, columns), 0.7 * columns, half=not whole)
    symbol = np.stack((one,) if faces == 1 else (same, mixed))[None]
    out: Fields = {name: np.where(on, numbers(*shape), 0.0) for name in ("x", "r", "p", "z", "ap", "a", "ma")}
    out |= {name: numbers(batch) for name in ("beta", "alpha", "norm", "top", "bottom")}
    out["norm"] = out["norm"] + 3.0
    out["bottom"][0] = 0.0 if batch > 2 else out["bottom"][0]
    out["active"] = rng.random(batch) < 0.7
    out["square"] = rng.random(batch)
    out |= {"scale": scale, "symbol": symbol, "field": numbers(*shape)}
    out["diagonal"] = np.where(on, numbers(*shape), rng.normal(size=shape))  # anything where there is no contact
    shift = 0.1 + rng.random((batch, faces))
    out["shift"] = shift + 0.3j * rng.random((batch, faces)) if whole else shift
    return out


def _twice(kernels: Kernels, f: Fields) -> Any:
    p, _, _ = kernels.conduct(f["z"], None, f["beta"], f["scale"], f["diagonal"], f["symbol"])
    return kernels.conduct(f["r"], p, f["beta"], f["scale"], f["diagonal"], f["symbol"])


OPERATIONS: dict[str, Callable[[Kernels, Fields], Any]] = {
    "conduct, first": lambda k, f: k.conduct(f["z"], None, f["square"], f["scale"], f["diagonal"], f["symbol"]),
    "conduct": _twice,
    "precondition": lambda k, f: k.precondition(f["r"], f["scale"], f["symbol"], f["shift"]),
    "advance": lambda k, f: k.advance(f["x"], f["r"], f["p"], f["ap"], f["alpha"]),
    "project": lambda k, f: k.project(f["r"], f["z"], f["a"], f["ma"], f["norm"]),
    "project the residual alone": lambda k, f: k.project(f["r"], f["r"], f["a"], f["a"], f["norm"]),
    "total": lambda k, f: (k.total(f["a"], f["r"]),),
    "square": lambda k, f: (k.square(f["r"]),),
    "ratio": lambda k, f: (k.ratio(f["top"], f["bottom"], f["active"]),),
    "blank": lambda k, f: (k.blank(f["r"]),),
    "smear": lambda k, f: (k.smear(f["field"], f["symbol"]),),
}


def copied(fields: Fields, xp: Any = np) -> Fields:
    return {name: xp.asarray(values.copy()) for name, values in fields.items()}


def run(operation: str, kernels: Kernels, fields: Fields) -> list[Any]:
    return [np.array(part) for part in OPERATIONS[operation](kernels, copied(fields, kernels.xp))]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    batch=st.integers(1, 3),
    faces=st.integers(1, 2),
    rows=st.integers(1, 13),
    columns=st.integers(1, 13),
    seed=st.integers(0, 9),
)
def test_compiled_operations_equal_the_generic_ones(operation, kind, batch, faces, rows, columns, seed):
    fields = make_fields((batch, faces, rows, columns), kind, seed)
    compiled = run(operation, compiled_kernels(), fields)
    for xp in NAMESPACES:
        for ours, theirs in zip(compiled, run(operation, GenericKernels(xp), fields), strict=True):
            assert ours.shape == theirs.shape
            assert ours.dtype == theirs.dtype
            size = max(1.0, float(np.max(np.abs(theirs), initial=0.0)))
            np.testing.assert_allclose(ours, theirs, rtol=CLOSE, atol=CLOSE * size)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("faces", [1, 2])
def test_the_operator_is_the_sum_over_pixels_it_is_meant_to_be(kind, faces):
    """Against a dense matrix written down without a transform: a fault that both versions share is seen here."""
    rows, columns = 3, 4
    fields = make_fields((2, faces, rows, columns), kind, 3)
    whole = kind.startswith("complex")
    symbol = fields["symbol"] if whole else np.stack(current_symbol((rows, columns), 0.7 * columns, half=False))
    if not whole:
        symbol = (symbol[:1] if faces == 1 else symbol[1:])[None]
    y, x = (axis.ravel() for axis in np.indices((rows, columns)))
    ky, kx = (2 * np.pi * np.fft.fftfreq(n) for n in (rows, columns))
    wave = np.exp(1j * (np.outer(y, ky[y]) + np.outer(x, kx[x])))  # pixel, wave vector
    blocks = [(wave * part.ravel()) @ wave.conj().T / (rows * columns) for part in symbol[0]]
    layer = blocks[0] if faces == 1 else np.block([[blocks[0], blocks[1]], [blocks[1], blocks[0]]])
    layer = layer if whole else layer.real
    p, ap, total = run("conduct, first", compiled_kernels(), fields)
    for cell in range(2):
        scale, diagonal = fields["scale"][cell].ravel().astype(ap.dtype), fields["diagonal"][cell].ravel()
        on = np.where(fields["scale"][cell].ravel() != 0, 1.0, 0.0)
        v = fields["z"][cell].ravel()
        expected = on * diagonal * v + scale * (layer @ (scale * v))
        np.testing.assert_allclose(p[cell].ravel(), v, rtol=0, atol=0)
        np.testing.assert_allclose(ap[cell].ravel(), expected, rtol=CLOSE, atol=CLOSE * np.max(np.abs(expected)))
        assert total[cell] == pytest.approx(np.sum(v * expected), rel=1e-12)  # no conjugate
    z, _ = run("precondition", compiled_kernels(), fields)
    for cell in range(2):
        shift = np.repeat(fields["shift"][cell], rows * columns)
        expected = np.linalg.solve(layer + np.diag(shift), fields["r"][cell].ravel())
        expected = np.where(fields["scale"][cell].ravel() != 0, expected, 0.0)
        np.testing.assert_allclose(z[cell].ravel(), expected, rtol=1e-11, atol=1e-12 * np.max(np.abs(expected)))


@pytest.mark.parametrize("kind", ["real masked", "complex masked"])
def test_ratios_are_0_where_a_cell_rests_or_the_bottom_is_0(kind):
    dtype = complex if kind.startswith("complex") else float
    top, bottom = np.array([3.0, 5.0, 7.0], dtype), np.array([2.0, 0.0, 4.0], dtype)
    active = np.array([True, True, False])
    for kernels in (compiled_kernels(), GenericKernels(array_api_compat.numpy)):
        np.testing.assert_array_equal(kernels.ratio(top, bottom, active), [1.5, 0.0, 0.0])
        for n, expected in enumerate([1.5, 0.0, 0.0]):
            one = slice(n, n + 1)
            np.testing.assert_array_equal(kernels.ratio(top[one], bottom[one], active[one]), [expected])


def test_compiled_buffers_are_the_same_from_solve_to_solve_and_one_set_per_shape():
    kernels = compiled_kernels()
    fields = make_fields((2, 1, 8, 8), "real masked", 0)
    other = make_fields((1, 2, 6, 8), "real masked", 0)
    first = kernels.precondition(fields["r"], fields["scale"], fields["symbol"], fields["shift"])[0]
    kernels.precondition(other["r"], other["scale"], other["symbol"], other["shift"])
    again = kernels.precondition(fields["r"], fields["scale"], fields["symbol"], fields["shift"])[0]
    assert np.shares_memory(first, again)
    assert np.shares_memory(kernels.blank(fields["r"]), kernels.blank(fields["r"]))


# whole solves

SHAPE = (12, 10)
# local resistance over the period: plain, preconditioned, scaled; see the constants of the solver
LOCALS = {"plain": (40.0, 40.0), "preconditioned": (0.3, 0.3), "scaled": (1e-2, 30.0)}


def patchy(faces: int, span: tuple[float, float], xp: Any, place: Callable[[Any], Any]) -> tuple[Slab, Local]:
    """Return a layer and three cells of different contact fraction in an array library."""
    rng = np.random.default_rng(11)
    size = (3, faces, *SHAPE)
    on = rng.random(size) < np.array([0.2, 0.5, 0.9])[:, None, None, None]
    on[..., 0, 0] = True
    low, high = np.log(span)
    resistance = np.exp(rng.uniform(low, high, size))
    slab = make_slab(SHAPE, 6.0, faces)
    layer = Slab(place(slab.symbol), place(slab.whole), slab.depth)
    return layer, Local(place(on), place(resistance))


def as_numpy(values: Any) -> Any:
    """Return the numbers of an array of any library and device."""
    if hasattr(values, "get"):  # CuPy
        return values.get()
    return values.cpu().numpy() if hasattr(values, "cpu") else np.array(values)


def solve(kernels: Kernels, faces: int, kind: str, place: Callable[[Any], Any]) -> list[Any]:
    """Return currents and voltage of a linear and of a nonlinear problem at fixed voltage and at fixed current."""
    xp = kernels.xp
    slab, local = patchy(faces, LOCALS[kind], xp, place)
    linear = linear_currents(kernels, slab, local, tolerance=1e-13)
    out = [as_numpy(part).copy() for part in (linear.current, linear.voltage)]
    zero = xp.zeros_like(local.resistance)
    film = xp.where(local.on, 0.1 * local.resistance, zero)
    law = butler_volmer_law(xp.where(local.on, 1.0 / local.resistance, zero), film, (0.3, 0.5)[:faces], xp)
    flow = place(np.array([0.5, 1.0, 3.0]) / 10.0)
    start = linear.current * (flow / linear.flow)[:, None, None, None]
    at_current = nonlinear_currents(kernels, slab, law, start + 0.0, tolerance=1e-12)
    out += [as_numpy(part).copy() for part in (at_current.current, at_current.voltage)]
    at_voltage = nonlinear_currents(kernels, slab, law, start + 0.0, voltage=at_current.voltage * 1.1, tolerance=1e-12)
    out += [as_numpy(part).copy() for part in (at_voltage.current, at_voltage.flow)]
    assert linear.converged
    assert at_current.converged
    assert at_voltage.converged
    return out


def assert_equal_to_1e_10(ours: list[Any], theirs: list[Any]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-10 * np.max(np.abs(other)))


@pytest.mark.parametrize("kind", LOCALS)
@pytest.mark.parametrize("faces", [1, 2])
def test_whole_solves_on_other_libraries_equal_the_compiled_ones_to_1e_10(faces, kind):
    compiled = solve(compiled_kernels(), faces, kind, np.array)
    for xp in NAMESPACES:
        generic = solve(GenericKernels(xp), faces, kind, lambda values, xp=xp: xp.asarray(np.array(values)))
        assert_equal_to_1e_10(generic, compiled)


@pytest.mark.parametrize("faces", [1, 2])
def test_a_complex_solve_on_another_library_equals_the_compiled_one(faces):
    rng = np.random.default_rng(4)
    _, same, mixed = current_symbol(SHAPE, 6.0, half=False)
    symbol = np.stack((current_symbol(SHAPE, 6.0, half=False)[0],) if faces == 1 else (same, mixed))[None]
    on = rng.random((2, faces, *SHAPE)) < 0.5
    resistance = 1.0 / (10.0 ** rng.uniform(-1, 1, on.shape) + 1j * np.array([0.1, 10.0])[:, None, None, None])
    results = []
    for kernels in (compiled_kernels(), *(GenericKernels(xp) for xp in NAMESPACES)):
        place = kernels.xp.asarray
        layer = Slab(place(symbol), place(symbol), 6.0)
        found = linear_currents(kernels, layer, Local(place(on), place(resistance)), tolerance=1e-13)
        assert found.converged
        results.append([np.array(found.current), np.array(found.voltage)])
    for generic in results[1:]:
        assert_equal_to_1e_10(generic, results[0])


def on_a_device() -> tuple[Any, Callable[[Any], Any]] | None:
    """Return namespace and placement of the first library that has a CUDA device, or None."""
    if importlib.util.find_spec("cupy"):
        import array_api_compat.cupy as xp
        import cupy

        try:
            if cupy.cuda.runtime.getDeviceCount():
                return xp, cupy.asarray
        except cupy.cuda.runtime.CUDARuntimeError:
            pass  # the library without a device or a driver
    if importlib.util.find_spec("torch"):
        import array_api_compat.torch as xp
        import torch

        if torch.cuda.is_available():
            return xp, lambda values: torch.asarray(np.array(values), device="cuda")
    if importlib.util.find_spec("jax"):
        import jax

        if jax.default_backend() in ("gpu", "cuda"):
            jax.config.update("jax_enable_x64", True)
            return jax.numpy, lambda values: jax.numpy.asarray(np.array(values))
    return None


@pytest.mark.parametrize("kind", LOCALS)
@pytest.mark.parametrize("faces", [1, 2])
def test_a_batch_on_a_cuda_device_equals_the_processor_to_1e_10(faces, kind):
    found = on_a_device()
    if found is None:
        pytest.skip("no CUDA device with CuPy, PyTorch or JAX on this machine")
    xp, place = found
    compiled = solve(compiled_kernels(), faces, kind, np.array)
    assert_equal_to_1e_10(solve(GenericKernels(xp), faces, kind, place), compiled)
