"""What every reader must do, as one check."""

from __future__ import annotations

import hashlib
import importlib
import random
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import cast

import numpy as np

from garnetlab import readers
from garnetlab.core import Channel, FileSource, GarnetlabError, Kind, Measurement
from garnetlab.readers import READERS, Reader
from garnetlab.testing._damage import Damage, damages

_NEEDED = {
    Kind.IMPEDANCE: (Channel.FREQUENCY, Channel.IMPEDANCE),
    Kind.CYCLING: (Channel.TIME, Channel.VOLTAGE),  # a published curve may have no current
    Kind.VOLTAMMETRY: (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT),
    Kind.DC_POLARISATION: (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT),
}


def check_reader(reader: str | ModuleType | Reader, files: Iterable[Path], *, seed: int = 0) -> None:
    r"""Check that a reader keeps the contract of readers, on good files and on damaged copies of them.

    It checks the protocol (``name``, ``suffixes``, ``sniff`` within 0 and 1 that never raises, not on junk either), that
    reading gives finite SI channels with frequencies above 0, a stamped source (path, SHA-256, reader, version), the same
    numbers each time, and an unchanged file. Damaged copies (see ``damages``) must raise one of the package's own errors
    or give no nonsense: a copy in another coding gives the same numbers, a cut one the first points, and where damage can
    be noticed any other difference stands in the warnings.

    Parameters
    ----------
    reader: Name of a registered reader, or a module (any object) that is one.
    files:  Good files of its format, at least one; small ones, since each is read about a hundred times.
    seed:   Which random damage.

    Raises
    ------
    AssertionError  saying which rule is broken, by which file and damage.

    Examples
    --------
    A test of your own reader::

        from pathlib import Path
        from garnetlab.testing import check_reader
        import my_reader

        def test_my_reader_keeps_the_contract():
            check_reader(my_reader, sorted(Path("examples").glob("*.xyz")))

    >>> import tempfile
    >>> from garnetlab.testing import check_reader
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "cell.csv"
    ...     rows = "1e5,10,-1", "1e4,11.5,-2", "1e3,14.25,-3.5", "1e2,17.5,-5.5"
    ...     _ = file.write_text("\n".join(("freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm", *rows)) + "\n")
    ...     check_reader("generic-text", [file])
    """
    module = _loaded(reader)
    paths = [Path(file) for file in files]
    assert paths, f"{module.name}: expected at least one good file"
    _check_protocol(module)
    for path in paths:
        good = _check_good(module, path)
        with tempfile.TemporaryDirectory() as folder:
            for damage in damages(path.read_bytes(), seed=seed):
                copy = Path(folder) / path.name
                copy.write_bytes(damage.data)
                _check_damaged(module, copy, damage, good)


def nonsense(measurements: Sequence[Measurement]) -> str:
    """Return what is impossible about measurements, or an empty string.

    Impossible are numbers that are not finite, frequencies and moduli that are not positive, a kind without its channels,
    and a measurement without a point.
    """
    for number, measurement in enumerate(measurements, start=1):
        missing = [c.label for c in _NEEDED.get(measurement.kind, ()) if c not in measurement.channels]
        if missing:
            return f"measurement {number} lacks {', '.join(missing)}"
        if not len(measurement) and measurement.kind is not Kind.IMAGE:
            return f"measurement {number} has no point"
        for channel, array in measurement.channels.items():
            if not np.isfinite(array).all():
                return f"measurement {number}: {channel.label} is not finite"
            if channel in (Channel.FREQUENCY, Channel.IMPEDANCE) and not (np.abs(array) > 0).all():
                return f"measurement {number}: {channel.label} is 0"
            if channel is Channel.FREQUENCY and not (array > 0).all():
                return f"measurement {number}: {channel.label} is negative"
    return ""


def difference(good: Sequence[Measurement], found: Sequence[Measurement], *, cut: bool = False) -> str:
    """Return how the numbers of ``found`` differ from ``good`` without any new warning, or an empty string.

    With ``cut``, ``found`` may end early: fewer points in its last measurement, fewer measurements. A channel beside those
    of its kind may be absent: a column whose name is damaged is no longer known.
    """
    if any(set(m.warnings) - {w for g in good for w in g.warnings} for m in found):
        return ""
    if len(found) != len(good) and not (cut and len(found) < len(good)):
        return f"{len(found)} measurements in place of {len(good)}"
    for number, (one, other) in enumerate(zip(good, found, strict=False), start=1):
        short = cut and number == len(found)
        if len(other) != len(one) and not (short and len(other) < len(one)):
            return f"measurement {number}: {len(other)} points in place of {len(one)}"
        if not set(other.channels) <= set(one.channels):
            return f"measurement {number}: other channels"
        for channel, array in other.channels.items():
            wrong = np.flatnonzero(array != one.channels[channel][: len(array)])
            if wrong.size:
                i = int(wrong[0])
                return f"measurement {number}: {channel.label} {i + 1} is {array[i]}, not {one.channels[channel][i]}"
    return ""


