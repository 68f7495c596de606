"""Figures of cell tests: voltage over time, ladders of current, contact, overpotential, Tafel plots, impedance after use.

Tests are measurements with time, voltage and current. Results give by name: ``time`` with ``contact_fraction_left`` and
``contact_fraction_right``; ``half_cycle_time`` with ``half_cycle_overpotential``; for a Tafel plot what ``analyse_tafel``
returns; the quantity ``time_to_failure`` with the detail ``failure``, its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, InvalidInput
from garnetlab.report._impedance_figures import _equal, _log_ticks, _mark_decades, _scale
from garnetlab.report._style import (
    BLACK,
    BLUE,
    CYCLE,
    GREEN,
    MARKERS,
    ORANGE,
    PURPLE,
    VERMILION,
    SavedFigure,
    new_figure,
    save_figure,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from garnetlab.core import Measurement, Result

    FloatArray = NDArray[np.float64]

#: pieces of a long curve, of each of which the lowest and the highest point are drawn
PIECES = 1500
#: half cycles in an enlarged part
SHOWN_HALF_CYCLES = 10
_WINDOWS = 3
_WIDE = 0.03  # share of the test above which an enlarged part is shaded, not drawn as a line
_TIMES = ((units.hour, "h"), (units.minute, "min"), (1.0, "s"))
_VOLTAGES = ((1.0, "V"), (1e-3, "mV"), (1e-6, "µV"))
_CURRENTS = ((10.0, "mA/cm²"), (1e-2, "µA/cm²"), (1e-5, "nA/cm²"))
_LETTERS = "abc"
_FACES = (("left", "-", BLUE), ("right", "--", ORANGE))
_BRANCHES = (("anodic", "-", VERMILION), ("cathodic", "--", GREEN))


class Failure(NamedTuple):
    """When a cell failed [s], and how in words."""

    time: float
    what: str


def failure_of(result: Result | None) -> Failure | None:
    """Return the failure a result tells of, None where the cell survived."""
    if result is None or "time_to_failure" not in result.quantities or not result.details.get("failure"):
        return None
    return Failure(float(result.quantities["time_to_failure"].value), str(result.details["failure"]))


def thinned(values: FloatArray, *, pieces: int = PIECES) -> NDArray[np.int64]:
    """Return the places that draw a long curve: lowest and highest point of each piece, and both ends, in order.

    Nothing is lost that a picture could show: every extreme of every piece is kept. A short curve is kept whole.
    """
    count = len(values)
    if count <= 2 * pieces:
        return np.arange(count, dtype=np.int64)
    size = -(-count // pieces)
    padded = np.append(values, np.full(-count % size, values[-1])).reshape(-1, size)
    starts = size * np.arange(len(padded))
    found = np.concatenate(([0, count - 1], starts + padded.argmin(axis=1), starts + padded.argmax(axis=1)))
    return np.unique(np.minimum(found, count - 1)).astype(np.int64)


def _band(time: FloatArray, values: FloatArray, *, pieces: int = 300) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return middle time, lowest and highest value of each piece of a long curve."""
    starts = np.linspace(0, len(values), pieces, endpoint=False).astype(np.int64)
    ends = np.append(starts[1:], len(values)) - 1
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return 0.5 * (time[starts] + time[ends]), low, high


