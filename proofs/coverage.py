"""Coverage of the 95 % intervals of the impedance analysis, against the truth of the simulation.

The truth of a spectrum is R_b + R_gb and R_int of its circuit; it never follows the roles that the analysis gave to the
arcs, so that an arc read wrongly is a miss. Families: reference cases A and B (1 % and 0.3 % noise), and a wide family of
symmetric cells drawn over what garnet cells show. Development used other seeds.

    python proofs/coverage.py [--quick] [--out docs/proofs]
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from garnetlab.analyse import analyse_impedance
from garnetlab.core import Measurement, Result
from garnetlab.report._style import BLACK, BLUE, VERMILION, new_figure, style
from garnetlab.simulate import simulate_eis

SEED = 733001
ARCS = "R0-p(R1,CPE1)-p(R2,CPE2)-W1"
BULK = "p(R0,C0)-p(R1,CPE1)-p(R2,CPE2)-W1"
CASES = {
    "A": {"R0": 200.0, "R1": 50.0, "CPE1.Q": 1.5e-8, "CPE1.n": 0.90, "R2": 83.0, "CPE2.Q": 3e-6, "CPE2.n": 0.85, "W1": 2.0},
    "B": {"R0": 200.0, "R1": 100.0, "CPE1.Q": 6e-8, "CPE1.n": 0.92, "R2": 460.0, "CPE2.Q": 3e-6, "CPE2.n": 0.85, "W1": 4.0},
}  # fmt: skip
CELL = {"area": 0.785e-4, "thickness": 1e-3, "electrodes": "symmetric"}
WANTED = {"electrolyte_resistance": ("R0", "R1"), "interface_arc_resistance": ("R2",)}


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(math.exp(rng.uniform(math.log(low), math.log(high))))


def wide(rng: np.random.Generator) -> tuple[dict[str, float], float, np.ndarray]:
    """Return parameters, noise and frequencies of one cell of the wide family."""
    total, share = log_uniform(rng, 50, 1000), rng.uniform(0.1, 0.6)
    interface, n = log_uniform(rng, 20, 2000), rng.uniform(0.8, 1.0)
    boundary, m = total * share, rng.uniform(0.85, 1.0)
    c_boundary, c_interface = log_uniform(rng, 3e-10, 1e-8), log_uniform(rng, 2e-7, 5e-6)
    parameters = {
        "R0": total - boundary,
        "C0": 8.854e-12 * rng.uniform(50, 200) * CELL["area"] / CELL["thickness"],
        "R1": boundary,
        "CPE1.Q": (boundary * c_boundary) ** m / boundary,
        "CPE1.n": m,
        "R2": interface,
        "CPE2.Q": (interface * c_interface) ** n / interface,
        "CPE2.n": n,
        "W1": log_uniform(rng, 0.5, 5.0),
    }
    frequencies = np.logspace(math.log10(rng.choice([1e6, 7e6])), -2, int(rng.integers(41, 101)))
    return parameters, log_uniform(rng, 0.001, 0.01), frequencies


def families(count: int) -> Iterator[tuple[str, list[Measurement], list[dict[str, float]]]]:
    for case, parameters in CASES.items():
        for noise in (0.01, 0.003):
            rngs = (np.random.default_rng([SEED, i, ord(case), round(1e4 * noise)]) for i in range(count))
            made = [simulate_eis(ARCS, parameters, noise=noise, rng=rng, metadata=CELL) for rng in rngs]
            yield f"{case}, {100 * noise:g} %", made, [parameters] * count
    made, truths = [], []
    for i in range(count // 2):
        rng = np.random.default_rng([SEED, i, 3])
        parameters, noise, frequencies = wide(rng)
        made.append(simulate_eis(BULK, parameters, noise=noise, rng=rng, frequencies=frequencies, metadata=CELL))
        truths.append(parameters)
    yield "wide", made, truths


def score(name: str, results: tuple[Result, ...], truths: list[dict[str, float]]) -> Iterator[dict[str, object]]:
    """Yield a row per quantity: coverage over all spectra that show it, and over those without a doubt of the reading."""
    for quantity, parts in WANTED.items():
        rows = [
            (r[quantity].interval[0] <= (t := sum(p[k] for k in parts)) <= r[quantity].interval[1],
             r.details["assignment_probability"] >= 0.9, abs(math.log(r[quantity].value / t)))
            for r, p in zip(results, truths, strict=True)
            if quantity in r.quantities and r[quantity].interval is not None
        ]  # fmt: skip
        sure = [hit for hit, clear, _ in rows if clear]
        yield {
            "family": name,
            "quantity": quantity,
            "spectra": len(results),
            "shown": len(rows),
            "coverage": round(float(np.mean([hit for hit, _, _ in rows])), 4),
            "undoubted": len(sure),
            "coverage undoubted": round(float(np.mean(sure)), 4) if sure else None,
            "median error %": round(100 * float(np.median([e for _, _, e in rows])), 3),
        }


def draw(rows: list[dict[str, object]], folder: Path, said: str) -> None:
    with style():
        figure = new_figure(8.0, 3.6)
        axes = figure.subplots()
        axes.axhspan(92, 98, color="0.9", lw=0, label="92 to 98 %")
        for offset, (quantity, colour) in zip((-0.1, 0.1), zip(WANTED, (BLUE, VERMILION), strict=True), strict=True):
            mine = [r for r in rows if r["quantity"] == quantity]
            y = np.array([100 * float(str(r["coverage"])) for r in mine])
            n = np.array([float(str(r["shown"])) for r in mine])
            error = 1.96 * np.sqrt(np.maximum(y * (100 - y), 1.0) / n)
            axes.errorbar(
                np.arange(len(mine)) + offset, y, error, fmt="o", color=colour, label=quantity.replace("_", " ")
            )
        axes.axhline(95, color=BLACK, lw=0.6)
        names = list(dict.fromkeys(str(r["family"]) for r in rows))
        axes.set_xticks(range(len(names)), names)
        axes.set_ylabel("true value inside the 95 % interval / %")
        axes.set_title(said, fontsize=8)
        axes.legend(loc="lower left")
        figure.savefig(folder / "coverage.svg", metadata={"Date": None})
        figure.savefig(folder / "coverage.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="40 spectra per family instead of 400")
    parser.add_argument("--out", type=Path, default=Path("docs/proofs"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, measurements, truths in families(40 if options.quick else 400):
        for row in score(name, analyse_impedance(measurements, series=[""] * len(measurements)), truths):
            rows.append(row)
            print(row)
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    with (options.out / "coverage.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [*rows[0], "seed", "date"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "seed": SEED, "date": today} for row in rows)
    draw(rows, options.out, f"Coverage of the impedance analysis, seed {SEED}, {today}")


if __name__ == "__main__":
    main()
