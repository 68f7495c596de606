"""Checks of the current ladder, the lives, the full cell and the statistics."""

from __future__ import annotations

import re

from garnetlab import units
from garnetlab.study import _audit_checks_numbers as numbers
from garnetlab.study._audit_checks_numbers import Paper
from garnetlab.study._audit_checks_record import AMBIGUOUS, CONSISTENT, INCONSISTENT, Check

_LADDER = ("1", "5", "10", "15", "20")


def ladder_step(paper: Paper) -> Check:
    """2.2 mA/cm^2 as the triple of a value on a ladder of 0.1 steps."""
    hot, triple = paper.field("ccd.10.60C"), paper.field("ccd.ratio.60C")
    third = hot / triple
    low, high = (s / units.mA_cm2 for s in numbers.current_steps(paper, third * units.mA_cm2))
    return Check(
        "ccd.step",
        f'At 60 degC Li-10KCO sustains {hot:g} mA/cm^2, "triple amplitude" of Li, in steps of 0.1 mA/cm^2 (3.3, 2.4).',
        f"{hot:g}/{triple:g} = {third:.2f} mA/cm^2 is no step; {low:.1f} and {high:.1f} give {hot / low:.2f} and"
        f" {hot / high:.2f} times.",
        AMBIGUOUS,
    )


def ladder_all(paper: Paper) -> Check:
    """Every composite exceeds lithium."""
    bare = paper.field("ccd.0")
    values = {wt: paper.field(f"ccd.{wt}") for wt in _LADDER}
    equal = [f"Li-{wt}KCO" for wt, v in values.items() if v <= bare]
    return Check(
        "ccd.all",
        "The critical current densities of all Li-KCO cells exceed that of Li (3.3).",
        f"Li {bare:g}; " + ", ".join(f"Li-{wt}KCO {v:g}" for wt, v in values.items()) + f" mA/cm^2; not above Li:"
        f" {', '.join(equal) or 'none'}. It holds only if Li is counted as first failed and the others as last survived.",
        INCONSISTENT if equal else CONSISTENT,
    )


def ladder_and_life(paper: Paper) -> Check:
    """Li fails within hours below its critical current density."""
    current = paper.condition("life.0.0.4", "mA/cm^2") / units.mA_cm2
    hours, limit = paper.field("life.0.0.4"), paper.field("ccd.0")
    half = paper.si("protocol.ccd.time") / units.hour
    return Check(
        "ccd.life",
        f"Li shorts at {limit:g} mA/cm^2 in the ladder and after {hours:g} h at {current:g} mA/cm^2 (3.3).",
        f"{current:g} < {limit:g} mA/cm^2, survived in the ladder for half-cycles of {half:g} h, fails after"
        f" {hours / half:.0f} of them: the ladder is no limit for safe cycling, damage adds up.",
        AMBIGUOUS if current < limit else CONSISTENT,
    )


def half_cycle(paper: Paper) -> Check:
    """Half an hour per cycle or per half-cycle."""
    times = []
    for key in ("life.0.0.2", "life.0.0.4"):
        charge = units.parse(paper[key].conditions.split(",")[1].strip(), "mAh/cm^2".replace("mAh", "A s"))
        times.append(charge / paper.condition(key, "mA/cm^2") / units.minute)
    given = paper.si("protocol.ccd.time") / units.minute
    return Check(
        "ccd.half_cycle",
        'Each "charging and discharging cycle" of the ladder lasts half an hour (2.4); stripping and plating last 30 min'
        " each (3.3).",
        f"{given:g} min per half-cycle in 3.3, {given / 2:g} min if the cycle of 2.4 is a full one; the long tests have"
        f" {times[0]:.0f} and {times[1]:.0f} min (charge over current).",
        AMBIGUOUS,
    )


def ladder_trend(paper: Paper) -> Check:
    """Critical current density and ASR follow each other."""
    pairs = [(paper.field(f"asr.{wt}"), paper.field(f"ccd.{wt}")) for wt in ("0", *_LADDER)]
    reverse = sum((a - c) * (b - d) > 0 for i, (a, b) in enumerate(pairs) for c, d in pairs[i + 1 :])
    total = len(pairs) * (len(pairs) - 1) // 2
    return Check(
        "ccd.trend",
        "The trend of the critical current density is consistent with that of the impedance (3.3).",
        f"Of {total} pairs of anodes {reverse} have the larger ASR together with the larger critical current density.",
        CONSISTENT if reverse == 0 else AMBIGUOUS,
    )


def retention(paper: Paper) -> Check:
    """Capacity at cycle 120 over that at cycle 1."""
    computed = numbers.ratio(paper, "lfp.q120.10", "lfp.q1.10")
    printed = paper.field("lfp.retention.10")
    percent, std = 100 * computed.value, 100 * computed.std
    return Check(
        "lfp.retention",
        f'There is "virtually no loss" after 120 cycles (3.4): a retention of {printed:g} %.',
        f"{paper.field('lfp.q120.10'):g}/{paper.field('lfp.q1.10'):g} = {percent:.2f} +- {std:.2f} %: a gain of"
        f" {percent - 100:.1f} %, for which no cause or error is given.",
        AMBIGUOUS if percent - 2 * std > 100 else CONSISTENT,
    )


def first_gap(paper: Paper) -> Check:
    """The voltage gap of the first cycles against the impedance."""
    current = numbers.rate_current(paper)
    needed = paper.si("lfp.gap.first.0") / (2.0 * current) / units.ohm_cm2
    total = paper.field("lfp.rtot.0")
    return Check(
        "lfp.gap",
        f"The gap of the Li cell is {paper.field('lfp.gap.first.0'):g} mV at 0.5 C (3.4); its total resistance is"
        f" {total:g} ohm cm^2.",
        f"Gap/(2 i) with i = {current / units.mA_cm2:.3f} mA/cm^2 (approximately 2 mg/cm^2, 1 C = theoretical capacity)"
        f" needs {needed:.0f} ohm cm^2, {needed / total:.2f} times the impedance; LiFePO4 itself adds to the gap, and 1 C"
        " is not defined.",
        AMBIGUOUS if needed > total else CONSISTENT,
    )


def statistics(paper: Paper) -> Check:
    """Number of samples and error bars."""
    measured = [o for o in paper.observations if o.kind in ("measured", "censored") and o.value is not None]
    sign = re.compile(r"\bn\s*=\s*\d|±|\+-")
    stated = [o for o in measured if sign.search(f"{o.conditions} {o.note}")]
    return Check(
        "statistics",
        "Values are printed without a number of samples and without error bars.",
        f"{len(stated)} of {len(measured)} measured numbers carry an n or an uncertainty: whether two anodes differ by"
        " more than two pellets do cannot be told.",
        CONSISTENT if len(stated) == len(measured) else "not decidable from the text",
    )


CHECKS = (
    ladder_step,
    ladder_all,
    ladder_and_life,
    half_cycle,
    ladder_trend,
    retention,
    first_gap,
    statistics,
)
