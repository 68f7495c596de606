"""One style for all figures, and the way they are saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from garnetlab.report._files import write_bytes, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

#: Okabe and Ito's colours, told apart by every kind of colour vision (Okabe, Ito, 2008, jfly.uni-koeln.de/color)
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
CYCLE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_RC: Any = {
    "font.size": 9.0,
    "font.family": "DejaVu Sans",
    "axes.linewidth": 0.8,
    "axes.formatter.use_mathtext": False,
    "axes.spines.top": True,
    "axes.spines.right": True,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "garnetlab",
    "figure.dpi": 100,
    "savefig.dpi": 160,
}


@contextmanager
def style() -> Iterator[None]:
    """Apply the style inside a ``with`` block only; nothing global changes."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcParams.update(_RC)
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure [inches] that is bound to no window system."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


@dataclass(frozen=True, slots=True)
class SavedFigure:
    """Where a figure and its data were written, with its caption and the SVG text for a page."""

    name: str
    caption: str
    svg: str
    files: tuple[Path, ...]


def save_figure(figure: Figure, folder: Path, name: str, caption: str, data: Mapping[str, FloatArray]) -> SavedFigure:
    """Write ``name.svg``, ``name.png`` and the data ``name.csv`` into ``folder`` and return where they are."""
    vector, raster = io.StringIO(), io.BytesIO()
    figure.savefig(vector, format="svg", metadata={"Date": None})
    figure.set_layout_engine("none")  # the layout is done: the second format takes it as it is
    figure.savefig(raster, format="png")
    files = tuple(folder / f"{name}{suffix}" for suffix in (".svg", ".png", ".csv"))
    write_text(files[0], vector.getvalue())
    write_bytes(files[1], raster.getvalue())
    write_text(files[2], columns_csv(data))
    text = vector.getvalue()
    return SavedFigure(name, caption, text[text.index("<svg") :], files)


def columns_csv(data: Mapping[str, FloatArray]) -> str:
    """Return columns of unequal length as CSV text; shorter ones end with empty cells."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(list(data))
    longest = max((len(column) for column in data.values()), default=0)
    for i in range(longest):
        writer.writerow([repr(float(c[i])) if i < len(c) else "" for c in data.values()])
    return out.getvalue()


def rows_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as CSV text; the header is the union of their keys in order of appearance, None is empty."""
    header = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if row.get(key) is None else row[key] for key in header])
    return out.getvalue()
