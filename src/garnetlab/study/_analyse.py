"""Files to results: the library call behind ``garnetlab analyse``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from garnetlab import units
from garnetlab.analyse import (
    analyse_circuit,
    analyse_dc_polarisation,
    analyse_full_cell,
    analyse_impedance,
    analyse_linear_polarisation,
    analyse_tafel,
    arrhenius,
    branches,
    relaxation_times_of,
    stripping_capacity,
)
from garnetlab.analyse.eis import check_measurement
from garnetlab.core import GarnetlabError, InvalidInput, Kind, Measurement, MissingInput, Result, nearest
from garnetlab.physics.impedance import parse_circuit
from garnetlab.readers import ReadOptions, read
from garnetlab.study._cycling import analyse_cycling, cycling_result, known_electrolyte, known_events, ladder_result

#: analyses by name; the kinds they take: files of cyclers do not say that they hold a sweep
ANALYSES: dict[str, tuple[Kind, ...]] = {
    "eis": (Kind.IMPEDANCE,),
    "arrhenius": (Kind.IMPEDANCE,),
    "drt": (Kind.IMPEDANCE,),
    "cycling": (Kind.CYCLING,),
    "events": (Kind.CYCLING,),
    "ccd": (Kind.CYCLING,),
    "full-cell": (Kind.CYCLING,),
    "stripping": (Kind.CYCLING,),
    "tafel": (Kind.VOLTAMMETRY, Kind.CYCLING),
    "linear-polarisation": (Kind.VOLTAMMETRY, Kind.CYCLING),
    "dc": (Kind.DC_POLARISATION, Kind.CYCLING),
}
_DEFAULT = {
    Kind.IMPEDANCE: "eis", Kind.VOLTAMMETRY: "tafel", Kind.DC_POLARISATION: "dc", Kind.CYCLING: "by what it holds",
}  # fmt: skip
_ONE_BY_ONE: dict[str, Callable[[Measurement], Result]] = {
    "cycling": cycling_result,
    "events": known_events,
    "ccd": ladder_result,
    "full-cell": analyse_full_cell,
    "stripping": stripping_capacity,
    "tafel": lambda m: analyse_tafel(m, electrolyte_resistance=known_electrolyte(m)),
    "linear-polarisation": lambda m: analyse_linear_polarisation(m, electrolyte_resistance=known_electrolyte(m)),
    "dc": analyse_dc_polarisation,
}
_HOTTEST = 2000.0  # kelvin: no cell of a garnet is measured above
_ELECTRODES = ("blocking", "symmetric", "unknown")


@dataclass(frozen=True, slots=True)
class SampleOptions:
    """What the user says of the samples on the command line, in SI; None leaves the file's own value."""

    area: float | None = None
    thickness: float | None = None
    temperature: float | None = None
    electrodes: str | None = None
    interfaces: int | None = None
    circuit: str | None = None
    active_mass: float | None = None
    electrolyte_resistance: float | None = None
    current_density: float | None = None

    def __post_init__(self) -> None:
        for name, unit in _POSITIVE.items():
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                shown = units.format_value(value, unit)
                message = (
                    f"{name} = {shown}: expected a finite {name} > 0."
                    f" Write for example --{name.replace('_', '-')} {_EXAMPLE[name]!r}."
                )
                raise InvalidInput(message)
        if self.temperature is not None and not 0.0 < self.temperature <= _HOTTEST:
            shown = units.format_value(self.temperature, "degC")
            message = (
                f"temperature = {shown}: expected more than 0 K (-273.15 degC) and at most 2000 K. Check the unit."
            )
            raise InvalidInput(message)
        if self.electrodes is not None and self.electrodes not in _ELECTRODES:
            message = f"electrodes = {self.electrodes!r}: expected one of {', '.join(_ELECTRODES)}."
            raise InvalidInput(message)
        if self.interfaces is not None and self.interfaces not in (1, 2):
            message = f"interfaces = {self.interfaces}: expected 1 (half cell) or 2 (symmetric cell)."
            raise InvalidInput(message)
        if self.circuit is not None:
            parse_circuit(self.circuit)

    def apply(self, measurement: Measurement) -> Measurement:
        """Return the measurement with these values in its metadata; an option wins over the file."""
        given = {
            name: value
            for name in (*_POSITIVE, "temperature", "electrodes", "interfaces", "circuit")
            if (value := getattr(self, name)) is not None
        }
        if "temperature" in given:
            given["temperature_name"] = given["temperature"]
            given["temperature_from"] = "option"
        return measurement.with_metadata(**given) if given else measurement


