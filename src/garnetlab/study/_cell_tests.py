"""Experiments of a document to virtual cell tests: which cell the layers make, and what is measured on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from garnetlab import units
from garnetlab.core import (
    Cell,
    ExperimentEntry,
    GarnetlabError,
    Interface,
    InvalidInput,
    Layer,
    Measurement,
    ModelEntry,
    Procedure,
    Recipe,
    Result,
    StudyDocument,
    nearest,
)
from garnetlab.simulate import CellModel, CellTest, FaceModel, simulate_cell, symmetric_cell
from garnetlab.simulate._program import Drive, program
from garnetlab.study._paper_faces import CALIBRATED, ROOM, initial_contact, paper_face
from garnetlab.study._paper_interface import paper_asr
from garnetlab.units import Quantity

__all__ = ["SimulatedTest", "cell_of", "simulated_test"]

_NAME = re.compile(r"Li-(\d+(?:\.\d+)?)KCO")
_LAYERS = 3
_RECORDS = 200  # of the longest step of a test with few steps
_KINETICS = ("charge_transfer_resistance", "exchange_current_density")


@dataclass(frozen=True, slots=True)
class SimulatedTest:
    """One experiment of a document: its name and kind, the cell that was made of it, what was measured and found.

    ``stack`` is the cell in words; ``tafel`` is the analysis of a sweep of the voltage, None for other kinds.
    """

    name: str
    kind: str
    stack: str
    temperature: float
    cell: CellModel
    test: CellTest
    result: Result
    tafel: Result | None = None

    @property
    def title(self) -> str:
        """Name, stack and temperature, for figures."""
        return f"{self.name}: {self.stack}, {self.temperature - units.ZERO_CELSIUS:.3g} °C"

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """The record of the cycler, and the impedance sweeps."""
        return self.test.measurements

    @property
    def results(self) -> tuple[Result, ...]:
        """What the test gave, and what the analysis of a sweep gave."""
        return (self.result,) if self.tafel is None else (self.result, self.tafel)


def simulated_test(
    document: StudyDocument,
    name: str,
    *,
    source: Mapping[str, object],
    progress: Callable[[int, int], None] | None = None,
) -> SimulatedTest:
    """Return one experiment of a document, done.

    Parameters
    ----------
    document: The document.
    name:     Of the experiment.
    source:   Said of every result: the document and its digest.
    progress: Called with repetitions done and asked for.

    Raises
    ------
    InvalidInput  naming the entry that cannot be used.
    SolveFailed   if the integration does not converge.
    """
    entry = document.experiments[name]
    try:
        cell, notes = cell_of(document, name)
        procedure = entry.build(document.procedures)
        kelvin = _temperature(document, entry, procedure)
        test = simulate_cell(
            cell,
            procedure,
            temperature=kelvin,
            rng=entry.seed,
            voltage_noise=entry.noise,
            period=entry.period or _period(entry.kind, procedure, cell.area),
            tolerance=entry.tolerance,
            after_short=entry.after_short,
            progress=progress,
        )
    except InvalidInput as error:
        message = f"experiments.{name}: {error}"
        raise InvalidInput(message) from None
    details = {"experiment": name, "kind": entry.kind, **test.result.details}
    result = replace(
        test.result,
        quantities={**test.result.quantities, **_ends(cell, test, kelvin)},
        details=details,
        warnings=(*notes, *test.result.warnings),
        sources=(source, *test.result.sources),
    )
    stack = str(document.cells[entry.cell])
    return _analysed(SimulatedTest(name, entry.kind, stack, kelvin, cell, test, result), source)


def _analysed(done: SimulatedTest, source: Mapping[str, object]) -> SimulatedTest:
    """Return the test with the analysis of its sweep, where it is one."""
    from garnetlab.analyse import analyse_tafel

    record = done.test.record
    if done.kind != "tafel" or record is None:
        return done
    try:
        found = analyse_tafel(record)
    except GarnetlabError as error:
        result = replace(done.result, warnings=(*done.result.warnings, f"no Tafel analysis: {error}"))
        return replace(done, result=result)
    details = {"experiment": done.name, **found.details}
    return replace(done, tafel=replace(found, details=details, sources=(source, *found.sources)))


def _period(kind: str, procedure: Procedure, area: float) -> float | None:
    """Return the time between records where a test has few steps and some of them are long; None leaves it."""
    if kind not in ("plating", "abuse"):
        return None
    steps = [step for stage in program(procedure, area=area) for step in stage.steps]
    lengths = [step.duration for step in steps if isinstance(step, Drive) and not step.endless]
    return max(lengths) / _RECORDS if lengths else None


def _ends(cell: CellModel, test: CellTest, kelvin: float) -> dict[str, Quantity]:
    """Return how long a test took and the contact at its end; of an impedance alone what the cell is made of."""
    if test.record is None:
        faces = {"left": cell.left, "right": cell.right}
        found = {
            f"interface_resistance_{side}": Quantity(
                face.transfer_resistance(kelvin) / face.initial_contact, None, "ohm cm^2"
            )
            for side, face in faces.items()
        }
        return {"electrolyte_resistance": Quantity(cell.slab_resistance(kelvin) / cell.area, None, "ohm"), **found}
    curves = test.result.curves
    contact = {f"contact_fraction_{side}": curves[f"contact_fraction_{side}"][-1] for side in ("left", "right")}
    return {
        "duration": Quantity(float(curves["time"][-1]), 0.0, "h"),
        **{name: Quantity(float(value), None, "1", method="at the end") for name, value in contact.items()},
    }


def _temperature(document: StudyDocument, entry: ExperimentEntry, procedure: Procedure) -> float:
    """Return the temperature of the experiment, of its procedure, of its cell, or 25 degC."""
    return entry.temperature or procedure.temperature or document.cells[entry.cell].temperature or ROOM


# cell -----------------------------------------------------------------------------------------------------------------
def cell_of(document: StudyDocument, name: str) -> tuple[CellModel, tuple[str, ...]]:
    """Return the cell of an experiment, and what is to be said of how it was made.

    Raises
    ------
    InvalidInput  naming what the cell lacks, or the layer or model that is not known.
    """
    entry = document.experiments[name]
    if entry.level != "mean-field":
        message = (
            f"level = {entry.level!r}: expected 'mean-field', the one that documents run."
            " Take garnetlab.simulate from Python for the others."
        )
        raise InvalidInput(message)
    place = f"cells.{entry.cell}"
    cell = document.cells[entry.cell]
    thickness = _thickness(cell, place)
    if cell.area is None:
        message = f'{place}.area: missing. Add it, for example area = "0.785 cm^2".'
        raise InvalidInput(message)
    notes: list[str] = []
    faces = [
        _face(document, model, layer, contact, notes)
        for model, layer, contact in zip(
            (entry.model, entry.right_model or entry.model), (cell.layers[0], cell.layers[-1]), _contacts(cell),
            strict=True,
        )
    ]  # fmt: skip
    if cell.pressure is not None:
        faces = [replace(face, pressure=cell.pressure) for face in faces]
    whole = symmetric_cell(faces[0], area=cell.area, thickness=thickness, name=name)
    return replace(whole, right=faces[1]), tuple(dict.fromkeys(notes))


def _thickness(cell: Cell, place: str) -> float:
    """Return the thickness of the garnet in the middle."""
    if len(cell.layers) != _LAYERS or cell.layers[1].material != "LLZTO":
        message = f"{place}.layers = {cell}: expected three, an electrode, LLZTO and an electrode."
        raise InvalidInput(message)
    found = cell.layers[1].thickness
    if found is None:
        message = f'{place}.layers.1.thickness: missing. Add it, for example thickness = "1 mm".'
        raise InvalidInput(message)
    return found


def _contacts(cell: Cell) -> tuple[Interface, Interface]:
    return (cell.interfaces[0], cell.interfaces[1]) if cell.interfaces else (Interface(), Interface())


# faces ----------------------------------------------------------------------------------------------------------------
def _face(document: StudyDocument, model: str, layer: Layer, contact: Interface, notes: list[str]) -> FaceModel:
    """Return a face of a model, with what the cell says of its interface."""
    changes = _changes(document, model)
    asr, theta = contact.resistance, contact.contact_fraction
    if asr == 0.0 or theta == 0.0:
        message = "interfaces = a resistance or a contact_fraction of 0: expected more than 0. Leave it out."
        raise InvalidInput(message)
    for given, name, taken in ((asr, "resistance", _KINETICS), (theta, "contact_fraction", ("initial_contact",))):
        twice = next((n for n in taken if n in changes), None)
        if given is not None and twice is not None:
            message = f"interfaces.{name} given and {twice} of model {model!r}: expected one of them. Leave one out."
            raise InvalidInput(message)
    percent = _percent(document, layer, notes, measured=asr is not None)
    if asr is None:
        _say_interpolated(percent, notes)
    face = paper_face(percent, resistance=asr, contact=theta)
    return _changed(face, changes)


def _changed(face: FaceModel, changes: Mapping[str, float | str | bool]) -> FaceModel:
    """Return the face with parameters changed; the law of kinetics that is given takes the place of the other."""
    settings: dict[str, Any] = dict(changes)
    for name, other in (_KINETICS, _KINETICS[::-1]):
        if name in changes:
            settings[other] = None
    return replace(face, **settings)


def _changes(document: StudyDocument, model: str) -> dict[str, float | str | bool]:
    """Return what the models of the document change, from the calibrated one on.

    Raises
    ------
    InvalidInput  if a model is not known, or starts from itself.
    """
    chain: list[ModelEntry] = []
    seen: list[str] = []
    while model != CALIBRATED:
        known = (CALIBRATED, *document.models)
        if model not in document.models:
            message = f"model = {model!r}: not known.{nearest(model, known)} Known: {', '.join(known)}."
            raise InvalidInput(message)
        if model in seen:
            message = f"model = {model!r}: starts from itself ({' from '.join([*seen, model])}). Give it another base."
            raise InvalidInput(message)
        seen.append(model)
        chain.append(document.models[model])
        model = document.models[model].base
    changes: dict[str, float | str | bool] = {}
    for entry in reversed(chain):
        given = entry.overrides()
        if any(name in given for name in _KINETICS):
            changes = {name: value for name, value in changes.items() if name not in _KINETICS}
        changes |= given
    return changes


def _percent(document: StudyDocument, layer: Layer, notes: list[str], *, measured: bool) -> float:
    """Return wt% of K2CO3 of an electrode."""
    recipe = layer.recipe or document.recipes.get(layer.material)
    if recipe is None:
        named = _NAME.fullmatch(layer.material)
        if named is None and layer.material != "Li":
            known = ("Li", "Li-10KCO", *document.recipes)
            message = (
                f"material = {layer.material!r}: expected an electrode: Li, a name like Li-10KCO, or a recipe of the"
                f" document.{nearest(layer.material, known)}"
            )
            raise InvalidInput(message)
        recipe = Recipe(additive="K2CO3", mass_fraction=0.0 if named is None else float(named[1]) / 100.0)
    if recipe.additive in (None, "K2CO3") or recipe.mass_fraction == 0.0:
        return round(100.0 * recipe.mass_fraction, 9)
    if not measured:
        message = (
            f"additive = {recipe.additive!r}: no model for it. Give the interface's resistance in the cell:"
            ' interfaces = [{ resistance = "50 ohm cm^2" }, { resistance = "50 ohm cm^2" }].'
        )
        raise InvalidInput(message)
    notes.append(f"{recipe}: activation energy and mechanisms are those of lithium; the resistance is the cell's.")
    return 0.0


def _say_interpolated(percent: float, notes: list[str]) -> None:
    asr = paper_asr(percent)
    if asr.field_interval is None:
        return
    low, high = asr.field_interval
    least, most = (initial_contact(x) for x in reversed(asr.interval or (asr.value, asr.value)))
    notes.append(
        f"the paper has no {percent:g} wt% K2CO3: ASR {asr.field_value:.3g} ohm cm^2 is interpolated"
        f" (95 % {low:.3g} to {high:.3g}), initial contact {initial_contact(asr.value):.2g}"
        f" ({least:.2g} to {most:.2g})."
    )