# voltage --------------------------------------------------------------------------------------------------------------
def voltage_figure(
    test: Measurement,
    folder: Path,
    name: str,
    title: str,
    *,
    result: Result | None = None,
    windows: Sequence[tuple[float, float]] = (),
) -> SavedFigure:
    """Return the voltage of the whole test and three parts of it enlarged.

    ``windows`` are the begins and ends of these parts [s]; by default some half cycles at the start, in the middle and at
    the end.
    """
    time, voltage = test[Channel.TIME], test[Channel.VOLTAGE]
    failure = failure_of(result)
    shown = tuple(windows)[:_WINDOWS] or _default_windows(test, failure)
    with style():
        figure = new_figure(7.4, 5.4 if shown else 3.2)
        grid = figure.add_gridspec(
            2 if shown else 1, max(len(shown), 1), height_ratios=[1.25, 1.0][: 2 if shown else 1]
        )
        whole = figure.add_subplot(grid[0, :])
        factor, unit = _time_unit(time[-1] - time[0])
        level, volts = _unit(voltage, _VOLTAGES)
        places = thinned(voltage)
        whole.plot(time[places] / factor, voltage[places] / level, color=BLUE, lw=0.8)
        whole.set_xlim(time[0] / factor, max(time[-1], time[0] + 1e-9) / factor)
        _axes(whole, f"time / {unit}", f"voltage / {volts}")
        _mark_failure(whole, failure, factor)
        for k, window in enumerate(shown):
            wide = window[1] - window[0] > _WIDE * (time[-1] - time[0])  # a wide one must not hide the curve
            look = {"alpha": 0.35, "lw": 0.0, "zorder": 0.5} if wide else {"lw": 1.0, "zorder": 3.0}
            whole.axvspan(window[0] / factor, window[1] / factor, color=ORANGE, **look)
            _letter(whole, k, window, factor)
            _inset(figure.add_subplot(grid[1, k]), test, window, k)
        figure.suptitle(title, fontsize=10)
        caption = f"{title}: voltage of the whole test{_parts(shown)}.{_thinning(places, time)}"
        return save_figure(figure, folder, name, caption, _columns(test, places))


def _default_windows(test: Measurement, failure: Failure | None) -> tuple[tuple[float, float], ...]:
    """Return some half cycles at the start, in the middle and at the end, where the test is much longer than these."""
    time, current = test[Channel.TIME], test[Channel.CURRENT]
    turns = time[1:][np.diff(np.sign(current)) != 0]
    if len(turns) < 2 * SHOWN_HALF_CYCLES * _WINDOWS:
        return ()
    width = SHOWN_HALF_CYCLES * float(np.median(np.diff(turns)))
    end = min(time[-1], time[0] + failure.time) if failure else time[-1]
    last = min(end - 0.5 * width, time[-1] - width) if failure else time[-1] - width
    begins = (time[0], time[0] + 0.5 * (end - time[0] - width), last)
    return tuple((float(b), float(b + width)) for b in begins)


def _inset(axes: Axes, test: Measurement, window: tuple[float, float], k: int) -> None:
    time, voltage = test[Channel.TIME], test[Channel.VOLTAGE]
    inside = np.flatnonzero((time >= window[0]) & (time <= window[1]))
    if not inside.size:
        axes.set_axis_off()
        return
    places = inside[thinned(voltage[inside])]
    factor, unit = _time_unit(window[1] - window[0])
    level, volts = _unit(voltage[places], _VOLTAGES)
    axes.plot(time[places] / factor, voltage[places] / level, color=BLUE, lw=0.9)
    axes.set_xlim(window[0] / factor, window[1] / factor)
    axes.locator_params(axis="x", nbins=4)
    _axes(axes, f"time / {unit}", f"voltage / {volts}")
    axes.set_title(_LETTERS[k], fontsize=9, loc="left", fontweight="bold")


