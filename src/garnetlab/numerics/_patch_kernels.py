"""The six fused operations of the patch solver, on any array library that follows the array API standard.

Fields have shape (batch, faces, rows, columns); scalars of a batch have shape (batch,). A symbol has shape
(1 or batch, 1, rows, spectrum) with one face and (1 or batch, 2, rows, spectrum) with two (diagonal, mixed). Fields are
real or complex; a complex field is transformed whole, with a symbol over all wave numbers. Products are bilinear, without
conjugation: a complex system is symmetric, not Hermitian. ``scale`` is a field of numbers, or of booleans where it would be
0 and 1; then fields are 0 wherever it is False.

An operation may reuse the arrays it is given: a caller keeps only what is returned.
"""

from __future__ import annotations

from typing import Any, Protocol

Array = Any  # an array of the library in use


class Kernels(Protocol):
    """What the solver needs of an array library; ``GenericKernels`` and ``CompiledKernels`` have it."""

    @property
    def xp(self) -> Any:
        """Namespace of the array library."""

    def conduct(
        self, z: Array, p: Array | None, beta: Array, scale: Array, diagonal: Array, symbol: Array
    ) -> tuple[Array, Array, Array]:
        """Return ``p = z + beta p``, ``A p = diagonal p + scale F^-1 Z F (scale p)``, and the sum of ``p A p``."""

    def precondition(self, r: Array, scale: Array, symbol: Array, shift: Array) -> tuple[Array, Array]:
        """Return ``z = F^-1 (Z + shift)^-1 F r`` where ``scale`` is not 0, else 0, and the sum of ``r z``."""

    def advance(self, x: Array, r: Array, p: Array, ap: Array, alpha: Array) -> tuple[Array, Array, Array]:
        """Return ``x + alpha p``, ``r - alpha A p``, and the sum of the squared moduli of the latter."""

    def project(self, r: Array, z: Array, a: Array, ma: Array, norm: Array) -> tuple[Array, Array, Array]:
        """Return ``r - t a``, ``z - t ma`` with ``t = (a z)/norm``, and the sum of their product."""

    def total(self, a: Array, b: Array) -> Array:
        """Return the sum of ``a b``, shape (batch,)."""

    def square(self, field: Array) -> Array:
        """Return the sum of the squared moduli, shape (batch,)."""

    def sums(self, field: Array) -> Array:
        """Return the sum over every face, shape (batch, faces)."""

    def ratio(self, top: Array, bottom: Array, active: Array) -> Array:
        """Return ``top/bottom`` where ``active`` and the bottom is not 0, else 0; shapes (batch,)."""

    def blank(self, like: Array) -> Array:
        """Return a field of zeros to build a solution in."""

    def smear(self, field: Array, symbol: Array) -> Array:
        """Return ``F^-1 Z F field``. It may live in a buffer that the next call overwrites."""

    def own(self, field: Array) -> Array:
        """Return a field of the same values that may be overwritten."""


def _last(values: Array) -> Array:
    return values[:, None, None, None]


def mix(spectrum: Array, symbol: Array, xp: Any) -> Array:
    """Return the symbol, a number or a symmetric 2x2 matrix of equal diagonal per wave vector, times the spectrum."""
    if spectrum.shape[1] == 1:
        return spectrum * symbol
    same, mixed = symbol[:, 0, ...], symbol[:, 1, ...]
    one, two = spectrum[:, 0, ...], spectrum[:, 1, ...]
    return xp.stack((same * one + mixed * two, mixed * one + same * two), axis=1)


def unmix(spectrum: Array, symbol: Array, shift: Array, xp: Any) -> Array:
    """Return (symbol + diag(shift))^-1 times the spectrum; ``shift`` has shape (batch, faces)."""
    if spectrum.shape[1] == 1:
        return spectrum / (symbol + shift[:, :, None, None])
    one, two = spectrum[:, 0, ...], spectrum[:, 1, ...]
    first, second = symbol[:, 0, ...] + shift[:, 0, None, None], symbol[:, 0, ...] + shift[:, 1, None, None]
    mixed = symbol[:, 1, ...]
    determinant = first * second - mixed * mixed
    return xp.stack(((second * one - mixed * two) / determinant, (first * two - mixed * one) / determinant), axis=1)


