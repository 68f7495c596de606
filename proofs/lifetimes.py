"""Coverage, level and power of the statistics of groups of cells, against simulated cells of known truth.

Each row is one interval or test at one number of cells: the share of 95 % intervals that hold the truth, or the share of
experiments without a difference in which a test at 5 % finds one, beside what large-sample theory (chi-square, log-log)
gives on the same data. Experiments with too few failures for an interval count as no interval and are given as a share.

    python proofs/lifetimes.py [--quick] [--out docs/proofs]
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import stats

from garnetlab.analyse import ccd_power, life_power
from garnetlab.analyse._mixed_effects import fit_mixed
from garnetlab.analyse._survival_calibration import Target, cuts
from garnetlab.analyse._survival_curve import kaplan_meier, quantile_interval
from garnetlab.analyse._survival_families import EXTREME, NORMAL, Family
from garnetlab.analyse._survival_groups import collapses
from garnetlab.analyse._survival_likelihood import Censored, maximise
from garnetlab.analyse._survival_permutation import interval_scores, logrank_chi2, logrank_scores, permutation_test

SEED = 550411
CHI2 = float(stats.chi2.ppf(0.95, 1))
Row = dict[str, object]


def row(
    family: str, quantity: str, cells: object, sets: int, *, ours: float, theory: float | None = None, none: float = 0.0
) -> Row:
    return {
        "family": family,
        "quantity": quantity,
        "cells": cells,
        "experiments": sets,
        "without interval": round(none, 4),
        "ours": round(ours, 4),
        "standard error": round(math.sqrt(max(ours * (1 - ours), 1 / sets) / sets), 4),
        "large-sample theory": None if theory is None else round(theory, 4),
    }


def curves(sets: int) -> Iterator[Row]:
    """Yield the coverage of the limits of Kaplan-Meier curves and of their medians; lives and watches end at random."""
    for cells in (3, 5, 10, 20):
        rng = np.random.default_rng([SEED, 1, cells])
        made = []
        for _ in range(sets):
            life, end = rng.exponential(1.0, cells), rng.exponential(2.0, cells)
            made.append(kaplan_meier(np.minimum(life, end), life <= end))
        for share in (0.75, 0.5, 0.25):
            exact = greenwood = 0
            for curve in made:
                k = int(np.searchsorted(curve.time, -math.log(share), side="right")) - 1
                low, high = (curve.exact_low[k], curve.exact_high[k]) if k >= 0 else (curve.exact_start, 1.0)
                exact += low <= share <= high
                inside = k >= 0 and 0.0 < curve.survival[k] < 1.0
                greenwood += inside and curve.low[k] <= share <= curve.high[k]
            yield row("Kaplan-Meier", f"survival at {share}", cells, sets, ours=exact / sets, theory=greenwood / sets)
        for exact in (True, False):
            hits = 0
            for curve in made:
                _, low, high = quantile_interval(curve, 0.5, exact=exact)
                hits += (low is None or low <= math.log(2.0)) and (high is None or high >= math.log(2.0))
            if exact:
                ours = hits / sets
        yield row("Kaplan-Meier", "median", cells, sets, ours=ours, theory=hits / sets)


def profiles(
    family: Family, data: Censored, targets: dict[str, tuple[Target, float]]
) -> dict[str, tuple[float, float, float]]:
    """Return, per target, the coverage of the calibrated and of the chi-square profile, and the share without interval."""
    fit = maximise(data, family)
    sizes = tuple(np.bincount(data.group).tolist())
    failures = np.stack([data.failed[:, data.group == g].sum(axis=1) for g in range(data.groups)], axis=1)
    exact = (data.low == data.high).any(axis=1)
    pairs = zip(exact, data.low, data.high, strict=True)
    told = np.array([not (e and collapses(Censored(lo[None], hi[None], data.group))) for e, lo, hi in pairs])
    found = {}
    for name, (target, truth) in targets.items():
        held = maximise(data, family, target.restriction(data.groups, truth))
        drop, above = 2.0 * (fit.value - held.value), target.estimate(fit) > truth
        bars = np.empty((len(drop), 2))
        for kind in np.unique(failures, axis=0):
            bars[(failures == kind).all(axis=1)] = cuts(family, sizes, tuple(kind.tolist()), target)
        known = told & np.isfinite(bars[:, 0])
        inside = drop <= np.where(above, bars[:, 0], bars[:, 1])
        found[name] = (float(inside[known].mean()), float((drop[known] <= CHI2).mean()), float(1.0 - known.mean()))
    return found


def weibull(sets: int) -> Iterator[Row]:
    quantile = math.log(-math.log(0.9))
    one = {
        "shape": (Target("scale"), 0.0),
        "scale": (Target("location"), 0.0),
        "b10": (Target("location", quantile=quantile), quantile),
    }
    two = {"ratio of lives": (Target("difference", 0, 1), 0.0)}
    for cells in (3, 5, 10):
        for groups, targets in ((1, one), (2, two)):
            rng = np.random.default_rng([SEED, 2, cells, groups])
            time = rng.weibull(2.0, (sets, groups * cells))
            group = np.repeat(np.arange(groups), cells)
            step = np.ceil(time / 0.25) * 0.25
            limits = {
                "all failures seen": (time, time),
                "watched for one characteristic life": (np.minimum(time, 1.0), np.where(time <= 1.0, time, np.inf)),
                "looked at every quarter of it": (step - 0.25, step),
            }
            for name, (low, high) in limits.items():
                with np.errstate(divide="ignore"):
                    data = Censored(2.0 * np.log(low), 2.0 * np.log(high), group)
                for what, (ours, theory, none) in profiles(EXTREME, data, targets).items():
                    yield row(f"Weibull, {name}", what, cells, sets, ours=ours, theory=theory, none=none)


def ladders(sets: int) -> Iterator[Row]:
    for scatter in (0.05, 0.1, 0.2):
        for cells in (2, 3, 5, 10):
            rng = np.random.default_rng([SEED, 3, cells, round(100 * scatter)])
            start = rng.uniform(0.0, 0.1, (sets, 1))  # where the ladder's steps lie
            for groups in (1, 2):
                value = scatter * rng.standard_normal((sets, groups * cells)) + start
                low = np.floor(value / 0.1) * 0.1 - start
                data = Censored(low, low + 0.1, np.repeat(np.arange(groups), cells))
                targets = {"mean": (Target("location"), 0.0), "spread": (Target("scale"), math.log(scatter))}
                if groups == 2:
                    targets = {"difference": (Target("difference", 0, 1), 0.0)}
                for what, (ours, theory, none) in profiles(NORMAL, data, targets).items():
                    yield row(
                        f"CCD, scatter {scatter}, step 0.1", what, cells, sets, ours=ours, theory=theory, none=none
                    )


def levels(sets: int) -> Iterator[Row]:
    for first, second in ((2, 5), (3, 3), (4, 4), (5, 5)):
        rng = np.random.default_rng([SEED, 4, first, second])
        group = np.repeat([0, 1], [first, second])
        exact = large = ccd = 0
        for _ in range(sets):
            time = rng.exponential(1.0, len(group))
            end = np.minimum(time, 1.5)
            scores = logrank_scores(end, time <= 1.5) if (time <= 1.5).any() else np.zeros(len(group))
            exact += permutation_test(scores, group, rng).p <= 0.05
            large += logrank_chi2(end, time <= 1.5, group)[0] > CHI2 if (time <= 1.5).any() else 0
            low = np.floor(rng.normal(0.85, 0.1, len(group)) / 0.1) * 0.1
            ccd += permutation_test(interval_scores(low, low + 0.1, kind="wilcoxon"), group, rng).p <= 0.05
        cells = f"{first} + {second}"
        yield row("level at 5 %", "log-rank", cells, sets, ours=exact / sets, theory=large / sets)
        yield row("level at 5 %", "CCD intervals", cells, sets, ours=ccd / sets)


def pellets(sets: int) -> Iterator[Row]:
    for sizes, groups in (((2,) * 3, 1), ((2,) * 5, 1), ((1, 2, 3, 2), 1), ((2,) * 6, 2), ((1, 2, 3, 1, 2, 3), 2)):
        for share in (0.0, 0.5, 0.9):
            rng = np.random.default_rng([SEED, 5, *sizes, groups, round(10 * share)])
            pellet = np.repeat(np.arange(len(sizes)), sizes)
            group = (groups * pellet) // len(sizes)
            weights = np.array([-1.0, 1.0]) if groups == 2 else np.ones(1)
            hits, naive = np.zeros(4), 0
            for _ in range(sets):
                effect = math.sqrt(share) * rng.standard_normal(len(sizes))
                y = effect[pellet] + math.sqrt(1.0 - share) * rng.standard_normal(len(pellet))
                fit = fit_mixed(y, group, pellet)
                value, error, freedom = fit.contrast(weights)
                pairs = ((fit.within_limits, 1 - share), (fit.between_limits, share), (fit.share_limits, share))
                hits += [abs(value) <= stats.t.ppf(0.975, freedom) * error, *(a <= t <= b for (a, b), t in pairs)]
                test = stats.ttest_1samp(y, 0.0) if groups == 1 else stats.ttest_ind(y[group == 1], y[group == 0])
                naive += test.pvalue >= 0.05
            name = f"pellets of {'+'.join(map(str, sizes))} cells, {groups} groups, share {share}"
            what = ("mean" if groups == 1 else "difference", "within", "between", "share of variance")
            for k, quantity in enumerate(what):
                theory = naive / sets if k == 0 else None
                yield row(name, quantity, len(pellet), sets, ours=hits[k] / sets, theory=theory)


def numbers(simulations: int) -> Iterator[Row]:
    """Yield how many cells per group find a difference with 80 % at a level of 5 %."""
    cases = [
        (f"0.8 from 0.9 mA/cm2, scatter {scatter}, {test}", "ccd", {"scatter": 10 * scatter, "test": test})
        for scatter in (0.05, 0.1, 0.2)
        for test in ("permutation", "likelihood")
    ]
    cases += [(f"twice the life, Weibull shape {k}", "life", {"shape": float(k)}) for k in (1, 2, 3, 5)]
    for k, (name, kind, options) in enumerate(cases):
        rng = np.random.default_rng([SEED, 6, k])
        if kind == "ccd":
            result = ccd_power(first=8.0, second=9.0, step=1.0, simulations=simulations, rng=rng, **options)
        else:
            result = life_power(ratio=2.0, simulations=simulations, rng=rng, **options)
        found, closed = result["cells_per_group"], result["cells_per_group_closed_form"]
        yield {
            "family": "cells per group for a power of 80 %",
            "quantity": name,
            "cells": f"{found.interval[0]:.0f} to {found.interval[1]:.0f}",
            "experiments": simulations,
            "without interval": None,
            "ours": found.value,
            "standard error": None,
            "large-sample theory": closed.value,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the experiments")
    parser.add_argument("--out", type=Path, default=Path("docs/proofs"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    share = 10 if options.quick else 1
    parts = [curves(1000 // share), weibull(4000 // share), ladders(4000 // share), levels(2000 // share)]
    parts += [pellets(1500 // share), numbers(3000 // share)]
    rows = []
    for part in parts:
        for one in part:
            rows.append(one)
            print(*one.values(), sep="; ", flush=True)
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    with (options.out / "lifetimes.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [*rows[0], "seed", "date"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**one, "seed": SEED, "date": today} for one in rows)


if __name__ == "__main__":
    main()
