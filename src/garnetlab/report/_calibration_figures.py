"""Figures of a calibrated interface: posterior, profiles, predictions beside what was reported, scores of variants."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.report._style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    VERMILION,
    SavedFigure,
    new_figure,
    save_figure,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from garnetlab.study import InterfaceFit

_LABELS = {
    "contact_exponent": "contact exponent q",
    "ln_supply": "ln supply / mA cm$^{-2}$",
    "supply_energy": "supply energy / eV",
    "ln_height": "ln height / µm",
    "ln_damage_exponent": "ln damage exponent",
    "ln_damage_current": "ln damage current / mA cm$^{-2}$",
    "damage_energy": "damage energy / eV",
    "ln_scatter": "ln scatter",
    "ln_irreversible": "ln irreversible share",
    "kinetic_energy": "kinetic energy / eV",
}
_FALL = 1.9207
_DEEPEST = -6.0  # of a profile that is shown
_FLOOR = -4.0  # of a score, beyond which the colour of the map of scores does not change
_BEYOND = 1e6  # hours: lives are predicted up to here


def posterior_figure(fit: InterfaceFit, folder: Path, name: str) -> SavedFigure:
    """Return the corner plot of the posterior: histograms on the diagonal, densities of pairs below."""
    draws, names = fit.calibration.draws, [p.name for p in fit.calibration.parameters]
    size = len(names)
    low, high = np.quantile(draws, 0.002, axis=0), np.quantile(draws, 0.998, axis=0)
    with style():
        figure = new_figure(1.45 * size + 0.7, 1.4 * size + 0.5)
        panels = figure.subplots(size, size, squeeze=False)
        for i in range(size):
            for j in range(size):
                axes = panels[i, j]
                if j > i:
                    axes.set_visible(False)
                    continue
                if i == j:
                    axes.hist(draws[:, i], bins=40, range=(low[i], high[i]), color=BLUE, alpha=0.75)
                    for level in np.quantile(draws[:, i], (0.05, 0.5, 0.95)):
                        axes.axvline(level, color=BLACK, lw=0.7, ls="--")
                    axes.set_yticks([])
                else:
                    axes.hist2d(draws[:, j], draws[:, i], bins=36, range=((low[j], high[j]), (low[i], high[i])),
                                cmap="Blues")  # fmt: skip
                    axes.plot(fit.calibration.best[j], fit.calibration.best[i], "+", color=VERMILION, ms=6)
                _corner_axes(axes, names, i, j, size)
        caption = (
            f"Posterior of {fit.variant.title}. Dashed: 5, 50 and 95 %; cross: largest density; "
            f"{len(draws)} draws, seed {fit.calibration.seed}."
        )
        return save_figure(figure, folder, name, caption, {n: draws[:, k] for k, n in enumerate(names)})


def _corner_axes(axes: Axes, names: Sequence[str], i: int, j: int, size: int) -> None:
    axes.locator_params(axis="x", nbins=3)
    if i != j:
        axes.locator_params(axis="y", nbins=3)
    if i == size - 1:
        axes.set_xlabel(_LABELS.get(names[j], names[j]), fontsize=7.5)
    else:
        axes.set_xticklabels([])
    if j == 0 and i > 0:
        axes.set_ylabel(_LABELS.get(names[i], names[i]), fontsize=7.5)
    elif i != j:
        axes.set_yticklabels([])
    axes.tick_params(labelsize=7)


def profile_figure(fit: InterfaceFit, folder: Path, name: str) -> SavedFigure:
    """Return the profile of each parameter with the level of 95 % and the verdict."""
    count = len(fit.profiles)
    columns = min(3, count)
    rows = math.ceil(count / columns)
    with style():
        figure = new_figure(2.5 * columns + 0.4, 2.1 * rows + 0.3)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        data: dict[str, NDArray[np.float64]] = {}
        for axes, profile in zip(panels, fit.profiles, strict=False):
            axes.plot(profile.values, np.maximum(profile.heights, 1.2 * _DEEPEST), "o-", color=BLUE, ms=3)
            axes.axhline(-_FALL, color=VERMILION, lw=0.8, ls="--")
            for end in profile.interval:
                if end is not None:
                    axes.axvline(end, color=BLACK, lw=0.7, ls=":")
            axes.set_ylim(_DEEPEST, 0.4)
            axes.set_xlabel(_LABELS.get(profile.name, profile.name))
            axes.set_title(profile.verdict, fontsize=9)
            data |= {profile.name: profile.values, f"{profile.name}: fall": profile.heights}
        for axes in panels[count:]:
            axes.set_visible(False)
        for axes in panels[::columns]:
            axes.set_ylabel("ln density − largest")
        caption = (
            "Profiles: one number held, all others at their best. Below the dashed line (−1.92) lies outside the 95 % interval "
            "(dotted). The number's own prior is taken out."
        )
        return save_figure(figure, folder, name, caption, data)


def predictions_figure(fit: InterfaceFit, folder: Path, name: str) -> SavedFigure:
    """Return predictive intervals beside the reported events: critical currents left, lives right, as far as there are any."""
    rows = fit.prediction_rows()
    kinds = [[r for r in rows if r["kind"] == kind] for kind in ("ccd", "life")]
    with style():
        figure = new_figure(8.2, 0.33 * max(map(len, kinds)) + 1.9)
        shown = [group for group in kinds if group]
        for axes, group in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
            _predicted(axes, group)
        _legend(figure)
        numbers = ("event_above", "event_up_to", "low", "median", "high", "score")
        data = {k: np.array([_number(r[k], math.inf) for r in rows]) for k in numbers}
        caption = (
            f"Reported events and predictive intervals (5 to 95 % over posterior and cells) of {fit.variant.title}. An arrow: "
            "longer than seen, or beyond a million hours."
        )
        return save_figure(figure, folder, name, caption, data)


def _predicted(axes: Axes, rows: Sequence[Mapping[str, object]]) -> None:
    top = max((_number(r["event_up_to"], 0.0) for r in rows), default=1.0)
    life = any(r["kind"] == "life" for r in rows)
    for y, row in enumerate(reversed(rows)):
        low, high = _number(row["low"], _BEYOND), _number(row["high"], _BEYOND)
        colour = ORANGE if row["role"] == "calibrated" else BLUE
        axes.plot([max(low, 1e-2 if life else 0.0), high], [y - 0.16] * 2, color=colour, lw=3, solid_capstyle="butt")
        axes.plot(_number(row["median"], _BEYOND), y - 0.16, "|", color=BLACK, ms=8)
        if row["high"] is None:
            axes.plot(_BEYOND, y - 0.16, ">", color=colour, ms=5)
        begin, end = _number(row["event_above"], 0.0), _number(row["event_up_to"], _BEYOND)
        axes.plot([begin, end], [y + 0.16] * 2, color=GREEN, lw=3, solid_capstyle="butt")
        if row["event_up_to"] is None:
            axes.plot(_BEYOND, y + 0.16, ">", color=GREEN, ms=5)
        if row["exact"] is not None:
            axes.plot(_number(row["exact"], 0.0), y + 0.16, "o", color=BLACK, ms=3.5)
    labels = [f"{r['id']}  ({_number(r['score'], 0.0):.2f})" for r in reversed(rows)]
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("life / h" if life else "first failed step / mA cm$^{-2}$")
    if life:
        axes.set_xscale("log")
        axes.set_xlim(0.05, 3.0 * _BEYOND)
    else:
        axes.set_xlim(0.0, 1.35 * top)


def _legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D

    entries = [
        Line2D([], [], color=GREEN, lw=3, label="reported"),
        Line2D([], [], color=BLUE, lw=3, label="predicted, 5–95 %"),
        Line2D([], [], color=ORANGE, lw=3, label="calibrated on, 5–95 %"),
        Line2D([], [], color=BLACK, lw=0, marker="|", ms=8, label="median"),
        Line2D([], [], color=BLACK, lw=0, marker="o", ms=3.5, label="reported exactly"),
    ]
    figure.legend(handles=entries, loc="outside upper center", ncols=5, title="in brackets: log score")


def _number(value: object, other: float) -> float:
    return float(value) if isinstance(value, int | float) else other


def scores_figure(
    rows: Sequence[Mapping[str, object]], observations: Sequence[str], default: str, folder: Path, name: str
) -> SavedFigure:
    """Return the map of log scores: one line per variant, best first, one column per held-out observation."""
    scores = np.array([[_number(row[k], math.nan) for k in observations] for row in rows])
    with style():
        figure = new_figure(8.2, 0.27 * len(rows) + 1.7)
        axes = figure.subplots()
        image = axes.imshow(np.maximum(scores, _FLOOR), cmap="RdYlGn", vmin=_FLOOR, vmax=0.0, aspect="auto")
        for i, line in enumerate(scores):
            for j, value in enumerate(line):
                axes.text(j, i, f"{value:.1f}", ha="center", va="center", fontsize=7)
        labels = [f"{r['model']}{' (default)' if r['model'] == default else ''}  {r['total_score']}" for r in rows]
        axes.set_yticks(range(len(rows)), labels)
        axes.set_xticks(range(len(observations)), observations, rotation=35, ha="right")
        axes.tick_params(length=0)
        figure.colorbar(image, ax=axes, extend="min", label="log score")
        caption = "Log scores of the held-out observations, 0 is perfect; beside each variant the sum."
        data = {k: scores[:, j] for j, k in enumerate(observations)}
        return save_figure(figure, folder, name, caption, data)