_POSITIVE = {
    "area": "cm^2", "thickness": "mm", "active_mass": "mg", "electrolyte_resistance": "ohm", "current_density": "mA/cm^2",
}  # fmt: skip
_EXAMPLE = {
    "area": "0.785 cm^2", "thickness": "1 mm", "active_mass": "2.1 mg", "electrolyte_resistance": "140 ohm",
    "current_density": "0.2 mA/cm^2",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Analysis:
    """Results of several files and ``(file, message)`` for those that could not be analysed."""

    results: tuple[Result, ...]
    errors: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object of the contract."""
        return {
            "schema": "garnetlab/1",
            "results": [r.to_dict() for r in self.results],
            "errors": [{"file": file, "message": message} for file, message in self.errors],
        }


def read_files(
    paths: Sequence[str | Path], *, options: ReadOptions | None = None
) -> tuple[list[Measurement], list[tuple[str, str]]]:
    """Return the measurements of the readable files and ``(file, message)`` for the others."""
    good: list[Measurement] = []
    bad: list[tuple[str, str]] = []
    for path in paths:
        try:
            good.extend(read(path, options=options))
        except GarnetlabError as error:
            bad.append((str(path), str(error)))
    return good, bad


def analyse_files(
    paths: Sequence[str | Path],
    *,
    analysis: str | None = None,
    options: SampleOptions | None = None,
    reading: ReadOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Analysis:
    """Return the results of an analysis of instrument files.

    Parameters
    ----------
    paths:    The files; each may hold several measurements.
    analysis: ``"eis"``, ``"arrhenius"``, ``"drt"``, ``"cycling"``, ``"events"``, ``"ccd"``, ``"full-cell"``,
              ``"stripping"``, ``"tafel"``, ``"linear-polarisation"`` or ``"dc"``. By default the kind of the
              measurement decides: impedance by circuit, a file of a cycler as ladder, cycling of a symmetric cell or full
              cell, whichever it holds.
    options:  Geometry and temperature of the samples, in SI.
    reading:  What the user says where a file leaves a unit or a range open.
    progress: Called with (done, total).

    Returns
    -------
    :  One result per measurement, or one per sample and branch (``arrhenius``), and the files that failed.

    Raises
    ------
    InvalidInput  for an unknown analysis, or no file.
    MissingInput  where a result depends on something that was not given (``arrhenius``: temperature, area, thickness).
    """
    if not paths:
        message = "files = none: expected at least one instrument file."
        raise InvalidInput(message)
    if analysis is not None and analysis not in ANALYSES:
        message = f"analysis = {analysis!r}: not known.{nearest(analysis, ANALYSES)} Known: {', '.join(ANALYSES)}."
        raise InvalidInput(message)
    measurements, bad = read_files(paths, options=reading)
    sample = options or SampleOptions()
    return analyse_measurements([sample.apply(m) for m in measurements], analysis=analysis, bad=bad, progress=progress)


def analyse_measurements(
    measurements: Sequence[Measurement],
    *,
    analysis: str | None = None,
    bad: Sequence[tuple[str, str]] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Analysis:
    """Return the results of measurements in memory, as ``analyse_files`` does; ``bad`` is passed on."""
    errors = list(bad)
    usable = []
    for measurement in measurements:
        problem = _problem(measurement, analysis)
        if problem is None:
            usable.append(measurement)
        else:
            errors.append((_path(measurement), problem))
    spectra = [m for m in usable if m.kind is Kind.IMPEDANCE]
    if analysis == "arrhenius" and spectra:
        _require_geometry(spectra)
    if analysis == "drt":
        found = iter(relaxation_times_of(spectra, progress=progress))
    else:
        found = iter(_impedance(spectra, one_series=analysis == "arrhenius", progress=progress))
    results: list[Result] = []
    others = len(usable) - len(spectra)
    for measurement in usable:
        if measurement.kind is Kind.IMPEDANCE:
            results.append(next(found))
            continue
        try:
            results.append(_single(measurement, analysis))
        except (InvalidInput, MissingInput) as error:
            errors.append((_path(measurement), str(error)))
        if progress is not None:
            progress(len(results) + len(errors) - len(bad), len(spectra) + others)
    if analysis == "arrhenius":
        results = [arrhenius(series, label=label) for label, series in branches(results).items()]
    return Analysis(tuple(results), tuple(errors))


def _single(measurement: Measurement, analysis: str | None) -> Result:
    """Return the result of a measurement that is no impedance spectrum."""
    if analysis is None and measurement.kind is Kind.CYCLING:
        return analyse_cycling(measurement)
    return _ONE_BY_ONE[analysis or _DEFAULT[measurement.kind]](measurement)


def _path(measurement: Measurement) -> str:
    return str(measurement.source.to_dict().get("path", "simulation"))


def _impedance(
    measurements: Sequence[Measurement], *, one_series: bool, progress: Callable[[int, int], None] | None
) -> tuple[Result, ...]:
    """Return the results in the order given; spectra for which a circuit is named are fitted with it.

    With ``one_series`` the spectra that name no sample are one temperature series and share a circuit where one serves.
    """
    groups: dict[str, list[int]] = {}
    for i, measurement in enumerate(measurements):
        groups.setdefault(str(measurement.metadata.get("circuit", "")), []).append(i)
    found: dict[int, Result] = {}
    for circuit, members in groups.items():
        chosen = [measurements[i] for i in members]
        if circuit:
            results = analyse_circuit(chosen, circuit, progress=progress)
        else:
            series = (
                ["series"] * len(chosen) if one_series and not any("sample" in m.metadata for m in chosen) else None
            )
            results = analyse_impedance(chosen, series=series, progress=progress)
        found.update(zip(members, results, strict=True))
    return tuple(found[i] for i in range(len(measurements)))


def _problem(measurement: Measurement, analysis: str | None) -> str | None:
    """Return why a measurement cannot be analysed, None where it can."""
    chosen = analysis or _DEFAULT.get(measurement.kind)
    if chosen is None:
        return f"kind = {measurement.kind.value!r}: no analysis for it here. Known: {', '.join(ANALYSES)}."
    kinds = [kind.value for kind in ANALYSES.get(chosen, (Kind.CYCLING,))]
    if measurement.kind.value not in kinds:
        return f"kind = {measurement.kind.value!r}: expected {' or '.join(kinds)} for the analysis {chosen}."
    if measurement.kind is not Kind.IMPEDANCE:
        return None
    try:
        check_measurement(measurement)
    except InvalidInput as error:
        return str(error)
    return None


def _require_geometry(measurements: Sequence[Measurement]) -> None:
    wanted = {"area": '--area "0.785 cm^2" (or --diameter "10 mm")', "thickness": '--thickness "1 mm"'}
    symmetric = all(m.metadata.get("electrodes") == "symmetric" for m in measurements)
    needed = ["area"] if symmetric else ["area", "thickness"]
    missing = [n for n in needed if any(n not in m.metadata for m in measurements)]
    if missing:
        options = " and ".join(wanted[n] for n in missing)
        message = f"{' and '.join(missing)} = none given: a conductivity needs it. Give {options}."
        raise MissingInput(message)
