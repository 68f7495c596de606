"""Figures of a simulated interface: contact maps, current maps, split of the resistance with its bounds, impedance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from garnetlab import units
from garnetlab.core import Channel
from garnetlab.report._impedance_figures import _decade, _equal, _log_ticks, _scale
from garnetlab.report._style import (
    BLACK,
    BLUE,
    GREEN,
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
    from matplotlib.colorbar import Colorbar
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from garnetlab.core import Measurement, Result

    FloatArray = NDArray[np.float64]

#: pixels along a side that a figure shows; larger maps are averaged over blocks
LARGEST = 512
#: largest over smallest current above which the colour scale is logarithmic, and the decades it shows at most
_LOGARITHMIC, _DECADES = 30.0, 3.0
_ROUNDING = 1e-9  # a smaller share of the resistance is rounding
_RELATIVE = ((1e-4, 1e-2, "%"), (1e-8, 1e-6, "ppm"), (0.0, 1e-9, "ppb"))
_LENGTHS = ((1e-3, "mm"), (1e-6, "µm"), (1e-9, "nm"))
_CURRENTS = ((1e4, "A/cm²"), (10.0, "mA/cm²"), (1e-2, "µA/cm²"), (1e-5, "nA/cm²"))
_VOID = "#d9d9d9"
_FACES = (("contact", "current_density", "first face"), ("second_contact", "second_current_density", "second face"))


def contact_figure(result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return the contact maps, one panel per patchy face, equal axes in units of length."""
    faces = _faces(result)
    maps = [_blocks(result.curves[contact]) for contact, _, _ in faces]
    share = any(bool(np.any((shown > 0) & (shown < 1))) for shown in maps)
    with style():
        figure = new_figure(*_size(result, len(faces)))
        panels = _panels(figure, len(faces))
        for axes, shown, (contact, _, label) in zip(panels, maps, faces, strict=True):
            image = _draw(axes, result, shown, cmap="cividis", vmin=0.0, vmax=1.0)
            fraction = f"{100.0 * float(np.mean(result.curves[contact])):.3g} % in contact"
            axes.set_title(f"{_heading(title, label, len(faces))}\n{fraction}", fontsize=9)
        if share:
            figure.colorbar(image, ax=list(panels), location=_bar_at(result), label="share of the pixel in contact")
        else:
            _contact_legend(panels[-1])
        data = _map_columns(result, [contact for contact, _, _ in faces], "1")
        return save_figure(figure, folder, name, f"{title}: where there is contact.{_averaged(result)}", data)


