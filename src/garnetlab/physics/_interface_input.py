"""Checked input of the interface solver: faces, their kinetics, and the layer between them, in reduced units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics._interface_fields import Local
from garnetlab.physics._interface_law import ButlerVolmer, butler_volmer_law
from garnetlab.physics._table import require_fraction, require_positive

Real = NDArray[np.float64]
_LEAST_CONTACT = 1e-15  # of a pixel
LARGEST = 1e30  # of local properties and their inverse: squares and sums stay within a double
_LARGEST_MAP = 1 << 26  # pixels; four fields of it take 2 GiB


def number(name: str, value: Any) -> float:
    """Return one real number as a float.

    Raises
    ------
    InvalidInput  if it is none.
    """
    try:
        return float(value)
    except (TypeError, ValueError):
        message = f"{name} = {value!r}: expected one number in SI."
        raise InvalidInput(message) from None


def _table(name: str, value: Any) -> Any:
    """Return one number or a map of numbers as an array."""
    try:
        array = np.asarray(value)
        if np.iscomplexobj(array):
            raise TypeError
        return array if array.dtype == np.bool_ else array.astype(np.float64, copy=False)
    except (TypeError, ValueError):
        message = f"{name} = {value!r}: expected real numbers in SI, one or a map with rows of one length."
        raise InvalidInput(message) from None


def contact_map(contact: Any, name: str = "contact") -> Any:
    """Return the local contact, shape (rows, columns): booleans, or fractions 0 to 1.

    Raises
    ------
    InvalidInput  if it is not two-dimensional, leaves 0 to 1, or has no contact at all.
    """
    array = _table(name, contact)
    if array.ndim != 2 or min(array.shape) < 1:
        message = f"{name} = array of shape {array.shape}: expected two dimensions (rows, columns) of pixels."
        raise InvalidInput(message)
    if array.size > _LARGEST_MAP:
        message = (
            f"{name} = {array.shape[0]} x {array.shape[1]} pixels: expected at most {_LARGEST_MAP}. Coarsen the map."
        )
        raise InvalidInput(message)
    if array.dtype == np.bool_:
        _require_contact(array, name)
        return np.ascontiguousarray(array)
    values = np.ascontiguousarray(array, dtype=np.float64)  # compiled code runs along the memory
    bad = ~((values == 0) | ((values >= _LEAST_CONTACT) & (values <= 1)))
    if bad.any():
        message = (
            f"{name} = {values[bad][0]:g}: expected True or False, or a contact fraction per pixel, 0 or "
            f"{_LEAST_CONTACT:g} to 1."
        )
        raise InvalidInput(message)
    _require_contact(values, name)
    return values


def contact_of_shape(contact: Any, shape: tuple[int, int], name: str) -> Any:
    """Return the local contact like ``contact_map``, which must have the pixels of the layer.

    Raises
    ------
    InvalidInput  as ``contact_map`` does, or if the shape is another.
    """
    values = contact_map(contact, name)
    if values.shape != shape:
        message = f"{name} = array of shape {values.shape}: expected {shape}, the pixels of the layer."
        raise InvalidInput(message)
    return values


def _require_contact(values: Any, name: str) -> None:
    if not values.any():
        message = f"{name} = no pixel in contact: no current can flow and the resistance is infinite. Check the map."
        raise InvalidInput(message)


def local_map(value: Any, contact: Any, name: str, *, positive: bool, infinite: bool = False) -> Real:
    """Return a local property broadcast to the shape of ``contact``, checked where there is contact."""
    bound = "> 0" if positive else ">= 0"
    if isinstance(value, float) and (1 / LARGEST <= value <= LARGEST or (value == 0 and not positive)):
        return np.broadcast_to(value, contact.shape)
    array = np.asarray(_table(name, value), dtype=np.float64)
    if array.ndim not in (0, 2) or (array.ndim == 2 and array.shape != contact.shape):
        message = (
            f"{name} = array of shape {array.shape}: expected one number or the shape of the contact, {contact.shape}."
        )
        raise InvalidInput(message)
    full = array[None] if array.ndim == 0 else array
    on = np.True_ if array.ndim == 0 else contact > 0
    good = (full > 0) if positive else (full >= 0)
    good &= np.isfinite(full) | (infinite and full == np.inf)
    bad = on & ~good
    if bad.any():
        message = f"{name} = {full[bad][0]:g}: expected a finite number {bound} in SI wherever there is contact. Check the unit."
        raise InvalidInput(message)
    far = on & (full != 0) & np.isfinite(full) & ((full < 1 / LARGEST) | (full > LARGEST))
    if far.any():
        message = f"{name} = {full[far][0]:g}: expected {1 / LARGEST:g} to {LARGEST:g} in SI. Check the unit."
        raise InvalidInput(message)
    return np.broadcast_to(np.ascontiguousarray(array) if array.ndim else array, contact.shape)


@dataclass(frozen=True, slots=True)
class Layer:
    """The slab: conductivity [S/m] (complex for impedance), thickness [m], lateral period [m], and pixels."""

    conductivity: float
    thickness: float
    period: float
    shape: tuple[int, int]
    mirror: bool

    @property
    def pixel(self) -> float:
        """Side of a pixel [m]."""
        return self.period / self.shape[1]

    @property
    def unit(self) -> float:
        """Resistance of one pixel side of the slab [ohm m^2]."""
        return self.pixel / self.conductivity

    @property
    def depth(self) -> float:
        """Thickness in pixel sides."""
        return self.thickness / self.pixel

    @property
    def grid(self) -> tuple[int, int]:
        """Pixels of the periodic cell that is solved: twice as many each way between mirrors."""
        rows, columns = self.shape
        return (2 * rows, 2 * columns) if self.mirror else (rows, columns)

    def unfold(self, field: Any) -> Any:
        """Return the field on the periodic cell."""
        if not self.mirror:
            return field
        wide = np.concatenate((field, field[..., ::-1]), axis=-1)
        return np.concatenate((wide, wide[..., ::-1, :]), axis=-2)

    def fold(self, field: Real) -> Real:
        """Return what the map shows of a field of the periodic cell: between mirrors the mean of its four images."""
        if self.mirror:
            field = (field + field[..., ::-1]) / 2.0
            field = (field + field[..., ::-1, :]) / 2.0
        return np.ascontiguousarray(field[..., : self.shape[0], : self.shape[1]])


def layer(
    shape: tuple[int, int], *, conductivity: float, thickness: float, period: float, mirror: bool = False
) -> Layer:
    """Return the checked slab."""
    require_positive(conductivity=conductivity, thickness=thickness, period=period)
    for name, value in {"conductivity": conductivity, "thickness": thickness, "period": period}.items():
        if np.ndim(value):
            message = f"{name} = array of shape {np.shape(value)}: expected one number, the slab is homogeneous."
            raise InvalidInput(message)
    for name, value, low, high in (
        ("conductivity", conductivity, 1e-20, 1e12),
        ("thickness", thickness, 1e-12, 1e3),
        ("period", period, 1e-12, 1e3),
    ):
        if not low <= value <= high:
            message = f"{name} = {value:g}: expected {low:g} to {high:g} in SI. Check the unit."
            raise InvalidInput(message)
    ratio = thickness / period
    if not 1e-4 <= ratio <= 1e6:
        message = f"thickness/period = {ratio:.3g}: expected 1e-4 to 1e6. Both are in metres."
        raise InvalidInput(message)
    pixels = (int(shape[0]), int(shape[1]))
    return Layer(float(conductivity), float(thickness), float(period), pixels, mirror)


def local_resistance(slab: Layer, contact: Any, resistance: Any, film: Any, name: str = "contact") -> Local:
    """Return the reduced local resistance of one face; an infinite resistance is a void too."""
    if contact.dtype == np.bool_ and np.ndim(resistance) == 0 and np.ndim(film) == 0:
        for name_, one, positive in (
            ("charge_transfer_resistance", resistance, True),
            ("film_resistance", film, False),
        ):
            if one != 0 or positive:
                local_map(one, contact, name_, positive=positive)
        value = (float(resistance) + float(film)) / slab.unit
        on = slab.unfold(contact)[None, None]
        return Local(on, np.full((1, 1, 1, 1), value), value)
    local = local_map(resistance, contact, "charge_transfer_resistance", positive=True, infinite=True)
    series = local + local_map(film, contact, "film_resistance", positive=False)
    on = (contact > 0) & np.isfinite(series)
    if not on.any():
        message = f"{name} = no pixel of finite resistance: no current can flow. Check the map."
        raise InvalidInput(message)
    values = np.where(on, series / slab.unit / np.where(on, contact, 1.0), 1.0)
    return Local(slab.unfold(on)[None, None], slab.unfold(values)[None, None])


def joined(first: Local, second: Local) -> Local:
    """Return the local resistance of two faces as one."""
    on = np.concatenate((first.on, second.on), axis=1)
    if first.uniform is not None and first.uniform == second.uniform:
        return Local(on, first.resistance, first.uniform)
    parts = [np.broadcast_to(part.resistance, part.on.shape) for part in (first, second)]
    return Local(on, np.concatenate(parts, axis=1))


def thermal_voltage(temperature: float) -> float:
    """Return R T/F [V]."""
    require_positive(temperature=temperature)
    return float(units.R * temperature / units.F)


@dataclass(frozen=True, slots=True)
class State:
    """What both faces share: symmetry, temperature [K], and memory for compiled code."""

    symmetry: float
    temperature: float
    space: list[Real]


def butler_volmer_face(
    slab: Layer,
    contact: Real,
    exchange: Any,
    film: Any,
    state: State,
    *,
    second: bool,
) -> ButlerVolmer:
    """Return the reduced kinetics of one face; current into the slab is anodic on the first, cathodic on the second."""
    require_fraction(symmetry=state.symmetry)
    local = local_map(exchange, contact, "exchange_current_density", positive=True)
    series = local_map(film, contact, "film_resistance", positive=False)
    unit = thermal_voltage(state.temperature) / slab.unit
    even = np.ndim(exchange) == 0
    reduced = contact * (float(exchange) / unit) if even else np.where(contact > 0, contact * local / unit, 0.0)
    if np.ndim(film) == 0 and float(film) == 0.0:
        over = np.zeros(contact.shape)
    else:
        over = np.where(contact > 0, series / slab.unit / np.where(contact > 0, contact, 1.0), 0.0)
    return butler_volmer_law(
        slab.unfold(reduced)[None, None],
        slab.unfold(over)[None, None],
        (state.symmetry if second else 1.0 - state.symmetry,),
        np,
        state.space,
    )


def both(first: ButlerVolmer, second: ButlerVolmer) -> ButlerVolmer:
    """Return the kinetics of two faces as one law."""
    space = first.space
    return butler_volmer_law(
        np.concatenate((first.exchange, second.exchange), axis=1),
        np.concatenate((first.film, second.film), axis=1),
        (*first.drive, *second.drive),
        np,
        space,
    )


def one_of(choices: Mapping[str, object], why: str, *, none: bool = False) -> str | None:
    """Return the name of the one choice that is given.

    Raises
    ------
    InvalidInput  if more than one is given, or none where one is needed.
    """
    given = [name for name, value in choices.items() if value is not None]
    if len(given) > 1 or (not given and not none):
        found = " and ".join(given) or "none of " + ", ".join(choices)
        message = f"{found} given: expected exactly one of {', '.join(choices)}: {why}."
        raise InvalidInput(message)
    return given[0] if given else None


def goal(tolerance: Any) -> float:
    """Return the tolerance of a solve, which rounding and sense bound."""
    value = number("tolerance", tolerance)
    if not 1e-14 <= value <= 0.5:
        message = f"tolerance = {value:g}: expected 1e-14 to 0.5, for example 1e-8."
        raise InvalidInput(message)
    return value


def decade(value: float) -> float:
    """Return the next power of ten, 1e-16 at least: a residual has no more meaning."""
    return float(10.0 ** np.ceil(np.log10(max(value, 1e-16)))) if np.isfinite(value) else float("inf")


def without_effect(choices: Mapping[str, object], why: str) -> None:
    """Refuse arguments that are given but would change nothing.

    Raises
    ------
    InvalidInput  naming the first.
    """
    for name, value in choices.items():
        if value is not None:
            shown = f"array of shape {np.asarray(value).shape}" if np.asarray(value).ndim else f"{value}"
            message = f"{name} = {shown}: expected nothing here, {why}."
            raise InvalidInput(message)


def second_face(faces: int, **second: object) -> None:
    """Refuse arguments of the second face where there is only one.

    Raises
    ------
    InvalidInput  naming the first.
    """
    if faces == 1:
        why = "the other face is an equipotential plane: give second_contact, and a solver patchy_faces=2"
        without_effect(second, why)
