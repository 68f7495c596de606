"""Zahner bytes to what they say, then the spectrum."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, Measurement, ReadError
from garnetlab.readers._dates import iso_datetime
from garnetlab.readers._impedance import impedance_measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: the 6-byte version number is 2^32 - 1 or 2^32 - 2 in every file seen
MAGIC = b"\x00\x00\xff\xff\xff"
_TEXTS = (
    "date",
    "system",
    "voltage",
    "current",
    "temperature",
    "time window",
    "comment 1",
    "comment 2",
    "comment 3",
    "comment 4",
    "electrode area",
    "serial quantity",
)
_PARAMETERS = 32
#: bit of parameter 27 that says voltage and current were recorded at each point
_TRACKS = 32768
_EPOCH = datetime(1980, 1, 1)
#: time stamps before this many seconds (1990) are counters, not dates
_FIRST_DATE = 10 * 365.25 * 86400.0
_SWAP = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
_TEMPERATURE = re.compile(r"([+-]?\d+(?:\.\d+)?)(?:\+-\d+(?:\.\d+)?)?\s*°?C", re.IGNORECASE)


class _Bytes:
    """The file's bytes and a place in them."""

    def __init__(self, path: Path) -> None:
        self.path, self.data, self.place = path, path.read_bytes(), 0

    @property
    def left(self) -> int:
        return len(self.data) - self.place

    def take(self, count: int, what: str) -> bytes:
        """Return the next ``count`` bytes; a ``ReadError`` where the file ends before."""
        if count > self.left:
            message = (
                f"cut in its {what}: {count} bytes expected at byte {self.place}, {self.left} left. Copy it again."
            )
            raise ReadError(self.path, message)
        self.place += count
        return self.data[self.place - count : self.place]

    def integer(self, size: int, what: str) -> int:
        return int.from_bytes(self.take(size, what), "big", signed=True)

    def doubles(self, count: int, what: str) -> NDArray[np.float64]:
        return np.frombuffer(self.take(8 * count, what), dtype=">f8").astype(np.float64)

    def text(self, what: str) -> str:
        """Return a text with its length before it; the file stores letters with their case swapped."""
        length = self.integer(2, what)
        if length < 0:
            raise ReadError(
                self.path, f"length of {what} = {length}: expected >= 0. The file is damaged: copy it again."
            )
        return self.take(length, what).decode("cp1252", errors="replace").translate(_SWAP).strip()


class _Content(NamedTuple):
    frequency: NDArray[np.float64]
    modulus: NDArray[np.float64]
    phase: NDArray[np.float64]
    stamps: NDArray[np.float64]
    significance: NDArray[np.int64]
    texts: dict[str, str]
    tracks: NDArray[np.float64] | None


def read_binary(path: Path) -> tuple[Measurement, ...]:
    """Return the spectrum of one ``.ism`` file; see the package's ``read``."""
    content = _content(_Bytes(path))
    extra: dict[Channel, NDArray[np.float64]] = {}
    if content.stamps.min() > _FIRST_DATE:
        extra[Channel.TIME] = content.stamps - content.stamps.min()
    if content.tracks is not None:
        extra |= {Channel.VOLTAGE: content.tracks[:, 0], Channel.CURRENT: content.tracks[:, 1]}
    warnings: list[str] = []
    metadata = _metadata(content, warnings)
    header = {key: text for key, text in content.texts.items() if text}
    header["smallest significance"] = f"{int(content.significance.min())} of 1000"
    measurement = impedance_measurement(
        path,
        content.frequency,
        content.modulus * np.cos(content.phase),
        content.modulus * np.sin(content.phase),
        header=header,
        metadata=metadata,
        warnings=warnings,
        extra=extra,
    )
    return (measurement,)


