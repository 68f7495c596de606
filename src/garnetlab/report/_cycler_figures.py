"""Figures of measured symmetric cells: several cells on one axes, ladders with their verdict, half cycles with events.

A result gives by name: the curves ``time`` [s], ``voltage`` [V] and, where the file has one, ``current`` [A] of the file;
``half_cycle_time`` [s], ``half_cycle_overpotential`` [V] and ``half_cycle_resistance`` of each half cycle; and the detail
``events``, a list with ``kind``, ``time_h`` and ``probability``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab import units
from garnetlab.report._cell_test_figures import PIECES, SHOWN_HALF_CYCLES, thinned
from garnetlab.report._style import (
    BLACK,
    BLUE,
    CYCLE,
    GREEN,
    MARKERS,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    SavedFigure,
    new_figure,
    save_figure,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from garnetlab.core import Result

    Floats = NDArray[np.float64]

_HOUR = units.hour
_LETTERS = "abc"
_WINDOWS = 3
_MOST_EVENTS = 12  # that are named in one figure
#: colour and mark of each kind of event
_EVENTS = {
    "hard_short": (VERMILION, "v", "hard short"),
    "soft_short": (ORANGE, "d", "soft short"),
    "contact_loss": (PURPLE, "^", "contact lost"),
    "recovery": (GREEN, "o", "recovery"),
    "gap": (SKY, "|", "no records"),
}


def cells_figure(
    results: Sequence[Result],
    labels: Sequence[str],
    folder: Path,
    name: str,
    title: str,
    *,
    windows: Sequence[tuple[float, float]] = (),
) -> SavedFigure:
    """Return the voltage of one or several cells over time on one axes, events marked, and three parts enlarged.

    Parameters
    ----------
    results: With the curves of each cell.
    labels:  Its name, in the same order.
    windows: Begin and end of the enlarged parts [s]; by default some half cycles at the start, in the middle and at the end of
             the longest test.
    """
    longest = max(results, key=lambda r: float(r.curves["time"][-1] - r.curves["time"][0]))
    shown = tuple(windows)[:_WINDOWS] or _default_windows(longest)
    level, volts = _volts(np.concatenate([r.curves["voltage"] for r in results]))
    data: dict[str, Floats] = {}
    with style():
        figure = new_figure(7.4, 5.4 if shown else 3.4)
        rows = 2 if shown else 1
        grid = figure.add_gridspec(rows, max(len(shown), 1), height_ratios=[1.3, 1.0][:rows])
        whole = figure.add_subplot(grid[0, :])
        size = [float(np.median(np.abs(r.curves["voltage"]))) for r in results]
        for k, (result, label) in enumerate(zip(results, labels, strict=True)):
            time, voltage = result.curves["time"] / _HOUR, result.curves["voltage"]
            places = thinned(voltage, pieces=PIECES)
            above = 2.0 + 0.1 * sum(s > size[k] for s in size) / len(
                size
            )  # the smaller voltage is not hidden by the larger
            colour = CYCLE[k % len(CYCLE)]
            whole.plot(time[places], voltage[places] / level, color=colour, lw=0.7, label=label, zorder=above)
            data |= {f"time {label}/h": time[places], f"voltage {label}/V": voltage[places]}
        for result in results:
            _mark_events(whole, result, level)
        for k, window in enumerate(shown):
            whole.axvspan(window[0] / _HOUR, window[1] / _HOUR, color=BLACK, alpha=0.12, lw=0.6, zorder=0.5)
            middle = 0.5 * (window[0] + window[1]) / _HOUR
            whole.annotate(_LETTERS[k], (middle, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
                           textcoords="offset points", ha="center", fontsize=9, fontweight="bold")  # fmt: skip
            _enlarged(figure.add_subplot(grid[1, k]), results, window, k, level, volts)
        whole.set_xlim(min(r.curves["time"][0] for r in results) / _HOUR, longest.curves["time"][-1] / _HOUR)
        whole.set_xlabel("time / h")
        whole.set_ylabel(f"voltage / {volts}")
        _legend(whole)
        figure.suptitle(title, fontsize=10)
        parts = "; ".join(f"{_LETTERS[k]} {a / _HOUR:.6g}–{b / _HOUR:.6g} h" for k, (a, b) in enumerate(shown))
        caption = (
            f"{title}: voltage over time{', enlarged: ' + parts if parts else ''}. Extremes of every piece are shown."
        )
        return save_figure(figure, folder, name, caption, data)


def _default_windows(result: Result) -> tuple[tuple[float, float], ...]:
    """Return some half cycles at the start, in the middle and at the end of a test that is much longer than these."""
    starts = result.curves.get("half_cycle_time")
    time = result.curves["time"]
    if starts is None or len(starts) < 2 * SHOWN_HALF_CYCLES * _WINDOWS:
        return ()
    width = SHOWN_HALF_CYCLES * float(np.median(np.diff(starts)))
    begins = (time[0], 0.5 * (time[0] + time[-1] - width), time[-1] - width)
    return tuple((float(b), float(b + width)) for b in begins)


def _enlarged(
    axes: Axes, results: Sequence[Result], window: tuple[float, float], k: int, level: float, volts: str
) -> None:
    drawn = []
    for i, result in enumerate(results):
        time, voltage = result.curves["time"], result.curves["voltage"]
        inside = np.flatnonzero((time >= window[0]) & (time <= window[1]))
        if inside.size:
            places = inside[thinned(voltage[inside])]
            axes.plot(time[places] / _HOUR, voltage[places] / level, color=CYCLE[i % len(CYCLE)], lw=0.8)
            drawn.append(voltage[places] / level)
    axes.set_xlim(window[0] / _HOUR, window[1] / _HOUR)
    if drawn:
        top = max(float(np.quantile(np.abs(v), 0.98)) for v in drawn) or 1.0
        axes.set_ylim(-1.35 * top, 1.35 * top)
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel("time / h")
    axes.set_ylabel(f"voltage / {volts}" if k == 0 else "")
    axes.set_title(_LETTERS[k], fontsize=9, loc="left", fontweight="bold")


def ladder_verdict_figure(result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return voltage and current density of a ladder over time, the last survived and the first failed step marked."""
    time, voltage = result.curves["time"] / _HOUR, result.curves["voltage"]
    current = result.curves.get("current_density")
    level, volts = _volts(voltage)
    places = thinned(voltage)
    data: dict[str, Floats] = {"time/h": time[places], "voltage/V": voltage[places]}
    with style():
        figure = new_figure(7.0, 4.8 if current is not None else 3.2)
        panels = figure.subplots(2 if current is not None else 1, 1, sharex=True, squeeze=False)[:, 0]
        panels[0].plot(time[places], voltage[places] / level, color=BLUE, lw=0.8)
        panels[0].set_ylabel(f"voltage / {volts}")
        _mark_events(panels[0], result, level)
        _legend(panels[0])
        if current is not None:
            steps = np.unique(np.concatenate((thinned(current), places)))
            panels[1].plot(time[steps], current[steps] / units.mA_cm2, color=BLACK, lw=0.8)
            panels[1].axhline(0.0, color=BLACK, lw=0.4)
            panels[1].set_ylabel("current density\n/ mA cm$^{-2}$")
            data |= {"time of current/h": time[steps], "current density/mA cm-2": current[steps] / units.mA_cm2}
            _verdict(panels[1], result)
        panels[-1].set_xlabel("time / h")
        figure.suptitle(title, fontsize=10)
        caption = f"{title}: voltage and current density of the ladder. {_words(result)}"
        return save_figure(figure, folder, name, caption, data)