def current_figure(result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return the maps of the local current density, each with its own colour scale; voids are grey."""
    import matplotlib as mpl

    faces = _faces(result)
    mean = result.quantities["mean_current_density"].value
    high = max(float(result.curves[current].max()) for _, current, _ in faces)
    factor, unit = next(((f, n) for f, n in _CURRENTS if high >= 0.1 * f), _CURRENTS[-1])
    colours = mpl.colormaps["viridis"].with_extremes(bad=_VOID, under=mpl.colormaps["viridis"](0.0))
    with style():
        figure = new_figure(*_size(result, len(faces)))
        for axes, (contact, current, label) in zip(_panels(figure, len(faces)), faces, strict=True):
            shown, share = _blocks(result.curves[current]) / factor, _blocks(result.curves[contact])
            norm, extend = _norm(shown, share)
            image = _draw(axes, result, np.ma.masked_where(share <= 0.0, shown), cmap=colours, norm=norm)
            bar = figure.colorbar(image, ax=axes, extend=extend, location=_bar_at(result))
            inside = norm.vmin <= mean / factor <= norm.vmax
            bar.set_label(f"current density / {unit}" + (", mean as line" if inside else ""))
            _finish_bar(bar, mean / factor if inside else None, logarithmic=isinstance(norm, mpl.colors.LogNorm))
            peak = f"largest pixel {float(result.curves[current].max()) / mean:.3g} × mean"
            axes.set_title(f"{_heading(title, label, len(faces))}\n{peak}", fontsize=9)
        data = _map_columns(result, [current for _, current, _ in faces], "A/m2")
        caption = f"{title}: local current density, mean {mean / factor:.3g} {unit}, voids grey.{_averaged(result)}"
        return save_figure(figure, folder, name, caption, data)


def resistance_figure(result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return how slab, kinetics and constriction add up to the resistance, and its certified bounds enlarged."""
    q = result.quantities
    interval = q["asr"].field_interval
    with style():
        figure = new_figure(6.4, 3.6 if interval is not None else 2.7)
        panels = figure.subplots(2 if interval is not None else 1, 1, height_ratios=[3, 1][: 2 if interval else 1],
                                 squeeze=False)[:, 0]  # fmt: skip
        _waterfall(panels[0], result)
        if interval is not None:
            _bounds(panels[1], q["asr"].field_value, interval, units.pretty_unit(q["asr"].unit))
        figure.suptitle(title, fontsize=10)
        names = [
            f"{part}/{q['asr'].unit}" for part in ("slab", "kinetics", "constriction", "asr", "asr_low", "asr_high")
        ]
        values = [q[n].to(q["asr"].unit).field_value for n in _PARTS] + list(interval or ())
        data = {n: np.array([v]) for n, v in zip(names, values, strict=False)}
        caption = f"{title}: contributions to the area-specific resistance, and the bounds that hold its exact value."
        return save_figure(figure, folder, name, caption, data)


def impedance_figure(spectrum: Measurement, result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return the Nyquist plot of a simulated spectrum on equal axes, with the resistance of the direct current."""
    frequency, impedance = spectrum[Channel.FREQUENCY], spectrum[Channel.IMPEDANCE]
    factor, unit = _scale(np.abs(impedance))
    re, im = impedance.real / factor, -impedance.imag / factor
    direct = result.quantities["asr"].value / float(spectrum.metadata["area"]) / factor
    with style():
        figure = new_figure(7.4, 4.0)
        axes = figure.add_subplot()
        axes.plot(re, im, "o-", color=BLUE, mfc="none", lw=0.8, label="simulated, no noise")
        known = result.details["kinetics"] == "linear"
        if known:
            axes.plot([direct], [0.0], "D", color=VERMILION, ms=5, label="direct current", zorder=3)
        axes.set_xlabel(f"Re Z / {unit}")
        axes.set_ylabel(f"−Im Z / {unit}")
        room = re.max() + 0.1 * float(np.ptp(re))  # for the label of the last point
        _equal(axes, np.append(re, [direct if known else re[-1], room]), np.append(im, [0.0, 0.0]), ratio=2.0)
        _mark(axes, frequency, re, im)
        axes.legend(loc="upper left")
        figure.suptitle(title, fontsize=10)
        data = {"frequency/Hz": frequency, "real/ohm": impedance.real, "imaginary/ohm": impedance.imag}
        area = units.format_value(float(spectrum.metadata["area"]), "cm^2").replace("^2", "²")
        return save_figure(figure, folder, name, f"{title}: impedance of an electrode of {area}, equal axes.", data)


def _mark(axes: Axes, frequency: FloatArray, re: FloatArray, im: FloatArray) -> None:
    """Mark whole decades where their labels do not fall on each other, below a rising and above a falling branch."""
    span = max(float(np.ptp(re)), float(np.ptp(im)), 1e-30)
    slope = np.gradient(im) * np.sign(re[-1] - re[0]) if len(re) > 1 else np.zeros(1)
    taken: list[tuple[float, float]] = []
    for decade in range(12, -10, -1):
        at = int(np.argmin(np.abs(np.log10(frequency) - decade)))
        point = float(re[at]), float(im[at])
        near = abs(np.log10(frequency[at]) - decade) < 0.08
        if near and all(np.hypot(point[0] - x, point[1] - y) > 0.13 * span for x, y in taken):
            axes.plot(*point, "o", color=BLACK, ms=4)
            offset = (5, 3) if slope[at] < 0 else (5, -9)
            axes.annotate(f"{_decade(decade)} Hz", point, textcoords="offset points", xytext=offset, fontsize=7)
            taken.append(point)


# maps -----------------------------------------------------------------------------------------------------------------
def _faces(result: Result) -> list[tuple[str, str, str]]:
    return [face for face in _FACES if face[0] in result.curves]


def _heading(title: str, label: str, faces: int) -> str:
    return title if faces == 1 else f"{title}, {label}"


def _bar_at(result: Result) -> Literal["right", "bottom"]:
    """Return where a colour bar has room: beside a map, or below a flat one."""
    rows, columns = result.curves["contact"].shape
    return "bottom" if rows < 0.5 * columns else "right"


def _finish_bar(bar: Colorbar, mean: float | None, *, logarithmic: bool) -> None:
    """Label a colour bar in plain characters and mark the mean in it."""
    upright = bar.orientation == "vertical"
    if logarithmic:
        _log_ticks(bar.ax.yaxis if upright else bar.ax.xaxis)
    if mean is not None:
        line = bar.ax.axhline if upright else bar.ax.axvline
        line(mean, color="white", lw=2.6)
        line(mean, color=BLACK, lw=1.2)


def _size(result: Result, panels: int) -> tuple[float, float]:
    """Return a figure size [inches] in which maps of this shape leave no empty room."""
    rows, columns = result.curves["contact"].shape
    shape = min(max(rows / columns, 0.25), 2.0)
    below = 0.8 if _bar_at(result) == "bottom" else 0.0
    return 4.9 * panels + 0.2, 3.5 * shape + 0.9 + below


def _panels(figure: Any, count: int) -> Sequence[Axes]:
    figure.set_layout_engine("compressed")  # for axes whose shape is that of the map
    panels: Sequence[Axes] = figure.subplots(1, count, squeeze=False)[0]
    return panels


def _draw(axes: Axes, result: Result, values: FloatArray, **colours: Any) -> AxesImage:
    """Draw a map indexed [y, x] with its first row on top, as an image shows it."""
    rows, columns = result.curves["contact"].shape
    width = float(result.details["period"])
    height = width * rows / columns
    factor, unit = next(((f, n) for f, n in _LENGTHS if max(width, height) >= 2.0 * f), _LENGTHS[-1])
    image = axes.imshow(
        values, extent=(0.0, width / factor, height / factor, 0.0), interpolation="none", aspect="equal", **colours
    )
    axes.set_xlabel(f"x / {unit}")
    axes.set_ylabel(f"y / {unit}")
    axes.tick_params(direction="out", top=False, right=False)
    return image


def _contact_legend(axes: Axes) -> None:
    import matplotlib as mpl
    from matplotlib.patches import Patch

    colours = mpl.colormaps["cividis"]
    handles = [Patch(fc=colours(1.0), ec=BLACK, label="contact"), Patch(fc=colours(0.0), ec=BLACK, label="void")]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)


def _shown(pixels: int) -> int:
    """Return how many points a figure shows of so many pixels: a whole fraction of them where one is near enough."""
    most = max(pixels // k for k in range(1, pixels + 1) if pixels % k == 0 and pixels // k <= LARGEST)
    return most if most == pixels or 2 * most > LARGEST else LARGEST


def _blocks(values: FloatArray) -> FloatArray:
    """Return the map as it is shown: a large one as means over areas, which keeps its mean."""
    if max(values.shape) <= LARGEST:
        return values
    down, across = (_shares(n, _shown(n)) for n in values.shape)
    shown: FloatArray = down @ values @ across.T
    return shown


def _shares(pixels: int, points: int) -> FloatArray:
    """Return the share of each point (rows) that each pixel (columns) takes; both divide the same length evenly."""
    edges = np.arange(points + 1) * (pixels / points)
    low = np.maximum(edges[:-1, None], np.arange(pixels))
    high = np.minimum(edges[1:, None], np.arange(1, pixels + 1))
    shares: FloatArray = np.clip(high - low, 0.0, None) * (points / pixels)
    return shares


def _averaged(result: Result) -> str:
    rows, columns = result.curves["contact"].shape
    if max(rows, columns) <= LARGEST:
        return ""
    return f" {_shown(rows)} x {_shown(columns)} points are shown, means over the {rows} x {columns} pixels."


def _map_columns(result: Result, names: Sequence[str], unit: str) -> dict[str, FloatArray]:
    """Return the places of the pixels' centres and the values of maps, one row per pixel."""
    shown = {name: _blocks(result.curves[name]) for name in names}
    rows, columns = shown[names[0]].shape
    width = float(result.details["period"])
    height = width * result.curves["contact"].shape[0] / result.curves["contact"].shape[1]
    y, x = np.meshgrid((np.arange(rows) + 0.5) / rows * height, (np.arange(columns) + 0.5) / columns * width,
                       indexing="ij")  # fmt: skip
    return {"x/m": x.ravel(), "y/m": y.ravel(), **{f"{n}/{unit}": v.ravel() for n, v in shown.items()}}


def _norm(values: FloatArray, share: FloatArray) -> tuple[Any, str]:
    """Return a colour scale, logarithmic where the currents span much, and whether lower ones fall off it.

    Pixels that are only partly in contact carry little because they are partly void: they do not stretch the scale.
    """
    import matplotlib as mpl

    whole = share > 0.99 * share.max()
    touching = share > 0.0
    chosen = values[whole if 10 * np.count_nonzero(whole) > np.count_nonzero(touching) else touching]
    low, high = float(chosen.min()), float(chosen.max())
    if high > _LOGARITHMIC * low:
        low = max(low, high / 10.0**_DECADES)
        norm: Any = mpl.colors.LogNorm(low, high)
    else:
        norm = mpl.colors.Normalize(min(low, 0.98 * high), 1.02 * high)
    return norm, "min" if bool(np.any(values[touching] < norm.vmin)) else "neither"


# resistance -----------------------------------------------------------------------------------------------------------
_PARTS = ("slab_resistance", "kinetic_resistance", "constriction_resistance", "asr")
_ROWS = (("slab", BLUE), ("kinetics", ORANGE), ("constriction", PURPLE), ("ASR, the sum", GREEN))


def _waterfall(axes: Axes, result: Result) -> None:
    q = result.quantities
    unit = q["asr"].unit
    values = [q[name].to(unit).field_value for name in _PARTS]
    values = [v if abs(v) > _ROUNDING * values[-1] else 0.0 for v in values]
    starts = [0.0, values[0], values[0] + values[1], 0.0]
    right = max(max(s + v, s) for s, v in zip(starts, values, strict=True))
    for row, ((label, colour), value, start) in enumerate(zip(_ROWS, values, starts, strict=True)):
        axes.barh(row, value, left=start, color=colour, height=0.62, label=label)
        share = "" if row == len(_ROWS) - 1 else f" ({value / values[-1]:.1%})".replace("%", " %")
        end = max(start, start + value) + 0.012 * right
        axes.text(end, row, f"{value:.4g}{share}", va="center", ha="left", fontsize=8)
        if row < len(_ROWS) - 1:
            axes.plot([start + value] * 2, [row, row + 1], color=BLACK, lw=0.6, ls=":")
    axes.set_yticks(range(len(_ROWS)), [label for label, _ in _ROWS])
    axes.set_ylim(len(_ROWS) - 0.5, -0.5)
    axes.set_xlim(min(0.0, *values), 1.28 * right)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"area-specific resistance / {units.pretty_unit(unit)}")


def _bounds(axes: Axes, value: float, interval: tuple[float, float], unit: str) -> None:
    """Draw the bounds as their distance from the value: their own digits would be unreadable."""
    from matplotlib.ticker import MaxNLocator

    ends = [end / value - 1.0 for end in interval]
    factor, name = next((f, n) for least, f, n in _RELATIVE if max(map(abs, ends)) >= least)
    low, high = (end / factor for end in ends)
    axes.plot([low, high], [0.0, 0.0], color=GREEN, lw=5, solid_capstyle="butt", alpha=0.5)
    axes.plot([low, high], [0.0, 0.0], "|", color=BLACK, ms=14, mew=1.4)
    axes.plot([0.0], [0.0], "D", color=GREEN, ms=6)
    span = max(high - low, 1e-3)
    axes.set_xlim(min(low, 0.0) - 0.15 * span, max(high, 0.0) + 0.15 * span)
    axes.set_ylim(-1.0, 1.0)
    axes.set_yticks([0.0], ["bounds of ASR"])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"distance from the value / {name}; the bounds are {interval[0]:.6g} and {interval[1]:.6g} {unit}")
