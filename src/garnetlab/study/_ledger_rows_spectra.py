"""Rows that are read back: spectra made from a reported value, written as an instrument exports, read and analysed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from garnetlab import units
from garnetlab.analyse import analyse_impedance, arrhenius
from garnetlab.core import InvalidInput, Measurement, Result
from garnetlab.library import citation, load_material
from garnetlab.readers import read
from garnetlab.readers.biologic import write_mpt
from garnetlab.readers.gamry import write_dta
from garnetlab.readers.zplot import write_z
from garnetlab.study import _audit_checks_numbers as numbers
from garnetlab.study import _ledger_rows_contact as patchy
from garnetlab.study import _ledger_rows_specimens as specimens
from garnetlab.study._audit_checks_numbers import Paper
from garnetlab.study._ledger_rows import Computed, Status

_KELVIN = tuple(units.celsius(t) for t in (30.0, 40.0, 50.0, 60.0, 70.0, 80.0))
#: the paper does not say at which temperatures the interface was measured
_INTERFACE_KELVIN = tuple(units.celsius(t) for t in (25.0, 32.0, 39.0, 46.0, 53.0, 60.0))

_SWEEP = f"1 MHz to 0.01 Hz, 10 mV, {specimens.NOISE_SAID}"
_BLIND = "written as {form} text, read back and analysed without it"
_FOOTPRINT = (
    "The electrode footprint of the symmetric cells is not stated; the pellet face of 0.785 cm^2 is assumed, for the"
    " simulation and for the analysis alike"
)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The simulated measurement of one row: its spectra as read back from files, and what the analysis found."""

    measurements: tuple[Measurement, ...]
    results: tuple[Result, ...]
    summary: Result


@dataclass(frozen=True, slots=True)
class _Plan:
    """One row to simulate: its spectra, the notebook that goes with them, how they are written, what is read off."""

    key: str
    spectra: tuple[Measurement, ...]
    notebook: tuple[Mapping[str, float | str], ...]
    form: str
    quantity: str
    route: str
    note: str


def _pellet(paper: Paper) -> specimens.Pellet:
    return specimens.Pellet(
        conductivity=paper.si("llzto.sigma.ion"),
        energy=paper.si("llzto.sigma.Ea"),
        reference=paper.temperature("llzto.sigma.ion"),
        area=numbers.face(paper),
        thickness=paper.si("llzto.pellet.thickness"),
    )


def _interface(paper: Paper, key: str) -> specimens.Interface:
    wt = key.split(".")[1]
    energy = "int.Ea.li" if wt == "0" else "int.Ea.10kco"
    return specimens.Interface(paper.si(key), paper.si(energy), paper.temperature(key))


def _split() -> str:
    share, _ = load_material("LLZTO").property("grain_boundary_share")
    source = citation(share.source)
    return (
        f"Bulk and grain boundaries share the resistance as {100 * (1 - share.value):.0f} : {100 * share.value:.0f}"
        f" (literature, {'doi ' + source.doi if source.doi else share.source}); the paper gives no split"
    )


def _blocking_plans(paper: Paper, rngs: Callable[[str], np.random.Generator]) -> list[_Plan]:
    pellet, plans = _pellet(paper), []
    for key, kelvin, quantity in (
        ("llzto.sigma.ion", (pellet.reference,), "ionic_conductivity"),
        ("llzto.sigma.Ea", _KELVIN, "activation_energy_total"),
    ):
        rng = rngs(key)
        spectra = tuple(specimens.blocking(pellet, temperature=t, rng=rng) for t in kelvin)
        notebook = tuple(_notebook(pellet, t, key, electrodes="blocking") for t in kelvin)
        what = "a spectrum of Au|LLZTO|Au" if len(kelvin) == 1 else "spectra of Au|LLZTO|Au at 30, 40, ... 80 degC"
        also = (
            ""
            if len(kelvin) == 1
            else ". Read as ln(sigma T); the paper does not say whether sigma or sigma T is meant"
        )
        plans.append(
            _Plan(
                key,
                spectra,
                notebook,
                "EC-Lab",
                quantity,
                _route(what, "EC-Lab", "a pellet 10 mm x 1 mm"),
                _split() + also,
            )
        )
    return plans


def _notebook(pellet: specimens.Pellet, kelvin: float, sample: str, *, electrodes: str) -> dict[str, float | str]:
    """Return what goes with a spectrum besides its file: geometry, temperature, kind of electrode."""
    return {**pellet.geometry(kelvin), "electrodes": electrodes, "interfaces": 2.0, "sample": sample}


