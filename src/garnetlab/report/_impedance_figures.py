"""Figures of impedance results: Nyquist, Bode, residuals, Kramers-Kronig, Arrhenius."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from garnetlab import units
from garnetlab.report._style import (
    BLACK,
    BLUE,
    CYCLE,
    GREEN,
    MARKERS,
    ORANGE,
    VERMILION,
    SavedFigure,
    new_figure,
    save_figure,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from numpy.typing import NDArray

    from garnetlab.core import Result

    FloatArray = NDArray[np.float64]

_SCALES = ((1e9, "GΩ"), (1e6, "MΩ"), (1e3, "kΩ"), (1.0, "Ω"), (1e-3, "mΩ"), (1e-6, "µΩ"))


def _scale(values: FloatArray) -> tuple[float, str]:
    top = float(np.max(np.abs(values)))
    return next(((f, n) for f, n in _SCALES if top >= f), _SCALES[-1])


def spectrum_sheet(result: Result, folder: Path, name: str, title: str) -> SavedFigure:
    """Return one sheet of a spectrum: Nyquist plot with fit and arcs, Bode plot, residuals, Kramers-Kronig test."""
    curves = result.curves
    with style():
        figure = new_figure(10.0, 6.6)
        grid = figure.add_gridspec(2, 3, height_ratios=(1.5, 1.0))
        _nyquist(figure.add_subplot(grid[0, :]), result)
        _bode(figure.add_subplot(grid[1, 0]), result)
        _residuals(figure.add_subplot(grid[1, 1]), result, "residual", "fit residual")
        _residuals(figure.add_subplot(grid[1, 2]), result, "kk", "Kramers–Kronig residual")
        figure.suptitle(title, fontsize=10)
        data = {_column(k): v for k, v in curves.items()}
        caption = f"{title}. Circuit {result.details['circuit']}; open points were left out of the fit."
        return save_figure(figure, folder, name, caption, data)


def _column(name: str) -> str:
    if name == "frequency":
        return "frequency/Hz"
    if name.startswith(("kk_", "residual_", "used")):
        return name
    return f"{name}/ohm"


def _nyquist(axes: Axes, result: Result) -> None:
    c = result.curves
    factor, unit = _scale(c["measured_real"])
    used = c["used"] > 0
    re, im = c["measured_real"] / factor, -c["measured_imaginary"] / factor
    start = _series_resistance(result) / factor
    for k in range(1, 9):
        if f"arc{k}_real" in c:
            x = start + c[f"arc{k}_real"] / factor
            axes.fill_between(x, -c[f"arc{k}_imaginary"] / factor, color=CYCLE[(k + 1) % 7], alpha=0.2, lw=0)
            start += c[f"arc{k}_real"].max() / factor
    axes.plot(re[used], im[used], "o", color=BLUE, mfc="none", label="measured")
    if not used.all():
        axes.plot(re[~used], im[~used], "x", color=VERMILION, ms=6, label="left out")
    axes.plot(
        c["fit_real"] / factor, -c["fit_imaginary"] / factor, "-", color=BLACK, label=f"fit {result.details['circuit']}"
    )
    _mark_decades(axes, c["frequency"], c["fit_real"] / factor, -c["fit_imaginary"] / factor)
    axes.set_xlabel(f"Re Z / {unit}")
    axes.set_ylabel(f"−Im Z / {unit}")
    _equal(axes, re, im, ratio=3.2)
    axes.legend(loc="upper left")


def _series_resistance(result: Result) -> float:
    """Return R0 [ohm], from where the arcs of a series circuit follow each other along the real axis."""
    values = {p["name"]: p["value"] for p in result.details["parameters"]}
    return float(values.get("R0", 0.0))


def _equal(axes: Axes, x: FloatArray, y: FloatArray, *, ratio: float) -> None:
    """Give a panel that is ``ratio`` times as wide as high the same scale on both axes and no empty half."""
    width, height = float(np.ptp(x)), float(np.ptp(y))
    tall = max(1.3 * height, 1.1 * width / ratio, 1e-30)
    wide = max(tall * ratio, 1.1 * width)
    bottom, left = float(y.min()) - 0.08 * tall, 0.5 * (float(x.min() + x.max()) - wide)
    axes.set_xlim(left, left + wide)
    axes.set_ylim(bottom, bottom + tall)
    axes.set_aspect("equal", adjustable="box")


def _mark_decades(axes: Axes, frequency: FloatArray, re: FloatArray, im: FloatArray) -> None:
    """Mark whole decades of frequency, only where the labels do not fall on each other."""
    span = max(float(np.ptp(re)), float(np.ptp(im)), 1e-30)
    last: list[tuple[float, float]] = []
    for decade in range(-6, 10):
        at = int(np.argmin(np.abs(np.log10(frequency) - decade)))
        if abs(np.log10(frequency[at]) - decade) > 0.08:
            continue
        point = float(re[at]), float(im[at])
        if all(np.hypot(point[0] - x, point[1] - y) > 0.13 * span for x, y in last):
            axes.plot(*point, "o", color=BLACK, ms=4)
            label = f"{_decade(decade)} Hz"
            axes.annotate(label, point, textcoords="offset points", xytext=(5, -9), fontsize=7)
            last.append(point)


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _decade(exponent: int) -> str:
    return "10" + str(exponent).translate(_SUPERSCRIPT)


def _log_ticks(axis: Axis) -> None:
    """Label whole decades, or 1, 2 and 5 where there is hardly one, with plain characters: mathematical text is slow."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    if high < 30.0 * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _position=None: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
        return

    def label(value: float, _position: int | None = None) -> str:
        exponent = np.log10(value) if value > 0 else 0.5
        return _decade(round(exponent)) if abs(exponent - round(exponent)) < 1e-6 else ""

    axis.set_major_formatter(FuncFormatter(label))
    axis.set_minor_formatter(NullFormatter())


