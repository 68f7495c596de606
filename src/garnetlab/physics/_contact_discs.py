"""Contact maps of one disc or a lattice of discs: pixels whose centre is inside, or the exact share of each pixel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import InvalidInput, nearest
from garnetlab.physics._contact_fields import Floats, Shape, require_shape
from garnetlab.physics._contact_statistics import ContactMap, Coverage
from garnetlab.physics._table import require_positive
from garnetlab.units import Length

Lattice = Literal["square", "hexagonal"]
#: centre (x, y) in pixels; pixel i spans i to i + 1
Centre: TypeAlias = tuple[float, float]
#: how far a hexagonal lattice may be stretched to fit into whole pixels
_STRETCH = 0.02

_ROUNDING = 1e-12  # share of a pixel below which a disc only seems to touch it


def disc_contact(
    shape: Shape, *, period: Length, radius: Length, centre: tuple[Length, Length] | None = None
) -> ContactMap:
    """Return the map of one disc per period: pixels whose centre lies inside.

    Parameters
    ----------
    shape:  Pixels (rows along y, columns along x).
    period: Width along x [m]; pixels are square.
    radius: Of the disc [m], > 0, at most half of the shorter side.
    centre: (x, y) [m] from the corner of the map; by default its middle.

    Raises
    ------
    InvalidInput  if a number is out of its range, or no pixel centre lies inside.

    Source
    ------
    Geometry. The staircase edge makes area and resistance scatter by one pixel; ``disc_coverage`` has the exact area.

    Examples
    --------
    >>> disc_contact((3, 3), period=3.0, radius=1.2).astype(int).tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    place, size = _one_disc(shape, period, radius, centre)
    return _not_empty(_staircase(shape, [place], size), size)


def disc_coverage(
    shape: Shape, *, period: Length, radius: Length, centre: tuple[Length, Length] | None = None
) -> Coverage:
    """Return the exact share of each pixel that one disc per period covers; arguments as ``disc_contact``.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Geometry: areas of the disc in quadrants, differenced over the corners of each pixel.

    Examples
    --------
    >>> round(float(disc_coverage((8, 8), period=8.0, radius=2.0).sum()), 6)
    12.566371
    """
    place, size = _one_disc(shape, period, radius, centre)
    return _covered(shape, [place], size)


def _one_disc(
    shape: Shape, period: Length, radius: Length, centre: tuple[Length, Length] | None
) -> tuple[Centre, float]:
    """Return centre and radius in pixels."""
    require_shape(shape)
    require_positive(period=period, radius=radius)
    pixel = float(period) / shape[1]
    size = float(radius) / pixel
    if 2.0 * size > min(shape) * (1.0 + 1e-12):
        message = (
            f"radius = {float(radius):g}: expected at most half of the shorter side, {min(shape) * pixel / 2:g} m."
        )
        raise InvalidInput(message)
    place = (shape[1] / 2, shape[0] / 2) if centre is None else (float(centre[0]) / pixel, float(centre[1]) / pixel)
    if not np.isfinite(place).all():
        message = f"centre = {centre}: expected two finite lengths (x, y) in m."
        raise InvalidInput(message)
    return place, size


def lattice_contact(
    shape: Shape, *, period: Length, radius: Length, columns: int, lattice: Lattice = "square"
) -> ContactMap:
    """Return the map of a lattice of discs: pixels whose centre lies inside.

    Parameters
    ----------
    shape:   Pixels (rows along y, columns along x). Square: the height is a whole number of pitches. Hexagonal: the
             height is near a whole number of sqrt(3) pitches, such as (97, 56) or (168, 97) pixels per two discs; a
             stretch along y of up to 2 % is accepted.
    period:  Width along x [m].
    radius:  Of the discs [m], > 0; they must not overlap.
    columns: Discs side by side along x, >= 1; the pitch is period/columns.
    lattice: "square" or "hexagonal".

    Raises
    ------
    InvalidInput  if the lattice does not fit, the discs overlap, or no pixel centre lies inside.

    Source
    ------
    Geometry.

    Examples
    --------
    >>> int(lattice_contact((64, 64), period=1e-4, radius=1e-5, columns=2).sum())
    496
    """
    centres, size = _disc_lattice(shape, period, radius, columns, lattice)
    return _not_empty(_staircase(shape, centres, size), size)


def lattice_coverage(
    shape: Shape, *, period: Length, radius: Length, columns: int, lattice: Lattice = "square"
) -> Coverage:
    """Return the exact share of each pixel that a lattice of discs covers; arguments as ``lattice_contact``.

    Raises
    ------
    InvalidInput  if the lattice does not fit or the discs overlap.

    Source
    ------
    Geometry.

    Examples
    --------
    >>> round(float(lattice_coverage((64, 64), period=1e-4, radius=1e-5, columns=2).mean()), 6)  # 4 pi 0.1^2
    0.125664
    """
    centres, size = _disc_lattice(shape, period, radius, columns, lattice)
    return _covered(shape, centres, size)