def _verdict(axes: Axes, result: Result) -> None:
    for key, colour, word in (
        ("critical_current_density_survived", GREEN, "last survived"),
        ("critical_current_density_failed", VERMILION, "first failed"),
    ):
        if key in result.quantities:
            value = result.quantities[key].value / units.mA_cm2
            axes.axhline(value, color=colour, lw=1.0, ls="--", label=f"{word}: {value:.3g} mA cm$^{{-2}}$")
    if axes.get_legend_handles_labels()[0]:
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.4 * (high - low))  # room for the words
        axes.legend(loc="upper left")


def _words(result: Result) -> str:
    found = [
        f"{word} {result.quantities[key].value / units.mA_cm2:.3g} mA/cm²"
        for key, word in (
            ("critical_current_density_survived", "last survived"),
            ("critical_current_density_failed", "first failed"),
        )
        if key in result.quantities
    ]
    return (", ".join(found).capitalize() + ".") if found else ""


def half_cycles_figure(result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return overpotential and resistance of each half cycle over time, with events."""
    time = result.curves["half_cycle_time"] / _HOUR
    eta, resistance = result.curves["half_cycle_overpotential"], result.curves.get("half_cycle_resistance")
    level, volts = _volts(eta)
    known = resistance is not None and bool(np.isfinite(resistance).any())
    specific = "area_m2" in result.details
    data: dict[str, Floats] = {"time/h": time, "overpotential/V": eta}
    with style():
        figure = new_figure(6.8, 4.6 if known else 3.0)
        panels = figure.subplots(2 if known else 1, 1, sharex=True, squeeze=False)[:, 0]
        _dots(panels[0], time, np.abs(eta) / level, eta >= 0.0)
        panels[0].set_ylabel(f"overpotential / {volts}")
        _event_lines(panels[0], result)
        _legend(panels[0])
        if known and resistance is not None:
            factor, unit = (units.ohm_cm2, "Ω cm²") if specific else (1.0, "Ω")
            panels[1].plot(time, resistance / factor, ".", color=BLACK, ms=2.5)
            panels[1].set_ylabel(f"resistance / {unit}")
            panels[1].set_ylim(bottom=0.0)
            _event_lines(panels[1], result)
            data |= {f"resistance/{'ohm cm2' if specific else 'ohm'}": resistance / factor}
        panels[0].set_ylim(bottom=0.0)
        panels[-1].set_xlabel("time / h")
        figure.suptitle(title, fontsize=10)
        caption = f"{title}: size of the overpotential{' and the resistance' if known else ''} of each half cycle."
        return save_figure(figure, folder, name, caption, data)


def _dots(axes: Axes, time: Floats, values: Floats, plated: NDArray[np.bool_]) -> None:
    for chosen, marker, colour, label in (
        (plated, "^", BLUE, "right electrode plated"),
        (~plated, "v", VERMILION, "stripped"),
    ):
        if chosen.any():
            axes.plot(time[chosen], values[chosen], marker, color=colour, mfc="none", ms=2.6, mew=0.6, label=label)


def _events(result: Result) -> list[dict[str, object]]:
    found = result.details.get("events", [])
    return [dict(e) for e in found] if isinstance(found, list | tuple) else []


def _mark_events(axes: Axes, result: Result, level: float) -> None:
    """Put a mark on the curve at each event, up to a dozen."""
    time, voltage = result.curves["time"] / _HOUR, result.curves["voltage"]
    for event in _events(result)[:_MOST_EVENTS]:
        colour, marker, word = _EVENTS.get(str(event["kind"]), (BLACK, MARKERS[0], str(event["kind"])))
        at = float(event["time_h"])  # type: ignore[arg-type]
        near = int(np.clip(np.searchsorted(time, at), 0, len(time) - 1))
        axes.plot(at, voltage[near] / level, marker, color=BLACK, ms=7, mfc=colour, mew=0.8, zorder=5, label=word)


def _event_lines(axes: Axes, result: Result) -> None:
    for event in _events(result)[:_MOST_EVENTS]:
        colour, _, word = _EVENTS.get(str(event["kind"]), (BLACK, "", str(event["kind"])))
        axes.axvline(float(event["time_h"]), color=colour, lw=1.0, ls="-.", label=word)  # type: ignore[arg-type]


def _legend(axes: Axes) -> None:
    """Show each label once, below the figure, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    if len(once) > 1:
        axes.figure.legend(once.values(), once.keys(), loc="outside lower center", ncols=min(len(once), 4))


def _volts(values: Floats) -> tuple[float, str]:
    finite = np.abs(values[np.isfinite(values)])
    top = float(finite.max()) if finite.size else 1.0
    return next(((f, n) for f, n in ((1.0, "V"), (1e-3, "mV"), (1e-6, "µV")) if top >= 0.5 * f), (1e-6, "µV"))
