"""Cells that belong together: spread of critical currents, survival of lives, and comparisons between groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from garnetlab.analyse import CcdInterval, Life, ccd_spread, compare_ccd, compare_lifetimes, lifetimes
from garnetlab.core import InvalidInput, Result

__all__ = ["compare_cells"]

_Cell = TypeVar("_Cell")


def compare_cells(results: Sequence[Result]) -> tuple[tuple[Result, ...], tuple[str, ...]]:
    """Return what groups of cells say beyond single ones, and why something expected is missing.

    Cells of one series of the sample register are one group; without a series no groups are made. Ladders give the spread of
    the critical current, cycling the survival curve: a cell without an event counts as watched until its end. Two groups or
    more of a kind are compared. The label of each result is in ``details["label"]``.
    """
    found: list[Result] = []
    notes: list[str] = []
    for analysis in ("ccd", "cycling"):
        groups = _groups([r for r in results if r.analysis == analysis and r.outcome.good])
        if analysis == "ccd":
            ladders = {name: [_interval(r) for r in members] for name, members in groups.items()}
            _collect(ladders, ccd_spread, compare_ccd, found, notes)
        else:
            lives = {name: [_life(r) for r in members] for name, members in groups.items()}
            _collect(lives, lifetimes, compare_lifetimes, found, notes)
    return tuple(found), tuple(notes)


def _groups(results: Sequence[Result]) -> dict[str, list[Result]]:
    out: dict[str, list[Result]] = {}
    for result in results:
        series = str(result.details.get("metadata", {}).get("series", ""))
        if series:
            out.setdefault(series, []).append(result)
    return out


def _interval(result: Result) -> CcdInterval:
    meta = result.details.get("metadata", {})
    return CcdInterval.of(result, cell=str(meta.get("sample", "")), pellet=str(meta.get("pellet", "")))


def _life(result: Result) -> Life:
    """Return the life of a cell, or how long it was watched."""
    meta = result.details.get("metadata", {})
    cell, pellet = str(meta.get("sample", "")), str(meta.get("pellet", ""))
    end = result.quantities.get("time_to_failure")
    if end is None:
        return Life(result.quantities["duration"].value, failed=False, cell=cell, pellet=pellet)
    return Life(end.value, cell=cell, pellet=pellet)


def _collect(
    groups: Mapping[str, Sequence[_Cell]],
    each: Callable[[Sequence[_Cell]], Result],
    between: Callable[[Mapping[str, Sequence[_Cell]]], Result],
    found: list[Result],
    notes: list[str],
) -> None:
    """Add what is said of each group and, where there are two or more, between them; what is refused is a note."""
    calls = {name: partial(each, cells) for name, cells in groups.items()}
    if len(groups) > 1:
        calls[" and ".join(groups)] = partial(between, groups)
    for label, call in calls.items():
        try:
            found.append(_labelled(call(), label))
        except InvalidInput as error:
            notes.append(f"{label}: {error}")


def _labelled(result: Result, label: str) -> Result:
    return replace(result, details={**result.details, "label": label})
