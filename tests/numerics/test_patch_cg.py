"""Conjugate gradients against dense linear algebra: constraints, warm starts, batches, complex systems, and failures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import array_api_strict
import numpy as np
import pytest

from garnetlab.numerics import (
    GenericKernels,
    Kernels,
    PatchSystem,
    compiled_kernels,
    conjugate_gradients,
    current_symbol,
)

SHAPE = (6, 7)
KERNELS = {
    "compiled": compiled_kernels,
    "generic": lambda: GenericKernels(np),
    "strict": lambda: GenericKernels(array_api_strict),
}
EPS = np.finfo(float).eps

pytestmark = pytest.mark.parametrize("library", KERNELS)


def system(
    kernels: Kernels, cells: Any, *, faces: int = 1, whole: bool = False, shift: bool = True, spread: float = 3.0
) -> PatchSystem:
    """Return one cell for each local resistance of ``cells``, times 1 to ``spread`` from pixel to pixel."""
    rng = np.random.default_rng(2)
    cells = np.asarray(cells)
    size = (len(cells), faces, *SHAPE)
    on = rng.random(size) < 0.6
    diagonal = np.where(on, cells[:, None, None, None] * rng.uniform(1.0, spread, size), 7.0)
    one, same, mixed = current_symbol(SHAPE, 5.0, half=not whole)
    symbol = np.stack((one,) if faces == 1 else (same, mixed))[None]
    place = kernels.xp.asarray
    mean = np.sum(np.where(on, diagonal, 0.0), axis=(-2, -1)) / np.sum(on, axis=(-2, -1))
    return PatchSystem(place(on), place(diagonal), place(symbol), place(mean) if shift else None)


def right_side(kernels: Kernels, of: PatchSystem, seed: int = 5) -> Any:
    """Return random numbers on contact, complex where the system is."""
    rng = np.random.default_rng(seed)
    on = np.array(of.scale)
    values = rng.normal(size=on.shape)
    if np.iscomplexobj(np.array(of.diagonal)):
        values = values + 1j * rng.normal(size=on.shape)
    return kernels.xp.asarray(np.where(on, values, 0.0))


def dense(of: PatchSystem, cell: int) -> tuple[Any, Any]:
    """Return the matrix over the contact pixels of one cell, by the operator on unit fields, and where these are."""
    on = np.array(of.scale)[cell]
    faces = on.shape[0]
    pixels = np.flatnonzero(on)
    units = np.zeros((len(pixels), *on.shape), np.array(of.diagonal).dtype)
    units.reshape(len(pixels), -1)[np.arange(len(pixels)), pixels] = 1.0
    symbol = np.array(of.symbol)[0]
    whole = symbol.shape[-1] == SHAPE[1] and SHAPE[1] > SHAPE[1] // 2 + 1
    spectrum = np.fft.fft2(units) if whole else np.fft.rfft2(units)
    if faces == 1:
        spectrum = spectrum * symbol[0]
    else:
        one, two = spectrum[:, 0], spectrum[:, 1]
        spectrum = np.stack((symbol[0] * one + symbol[1] * two, symbol[1] * one + symbol[0] * two), axis=1)
    answer = np.fft.ifft2(spectrum) if whole else np.fft.irfft2(spectrum, s=SHAPE)
    matrix = answer.reshape(len(pixels), -1)[:, pixels]
    return matrix + np.diag(np.array(of.diagonal)[cell].ravel()[pixels]), pixels


def copy(kernels: Kernels, values: Any) -> Any:
    return kernels.xp.asarray(np.array(values))


@pytest.mark.parametrize("shift", [True, False])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("faces", [1, 2])
def test_solutions_equal_dense_elimination(library, faces, whole, shift):
    """Complex matrices are symmetric, not Hermitian: a conjugated product would not converge to this."""
    kernels = KERNELS[library]()
    cells = [0.5, 2.0] if not whole else [0.5 + 0.8j, 0.1 + 2.0j]
    of = system(kernels, cells, faces=faces, whole=whole, shift=shift)
    rhs = right_side(kernels, of)
    found = conjugate_gradients(kernels, of, copy(kernels, rhs), tolerance=1e-13)
    assert found.converged
    for cell in range(2):
        matrix, pixels = dense(of, cell)
        expected = np.linalg.solve(matrix, np.array(rhs)[cell].ravel()[pixels])
        x = np.array(found.x)[cell].ravel()
        # the error is at most the condition, below 60 here, times the residual
        assert np.linalg.cond(matrix) < 60
        np.testing.assert_allclose(x[pixels], expected, rtol=0, atol=60 * 1e-13 * np.linalg.norm(expected))
        assert not np.any(np.delete(x, pixels))


@pytest.mark.parametrize("kind", ["one", "tied", "both"])
def test_constraints_are_kept_to_rounding_and_the_rest_is_optimal(library, kind):
    kernels = KERNELS[library]()
    of = system(kernels, [0.5, 2.0], faces=1 if kind == "one" else 2)
    on = np.array(of.scale)
    face = [np.where(np.arange(on.shape[1])[None, :, None, None] == f, on, 0.0) for f in range(on.shape[1])]
    rows = {"one": face, "tied": [face[0] - face[-1]], "both": face}[kind]
    start = np.where(on, np.random.default_rng(8).normal(size=on.shape), 0.0) + on
    rhs = right_side(kernels, of)
    found = conjugate_gradients(
        kernels,
        of,
        copy(kernels, rhs),
        copy(kernels, start),
        constraints=tuple(copy(kernels, row) for row in rows),
        tolerance=1e-12,
    )
    assert found.converged
    x = np.array(found.x)
    for cell in range(2):
        matrix, pixels = dense(of, cell)
        C = np.stack([row[cell].ravel()[pixels] for row in rows])
        kept = C @ start[cell].ravel()[pixels]
        # each of the steps adds a direction whose product with C is rounding: sums of up to 84 terms
        size = np.linalg.norm(x[cell]) + np.linalg.norm(start[cell])
        bound = 10 * EPS * (found.iterations + 1) * np.sqrt(len(pixels)) * size
        assert np.max(np.abs(C @ x[cell].ravel()[pixels] - kept)) <= bound
        n, m = len(pixels), len(rows)
        whole = np.block([[matrix, C.T], [C, np.zeros((m, m))]])
        expected = np.linalg.solve(whole, np.concatenate((np.array(rhs)[cell].ravel()[pixels], kept)))[:n]
        np.testing.assert_allclose(x[cell].ravel()[pixels], expected, rtol=0, atol=60e-12 * np.linalg.norm(expected))


def test_constraints_in_a_complex_system_equal_elimination(library):
    kernels = KERNELS[library]()
    of = system(kernels, [0.5 + 0.8j], faces=2, whole=True)
    on = np.array(of.scale)
    row = np.where(np.array([1.0, -1.0])[None, :, None, None] * on, on, 0.0) * np.array([1, -1])[None, :, None, None]
    rhs = right_side(kernels, of)
    found = conjugate_gradients(
        kernels, of, copy(kernels, rhs), constraints=(kernels.xp.asarray(row.astype(complex)),), tolerance=1e-12
    )
    matrix, pixels = dense(of, 0)
    C = row.ravel()[pixels][None]
    whole = np.block([[matrix, C.T], [C, np.zeros((1, 1))]])
    expected = np.linalg.solve(whole, np.append(np.array(rhs).ravel()[pixels], 0.0))[:-1]
    np.testing.assert_allclose(
        np.array(found.x).ravel()[pixels], expected, rtol=0, atol=60e-12 * np.linalg.norm(expected)
    )


def test_a_start_at_the_solution_needs_no_step_and_a_near_one_fewer(library):
    kernels = KERNELS[library]()
    of = system(kernels, [0.5])
    rhs = right_side(kernels, of)
    cold = conjugate_gradients(kernels, of, copy(kernels, rhs), tolerance=1e-10)
    solution = np.array(cold.x)
    tight = conjugate_gradients(kernels, of, copy(kernels, rhs), tolerance=1e-13)
    at = conjugate_gradients(kernels, of, copy(kernels, rhs), copy(kernels, tight.x), tolerance=1e-10)
    assert at.iterations == 0
    assert at.converged
    near = conjugate_gradients(kernels, of, copy(kernels, rhs), copy(kernels, solution * (1 + 1e-5)), tolerance=1e-10)
    # 1e-5 away instead of 1: half the way to 1e-10 in digits
    assert near.iterations <= 0.6 * cold.iterations + 1
    np.testing.assert_allclose(np.array(near.x), solution, rtol=0, atol=60e-10 * np.linalg.norm(solution))


def test_the_tolerance_of_a_warm_start_is_on_the_right_side_not_on_the_first_residual(library):
    kernels = KERNELS[library]()
    of = system(kernels, [0.5])
    rhs = right_side(kernels, of)
    tight = np.array(conjugate_gradients(kernels, of, copy(kernels, rhs), tolerance=1e-13).x)
    near = conjugate_gradients(kernels, of, copy(kernels, rhs), copy(kernels, tight * (1 + 1e-7)), tolerance=1e-6)
    assert near.iterations == 0
    # A (1e-7 x) over the right side A x
    assert float(near.residual[0]) == pytest.approx(1e-7, rel=1e-4)


def test_cells_of_a_batch_that_converge_at_different_times_equal_single_solves(library):
    kernels = KERNELS[library]()
    of = system(kernels, [1e-2, 1e3, 0.3], shift=False, spread=1.0)
    rhs = right_side(kernels, of)
    batch = conjugate_gradients(kernels, of, copy(kernels, rhs), tolerance=1e-9)
    x, residual = np.array(batch.x), np.array(batch.residual)
    assert batch.converged
    counts = []
    for cell in range(3):
        one = slice(cell, cell + 1)
        single = PatchSystem(
            copy(kernels, np.array(of.scale)[one]), copy(kernels, np.array(of.diagonal)[one]), of.symbol
        )
        found = conjugate_gradients(kernels, single, copy(kernels, np.array(rhs)[one]), tolerance=1e-9)
        counts.append(found.iterations)
        # a cell that is done rests: the same steps in the same order, up to rounding
        np.testing.assert_allclose(x[one], np.array(found.x), rtol=1e-9, atol=1e-10 * np.max(np.abs(x[one])))
        assert residual[cell] <= 1e-9
        assert residual[cell] == pytest.approx(float(found.residual[0]), rel=1e-3)
    assert max(counts) == batch.iterations
    assert max(counts) >= 2 * min(counts)


def test_every_cell_may_have_its_own_tolerance(library):
    kernels = KERNELS[library]()
    of = system(kernels, [0.1, 0.1])
    goal = np.array([1e-2, 1e-10])
    found = conjugate_gradients(kernels, of, right_side(kernels, of), tolerance=kernels.xp.asarray(goal))
    residual = np.array(found.residual)
    assert found.converged
    assert np.all(residual <= goal)
    assert residual[0] > 1e-6


def test_no_convergence_within_the_limit_is_reported(library):
    kernels = KERNELS[library]()
    of = system(kernels, [1e-2, 1e6], shift=False)
    found = conjugate_gradients(kernels, of, right_side(kernels, of), tolerance=1e-6, limit=1)
    assert found.converged is False
    assert found.iterations == 1
    residual = np.array(found.residual)
    assert residual[0] > 1e-6  # the hard cell
    # two thirds of the pixels have a resistance within a factor 3 of each other: one step is not enough here either
    assert residual[1] > 1e-6
    none = conjugate_gradients(kernels, of, right_side(kernels, of), tolerance=1e-6, limit=0)
    assert none.converged is False
    np.testing.assert_allclose(np.array(none.residual), 1.0, rtol=1e-14)


def test_a_residual_is_the_true_one(library):
    """The recurrence is not left to itself: what is reported holds for the solution that is returned."""
    kernels = KERNELS[library]()
    of = system(kernels, [0.05], shift=True)
    rhs = right_side(kernels, of)
    found = conjugate_gradients(kernels, of, copy(kernels, rhs), tolerance=1e-8, limit=6)
    matrix, pixels = dense(of, 0)
    b = np.array(rhs).ravel()[pixels]
    true = np.linalg.norm(b - matrix @ np.array(found.x).ravel()[pixels]) / np.linalg.norm(b)
    assert float(found.residual[0]) == pytest.approx(true, rel=1e-4)


@pytest.mark.parametrize("where", ["rhs", "diagonal", "symbol", "start"])
@pytest.mark.parametrize("shift", [True, False])
def test_nan_is_never_converged(library, where, shift):
    kernels = KERNELS[library]()
    of = system(kernels, [0.5, 0.5], shift=shift)
    rhs, start = np.array(right_side(kernels, of)), np.zeros(np.array(of.scale).shape)
    pixel = tuple(np.argwhere(np.array(of.scale))[0])
    diagonal, symbol = np.array(of.diagonal), np.array(of.symbol)
    {"rhs": rhs, "diagonal": diagonal, "start": start}.get(where, symbol)[
        pixel if where != "symbol" else (0, 0, 1, 1)
    ] = np.nan
    of = replace(of, diagonal=copy(kernels, diagonal), symbol=copy(kernels, symbol))
    begin = copy(kernels, start) if where == "start" else None
    with np.errstate(invalid="ignore"):  # numpy warns of a division by NaN
        found = conjugate_gradients(kernels, of, copy(kernels, rhs), begin, tolerance=1e-8)
    assert found.converged is False
    residual = np.array(found.residual)
    assert not residual[0] <= 1e-8
    if where != "symbol":  # the other cell is solved all the same
        assert residual[1] <= 1e-8


def test_a_right_side_of_0_is_solved_by_0(library):
    kernels = KERNELS[library]()
    of = system(kernels, [0.5, 0.5])
    rhs = np.array(right_side(kernels, of))
    rhs[0] = 0.0
    found = conjugate_gradients(kernels, of, copy(kernels, rhs), tolerance=1e-10)
    assert found.converged
    assert not np.any(np.array(found.x)[0])
    assert np.all(np.isfinite(np.array(found.x)))