def _bode(axes: Axes, result: Result) -> None:
    c = result.curves
    measured = c["measured_real"] + 1j * c["measured_imaginary"]
    fit = c["fit_real"] + 1j * c["fit_imaginary"]
    factor, unit = _scale(np.abs(measured))
    axes.loglog(c["frequency"], np.abs(measured) / factor, "o", color=BLUE, mfc="none")
    axes.loglog(c["frequency"], np.abs(fit) / factor, "-", color=BLUE)
    axes.set_ylabel(f"|Z| / {unit}", color=BLUE)
    axes.set_xlabel("f / Hz")
    _log_ticks(axes.xaxis)
    _log_ticks(axes.yaxis)
    phase = axes.twinx()
    phase.semilogx(c["frequency"], -np.degrees(np.angle(measured)), "s", color=VERMILION, mfc="none", ms=3)
    phase.semilogx(c["frequency"], -np.degrees(np.angle(fit)), "-", color=VERMILION)
    _log_ticks(phase.xaxis)
    phase.set_ylabel("−phase / °", color=VERMILION)


def _residuals(axes: Axes, result: Result, prefix: str, label: str) -> None:
    c = result.curves
    axes.axhline(0.0, color=BLACK, lw=0.6)
    noise = 100 * float(result.details["validity"]["noise"])
    axes.axhspan(-2 * noise, 2 * noise, color="0.9", lw=0, label="±2 noise")
    axes.semilogx(c["frequency"], 100 * c[f"{prefix}_real"], "o-", color=GREEN, lw=0.6, ms=3, label="Re")
    axes.semilogx(c["frequency"], 100 * c[f"{prefix}_imaginary"], "s-", color=ORANGE, lw=0.6, ms=3, label="Im")
    axes.set_ylabel(f"{label}\n/ % of |Z|")
    axes.set_xlabel("f / Hz")
    _log_ticks(axes.xaxis)
    axes.legend(loc="best", ncols=3, fontsize=7, handlelength=1.2, columnspacing=0.8)


