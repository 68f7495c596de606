"""Figures of cell tests: no extreme is lost, data beside them, units of the field, failures marked, nothing outside."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garnetlab import units
from garnetlab.analyse import analyse_tafel
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, Result, SimulationSource
from garnetlab.report import _cell_test_figures as figures

AREA = 0.785e-4
HOUR = 3600.0


def cycled(hours: float, *, half: float = 1800.0, period: float = 60.0, short: float | None = None) -> Measurement:
    """Return a symmetric cell of 250 ohm cm2 at 0.2 mA/cm2 whose voltage falls to a tenth where it shorts."""
    time = np.arange(0.0, hours * HOUR + 1.0, period)
    density = np.where(time // half % 2 == 0, 2.0, -2.0)
    voltage = 0.025 * density * np.where(time > (np.inf if short is None else short), 0.1, 1.0)
    channels = {Channel.TIME: time, Channel.VOLTAGE: voltage, Channel.CURRENT: density * AREA}
    return Measurement(Kind.CYCLING, channels, SimulationSource("", 0, "ohmic"), {"area": AREA})


def result(curves: dict | None = None, *, failed: float | None = None, **quantities: units.Quantity) -> Result:
    details = {} if failed is None else {"failure": "short circuit"}
    known = {} if failed is None else {"time_to_failure": units.Quantity(failed, None, "h")}
    return Result("cycling", {**known, **quantities}, curves=curves or {}, details=details)


def columns(path: Path) -> dict[str, np.ndarray]:
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return {name: np.array([float(r[name]) for r in rows if r[name]]) for name in rows[0]}


def inside(figure) -> bool:
    """Whether everything drawn lies on the figure, within half a point."""
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    room = 0.5 / 72
    return box.x0 >= -room and box.y0 >= -room and box.x1 <= width + room and box.y1 <= height + room


def words(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@given(st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=400), st.integers(1, 40))
def test_a_thinned_curve_keeps_its_ends_its_extremes_and_its_order(values, pieces):
    curve = np.array(values)
    places = figures.thinned(curve, pieces=pieces)
    assert (np.diff(places) > 0).all()
    assert (places[0], places[-1]) == (0, len(curve) - 1)
    assert curve[places].max() == curve.max()
    assert curve[places].min() == curve.min()
    assert len(places) <= max(2 * pieces + 2, 1)


def test_a_single_spike_of_a_long_test_is_drawn(tmp_path):
    m = cycled(200.0, period=10.0)
    voltage = m[Channel.VOLTAGE].copy()
    voltage[31_337] = 4.9
    spiked = Measurement(m.kind, {**m.channels, Channel.VOLTAGE: voltage}, m.source, m.metadata)
    saved = figures.voltage_figure(spiked, tmp_path, "v", "cell")
    assert columns(tmp_path / "v.csv")["voltage/V"].max() == 4.9
    assert "of 72001 points are shown" in saved.caption


def test_a_long_test_has_three_parts_enlarged_the_last_around_the_failure(tmp_path, drawn):
    saved = figures.voltage_figure(
        cycled(100.0, short=90 * HOUR), tmp_path, "v", "Li|LLZTO|Li", result=result(failed=90 * HOUR)
    )
    whole, *parts = drawn[0].axes
    assert len(parts) == 3
    low, high = parts[2].get_xlim()
    assert low < 90.0 < high
    assert high - low == pytest.approx(figures.SHOWN_HALF_CYCLES * 0.5)  # half cycles of half an hour
    assert whole.get_xlabel() == "time / h"
    assert whole.get_ylabel() == "voltage / mV"
    assert "short circuit" in words(drawn[0])
    assert "a 0–5 h" in saved.caption
    assert inside(drawn[0])


def test_the_parts_of_the_paper_can_be_asked_for(tmp_path, drawn):
    hours = ((7.0, 8.0), (15.0, 16.0), (23.0, 24.0))
    figures.voltage_figure(cycled(25.0), tmp_path, "v", "cell", windows=[(a * HOUR, b * HOUR) for a, b in hours])
    limits = [tuple(axes.get_xlim()) for axes in drawn[0].axes[1:]]
    minutes = [(60 * a, 60 * b) for a, b in hours]  # an hour is shown in minutes
    assert limits == [pytest.approx(pair) for pair in minutes]


def test_a_short_test_is_shown_whole(tmp_path, drawn):
    saved = figures.voltage_figure(cycled(4.0), tmp_path, "v", "cell")
    assert len(drawn[0].axes) == 1
    assert "points are shown" not in saved.caption
    assert len(columns(tmp_path / "v.csv")["time/s"]) == 241


def ladder() -> Measurement:
    time = np.arange(0.0, 5 * HOUR, 20.0)
    density = (time // HOUR + 1.0) * np.where(time // 1800 % 2 == 0, 1.0, -1.0)
    channels = {Channel.TIME: time, Channel.VOLTAGE: 0.03 * density, Channel.CURRENT: density * AREA}
    return Measurement(Kind.CYCLING, channels, SimulationSource("", 0, "ohmic"), {"area": AREA})


def test_a_ladder_shows_its_steps_in_field_units_and_where_it_failed(tmp_path, drawn):
    saved = figures.ladder_figure(ladder(), tmp_path, "l", "cell", result=result(failed=4.6 * HOUR))
    upper, lower = drawn[0].axes
    assert upper.get_ylabel() == "voltage / mV"
    assert "mA/cm²" in lower.get_ylabel()
    assert [w for w in words(drawn[0]) if w[0].isdigit()] == ["0.1", "0.2", "0.3", "0.4", "0.5"]
    assert words(drawn[0]).count("short circuit") == 1
    assert "Short circuit after 4.6 h." in saved.caption
    assert inside(drawn[0])


def test_a_ladder_without_an_area_is_refused(tmp_path):
    m = ladder()
    with pytest.raises(InvalidInput, match="area = None: expected the electrode area"):
        figures.ladder_figure(Measurement(m.kind, m.channels, m.source), tmp_path, "l", "cell")


@pytest.mark.parametrize("points", [200, 20_000])
def test_contact_of_both_faces_is_drawn_and_its_extremes_are_in_the_data(points, tmp_path, drawn):
    time = np.linspace(0.0, 900 * HOUR, points)
    left, right = 0.2 - 0.1 * time / time[-1] + 0.01 * np.sin(time), 0.2 - 0.05 * time / time[-1]
    curves = {"time": time, "contact_fraction_left": left, "contact_fraction_right": right}
    figures.contact_figure(result(curves, failed=900 * HOUR), tmp_path, "c", "cell")
    data = columns(tmp_path / "c.csv")
    assert data["contact_fraction_left/1"].min() == left.min()
    assert data["contact_fraction_right/1"].max() == right.max()
    axes = drawn[0].axes[0]
    assert axes.get_ylim()[0] == 0.0
    assert len(axes.get_legend().get_texts()) == 2
    assert inside(drawn[0])


def test_overpotentials_of_half_cycles_tell_the_directions_apart(tmp_path, drawn):
    time = 1800.0 * np.arange(1, 201)
    voltage = np.where(np.arange(200) % 2 == 0, 0.1, -0.12)
    curves = {"half_cycle_time": time, "half_cycle_overpotential": voltage}
    figures.overpotential_figure(result(curves), tmp_path, "o", "cell")
    plated, stripped = drawn[0].axes[0].lines
    assert set(plated.get_ydata()) == {100.0}
    assert set(stripped.get_ydata()) == {120.0}
    assert inside(drawn[0])


def test_a_tafel_plot_shows_both_lines_and_the_exchange_current(tmp_path, drawn):
    density = np.linspace(-8.0, 8.0, 101)
    one = 2.0 * units.R * 298.15 / units.F * np.arcsinh(density / (2.0 * 1.45))  # of one face, by hand
    channels = {
        Channel.TIME: np.arange(101.0), Channel.VOLTAGE: 2.0 * one + 0.02 * density, Channel.CURRENT: density * AREA,
    }  # fmt: skip
    metadata = {"area": AREA, "temperature": 298.15}
    sweep = Measurement(Kind.VOLTAMMETRY, channels, SimulationSource("", 0, "bv"), metadata)
    figures.tafel_figure(analyse_tafel(sweep), tmp_path, "t", "cell")
    legend = drawn[0].axes[0].get_legend()
    assert "j₀ = 0.145 mA/cm²" in [text.get_text() for text in legend.get_texts()]
    assert words(drawn[0]) == []  # a number at the middle of its line would stand across data and fit
    data = columns(tmp_path / "t.csv")
    assert data["overpotential/V"] == pytest.approx(
        2.0 * one, abs=1e-8
    )  # exact data: the fit is exact to its tolerance
    # both lines start at j0 without overpotential and rise by 4 R T/F for a factor e: two faces of symmetry 1/2
    assert data["anodic_current_density/A/m2"][0] == pytest.approx(1.45, rel=1e-6)
    slope = np.diff(data["anodic_overpotential/V"]) / np.diff(np.log(data["anodic_current_density/A/m2"]))
    assert slope == pytest.approx(4.0 * units.R * 298.15 / units.F, rel=1e-9)
    assert drawn[0].axes[0].get_yscale() == "log"
    assert inside(drawn[0])


def test_impedance_before_and_after_has_equal_axes_and_both_spectra_as_data(tmp_path, drawn):
    frequency = np.geomspace(1e6, 1e-2, 41)

    def spectrum(resistance: float) -> Measurement:
        z = 200.0 + resistance / (1.0 + 2j * np.pi * frequency * resistance * 3e-6)
        return Measurement(
            Kind.IMPEDANCE, {Channel.FREQUENCY: frequency, Channel.IMPEDANCE: z}, SimulationSource("", 0, "RC")
        )

    figures.nyquist_figure({"before": spectrum(83.0), "after": spectrum(120.0)}, tmp_path, "z", "cell")
    data = columns(tmp_path / "z.csv")
    assert data["real_before/ohm"].max() == pytest.approx(283.0, rel=1e-3)
    assert data["real_after/ohm"].max() == pytest.approx(320.0, rel=1e-3)
    axes = drawn[0].axes[0]
    assert axes.get_aspect() == 1.0
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["before", "after"]
    assert inside(drawn[0])
