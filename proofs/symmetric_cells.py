"""Proof: shorts, loss of contact and critical currents in a seeded set of virtual symmetric cells whose fate is known.

``python proofs/symmetric_cells.py`` makes the cells (simulator, disturbances, instrument; three in ten go through a file of an
instrument), analyses them, scores against the truth of the simulator, and writes ``docs/proofs/symmetric-cells.csv`` (scores with
their intervals, by kind and cause), ``symmetric-cells-cells.csv`` (a row per cell), ``symmetric-cells-confusion.csv``, a figure.
Beside the analysis stands what is done by eye or in a short script: a threshold on the resistance of each half cycle.

``--seeds training`` takes the cells that may be looked at while the analysis is written; its tables go to ``reports``. The
default, ``scored``, is for the score alone: nothing is tuned on it.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

# coverage.py beside this file would hide the package of that name from the compiler
sys.path.remove(str(Path(__file__).resolve().parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from garnetlab.report._style import BLACK, BLUE, ORANGE, new_figure, style
from garnetlab.study._cell_set import SCORED, TRAINING, make_cell
from garnetlab.study._cell_set_score import FAILURES, TARGETS, CellScore, Row, confusion, scores_of, summary

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = {family.name: family for family in (TRAINING, SCORED)}
METHODS = ("analysis", "threshold")
CHUNK = 10
Scored = tuple[Row, CellScore, CellScore]


def part(name: str, first: int, last: int) -> list[Scored]:
    """Return the scores of some cells; for a process of its own."""
    return scores_of(make_cell(FAMILIES[name], k) for k in range(first, last))


def run(name: str, cells: int, jobs: int) -> list[Scored]:
    """Return the scores of all cells in their order."""
    starts = range(0, cells, CHUNK)
    out: list[Scored] = []
    with ProcessPoolExecutor(jobs) as pool:
        for done in pool.map(part, [name] * len(starts), starts, [min(s + CHUNK, cells) for s in starts]):
            out += done
            print(f"\r{len(out)}/{cells} cells", end="", flush=True)
    print()
    return out


def write(path: Path, rows: Sequence[Row], head: str) -> None:
    """Write a table below a line that says when and from which seeds."""
    columns = list(dict.fromkeys(k for row in rows for k in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(head)
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def draw(tables: dict[str, list[Row]], found: list[Scored], folder: Path, said: str) -> None:
    """Write the figure: the targets, how far events lie from the truth, and which failure was called what."""
    with style():
        figure = new_figure(8.4, 6.0)
        panels = figure.subplot_mosaic([["targets", "targets"], ["times", "kinds"]], height_ratios=[1.0, 1.15])
        targets(panels["targets"], tables)
        times(panels["times"], found)
        kinds(panels["kinds"], found)
        figure.suptitle(said, fontsize=8)
        figure.savefig(folder / "symmetric-cells.svg", metadata={"Date": None})
        figure.savefig(folder / "symmetric-cells.png")


def targets(axes, tables: dict[str, list[Row]]) -> None:
    """Draw each target with the share reached and its interval."""
    for offset, colour, (method, rows) in zip((-0.14, 0.14), (BLUE, ORANGE), tables.items(), strict=True):
        whole = {str(r["measure"]): r for r in rows if r["by"] == "all"}
        own = [(x, whole[name]) for x, name in enumerate(TARGETS) if name in whole]
        y = np.array([100.0 * float(str(r["share"])) for _, r in own])
        low, high = (np.array([100.0 * float(str(r[k])) for _, r in own]) for k in ("low_95", "high_95"))
        at = np.array([x for x, _ in own]) + offset
        axes.errorbar(at, y, [y - low, high - y], fmt="o", color=colour, capsize=3, label=method)
    for x, (goal, at_most) in enumerate(TARGETS.values()):
        axes.plot([x - 0.35, x + 0.35], [100.0 * goal] * 2, color=BLACK, lw=1.0, ls="--")
        axes.annotate("", (x + 0.35, 100.0 * goal + (-9 if at_most else 9)), (x + 0.35, 100.0 * goal),
                      arrowprops={"arrowstyle": "->", "color": BLACK, "lw": 0.8})  # fmt: skip
    axes.set_xticks(range(len(TARGETS)), [name.replace(" ", "\n", 1) for name in TARGETS], fontsize=7.5)
    axes.set_ylim(-12, 112)
    axes.set_ylabel("cells or events / %")
    axes.legend(loc="center left")


def times(axes, found: list[Scored]) -> None:
    """Draw how far reported events lie from the true ones."""
    edges = np.linspace(-3.0, 3.0, 49)
    for method, colour, place in zip(METHODS, (BLUE, ORANGE), (1, 2), strict=True):
        far = [d for row in found for d in row[place].distance.values() if d is not None]
        axes.hist(np.clip(far, -2.99, 2.99), edges, histtype="step", color=colour, label=method)
    for x in (-1.0, 1.0):
        axes.axvline(x, color=BLACK, lw=0.8, ls="--")
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_xlabel("reported minus true time / half cycles")
    axes.set_ylabel("events")
    axes.legend(loc="upper left")


def kinds(axes, found: list[Scored]) -> None:
    """Draw which first failure was called what by the analysis."""
    names = ("none", *FAILURES)
    table = confusion([ours for _, ours, _ in found])
    counts = np.array([[int(str(row[name])) for name in names] for row in table])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.3, aspect="auto")
    for (i, j), count in np.ndenumerate(counts):
        axes.text(j, i, str(count), ha="center", va="center")
    words = [name.replace("_", " ") for name in names]
    axes.set_xticks(range(len(names)), words, fontsize=7.5)
    axes.set_yticks(range(len(names)), words, fontsize=7.5)
    axes.set_xlabel("first failure reported")
    axes.set_ylabel("true first failure")
    axes.tick_params(length=0)


def failing(found: list[Scored]) -> list[str]:
    """Return a line for each cell that misses anything."""
    lines = []
    for row, score, _ in found:
        wrong = [kind for kind in FAILURES if score.found(kind) is False or score.in_time(kind) is False]
        wrong += ["alarm"] if score.alarm else []
        wrong += ["ladder"] if score.ladder is False else []
        wrong += ["refused"] if score.refused else []
        if wrong:
            keys = (
                "cell",
                "course",
                "protocol",
                "noise",
                "file",
                "current column",
                "electrolyte known",
                "truth",
                "reported",
            )
            lines.append(" | ".join([", ".join(wrong), *(str(row[k]) for k in keys)])
                         + (f" | {row['ladder true']} {row['ladder reported']}" if row["ladder true"] else ""))  # fmt: skip
    return lines


def main() -> int:
    """Run, write, and return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", choices=sorted(FAMILIES), default=SCORED.name)
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder, by default docs/proofs for the scored seeds")
    options = parser.parse_args()
    folder = options.out or ROOT / ("docs/proofs" if options.seeds == SCORED.name else "reports/symmetric-cells")
    folder.mkdir(parents=True, exist_ok=True)
    family = FAMILIES[options.seeds]
    found = run(family.name, options.cells, options.jobs)
    tables = {
        method: summary([(row[0], row[k]) for row in found], family, method)
        for k, method in enumerate(METHODS, start=1)
    }
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    said = f"{options.cells} virtual symmetric cells, {family.name} seeds ({family.seed}), {today}"
    head = f"# {said}\n"
    write(folder / "symmetric-cells.csv", [row for rows in tables.values() for row in rows], head)
    write(folder / "symmetric-cells-cells.csv", [row for row, _, _ in found], head)
    mixed = [{"method": m, **r} for k, m in enumerate(METHODS, 1) for r in confusion([row[k] for row in found])]
    write(folder / "symmetric-cells-confusion.csv", mixed, head)
    draw(tables, found, folder, said)
    for method, rows in tables.items():
        for row in rows:
            if row["by"] == "all":
                goal = f"  target {row['target']}: {'met' if row['met'] else 'MISSED'}" if row["target"] else ""
                print(f"{method:9} {row['measure']:36} {row['right']}/{row['of']} = {row['share']}"
                      f" [{row['low_95']}, {row['high_95']}]{goal}")  # fmt: skip
    if family is TRAINING:
        print("\n".join(failing(found)))
    return int(any(row["met"] is False for row in tables[METHODS[0]]))


if __name__ == "__main__":
    sys.exit(main())