def _content(raw: _Bytes) -> _Content:
    if raw.take(6, "version number")[: len(MAGIC)] != MAGIC:
        raise ReadError(
            raw.path, f"expected a Zahner version number at its start, found {raw.data[:6]!r}. No .ism file."
        )
    count = raw.integer(6, "number of points") + 1
    if count < 1 or count * 34 > raw.left:
        message = f"number of points = {count}: needs {count * 34} bytes, {raw.left} are left. The file is cut: copy it again."
        raise ReadError(raw.path, message)
    frequency, modulus, phase, stamps = (
        raw.doubles(count, what) for what in ("frequencies", "moduli", "phases", "times")
    )
    significance = np.frombuffer(raw.take(2 * count, "significances"), dtype=">i2").astype(np.int64)
    _check(raw.path, modulus, phase, stamps)
    texts = {what: raw.text(what) for what in _TEXTS}
    return _Content(frequency, modulus, phase, np.abs(stamps), significance, texts, _tracks(raw, count))


def _check(path: Path, modulus: NDArray[np.float64], phase: NDArray[np.float64], stamps: NDArray[np.float64]) -> None:
    checks = (
        (~(modulus > 0), "modulus", modulus, "> 0 ohm"),
        (~(np.abs(phase) <= 2 * math.pi), "phase", phase, "within 2 pi rad"),
        (~(np.abs(stamps) < 1e11), "time", stamps, "in seconds since 1980"),
    )
    for bad, name, values, expected in checks:
        if bad.any():
            first = int(np.argmax(bad))
            message = f"{name} = {values[first]:.6g}: expected one {expected} (point {first + 1}). The file is damaged."
            raise ReadError(path, message)


def _tracks(raw: _Bytes, count: int) -> NDArray[np.float64] | None:
    if raw.left == 0:  # files of the maker's exporter end here
        return None
    flag = raw.integer(2, "acquisition flag")
    parameters = raw.doubles(_PARAMETERS, "parameters")
    bits = parameters[27]
    if flag <= 256 or not 0 <= bits < 2**31 or not int(bits) & _TRACKS:
        return None
    return raw.doubles(2 * count, "voltages and currents").reshape(count, 2)


def _metadata(content: _Content, warnings: list[str]) -> dict[str, float | str]:
    texts = content.texts
    metadata: dict[str, float | str] = {"instrument": "Zahner"}
    started = _started(content)
    comment = "; ".join(texts[f"comment {i}"] for i in range(1, 5) if texts[f"comment {i}"])
    metadata |= {k: v for k, v in (("started", started), ("sample", texts["system"]), ("comment", comment)) if v}
    dc, _, ac = texts["voltage"].partition(",")
    for name, text, unit in (
        ("potential", dc, "V"),
        ("amplitude", ac.rpartition(":")[2], "V"),
        ("area", texts["electrode area"], "m^2"),
    ):
        value = _quantity(text, unit)
        if value is not None and (name != "area" or value > 0):
            metadata[name] = value
    temperature = _temperature(texts["temperature"])
    if temperature is not None:
        metadata["temperature"] = temperature
    elif _TEMPERATURE.match(texts["temperature"]):
        warnings.append(f"the temperature {texts['temperature']!r} is what the input shows without a sensor: not used")
    overlap = _overlap(content.frequency)
    if overlap:
        metadata["overlap_points"] = float(overlap)
        turn = f"{content.frequency[overlap]:.6g} Hz"
        warnings.append(
            f"the first {overlap} points lie before the turn at {turn}; the sweep after it covers them again"
        )
    return metadata


def _started(content: _Content) -> str:
    first = float(content.stamps.min())
    if first > _FIRST_DATE:
        return (_EPOCH + timedelta(seconds=first)).isoformat(timespec="milliseconds")
    date = content.texts["date"]
    return iso_datetime(f"{date[:2]}.{date[2:4]}.{date[4:6]}", order="dmy") if re.fullmatch(r"\d{6}", date) else ""


def _quantity(text: str, unit: str) -> float | None:
    try:
        return units.parse(text, unit)
    except units.UnitError:
        return None


def _temperature(text: str) -> float | None:
    match = _TEMPERATURE.match(text)
    if match is None:
        return None
    celsius = float(match.group(1))
    return None if abs(celsius) < 1.0 or celsius <= -273.0 else units.celsius(celsius)


def _overlap(frequency: NDArray[np.float64]) -> int:
    """Return how many points lie before the turn at the highest (or lowest) frequency; 0 for a plain sweep."""
    top, bottom = int(np.argmax(frequency)), int(np.argmin(frequency))
    return min(top, bottom)
