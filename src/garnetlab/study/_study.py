"""A study on disk: a document with its files, or a folder of files."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from garnetlab import units
from garnetlab.core import (
    GarnetlabError,
    InvalidInput,
    Measurement,
    MeasurementEntry,
    MissingInput,
    ReadError,
    Sample,
    StudyDocument,
    load_document,
    parse_document,
    parse_quantity,
    require,
)
from garnetlab.readers import ReadOptions, read
from garnetlab.study._analyse import Analysis, SampleOptions, analyse_measurements

_DOCUMENT = "study.toml"
_OURS = {"report.html", "results.json", "truth.json", _DOCUMENT}
_SKIPPED = {".md", ".toml", ".json", ".html", ".svg", ".png", ".py"}
#: what an option may replace, and in which unit it is shown
_SHOWN = {"area": "cm^2", "thickness": "mm", "temperature": "degC", "electrodes": "", "interfaces": "1", "circuit": ""}


@dataclass(frozen=True, slots=True)
class Study:
    """A document and the folder its paths are relative to."""

    document: StudyDocument
    folder: Path

    @property
    def title(self) -> str:
        """Title of the document."""
        return self.document.title


def is_data_file(path: Path) -> bool:
    """Return whether a file in a folder may be an instrument's: no text about it, no picture, nothing we wrote."""
    named = path.name in _OURS or path.name.startswith(".") or path.stem.upper() == "README"
    return path.is_file() and path.suffix.lower() not in _SKIPPED and not named


def load_study(path: str | Path) -> Study:
    """Return the study in a document, or that of a folder: its ``study.toml``, else all files that may be data.

    Raises
    ------
    ReadError     if there is no such file or folder.
    InvalidInput  if the document is not valid, or the folder holds no files.
    """
    path = Path(path)
    if path.is_dir() and not (path / _DOCUMENT).is_file():
        files = [p for p in sorted(path.iterdir()) if is_data_file(p)]
        if not files:
            message = f"folder = {str(path)!r}: expected instrument files or a {_DOCUMENT} in it."
            raise InvalidInput(message)
        entries = [{"path": p.name} for p in files]
        document = parse_document({"schema": "garnetlab/1", "title": path.resolve().name, "measurements": entries})
        return Study(document, path)
    target = path / _DOCUMENT if path.is_dir() else path
    if target.suffix.lower() not in (".toml", ".json"):
        raise ReadError(target, "expected a study document (.toml or .json) or a folder.")
    return Study(load_document(target), target.parent)


def read_study(
    study: Study, *, options: SampleOptions | None = None, reading: ReadOptions | None = None
) -> tuple[list[Measurement], list[tuple[str, str]]]:
    """Return the measurements of a study with what its register knows, and ``(file, message)`` for files that failed.

    Parameters
    ----------
    study:   The study.
    options: What the user says of all samples; it wins over file and document, and where it replaces what the document
             says, a warning of the measurement says so.
    reading: What the user says where a file leaves a unit or a range open.
    """
    good: list[Measurement] = []
    bad: list[tuple[str, str]] = []
    for entry in study.document.measurements:
        path = study.folder / entry.path
        try:
            found = read(path, reader=entry.reader, options=reading)
            _check_digest(entry, found[0], path)
        except GarnetlabError as error:
            bad.append((str(path), str(error)))
            continue
        sample = study.document.samples.get(entry.sample or "")
        known = [_with_sample(m, entry, sample) for m in found]
        good.extend(known if options is None else [_with_options(m, options) for m in known])
    return good, bad


def _with_options(measurement: Measurement, options: SampleOptions) -> Measurement:
    """Return the measurement with the user's values, and a warning for each that replaces another one."""
    new = options.apply(measurement)
    said = []
    for name, unit in _SHOWN.items():
        old, value = measurement.metadata.get(name), new.metadata.get(name)
        if old is not None and old != value:
            texts = [units.format_value(x, unit) if unit and isinstance(x, float) else repr(x) for x in (old, value)]
            said.append(f"{name} = {texts[0]} of file or document: replaced by {texts[1]} of the option")
    return replace(new, warnings=(*new.warnings, *said)) if said else new


def _check_digest(entry: MeasurementEntry, measurement: Measurement, path: Path) -> None:
    found = str(measurement.source.to_dict().get("sha256", ""))
    if entry.sha256 is not None and found != entry.sha256:
        raise ReadError(
            path, f"its SHA-256 is {found[:12]}…, the document says {entry.sha256[:12]}…. The file was changed."
        )


