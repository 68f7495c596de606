"""The conformance kit passes a good reader and names the fault of each bad one."""

from __future__ import annotations

import types

import numpy as np
import pytest

from garnetlab.core import Channel, FileSource, Kind, Measurement, ReadError
from garnetlab.testing import check_reader, difference, nonsense

FILE = "my format\n" + "".join(f"{10.0**k:.1f} {50.5 - k:.3f} {-1.25 * (6 - k):.3f} end\n" for k in range(6))


def measurement(rows, warnings=()):
    f, re, im = (np.array(c) for c in zip(*rows, strict=True))
    z = np.array([complex(a, b) for a, b in zip(re, im, strict=True)])
    source = FileSource("", "", "", "")
    return Measurement(Kind.IMPEDANCE, {Channel.FREQUENCY: f, Channel.IMPEDANCE: z}, source, warnings=tuple(warnings))


def numbers(path, text):
    """Return the rows of the little format, or refuse the line."""
    lines = text.splitlines()
    if not lines or lines[0] != "my format":
        raise ReadError(path, "expected 'my format'. Export again.", 1)
    rows = []
    for line, row in enumerate(lines[1:], start=2):
        cells = row.split(" ")
        if len(cells) != 4 or cells[3] != "end":
            raise ReadError(path, "expected f Z' Z'' end. Export again.", line)
        try:
            values = [float(c) for c in cells[:3]]
        except ValueError:
            raise ReadError(path, f"{row!r}: expected numbers. Correct the line.", line) from None
        if not np.isfinite(values).all() or values[0] <= 0 or not np.isfinite(values[1] + values[2]):
            raise ReadError(path, f"{row!r}: expected f > 0. Correct the line.", line)
        if values[1] == values[2] == 0:
            raise ReadError(path, "expected |Z| > 0. Correct the line.", line)
        rows.append(values)
    if not rows or len({r[0] for r in rows}) != len(rows):
        raise ReadError(path, "expected rows of different frequencies. Export again.", len(lines))
    return rows


def good_read(path):
    text = path.read_bytes().decode("ascii", errors="replace").replace("\r\n", "\n")
    return (measurement(numbers(path, text.rstrip("\x1a\n") + "\n")),)


def reader(**changes):
    """Return a reader of the little format with some of its parts exchanged."""
    parts = {
        "name": "mine",
        "suffixes": (".mine",),
        "sniff": lambda path, head: 1.0 if head.startswith(b"my format") else 0.0,
        "read": good_read,
    }
    return types.SimpleNamespace(**{k: v for k, v in (parts | changes).items() if v is not None})


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "cell.mine"
    path.write_text(FILE)
    return path


def test_a_good_reader_passes(file):
    check_reader(reader(), [file])


def broken(path):
    raise KeyError("freq")


def lenient(path):
    """Skip the lines that are not understood: silent loss."""
    rows = []
    for row in path.read_bytes().decode("latin-1").splitlines():
        try:
            rows.append([float(c) for c in row.split(" ")[:3]])
            if len(rows[-1]) != 3:
                rows.pop()
        except ValueError:
            continue
    rows = [r for r in rows if np.isfinite(r).all() and r[0] > 0 and r[1] != 0]
    if not rows:
        raise ReadError(path, "no rows. Export again.")
    return (measurement(rows),)


def lets_nan_through(path):
    text = path.read_bytes().decode("ascii", errors="replace")
    try:
        return (measurement([[float(c) for c in row.split(" ")[:3]] for row in text.splitlines()[1:]]),)
    except ValueError:
        raise ReadError(path, "damaged. Export again.") from None


COUNT = iter(range(10**6))
FAULTS = {
    "sniff missing": ({"sniff": None}, "sniff missing"),
    "name": ({"name": 3}, "expected a text"),
    "empty name": ({"name": ""}, "expected a text"),
    "suffixes": ({"suffixes": ["mine"]}, "expected a tuple"),
    "suffix": ({"suffixes": (".MINE",)}, "not like '.txt'"),
    "sniff raises": ({"sniff": lambda p, h: h[0]}, r"sniff on b'': raised IndexError"),
    "sniff beyond 1": ({"sniff": lambda p, h: 2.0}, "expected 0 to 1"),
    "sniff misses": ({"sniff": lambda p, h: 0.0}, "gives 0 for a good file"),
    "foreign error": ({"read": lambda p: good_read(p) if p.stat().st_size == len(FILE) else broken(p)}, "KeyError"),
    "silent loss": ({"read": lenient}, "no warning says so"),
    "nan": ({"read": lets_nan_through}, "is not finite|no warning says so|is negative|is 0"),
    "not repeatable": ({"read": lambda p: (measurement([[1.0, next(COUNT), -1.0]]),)}, "twice gives two results"),
    "negative frequency": ({"read": lambda p: (measurement([[-1.0, 2.0, -1.0]]),)}, "is negative"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(fault, file):
    changes, message = FAULTS[fault]
    with pytest.raises(AssertionError, match=message):
        check_reader(reader(**changes), [file])


def test_a_reader_that_changes_the_file_is_found(file):
    def writes(path):
        found = good_read(path)
        path.write_bytes(path.read_bytes() + b"\x1a")
        return found

    with pytest.raises(AssertionError, match="changed the file"):
        check_reader(reader(read=writes), [file])


def test_unknown_names_and_no_files_are_refused(file):
    with pytest.raises(AssertionError, match="no registered reader"):
        check_reader("nobody", [file])
    with pytest.raises(AssertionError, match="at least one good file"):
        check_reader(reader(), [])


def test_nonsense_and_differences_are_told():
    rows = [[1.0, 2.0, -1.0], [10.0, 1.0, -2.0]]
    good = (measurement(rows),)
    assert nonsense(good) == ""
    assert nonsense((measurement([[1.0, float("inf"), 0.0]]),)).endswith("not finite")
    assert nonsense((Measurement(Kind.IMPEDANCE, {Channel.FREQUENCY: [1.0]}, FileSource("", "", "", "")),)).endswith(
        "lacks impedance"
    )
    assert difference(good, good) == ""
    assert difference(good, (measurement(rows[:1]),)) == "measurement 1: 1 points in place of 2"
    assert difference(good, (measurement(rows[:1]),), cut=True) == ""
    assert difference(good, (measurement(rows[1:]),), cut=True).startswith("measurement 1: frequency 1 is 10.0")
    assert difference(good, (measurement(rows[:1], ["a line is missing"]),)) == ""
    assert difference(good, good * 2) == "2 measurements in place of 1"
