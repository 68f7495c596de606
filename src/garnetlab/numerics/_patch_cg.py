"""Conjugate gradients for the currents through patches, batched and with linear constraints.

Source
------
J. R. Shewchuk, An Introduction to the Conjugate Gradient Method without the Agonizing Pain, CMU 1994, B3 (method). N. I. M.
Gould, M. E. Hribar, J. Nocedal, SIAM J. Sci. Comput. 23 (2001) 1376, algorithm 6.2 (projection of the residual, without
which rounding drives the iterates off the constraint). H. A. van der Vorst, J. B. M. Melissen, IEEE Trans. Magn. 26 (1990)
706 (complex symmetric systems: the same recurrence with bilinear products).
"""

from __future__ import annotations

from dataclasses import dataclass

from garnetlab.numerics._patch_kernels import Array, Kernels


@dataclass(frozen=True, slots=True)
class PatchSystem:
    """The system ``(diagonal + scale Z scale) v = b`` on fields of shape (batch, faces, rows, columns).

    Parameters
    ----------
    scale:    0 or False where no current flows; the current is ``scale v``.
    diagonal: Local resistance times ``scale`` squared; anything where ``scale`` is 0. Where it is the same for all pixels and
              ``scale`` is boolean, it may have the shape (batch, 1, 1, 1).
    symbol:   Of the layer, see ``Kernels``.
    shift:    Shape (batch, faces), of the preconditioner ``(Z + shift)^-1``; None for none.
    """

    scale: Array
    diagonal: Array
    symbol: Array
    shift: Array | None = None


@dataclass(frozen=True, slots=True)
class Solved:
    """Solution, relative residual (batch,), iterations done, and whether all met the tolerance."""

    x: Array
    residual: Array
    iterations: int
    converged: bool


@dataclass(frozen=True, slots=True)
class _Constraint:
    row: Array
    image: Array  # preconditioner times row
    norm: Array


def conjugate_gradients(
    kernels: Kernels,
    system: PatchSystem,
    rhs: Array,
    start: Array | None = None,
    *,
    constraints: tuple[Array, ...] = (),
    tolerance: float | Array = 1e-8,
    limit: int = 500,
) -> Solved:
    """Return the solution of ``system`` for ``rhs`` with every constraint row times x kept at its value in ``start``.

    Parameters
    ----------
    kernels:     Operations of the array library.
    system:      Operator and preconditioner.
    rhs:         Right-hand side, 0 where ``scale`` is 0; it is overwritten.
    start:       First guess; it is overwritten. 0 by default. The solution may live in a buffer of ``kernels``.
    constraints: At most two rows of the shape of a field.
    tolerance:   On the norm of the (projected) residual over that of ``rhs``; a number or shape (batch,).
    limit:       Most iterations.
    """
    xp = kernels.xp
    rows = _prepare(kernels, system, constraints)
    if start is None:
        x, size = kernels.blank(rhs), None
    else:
        x, size = start, kernels.square(rhs)
        _, image, _ = kernels.conduct(x, None, size, system.scale, system.diagonal, system.symbol)
        rhs = rhs - image
    r, z, rz, square = _direction(kernels, system, rows, rhs, None)
    size = square if size is None else size
    size = xp.where(size > 0, size, xp.ones_like(size))
    goal = tolerance**2 * size
    p, beta, done = None, square, 0
    active = square > goal
    while done < limit and bool(active[0] if rhs.shape[0] == 1 else xp.any(active)):
        p, ap, curvature = kernels.conduct(z, p, beta, system.scale, system.diagonal, system.symbol)
        x, r, square = kernels.advance(x, r, p, ap, kernels.ratio(rz, curvature, active))
        r, z, rz_new, square = _direction(kernels, system, rows, r, square)
        beta = kernels.ratio(rz_new, rz, active)
        active, rz, done = active & (square > goal), rz_new, done + 1
    residual = (square / size) ** 0.5
    return Solved(x, residual, done, bool(xp.all(square <= goal)))


def _prepare(kernels: Kernels, system: PatchSystem, constraints: tuple[Array, ...]) -> tuple[_Constraint, ...]:
    """Return the constraints made orthogonal in the preconditioner, so that they are removed one after the other."""
    rows: list[_Constraint] = []
    for row in constraints:
        for known in rows:
            row = row - (kernels.total(row, known.image) / known.norm)[:, None, None, None] * known.row
        image = row
        if system.shift is not None:
            image, _ = kernels.precondition(row, system.scale, system.symbol, system.shift)
            image = image + 0.0  # the operation may reuse its array
        rows.append(_Constraint(row, image, kernels.total(row, image)))
    return tuple(rows)


def _direction(
    kernels: Kernels, system: PatchSystem, rows: tuple[_Constraint, ...], r: Array, square: Array | None
) -> tuple[Array, Array, Array, Array]:
    """Return projected residual, preconditioned residual, their product, and the squared norm of the former."""
    if system.shift is None:
        z, rz = r, None
    else:
        z, rz = kernels.precondition(r, system.scale, system.symbol, system.shift)
    for row in rows:
        r, z, rz = kernels.project(r, z, row.row, row.image, row.norm)
    if rows or square is None:
        square = kernels.square(r)
    if rz is None:
        rz = square if r.dtype == square.dtype else kernels.total(r, r)
    return r, z, rz, square
