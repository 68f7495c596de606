"""Running cells followed on disk: a folder is looked at again and again, and events that are new are told."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from garnetlab.analyse import CellEvents
from garnetlab.core import GarnetlabError, InvalidInput, Result
from garnetlab.readers import ReadOptions
from garnetlab.study._analyse import SampleOptions, analyse_files
from garnetlab.study._study import is_data_file
from garnetlab.study._watch_told import Told, keep_told, new_events, read_told

__all__ = ["NewEvent", "Watched", "watch_folder"]

_Given: TypeAlias = tuple[SampleOptions | None, ReadOptions | None]

_STATE = "watch.json"
_PATIENCE = 3  # looks in a row at which a file that grows could not be read, from which its error is told


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that an earlier look had not seen: the file, its part, and the event as ``cell_events`` gives it."""

    file: str
    part: str
    event: dict[str, Any]

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
    """What one look found.

    Parameters
    ----------
    events:   Those that are new.
    errors:   ``(file, message)``, told for the first time.
    analysed: Files that were read at this look and gave a result.
    failing:  Files with something in them that cannot be analysed as they stand, whether it was told or not.
    """

    events: list[NewEvent] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    analysed: list[str] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _File:
    """What is known of a file: size and time, looks in a row that failed, why the last one did, and what was told of it."""

    stamp: tuple[int, int] | None = None
    failures: int = 0
    messages: tuple[str, ...] = ()
    told: set[str] = field(default_factory=set)

    def tell(self, path: Path, found: Watched) -> None:
        """Tell the errors that were not told; a number in them that grows with the file makes no other error."""
        for message in self.messages:
            sense = re.sub(r"\d+", "0", message)
            if sense not in self.told:
                self.told.add(sense)
                found.errors.append((str(path), message))


def watch_folder(
    folder: str | Path,
    *,
    options: SampleOptions | None = None,
    reading: ReadOptions | None = None,
    every: float = 60.0,
    looks: int | None = None,
    state: str | Path | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Watched]:
    """Yield what each look at a folder of cycler files finds; only files that changed since the last look are read.

    An event is known by its kind and by the voltages recorded before it, and its place may move by less than a half cycle
    while records are added after it. So a file that was renamed, copied, or cut to its newer part is not told again, and
    another cell under the same name is. An event is told again where the cut left fewer than 128 changes of the voltage
    before it, or where the same test comes in another format that rounds differently. Absolute times do not count: cells
    started together fail together.

    A file that cannot be read is tried again while it changes. Its error is told once: when the file has not changed for
    one look, after three looks in a row that failed, or at the last look; and again only if it becomes another error, or
    after the file could be read. A file that vanishes is left out; a folder that cannot be listed is told and tried again.

    Parameters
    ----------
    folder:  With the files of running tests.
    options: Geometry and temperature of the cells.
    reading: What the files do not say, as in ``analyse_files``.
    every:   Time between two looks [s].
    looks:   How many; without end if None.
    state:   Folder in which the events seen are kept, so that a watch that was stopped goes on without telling them again.
    sleep:   How to wait.

    Raises
    ------
    InvalidInput  if the folder is none, ``every`` is not above 0, or the state cannot be used.
    """
    place = Path(folder)
    if not place.is_dir():
        message = f"folder = {str(folder)!r}: expected a folder with the files of running cells."
        raise InvalidInput(message)
    if not every > 0.0:
        message = f"every = {every:g} s: expected more than 0."
        raise InvalidInput(message)
    kept = None if state is None else Path(state) / _STATE
    told = read_told(kept)
    files: dict[Path, _File] = {}
    count = 0
    while looks is None or count < looks:
        if count:
            sleep(every)
        count += 1
        found = _look(place, (options, reading), files, told, last=count == looks)
        yield found
        if kept is not None and found.events:
            keep_told(kept, told)


def _look(place: Path, given: _Given, files: dict[Path, _File], told: list[Told], *, last: bool) -> Watched:
    found = Watched()
    try:
        listed = _listed(place)
    except OSError as error:
        known = files.setdefault(place, _File())
        known.messages = (f"the folder cannot be listed ({error.strerror}). Is it still there?",)
        found.failing.append(str(place))
        known.tell(place, found)
        return found
    for path in files.keys() - listed.keys():
        del files[path]
    for path, stamp in listed.items():
        known = files.setdefault(path, _File())
        quiet = known.stamp == stamp
        if not quiet:
            known.stamp = stamp
            _analyse(path, given, known, told, found)
        if known.messages:
            found.failing.append(str(path))
            if quiet or last or known.failures >= _PATIENCE:
                known.tell(path, found)
    return found


def _listed(place: Path) -> dict[Path, tuple[int, int]]:
    """Return the data files of a folder, each with its time and size."""
    stamps = ((path, _stamp(path)) for path in sorted(place.iterdir()))
    return {path: stamp for path, stamp in stamps if stamp is not None}


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return time and size of a data file; None for anything else, and for what has vanished since it was listed."""
    try:
        if not is_data_file(path):
            return None
        entry = path.stat()
    except OSError:
        return None
    return entry.st_mtime_ns, entry.st_size


def _analyse(path: Path, given: _Given, known: _File, told: list[Told], found: Watched) -> None:
    """Read a file, note the events that are new, and what failed."""
    results: tuple[Result, ...] = ()
    try:
        analysis = analyse_files([path], analysis="events", options=given[0], reading=given[1])
        results, known.messages = analysis.results, tuple(message for _, message in analysis.errors)
    except GarnetlabError as error:
        known.messages = (str(error),)
    if known.messages and _stamp(path) is None:
        known.messages = ()
    known.failures = known.failures + 1 if known.messages else 0
    if not known.messages:
        known.told.clear()
    if results:
        found.analysed.append(str(path))
    for result in results:
        found.events.extend(_events(result, path, told))


def _events(result: Result, path: Path, told: list[Told]) -> list[NewEvent]:
    new = new_events(result, told) if isinstance(result, CellEvents) else []
    part = str(result.sources[0].get("part", "")) if result.sources else ""
    return [NewEvent(path.name, part, event.to_dict()) for event in new]
