"""What belongs together: temperature series, branches and replicates among the results of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from garnetlab.analyse import arrhenius, branches, contact_area_test, wording
from garnetlab.core import InvalidInput, Result

_SAME_TEMPERATURE = 1.0  # kelvin


@dataclass(frozen=True, slots=True)
class Summary:
    """What a study says beyond single spectra.

    ``arrhenius`` one result per sample and branch, ``lines`` sentences as a paper prints them, ``comparisons`` contact-area
    tests, ``groups`` what groups of cells say, ``notes`` why something expected is missing.
    """

    arrhenius: tuple[Result, ...]
    lines: tuple[str, ...]
    comparisons: tuple[Result, ...]
    notes: tuple[str, ...]
    groups: tuple[Result, ...] = ()


def summarise(results: Sequence[Result]) -> Summary:
    """Return series, replicates and comparisons found among impedance results."""
    good = [r for r in results if r.outcome.good]
    series, notes = [], []
    for label, members in branches(results).items():
        if not _is_series(members):
            continue
        try:
            series.append(arrhenius(members, label=label))
        except InvalidInput as error:
            notes.append(f"{label or 'temperature series'}: {error}")
    groups = replicate_groups(good)
    heated = {id(r) for members in branches(results).values() if _is_series(members) for r in members}
    lines = [
        f"{name}: {wording(quantity, members)}"
        for name, members in groups.items()
        for quantity in ("interface_resistance", "ionic_conductivity")
        if _all(members, quantity) and not any(id(r) in heated for r in members)
    ]
    return Summary(tuple(series), tuple(lines), tuple(_comparisons(groups)), tuple(notes))


def _is_series(members: Sequence[Result]) -> bool:
    """Whether there are results at three temperatures or more."""
    return len({round(t, 0) for t in map(_temperature, members) if t is not None}) >= 3


def _temperature(result: Result) -> float | None:
    return result.quantities["temperature"].value if "temperature" in result.quantities else None


def _all(members: Sequence[Result], name: str) -> bool:
    return all(name in r.quantities for r in members)


def replicate_groups(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Return results of one series and temperature; a series is the metadata entry ``series``, else the sample.

    Spectra that stand in a test (one of several in a file, or with a ``place`` in the document) are no replicates.
    """
    out: dict[str, list[Result]] = {}
    for result in results:
        meta = result.details.get("metadata", {})
        name = str(meta.get("series") or meta.get("sample") or "")
        several = any(source.get("part") for source in result.sources)
        if not name or several or isinstance(meta.get("place"), str):
            continue
        temperature = _temperature(result)
        at = "" if temperature is None else f" at {round((temperature - 273.15) / _SAME_TEMPERATURE)} °C"
        branch = f" {meta['branch']}" if meta.get("branch") else ""
        out.setdefault(f"{name}{branch}{at}", []).append(result)
    return out


def _comparisons(groups: dict[str, list[Result]]) -> list[Result]:
    usable = {k: v for k, v in groups.items() if all("interface_capacitance" in r.quantities for r in v)}
    names = list(usable)
    out = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            if first.split(" at ")[-1] != second.split(" at ")[-1]:
                continue
            try:
                result = contact_area_test(usable[first], usable[second])
            except InvalidInput:
                continue
            details = {**result.details, "first": first, "second": second}
            out.append(Result(result.analysis, result.quantities, details=details, sources=result.sources))
    return out
