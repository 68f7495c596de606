"""Running cells followed on disk: a folder is looked at again and again, and events that are new are told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from garnetlab.core import GarnetlabError, InvalidInput, Result
from garnetlab.study._analyse import SampleOptions, analyse_files
from garnetlab.study._study import is_data_file

__all__ = ["NewEvent", "Watched", "watch_folder"]

_STATE = "watch.json"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that an earlier look had not seen: the file, its part, and the event as ``cell_events`` gives it."""

    file: str
    part: str
    event: dict[str, Any]

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What tells it from others: an event stays the same while records are added after it."""
        return self.file, self.part, str(self.event["kind"]), int(self.event["half_cycle"])

    def sentence(self) -> str:
        """Return the event as one line for people."""
        kind = str(self.event["kind"]).replace("_", " ")
        sure = (
            f"probability {float(self.event['probability']):.2g}" if self.event.get("probability") is not None else ""
        )
        density = self.event.get("current_density_mA_cm2")
        at = f" at {float(density):.3g} mA/cm2" if density is not None else ""
        evidence = self.event.get("evidence") or [""]
        return f"{self.file}: {kind} after {float(self.event['time_h']):.4g} h{at} ({sure}). {evidence[0]}".strip()

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object: file, part and the event."""
        return {"file": self.file, "part": self.part, **self.event}


@dataclass(slots=True)
class Watched:
    """What one look found: new events, errors of files that no longer change, and the files that were analysed."""

    events: list[NewEvent] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    analysed: list[str] = field(default_factory=list)


def watch_folder(
    folder: str | Path,
    *,
    options: SampleOptions | None = None,
    every: float = 60.0,
    looks: int | None = None,
    state: str | Path | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Watched]:
    """Yield what each look at a folder of cycler files finds; only files that changed since the last look are read.

    A file that cannot be read while it grows is tried again; its error is told when it has not changed for one look.

    Parameters
    ----------
    folder:  With the files of running tests.
    options: Geometry and temperature of the cells.
    every:   Time between two looks [s].
    looks:   How many; without end if None.
    state:   Folder in which the events seen are kept, so that a watch that was stopped goes on without telling them again.
    sleep:   How to wait.

    Raises
    ------
    InvalidInput  if the folder is none, or ``every`` is not above 0.
    """
    place = Path(folder)
    if not place.is_dir():
        message = f"folder = {str(folder)!r}: expected a folder with the files of running cells."
        raise InvalidInput(message)
    if not every > 0.0:
        message = f"every = {every:g} s: expected more than 0."
        raise InvalidInput(message)
    kept = None if state is None else Path(state) / _STATE
    seen = _known(kept)
    stamps: dict[Path, tuple[int, int]] = {}
    failed: dict[Path, str] = {}
    count = 0
    while looks is None or count < looks:
        if count:
            sleep(every)
        count += 1
        yield _look(place, options, stamps, failed, seen)
        if kept is not None:
            _keep(kept, seen)


def _look(
    place: Path,
    options: SampleOptions | None,
    stamps: dict[Path, tuple[int, int]],
    failed: dict[Path, str],
    seen: set[tuple[str, str, str, int]],
) -> Watched:
    found = Watched()
    for path in sorted(p for p in place.iterdir() if is_data_file(p)):
        entry = path.stat()
        stamp = (entry.st_mtime_ns, entry.st_size)
        if stamps.get(path) == stamp:
            if path in failed:
                found.errors.append((str(path), failed.pop(path)))
            continue
        stamps[path] = stamp
        failed.pop(path, None)
        try:
            analysis = analyse_files([path], analysis="events", options=options)
        except GarnetlabError as error:
            failed[path] = str(error)
            continue
        failed.update((path, message) for _, message in analysis.errors)
        found.analysed.append(str(path))
        for result in analysis.results:
            for event in _events(result, path):
                if event.key not in seen:
                    seen.add(event.key)
                    found.events.append(event)
    return found


def _events(result: Result, path: Path) -> list[NewEvent]:
    part = str(result.sources[0].get("part", "")) if result.sources else ""
    return [NewEvent(path.name, part, dict(e)) for e in result.details.get("events", [])]


def _known(path: Path | None) -> set[tuple[str, str, str, int]]:
    if path is None or not path.is_file():
        return set()
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["seen"]
        return {(str(a), str(b), str(c), int(d)) for a, b, c, d in rows}
    except (ValueError, KeyError, TypeError):
        message = f"state = {str(path)!r}: not a record of a watch. Remove it, or name another folder."
        raise InvalidInput(message) from None


def _keep(path: Path, seen: set[tuple[str, str, str, int]]) -> None:
    """Write the events seen, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"schema": "garnetlab/1", "seen": sorted(seen)}), encoding="utf-8")
    part.replace(path)
