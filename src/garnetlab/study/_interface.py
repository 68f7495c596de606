"""Patchy interfaces of a document: their contact maps, currents and impedance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import (
    ContactEntry,
    DiscContact,
    FaceEntry,
    GarnetlabError,
    ImageContact,
    ImpedanceEntry,
    InterfaceEntry,
    InvalidInput,
    Measurement,
    ReadError,
    RoughContact,
    SolveFailed,
)
from garnetlab.physics.contact import (
    coarsen_contact,
    disc_coverage,
    lattice_coverage,
    random_contact,
    rough_contact,
    rough_surface,
)
from garnetlab.physics.kinetics import charge_transfer_resistance
from garnetlab.readers.image import read_contact_map
from garnetlab.simulate import InterfaceResult, interface_impedance, solve_interface, sweep_frequencies

_EPSILON_0 = 8.8541878188e-12  # F/m, CODATA 2022
_ROUNDING = 1e-12  # share of a pixel below which a disc only seems to touch it
_SQUARE = 1e-6  # relative misfit of two periods that are the same

#: booleans, or the share of each pixel in contact
Map = NDArray[Any]


@dataclass(frozen=True, slots=True)
class SimulatedInterface:
    """One interface of a document: its name, what the solver found, and its impedance where that was asked for."""

    name: str
    result: InterfaceResult
    spectrum: Measurement | None = None


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Put the place in the document before an error."""
    try:
        yield
    except (InvalidInput, ReadError) as error:
        message = f"{place}: {error}"
        raise InvalidInput(message) from None
    except SolveFailed as error:
        message = f"{place}: {error}"
        raise SolveFailed(message, error.outcome) from None


