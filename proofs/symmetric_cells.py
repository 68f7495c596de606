"""Proof: shorts, loss of contact and critical currents in a seeded set of virtual symmetric cells whose fate is known.

``python proofs/symmetric_cells.py`` makes the cells (simulator, disturbances, instrument; three in ten go through a file of an
instrument), analyses them, scores against the truth of the simulator, and writes ``docs/proofs/symmetric-cells.csv`` (scores with
their intervals, by kind and cause), ``symmetric-cells-cells.csv`` (a row per cell), ``symmetric-cells-confusion.csv``, a figure.
Beside the analysis stand two measures: what is done by eye or in a short script, a threshold on the resistance of each half
cycle, and what a careful person would write in an afternoon. A tenth as many borderline cells, with shorts that the set
excludes, are scored in lines of their own.

``--seeds training`` takes the cells that may be looked at while the analysis is written; its tables go to ``reports``. The
default, ``scored``, is for the score alone: nothing is tuned on it.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

# coverage.py beside this file would hide the package of that name from the compiler
sys.path.remove(str(Path(__file__).resolve().parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from garnetlab.report._style import BLACK, BLUE, GREEN, ORANGE, new_figure, style
from garnetlab.study._cell_set import SCORED, TRAINING, VirtualCell, make_borderline_cell, make_cell
from garnetlab.study._cell_set_score import FAILURES, METHODS, TARGETS, CellScore, Row, confusion, scores_of, summary

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = {family.name: family for family in (TRAINING, SCORED)}
MAKERS: dict[str, Callable[..., VirtualCell]] = {"main": make_cell, "borderline": make_borderline_cell}
COLOURS = dict(zip(METHODS, (BLUE, ORANGE, GREEN), strict=True))
CHUNK = 10
Scored = tuple[Row, dict[str, CellScore]]


def part(name: str, stratum: str, first: int, last: int) -> list[Scored]:
    """Return the scores of some cells; for a process of its own."""
    return scores_of(MAKERS[stratum](FAMILIES[name], k) for k in range(first, last))


def run(name: str, stratum: str, cells: int, jobs: int) -> list[Scored]:
    """Return the scores of all cells in their order."""
    starts = range(0, cells, CHUNK)
    many = len(starts)
    out: list[Scored] = []
    with ProcessPoolExecutor(jobs) as pool:
        ends = [min(s + CHUNK, cells) for s in starts]
        for done in pool.map(part, [name] * many, [stratum] * many, starts, ends):
            out += done
            print(f"\r{len(out)}/{cells} {stratum} cells", end="", flush=True)
    print()
    return out


def of_method(found: Sequence[Scored], method: str) -> list[tuple[Row, CellScore]]:
    """Return rows with the score of one method."""
    return [(row, scores[method]) for row, scores in found]


def commit() -> str:
    """Return the commit of the program, with ``+`` where files differ from it."""
    git = shutil.which("git")
    if git is None:
        return "unknown"

    def said(*arguments: str) -> str:
        return subprocess.run([git, *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()

    try:
        return said("rev-parse", "--short", "HEAD") + ("+" if said("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


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
    for offset, (method, rows) in zip((-0.2, 0.0, 0.2), tables.items(), strict=True):
        whole = {str(r["measure"]): r for r in rows if r["by"] == "all"}
        own = [(x, whole[name]) for x, name in enumerate(TARGETS) if name in whole]
        y = np.array([100.0 * float(str(r["share"])) for _, r in own])
        low, high = (np.array([100.0 * float(str(r[k])) for _, r in own]) for k in ("low_95", "high_95"))
        at = np.array([x for x, _ in own]) + offset
        axes.errorbar(at, y, [y - low, high - y], fmt="o", color=COLOURS[method], capsize=3, label=method)
    for x, (goal, at_most) in enumerate(TARGETS.values()):
        axes.plot([x - 0.35, x + 0.35], [100.0 * goal] * 2, color=BLACK, lw=1.0, ls="--")
        axes.annotate("", (x + 0.35, 100.0 * goal + (-9 if at_most else 9)), (x + 0.35, 100.0 * goal),
                      arrowprops={"arrowstyle": "->", "color": BLACK, "lw": 0.8})  # fmt: skip
    axes.set_xticks(range(len(TARGETS)), [name.replace(" ", "\n", 1) for name in TARGETS], fontsize=7.5)
    axes.set_ylim(-12, 135)
    axes.set_yticks(range(0, 101, 20))
    axes.set_ylabel("cells or events / %")
    axes.legend(loc="upper center", ncols=3)


def times(axes, found: list[Scored]) -> None:
    """Draw how far reported events lie from the true ones."""
    edges = np.linspace(-3.0, 3.0, 49)
    highest = 1.0
    for method, colour in COLOURS.items():
        far = [d for _, scores in found for d in scores[method].distance.values() if d is not None]
        counts, _, _ = axes.hist(np.clip(far, -2.99, 2.99), edges, histtype="step", color=colour, label=method)
        highest = max(highest, float(np.max(counts)))
    for x in (-1.0, 1.0):
        axes.axvline(x, ymax=0.75, color=BLACK, lw=0.8, ls="--")
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(0.0, 30.0 * highest)  # room for the legend
    axes.set_xlabel("reported minus true time / half cycles")
    axes.set_ylabel("events")
    axes.legend(loc="upper left")


def kinds(axes, found: list[Scored]) -> None:
    """Draw which first failure was called what by the analysis."""
    names = ("none", *FAILURES)
    table = confusion([score for _, score in of_method(found, METHODS[0])])
    counts = np.array([[int(str(row[name])) for name in names] for row in table])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.3, aspect="auto")
    for (i, j), count in np.ndenumerate(counts):
        axes.text(j, i, str(count), ha="center", va="center", color="white" if shares[i, j] > 0.6 else BLACK)
    words = [name.replace("_", " ") for name in names]
    axes.set_xticks(range(len(names)), words, fontsize=7.5)
    axes.set_yticks(range(len(names)), words, fontsize=7.5)
    axes.set_xlabel("first failure reported")
    axes.set_ylabel("true first failure")
    axes.tick_params(length=0)


def failing(found: list[Scored]) -> list[str]:
    """Return a line for each cell that misses anything."""
    lines = []
    for row, score in of_method(found, METHODS[0]):
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
    found = run(family.name, "main", options.cells, options.jobs)
    borderline = run(family.name, "borderline", max(options.cells // 10, 2), options.jobs)
    tables = {
        method: summary(of_method(found, method), family, method, borderline=of_method(borderline, method))
        for method in METHODS
    }
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    said = f"{options.cells} virtual symmetric cells, {family.name} seeds ({family.seed}), {today}"
    tries = float(np.mean([int(str(row["plans drawn"])) for row, _ in found]))
    head = f"# {said}; commit {commit()}; {tries:.2f} plans drawn for each cell\n"
    write(folder / "symmetric-cells.csv", [row for rows in tables.values() for row in rows], head)
    write(folder / "symmetric-cells-cells.csv", [row for row, _ in [*found, *borderline]], head)
    mixed = [{"method": m, **r} for m in METHODS for r in confusion([score for _, score in of_method(found, m)])]
    write(folder / "symmetric-cells-confusion.csv", mixed, head)
    draw(tables, found, folder, said)
    for method, rows in tables.items():
        for row in rows:
            if row["by"] in ("all", "stratum"):
                goal = f"  target {row['target']}: {'met' if row['met'] else 'MISSED'}" if row["target"] else ""
                print(f"{method:17} {row['group']:10} {row['measure']:41} {row['right']}/{row['of']} = {row['share']}"
                      f" [{row['low_95']}, {row['high_95']}]{goal}")  # fmt: skip
    if family is TRAINING:
        print("\n".join(failing(found)))
    return int(any(row["met"] is False for row in tables[METHODS[0]]))


if __name__ == "__main__":
    sys.exit(main())