def _loaded(reader: str | ModuleType | Reader) -> Reader:
    if isinstance(reader, str):
        assert reader in READERS, f"{reader!r} is no registered reader: {', '.join(READERS)}"
        return cast("Reader", importlib.import_module(READERS[reader]))
    return cast("Reader", reader)


def _check_protocol(module: Reader) -> None:
    absent = [n for n in ("name", "suffixes", "sniff", "read") if not hasattr(module, n)]
    assert not absent, f"a reader has name, suffixes, sniff and read: {', '.join(absent)} missing"
    name: object = module.name
    suffixes: object = module.suffixes
    assert isinstance(name, str), f"name = {name!r}: expected a text"
    assert name, "name is empty: expected a text"
    assert isinstance(suffixes, tuple), f"{name}: suffixes = {suffixes!r}: expected a tuple"
    wrong = [s for s in suffixes if not str(s).startswith(".") or str(s) != str(s).lower()]
    assert not wrong, f"{name}: suffixes {wrong} are not like '.txt'"
    rng = random.Random(0)  # noqa: S311 - repeatable junk, no secret
    junk = (
        b"",
        b"\x00",
        b"\xff\xfe",
        b"PK\x03\x04",
        b"text\n",
        bytes(512),
        *(rng.randbytes(n) for n in (1, 7, 100, 4096)),
    )
    for suffix in (*module.suffixes, ".other", ""):
        for head in junk:
            _sniffed(module, Path(f"no such file{suffix}"), head)


def _sniffed(module: Reader, path: Path, head: bytes) -> float:
    with _NoForeignError(f"{module.name}: sniff on {head[:16]!r}", "it must never raise"):
        score = module.sniff(path, head)
    assert 0.0 <= score <= 1.0, f"{module.name}: sniff gave {score} on {head[:16]!r}; expected 0 to 1"
    return score


def _check_good(module: Reader, path: Path) -> tuple[Measurement, ...]:
    data = path.read_bytes()
    who = f"{module.name} on {path.name}"
    assert _sniffed(module, path, data[: 1 << 16]) > 0, f"{who}: sniff gives 0 for a good file"
    found = readers.read(path, reader=module)
    assert found and all(isinstance(m, Measurement) for m in found), f"{who}: expected measurements"
    assert not nonsense(found), f"{who}: {nonsense(found)}"
    digest = hashlib.sha256(data).hexdigest()
    for measurement in found:
        source = measurement.source
        assert isinstance(source, FileSource), f"{who}: the source is no file"
        stamp = (source.path, source.sha256, source.reader)
        assert stamp == (str(path), digest, module.name), f"{who}: the source is stamped {stamp}"
        assert source.version, f"{who}: the source names no version"
    assert path.read_bytes() == data, f"{who}: reading changed the file"
    again = readers.read(path, reader=module)
    same = [m.to_dict(data=True) for m in again] == [m.to_dict(data=True) for m in found]
    assert same, f"{who}: reading twice gives two results"
    return found


def _check_damaged(module: Reader, path: Path, damage: Damage, good: Sequence[Measurement]) -> None:
    who = f"{module.name} on {path.name}, {damage.name}"
    _sniffed(module, path, damage.data[: 1 << 16])
    found = _read_damaged(module, path, who)
    if found is None:
        return
    assert not nonsense(found), f"{who}: {nonsense(found)}"
    told = difference(good, found, cut=damage.cut) if damage.loud else ""
    assert not told, f"{who}: {told}, and no warning says so"


def _read_damaged(module: Reader, path: Path, who: str) -> tuple[Measurement, ...] | None:
    """Return what the reader gives, or None where it refuses with one of the package's own errors."""
    with _NoForeignError(who, "only the package's own errors may leave a reader"):
        try:
            return module.read(path)
        except GarnetlabError as error:
            text = str(error)
    assert text, f"{who}: the error has no message"
    assert "\n" not in text, f"{who}: the message is not one line: {text!r}"
    return None


class _NoForeignError:
    """Turns any error that passes into an ``AssertionError`` that says where and which rule it breaks."""

    def __init__(self, who: str, rule: str) -> None:
        self.who, self.rule = who, rule

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            message = f"{self.who}: raised {type(error).__name__} ({error}); {self.rule}"
            raise AssertionError(message) from error
