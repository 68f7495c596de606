"""Figures of groups of cells: survival curves with their 95 % limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab import units
from garnetlab.report._style import CYCLE, SavedFigure, new_figure, save_figure, style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from garnetlab.core import Result

    Floats = NDArray[np.float64]


def survival_figure(
    results: Sequence[Result], labels: Sequence[str], folder: Path, name: str, title: str
) -> SavedFigure:
    """Return the survival curves of groups of cells (Kaplan-Meier) with pointwise 95 % limits."""
    data: dict[str, Floats] = {}
    with style():
        figure = new_figure(5.8, 3.8)
        axes = figure.add_subplot()
        for k, (result, label) in enumerate(zip(results, labels, strict=True)):
            if "survival" not in result.curves:
                continue
            colour = CYCLE[k % len(CYCLE)]
            time = result.curves["time"] / units.hour
            low, high = (result.curves.get(f"exact_{n}", result.curves[n]) for n in ("low", "high"))
            n = result.details["cells"]
            axes.step(time, result.curves["survival"], where="post", color=colour, label=f"{label} (n = {n})")
            axes.fill_between(time, low, high, step="post", color=colour, alpha=0.18, lw=0.0)
            data |= {f"time {label}/h": time, f"survival {label}/1": result.curves["survival"],
                     f"low {label}/1": low, f"high {label}/1": high}  # fmt: skip
        axes.set_ylim(0.0, 1.03)
        axes.set_xlim(left=0.0)
        axes.set_xlabel("time / h")
        axes.set_ylabel("share of cells not failed")
        axes.legend(loc="best")
        figure.suptitle(title, fontsize=10)
        caption = f"{title}: survival curves (Kaplan-Meier) with pointwise 95 % limits."
        return save_figure(figure, folder, name, caption, data)
