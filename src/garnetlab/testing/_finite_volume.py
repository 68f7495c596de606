r"""Reference for the interface solver: cell-centred finite volumes in three dimensions on scipy.sparse.

It shares no physics with ``physics.interface``: no surface operator, no Fourier symbol, no elimination of the slab. Every
cell of the slab is an unknown of

.. math:: \nabla\cdot(\sigma \nabla \varphi) = 0

and neighbours exchange :math:`\sigma (\varphi_i - \varphi_j)/d_{ij}` per area. At a face the half cell (depth d, d/2 to
the wall) stands in series with the contact, so a pixel obeys :math:`V - \varphi = \eta(J) + J d/(2\sigma)`; it is solved for
J pixel by pixel. The balance of the cells is solved by Newton; the linear systems directly where they are small, by
conjugate gradients where not. A fast transform serves as preconditioner: it decides the time, never the answer, which is
judged by the unbalanced current of the sparse matrix.

Source
------
R. Eymard, T. Gallouet, R. Herbin, Finite Volume Methods, Handbook of Numerical Analysis VII (2000), ch. 3 (two-point flux on
rectangular cells); H. A. van der Vorst, J. B. M. Melissen, IEEE Trans. Magn. 26 (1990) 706 (conjugate gradients for complex
symmetric matrices).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft, linalg, sparse
from scipy.sparse.linalg import splu

from garnetlab import units
from garnetlab.core import InvalidInput, Outcome, SolveFailed

Array: TypeAlias = NDArray[Any]  # float64, or complex128 with an impedance
Operator: TypeAlias = Callable[[Array], Array]

_GROWTH = 1.3  # of the cells with depth, at refine = 1
_DIRECT = 1000  # cells up to which the sparse LU is faster than conjugate gradients
_BALANCED = 1e-10  # unbalanced over total current; it bounds the relative error of the current (maximum principle)
_TRUSTED = 1e-6  # the largest that rounding may leave, where a high resistance makes the potential nearly uniform
_NEWTON, _HALVINGS, _ITERATIONS = 60, 30, 5000


@dataclass(frozen=True, slots=True)
class FiniteVolumeSolution:
    """Solution of one slab with patchy faces.

    Attributes
    ----------
    asr:                    Voltage/mean current density [ohm m^2]: a float, or complex with an impedance.
    current_density:        Into the slab through the face z = 0 [A/m^2], shape (ny, nx), mean of each pixel.
    second_current_density: Out of the slab through z = L [A/m^2], shape (ny, nx); also where that side is a plane.
    voltage:                Of the first electrode against the second one [V].
    cells:                  Number of cells.
    """

    asr: complex
    current_density: Array
    second_current_density: Array
    voltage: complex
    cells: int


def finite_volume_interface(
    resistance: ArrayLike,
    *,
    conductivity: complex,
    thickness: float,
    period: float,
    second_resistance: ArrayLike | None = None,
    mirror: bool = False,
    refine: int = 1,
    voltage: float | None = None,
    current_density: float | None = None,
    exchange_current_density: ArrayLike | None = None,
    symmetry: float = 0.5,
    second_exchange_current_density: ArrayLike | None = None,
    second_symmetry: float = 0.5,
    temperature: float | None = None,
) -> FiniteVolumeSolution:
    r"""Return the current through a homogeneous slab with one or two patchy faces.

    Parameters
    ----------
    resistance:       Of the contact at z = 0, per pixel, shape (ny, nx) [ohm m^2]; ``inf`` carries no current, complex
                      values are local impedances. With kinetics it is the film in series.
    conductivity:     Of the slab [S/m], or complex at one frequency.
    thickness:        L [m]. Far side: an ideal plane at 0 V, or a face with ``second_resistance``, electrode at 0 V.
    period:           W along x [m]; pixels are squares of side W/nx.
    mirror:           No flux through the sides, in place of periodic sides.
    refine:           Cells per side of a pixel. Depth is graded from h/(2 refine) at a patchy face, and every cell of one
                      ``refine`` is cut in two by the doubled one, so that results can go to ``extrapolated``. The mesh
                      converges with ``refine``, not with nx alone: cells grow by 1.3^(1/refine) with depth.
    voltage:          [V]; or ``current_density``, its mean [A/m^2]. Neither: 1 V, which a linear face does not notice.
    exchange_current_density: j0 [A/m^2], one number or per pixel, of :math:`J = j_0 (e^{(1-a) F\eta/RT} - e^{-a F\eta/RT})`;
                      the overpotential of a pixel is eta(J) + resistance J. ``None``: a linear face.
    symmetry:         a of the first face.
    second_exchange_current_density, second_symmetry: The same of the second face, whose J > 0 leaves the slab. The law is
                      read in the direction of its own J, which is cathodic there: a reaction with the cathodic share a on
                      both faces has ``symmetry=a, second_symmetry=1 - a``.
    temperature:      [K], with kinetics.

    Raises
    ------
    InvalidInput  if shapes differ, a face has no contact, a number is out of its range, or kinetics meet an impedance.
    SolveFailed   if the balance of currents is not reached.

    Examples
    --------
    >>> full = finite_volume_interface([[2e-4]], conductivity=0.05, thickness=1e-5, period=1e-5)
    >>> round(full.asr, 12)
    0.0004
    """
    first = _map("resistance", resistance)
    second = np.zeros(first.shape) if second_resistance is None else _map("second_resistance", second_resistance)
    _check(first, second, conductivity=conductivity, thickness=thickness, period=period, refine=refine)
    _check_drive(voltage, current_density)
    slab = _slab(
        first.shape,
        conductivity=conductivity,
        thickness=thickness,
        side=period / first.shape[1],
        refine=refine,
        mirror=mirror,
        two_faces=second_resistance is not None,
    )
    faces = (
        _face(slab, 0, first, exchange_current_density, symmetry, temperature),
        _face(slab, -1, second, second_exchange_current_density, second_symmetry, temperature),
    )
    v, j1, j2 = _balance(slab, faces, voltage, current_density)
    maps = [_pixels(j, slab, first.shape) for j in (j1, j2)]
    mean = maps[0].mean().item()
    if mean == 0:
        message = (
            f"voltage = {voltage}, current_density = {current_density}: expected a number other than 0. Pass 1e-6."
        )
        raise InvalidInput(message)
    return FiniteVolumeSolution(v / mean, maps[0], maps[1], v, math.prod(slab.shape))


# --- input ------------------------------------------------------------------------------------------------------------


def _map(name: str, values: ArrayLike) -> Array:
    array = np.asarray(values)
    array = array.astype(np.complex128 if np.iscomplexobj(array) else np.float64)
    if array.ndim != 2 or not array.size or np.isnan(array).any() or (array.real < 0).any():
        message = (
            f"{name} = {array}: expected a map of shape (ny, nx) of numbers >= 0 [ohm m^2]. Use inf for no contact."
        )
        raise InvalidInput(message)
    if np.isinf(array).all():
        message = f"{name} = inf everywhere: expected a pixel in contact. Give it a finite resistance."
        raise InvalidInput(message)
    return array


def _check(first: Array, second: Array, *, conductivity: complex, thickness: float, period: float, refine: int) -> None:
    if first.shape != second.shape:
        message = (
            f"second_resistance has shape {second.shape}: expected {first.shape}, as resistance. Resample one map."
        )
        raise InvalidInput(message)
    for name, value in (("conductivity", conductivity), ("thickness", thickness), ("period", period)):
        if not np.isfinite(value) or np.real(value) <= 0:
            message = f"{name} = {value}: expected a finite number > 0 in SI. Check units and sign."
            raise InvalidInput(message)
    if refine != int(refine) or refine < 1:
        message = f"refine = {refine}: expected a whole number of cells per side of a pixel, 1 or more. Use 1, 2, 4."
        raise InvalidInput(message)


def _check_drive(voltage: float | None, current_density: float | None) -> None:
    if voltage is not None and current_density is not None:
        message = f"voltage = {voltage}, current_density = {current_density}: expected one of them. Leave one out."
        raise InvalidInput(message)
    for name, value in (("voltage", voltage), ("current_density", current_density)):
        if value is not None and not np.isfinite(value):
            message = f"{name} = {value}: expected a finite number in SI. Check units."
            raise InvalidInput(message)


# --- slab -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Slab:
    """Cells of shape (nz, ny, nx) and the matrix of their exchange [S/m^2], without what crosses the two faces."""

    shape: tuple[int, int, int]
    side: float
    depths: Array
    conductivity: complex
    mirror: bool
    refine: int
    matrix: sparse.csr_array


def _slab(
    pixels: tuple[int, ...],
    *,
    conductivity: complex,
    thickness: float,
    side: float,
    refine: int,
    mirror: bool,
    two_faces: bool,
) -> _Slab:
    depths = graded_depths(thickness, side=side, refine=refine, two_faces=two_faces)
    ny, nx = (n * refine for n in pixels)
    cell = side / refine
    lateral = sparse.kronsum(_second_difference(nx, mirror), _second_difference(ny, mirror))
    upright = _upright(depths)
    matrix = sparse.kron(sparse.diags_array(depths / cell**2), lateral) + sparse.kron(
        upright, sparse.eye_array(ny * nx)
    )
    return _Slab(
        (len(depths), ny, nx), cell, depths, conductivity, mirror, refine, sparse.csr_array(matrix * conductivity)
    )


def graded_depths(thickness: float, *, side: float, refine: int, two_faces: bool) -> Array:
    """Return the depths of the cells from face to face [m]: geometric, at most side/(2 refine) at a patchy face."""
    span = thickness / 2 if two_faces else thickness
    coarse = max(4, math.ceil(math.log1p((_GROWTH - 1) * span / (side / 2)) / math.log(_GROWTH)))
    walls = np.expm1(np.arange(coarse * refine + 1) * math.log(_GROWTH) / refine)
    depths = np.diff(walls) * (span / walls[-1])
    return np.concatenate([depths, depths[::-1]]) if two_faces else depths


def _second_difference(n: int, mirror: bool) -> sparse.csr_array:
    """Return the n x n matrix of minus the second difference: rows sum to 0; the last cell meets the first, or a wall."""
    edges = np.arange(n - 1 if mirror else n)
    values = np.concatenate([np.ones(len(edges)), -np.ones(len(edges))])
    places = (np.concatenate([edges, edges]), np.concatenate([edges, (edges + 1) % n]))
    gradient = sparse.coo_array((values, places), shape=(n, n)).tocsr()
    return cast("sparse.csr_array", gradient.T @ gradient)


def _upright(depths: Array) -> sparse.csr_array:
    between = 2.0 / (depths[:-1] + depths[1:])
    diagonal = np.concatenate([between, [0.0]]) + np.concatenate([[0.0], between])
    return sparse.csr_array(sparse.diags_array([-between, diagonal, -between], offsets=[-1, 0, 1]))


def _pixels(current: Array, slab: _Slab, shape: tuple[int, ...]) -> Array:
    ny, nx, n = shape[0], shape[1], slab.refine
    return cast("Array", current.reshape(ny, n, nx, n).mean(axis=(1, 3)))


# --- faces ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Face:
    """Cells at one face: ``on`` where in contact, half cell plus resistance in ``series``, and the kinetics."""

    on: Array
    series: Array
    exchange: Array | None
    forward: float
    thermal: float

    def response(self, drop: Array) -> tuple[Array, Array]:
        """Return J and dJ/d(drop) of each cell; ``drop`` lies between electrode and cell, in the direction of J > 0."""
        if self.exchange is None:
            slope = np.where(self.on, 1.0 / self.series, 0.0)
            return slope * drop, slope
        j, slope = _butler_volmer(drop / self.thermal, self.series / self.thermal, self.exchange, self.forward)
        return np.where(self.on, j, 0.0), np.where(self.on, slope / self.thermal, 0.0)


def _face(
    slab: _Slab, layer: int, resistance: Array, exchange: ArrayLike | None, symmetry: float, temperature: float | None
) -> _Face:
    on = _spread(np.isfinite(resistance), slab)
    series = np.where(on, _spread(np.where(np.isfinite(resistance), resistance, 0.0), slab), 0.0)
    series = series + slab.depths[layer] / (2.0 * slab.conductivity)
    if exchange is None:
        return _Face(on, series, None, 0.5, 1.0)
    j0 = np.broadcast_to(np.asarray(exchange, dtype=np.float64), resistance.shape)
    used = j0[np.isfinite(resistance)]
    if not (np.isfinite(used) & (used > 0)).all():
        message = (
            f"exchange_current_density = {used.min()}: expected > 0 on contact. Use resistance=inf for no contact."
        )
        raise InvalidInput(message)
    if temperature is None or not 0 < temperature < math.inf or not 0 < symmetry < 1:
        message = (
            f"temperature = {temperature}, symmetry = {symmetry}: expected kelvin > 0 and a number between 0 and 1."
        )
        raise InvalidInput(message)
    if np.iscomplexobj(series):
        message = (
            "exchange_current_density given with complex numbers: expected a real case. Pass RT/(F j0) as resistance."
        )
        raise InvalidInput(message)
    filled = np.where(np.isfinite(resistance), j0, 1.0)
    return _Face(on, series, _spread(filled, slab), 1.0 - symmetry, units.R * temperature / units.F)


def _spread(pixels: Array, slab: _Slab) -> Array:
    return np.repeat(np.repeat(pixels, slab.refine, axis=0), slab.refine, axis=1).ravel()


def _butler_volmer(u: Array, series: Array, exchange: Array, forward: float) -> tuple[Array, Array]:
    """Return J and dJ/du of ``u = x + series J``, J = exchange (exp(forward x) - exp(-(1 - forward) x)), u in RT/F.

    The root x lies between 0 and the smaller of u and the x at which series J alone would use up u; Newton starts at the
    larger end and a step that leaves the bracket is replaced by its middle.
    """
    p = np.where(u >= 0, forward, 1.0 - forward)
    q, size, k = 1.0 - p, np.abs(u), series * exchange
    low, x = np.zeros_like(size), np.minimum(size, np.log1p(size / k) / p)
    high = x
    for _ in range(100):
        excess = x + k * (np.expm1(p * x) - np.expm1(-q * x)) - size
        high, low = np.where(excess > 0, x, high), np.where(excess > 0, low, x)
        new = x - excess / (1.0 + k * (p * np.exp(p * x) + q * np.exp(-q * x)))
        new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
        change, x = np.abs(new - x), new
        if (change <= 1e-14 * x).all():
            break
    slope = exchange * (p * np.exp(p * x) + q * np.exp(-q * x))
    return np.sign(u) * exchange * (np.expm1(p * x) - np.expm1(-q * x)), slope / (1.0 + series * slope)


# --- balance of currents ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _State:
    """Potentials, voltage, and what follows: currents and slopes of the faces, and the unbalanced current."""

    potential: Array
    voltage: complex
    currents: tuple[Array, Array]
    slopes: tuple[Array, Array]
    unbalanced: Array
    missing: complex

    rounding: float

    def size(self) -> float:
        """Return the sum of the unbalanced currents over that of the currents of both faces."""
        return (float(np.abs(self.unbalanced).sum()) + abs(self.missing)) / self._total()

    def balanced(self) -> bool:
        """Return whether the currents balance, or as well as the rounding of the potentials lets them."""
        return self.size() <= max(_BALANCED, min(self.rounding / self._total(), _TRUSTED))

    def norm(self) -> float:
        return math.hypot(float(np.linalg.norm(self.unbalanced)), abs(self.missing))

    def _total(self) -> float:
        return sum(float(np.abs(j).sum()) for j in self.currents) or 1.0


def _state(slab: _Slab, faces: tuple[_Face, _Face], potential: Array, voltage: complex, wanted: float | None) -> _State:
    area = slab.shape[1] * slab.shape[2]
    j1, g1 = faces[0].response(voltage - potential[:area])
    j2, g2 = faces[1].response(potential[-area:])
    unbalanced = slab.matrix @ potential
    unbalanced[:area] -= j1
    unbalanced[-area:] += j2
    missing = 0.0 if wanted is None else wanted * area - j1.sum().item()
    rounding = np.finfo(np.float64).eps * float(np.abs(slab.matrix.diagonal() * potential).sum())
    return _State(potential, voltage, (j1, j2), (g1, g2), unbalanced, missing, rounding)


def _balance(
    slab: _Slab, faces: tuple[_Face, _Face], voltage: float | None, wanted: float | None
) -> tuple[complex, Array, Array]:
    """Return voltage and the currents of both faces after Newton with backtracking on the unbalanced current."""
    kind = np.result_type(slab.matrix.dtype, faces[0].series.dtype, faces[1].series.dtype)
    start = voltage if voltage is not None else 1.0 if wanted is None else 0.0
    state = _state(slab, faces, np.zeros(math.prod(slab.shape), dtype=kind), start, wanted)
    tolerance = 1e-13 if all(face.exchange is None for face in faces) else 1e-7
    for _ in range(_NEWTON):
        if state.balanced():
            return state.voltage, *state.currents
        better = _step(slab, faces, state, wanted, tolerance)
        if better is None:
            break
        state = better
    message = f"unbalanced current = {state.size():.1e} of the total: expected {_BALANCED:g}. Try a smaller voltage."
    raise SolveFailed(message, None if np.isfinite(state.size()) else Outcome.NON_FINITE)


def _step(
    slab: _Slab, faces: tuple[_Face, _Face], state: _State, wanted: float | None, tolerance: float
) -> _State | None:
    """Return the state after a Newton step, shortened until the unbalanced current falls; None if it does not."""
    area = slab.shape[1] * slab.shape[2]
    solve = _solver(slab, state.slopes, tolerance)
    move, rise = solve(-state.unbalanced), 0.0 * state.voltage
    if wanted is not None:
        drive = np.zeros_like(move)
        drive[:area] = state.slopes[0]
        lifted = solve(drive)
        rise = ((state.missing + (drive * move).sum()) / (drive * (1.0 - lifted)).sum()).item()
        move = move + rise * lifted
    for k in range(_HALVINGS):
        t = 0.5**k
        trial = _state(slab, faces, state.potential + t * move, state.voltage + t * rise, wanted)
        if trial.balanced() or trial.norm() <= (1.0 - 1e-4 * t) * state.norm():
            return trial
    return None


# --- linear systems ---------------------------------------------------------------------------------------------------


def _solver(slab: _Slab, slopes: tuple[Array, Array], tolerance: float) -> Operator:
    """Return the solution operator of the slab with conductances ``slopes`` [S/m^2] at its faces."""
    walls = np.zeros(math.prod(slab.shape), dtype=np.result_type(*slopes))
    walls[: len(slopes[0])] += slopes[0]
    walls[-len(slopes[1]) :] += slopes[1]
    matrix = sparse.csr_array(slab.matrix + sparse.diags_array(walls))
    if len(walls) <= _DIRECT:
        return cast("Operator", splu(sparse.csc_array(matrix)).solve)
    approximate = _separable_inverse(slab, slopes)
    return lambda right: _conjugate_gradients(matrix, right, approximate, tolerance)


def _separable_inverse(slab: _Slab, slopes: tuple[Array, Array]) -> Operator:
    """Return the inverse of the slab with uniform faces, by a lateral transform and the modes of the depth."""
    upright = _upright(slab.depths)
    diagonal = upright.diagonal()
    for layer, slope in zip((0, -1), slopes, strict=True):
        diagonal[layer] += float(np.abs(slope).mean()) / abs(slab.conductivity)
    scale = np.sqrt(slab.depths)
    decay, modes = linalg.eigh_tridiagonal(diagonal / slab.depths, upright.diagonal(1) / (scale[:-1] * scale[1:]))
    forth, back = modes.T / scale, modes / scale[:, None]
    spectrum = decay[:, None, None] + _lateral_spectrum(slab)

    def apply(right: Array) -> Array:
        parts = (forth @ right.reshape(slab.shape[0], -1)).reshape(slab.shape)
        parts = _filtered(parts, spectrum, mirror=slab.mirror)
        return cast("Array", (back @ parts.reshape(slab.shape[0], -1)).ravel() / slab.conductivity)

    return apply


def _lateral_spectrum(slab: _Slab) -> Array:
    step = math.pi if slab.mirror else 2.0 * math.pi
    along = [(2.0 - 2.0 * np.cos(step * np.arange(n) / n)) / slab.side**2 for n in slab.shape[1:]]
    return cast("Array", along[0][:, None] + along[1][None, :])


def _filtered(parts: Array, spectrum: Array, *, mirror: bool) -> Array:
    if mirror:
        return cast("Array", fft.idctn(fft.dctn(parts, axes=(1, 2)) / spectrum, axes=(1, 2)))
    if np.iscomplexobj(parts):
        return cast("Array", fft.ifft2(fft.fft2(parts) / spectrum))
    half = spectrum[:, :, : parts.shape[2] // 2 + 1]
    return cast("Array", fft.irfft2(fft.rfft2(parts) / half, s=parts.shape[1:]))


def _conjugate_gradients(matrix: sparse.csr_array, right: Array, approximate: Operator, tolerance: float) -> Array:
    """Return the solution of a symmetric, real or complex, system; the products are not conjugated."""
    x, left = np.zeros_like(right), right.copy()
    goal = tolerance * float(np.linalg.norm(right))
    z = approximate(left)
    along, rho = z, np.dot(left, z)
    for _ in range(_ITERATIONS):
        if float(np.linalg.norm(left)) <= goal:
            break
        image = matrix @ along
        length = rho / np.dot(along, image)
        x, left = x + length * along, left - length * image
        z = approximate(left)
        old, rho = rho, np.dot(left, z)
        along = z + (rho / old) * along
    return x