def overview(results: Sequence[Result], folder: Path, name: str, title: str, labels: Sequence[str]) -> SavedFigure:
    """Return the Nyquist plots of several spectra with their fits on equal axes.

    Where most of the spectra are small beside the largest, a second panel shows the part near the origin.
    """
    real = np.concatenate([r.curves["measured_real"] for r in results])
    imaginary = -np.concatenate([r.curves["measured_imaginary"] for r in results])
    corner = 3.0 * min(float(np.percentile(np.abs(r.curves["measured_real"]), 40)) for r in results)
    whole = max(float(np.ptp(real)), float(np.ptp(imaginary)))
    with style():
        both = whole > 2.5 * corner
        figure = new_figure(9.2 if both else 6.4, 4.6)
        panels = figure.subplots(1, 2 if both else 1, squeeze=False)[0]
        factor, _ = _nyquists(panels[0], results, labels, whole)
        _equal(panels[0], real / factor, imaginary / factor, ratio=1.25)
        if both:
            factor, _ = _nyquists(panels[1], results, labels, corner)
            panels[1].set_xlim(0.0, corner / factor)
            panels[1].set_ylim(0.0, corner / factor)
            panels[1].set_aspect("equal", adjustable="box")
            panels[1].set_title("near the origin", fontsize=9)
        panels[0].legend(loc="upper left", ncols=1 + len(results) // 9, fontsize=7)
        figure.suptitle(title, fontsize=10)
        parts = ("frequency", "measured_real", "measured_imaginary", "fit_real", "fit_imaginary")
        data = {f"{n} {k}": r.curves[k] for r, n in zip(results, labels, strict=True) for k in parts}
        return save_figure(figure, folder, name, f"{title}: measured (symbols) and fitted (lines), equal axes.", data)


def _nyquists(axes: Axes, results: Sequence[Result], labels: Sequence[str], size: float) -> tuple[float, str]:
    """Draw all spectra in the unit that suits numbers of ``size`` [ohm]; return that unit's factor and name."""
    import matplotlib as mpl

    factor, unit = _scale(np.array([size]))
    colours = mpl.colormaps["viridis"](np.linspace(0.0, 0.85, len(results)))
    for i, (result, label) in enumerate(zip(results, labels, strict=True)):
        c = result.curves
        axes.plot(c["measured_real"] / factor, -c["measured_imaginary"] / factor, MARKERS[i % 7], color=colours[i],
                  mfc="none", label=label)  # fmt: skip
        axes.plot(c["fit_real"] / factor, -c["fit_imaginary"] / factor, "-", color=colours[i], lw=0.8)
    axes.set_xlabel(f"Re Z / {unit}")
    axes.set_ylabel(f"−Im Z / {unit}")
    return factor, unit


_LABELS = {"total": "total", "bulk": "bulk", "grain_boundary": "grain boundary", "interface": "interface"}
_PANELS = (
    (("total", "bulk", "grain_boundary"), "ln(σT / S K m⁻¹)"),
    (("interface",), "ln(T/ASR / K Ω⁻¹ m⁻²)"),
)


def arrhenius_figure(
    results: Sequence[Result], folder: Path, name: str, title: str, labels: Sequence[str] = ()
) -> SavedFigure:
    """Return the Arrhenius plot of one or several branches with 95 % confidence bands; ``labels`` name the branches.

    Conductivities and interface resistances have a panel each.
    """
    present = [(parts, y) for parts, y in _PANELS if any(f"{p}_x" in r.curves for r in results for p in parts)]
    names = labels or [str(r.details.get("label", "")) for r in results]
    with style():
        figure = new_figure(5.4 + 4.6 * (len(present) - 1), 4.6)
        panels = figure.subplots(1, max(len(present), 1), squeeze=False)[0]
        data: dict[str, FloatArray] = {}
        for axes, (parts, y_label) in zip(panels, present, strict=False):
            series = [(r, n, p) for r, n in zip(results, names, strict=True) for p in parts if f"{p}_x" in r.curves]
            for index, (result, branch, part) in enumerate(series):
                _arrhenius_series(axes, result, part, f"{branch} {_LABELS[part]}".strip(), index)
                keys = [k for k in result.curves if k.startswith(part + "_")]
                data |= {f"{branch} {k}".strip(): result.curves[k] for k in keys}
            _arrhenius_axes(axes, y_label)
        figure.suptitle(title, fontsize=10)
        return save_figure(figure, folder, name, f"{title}. Bands: 95 % confidence of the line.", data)


def _arrhenius_axes(axes: Axes, y_label: str) -> None:
    scales: Any = (_to_celsius, _from_celsius)
    axes.set_xlabel("1000 K / T")
    axes.set_ylabel(y_label)
    top = axes.secondary_xaxis("top", functions=scales)
    top.set_xlabel("T / °C")
    axes.tick_params(top=False)
    axes.legend(loc="best", fontsize=7)


def _arrhenius_series(axes: Axes, result: Result, part: str, label: str, index: int) -> None:
    c, colour = result.curves, CYCLE[index % 7]
    energy = result.quantities[f"activation_energy_{part}"]
    text = f"{label}: {units.format_pair(energy.field_value, energy.field_std).replace('+-', '±')} eV"
    kelvin = 1e3 * units.k_B
    x, y, half = kelvin * c[f"{part}_line_x"], c[f"{part}_line"], c[f"{part}_band"]
    axes.errorbar(kelvin * c[f"{part}_x"], c[f"{part}_y"], yerr=2 * c[f"{part}_y_std"], fmt=MARKERS[index % 7],
                  color=colour, mfc="none", label=text)  # fmt: skip
    axes.plot(x, y, "-", color=colour)
    axes.fill_between(x, y - half, y + half, color=colour, alpha=0.15, lw=0)


def _to_celsius(x: FloatArray) -> FloatArray:
    return 1000.0 / np.maximum(x, 1e-3) - units.ZERO_CELSIUS


def _from_celsius(t: FloatArray) -> FloatArray:
    return 1000.0 / np.maximum(t + units.ZERO_CELSIUS, 1.0)
