"""Figures of simulated interfaces: equal axes, data beside them, scales that fit, nothing drawn outside."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import LogNorm, Normalize

from garnetlab.core import InvalidInput
from garnetlab.physics.contact import lattice_coverage, random_contact
from garnetlab.report import _interface_figures as figures
from garnetlab.report import write_simulation
from garnetlab.simulate import InterfaceResult, interface_impedance, solve_interface
from garnetlab.study import SimulatedInterface, Simulation

SLAB = {"thickness": 1e-4, "period": 1e-4, "conductivity": 0.05, "charge_transfer_resistance": 1e-3}
MAP = random_contact((24, 24), fraction=0.3, period=1e-4, correlation_length=1e-5, rng=1)
DISCS = np.asarray(lattice_coverage((24, 24), period=1e-4, radius=1e-5, columns=2))


def solved(contact: np.ndarray = MAP, **options: object) -> InterfaceResult:
    result = solve_interface(contact, **{**SLAB, **options})
    details = {**result.details, "interface": "a", "period": 1e-4, "kinetics": "linear"}
    return InterfaceResult(
        result.analysis, result.quantities, curves=result.curves, details=details, solution=result.solution
    )


def columns(path: Path) -> dict[str, np.ndarray]:
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return {name: np.array([float(r[name]) for r in rows]) for name in rows[0]}


def inside(figure) -> bool:
    """Whether everything drawn lies on the figure, within half a point."""
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    room = 0.5 / 72
    return box.x0 >= -room and box.y0 >= -room and box.x1 <= width + room and box.y1 <= height + room


def test_the_data_of_a_current_map_are_its_pixels_and_their_mean_is_the_current(tmp_path) -> None:
    result = solved()
    figures.current_figure(result, tmp_path, "current", "Interface a")
    data = columns(tmp_path / "current.csv")
    flow = data["current_density/A/m2"]
    assert len(flow) == 24 * 24
    assert flow.mean() == pytest.approx(result["mean_current_density"].value, rel=1e-8)  # the solver's tolerance
    k = int(np.argmax(flow))
    row, column = (int(data[name][k] / 1e-4 * 24) for name in ("y/m", "x/m"))
    assert result.current_density[row, column] == flow[k]


def test_the_data_of_a_contact_map_are_the_map(tmp_path) -> None:
    figures.contact_figure(solved(), tmp_path, "contact", "Interface a")
    assert np.array_equal(columns(tmp_path / "contact.csv")["contact/1"].reshape(24, 24), MAP)


def test_the_data_of_the_resistance_add_up_and_its_bounds_hold_it(tmp_path) -> None:
    figures.resistance_figure(solved(), tmp_path, "resistance", "Interface a")
    data = {k.partition("/")[0]: float(v[0]) for k, v in columns(tmp_path / "resistance.csv").items()}
    assert data["slab"] + data["kinetics"] + data["constriction"] == pytest.approx(data["asr"], rel=1e-12)
    assert data["asr_low"] <= data["asr"] <= data["asr_high"]


def test_without_bounds_none_are_drawn(tmp_path, drawn) -> None:
    figures.resistance_figure(solved(bounds=False), tmp_path, "resistance", "Interface a")
    assert len(drawn[0].axes) == 1
    assert "asr_low" not in (tmp_path / "resistance.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["contact", "current"])
@pytest.mark.parametrize(
    "options",
    [{}, {"second_contact": DISCS}, {"contact": DISCS[:6]}, {"contact": DISCS[:, :6], "second_contact": DISCS[:, :6]}],
    ids=["one", "two", "flat", "tall"],
)
def test_maps_have_equal_axes_and_nothing_is_cut_off(tmp_path, drawn, kind, options) -> None:
    result = solved(**options)
    getattr(figures, f"{kind}_figure")(result, tmp_path, kind, "Interface a")
    maps = [axes for axes in drawn[0].axes if axes.images]
    assert len(maps) == (2 if "second_contact" in options else 1)
    assert all(axes.get_aspect() == 1.0 for axes in maps)
    assert all(axes.get_xlabel().endswith("µm") for axes in maps)
    assert inside(drawn[0])


def test_the_nyquist_plot_has_equal_axes_and_the_direct_current_at_its_end(tmp_path, drawn) -> None:
    spectrum = interface_impedance(
        MAP, frequencies=np.logspace(6, 0, 25), area=1e-4, double_layer_capacitance=0.05, **SLAB
    )
    figures.impedance_figure(spectrum, solved(), tmp_path, "impedance", "Interface a")
    (axes,) = drawn[0].axes
    assert axes.get_aspect() == 1.0
    direct = next(line for line in axes.lines if line.get_label() == "direct current")
    last = next(line for line in axes.lines if str(line.get_label()).startswith("simulated"))
    # (omega R C)^2 = (6.3 * 1e-3 * 0.05)^2 = 1e-7 at 1 Hz, on the real part
    assert direct.get_xdata()[0] == pytest.approx(last.get_xdata()[-1], rel=1e-6)
    assert inside(drawn[0])
    shown = [text for text in axes.texts if text.get_text().endswith("Hz")]
    boxes = [text.get_window_extent() for text in shown]
    assert len(boxes) >= 3
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_the_colour_scale_is_logarithmic_where_currents_span_much() -> None:
    share = np.ones(200)
    flat, _ = figures._norm(np.linspace(1.0, 20.0, 200), share)
    wide, extend = figures._norm(np.logspace(-5, 0, 200), share)
    assert type(flat) is Normalize
    assert isinstance(wide, LogNorm)
    assert (wide.vmin, wide.vmax, extend) == (pytest.approx(1e-3), 1.0, "min")


def test_pixels_partly_in_contact_do_not_stretch_the_colour_scale() -> None:
    share = np.array([1.0] * 50 + [1e-6] * 50)
    norm, extend = figures._norm(np.array([1.0, 2.0] * 25 + [1e-6] * 50), share)
    assert type(norm) is Normalize
    assert norm.vmin == 1.0
    assert extend == "min"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((24, 24), (24, 24)), ((100, 640), (100, 320)), ((1024, 512), (512, 512)), ((1031, 3), (512, 3))],
)
def test_a_large_map_is_averaged_and_keeps_its_mean(shape, expected) -> None:
    values = np.random.default_rng(0).random(shape)
    shown = figures._blocks(values)
    assert shown.shape == expected
    assert shown.mean() == pytest.approx(values.mean(), rel=1e-12)


def test_the_average_of_a_large_map_stays_in_its_place() -> None:
    values = np.zeros((1, 1031))
    values[0, 701] = 1.0  # from 348.1 to 348.6 of 512 points
    assert np.flatnonzero(figures._blocks(values)).tolist() == [348]


def test_names_that_only_differ_in_signs_get_files_of_their_own(tmp_path) -> None:
    items = tuple(SimulatedInterface(name, solved(np.ones((1, 1), dtype=bool))) for name in ("a/b", "a b"))
    written = write_simulation(Simulation("t", Path("t.toml"), items), tmp_path)
    assert len({f.name for f in written.files}) == len(written.files)
    assert {f.name for f in written.files} >= {"a_b_contact.svg", "a_b_2_contact.svg"}


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("garnetlab.report._simulation.write_text", refuse)
    with pytest.raises(InvalidInput, match=r"cannot be written \(Permission denied\)\. Choose another with --out\."):
        write_simulation(Simulation("t", Path("t.toml"), ()), tmp_path)
