"""The operations of the patch solver compiled for the processor: numba, with the FFT of rocket-fft (DUCC, BSD licence).

Every operation is one call with one pass over memory beside its two transforms, and buffers are reused between calls.
Compiled code is cached beside this file or, where that is not writable, in the user's cache folder.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload
from rocket_fft import c2c, c2r, r2c

from garnetlab.numerics._patch_kernels import Array

_AXES = np.array([0, 1])
_FAST = {"reassoc", "contract", "arcp"}


def _forward(field: Array, spectrum: Array) -> None:  # the compiled bodies follow
    raise NotImplementedError


def _inverse(spectrum: Array, field: Array) -> None:
    raise NotImplementedError


@overload(_forward)
def _compiled_forward(field: Array, spectrum: Array) -> Any:
    def real(field: Array, spectrum: Array) -> None:
        for f in range(field.shape[0]):
            r2c(field[f], spectrum[f], _AXES, True, 1.0, 1)

    def whole(field: Array, spectrum: Array) -> None:
        for f in range(field.shape[0]):
            c2c(field[f], spectrum[f], _AXES, True, 1.0, 1)

    return whole if isinstance(field.dtype, types.Complex) else real


@overload(_inverse)
def _compiled_inverse(spectrum: Array, field: Array) -> Any:
    def real(spectrum: Array, field: Array) -> None:
        for f in range(field.shape[0]):
            c2r(spectrum[f], field[f], _AXES, False, 1.0 / field[f].size, 1)

    def whole(spectrum: Array, field: Array) -> None:
        for f in range(field.shape[0]):
            c2c(spectrum[f], field[f], _AXES, False, 1.0 / field[f].size, 1)

    return whole if isinstance(field.dtype, types.Complex) else real


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _mix(spectrum: Array, symbol: Array) -> None:
    faces, rows, columns = spectrum.shape
    for y in range(rows):
        if faces == 1:
            for x in range(columns):
                spectrum[0, y, x] *= symbol[0, y, x]
        else:
            for x in range(columns):
                one, two = spectrum[0, y, x], spectrum[1, y, x]
                same, mixed = symbol[0, y, x], symbol[1, y, x]
                spectrum[0, y, x] = same * one + mixed * two
                spectrum[1, y, x] = mixed * one + same * two


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _unmix(spectrum: Array, symbol: Array, shift: Array) -> None:
    faces, rows, columns = spectrum.shape
    for y in range(rows):
        if faces == 1:
            for x in range(columns):
                spectrum[0, y, x] *= 1.0 / (symbol[0, y, x] + shift[0])
        else:
            for x in range(columns):
                one, two, mixed = spectrum[0, y, x], spectrum[1, y, x], symbol[1, y, x]
                first, second = symbol[0, y, x] + shift[0], symbol[0, y, x] + shift[1]
                factor = 1.0 / (first * second - mixed * mixed)
                spectrum[0, y, x] = (second * one - mixed * two) * factor
                spectrum[1, y, x] = (first * two - mixed * one) * factor


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _conduct_scaled(
    z: Array, p: Array, beta: Any, scale: Array, diagonal: Array, symbol: Array, ap: Array, spectrum: Array
) -> Any:
    new, flat, s, out = z.ravel(), p.ravel(), scale.ravel(), ap.ravel()
    for i in range(flat.size):
        value = new[i] + beta * flat[i]
        flat[i] = value
        out[i] = s[i] * value
    _forward(ap, spectrum)
    _mix(spectrum, symbol)
    _inverse(spectrum, ap)
    d = diagonal.ravel()
    total = 0.0 * flat[0]
    for i in range(flat.size):
        value = d[i] * flat[i] + s[i] * out[i]
        out[i] = value
        total += value * flat[i]
    return total


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _conduct_masked(
    z: Array, p: Array, beta: Any, mask: Array, diagonal: Array, symbol: Array, ap: Array, spectrum: Array
) -> Any:
    new, flat = z.ravel(), p.ravel()
    for i in range(flat.size):
        flat[i] = new[i] + beta * flat[i]
    _forward(p, spectrum)
    _mix(spectrum, symbol)
    _inverse(spectrum, ap)
    m, d, out = mask.ravel(), diagonal.ravel(), ap.ravel()
    total = 0.0 * flat[0]
    if d.size == 1:
        same = d[0]
        for i in range(flat.size):
            value = same * flat[i] + out[i] if m[i] else 0.0 * flat[i]
            out[i] = value
            total += value * flat[i]
    else:
        for i in range(flat.size):
            value = d[i] * flat[i] + out[i] if m[i] else 0.0 * flat[i]
            out[i] = value
            total += value * flat[i]
    return total


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _precondition(r: Array, scale: Array, symbol: Array, shift: Array, z: Array, spectrum: Array) -> Any:
    _forward(r, spectrum)
    _unmix(spectrum, symbol, shift)
    _inverse(spectrum, z)
    total = 0.0 * r[0, 0, 0]
    faces, rows, columns = r.shape
    for f in range(faces):
        for y in range(rows):
            for x in range(columns):
                if scale[f, y, x] == 0:
                    z[f, y, x] = 0
                total += z[f, y, x] * r[f, y, x]
    return total


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _advance(x: Array, r: Array, p: Array, ap: Array, alpha: Any) -> float:
    x, r, p, ap = x.ravel(), r.ravel(), p.ravel(), ap.ravel()
    total = 0.0
    for i in range(x.size):
        x[i] += alpha * p[i]
        value = r[i] - alpha * ap[i]
        r[i] = value
        total += value.real * value.real + value.imag * value.imag
    return total


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _project(r: Array, z: Array, a: Array, ma: Array, norm: Any, alias: bool) -> Any:
    r, z, a, ma = r.ravel(), z.ravel(), a.ravel(), ma.ravel()
    t = 0.0 * r[0]
    for i in range(r.size):
        t += a[i] * z[i]
    t /= norm
    total = 0.0 * r[0]
    for i in range(r.size):
        value = r[i] - t * a[i]
        r[i] = value
        if not alias:
            z[i] -= t * ma[i]
        total += value * z[i]
    return total


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _dot(a: Array, b: Array) -> Any:
    one, two = a.ravel(), b.ravel()
    total = 0.0 * one[0]
    for i in range(one.size):
        total += one[i] * two[i]
    return total


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _square(field: Array) -> float:
    flat = field.ravel()
    total = 0.0
    for i in range(flat.size):
        total += flat[i].real * flat[i].real + flat[i].imag * flat[i].imag
    return total


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _sum(field: Array) -> Any:
    flat = field.ravel()
    total = 0.0 * flat[0]
    for i in range(flat.size):
        total += flat[i]
    return total


@njit(cache=True)
def _smear(field: Array, symbol: Array, spectrum: Array, out: Array) -> None:
    _forward(field, spectrum)
    _mix(spectrum, symbol)
    _inverse(spectrum, out)


class _Workspace:
    """Buffers of one shape of fields."""

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        batch, faces, rows, columns = shape
        self.key = (shape, dtype)
        self.p, self.ap, self.z, self.x, self.r, self.smeared = (np.zeros(shape, dtype) for _ in range(6))
        width = columns if np.issubdtype(dtype, np.complexfloating) else columns // 2 + 1
        self.spectrum = np.empty((faces, rows, width), np.complex128)
        self.nothing = np.zeros(batch, dtype)


class CompiledKernels:
    """The operations of ``Kernels`` on numpy arrays, one cell of the batch after the other, in place.

    Directions, their images and the solution live in buffers of this object: it serves one solve at a time, and a
    solution that is to outlive the next solve must be copied.
    """

    def __init__(self) -> None:
        self._known: dict[Any, _Workspace] = {}
        self._work: _Workspace | None = None

    @property
    def xp(self) -> Any:
        """See ``Kernels``."""
        return np

    def conduct(
        self, z: Array, p: Array | None, beta: Array, scale: Array, diagonal: Array, symbol: Array
    ) -> tuple[Array, Array, Array]:
        """See ``Kernels``."""
        work = self._workspace(z)
        z, scale, diagonal = _along(z), _along(scale), _along(diagonal)
        run = _conduct_masked if scale.dtype == np.bool_ else _conduct_scaled
        if p is None:
            p, beta = work.p, work.nothing
            p[...] = z
            z = p
        total = np.empty(len(z), z.dtype)
        for b in range(len(z)):
            total[b] = run(z[b], p[b], beta[b], scale[b], diagonal[b], _of(symbol, b), work.ap[b], work.spectrum)
        return p, work.ap, total

    def precondition(self, r: Array, scale: Array, symbol: Array, shift: Array) -> tuple[Array, Array]:
        """See ``Kernels``."""
        work, total = self._workspace(r), np.empty(len(r), r.dtype)
        scale = _along(scale)
        for b in range(len(r)):
            total[b] = _precondition(r[b], scale[b], _of(symbol, b), shift[b], work.z[b], work.spectrum)
        return work.z, total

    def advance(self, x: Array, r: Array, p: Array, ap: Array, alpha: Array) -> tuple[Array, Array, Array]:
        """See ``Kernels``."""
        total = np.empty(len(x))
        for b in range(len(x)):
            total[b] = _advance(x[b], r[b], p[b], ap[b], alpha[b])
        return x, r, total

    def project(self, r: Array, z: Array, a: Array, ma: Array, norm: Array) -> tuple[Array, Array, Array]:
        """See ``Kernels``."""
        total = np.empty(len(r), r.dtype)
        for b in range(len(r)):
            total[b] = _project(r[b], r[b] if z is r else z[b], a[b], ma[b], norm[b], z is r)
        return r, z, total

    def total(self, a: Array, b: Array) -> Array:
        """See ``Kernels``."""
        return np.array([_dot(one, two) for one, two in zip(_along(a), _along(b), strict=True)])

    def square(self, field: Array) -> Array:
        """See ``Kernels``."""
        return np.array([_square(one) for one in field])

    def sums(self, field: Array) -> Array:
        """See ``Kernels``."""
        return np.array([[_sum(face) for face in one] for one in field])

    def ratio(self, top: Array, bottom: Array, active: Array) -> Array:
        """See ``Kernels``."""
        if len(top) == 1:
            return top / bottom if active[0] and bottom[0] != 0 else np.zeros_like(top)
        return np.divide(top, bottom, out=np.zeros_like(top), where=active & (bottom != 0))

    def blank(self, like: Array) -> Array:
        """See ``Kernels``."""
        field = self._workspace(like).x
        field[...] = 0.0
        return field

    def smear(self, field: Array, symbol: Array) -> Array:
        """See ``Kernels``."""
        work, field = self._workspace(field), _along(field)
        for b in range(len(field)):
            _smear(field[b], _of(symbol, b), work.spectrum, work.smeared[b])
        return work.smeared

    def own(self, field: Array) -> Array:
        """See ``Kernels``."""
        work = self._workspace(field)
        work.r[...] = field
        return work.r

    def _workspace(self, field: Array) -> _Workspace:
        key = (field.shape, field.dtype)
        if self._work is None or self._work.key != key:
            if key not in self._known:
                self._known[key] = _Workspace(*key)
            self._work = self._known[key]
        return self._work


def _along(field: Array) -> Array:
    """Return the field in the order of rows, which flat loops over two fields need."""
    return field if field.flags.c_contiguous else np.ascontiguousarray(field)


def _of(symbol: Array, b: int) -> Array:
    return symbol[b] if len(symbol) > 1 else symbol[0]