def _letter(axes: Axes, k: int, window: tuple[float, float], factor: float) -> None:
    middle = 0.5 * (window[0] + window[1]) / factor
    low, high = axes.get_xlim()
    middle = min(max(middle, low + 0.012 * (high - low)), high - 0.012 * (high - low))
    axes.annotate(_LETTERS[k], (middle, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
                  textcoords="offset points", ha="center", fontsize=9, fontweight="bold")  # fmt: skip


def _parts(windows: Sequence[tuple[float, float]]) -> str:
    if not windows:
        return ""
    texts = [f"{_LETTERS[k]} {a / units.hour:.6g}–{b / units.hour:.6g} h" for k, (a, b) in enumerate(windows)]
    return f"; enlarged: {', '.join(texts)}"


# ladder ---------------------------------------------------------------------------------------------------------------
def ladder_figure(
    test: Measurement, folder: Path, name: str, title: str, *, result: Result | None = None, labels: bool = True
) -> SavedFigure:
    """Return voltage and current density over time, with the failure marked and, with ``labels``, each new current.

    Raises
    ------
    InvalidInput  if the measurement has no area.
    """
    time, voltage, density = test[Channel.TIME], test[Channel.VOLTAGE], _density(test)
    failure = failure_of(result)
    factor, unit = _time_unit(time[-1] - time[0])
    level, volts = _unit(voltage, _VOLTAGES)
    scale, amperes = _unit(density, _CURRENTS)
    places, steps = thinned(voltage), thinned(density)
    with style():
        figure = new_figure(7.0, 4.6)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.6, 1.0))
        upper.plot(time[places] / factor, voltage[places] / level, color=BLUE, lw=0.9)
        _axes(upper, "", f"voltage / {volts}")
        lower.plot(time[steps] / factor, density[steps] / scale, color=BLACK, lw=0.9)
        lower.axhline(0.0, color=BLACK, lw=0.4)
        _axes(lower, f"time / {unit}", f"current density\n/ {amperes}")
        for axes in (upper, lower):
            _mark_failure(axes, failure, factor, words=axes is upper)
        if labels:
            _label_steps(lower, time / factor, density / scale)
        figure.suptitle(title, fontsize=10)
        ended = "" if failure is None else f" {failure.what.capitalize()} after {failure.time / units.hour:.3g} h."
        caption = f"{title}: voltage and current density.{ended}{_thinning(places, time)}"
        both = np.unique(np.concatenate((places, steps)))
        return save_figure(figure, folder, name, caption, _columns(test, both))


def _label_steps(axes: Axes, time: FloatArray, density: FloatArray) -> None:
    """Write each new largest current above its step, as far as the labels have room."""
    top = np.maximum.accumulate(density)
    rises = np.flatnonzero(np.diff(top, prepend=0.0) > 1e-6 * top.max()) if top.max() > 0 else np.empty(0, dtype=int)
    stride = -(-len(rises) // 14) if len(rises) else 1
    for i in rises[stride - 1 :: stride]:
        axes.annotate(f"{density[i]:.3g}", (time[i], density[i]), xytext=(0, 2), textcoords="offset points",
                      fontsize=6.5, ha="left")  # fmt: skip
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.12 * (high - low))


