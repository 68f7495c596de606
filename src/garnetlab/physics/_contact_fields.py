"""Random periodic fields for contact maps: Gaussian with one correlation length, and self-affine rough surfaces."""

from __future__ import annotations

import math
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import InvalidInput, MissingInput
from garnetlab.physics._table import require_fraction, require_positive
from garnetlab.units import NONE, Dim, Fraction, Length, Number

Shape: TypeAlias = tuple[int, int]
Floats: TypeAlias = NDArray[np.float64]
Field = Annotated[NDArray[np.float64], NONE]
#: heights of a surface on a grid [m]
Heights = Annotated[NDArray[np.float64], Dim(m=1)]
#: angular wave number 2 pi/wavelength [rad/m]
WaveNumber = Annotated[float, Dim(m=-1)]
#: a generator, or a seed for a fresh one
Rng: TypeAlias = np.random.Generator | int

#: a correlation length of one period leaves a field that is nearly constant
_LONGEST = 1.0
#: exp(-6.5^2) is below the rounding of float64
_REACH = 6.5


def require_shape(shape: Shape) -> None:
    """Raise InvalidInput unless the shape is two whole numbers >= 1."""
    sides = np.asarray(shape)
    if sides.shape != (2,) or sides.dtype.kind != "i" or not (sides >= 1).all():
        message = f"shape = {shape}: expected two whole numbers >= 1, (rows along y, columns along x)."
        raise InvalidInput(message)


