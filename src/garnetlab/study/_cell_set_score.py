"""Scores of an analysis on the seeded set of symmetric cells: what it found, when, what it cried for nothing, and the ladders.

Rules, set before any score was seen. An event of a cell is the first of its kind. It is found if one of the same kind is
reported within two half cycles of it, and in time if within one. A healthy cell raises a false alarm if any short or loss of
contact is reported; a failing cell does so early if one is reported more than two half cycles before its first failure. A
ladder is right if the current densities survived and failed are both those of the truth, within one per cent and the step of
the instrument's current.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from garnetlab import units
from garnetlab.analyse.cell_events import cell_events
from garnetlab.analyse.critical_current import critical_current
from garnetlab.core import InvalidInput, Measurement, Result
from garnetlab.study._cell_set import Event, SeedFamily, VirtualCell, through_file
from garnetlab.study._cell_set_baseline import by_threshold
from garnetlab.study._cell_set_plan import INSTRUMENTS
from garnetlab.study._cell_set_reading import FAILURES, Reading
from garnetlab.units import Quantity

__all__ = ["TARGETS", "CellScore", "read_cell", "score_cell", "scores_of", "summary"]

_FOUND, _IN_TIME = 2.0, 1.0  # half cycles
_CURRENT = 0.01  # relative
#: what the issue asks: share, and whether it is the most instead of the least
TARGETS = {
    "hard shorts found": (0.99, False),
    "soft shorts found": (0.90, False),
    "false alarms in healthy cells": (0.02, True),
    "current ladders right": (0.98, False),
    "time within one half cycle": (0.95, False),
}

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class CellScore:
    """How a reading of one cell compares with its truth.

    Parameters
    ----------
    distance:    Per kind of failure, half cycles from the true event to the nearest reported of that kind, signed; None if
                 none was reported.
    alarm:       Whether a healthy cell was called ill, or a failing one more than two half cycles too early.
    first:       Kind of the first failure reported, ``"none"`` without one.
    truth:       That of the truth.
    short_found: Whether a short, hard or soft, was reported within two half cycles of the first one; None without one.
    ladder:      Whether both current densities are right; None where it is no ladder.
    refused:     Whether the analysis refused the record: what happened in it is then missed.
    """

    distance: Mapping[str, float | None]
    alarm: bool
    first: str
    truth: str
    short_found: bool | None
    ladder: bool | None
    refused: bool = False

    def found(self, kind: str) -> bool | None:
        """Return whether the event of a kind was found, None where there was none."""
        return None if kind not in self.distance else self._within(kind, _FOUND)

    def in_time(self, kind: str) -> bool | None:
        """Return whether an event that was found was in time, None where none was found."""
        return self._within(kind, _IN_TIME) if self.found(kind) else None

    def _within(self, kind: str, most: float) -> bool:
        far = self.distance[kind]
        return far is not None and abs(far) <= most


def read_cell(measurement: Measurement, *, ladder: bool, electrolyte: Quantity | None) -> Reading:
    """Return what the analyses of this package say of a record."""
    try:
        found = cell_events(measurement, electrolyte_resistance=electrolyte)
    except InvalidInput as refused:
        return Reading((), said=str(refused), refused=True)
    events = [(str(e["kind"]), float(e["time_h"]) * units.hour) for e in found.details["events"]]
    if not ladder:
        return Reading(tuple(events))
    try:
        currents = critical_current(measurement, electrolyte_resistance=electrolyte)
    except InvalidInput as refused:
        return Reading(tuple(events), said=str(refused))
    survived, failed = (_value(currents, f"critical_current_density_{name}") for name in ("survived", "failed"))
    return Reading(tuple(events), survived, failed)


def _value(result: Result, name: str) -> float | None:
    found = result.quantities.get(name)
    return None if found is None else float(found.value)


def score_cell(cell: VirtualCell, reading: Reading) -> CellScore:
    """Return the score of a reading."""
    failures = cell.truth.failures
    reported = [Event(kind, at) for kind, at in reading.events if kind in FAILURES]
    first_of = {kind: e for kind in FAILURES for e in reversed(failures) if e.kind == kind}
    shorts = [e for e in failures if e.kind.endswith("short")]
    said_shorts = [Event("short", e.time) for e in reported if e.kind.endswith("short")]
    short = _distance(Event("short", shorts[0].time, half_cycle=shorts[0].half_cycle), said_shorts) if shorts else None
    before = failures[0].time - _FOUND * failures[0].half_cycle if failures else float("inf")
    return CellScore(
        distance={kind: _distance(event, reported) for kind, event in first_of.items()},
        alarm=any(e.time < before for e in reported),
        first=min(reported, key=lambda e: e.time).kind if reported else "none",
        truth=failures[0].kind if failures else "none",
        short_found=None if not shorts else short is not None and abs(short) <= _FOUND,
        ladder=_ladder(cell, reading) if cell.plan.is_ladder else None,
        refused=reading.refused,
    )


def _distance(event: Event, reported: Iterable[Event]) -> float | None:
    """Return how far the nearest report of the same kind lies from an event [half cycles]."""
    same = [(e.time - event.time) / event.half_cycle for e in reported if e.kind == event.kind]
    return min(same, key=abs, default=None)


def _ladder(cell: VirtualCell, reading: Reading) -> bool:
    step = INSTRUMENTS[cell.plan.instrument][1] / cell.plan.area

    def same(a: float | None, b: float | None) -> bool:
        return a is b is None or (a is not None and b is not None and abs(a - b) <= _CURRENT * b + step)

    return not reading.said and same(reading.survived, cell.truth.survived) and same(reading.failed, cell.truth.failed)


def scores_of(
    cells: Iterable[VirtualCell], *, reader: Callable[..., Reading] = read_cell
) -> list[tuple[Row, CellScore, CellScore]]:
    """Return a row, the score of the analysis, and that of the plain threshold for each cell."""
    out = []
    for cell in cells:
        measurement = through_file(cell)
        begin = time.process_time()
        reading = reader(measurement, ladder=cell.plan.is_ladder, electrolyte=cell.electrolyte)
        took = time.process_time() - begin
        plain = by_threshold(measurement)
        ours, naive = score_cell(cell, reading), score_cell(cell, plain)
        out.append((_row(cell, measurement, reading, ours, naive) | {"cpu_ms": round(1e3 * took, 1)}, ours, naive))
    return out


def _row(cell: VirtualCell, measurement: Measurement, reading: Reading, ours: CellScore, naive: CellScore) -> Row:
    """Return the line of a cell in the table of cells."""
    plan, truth = cell.plan, cell.truth
    failures = {e.kind: e for e in reversed(truth.failures)}
    return {
        "cell": cell.name,
        "fate": plan.fate,
        "course": plan.course,
        "protocol": plan.protocol,
        "noise": plan.noise,
        "instrument": plan.instrument,
        "file": plan.seen.form or "none",
        "current column": "yes" if plan.seen.current else "no",
        "electrolyte known": "yes" if plan.seen.electrolyte else "no",
        "records": len(measurement),
        "period_s": round(plan.period, 1),
        "half_cycle_min": round(plan.half_cycle / 60.0, 1),
        "temperature_degC": round(plan.kelvin - units.ZERO_CELSIUS, 1),
        "wander_K": round(plan.disturbance.wander, 2),
        "drift": round(plan.disturbance.drift, 2),
        "halt_half_cycles": round(plan.disturbance.pause, 1),
        "lost_half_cycles": round(plan.disturbance.missing, 1),
        "wrong_reading": plan.disturbance.outlier,
        "noise_burst": plan.disturbance.burst,
        "truth": "; ".join(f"{e.kind} {e.time / units.hour:.2f} h" for e in truth.events),
        "reported": reading.said
        if reading.refused
        else "; ".join(f"{kind} {at / units.hour:.2f} h" for kind, at in reading.events),
        "alarm": ours.alarm,
        **{f"{k} off by half cycles": _rounded(ours.distance.get(k)) if k in failures else None for k in FAILURES},
        "right first kind": ours.first == ours.truth,
        "ladder true": _interval(truth.survived, truth.failed) if plan.is_ladder else None,
        "ladder reported": (reading.said or _interval(reading.survived, reading.failed)) if plan.is_ladder else None,
        "ladder right": ours.ladder,
        "threshold first": naive.first,
        "threshold alarm": naive.alarm,
        "threshold ladder right": naive.ladder,
    }


def _rounded(value: float | None) -> float | str:
    return "missed" if value is None else round(value, 2)


def _interval(survived: float | None, failed: float | None) -> str:
    low, high = ("none" if v is None else f"{v / units.mA_cm2:.4g}" for v in (survived, failed))
    return f"[{low}, {high}]"


def summary(rows: Sequence[tuple[Row, CellScore]], family: SeedFamily, method: str) -> list[Row]:
    """Return the scores over all cells and by kind, protocol, noise and file, each with n and its 95 % interval."""
    out: list[Row] = []
    groups: list[tuple[str, str]] = [("all", "all")]
    for by in ("course", "protocol", "noise", "file", "current column", "electrolyte known"):
        groups += [(by, value) for value in sorted({str(row[by]) for row, _ in rows})]
    for by, value in groups:
        own = [score for row, score in rows if by == "all" or str(row[by]) == value]
        for name, hits in _measures(own).items():
            if hits:
                out.append(_share(hits) | {"measure": name, "by": by, "group": value})
    head = ("measure", "by", "group", "right", "of", "share", "low_95", "high_95")
    return [{"seeds": family.name, "method": method} | {k: row[k] for k in head} | _met(row) for row in out]


def _measures(scores: Sequence[CellScore]) -> dict[str, list[bool]]:
    """Return what is counted: the targets first, then what explains them."""

    def of(values: Iterable[bool | None]) -> list[bool]:
        return [v for v in values if v is not None]

    healthy = [s for s in scores if s.truth == "none"]
    failing = [s for s in scores if s.truth != "none"]
    return {
        "hard shorts found": of(s.found("hard_short") for s in scores),
        "soft shorts found": of(s.found("soft_short") for s in scores),
        "false alarms in healthy cells": [s.alarm for s in healthy],
        "current ladders right": of(s.ladder for s in scores),
        "time within one half cycle": of(s.in_time(kind) for s in scores for kind in FAILURES),
        "contact losses found": of(s.found("contact_loss") for s in scores),
        "shorts of either kind found": of(s.short_found for s in scores),
        "alarms before the first failure": [s.alarm for s in failing],
        "kind of the first failure right": [s.first == s.truth for s in failing],
        "records refused": [s.refused for s in scores],
    }


def _share(hits: Sequence[bool]) -> Row:
    """Return a share with the interval of Clopper and Pearson."""
    from scipy.stats import binomtest

    right, of = sum(hits), len(hits)
    low, high = binomtest(right, of).proportion_ci(0.95, method="exact")
    return {"right": right, "of": of, "share": round(right / of, 4), "low_95": round(low, 4), "high_95": round(high, 4)}


def _met(row: Row) -> Row:
    if row["by"] != "all" or row["measure"] not in TARGETS:
        return {"target": None, "met": None}
    target, at_most = TARGETS[str(row["measure"])]
    share = float(str(row["share"]))
    return {"target": f"{'<=' if at_most else '>='} {target:g}", "met": share <= target if at_most else share >= target}


def confusion(scores: Sequence[CellScore]) -> list[Row]:
    """Return how often each first failure was reported as each kind."""
    kinds = ("none", *FAILURES)
    return [
        {"true": true} | {said: sum(s.truth == true and s.first == said for s in scores) for said in kinds}
        for true in kinds
    ]