# contact maps ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Face:
    """A contact map with its width [m], and what is to be said of it."""

    contact: Map
    period: float
    warnings: tuple[str, ...] = ()
    sources: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class _Grid:
    """What the document says of the map: pixels (rows, columns) and width [m], None where an image decides."""

    pixels: int | None
    rows: int | None
    period: float | None
    folder: Path

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns; one pixel where nothing needs more."""
        columns = self.pixels or 1
        return self.rows or columns, columns


def contact_maps(name: str, entry: InterfaceEntry, folder: Path) -> tuple[_Face, _Face | None]:
    """Return the maps of both faces, the second None where it is an equipotential plane.

    Raises
    ------
    InvalidInput  naming the entry, if a map cannot be made or the two do not fit on each other.
    """
    grid = _Grid(entry.pixels, entry.rows, entry.period, folder)
    place = f"interfaces.{name}.contact"
    first = _face(place, entry.contact, grid)
    if entry.second is None:
        return first, None
    place = f"interfaces.{name}.second.contact"
    known = replace(grid, period=first.period)
    if entry.pixels is None and not entry.contact.full:
        rows, columns = first.contact.shape
        known = replace(known, rows=rows, pixels=columns)
    second = _face(place, entry.second.contact, known)
    if first.contact.shape == (1, 1) and entry.contact.full:
        first = replace(first, contact=np.ones(second.contact.shape, dtype=np.bool_))
    if first.contact.shape != second.contact.shape or not math.isclose(first.period, second.period, rel_tol=_SQUARE):
        (rows, columns), (other_rows, other_columns) = first.contact.shape, second.contact.shape
        message = (
            f"{place}: a map of {other_rows} x {other_columns} pixels, {second.period * 1e6:.6g} um wide: expected"
            f" {rows} x {columns} pixels and {first.period * 1e6:.6g} um as on the first face. Give pixels and rows."
        )
        raise InvalidInput(message)
    return first, second


def _face(place: str, entry: ContactEntry, grid: _Grid) -> _Face:
    if entry.image is not None:
        with _at(f"{place}.image"):
            return _from_image(entry.image, grid)
    period = float(grid.period or 0.0)
    if entry.random is not None:
        with _at(f"{place}.random"):
            r = entry.random
            length = r.correlation_length
            found: Map = random_contact(
                grid.shape, fraction=r.fraction, period=period, correlation_length=length, rng=r.seed
            )
    elif entry.discs is not None:
        with _at(f"{place}.discs"):
            found = _discs(entry.discs, grid.shape, period)
    elif entry.rough is not None:
        with _at(f"{place}.rough"):
            found = _rough(entry.rough, grid.shape, period)
    else:
        found = np.ones(grid.shape, dtype=np.bool_)
    return _Face(found, period)


def _discs(entry: DiscContact, shape: tuple[int, int], period: float) -> Map:
    if entry.columns is None:
        found = disc_coverage(shape, period=period, radius=entry.radius)
    else:
        found = lattice_coverage(
            shape, period=period, radius=entry.radius, columns=entry.columns, lattice=entry.lattice
        )
    covered = np.asarray(found)
    return np.where(covered < _ROUNDING, 0.0, covered)


def _rough(entry: RoughContact, shape: tuple[int, int], period: float) -> Map:
    heights = rough_surface(
        shape,
        period=period,
        hurst=entry.hurst,
        roll_off=entry.roll_off,
        cut_off=entry.cut_off,
        rms_height=entry.rms_height,
        rms_slope=entry.rms_slope,
        rng=entry.seed,
    )
    return rough_contact(
        heights,
        period=period,
        pressure=entry.pressure,
        effective_modulus=entry.effective_modulus,
        hardness=entry.hardness,
    )


def _from_image(entry: ImageContact, grid: _Grid) -> _Face:
    """Return the map in an image, resampled where the document says how many pixels it shall have."""
    period = None if entry.scale is not None else grid.period
    image = read_contact_map(
        grid.folder / entry.path,
        scale=entry.scale,
        period=period,
        contact=entry.contact,
        threshold=entry.threshold,
    )
    contact: Map = image.contact
    if grid.pixels is not None:
        rows, columns = image.contact.shape
        high = grid.rows or max(round(rows * grid.pixels / columns), 1)
        if (high, grid.pixels) != (rows, columns):
            contact = np.asarray(coarsen_contact(contact, shape=(high, grid.pixels)))
    return _Face(contact, float(image.period), image.warnings, (image.source.to_dict(),))


# solves ---------------------------------------------------------------------------------------------------------------
def simulated_interface(name: str, entry: InterfaceEntry, folder: Path) -> tuple[SimulatedInterface | None, str]:
    """Return one interface, None where it could not be made, and what went wrong, empty where nothing did."""
    try:
        faces = contact_maps(name, entry, folder)
        with _at(f"interfaces.{name}"):
            result = _solved(entry, *faces)
    except GarnetlabError as error:
        return None, str(error)
    item = SimulatedInterface(name, _finished(result, name, entry, faces))
    if entry.impedance is None or not result.outcome.good:
        return item, ""
    try:
        with _at(f"interfaces.{name}.impedance"):
            spectrum = _spectrum(entry, entry.impedance, *faces)
    except GarnetlabError as error:
        return item, str(error)
    return replace(item, spectrum=spectrum.with_metadata(sample=name)), ""


def _solved(entry: InterfaceEntry, first: _Face, second: _Face | None) -> InterfaceResult:
    """Return the currents through one interface of the document."""
    face = entry.second
    return solve_interface(
        first.contact,
        thickness=entry.thickness,
        period=first.period,
        conductivity=entry.conductivity,
        electrolyte=entry.electrolyte,
        temperature=entry.temperature,
        charge_transfer_resistance=entry.charge_transfer_resistance,
        exchange_current_density=entry.exchange_current_density,
        symmetry=entry.symmetry,
        film_resistance=entry.film_resistance,
        second_contact=None if second is None else second.contact,
        second_charge_transfer_resistance=None if face is None else face.charge_transfer_resistance,
        second_exchange_current_density=None if face is None else face.exchange_current_density,
        second_film_resistance=None if face is None else face.film_resistance,
        current_density=entry.current_density,
        voltage=entry.voltage,
        mirror=entry.mirror,
        bounds=entry.bounds,
        tolerance=entry.tolerance,
    )


def _finished(
    result: InterfaceResult, name: str, entry: InterfaceEntry, faces: tuple[_Face, _Face | None]
) -> InterfaceResult:
    """Return the result with what the document knows."""
    given = [face for face in faces if face is not None]
    warnings = [*result.warnings, *(w for face in given for w in face.warnings)]
    if entry.impedance is not None and entry.exchange_current_density is not None:
        warnings.append("the impedance is that at equilibrium, with R_ct = R T/(F j0).")
    details = {
        "interface": name,
        "period": faces[0].period,
        "thickness": entry.thickness,
        "mirror": entry.mirror,
        "kinetics": "linear" if entry.charge_transfer_resistance is not None else "Butler-Volmer",
        **result.details,
    }
    sources = tuple(source for face in given for source in face.sources)
    return replace(result, warnings=tuple(warnings), details=details, sources=sources)


def _spectrum(entry: InterfaceEntry, sweep: ImpedanceEntry, first: _Face, second: _Face | None) -> Measurement:
    """Return the impedance of one interface of the document."""
    gap = sweep.gap_capacitance or 0.0
    return interface_impedance(
        first.contact,
        frequencies=sweep_frequencies(high=sweep.high, low=sweep.low, points_per_decade=sweep.points_per_decade),
        area=sweep.area,
        charge_transfer_resistance=_transfer(entry, entry),
        thickness=entry.thickness,
        period=first.period,
        conductivity=entry.conductivity,
        electrolyte=entry.electrolyte,
        temperature=entry.temperature,
        double_layer_capacitance=sweep.double_layer_capacitance,
        gap_capacitance=gap if sweep.gap is None else _EPSILON_0 / sweep.gap,
        film_resistance=entry.film_resistance,
        second_contact=None if second is None else second.contact,
        second_charge_transfer_resistance=None if entry.second is None else _transfer(entry.second, entry),
        permittivity=(sweep.permittivity or 0.0) * _EPSILON_0,
        grain_boundary_share=sweep.grain_boundary_share,
        grain_boundary_time=sweep.grain_boundary_time,
        grain_boundary_exponent=sweep.grain_boundary_exponent,
        mirror=entry.mirror,
        tolerance=entry.tolerance,
    )


def _transfer(face: InterfaceEntry | FaceEntry, first: InterfaceEntry) -> float:
    """Return the charge transfer resistance of a face at equilibrium [ohm m^2], that of the first where it has none."""
    resistance = face.charge_transfer_resistance or first.charge_transfer_resistance
    if resistance is not None:
        return resistance
    exchange = face.exchange_current_density or first.exchange_current_density or math.inf
    return float(charge_transfer_resistance(exchange, temperature=first.temperature or 0.0))
