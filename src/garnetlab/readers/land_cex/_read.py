"""Bytes of a ``.cex`` file to one test."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, Measurement, ReadError
from garnetlab.readers._cycling import cycling_measurement, summed
from garnetlab.readers._options import ReadOptions
from garnetlab.readers._vendor import DESCRIPTION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MAGIC = bytes.fromhex("10110988")
HEADER = 0x40
BLOCK, BLOCK_END = bytes.fromhex("aaaaffff"), bytes.fromhex("bbbbffff")
EVENT, STEP = bytes.fromhex("ccccffff"), bytes.fromhex("cdccffff")
BLOCK_HEAD = BLOCK_TAIL = RECORD = 16
REST, DISCHARGE, CHARGE = 0x70, 2, 3
TICK = 0.01  # one count of the time [s]
_CHECKED = 0x3C  # bytes of the header under its checksum
_FEWEST = 5  # records with a current from which a size is told
_AGREES = 0.02  # share by which a size may differ from what the file shows


class _Step(NamedTuple):
    number: int
    mode: int
    first: int  # place of its first record


@dataclass(slots=True)
class _Records:
    steps: list[_Step] = field(default_factory=list)
    rows: list[tuple[int, int, int, float, float]] = field(default_factory=list)


def read_binary(path: Path, options: ReadOptions) -> Measurement:
    """Return the test in one file; see the package's ``read``."""
    data = path.read_bytes()
    channel, unit, started = _header(path, data)
    records = _records(path, data, _after_blocks(path, data))
    if not records.rows:
        raise ReadError(path, "the file holds no record: the test has not begun. Export it again.")
    ticks, volts, amps, charge, energy = (np.array(c, dtype=np.float64) for c in zip(*records.rows, strict=True))
    starts = np.array(sorted({s.first for s in records.steps if s.first < len(ticks)} | {0}), dtype=np.int64)
    time = _elapsed(ticks * TICK, starts)
    charge = np.abs(charge) * units.hour
    current_step, told = _size(
        path, "current_step", options.current_step, _current_size(time, amps, charge, starts), amps
    )
    voltage_step, also = _size(
        path,
        "voltage_step",
        options.voltage_step,
        _voltage_size(volts, charge, np.abs(energy) * units.hour, starts),
        volts,
    )
    current = current_step * amps
    lengths = np.diff([*starts.tolist(), len(ticks)])
    numbers = _numbers(records.steps, starts)
    channels = {
        Channel.TIME: time,
        Channel.VOLTAGE: voltage_step * volts,
        Channel.CURRENT: current,
        Channel.STEP: np.repeat(numbers, lengths),
        Channel.CHARGE: summed(charge * _way(records.steps, starts, lengths), starts),
    }
    note = f"the reader of .cex is an experiment, written {DESCRIPTION}, not from files of instruments: compare rows"
    metadata: dict[str, float | str] = {"instrument": f"LAND unit {unit} channel {channel + 1} (.cex)"}
    if started:
        metadata["started"] = datetime.fromtimestamp(started, UTC).replace(tzinfo=None).isoformat()
    header = {"reader written": DESCRIPTION, "unit": str(unit), "channel": str(channel + 1)}
    return cycling_measurement(path, channels, line=0, header=header, metadata=metadata, warnings=[note, *told, *also])


def _header(path: Path, data: bytes) -> tuple[int, int, int]:
    """Return channel (from 0), unit and start [unix s]; the header's checksum must be right."""
    if not data.startswith(MAGIC):
        raise ReadError(path, f"expected 10 11 09 88 at its start, found {data[:4].hex(' ')}. No LAND .cex file.")
    if len(data) < HEADER:
        raise ReadError(path, f"{len(data)} bytes: expected a header of {HEADER}. The file is cut: copy it again.")
    expected = int.from_bytes(data[_CHECKED:HEADER], "little")
    found = sum(struct.unpack(f"<{_CHECKED // 2}H", data[:_CHECKED]))
    if found != expected:
        message = f"checksum of the header = {found}: expected {expected}. The file is damaged: copy it again."
        raise ReadError(path, message)
    return data[8], data[9], int.from_bytes(data[0x10:0x14], "little")


