"""The example folder: simulated raw files as instruments export them, with a study document."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, InvalidInput, Measurement, parse_document, save_document
from garnetlab.library import load_observations
from garnetlab.readers.biologic import write_mpt
from garnetlab.readers.gamry import write_dta
from garnetlab.readers.generic_text import write_csv
from garnetlab.readers.zplot import write_z
from garnetlab.study import _audit_checks_numbers as numbers
from garnetlab.study import _ledger_rows_specimens as specimens
from garnetlab.study._audit_checks_numbers import Paper

#: relative standard deviation from pellet to pellet, of the interface resistance and of the conductivity; chosen for the
#: example, the paper states none
ASR_SCATTER, SIGMA_SCATTER = 0.08, 0.03
REPLICATES = 5
_CELSIUS = (30.0, 40.0, 50.0, 60.0, 70.0, 80.0)
#: after it was hot the pellet conducts a little better: heating and cooling must not be averaged
COOLING_GAIN = 1.04
#: growth of the interface arc over the drifting sweep; displacement of the bad point over its modulus, and where
DRIFT, OUTLIER, OUTLIER_FREQUENCY = 0.15, 0.10, 50.0
_STARTED = "2025-04-14T09:00:00"
_README = """\
Example study: a garnet electrolyte and its interface with lithium
===================================================================

ALL FILES IN THIS FOLDER ARE SIMULATED. Nothing here was measured. The values from which
they were made are in truth.json. Seed {seed}; {noise}.

pellet/   Au|LLZTO|Au, 30 to 80 degC, heating and cooling, EC-Lab text (.mpt)
cells/    symmetric cells at 25 degC, five pellets each: Li as Gamry text (.DTA),
          Li-10KCO as ZPlot text (.z). Pellets scatter: {asr:.0f} % in the interface
          resistance, {sigma:.0f} % in the conductivity (chosen here).
          li-10kco_drift.csv    the interface arc grows by {drift:.0f} % during the sweep
          li-10kco_outlier.csv  one point near {where:.0f} Hz is off by {outlier:.0f} % of |Z|

study.toml names the samples, their geometry and the file of each measurement; interface.toml
describes patchy contacts to simulate. Try

    garnetlab report study.toml
    garnetlab analyse cells/li_1.DTA --area "0.785 cm^2" --electrodes symmetric
    garnetlab simulate interface interface.toml

