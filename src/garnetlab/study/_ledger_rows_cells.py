"""Rows of the living cell: critical currents, lives, voltages and what is left of contact, from the calibrated model."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.analyse import CellEvents
from garnetlab.core import Channel, InvalidInput, Outcome
from garnetlab.physics.electrode_potential import open_circuit_voltage
from garnetlab.simulate import CellTest
from garnetlab.study._audit_checks_numbers import Paper
from garnetlab.study._calibration_observations import CALIBRATED, paper_observations
from garnetlab.study._calibration_prediction import Prediction, predict
from garnetlab.study._calibration_stored import calibrated_interface
from garnetlab.study._ledger_rows import Computed, Status
from garnetlab.study._paper_files import analysed_files, sentence
from garnetlab.study._paper_tests import HALF, PaperTests, overpotentials, run_paper_tests

__all__ = ["cell_rows", "living_cells"]

_HORIZON = 1e6  # h
_SIGMAS = 2.0 * 1.6448536269514722  # standard deviations between 5 and 95 % of a normal distribution

#: a resistance that doubles counts as a huge polarisation, an overpotential within a tenth as returned
_HUGE, _RETURNS = 2.0, 0.1

Tests = PaperTests


def living_cells(
    paper: Paper, *, seed: int, progress: Callable[[int, int], None] | None = None
) -> tuple[dict[str, Computed], PaperTests]:
    """Return the rows of the calibrated model and the tests of its median cell by id.

    Predictive distributions are drawn from the posterior in the library and over cells; the same seed gives the same numbers.
    """
    known = calibrated_interface()
    observations = paper_observations()
    predictions = predict(known.variant, known.draws, list(observations.values()), seed=seed)
    tests = run_paper_tests(paper, seed=seed, progress=progress)
    with tempfile.TemporaryDirectory(prefix="garnetlab-cells-") as folder:
        files = analysed_files(tests, Path(folder))
    said = (
        f"{known.variant.title}, calibrated on {', '.join(CALIBRATED)} (the rule that chose this variant was fixed after scores"
        " of the held-out rows had been seen)"
    )
    rows = cell_rows(paper, tests, predictions, said)
    rows = {key: replace(row, note=row.note + sentence(key, files, tests)) for key, row in rows.items()}
    rows["v.10.0.8.60C"] = _hot_voltage(files["life.10.0.8.60C"][0], said)
    return rows, tests


def cell_rows(paper: Paper, tests: Tests, predictions: Mapping[str, Prediction], model: str) -> dict[str, Computed]:
    """Return the rows of critical currents, lives, voltages and findings by id.

    Parameters
    ----------
    paper:       The observations.
    tests:       The tests of the median cell.
    predictions: Predictive distributions over the posterior and over cells.
    model:       What was calibrated, for the route.
    """
    rows = {key: _ladder(key, found, model) for key, found in predictions.items() if key.startswith("ccd.")}
    rows |= {key: _life(paper, key, found, model) for key, found in predictions.items() if key.startswith("life.")}
    rows["life.0.0.8.60C.onset"] = _onset(rows["life.0.0.8.60C"])
    rows |= {key: make(tests, model) for key, make in _FINDINGS.items()}
    rows["potential.asym"] = _potential()
    return rows


def _status(key: str) -> Status:
    derived = key == "ccd.0.60C"  # printed as a third of ccd.10.60C
    return Status.CALIBRATED if key in CALIBRATED or derived else Status.PREDICTED


def _ladder(key: str, found: Prediction, model: str) -> Computed:
    """Return a critical current as last survived step: one step below the first failed one."""
    step = 0.1
    low, middle, high = (round(q / units.mA_cm2 - step, 6) for q in found.quantiles)
    note = f"Probability of the reported event {found.probability:.2f} (first failed step, both readings of the table)."
    if key == "ccd.0.60C":
        note += " Its reported value is a third of ccd.10.60C, which was calibrated; it is held out of the calibration."
    return Computed(
        _status(key),
        middle,
        max(high - low, step) / _SIGMAS,
        (low, high),
        f"Last survived step of a ladder of 0.1 mA/cm^2 with half cycles of 30 min; {model}; interval 90 %.",
        note,
        scale="ladder",
        step=step,
    )


def _life(paper: Paper, key: str, found: Prediction, model: str) -> Computed:
    low, middle, high = (min(q / 3600.0, _HORIZON) for q in found.quantiles)
    spread = math.log(max(high / low, 1.0)) / _SIGMAS if low > 0.0 else math.inf
    ends = f"{100 * found.lost:.0f} % of the cells end by lost contact, the others by a short."
    beyond = (
        f" {100 * found.beyond:.0f} % outlive a million hours, the horizon of the simulation." if found.beyond else ""
    )
    censored = " The cell had not failed." if paper[key].kind == "censored" else ""
    if paper[key].low is not None and paper[key].high is not None:
        censored = f" Reported as the interval {paper[key].low:g} to {paper[key].high:g} h."
    return Computed(
        _status(key),
        middle,
        middle * spread if spread < math.inf else None,
        (low, high),
        f"Median life; {model}; half cycles of 30 min, and 15 or 60 where the paper states none; interval 90 %.",
        f"Probability of the reported event {found.probability:.2f}.{censored} {ends}{beyond}",
        scale="log",
    )


def _onset(life: Computed) -> Computed:
    return Computed(
        Status.PREDICTED,
        life.value,
        life.std,
        life.interval,
        "The model's short begins soft when the damage is complete: the life of life.0.0.8.60C.",
        "How the short hardens afterwards is assumed, so only its begin is compared.",
        scale="log",
    )


def _test(tests: Tests, key: str) -> CellTest:
    return tests[key][1]


def _growth(tests: Tests, key: str) -> tuple[float, float]:
    """Return how the voltage and the contact of a test at its end compare with its start."""
    test = _test(tests, key)
    voltage = overpotentials(test)
    contact = np.minimum(test.result.curves["contact_fraction_left"], test.result.curves["contact_fraction_right"])
    return float(voltage[-1] / voltage[0]), float(contact[-1] / contact[0])


def _verdict(agrees: bool) -> str:
    """Return the sentence that says where the model contradicts a finding."""
    return "" if agrees else " The model does not reproduce it."


def _trend(tests: Tests, model: str) -> Computed:
    voltage = overpotentials(_test(tests, "life.10.0.2"))[20:]
    spread = float(np.ptp(voltage) / np.median(voltage))
    return Computed(
        Status.CALIBRATED, 100.0 * spread, None, None,
        f"Range of the overpotential at the ends of half cycles from 10 to 4500 h over its median; {model}.",
        "Of the same curve as life.10.0.2, which was calibrated."
        " The paper sees slight fluctuations and no polarisation; the model has no cause of fluctuations.", "%",
    )  # fmt: skip


def _shape(tests: Tests, model: str) -> Computed:
    voltage = overpotentials(_test(tests, "life.10.0.8.60C"))
    at = [voltage[round(h * 3600.0 / HALF) - 1] for h in (800.0, 1600.0, 2400.0)]
    return Computed(
        Status.PREDICTED, 100.0 * float((max(at) - min(at)) / at[0]), None, None,
        f"Largest difference of the overpotential between 800, 1600 and 2400 h over the first; {model}.",
        "The paper finds the shape of the voltage unchanged.", "%",
    )  # fmt: skip


def _polarisation(tests: Tests, model: str) -> Computed:
    test = _test(tests, "ccd.0")
    voltage, current = overpotentials(test), _currents(test)
    growth = float((voltage[-1] / current[len(voltage) - 1]) / (voltage[0] / current[0]))
    return Computed(
        Status.CALIBRATED, growth, None, None,
        f"Resistance of the cell in the last half cycle before the short over that in the first; {model}.",
        "Of the same curve as ccd.0, which was calibrated. The paper finds a huge polarisation voltage before the short."
        + _verdict(growth > _HUGE), "1",
    )  # fmt: skip


def _currents(test: CellTest) -> NDArray[np.float64]:
    curves, record = test.result.curves, test.record
    if record is None:
        return np.zeros(0)
    at = np.searchsorted(record[Channel.TIME], curves["half_cycle_time"])
    found: NDArray[np.float64] = np.abs(record[Channel.CURRENT][np.minimum(at, len(record) - 1)])
    return found


def _aged_impedance(tests: Tests, model: str) -> Computed:
    before, after = _test(tests, "life.10.0.2").spectra
    low = [float(s[Channel.IMPEDANCE][-1].real) for s in (before, after)]
    return Computed(
        Status.PREDICTED, 100.0 * (low[1] / low[0] - 1.0), 100.0 * math.sqrt(2.0) * 3e-3, None,
        f"Change of the resistance at 0.01 Hz over 4500 h at 0.2 mA/cm^2; {model}; the std is that of the noise.",
        "The paper finds a slight change.", "%",
    )  # fmt: skip


def _contact_after(key: str, finding: str, *, good: bool) -> Callable[[Tests, str], Computed]:
    def row(tests: Tests, model: str) -> Computed:
        _, contact = _growth(tests, key)
        return Computed(
            Status.PREDICTED, contact, None, None,
            f"Contact fraction of the worse face at the end of {key} over that at its start; {model}.",
            f"The paper finds {finding}; a micrograph gives no contact fraction." + _verdict((contact > 0.5) == good), "1",
        )  # fmt: skip

    return row


def _abuse(tests: Tests, model: str) -> Computed:
    test = _test(tests, "abuse.sym")
    voltage = overpotentials(test)
    ratio = float(np.mean(voltage[-4:]) / np.mean(voltage[2:10]))
    how = test.result.details
    way = "lithium used up" if how["limits_by_lost_lithium"] else "contact lost"
    shorted = " It shorts." if test.result.outcome is Outcome.SHORT_CIRCUIT else ""
    return Computed(
        Status.PREDICTED, ratio, None, None,
        f"Overpotential of the cycles after overcharge and over-discharge over that before; {model}.",
        f"The voltage reaches 2 V by {way} (100 um of lithium assumed, the paper gives none).{shorted}"
        " The paper finds that it returns to its initial value." + _verdict(abs(ratio - 1.0) < _RETURNS)
        + " See the check overcharge of the audit.", "1",
    )  # fmt: skip


def _hot_voltage(events: CellEvents, model: str) -> Computed:
    """Return the overpotential of the half cycles that the analysis finds in the file of the simulated test."""
    if events.cycles is None:
        message = "events = without half cycles: expected those of cell_events."
        raise InvalidInput(message)
    value = 1e3 * float(np.median(events.cycles.overpotential_plateau))
    return Computed(
        Status.PREDICTED, value, 0.05 * value, None,
        f"Median plateau of the half cycles in the simulated file, read and analysed; {model}; the std is that of the thickness"
        " of about 1 mm.",
        "See the check overpotential.60C of the audit: 74 mV would fit if it were counted from peak to peak.",
    )  # fmt: skip


def _potential() -> Computed:
    """Return the rest voltage of Li|LLZTO|Li-10KCO from the activity of lithium that holds no dissolved potassium."""
    kelvin = units.celsius(25.0)
    most = 1.0 - 5.66 / 39.098 / (86.9 / 6.94 + 5.66 / 39.098)  # all potassium of Li-10KCO dissolved
    bound = abs(float(open_circuit_voltage(1.0, right_activity=most, temperature=kelvin)))
    return Computed(
        Status.PREDICTED, 0.0, bound / math.sqrt(3.0), (0.0, bound),
        "E = (R T/F) ln a of lithium in the metal: potassium and lithium form no solid solution (Bale 1989), so a = 1;"
        " the interval goes to an ideal solution of all the potassium.",
        "The paper finds no significant shift.",
    )  # fmt: skip


_FINDINGS: dict[str, Callable[[Tests, str], Computed]] = {
    "v.trend.10.0.2": _trend,
    "v.insets.10.0.8.60C": _shape,
    "ccd.0.polarisation": _polarisation,
    "eis.after.10": _aged_impedance,
    "sem.after.0": _contact_after("life.0.0.2", "a huge gap", good=False),
    "sem.after.10": _contact_after("life.10.0.2", "good contact", good=True),
    "abuse.sym": _abuse,
}