def _after_blocks(path: Path, data: bytes) -> int:
    """Return where the blocks end: 16 bytes of head with id and size, the content, 16 bytes of tail."""
    place = HEADER
    while data[place : place + 4] == BLOCK:
        size = int.from_bytes(data[place + 6 : place + 8], "little")
        tail = place + BLOCK_HEAD + size
        if data[tail : tail + 4] != BLOCK_END or data[tail + 4 : tail + 16] != data[place + 4 : place + 16]:
            raise ReadError(path, f"block at byte {place} has no end. The file is damaged or cut: copy it again.")
        place = tail + BLOCK_TAIL
    return place


def _records(path: Path, data: bytes, place: int) -> _Records:
    out = _Records()
    if (len(data) - place) % RECORD:
        message = f"{len(data)} bytes: the last record is not whole. The file is cut: copy it again."
        raise ReadError(path, message)
    for at in range(place, len(data), RECORD):
        piece = data[at : at + RECORD]
        mark = piece[:4]
        if mark == EVENT or piece == bytes(RECORD):
            continue
        if mark == STEP:
            out.steps.append(_Step(int.from_bytes(piece[6:8], "little") & 0x7FFF, piece[8], len(out.rows)))
            continue
        if not out.steps:
            raise ReadError(path, f"a record at byte {at} before the first step. The file is damaged: copy it again.")
        out.rows.append(struct.unpack("<IHhff", piece))
    return out


def _elapsed(seconds: Array, starts: NDArray[np.int64]) -> Array:
    """Return times that do not fall: those that begin anew in each step are summed."""
    falls = np.flatnonzero(np.diff(seconds) < 0) + 1
    return summed(seconds, starts) if falls.size and set(falls.tolist()) <= set(starts.tolist()) else seconds


def _inside(values: Array, starts: NDArray[np.int64]) -> tuple[Array, NDArray[np.bool_]]:
    """Return the differences of neighbouring rows, and whether both belong to one step."""
    same = np.ones(len(values) - 1, dtype=np.bool_)
    same[starts[1:] - 1] = False
    return np.diff(values), same


def _current_size(time: Array, amps: Array, charge: Array, starts: NDArray[np.int64]) -> float | None:
    """Return amperes per count from charge over time, or None where no charge passes."""
    passed, same = _inside(charge, starts)
    mean = np.abs(amps[1:] + amps[:-1]) / 2.0 * np.diff(time)
    use = same & (mean > 0) & (passed > 0)
    return float(passed[use].sum() / mean[use].sum()) if np.count_nonzero(use) >= _FEWEST else None


def _voltage_size(volts: Array, charge: Array, energy: Array, starts: NDArray[np.int64]) -> float | None:
    """Return volts per count from energy over charge, or None where none passes."""
    passed, same = _inside(charge, starts)
    work, _ = _inside(energy, starts)
    mean = (volts[1:] + volts[:-1]) / 2.0
    use = same & (passed > 0) & (work > 0) & (mean > 0)
    if np.count_nonzero(use) < _FEWEST:
        return None
    return float(work[use].sum() / (mean[use] * passed[use]).sum())


def _size(path: Path, name: str, given: float | None, shown: float | None, counts: Array) -> tuple[float, list[str]]:
    """Return the size of one count: what the user says, checked, or what the file shows."""
    if shown is None and given is None:
        if not counts.any():
            return 1.0, []
        message = (
            f"{name}: no charge passes in the file, so it does not show the size of a count. Say the range of the cycler,"
            f" cex_range = '5 V, 10 mA' (--cex-range on the command line), or the size itself, ReadOptions({name}=...)."
        )
        raise ReadError(path, message)
    if given is None:
        assert shown is not None  # noqa: S101 - one of the two is known here
        shown = float(f"{shown:.5g}")
        return shown, [f"{name} = {shown:.5g}, as charge and energy in the file show"]
    if shown is not None and abs(given / shown - 1.0) > _AGREES:
        message = f"{name} = {given:g}: charge and energy in the file show {shown:.5g}. Is it of another range?"
        raise ReadError(path, message)
    return given, [] if shown is not None else [f"{name} = {given:g} is not checked: no charge passes in the file"]


def _numbers(steps: Sequence[_Step], starts: NDArray[np.int64]) -> Array:
    last = {s.first: float(s.number) for s in steps}
    return np.array([last.get(int(s), 0.0) for s in starts])


def _way(steps: Sequence[_Step], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Array:
    modes = {s.first: s.mode for s in steps}
    ways = {CHARGE: 1.0, DISCHARGE: -1.0}
    return np.repeat([ways.get(modes.get(int(s), REST), 0.0) for s in starts], lengths)