and compare with truth.json. The last two files should be flagged.
"""


#: the charge transfer resistance is chosen so that kinetics and constriction both matter
_SLAB = {
    "period": "100 um",
    "thickness": "0.1 mm",
    "electrolyte": "LLZTO",
    "temperature": "25 degC",
    "charge_transfer_resistance": "0.5 ohm cm^2",
}
_INTERFACES = {
    "schema": "garnetlab/1",
    "title": "Example: lithium on LLZTO, everywhere and in patches",
    "interfaces": {
        "full": {**_SLAB, "contact": {"full": True}},
        "patches": {
            **_SLAB,
            "contact": {"random": {"fraction": "20 %", "correlation_length": "5 um", "seed": 1}},
            "pixels": 128,
            "impedance": {"area": "0.785 cm^2", "low": "1 Hz", "double_layer_capacitance": "5 uF/cm^2"},
        },
    },
}


@dataclass(frozen=True, slots=True)
class _File:
    """One file of the folder: what is written and what the document and the truth say of it."""

    path: str
    spectrum: Measurement
    write: Callable[[Measurement, Path], object]
    entry: dict[str, str]
    truth: dict[str, float | str]


def _write_mpt(measurement: Measurement, path: Path) -> None:
    write_mpt([measurement], path)


def _write_kiloohm(measurement: Measurement, path: Path) -> None:
    """Write a table as other programs do: kiloohm, the sign of Z'' kept, semicolons."""
    f, z = measurement[Channel.FREQUENCY], measurement[Channel.IMPEDANCE] / 1e3
    rows = [f"{a:.6e};{b.real:.6e};{b.imag:.6e}" for a, b in zip(f, z, strict=True)]
    _text(path, "\n".join(["freq/Hz;Z'/kOhm;Z''/kOhm", *rows]) + "\n")


def write_example(folder: str | Path, *, seed: int = 0) -> list[Path]:
    """Write a folder of simulated raw files with a ``study.toml``, and return the paths of all files.

    It holds a blocking LLZTO pellet at six temperatures on heating and on cooling, five symmetric cells each of Li and of
    Li-10KCO, a spectrum that drifts, one with a bad point, ``truth.json`` with the values behind them, ``study.toml`` with
    the register of samples, ``interface.toml`` with two contacts to simulate, and ``README.txt``. The folder appears whole
    or not at all; the same seed gives the same bytes.

    Parameters
    ----------
    folder: The folder to make. It may exist if it is empty.
    seed:   Seed of pellets and noise.

    Raises
    ------
    InvalidInput  if the folder exists and is not empty, is a file, or cannot be written, or the seed is negative.
    """
    target = Path(folder)
    if seed < 0:
        message = f"seed = {seed}: expected a whole number of at least 0."
        raise InvalidInput(message)
    _check_target(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as temporary:
            inside = Path(temporary) / "example"
            written = _fill(inside, seed)
            _place(inside, target)
    except OSError as error:
        message = f"folder = {str(target)!r}: {error.strerror or error}. Choose a folder you may write into."
        raise InvalidInput(message) from None
    return [target / path for path in written]


def _check_target(target: Path) -> None:
    if target.exists() and not target.is_dir():
        message = f"folder = {str(target)!r}: is a file, expected a new folder. Choose another name."
        raise InvalidInput(message)
    if target.is_dir() and any(target.iterdir()):
        count = sum(1 for _ in target.iterdir())
        message = (
            f"folder = {str(target)!r}: holds {count} entries, expected a new or empty folder. Choose another name."
        )
        raise InvalidInput(message)


def _place(inside: Path, target: Path) -> None:
    inside.chmod(0o755)
    if target.is_dir():
        for entry in inside.iterdir():  # an empty folder may be the current one of a shell: keep it
            shutil.move(entry, target / entry.name)
    else:
        inside.rename(target)


def _fill(folder: Path, seed: int) -> list[Path]:
    """Write all files below ``folder`` and return their paths relative to it."""
    paper, rng = Paper(load_observations()), np.random.default_rng(seed)
    samples, files = _pellet_files(paper, rng)
    for part in (_replicates(paper, rng, "li", "0"), _replicates(paper, rng, "li-10kco", "10"), _faulty(paper, rng)):
        samples |= part[0]
        files += part[1]
    for name in ("pellet", "cells"):
        (folder / name).mkdir(parents=True)
    for file in files:
        file.write(file.spectrum, folder / file.path)
    _write_texts(folder, seed, samples, files)
    return sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())


def _write_texts(folder: Path, seed: int, samples: dict[str, dict[str, str]], files: list[_File]) -> None:
    document = {
        "schema": "garnetlab/1",
        "title": "Example: simulated LLZTO pellet and symmetric cells",
        "recipes": {
            "li": {"melt_temperature": "350 degC", "atmosphere": "Ar"},
            "li-10kco": {
                "additive": "K2CO3",
                "mass_fraction": "10 %",
                "melt_temperature": "350 degC",
                "atmosphere": "Ar",
            },
        },
        "samples": samples,
        "measurements": [{"path": f.path, **f.entry} for f in files],
    }
    save_document(parse_document(document), folder / "study.toml")
    save_document(parse_document(_INTERFACES), folder / "interface.toml")
    truth = {"schema": "garnetlab/1", "simulated": True, "seed": seed, "noise": specimens.NOISE_SAID,
             "files": {f.path: f.truth for f in files}}  # fmt: skip
    _text(folder / "truth.json", json.dumps(truth, allow_nan=False, indent=1) + "\n")
    readme = _README.format(
        seed=seed,
        noise=specimens.NOISE_SAID,
        asr=100 * ASR_SCATTER,
        sigma=100 * SIGMA_SCATTER,
        drift=100 * DRIFT,
        outlier=100 * OUTLIER,
        where=OUTLIER_FREQUENCY,
    )
    _text(folder / "README.txt", readme)


def _text(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


# the specimens -------------------------------------------------------------------------------------------------------
def _pellet(paper: Paper, *, gain: float = 1.0, thickness: float | None = None) -> specimens.Pellet:
    return specimens.Pellet(
        conductivity=paper.si("llzto.sigma.ion") * gain,
        energy=paper.si("llzto.sigma.Ea"),
        reference=paper.temperature("llzto.sigma.ion"),
        area=numbers.face(paper),
        thickness=paper.si("llzto.pellet.thickness") if thickness is None else thickness,
    )


def _interface(paper: Paper, wt: str, *, gain: float = 1.0) -> specimens.Interface:
    energy = "int.Ea.li" if wt == "0" else "int.Ea.10kco"
    return specimens.Interface(paper.si(f"asr.{wt}") * gain, paper.si(energy), paper.temperature(f"asr.{wt}"))


def _sample(pellet: specimens.Pellet, electrodes: str, **more: str) -> dict[str, str]:
    return {
        "pellet": "simulated",
        "electrodes": electrodes,
        "diameter": "10 mm",
        "thickness": units.format_value(pellet.thickness, "mm", digits=5),
        **more,
        "note": "simulated, see truth.json",
    }


def _notes(**more: float | str) -> dict[str, float | str]:
    return {"started": _STARTED, "instrument": "simulated", "comment": "simulated spectrum", **more}


def _pellet_files(paper: Paper, rng: np.random.Generator) -> tuple[dict[str, dict[str, str]], list[_File]]:
    files = []
    for branch, celsius in (("heating", _CELSIUS), ("cooling", tuple(reversed(_CELSIUS)))):
        pellet = _pellet(paper, gain=COOLING_GAIN if branch == "cooling" else 1.0)
        for t in celsius:
            kelvin = units.celsius(t)
            spectrum = specimens.blocking(pellet, temperature=kelvin, rng=rng, metadata=_notes())
            truth: dict[str, float | str] = {
                "electrolyte_resistance_ohm": pellet.resistance(kelvin),
                "ionic_conductivity_S_per_cm": pellet.thickness / pellet.area / pellet.resistance(kelvin) / units.S_cm,
                "activation_energy_total_eV": pellet.energy / units.eV,
            }
            entry = {"sample": "llzto", "temperature": f"{t:g} degC", "branch": branch}
            files.append(_File(f"pellet/llzto_{branch}_{t:g}degC.mpt", spectrum, _write_mpt, entry, truth))
    return {"llzto": _sample(_pellet(paper), "blocking", series="llzto")}, files


def _replicates(
    paper: Paper, rng: np.random.Generator, name: str, wt: str
) -> tuple[dict[str, dict[str, str]], list[_File]]:
    samples, files = {}, []
    write, suffix = (write_dta, "DTA") if wt == "0" else (write_z, "z")
    for k in range(1, REPLICATES + 1):
        thickness = units.mm * round(1.0 + 0.02 * rng.standard_normal(), 3)
        pellet = _pellet(paper, gain=_scatter(rng, SIGMA_SCATTER), thickness=thickness)
        interface = _interface(paper, wt, gain=_scatter(rng, ASR_SCATTER))
        spectrum = _cell(pellet, interface, rng)
        sample = f"{name}_{k}"
        samples[sample] = _sample(pellet, "symmetric", series=name, anode=name, temperature="25 degC")
        truth = _cell_truth(pellet, interface)
        files.append(_File(f"cells/{sample}.{suffix}", spectrum, write, {"sample": sample}, truth))
    return samples, files


def _scatter(rng: np.random.Generator, share: float) -> float:
    return float(np.exp(share * rng.standard_normal()))


def _cell(
    pellet: specimens.Pellet, interface: specimens.Interface, rng: np.random.Generator, *, growth: float = 0.0
) -> Measurement:
    temperature = interface.reference
    return specimens.symmetric(pellet, interface, temperature=temperature, rng=rng, growth=growth, metadata=_notes())


def _cell_truth(pellet: specimens.Pellet, interface: specimens.Interface) -> dict[str, float | str]:
    return {
        "electrolyte_resistance_ohm": pellet.resistance(interface.reference),
        "interface_arc_resistance_ohm": 2.0 * interface.resistance / pellet.area,
        "interface_resistance_ohm_cm2": interface.resistance / units.ohm_cm2,
    }


def _faulty(paper: Paper, rng: np.random.Generator) -> tuple[dict[str, dict[str, str]], list[_File]]:
    """Return a drifting spectrum and one with a bad point, in units and signs of their own."""
    pellet, interface = _pellet(paper), _interface(paper, "10")
    samples, files = {}, []
    for fault, write, spectrum, said in (
        (
            "drift",
            _write_kiloohm,
            _cell(pellet, interface, rng, growth=DRIFT),
            f"interface arc grows by {DRIFT:.0%} during the sweep",
        ),
        ("outlier", write_csv, _displaced(_cell(pellet, interface, rng)), f"one point is off by {OUTLIER:.0%} of |Z|"),
    ):
        sample = f"li-10kco_{fault}"
        samples[sample] = _sample(pellet, "symmetric", series=sample, anode="li-10kco", temperature="25 degC")
        truth = {**_cell_truth(pellet, interface), "fault": said}
        files.append(_File(f"cells/{sample}.csv", spectrum, write, {"sample": sample}, truth))
    return samples, files


def _displaced(measurement: Measurement) -> Measurement:
    impedance = measurement[Channel.IMPEDANCE].copy()
    bad = int(np.argmin(np.abs(np.log(measurement[Channel.FREQUENCY] / OUTLIER_FREQUENCY))))
    impedance[bad] += OUTLIER * abs(impedance[bad])
    return replace(measurement, channels={**measurement.channels, Channel.IMPEDANCE: impedance})