def _disc_lattice(
    shape: Shape, period: Length, radius: Length, columns: int, lattice: Lattice
) -> tuple[list[Centre], float]:
    """Return centres and radius in pixels."""
    require_shape(shape)
    require_positive(period=period, radius=radius, columns=columns)
    if lattice not in ("square", "hexagonal"):
        message = f"lattice = {lattice!r}: expected 'square' or 'hexagonal'.{nearest(lattice, ('square', 'hexagonal'))}"
        raise InvalidInput(message)
    hexagonal = lattice == "hexagonal"
    pitch = shape[1] / columns
    spacing = pitch * (math.sqrt(0.75) if hexagonal else 1.0)
    rows = max(2 * round(shape[0] / spacing / 2), 2) if hexagonal else max(round(shape[0] / spacing), 1)
    stretch = shape[0] / rows / spacing
    if abs(stretch - 1.0) > (_STRETCH if hexagonal else 1e-9):
        message = (
            f"shape = {shape}: expected about {rows * spacing:g} rows for {columns} {lattice} columns, whole rows of"
            " discs. Change the rows or the columns."
        )
        raise InvalidInput(message)
    size = float(radius) / float(period) * shape[1]
    closest = min(pitch, math.hypot(pitch / 2, spacing * stretch)) if hexagonal else pitch
    if 2.0 * size > closest * (1.0 + 1e-12):
        most = closest / 2 / shape[1] * float(period)
        message = f"radius = {float(radius):g}: expected at most {most:g} m, or the discs overlap."
        raise InvalidInput(message)
    shift = 0.5 if hexagonal else 0.0
    places = [
        ((i + 0.5 + shift * (j % 2)) * pitch, (j + 0.5) * spacing * stretch)
        for j in range(rows)
        for i in range(columns)
    ]
    return places, size


def _not_empty(found: NDArray[np.bool_], size: float) -> NDArray[np.bool_]:
    if not found.any():
        message = f"radius = {size:g} pixels: expected at least one pixel in contact. Take more pixels."
        raise InvalidInput(message)
    return found


def _staircase(shape: tuple[int, int], centres: list[Centre], radius: float) -> NDArray[np.bool_]:
    """Return the pixels whose centre lies in one of the discs; all lengths in pixels."""
    out = np.zeros(shape, dtype=np.bool_)
    for (x, y), rows, columns in _windows(centres, radius):
        inside = (rows[:, None] + 0.5 - y) ** 2 + (columns[None, :] + 0.5 - x) ** 2 <= radius**2
        j, i = np.nonzero(inside)
        out[rows[j] % shape[0], columns[i] % shape[1]] = True
    return out


def _covered(shape: tuple[int, int], centres: list[Centre], radius: float) -> Floats:
    """Return the share of each pixel that the discs cover; the discs do not overlap; all lengths in pixels."""
    out = np.zeros(shape)
    for (x, y), rows, columns in _windows(centres, radius):
        corners_y, corners_x = ((np.append(k, k[-1] + 1) - c) / radius for k, c in ((rows, y), (columns, x)))
        quadrant = _in_quadrant(corners_x[None, :], corners_y[:, None])
        area = np.diff(np.diff(quadrant, axis=0), axis=1) * radius**2
        np.add.at(out, np.ix_(rows % shape[0], columns % shape[1]), area)
    out[out < _ROUNDING] = 0.0
    return np.clip(out, 0.0, 1.0)


def _windows(centres: list[Centre], radius: float) -> Iterator[tuple[Centre, NDArray[np.int64], NDArray[np.int64]]]:
    """Yield each centre with the rows and columns its disc may touch, not yet wrapped."""
    for x, y in centres:
        rows, columns = (np.arange(math.floor(c - radius), math.ceil(c + radius) + 1) for c in (y, x))
        yield (x, y), rows, columns


def _in_quadrant(x: Floats, y: Floats) -> Floats:
    """Return the area of the unit disc to the left of x and below y."""
    x, y = np.broadcast_arrays(np.clip(x, -1.0, 1.0), np.clip(y, -1.0, 1.0))
    left, below = _left_of(x), _left_of(y)
    inside = 0.5 * (left + below) + x * y - 0.25 * np.pi
    outside = np.where(
        x > 0.0, np.where(y > 0.0, left + below - np.pi, below), np.where(y > 0.0, left, np.zeros_like(left))
    )
    return np.where(x**2 + y**2 < 1.0, inside, outside)


def _left_of(x: Floats) -> Floats:
    """Return the area of the unit disc to the left of x."""
    return x * np.sqrt(1.0 - x**2) + np.arcsin(x) + 0.5 * np.pi
