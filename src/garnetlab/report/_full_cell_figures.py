"""Figures of full cells: capacity and efficiency over cycles, voltage profiles, incremental capacity.

A result gives by name what ``analyse_full_cell`` returns as curves: one value per cycle, and profiles of some cycles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from garnetlab import units
from garnetlab.report._style import BLACK, CYCLE, MARKERS, SavedFigure, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from garnetlab.core import Result

    Floats = NDArray[np.float64]

_MAH = 3.6  # C
_DRAWN = 4  # profiles of one cell in one figure
_SIDES = (("charge", 1.0, "-"), ("discharge", -1.0, "--"))
_WIDTHS = (1.4, 0.7)  # of the first and the last profile of one cell among several


def capacity_figure(
    results: Sequence[Result], labels: Sequence[str], folder: Path, name: str, title: str
) -> SavedFigure:
    """Return discharge capacity and coulombic efficiency of each cycle of one or several cells."""
    factor, unit = _capacity(results)
    data: dict[str, Floats] = {}
    with style():
        figure = new_figure(6.4, 5.2)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.3, 1.0))
        for k, (result, label) in enumerate(zip(results, labels, strict=True)):
            whole = result.curves["complete"] > 0.0
            cycle = result.curves["cycle"][whole]
            capacity, capacity_std = (
                result.curves[f"discharge_capacity{end}"][whole] / factor(result) for end in ("", "_std")
            )
            efficiency, efficiency_std = (
                100.0 * result.curves[f"coulombic_efficiency{end}"][whole] for end in ("", "_std")
            )
            look = {
                "color": CYCLE[k % len(CYCLE)],
                "marker": MARKERS[k % len(MARKERS)],
                "mfc": "none",
                "ms": 3.0,
                "lw": 0.6,
                "elinewidth": 0.8,
                "capsize": 2.0,
            }
            upper.errorbar(cycle, capacity, capacity_std, label=label, **look)
            lower.errorbar(cycle, efficiency, efficiency_std, **look)
            data |= {f"cycle {label}": cycle, f"discharge capacity {label}/{unit}": capacity,
                     f"std of discharge capacity {label}/{unit}": capacity_std,
                     f"coulombic efficiency {label}/%": efficiency,
                     f"std of coulombic efficiency {label}/%": efficiency_std}  # fmt: skip
        upper.set_ylim(0.0, 1.12 * upper.get_ylim()[1])
        upper.set_ylabel(f"discharge capacity / {unit}")
        known = [x[np.isfinite(x)] for n, x in data.items() if n.startswith("coulombic")]
        every = np.concatenate(known) if known else np.empty(0)
        if every.size:
            low, high = np.quantile(every, (0.05, 0.95))
            room = max(0.3 * (high - low), 0.5)
            lower.set_ylim(low - room, high + room)
        lower.axhline(100.0, color=BLACK, lw=0.4)
        lower.set_ylabel("coulombic efficiency / %")
        lower.set_xlabel("cycle")
        lower.xaxis.get_major_locator().set_params(integer=True)
        if len(results) > 1:
            upper.legend(loc="best")
        figure.suptitle(title, fontsize=10)
        caption = (
            f"{title}: discharge capacity and coulombic efficiency of complete cycles; bars are standard uncertainties."
        )
        return save_figure(figure, folder, name, caption, data)


def profiles_figure(
    results: Sequence[Result], labels: Sequence[str], folder: Path, name: str, title: str
) -> SavedFigure:
    """Return the voltage over capacity of some cycles, charge and discharge, and the incremental capacity beside it."""
    factor, unit = _capacity(results)
    data: dict[str, Floats] = {}
    several = len(results) > 1
    with style():
        figure = new_figure(8.0, 3.8)
        left, right = figure.subplots(1, 2)
        for k, (result, label) in enumerate(zip(results, labels, strict=True)):
            for i, n in enumerate(_drawn(_numbers(result), several=several)):
                look = {"color": CYCLE[(k if several else i) % len(CYCLE)], "lw": _WIDTHS[i] if several else 1.0}
                words = f"{label}, cycle {n}" if several else f"cycle {n}"
                _profile((left, right), result, n, factor(result), look, words)
                data |= _columns(result, n, factor(result), unit, label)
        for side, _, dashes in _SIDES:
            left.plot([], [], color=BLACK, ls=dashes, lw=1.0, label=side)
        left.set_xlabel(f"capacity / {unit}")
        left.set_ylabel("voltage / V")
        left.set_xlim(left=0.0)
        figure.legend(
            *left.get_legend_handles_labels(), loc="outside lower center", ncols=4 if several else 6, fontsize=7
        )
        right.axhline(0.0, color=BLACK, lw=0.4)
        right.set_xlabel("voltage / V")
        right.set_ylabel(f"dQ/dV / {unit} V$^{{-1}}$")
        figure.suptitle(title, fontsize=10)
        caption = (
            f"{title}: voltage over capacity, and incremental capacity; charge solid and up, discharge dashed and down."
        )
        return save_figure(figure, folder, name, caption, data)


def _profile(
    panels: tuple[Axes, Axes], result: Result, n: int, factor: float, look: dict[str, Any], words: str
) -> None:
    left, right = panels
    labelled = False
    for side, way, dashes in _SIDES:
        key = f"{n}_{side}"
        if f"profile_{key}_charge" not in result.curves:
            continue
        charge, voltage = result.curves[f"profile_{key}_charge"], result.curves[f"profile_{key}_voltage"]
        left.plot(np.abs(charge) / factor, voltage, label=None if labelled else words, ls=dashes, **look)
        labelled = True
        grid, density = result.curves[f"dqdv_{key}_voltage"], result.curves[f"dqdv_{key}_density"]
        right.plot(grid, way * np.abs(density) / factor, ls=dashes, **look)


def _columns(result: Result, n: int, factor: float, unit: str, label: str) -> dict[str, Floats]:
    out: dict[str, Floats] = {}
    for side in ("charge", "discharge"):
        key = f"{n}_{side}"
        if f"profile_{key}_charge" in result.curves:
            head = f"{label} cycle {n} {side}"
            out |= {
                f"{head}: capacity/{unit}": np.abs(result.curves[f"profile_{key}_charge"]) / factor,
                f"{head}: voltage/V": result.curves[f"profile_{key}_voltage"],
                f"{head}: dQdV voltage/V": result.curves[f"dqdv_{key}_voltage"],
                f"{head}: dQdV/{unit} V-1": result.curves[f"dqdv_{key}_density"] / factor,
            }
    return out


def _drawn(numbers: list[int], *, several: bool) -> list[int]:
    """Return the cycles whose profiles are drawn: of one cell some, of one among several the first and the last."""
    if several:
        return list(dict.fromkeys((numbers[0], numbers[-1]))) if numbers else []
    return numbers[:: max(1, -(-len(numbers) // _DRAWN))]


def _numbers(result: Result) -> list[int]:
    """Return the cycles of which there are profiles."""
    found = {int(m.group(1)) for key in result.curves if (m := re.match(r"profile_(\d+)_", key))}
    return sorted(found)


def _capacity(results: Sequence[Result]) -> tuple[Callable[[Result], float], str]:
    """Return what a charge [C] of a result is divided by, and the unit: per mass, per area, or whole."""
    meta = [r.details.get("metadata", {}) for r in results]
    if all("active_mass" in m for m in meta):
        return (lambda r: _MAH * float(r.details["metadata"]["active_mass"]) * 1e3), "mAh g$^{-1}$"
    if all("area" in m for m in meta):
        return (lambda r: units.mAh_cm2 * float(r.details["metadata"]["area"])), "mAh cm$^{-2}$"
    return (lambda _: _MAH), "mAh"


def dc_figure(result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return the current of a DC polarisation over time on logarithmic axes, with the fit and the floor or its bound."""
    curves = result.curves
    time, current = curves["time"], np.abs(curves["current"])
    scale, unit = next(((f, n) for f, n in ((1e-3, "mA"), (1e-6, "µA"), (1e-9, "nA"), (1e-12, "pA")) if current.max() >= f),
                       (1e-12, "pA"))  # fmt: skip
    positive = (time > 0.0) & (current > 0.0)
    with style():
        figure = new_figure(5.4, 3.8)
        axes = figure.add_subplot()
        axes.loglog(time[positive], current[positive] / scale, ".", color="#999999", ms=2, label="measured")
        axes.loglog(curves["bin_time"], np.abs(curves["bin_current"]) / scale, "o", color=CYCLE[0], mfc="none", ms=4,
                    label="mean of bins")  # fmt: skip
        axes.loglog(curves["bin_time"], np.abs(curves["fit"]) / scale, color=CYCLE[1], label="fit")
        floor = result.quantities.get("steady_current")
        if floor is not None:
            low, high = floor.interval if floor.interval is not None else (floor.value, floor.value)
            axes.axhspan(abs(low) / scale, abs(high) / scale, color=CYCLE[2], alpha=0.3, lw=0.0, label="floor, 95 %")
            axes.axhline(abs(floor.value) / scale, color=CYCLE[2], lw=1.0)
        axes.set_xlabel("time / s")
        axes.set_ylabel(f"|current| / {unit}")
        axes.legend(loc="best")
        figure.suptitle(title, fontsize=10)
        ended = "its floor" if floor is not None else "no floor, so that there is a bound only"
        caption = f"{title}: current under a constant voltage, the fitted decay and {ended}."
        data = {"time/s": time, "current/A": curves["current"], "bin time/s": curves["bin_time"],
                "bin current/A": curves["bin_current"], "fit/A": curves["fit"]}  # fmt: skip
        return save_figure(figure, folder, name, caption, data)