def _with_sample(measurement: Measurement, entry: MeasurementEntry, sample: Sample | None) -> Measurement:
    values: dict[str, float | str] = {}
    if entry.sample is not None:
        values["sample"] = entry.sample
    if sample is not None:
        values |= {"electrodes": sample.electrodes, "interfaces": float(sample.interfaces)}
        known = {
            "area": sample.footprint,
            "area_std": sample.area_std,
            "thickness": sample.thickness,
            "thickness_std": sample.thickness_std,
            "series": sample.series,
            "pressure": sample.pressure,
        }
        values |= {k: v for k, v in known.items() if v is not None}
        if sample.temperature is not None and "temperature" not in measurement.metadata:
            values |= {"temperature": sample.temperature, "temperature_from": "sample register"}
    if entry.temperature is not None:
        values |= {
            "temperature": entry.temperature,
            "temperature_name": entry.temperature,
            "temperature_from": "document",
        }
    values |= {k: v for k in ("branch", "place", "circuit") if (v := getattr(entry, k)) is not None}
    return measurement.with_metadata(**values)


def missing_entries(study: Study, options: SampleOptions | None = None) -> tuple[str, ...]:
    """Return what the sample register lacks where it changes a result, each with the entry and the option to give it.

    A symmetric or unknown cell needs its electrode area for an area-specific resistance, a blocking one area and
    thickness for a conductivity. What ``options`` give is not missing.
    """
    given = options or SampleOptions()
    used = {entry.sample for entry in study.document.measurements if entry.sample is not None}
    said = []
    for name in sorted(used):
        sample = study.document.samples[name]
        wanted: tuple[tuple[Literal["area", "thickness"], str], ...] = (
            ("area", "a conductivity and an area-specific resistance"),
            ("thickness", "a conductivity"),
        )
        for quantity, why in wanted[:1] if sample.electrodes == "symmetric" else wanted:
            if getattr(given, quantity) is not None:
                continue
            try:
                require(sample, quantity, sample_id=name, why=why)
            except MissingInput as error:
                said.append(str(error))
    return tuple(said)


def analyse_study(
    study: Study,
    *,
    options: SampleOptions | None = None,
    reading: ReadOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Analysis:
    """Return the results of all measurements of a study; ``options`` and ``reading`` as in ``read_study``."""
    measurements, bad = read_study(study, options=options, reading=reading)
    return analyse_measurements(measurements, bad=bad, progress=progress)


def sample_options(
    *,
    area: str | None = None,
    diameter: str | None = None,
    thickness: str | None = None,
    temperature: str | None = None,
    electrodes: str | None = None,
    interfaces: int | None = None,
    circuit: str | None = None,
    active_mass: str | None = None,
    electrolyte_resistance: str | None = None,
    current_density: str | None = None,
) -> SampleOptions:
    """Return options from text with units, as the command line gives them.

    Raises
    ------
    InvalidInput  for text that is no such quantity, impossible values, or both ``area`` and ``diameter``.
    """
    if area is not None and diameter is not None:
        message = f"area = {area!r} and diameter = {diameter!r}: expected one of them. Drop the other."
        raise InvalidInput(message)
    surface = None if area is None else parse_quantity("area", area, "m^2")
    if diameter is not None:
        length = parse_quantity("diameter", diameter, "m")
        if length <= 0:
            message = f"diameter = {diameter!r}: expected more than 0. Write for example --diameter '10 mm'."
            raise InvalidInput(message)
        surface = math.pi / 4.0 * length**2
    return SampleOptions(
        area=surface,
        thickness=None if thickness is None else parse_quantity("thickness", thickness, "m"),
        temperature=None if temperature is None else parse_quantity("temperature", temperature, "K"),
        electrodes=electrodes,
        interfaces=interfaces,
        circuit=circuit,
        active_mass=None if active_mass is None else parse_quantity("active_mass", active_mass, "kg"),
        electrolyte_resistance=(
            None
            if electrolyte_resistance is None
            else parse_quantity("electrolyte_resistance", electrolyte_resistance, "ohm")
        ),
        current_density=None
        if current_density is None
        else parse_quantity("current_density", current_density, "A/m^2"),
    )


def read_options(*, current_unit: str | None = None, cex_range: str | None = None) -> ReadOptions:
    """Return what a user says where a file leaves a unit or a range open, from text as the command line gives it.

    Raises
    ------
    InvalidInput  for text that is no unit or no range.
    """
    return (
        ReadOptions(current_unit=current_unit or "")
        if cex_range is None
        else ReadOptions.of_range(cex_range, current_unit or "")
    )