class GenericKernels:
    """The operations as plain array expressions.

    Parameters
    ----------
    xp: Namespace of the array API standard with its ``fft`` extension.
    """

    def __init__(self, xp: Any) -> None:
        self._xp = xp

    @property
    def xp(self) -> Any:
        """See ``Kernels``."""
        return self._xp

    def conduct(
        self, z: Array, p: Array | None, beta: Array, scale: Array, diagonal: Array, symbol: Array
    ) -> tuple[Array, Array, Array]:
        """See ``Kernels``."""
        p = z if p is None else z + _last(beta) * p
        if self.xp.isdtype(scale.dtype, "bool"):
            ap = self.xp.where(scale, diagonal * p + self.smear(p, symbol), self.xp.zeros_like(p))
        else:
            ap = diagonal * p + scale * self.smear(scale * p, symbol)
        return p, ap, self._sum(p * ap)

    def precondition(self, r: Array, scale: Array, symbol: Array, shift: Array) -> tuple[Array, Array]:
        """See ``Kernels``."""
        z = self._inverse(unmix(self._forward(r), symbol, shift, self.xp), r)
        on = scale if self.xp.isdtype(scale.dtype, "bool") else scale != 0
        z = self.xp.where(on, z, self.xp.zeros_like(z))
        return z, self._sum(r * z)

    def advance(self, x: Array, r: Array, p: Array, ap: Array, alpha: Array) -> tuple[Array, Array, Array]:
        """See ``Kernels``."""
        r = r - _last(alpha) * ap
        return x + _last(alpha) * p, r, self.square(r)

    def project(self, r: Array, z: Array, a: Array, ma: Array, norm: Array) -> tuple[Array, Array, Array]:
        """See ``Kernels``."""
        t = _last(self._sum(a * z) / norm)
        r, z = r - t * a, z - t * ma
        return r, z, self._sum(r * z)

    def total(self, a: Array, b: Array) -> Array:
        """See ``Kernels``."""
        return self._sum(a * b)

    def square(self, field: Array) -> Array:
        """See ``Kernels``."""
        return self._sum(self.xp.abs(field) ** 2)

    def sums(self, field: Array) -> Array:
        """See ``Kernels``."""
        return self.xp.sum(field, axis=(-2, -1))

    def ratio(self, top: Array, bottom: Array, active: Array) -> Array:
        """See ``Kernels``."""
        good = active & (bottom != 0)
        return self.xp.where(
            good, top / self.xp.where(good, bottom, self.xp.ones_like(bottom)), self.xp.zeros_like(top)
        )

    def blank(self, like: Array) -> Array:
        """See ``Kernels``."""
        return self.xp.zeros_like(like)

    def smear(self, field: Array, symbol: Array) -> Array:
        """See ``Kernels``."""
        return self._inverse(mix(self._forward(field), symbol, self.xp), field)

    def own(self, field: Array) -> Array:
        """See ``Kernels``; nothing is overwritten here."""
        return field

    def _sum(self, field: Array) -> Array:
        return self.xp.sum(field, axis=(1, 2, 3))

    def _forward(self, field: Array) -> Array:
        real = self.xp.isdtype(field.dtype, "real floating")
        return self.xp.fft.rfftn(field, axes=(-2, -1)) if real else self.xp.fft.fftn(field, axes=(-2, -1))

    def _inverse(self, spectrum: Array, like: Array) -> Array:
        if self.xp.isdtype(like.dtype, "real floating"):
            return self.xp.fft.irfftn(spectrum, s=tuple(like.shape[-2:]), axes=(-2, -1))
        return self.xp.fft.ifftn(spectrum, axes=(-2, -1))


def compiled_kernels() -> Kernels:
    """Return new compiled operations on numpy arrays; they are loaded on first use."""
    from garnetlab.numerics._patch_compiled import CompiledKernels

    return CompiledKernels()
