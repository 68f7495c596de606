"""Figures of full cells: charge and discharge told apart, uncertainties drawn and beside, labels on one line."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from garnetlab.analyse import analyse_full_cell
from garnetlab.core import Channel, Kind, Measurement, SimulationSource
from garnetlab.report import _full_cell_figures as figures


@pytest.fixture(scope="module")
def result():
    """Return three cycles of an hour to either side at 1 mA, recorded every 20 s, after a rest."""
    current = np.concatenate([np.zeros(30), np.tile(np.repeat([1e-3, 0.0, -1e-3, 0.0], [180, 30, 178, 30]), 3)])
    time = 20.0 * np.arange(len(current))
    state = np.cumsum(current * 20.0) / 3.6
    voltage = 3.6 + 0.3 * state + 40.0 * current
    channels = {Channel.TIME: time, Channel.VOLTAGE: voltage, Channel.CURRENT: current}
    return analyse_full_cell(Measurement(Kind.CYCLING, channels, SimulationSource("", 0, "cell"), {}))


def test_charge_is_solid_and_discharge_dashed_and_the_legend_says_so(result, drawn, tmp_path):
    figures.profiles_figure([result], ["cell"], tmp_path, "profiles", "cell")
    (figure,) = drawn
    left = figure.axes[0]
    styles = [line.get_linestyle() for line in left.lines if len(line.get_xdata())]
    assert styles == ["-", "--"] * 3
    words = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert words == ["cycle 1", "cycle 2", "cycle 3", "charge", "discharge"]


def test_capacities_and_efficiencies_have_bars_of_their_uncertainty(result, drawn, tmp_path):
    saved = figures.capacity_figure([result], ["cell"], tmp_path, "cycles", "cell")
    (figure,) = drawn
    for axes in figure.axes:
        (bars,) = axes.containers
        assert bars.has_yerr
        assert "\n" not in axes.get_ylabel()
    with next(p for p in saved.files if p.suffix == ".csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    std = float(row["std of coulombic efficiency cell/%"])
    assert std == pytest.approx(100.0 * result.curves["coulombic_efficiency_std"][0])
