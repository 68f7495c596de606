"""Ways in which files get damaged."""

from __future__ import annotations

import codecs
import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

_NUMBER = re.compile(rb"(?<![\w.])[-+]?\d+[.,]?\d*(?:[eE][-+]?\d+)?(?![\w.])")
_CUTS = 24
_JUNK = 2048


class Damage(NamedTuple):
    """One damaged copy of a file.

    Attributes
    ----------
    name:  What was done.
    data:  The bytes that came out.
    loud:  A reader can notice: it gives the same numbers, refuses, or warns. Where not (a row that is missing, a number
           that is another one) it only must not give what is impossible.
    cut:   The end is missing: a reader may also give the first points.
    """

    name: str
    data: bytes
    loud: bool = False
    cut: bool = False


def is_text(data: bytes) -> bool:
    """Return whether the bytes are text as instruments write it."""
    return b"\x00" not in data and sum(b < 9 or 14 <= b < 28 for b in data[:4096]) == 0


def damages(data: bytes, *, seed: int = 0) -> Iterator[Damage]:
    """Yield damaged copies of a file's bytes, the same ones for the same seed.

    Every file is emptied, replaced by random bytes, cut at many places, and has bytes flipped. Text also gets a
    byte-order mark, other line ends, other encodings, NaN and text in place of numbers, commas for points, swapped
    columns, rows twice, missing, emptied and in other order.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable damage, no secret
    yield from _for_any(data, rng)
    if is_text(data):
        yield from _recoded(data)
        yield from _edited(data, rng)


def _for_any(data: bytes, rng: random.Random) -> Iterator[Damage]:
    yield Damage("emptied", b"")
    yield Damage("blanks only", b" \r\n\t\n  ")
    yield Damage("random bytes", rng.randbytes(_JUNK))
    yield Damage("random bytes after the first 64", data[:64] + rng.randbytes(_JUNK))
    yield Damage("zero bytes", bytes(_JUNK))
    places = {round(len(data) * k / _CUTS) for k in range(1, _CUTS)} | {len(data) - k for k in range(1, 9)}
    for place in sorted(p for p in places if 0 < p < len(data)):
        yield Damage(f"cut after byte {place}", data[:place], loud=True, cut=True)
    for _ in range(8):
        place = rng.randrange(len(data))
        yield Damage(f"byte {place} set to 255", data[:place] + b"\xff" + data[place + 1 :], loud=is_text(data))
    middle = len(data) // 2
    hole = data[:middle] + bytes(min(64, len(data) - middle)) + data[middle + 64 :]
    yield Damage("a hole of zeros", hole, loud=is_text(data))


def _recoded(data: bytes) -> Iterator[Damage]:
    text = data.decode("cp1252", errors="replace")
    plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    yield Damage("UTF-8 byte-order mark", codecs.BOM_UTF8 + data.removeprefix(codecs.BOM_UTF8), loud=True)
    yield Damage("line ends CR LF", plain.replace(b"\n", b"\r\n"), loud=True)
    yield Damage("line ends CR", plain.replace(b"\n", b"\r"), loud=True)
    yield Damage("line ends LF", plain, loud=True)
    yield Damage("UTF-16 with mark", codecs.BOM_UTF16_LE + text.encode("utf-16-le"), loud=True)
    yield Damage("UTF-16 big-endian with mark", codecs.BOM_UTF16_BE + text.encode("utf-16-be"), loud=True)
    yield Damage("UTF-16 without mark", text.encode("utf-16-le"), loud=True)
    yield Damage("UTF-32 without mark", text.encode("utf-32-le"), loud=True)
    yield Damage("latin-1 bytes at the end", data + "Grüße 25 °C, 3 µA\n".encode("latin-1"), loud=True)
    yield Damage("blank lines at the end", data + b"\r\n\r\n", loud=True)
    yield Damage("end-of-file mark", data + b"\x1a", loud=True)


def _edited(data: bytes, rng: random.Random) -> Iterator[Damage]:
    numbers = list(_NUMBER.finditer(data))
    for word in (b"NaN", b"inf", b"-1.#IND", b"abc", b"", b"0", b"1e999"):
        for match in rng.sample(numbers, min(4, len(numbers))):
            name = f"{match[0]!r} at byte {match.start()} set to {word!r}"
            yield Damage(name, _put(data, match, word), loud=word != b"0")
    yield Damage("points to commas", data.replace(b".", b","), loud=True)
    yield Damage("commas to points", data.replace(b",", b"."), loud=True)
    yield Damage("tabs to blanks", data.replace(b"\t", b" "), loud=True)
    lines = data.splitlines(keepends=True)
    for what, edit, loud in _LINE_EDITS:
        yield Damage(what, b"".join(edit(lines, rng)), loud=loud)


def _put(data: bytes, match: re.Match[bytes], word: bytes) -> bytes:
    return data[: match.start()] + word + data[match.end() :]


def _rows(lines: Sequence[bytes]) -> list[int]:
    """Return the places of the lines that hold three numbers or more."""
    return [i for i, line in enumerate(lines) if len(_NUMBER.findall(line)) >= 3]


def _swapped(lines: Sequence[bytes], first: int) -> list[bytes]:
    out = list(lines)
    for i in _rows(lines):
        found = list(_NUMBER.finditer(lines[i]))
        if len(found) > first + 1:
            a, b = found[first], found[first + 1]
            line = lines[i]
            out[i] = line[: a.start()] + b[0] + line[a.end() : b.start()] + a[0] + line[b.end() :]
    return out


def _without(lines: Sequence[bytes], rng: random.Random) -> list[bytes]:
    rows = _rows(lines)
    gone = rng.choice(rows) if rows else -1
    return [line for i, line in enumerate(lines) if i != gone]


def _twice(lines: Sequence[bytes], rng: random.Random) -> list[bytes]:
    rows = _rows(lines)
    again = rng.choice(rows) if rows else -1
    return [copy for i, line in enumerate(lines) for copy in ((line, line) if i == again else (line,))]


def _shuffled(lines: Sequence[bytes], rng: random.Random) -> list[bytes]:
    rows = _rows(lines)
    moved = rng.sample(rows, len(rows))
    out = list(lines)
    for i, j in zip(rows, moved, strict=True):
        out[i] = lines[j]
    return out


def _no_rows(lines: Sequence[bytes], rng: random.Random) -> list[bytes]:  # noqa: ARG001 - one signature for all edits
    rows = set(_rows(lines))
    return [line for i, line in enumerate(lines) if i not in rows]


def _last_cell_gone(lines: Sequence[bytes], rng: random.Random) -> list[bytes]:
    rows = _rows(lines)
    if not rows:
        return list(lines)
    i = rng.choice(rows)
    last = list(_NUMBER.finditer(lines[i]))[-1]
    return [*lines[:i], lines[i][: last.start()].rstrip() + b"\n", *lines[i + 1 :]]


_Edit = Callable[[Sequence[bytes], random.Random], list[bytes]]
_LINE_EDITS: tuple[tuple[str, _Edit, bool], ...] = (
    ("first and second number of each row swapped", lambda lines, _: _swapped(lines, 0), False),
    ("second and third number of each row swapped", lambda lines, _: _swapped(lines, 1), False),
    ("a row missing", _without, False),
    ("a row twice", _twice, True),
    ("rows in other order", _shuffled, False),
    ("no rows", _no_rows, True),
    ("the last number of a row missing", _last_cell_gone, True),
)