def _route(what: str, form: str, geometry: str) -> str:
    return f"From the reported value {what} was simulated ({geometry}, {_SWEEP}), {_BLIND.format(form=form)}."


def _symmetric_plans(paper: Paper, rngs: Callable[[str], np.random.Generator]) -> list[_Plan]:
    pellet, plans = _pellet(paper), []
    for wt in ("0", "1", "5", "10", "15", "20"):
        key = f"asr.{wt}"
        interface = _interface(paper, key)
        contact = patchy.contact_of(interface)
        route = _patchy_route(
            contact, "a spectrum of a symmetric cell", "ZPlot", "pellet 10 mm x 1 mm, half of the arc"
        )
        note = _FOOTPRINT + ". " + _contact_note(pellet, contact)
        cells = _cells(pellet, contact, (paper.temperature(key),), rngs(key))
        notebook = tuple(_notebook(pellet, paper.temperature(key), key, electrodes="symmetric") for _ in cells)
        plans.append(_Plan(key, cells, notebook, "ZPlot", "interface_resistance", route, note))
    for key, asr in (("int.Ea.li", "asr.0"), ("int.Ea.10kco", "asr.10")):
        contact = patchy.contact_of(_interface(paper, asr))
        what = f"spectra of a symmetric cell at six temperatures from 25 to 60 degC ({asr} at 25 degC)"
        route = _patchy_route(contact, what, "Gamry", "pellet 10 mm x 1 mm")
        whole = patchy.apparent_energy(pellet, contact, _INTERFACE_KELVIN) / units.eV
        said = f"Read as ln(1/R); the paper does not give the form. The solved ASR with its constriction has {whole:.3f} eV"
        note = ". ".join((_FOOTPRINT, said, _contact_note(pellet, contact)))
        cells = _cells(pellet, contact, _INTERFACE_KELVIN, rngs(key))
        notebook = tuple(_notebook(pellet, t, key, electrodes="symmetric") for t in _INTERFACE_KELVIN)
        plans.append(_Plan(key, cells, notebook, "Gamry", "activation_energy_interface_sigma", route, note))
    return plans


def _cells(
    pellet: specimens.Pellet, contact: patchy.Contact, kelvin: Sequence[float], rng: np.random.Generator
) -> tuple[Measurement, ...]:
    return tuple(patchy.patchy_cell(pellet, contact, temperature=t, rng=rng) for t in kelvin)


def _patchy_route(contact: patchy.Contact, what: str, form: str, geometry: str) -> str:
    transfer = patchy.TRANSFER / units.ohm_cm2
    return (
        f"From the reported value two patchy faces were made ({transfer:g} ohm cm^2 per true contact area at 25 degC,"
        f" which sets contact to {100 * contact.fraction:.1f} %) and solved in three dimensions at every frequency for {what}"
        f" ({geometry}, {_SWEEP}), {_BLIND.format(form=form)}."
    )


def _contact_note(pellet: specimens.Pellet, contact: patchy.Contact) -> str:
    found = patchy.solved(pellet, contact, contact.reference)
    crowded, whole = (float(r) / units.ohm_cm2 for r in (found.constriction, found.asr - found.slab))
    return (
        f"The solved ASR is {whole:.1f} ohm cm^2 at 25 degC, of which {100 * crowded / whole:.1f} % is constriction: it relaxes"
        " with the ceramic and is read as electrolyte. Contact, patch size and resistance per contact are assumed; the ASR"
        " does not tell them apart"
    )


def _generators(seed: int) -> Callable[[str], np.random.Generator]:
    """Return a function that gives every row its own stream, which does not depend on the other rows."""

    def generator(key: str) -> np.random.Generator:
        return np.random.default_rng([seed, *key.encode()])

    return generator


def _through_files(plan: _Plan, folder: Path) -> tuple[Measurement, ...]:
    """Return the spectra of a plan as a reader gives them, with the notebook's entries."""
    stem = folder / plan.key.replace(".", "-")
    if plan.form == "EC-Lab":
        paths = [write_mpt(plan.spectra, stem.with_suffix(".mpt"))]
    else:
        write, suffix = (write_z, ".z") if plan.form == "ZPlot" else (write_dta, ".DTA")
        names = [stem.with_name(f"{stem.name}_{k}{suffix}") for k in range(len(plan.spectra))]
        paths = [write(m, name) for m, name in zip(plan.spectra, names, strict=True)]
    found = [m for path in paths for m in read(path)]
    return tuple(m.with_metadata(**notes) for m, notes in zip(found, plan.notebook, strict=True))


