"""The paper's tests of lithium cells, run on the virtual cell with its calibrated numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.core import Procedure
from garnetlab.core._protocols import ccd_ladder, galvanostatic_cycling, with_impedance
from garnetlab.core._steps import ImpedanceStep
from garnetlab.simulate import CellTest, simulate_cell
from garnetlab.simulate._cell_model import symmetric_cell
from garnetlab.study._audit_checks_numbers import Paper
from garnetlab.study._paper_faces import paper_face

__all__ = ["PaperTest", "PaperTests", "overpotentials", "run_paper_tests", "tests_of_the_paper"]

HALF = 1800.0
_HOUR = 3600.0
_STEP = 0.1 * units.mA_cm2
_BEYOND = 1.5  # a ladder is driven this far beyond the reported current, a life this far beyond the reported time
_LONGEST_FACTOR = 3.0
_PERIOD = 150.0  # s, between two records of a long test
_NOISE = 1e-4  # V, of the recorded voltage
_SWEEP = ImpedanceStep(1e6, 1e-2, 0.010, 10)
#: lithium of one electrode: 100 um of metal, since the paper gives no amount [C/m^2]
LITHIUM = 100e-6 / 12.97e-6 * units.F


@dataclass(frozen=True, slots=True)
class PaperTest:
    """One test: the observation it stands for, its figure in the paper, what is done, and with which anode.

    Parameters
    ----------
    id:          Of the observation.
    figure:      Of the paper.
    title:       For a figure of ours.
    anode:       wt% K2CO3.
    temperature: [K].
    procedure:   Steps.
    after_short: How long it goes on after a short [s].
    """

    id: str
    figure: str
    title: str
    anode: float
    temperature: float
    procedure: Procedure
    after_short: float = 0.0


#: a test and what the virtual cell gave, by the id of the observation
PaperTests = Mapping[str, tuple[PaperTest, CellTest]]


def tests_of_the_paper(paper: Paper) -> tuple[PaperTest, ...]:
    """Return the ladders, the long tests and the overcharge of the paper, in the order of its figures."""
    found = [_ladder(paper, key, figure) for key, figure in _LADDERS.items()]
    found += [_life(paper, key, figure) for key, figure in _LIVES.items()]
    return (*found, _abuse())


_LADDERS = {
    "ccd.10": "3b", "ccd.10.60C": "3c", "ccd.0": "S10a", "ccd.0.60C": "S10b", "ccd.1": "S11", "ccd.5": "S11",
    "ccd.15": "S11", "ccd.20": "S11",
}  # fmt: skip
_LIVES = {
    "life.10.0.2": "3d", "life.10.0.8.60C": "3e", "life.0.0.2": "S13a", "life.0.0.8.60C": "S13b", "life.0.0.4": "S16a",
    "life.10.0.4": "S16b", "life.0.0.1.-10C": "S16c", "life.10.0.1.-10C": "S16d",
}  # fmt: skip


def anode_of(key: str) -> float:
    """Return the weight per cent of K2CO3 in the id of an observation such as ``"ccd.10.60C"``."""
    return float(key.split(".")[1])


def name_of(anode: float) -> str:
    """Return the anode as the paper writes it."""
    return "Li" if anode == 0.0 else f"Li-{anode:g}KCO"


def _celsius(kelvin: float) -> str:
    return f"{kelvin - units.ZERO_CELSIUS:.0f} °C".replace("-", "−")


def _ladder(paper: Paper, key: str, figure: str) -> PaperTest:
    anode, kelvin = anode_of(key), paper.temperature(key)
    stop = math.ceil(paper.si(key) * _BEYOND / _STEP) * _STEP
    title = f"Current ladder of {name_of(anode)}|LLZTO|{name_of(anode)} at {_celsius(kelvin)}"
    procedure = ccd_ladder(start=_STEP, step=_STEP, stop=stop, half_cycle_time=HALF)
    return PaperTest(key, figure, title, anode, kelvin, procedure, HALF)


def _life(paper: Paper, key: str, figure: str) -> PaperTest:
    anode, kelvin = anode_of(key), paper.temperature(key)
    current = paper.condition(key, "mA/cm^2")
    censored = paper[key].kind == "censored"
    duration = paper.si(key) * (1.0 if censored else _LONGEST_FACTOR)
    title = (
        f"{name_of(anode)}|LLZTO|{name_of(anode)} at {current / units.mA_cm2:g} mA cm⁻² and {_celsius(kelvin)},"
        f" half cycles of {HALF / 60:.0f} min"
    )
    procedure = galvanostatic_cycling(current, half_cycle_time=HALF, duration=duration)
    if key == "life.10.0.2":
        procedure = with_impedance(procedure, _SWEEP)
    return PaperTest(key, figure, title, anode, kelvin, procedure, 0.0 if censored else min(0.2 * duration, 20 * _HOUR))


def _abuse() -> PaperTest:
    cycles = (
        "Plate at 0.1 mA/cm2 for 30 minutes",
        "Strip at 0.1 mA/cm2 for 30 minutes",
        "Repeat the last 2 steps 5 times",
    )
    over = ("Plate at 0.1 mA/cm2 until 2 V", "Strip at 0.1 mA/cm2 until -2 V")
    procedure = Procedure(steps=(*cycles, *over, *cycles))
    title = "Li-10KCO|LLZTO|Li-10KCO: overcharge to 2.0 V, over-discharge to −2.0 V at 0.1 mA cm⁻²"
    return PaperTest("abuse.sym", "S17b", title, 10.0, units.celsius(25.0), procedure)


def run_paper_tests(paper: Paper, *, seed: int, progress: Callable[[int, int], None] | None = None) -> PaperTests:
    """Return every test of the paper as the calibrated median cell would run it, by the id of its observation.

    The pellet is that of the paper (10 mm, 1 mm), twelve records in each half cycle of 30 min.
    """
    area = math.pi / 4.0 * paper.si("llzto.pellet.diameter") ** 2
    thickness = paper.si("llzto.pellet.thickness")
    done: dict[str, tuple[PaperTest, CellTest]] = {}
    tests = tests_of_the_paper(paper)
    for k, test in enumerate(tests):
        face = paper_face(test.anode)
        if test.id == "abuse.sym":
            face = replace(face, lithium=LITHIUM)
        cell = symmetric_cell(face, area=area, thickness=thickness, name=f"{name_of(test.anode)} {test.figure}")
        found = simulate_cell(
            cell,
            test.procedure,
            temperature=test.temperature,
            rng=np.random.default_rng([seed, k]),
            voltage_noise=_NOISE,
            after_short=test.after_short,
            period=_PERIOD if test.id.startswith("life.") else None,
        )
        done[test.id] = (test, found)
        if progress is not None:
            progress(k + 1, len(tests))
    return done


def overpotentials(test: CellTest) -> NDArray[np.float64]:
    """Return the size of the voltage at the end of every half cycle before a failure [V]."""
    curves = test.result.curves
    voltage = np.abs(curves["half_cycle_overpotential"])
    end = test.result.quantities.get("time_to_failure")
    if end is not None:
        voltage = voltage[curves["half_cycle_time"] < end.value]
    return np.asarray(voltage, dtype=np.float64)
