"""A document to virtual experiments: the library call behind ``garnetlab simulate``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from garnetlab.core import GarnetlabError, InvalidInput, Measurement, Result, StudyDocument, load_document, nearest
from garnetlab.study._cell_tests import SimulatedTest, simulated_test
from garnetlab.study._interface import SimulatedInterface, simulated_interface

#: kinds of virtual experiments: one of interfaces, and those of cells, as ``ExperimentEntry.kind`` names them
KINDS = ("interface", "ccd", "cycling", "plating", "abuse", "tafel", "dc", "eis", "steps")
_PARTS = 1000  # in which the progress of one experiment is told

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Simulation:
    """Virtual experiments of one document, and ``(file, message)`` for those that could not be made."""

    title: str
    path: Path
    interfaces: tuple[SimulatedInterface, ...] = ()
    tests: tuple[SimulatedTest, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()

    @property
    def items(self) -> tuple[SimulatedInterface | SimulatedTest, ...]:
        """Every experiment that was made."""
        return (*self.interfaces, *self.tests)

    @property
    def results(self) -> tuple[Result, ...]:
        """Every result in the order of the document."""
        return (*(item.result for item in self.interfaces), *(r for test in self.tests for r in test.results))

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """Every simulated measurement."""
        spectra = (item.spectrum for item in self.interfaces if item.spectrum is not None)
        return (*spectra, *(m for test in self.tests for m in test.measurements))

    @property
    def bad(self) -> int:
        """Number of errors and of results that are not to be used."""
        return len(self.errors) + len(self.advice)

    @property
    def advice(self) -> tuple[tuple[str, str], ...]:
        """``(file, sentence)`` for every result that is not to be used."""
        named: list[tuple[str, Result]] = [(f"interfaces.{item.name}", item.result) for item in self.interfaces]
        named += [(f"experiments.{test.name}", result) for test in self.tests for result in test.results]
        bad = [(place, result.outcome) for place, result in named if not result.outcome.good]
        return tuple((str(self.path), f"{place}: {outcome.value}") for place, outcome in bad)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object of the contract, with the simulated measurements."""
        return {
            "schema": "garnetlab/1",
            "results": [result.to_dict() for result in self.results],
            "measurements": [measurement.to_dict() for measurement in self.measurements],
            "errors": [{"file": file, "message": message} for file, message in self.errors],
        }


def simulate_document(
    path: str | Path, kind: str, *, names: Sequence[str] = (), progress: Progress | None = None
) -> Simulation:
    """Return the virtual experiments of one kind that a document describes.

    Parameters
    ----------
    path:     The document; paths of images in it are relative to it.
    kind:     ``"interface"``: current through the patchy faces under ``[interfaces.NAME]``. ``"ccd"``, ``"cycling"``,
              ``"plating"``, ``"abuse"``, ``"tafel"``, ``"dc"``, ``"eis"`` and ``"steps"``: tests of cells under
              ``[experiments.NAME]``.
    names:    Which of them; all of the kind by default.
    progress: Called with (done, total).

    Returns
    -------
    :  One entry per experiment that could be made. A solve that did not converge is one, and its outcome says so.

    Raises
    ------
    ReadError     if the document cannot be read.
    InvalidInput  if kind or names are not known, the document is not valid, or it has no such experiment.
    """
    if kind not in KINDS:
        message = f"kind = {kind!r}: not known.{nearest(kind, KINDS)} Known: {', '.join(KINDS)}."
        raise InvalidInput(message)
    target = Path(path)
    document = load_document(target)
    empty = Simulation(document.title or target.stem, target)
    if kind == "interface":
        return _interfaces(document, empty, names, progress)
    return _tests(document, empty, kind, names, progress)


def _source(document: StudyDocument, path: Path, name: str) -> dict[str, object]:
    return {"path": str(path), "part": name, "digest": document.digest()}


# interfaces -----------------------------------------------------------------------------------------------------------
def _interfaces(
    document: StudyDocument, empty: Simulation, names: Sequence[str], progress: Progress | None
) -> Simulation:
    done: list[SimulatedInterface] = []
    errors: list[tuple[str, str]] = []
    if not document.interfaces:
        message = f"interfaces = none in {str(empty.path)!r}: expected at least one table [interfaces.NAME]."
        raise InvalidInput(message)
    chosen = _chosen("interface", list(document.interfaces), empty.path, names)
    for k, name in enumerate(chosen):
        item, problem = simulated_interface(name, document.interfaces[name], empty.path.parent)
        if item is not None:
            source = _source(document, empty.path, name)
            done.append(replace(item, result=replace(item.result, sources=(source, *item.result.sources))))
        if problem:
            errors.append((str(empty.path), problem))
        if progress is not None:
            progress(k + 1, len(chosen))
    return replace(empty, interfaces=tuple(done), errors=tuple(errors))


def _chosen(what: str, known: Sequence[str], path: Path, names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in known:
            hint = nearest(name, known)
            message = f"name = {name!r}: no such {what} in {str(path)!r}.{hint} It has {', '.join(known)}."
            raise InvalidInput(message)
    return list(dict.fromkeys(names)) or list(known)


# tests of cells -------------------------------------------------------------------------------------------------------
def _tests(
    document: StudyDocument, empty: Simulation, kind: str, names: Sequence[str], progress: Progress | None
) -> Simulation:
    done: list[SimulatedTest] = []
    errors: list[tuple[str, str]] = []
    chosen = _of_kind(document, empty.path, kind, names)
    for k, name in enumerate(chosen):
        source = _source(document, empty.path, name)
        try:
            done.append(simulated_test(document, name, source=source, progress=_within(progress, k, len(chosen))))
        except GarnetlabError as error:
            errors.append((str(empty.path), str(error)))
        if progress is not None:
            progress(_PARTS * (k + 1), _PARTS * len(chosen))
    return replace(empty, tests=tuple(done), errors=tuple(errors))


def _of_kind(document: StudyDocument, path: Path, kind: str, names: Sequence[str]) -> list[str]:
    """Return the experiments of a kind, or those that are named, which must be of it."""
    kinds = {name: entry.kind for name, entry in document.experiments.items()}
    if not kinds:
        message = f"experiments = none in {str(path)!r}: expected at least one table [experiments.NAME]."
        raise InvalidInput(message)
    listed = ", ".join(f"{name} ({found})" for name, found in kinds.items())
    fitting = [name for name, found in kinds.items() if found == kind]
    if not fitting:
        message = f"kind = {kind!r}: no such experiment in {str(path)!r}. It has {listed}."
        raise InvalidInput(message)
    other = next((name for name in names if kinds.get(name, kind) != kind), None)
    if other is not None:
        message = (
            f"name = {other!r}: is of kind {kinds[other]!r}, not {kind!r}. Write  garnetlab simulate {kinds[other]}."
        )
        raise InvalidInput(message)
    return _chosen("experiment", list(kinds), path, names) if names else fitting


def _within(progress: Progress | None, place: int, count: int) -> Progress | None:
    """Return the progress of one experiment as a part of that of all."""
    if progress is None:
        return None
    return lambda done, total: progress(round(_PARTS * (place + done / max(total, 1))), _PARTS * count)