def read_back(
    paper: Paper, folder: Path, *, seed: int, progress: Callable[[int, int], None] | None = None
) -> tuple[dict[str, Computed], dict[str, ReadBack]]:
    """Return the rows read back from simulated files in ``folder``, and what stands behind each, by id.

    All spectra are analysed in one call. The analysis gets the files and the notebook (area, thickness, temperature,
    electrodes), never the value from which the spectra were made.
    """
    rngs = _generators(seed)
    plans = [*_blocking_plans(paper, rngs), *_symmetric_plans(paper, rngs)]
    read_in = [_through_files(plan, folder) for plan in plans]
    results = analyse_impedance([m for group in read_in for m in group], progress=progress)
    rows, behind, start = {}, {}, 0
    for plan, group in zip(plans, read_in, strict=True):
        mine = results[start : start + len(group)]
        start += len(group)
        summary = mine[0] if len(mine) == 1 else arrhenius(mine, label=plan.key)
        behind[plan.key] = ReadBack(group, mine, summary)
        rows[plan.key] = _computed(paper, plan, mine, summary)
    return rows, behind


def _computed(paper: Paper, plan: _Plan, results: Sequence[Result], summary: Result) -> Computed:
    bad = [r for r in results if not r.outcome.good]
    notes = [plan.note, *(f"One spectrum of {len(results)}: {r.outcome.value.rstrip('.')}" for r in bad)]
    try:
        quantity = summary[plan.quantity].to(paper[plan.key].unit)
    except InvalidInput:
        notes.append(f"The analysis did not determine {plan.quantity}")
        return Computed(Status.INPUT, route=plan.route, note=". ".join(notes))
    notes.extend(_asides(plan.quantity, summary))
    return Computed(
        Status.INPUT, quantity.field_value, quantity.field_std, quantity.field_interval, plan.route, ". ".join(notes)
    )


#: quantity read off -> the same from the other form, and what to call it
_OTHER_FORM = {
    "activation_energy_total": ("activation_energy_total_sigma", "ln(sigma)"),
    "activation_energy_interface_sigma": ("activation_energy_interface", "ln(T/R)"),
}


def _asides(quantity: str, summary: Result) -> list[str]:
    """Return other numbers of the analysis that a reader of the row wants."""
    said = []
    other, form = _OTHER_FORM.get(quantity, ("", ""))
    if other in summary.quantities:
        said.append(f"From {form} it is {summary[other].field_value:.3f} eV")
    if "electrolyte_resistance" in summary.quantities:
        resistance = summary["electrolyte_resistance"]
        said.append(
            f"The pellet has {resistance.field_value:.1f} +- {resistance.field_std or 0.0:.1f} ohm in this spectrum"
        )
    return said


@dataclass(frozen=True, slots=True)
class Series:
    """Results that belong into one figure."""

    name: str
    caption: str
    results: tuple[Result, ...]
    labels: tuple[str, ...]


_MADE = "simulated from the reported value, written to a file, read back and fitted"


def series_of(behind: Mapping[str, ReadBack]) -> tuple[Series, ...]:
    """Return what to draw of the rows read back: spectra by kind of cell, and activation energies."""
    heat = behind["llzto.sigma.Ea"]
    symmetric = {key: entry for key, entry in behind.items() if key.startswith("asr.")}
    energies = {name: behind[key].summary for name, key in (("Li", "int.Ea.li"), ("Li-10KCO", "int.Ea.10kco"))}
    return (
        Series("pellet", f"Au|LLZTO|Au at 30 to 80 °C, {_MADE}", heat.results, tuple(map(_celsius, heat.measurements))),
        Series("pellet_energy", "Conductivity of the pellet over temperature", (heat.summary,), ("LLZTO",)),
        Series(
            "symmetric",
            f"Symmetric cells at 25 °C, {_MADE}",
            tuple(r for entry in symmetric.values() for r in entry.results),
            tuple(f"{key.removeprefix('asr.')} wt% K2CO3" for key in symmetric),
        ),
        Series("interface_energy", "Interface resistance over temperature", tuple(energies.values()), tuple(energies)),
    )


def _celsius(measurement: Measurement) -> str:
    return units.format_value(float(measurement.metadata["temperature"]), "degC", digits=3).replace("degC", "°C")