# faces ----------------------------------------------------------------------------------------------------------------
def contact_figure(result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return the contact fraction of both faces over time."""
    time = result.curves["time"]
    factor, unit = _time_unit(time[-1] - time[0])
    data: dict[str, FloatArray] = {}
    with style():
        figure = new_figure(6.4, 3.4)
        axes = figure.add_subplot()
        highest = 0.0
        for face, dash, colour in _FACES:
            values = result.curves[f"contact_fraction_{face}"]
            places = thinned(values)
            if len(places) < len(time):
                middle, low, high = _band(time, values)
                label = f"{face} electrode, lowest to highest"
                axes.fill_between(middle / factor, low, high, fc=colour, ec=colour, ls=dash, alpha=0.5, label=label)
            else:
                axes.plot(time / factor, values, dash, color=colour, lw=1.2, label=f"{face} electrode")
            highest = max(highest, float(values.max()))
            data |= {f"time_{face}/s": time[places], f"contact_fraction_{face}/1": values[places]}
        axes.set_xlim(time[0] / factor, (1.02 * max(time[-1], 1e-9) - 0.02 * time[0]) / factor)
        axes.set_ylim(0.0, min(1.08 * highest, 1.02) or 1.0)
        _axes(axes, f"time / {unit}", "true contact fraction")
        _mark_failure(axes, failure_of(result), factor)
        axes.legend(loc="best")
        figure.suptitle(title, fontsize=10)
        caption = f"{title}: true contact over apparent area of both faces.{_thinning(places, time)}"
        return save_figure(figure, folder, name, caption, data)


def overpotential_figure(result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return the overpotential at the end of each half cycle over time; plating and stripping of the right electrode."""
    time, voltage = result.curves["half_cycle_time"], result.curves["half_cycle_overpotential"]
    factor, unit = _time_unit(time[-1] - time[0])
    level, volts = _unit(voltage, _VOLTAGES)
    with style():
        figure = new_figure(6.4, 3.4)
        axes = figure.add_subplot()
        kept = []
        for chosen, marker, colour, label in (
            (voltage > 0, "^", BLUE, "right electrode plated"),
            (voltage <= 0, "v", VERMILION, "right electrode stripped"),
        ):
            places = np.flatnonzero(chosen)
            places = places[thinned(voltage[places], pieces=60)]
            kept.append(places)
            if places.size:
                axes.plot(time[places] / factor, np.abs(voltage[places]) / level, marker, color=colour, mfc="none",
                          ms=3.0, mew=0.7, label=label)  # fmt: skip
        axes.set_ylim(0.0, 1.1 * float(np.abs(voltage).max()) / level or 1.0)
        _axes(axes, f"time / {unit}", f"overpotential / {volts}")
        _mark_failure(axes, failure_of(result), factor)
        axes.legend(loc="best")
        figure.suptitle(title, fontsize=10)
        places = np.sort(np.concatenate(kept))
        data = {"time/s": time[places], "overpotential/V": voltage[places]}
        caption = f"{title}: size of the cell's voltage at the end of each half cycle.{_thinning(places, time)}"
        return save_figure(figure, folder, name, caption, data)


# Tafel and impedance --------------------------------------------------------------------------------------------------
def tafel_figure(result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return the current density over the overpotential on a logarithmic scale, with fit, lines and exchange current.

    The overpotential is that of the cell without its ohmic drop, on which the Tafel lines meet at the exchange current.
    """
    curves = result.curves
    eta, density = curves["overpotential"], curves["current_density"]
    level, volts = _unit(eta, _VOLTAGES)
    scale, amperes = _unit(density, _CURRENTS)
    exchange = result.quantities.get("exchange_current_density")
    order = np.argsort(curves["fit"])
    with style():
        figure = new_figure(5.4, 4.2)
        axes = figure.add_subplot()
        axes.semilogy(
            eta / level, np.abs(density) / scale, "o", color=BLUE, mfc="none", ms=3, mew=0.6, label="IR-corrected"
        )
        axes.semilogy(curves["fit"][order] / level, np.abs(density[order]) / scale, color=BLACK, lw=1.0, label="fit")
        for branch, dash, colour in _BRANCHES if exchange is not None else ():
            x, y = (curves[f"{branch}_{part}"] for part in ("overpotential", "current_density"))
            axes.semilogy(x / level, np.abs(y) / scale, dash, color=colour, label=f"{branch} Tafel line")
        if exchange is not None:
            sure = exchange.std is None or exchange.std < 1e-5 * exchange.value
            number = units.format_pair(exchange.value / scale, None if sure else (exchange.std or 0.0) / scale)
            words = f"j₀ = {number.replace('+-', '±')} {amperes}"
            axes.axhline(exchange.value / scale, color=BLACK, lw=0.8, ls=":", label=words)
        top = float(np.abs(density).max()) / scale
        axes.set_ylim(3e-3 * top, 3.0 * top)
        reach = 1.1 * float(np.abs(np.append(eta, curves["fit"])).max()) / level
        axes.set_xlim(-reach, reach)
        _log_ticks(axes.yaxis)
        _axes(axes, f"overpotential without ohmic drop / {volts}", f"|current density| / {amperes}")
        axes.legend(loc="lower right")
        figure.suptitle(title, fontsize=10)
        wanted = ("voltage", "current_density", "overpotential", "fit")
        names = [n for n in curves if n in wanted or n.startswith(("anodic", "cathodic"))]
        data = {f"{n}/{'A/m2' if n.endswith('density') else 'V'}": curves[n] for n in names}
        caption = f"{title}: current density over overpotential, the ohmic drop taken out, with the Butler-Volmer fit."
        return save_figure(figure, folder, name, caption, data)


def nyquist_figure(spectra: Mapping[str, Measurement], folder: Path, name: str, title: str) -> SavedFigure:
    """Return spectra of one cell, such as those before and after a test, in one Nyquist plot on equal axes."""
    factor, unit = _scale(np.concatenate([np.abs(m[Channel.IMPEDANCE]) for m in spectra.values()]))
    data: dict[str, FloatArray] = {}
    with style():
        figure = new_figure(7.4, 4.0)
        axes = figure.add_subplot()
        real, imaginary = [], []
        for k, (label, spectrum) in enumerate(spectra.items()):
            z = spectrum[Channel.IMPEDANCE]
            real.append(z.real / factor)
            imaginary.append(-z.imag / factor)
            form = f"{MARKERS[k % len(MARKERS)]}-"
            axes.plot(real[-1], imaginary[-1], form, color=CYCLE[k % len(CYCLE)], mfc="none", lw=0.8, label=label)
            data |= {
                f"frequency_{label}/Hz": spectrum[Channel.FREQUENCY],
                f"real_{label}/ohm": z.real,
                f"imaginary_{label}/ohm": z.imag,
            }
        right = max(float(x.max()) for x in real)
        room = right + 0.12 * (right - min(float(x.min()) for x in real))  # for the label of the last point
        _equal(
            axes,
            np.append(np.concatenate(real), [room] * 2),
            np.append(np.concatenate(imaginary), [0.0] * 2),
            ratio=2.0,
        )
        last = list(spectra.values())[-1]
        _mark_decades(axes, last[Channel.FREQUENCY], real[-1], imaginary[-1])
        _axes(axes, f"Re Z / {unit}", f"−Im Z / {unit}")
        axes.legend(loc="upper left")
        figure.suptitle(title, fontsize=10)
        return save_figure(figure, folder, name, f"{title}: {' and '.join(spectra)}, equal axes.", data)


# shared ---------------------------------------------------------------------------------------------------------------
def _density(test: Measurement) -> FloatArray:
    """Return the current per electrode area [A/m^2]."""
    area = test.metadata.get("area")
    if not isinstance(area, float | int) or not area > 0:
        message = f"area = {area!r}: expected the electrode area in the measurement's metadata. Add it."
        raise InvalidInput(message)
    density: FloatArray = test[Channel.CURRENT] / area
    return density


def _time_unit(span: float) -> tuple[float, str]:
    return next(((f, n) for f, n in _TIMES if span >= 2.0 * f), _TIMES[-1])


def _unit(values: FloatArray, units_: Sequence[tuple[float, str]]) -> tuple[float, str]:
    top = float(np.abs(values).max()) if len(values) else 0.0
    return next(((f, n) for f, n in units_ if top >= 0.5 * f), units_[-1])


def _axes(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def _mark_failure(axes: Axes, failure: Failure | None, factor: float, *, words: bool = True) -> None:
    if failure is None:
        return
    axes.axvline(failure.time / factor, color=PURPLE, lw=1.2, ls="-.")
    if words:
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom, top + 0.14 * (top - bottom))  # room for the words above the curve
        left, right = axes.get_xlim()
        before = failure.time / factor > 0.5 * (left + right)
        axes.annotate(failure.what, (failure.time / factor, 0.975), xycoords=("data", "axes fraction"),
                      xytext=(-4 if before else 4, 0), textcoords="offset points", ha="right" if before else "left",
                      va="top", fontsize=8, color=PURPLE)  # fmt: skip


def _thinning(places: NDArray[np.int64], time: FloatArray) -> str:
    if len(places) >= len(time):
        return ""
    return f" {len(places)} of {len(time)} points are shown: the extremes of every piece."


def _columns(test: Measurement, places: NDArray[np.int64]) -> dict[str, FloatArray]:
    names = ((Channel.TIME, "time/s"), (Channel.VOLTAGE, "voltage/V"), (Channel.CURRENT, "current/A"))
    return {name: test[channel][places] for channel, name in names}
