"""Figures of distributions of relaxation times: one spectrum with its arcs, and a series of spectra."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.report._impedance_figures import _equal, _scale
from garnetlab.report._style import BLACK, BLUE, CYCLE, SKY, VERMILION, SavedFigure, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from garnetlab.core import Result

    Floats = NDArray[np.float64]


def relaxation_figure(result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return the distribution with its 95 % band and its arcs, and the spectrum with the fit on equal axes."""
    curves = result.curves
    tau = curves["tau"]
    arcs = [k for k in sorted(curves) if k.startswith("gamma_arc")]
    measured, fitted = (curves[f"{part}_real"] + 1j * curves[f"{part}_imaginary"] for part in ("measured", "fit"))
    factor, unit = _scale(np.abs(measured))
    level, level_unit = _scale(np.maximum(curves["gamma"], 1e-300))
    with style():
        figure = new_figure(8.2, 3.6)
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1.0))
        left.fill_between(tau, curves["gamma_low"] / level, curves["gamma_high"] / level, color=SKY, alpha=0.45, lw=0.0,
                          label="95 % band")  # fmt: skip
        for k, key in enumerate(arcs):
            left.plot(tau, curves[key] / level, color=CYCLE[(k + 1) % len(CYCLE)], lw=0.9, ls="--",
                      label=f"arc {key.removeprefix('gamma_arc')}")  # fmt: skip
        left.plot(tau, curves["gamma"] / level, color=BLUE, lw=1.4, label="distribution")
        left.set_xscale("log")
        left.set_xlim(tau.min(), tau.max())
        _shade_outside(left, tau, curves["frequency"])
        top = float(np.max(curves["gamma_high"])) / level
        lowest = float(np.min(curves["gamma"])) / level
        left.set_ylim(min(0.0, 1.1 * lowest), min(1.15 * top, 3.0 * float(np.max(curves["gamma"])) / level) or 1.0)
        left.set_xlabel("relaxation time / s")
        left.set_ylabel(f"γ(ln τ) / {level_unit}")
        left.legend(loc="best")
        right.plot(
            measured.real / factor, -measured.imag / factor, "o", color=BLACK, mfc="none", ms=3, label="measured"
        )
        right.plot(fitted.real / factor, -fitted.imag / factor, color=VERMILION, lw=1.1, label="fit")
        _equal(right, measured.real / factor, -measured.imag / factor, ratio=1.2)
        right.set_xlabel(f"Re Z / {unit}")
        right.set_ylabel(f"−Im Z / {unit}")
        right.legend(loc="best")
        figure.suptitle(title, fontsize=10)
        caption = (
            f"{title}: distribution of relaxation times with its 95 % band, arcs: {len(arcs)}; grey: beyond the"
            " measured frequencies; where the band alone rises, models within reach have an arc that is not shown to be there;"
            " right: spectrum, equal axes."
        )
        data = {"tau/s": tau, **{f"{k}/ohm": curves[k] for k in ("gamma", "gamma_low", "gamma_high", *arcs)}}
        data |= {"real/ohm": measured.real, "imaginary/ohm": measured.imag, "fit real/ohm": fitted.real,
                 "fit imaginary/ohm": fitted.imag}  # fmt: skip
        return save_figure(figure, folder, name, caption, data)


def _shade_outside(axes: Axes, tau: Floats, frequency: Floats) -> None:
    """Shade the relaxation times that no measured frequency shows, 1/(2 pi f) outside the sweep."""
    ends = 1.0 / (2.0 * np.pi * np.array([frequency.max(), frequency.min()]))
    label = "not measured"
    for low, high in ((tau.min(), ends[0]), (ends[1], tau.max())):
        if high > low:
            axes.axvspan(low, high, color="0.88", lw=0.0, label=label, zorder=0)
            label = "_nolegend_"


def relaxation_series_figure(
    results: Sequence[Result], labels: Sequence[str], folder: Path, name: str, title: str
) -> SavedFigure:
    """Return the distributions of a series of spectra one above the other, each over its own largest value."""
    data: dict[str, Floats] = {}
    with style():
        figure = new_figure(6.0, min(1.2 + 0.55 * len(results), 9.0))
        axes = figure.add_subplot()
        for k, (result, label) in enumerate(zip(results, labels, strict=True)):
            tau, gamma = result.curves["tau"], result.curves["gamma"]
            height = float(np.max(np.abs(gamma))) or 1.0
            axes.fill_between(tau, k, k + 0.85 * gamma / height, color=CYCLE[k % len(CYCLE)], alpha=0.35, lw=0.0)
            axes.plot(tau, k + 0.85 * gamma / height, color=CYCLE[k % len(CYCLE)], lw=1.0)
            data |= {f"tau {label}/s": tau, f"gamma {label}/ohm": gamma}
        axes.set_xscale("log")
        axes.set_yticks(range(len(results)), labels)
        axes.set_ylim(-0.1, len(results) + 0.05)
        axes.set_xlabel("relaxation time / s")
        figure.suptitle(title, fontsize=10)
        caption = f"{title}: distributions of relaxation times, each over its own largest value."
        return save_figure(figure, folder, name, caption, data)