def gaussian_field(shape: Shape, *, period: Length, correlation_length: Length, rng: Rng) -> Field:
    """Return one draw of a periodic Gaussian random field of mean 0, variance 1 and covariance exp(-r^2/l_c^2).

    White noise is coloured with the square root of the spectrum of the covariance, summed over the periodic images and
    scaled to 1 at r = 0 (circulant embedding, exact on a periodic grid). Mean and variance are those of the ensemble; a
    single draw of few correlation lengths differs from them.

    Parameters
    ----------
    shape:              Pixels (rows along y, columns along x).
    period:             Width of the map along x [m]; pixels are square, so the height is period*rows/columns.
    correlation_length: l_c [m], > 0, at most the shorter side. Far below a pixel the field is white.
    rng:                Random generator, or a seed for a fresh one.

    Returns
    -------
    :  Array of the shape, without unit.

    Raises
    ------
    InvalidInput  if a length is not finite and positive, the correlation length exceeds a side, or the shape is bad.

    Source
    ------
    C. R. Dietrich, G. N. Newsam, SIAM J. Sci. Comput. 18 (1997) 1088 (circulant embedding).

    Examples
    --------
    >>> gaussian_field((32, 64), period=1e-4, correlation_length=5e-6, rng=1).shape
    (32, 64)
    """
    require_shape(shape)
    require_positive(period=period, correlation_length=correlation_length)
    pixel = float(period) / shape[1]
    length = float(correlation_length) / pixel
    if length > _LONGEST * min(shape) * (1.0 + 1e-12):
        message = (
            f"correlation_length = {float(correlation_length):g}: expected at most the shorter side,"
            f" {min(shape) * pixel:g} m. Take a larger period."
        )
        raise InvalidInput(message)
    along_y, along_x = (_spectrum(n, length) for n in shape)
    amplitude = np.sqrt(along_y[:, None] * along_x[None, : shape[1] // 2 + 1])
    noise = np.random.default_rng(rng).standard_normal(shape)
    return np.fft.irfft2(np.fft.rfft2(noise) * amplitude, s=shape)


def _spectrum(count: int, length: float) -> Floats:
    """Return the spectrum of exp(-r^2/length^2) [pixels] along one periodic side, clipped at 0."""
    images = math.ceil(_REACH * length / count) + 1
    lag = np.arange(count)[:, None] + count * np.arange(-images, images + 1)
    covariance = np.exp(-((lag / length) ** 2)).sum(axis=1)
    return np.clip(np.fft.fft(covariance / covariance[0]).real, 0.0, None)


def rough_surface(
    shape: Shape,
    *,
    period: Length,
    hurst: Fraction,
    roll_off: WaveNumber,
    cut_off: WaveNumber,
    rms_height: Length | None = None,
    rms_slope: Number | None = None,
    rng: Rng,
) -> Heights:
    """Return the heights [m] of a periodic Gaussian self-affine surface of mean 0.

    The spectrum is flat up to the roll-off, falls as q^(-2 - 2 H) up to the cut-off and is 0 beyond. The draw is scaled
    so that its own rms height, or its own rms slope, is exactly the one given.

    Parameters
    ----------
    shape:      Pixels (rows along y, columns along x).
    period:     Width along x [m]; pixels are square.
    hurst:      Hurst exponent H, between 0 and 1; about 0.8 for ground, polished and fractured surfaces.
    roll_off:   Angular wave number below which the spectrum is flat [rad/m], > 0.
    cut_off:    Angular wave number above which there is no roughness [rad/m], at most pi/pixel.
    rms_height: Root mean square height [m], or None.
    rms_slope:  Root mean square of the gradient's modulus, or None. Give one of the two.
    rng:        Random generator, or a seed for a fresh one.

    Raises
    ------
    MissingInput  if neither rms_height nor rms_slope is given.
    InvalidInput  if both are, a number is out of its range, or no wave of the grid lies below the cut-off.

    Source
    ------
    B. N. J. Persson et al., J. Phys.: Condens. Matter 17 (2005) R1, sec. 2; T. D. B. Jacobs, T. Junge, L. Pastewka,
    Surf. Topogr.: Metrol. Prop. 5 (2017) 013001 (spectra and conventions).

    Examples
    --------
    >>> kwargs = {"period": 1e-4, "hurst": 0.8, "roll_off": 3e5, "cut_off": 1.5e6, "rng": 1}
    >>> z = rough_surface((64, 64), rms_height=1e-7, **kwargs)
    >>> round(float(z.std() * 1e9))
    100
    """
    require_shape(shape)
    require_positive(period=period, roll_off=roll_off, cut_off=cut_off)
    require_fraction(hurst=hurst)
    wanted = _one_roughness(rms_height, rms_slope)
    pixel = float(period) / shape[1]
    if not roll_off <= cut_off <= math.pi / pixel * (1.0 + 1e-12):
        message = (
            f"cut_off = {cut_off:g}: expected from roll_off = {roll_off:g} to pi/pixel = {math.pi / pixel:g} rad/m."
            " Take more pixels or a lower cut-off."
        )
        raise InvalidInput(message)
    q = wave_numbers(shape, pixel)
    band = (q > 0.0) & (q <= cut_off)
    if not band.any():
        message = f"cut_off = {cut_off:g}: expected at least 2 pi/period = {2 * math.pi / float(period):g} rad/m."
        raise InvalidInput(message)
    amplitude = np.where(band, np.maximum(q / roll_off, 1.0) ** (-1.0 - float(hurst)), 0.0)
    noise = np.random.default_rng(rng).standard_normal(shape)
    heights = np.fft.ifft2(np.fft.fft2(noise) * amplitude).real * pixel
    found = float(np.std(heights)) if rms_height is not None else rms_slope_of(heights, period=period)
    scaled: Floats = heights * (wanted / float(found))
    return scaled


def _one_roughness(rms_height: Length | None, rms_slope: Number | None) -> float:
    if rms_height is not None and rms_slope is not None:
        message = f"rms_height = {rms_height}, rms_slope = {rms_slope}: expected one of the two. Leave one out."
        raise InvalidInput(message)
    if rms_height is not None:
        require_positive(rms_height=rms_height)
        return float(rms_height)
    if rms_slope is None:
        message = f"rms_height = {rms_height}, rms_slope = {rms_slope}: expected one of the two. Give it."
        raise MissingInput(message)
    require_positive(rms_slope=rms_slope)
    return float(rms_slope)


def wave_numbers(shape: Shape, pixel: float) -> Floats:
    """Return the modulus of the angular wave vector [rad/m] of every entry of ``fft2``."""
    along_y, along_x = (2.0 * np.pi * np.fft.fftfreq(n, d=pixel) for n in shape)
    modulus: Floats = np.hypot(along_y[:, None], along_x[None, :])
    return modulus


def rms_slope_of(heights: Heights, *, period: Length) -> Number:
    """Return the root mean square of the gradient's modulus of a periodic surface, from its Fourier spectrum.

    Parameters
    ----------
    heights: Heights [m] on square pixels, indexed [y, x].
    period:  Width along x [m].

    Returns
    -------
    :  sqrt(sum q^2 abs(h(q))^2)/N. It grows with resolution until the smallest wave of the surface is resolved.

    Raises
    ------
    InvalidInput  if heights are no finite two-dimensional array, or period is not positive.

    Source
    ------
    Jacobs, Junge & Pastewka, Surf. Topogr.: Metrol. Prop. 5 (2017) 013001, sec. 4 (Parseval).

    Examples
    --------
    >>> import numpy as np
    >>> wave = 1e-6 * np.sin(2 * np.pi * np.arange(64) / 64) * np.ones((64, 1))
    >>> round(rms_slope_of(wave, period=1e-4), 5)  # 2 pi 1e-6/1e-4/sqrt(2)
    0.04443
    """
    z = np.asarray(heights, dtype=np.float64)
    if z.ndim != 2 or not np.isfinite(z).all():
        message = f"heights, an array of shape {z.shape}: expected finite numbers indexed [y, x]. Fill the gaps."
        raise InvalidInput(message)
    require_positive(period=period)
    q = wave_numbers((z.shape[0], z.shape[1]), float(period) / z.shape[1])
    return float(np.sqrt(np.sum((q * np.abs(np.fft.fft2(z))) ** 2))) / z.size
