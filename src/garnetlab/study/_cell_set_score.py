"""Scores of an analysis on the seeded set of symmetric cells: what it found, when, what it cried for nothing, and the ladders.

Rules, set before any score was seen. An event of a cell is the first of its kind. It is found if one of the same kind is
reported within two half cycles of it, and in time if within one. A healthy cell raises a false alarm if any short or loss of
contact is reported; a failing cell does so early if one is reported more than two half cycles before its first failure. A
ladder is right if the current densities survived and failed are both those of the truth, within one per cent and the step of
the instrument's current.

A short that grows has no time of its own, and no score of time: a soft one is found if reported from its start until two half
cycles after it is complete, the hard one that a soft short creeps into if reported within four half cycles of the time at which
the cell has the resistance of its electrolyte. A reported short is true within two half cycles of a true one or while one
lasts (within these spans for one that grows), a reported loss of contact within two half cycles of a true one.

The soft stage of a short that creeps into a hard one may be as small as one likes. It has a line of its own, beside the targets;
the first kind of such a cell is right if it is a short of either kind.
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
from garnetlab.study._cell_set_baseline import by_careful_threshold, by_threshold
from garnetlab.study._cell_set_plan import INSTRUMENTS
from garnetlab.study._cell_set_reading import FAILURES, Reading
from garnetlab.units import Quantity

__all__ = ["METHODS", "TARGETS", "CellScore", "read_cell", "score_cell", "scores_of", "summary"]

_FOUND, _IN_TIME, _CREPT = 2.0, 1.0, 4.0  # half cycles
_CURRENT = 0.01  # relative
#: what the issue asks: share, and whether it is the most instead of the least
TARGETS = {
    "hard shorts found": (0.99, False),
    "soft shorts found": (0.90, False),
    "false alarms in healthy cells": (0.02, True),
    "current ladders right": (0.98, False),
    "time within one half cycle": (0.95, False),
}

#: names of what is scored: the analysis of this package, and two measures for it
METHODS = ("analysis", "threshold", "careful threshold")

#: the soft short that one is before it creeps below the resistance of the electrolyte
SOFT_STAGE = "soft_stage"

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class CellScore:
    """How a reading of one cell compares with its truth.

    Parameters
    ----------
    distance:    Per kind of failure, half cycles from the true event to the nearest reported of that kind, signed, 0 while it
                 grows; None if none was reported.
    hits:        Per kind of failure, whether the event was found.
    prompt:      Per kind of failure, whether it was found in time; None where it grew.
    alarm:       Whether a healthy cell was called ill, or a failing one more than two half cycles too early.
    first:       Kind of the first failure reported, ``"none"`` without one.
    truth:       That of the truth.
    short_found: Whether a short, hard or soft, was reported where the first one is found; None without one.
    short_prompt: Whether it was in time; None without one and where it grew.
    true:        For each failure reported in a failing cell, whether there was one.
    ladder:      Whether both current densities are right; None where it is no ladder.
    refused:     Whether the analysis refused the record: what happened in it is then missed.
    """

    distance: Mapping[str, float | None]
    hits: Mapping[str, bool]
    prompt: Mapping[str, bool | None]
    alarm: bool
    first: str
    truth: str
    short_found: bool | None
    short_prompt: bool | None
    true: tuple[bool, ...]
    ladder: bool | None
    refused: bool = False

    def found(self, kind: str) -> bool | None:
        """Return whether the event of a kind was found, None where there was none."""
        return self.hits.get(kind)

    def in_time(self, kind: str) -> bool | None:
        """Return whether an event that was found was in time, None where none was found or it grew."""
        return self.prompt[kind] if self.found(kind) else None


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
    times_of = {kind: [e.time for e in reported if e.kind == kind] for kind in first_of}
    shorts = [e for e in failures if e.kind.endswith("short")]
    said_shorts = [e.time for e in reported if e.kind.endswith("short")]
    creeping = cell.plan.course == "creeping"
    hits = {kind: any(_fits(event, t) for t in times_of[kind]) for kind, event in first_of.items()}
    if creeping:
        hits[SOFT_STAGE] = hits.pop("soft_short")
    first = min(reported, key=lambda e: e.time).kind if reported else "none"
    truth = failures[0].kind if failures else "none"
    before = failures[0].time - _FOUND * failures[0].half_cycle if failures else float("inf")
    return CellScore(
        distance={kind: _distance(event, times_of[kind]) for kind, event in first_of.items()},
        hits=hits,
        prompt={kind: _prompt(event, times_of[kind]) for kind, event in first_of.items()},
        alarm=any(e.time < before for e in reported),
        first=first,
        truth=first if creeping and first.endswith("short") else truth,
        short_found=any(_fits(e, t) for e in shorts[: 2 if creeping else 1] for t in said_shorts) if shorts else None,
        short_prompt=_prompt(shorts[0], said_shorts) if shorts else None,
        true=tuple(_is_true(e, failures) for e in reported) if failures else (),
        ladder=_ladder(cell, reading) if cell.plan.is_ladder else None,
        refused=reading.refused,
    )


def _distance(event: Event, times: Sequence[float]) -> float | None:
    """Return how far the nearest report lies from an event, or from the time in which it grows [half cycles]."""
    last = event.grown if event.kind == "soft_short" else event.time
    off = [(t - min(max(t, event.time), last)) / event.half_cycle for t in times]
    return min(off, key=abs, default=None)


def _fits(event: Event, time: float) -> bool:
    """Return whether a report at a time [s] finds an event."""
    if not event.is_gradual:
        return abs(time - event.time) <= _FOUND * event.half_cycle
    if event.kind == "soft_short":
        return event.time <= time <= event.grown + _FOUND * event.half_cycle
    return abs(time - event.time) <= _CREPT * event.half_cycle


def _prompt(event: Event, times: Sequence[float]) -> bool | None:
    """Return whether a report is in time, None for an event that grows."""
    return None if event.is_gradual else any(abs(t - event.time) <= _IN_TIME * event.half_cycle for t in times)


def _is_true(report: Event, failures: Sequence[Event]) -> bool:
    """Return whether a reported failure is one: a short near or during a short, a loss of contact near one."""
    if report.kind == "contact_loss":
        return any(e.kind == report.kind and _fits(e, report.time) for e in failures)
    shorts = [e for e in failures if e.kind.endswith("short")]
    lasting = [e for e in shorts if e.kind == "hard_short" or not e.is_gradual]
    return any(_fits(e, report.time) for e in shorts) or any(e.time <= report.time <= e.end for e in lasting)


def _ladder(cell: VirtualCell, reading: Reading) -> bool:
    step = INSTRUMENTS[cell.plan.instrument][1] / cell.plan.area

    def same(a: float | None, b: float | None) -> bool:
        return a is b is None or (a is not None and b is not None and abs(a - b) <= _CURRENT * b + step)

    return not reading.said and same(reading.survived, cell.truth.survived) and same(reading.failed, cell.truth.failed)


def scores_of(
    cells: Iterable[VirtualCell], *, reader: Callable[..., Reading] = read_cell
) -> list[tuple[Row, dict[str, CellScore]]]:
    """Return a row and the score of each of ``METHODS`` for each cell."""
    out = []
    for cell in cells:
        measurement = through_file(cell)
        begin = time.process_time()
        reading = reader(measurement, ladder=cell.plan.is_ladder, electrolyte=cell.electrolyte)
        took = time.process_time() - begin
        readings = (reading, by_threshold(measurement), by_careful_threshold(measurement, cell.electrolyte))
        scores = {name: score_cell(cell, said) for name, said in zip(METHODS, readings, strict=True)}
        out.append((_row(cell, measurement, reading, scores) | {"cpu_ms": round(1e3 * took, 1)}, scores))
    return out


def _row(cell: VirtualCell, measurement: Measurement, reading: Reading, scores: Mapping[str, CellScore]) -> Row:
    """Return the line of a cell in the table of cells."""
    ours = scores[METHODS[0]]
    plan, truth = cell.plan, cell.truth
    failures = {e.kind: e for e in reversed(truth.failures)}
    return {
        "cell": cell.name,
        "stratum": cell.stratum,
        "plans drawn": cell.tries,
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
        "late_start": round(plan.disturbance.late, 2),
        "midpause_min": round(plan.disturbance.midpause / 60.0, 1),
        "formation_cycles": plan.disturbance.formation,
        "long_rest_h": round(plan.disturbance.rest / units.hour, 1),
        "truth": "; ".join(_said(e) for e in truth.events),
        "reported": reading.said
        if reading.refused
        else "; ".join(f"{kind} {at / units.hour:.2f} h" for kind, at in reading.events),
        "alarm": ours.alarm,
        **{f"{k} off by half cycles": _rounded(ours.distance.get(k)) if k in failures else None for k in FAILURES},
        "right first kind": ours.first == ours.truth,
        "ladder true": _interval(truth.survived, truth.failed) if plan.is_ladder else None,
        "ladder reported": (reading.said or _interval(reading.survived, reading.failed)) if plan.is_ladder else None,
        "ladder right": ours.ladder,
        **{
            f"{name} {what}": value
            for name in METHODS[1:]
            for what, value in (
                ("first", scores[name].first),
                ("alarm", scores[name].alarm),
                ("ladder right", scores[name].ladder),
            )
        },
    }


def _said(event: Event) -> str:
    grown = f" to {event.grown / units.hour:.2f}" if event.is_gradual else ""
    return f"{event.kind} {event.time / units.hour:.2f}{grown} h"


def _rounded(value: float | None) -> float | str:
    return "missed" if value is None else round(value, 2)


def _interval(survived: float | None, failed: float | None) -> str:
    low, high = ("none" if v is None else f"{v / units.mA_cm2:.4g}" for v in (survived, failed))
    return f"[{low}, {high}]"


def summary(
    rows: Sequence[tuple[Row, CellScore]],
    family: SeedFamily,
    method: str,
    *,
    borderline: Sequence[tuple[Row, CellScore]] = (),
) -> list[Row]:
    """Return the scores over all cells and by kind, protocol, noise and file, each with n and its 95 % interval.

    The borderline cells are counted in no other line than their own.
    """
    out: list[Row] = []
    groups: list[tuple[str, str]] = [("all", "all")]
    for by in ("course", "protocol", "noise", "file", "current column", "electrolyte known"):
        groups += [(by, value) for value in sorted({str(row[by]) for row, _ in rows})]
    for by, value in groups:
        own = [score for row, score in rows if by == "all" or str(row[by]) == value]
        for name, hits in _measures(own).items():
            if hits:
                out.append(_share(hits) | {"measure": name, "by": by, "group": value})
    for name, hits in _borderline_measures([score for _, score in borderline]).items():
        if hits:
            out.append(_share(hits) | {"measure": name, "by": "stratum", "group": "borderline"})
    head = ("measure", "by", "group", "right", "of", "share", "low_95", "high_95")
    return [{"seeds": family.name, "method": method} | {k: row[k] for k in head} | _met(row) for row in out]


def _measures(scores: Sequence[CellScore]) -> dict[str, list[bool]]:
    """Return what is counted: the targets first, then what explains them."""
    of = _known
    healthy = [s for s in scores if s.truth == "none"]
    failing = [s for s in scores if s.truth != "none"]
    return {
        "hard shorts found": of(s.found("hard_short") for s in scores),
        "soft shorts found": of(s.found("soft_short") for s in scores),
        "false alarms in healthy cells": [s.alarm for s in healthy],
        "current ladders right": of(s.ladder for s in scores),
        "time within one half cycle": of(s.in_time(kind) for s in scores for kind in FAILURES),
        "time within one half cycle of all events": of(s.prompt.get(kind) for s in scores for kind in FAILURES),
        "soft stages of creeping shorts found": of(s.found(SOFT_STAGE) for s in scores),
        "contact losses found": of(s.found("contact_loss") for s in scores),
        "shorts of either kind found": of(s.short_found for s in scores),
        "alarms before the first failure": [s.alarm for s in failing],
        "kind of the first failure right": [s.first == s.truth for s in failing],
        "reports that are true": [true for s in failing for true in s.true],
        "records refused": [s.refused for s in scores],
    }


def _borderline_measures(scores: Sequence[CellScore]) -> dict[str, list[bool]]:
    """Return what is counted of shorts whose class nobody can tell: whether and when one was seen at all."""
    return {
        "shorts of either kind found": _known(s.short_found for s in scores),
        "time within one half cycle": _known(s.short_prompt for s in scores if s.short_found),
    }


def _known(values: Iterable[bool | None]) -> list[bool]:
    return [v for v in values if v is not None]


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
