"""Old ``.xls`` workbooks (BIFF8 in a compound file) of cyclers, written here byte by byte as Excel 97 lays them out.

Source of the layout: Microsoft, [MS-XLS] Excel Binary File Format and [MS-CFB] Compound File Binary File Format.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest

from garnetlab.core import Channel, ReadError
from garnetlab.readers import ReadOptions, read

NONE, END, FREE, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
SECTOR = 512


class Date(float):
    """A number that Excel shows as a date and time."""


def record(kind, content=b""):
    return struct.pack("<HH", kind, len(content)) + content


def text_of(text, length="<H"):
    """Return a text of BIFF8: one byte per character where that holds it, else two."""
    narrow = all(ord(c) < 256 for c in text)
    body = text.encode("latin-1") if narrow else text.encode("utf-16-le")
    return struct.pack(length, len(text)) + bytes([0 if narrow else 1]) + body


def biff(name, rows):
    """Return the stream of a workbook of one sheet."""
    words = list(dict.fromkeys(c for row in rows for c in row if isinstance(c, str)))
    shared = struct.pack("<II", len(words), len(words)) + b"".join(map(text_of, words))
    cells = []
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if isinstance(cell, str):
                cells.append(record(0x00FD, struct.pack("<HHHI", i, j, 0, words.index(cell))))  # LABELSST
            elif cell is not None:
                cells.append(record(0x0203, struct.pack("<HHHd", i, j, int(isinstance(cell, Date)), cell)))  # NUMBER
    size = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 1997, 0, 6))
    sheet += record(0x0200, size) + b"".join(cells) + record(0x000A)
    styles = [record(0x00E0, struct.pack("<HHH14x", 0, form, 0)) for form in (0, 22)]  # general; built-in date and time
    before = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 1997, 0, 6)) + record(0x0042, b"\xb0\x04")
    before += record(0x0022, b"\x00\x00") + b"".join(styles)
    after = record(0x00FC, shared) + record(0x000A)
    at = len(before) + len(record(0x0085, bytes(6) + text_of(name, "<B"))) + len(after)
    return before + record(0x0085, struct.pack("<IH", at, 0) + text_of(name, "<B")) + after + sheet


def entry(name, kind, child, start, size):
    """Return a directory entry."""
    coded = (name + "\0").encode("utf-16-le")
    fields = struct.pack("<HBBIII36xIQ", len(coded), kind, 1, NONE, NONE, child, start, size)
    return coded.ljust(64, b"\0") + fields


def xls(path, rows, name="Sheet1"):
    """Write a compound file: sector 0 the allocation table, 1 the directory, from 2 the workbook."""
    stream = biff(name, rows)
    stream = stream.ljust(max(4096, -(-len(stream) // SECTOR) * SECTOR), b"\0")  # shorter streams lie elsewhere
    sectors = len(stream) // SECTOR
    chain = [FAT, END, *range(3, 2 + sectors), END]
    assert len(chain) <= SECTOR // 4
    table = struct.pack(f"<{SECTOR // 4}I", *chain, *[FREE] * (SECTOR // 4 - len(chain)))
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0) + struct.pack("<109I", 0, *[FREE] * 108)
    folder = entry("Root Entry", 5, 1, END, 0) + entry("Workbook", 2, NONE, 2, len(stream))
    path.write_bytes(head + table + folder.ljust(SECTOR, b"\0") + stream)
    return path


ENGLISH = ("Index", "TestTime", "Voltage/V", "Current/mA", "Capacity/mAh", "SysTime", "State")
CHINESE = ("记录序号", "测试时间", "电压/V", "电流/mA", "容量/mAh", "系统时间", "状态")


def land_rows(clock):
    """Return rows of LAND's single table, with headings of steps between: 10 s of rest, of charge, of discharge, each second."""
    rows = []
    for step, (state, current) in enumerate([("R", 0.0), ("C_CC", 1.5), ("D_CC", -1.5)]):
        rows += [("Index", "Mode", "Period"), (float(step + 1), state)]
        for i in range(10):
            t = 10 * step + i
            rows.append(
                (1.0 + t, clock(t), 0.05 * current, current, abs(current) * i / 3600, "2021-05-11 12:00:00", state)
            )
    return rows


CLOCKS = {
    "text": lambda t: f"0-00:00:{t:02d}",
    "Excel's dates": lambda t: Date(t / 86400),
}


@pytest.mark.parametrize("names", [ENGLISH, CHINESE], ids=["English", "Chinese"])
@pytest.mark.parametrize("clock", CLOCKS)
def test_a_land_table_in_an_old_workbook_is_read(names, clock, tmp_path):
    (m,) = read(xls(tmp_path / "cell.xls", [names, *land_rows(CLOCKS[clock])]))
    assert m.source.reader == "cycler-workbook"
    # a date keeps 1 us
    np.testing.assert_allclose(m[Channel.TIME], np.arange(30.0), rtol=0, atol=1e-6)
    assert m[Channel.CURRENT].tolist() == [0.0] * 10 + [1.5e-3] * 10 + [-1.5e-3] * 10
    np.testing.assert_allclose(m[Channel.VOLTAGE], 50 * m[Channel.CURRENT], rtol=1e-15)
    assert any(w == "6 lines between the rows are headings of steps: they are left out" for w in m.warnings)


def test_a_table_in_microamperes_in_an_old_workbook_is_read(tmp_path):
    names = (
        "Record",
        "SysTime",
        "Cycle",
        "Step",
        "TestTime/Sec",
        "Voltage/V",
        "Current/uA",
        "Capacity/uAh",
        "SpeCap/mAh/g",
    )
    rows = [(1.0 + i, "2021-05-11 12:00:00", 1.0, 1.0, float(i), 0.1, 157.0, 157.0 * i / 3600, 1.0) for i in range(20)]
    (m,) = read(xls(tmp_path / "cell.xls", [names, *rows], name="Data"))
    assert set(m[Channel.CURRENT]) == {1.57e-4}
    assert m[Channel.CHARGE][-1] == pytest.approx(1.57e-4 * 19)


def test_the_unit_of_a_current_in_an_old_workbook_is_asked_for(tmp_path):
    names = ("Rec#", "Cyc#", "Step", "TestTime (Sec)", "Voltage", "Current", "Md")
    path = xls(tmp_path / "cell.xls", [names, *[(1.0 + i, 0.0, 1.0, float(i), 3.5, 2.0, "C") for i in range(5)]])
    with pytest.raises(ReadError, match=r"sheet 'Sheet1': column = 'Current' states no unit"):
        read(path)
    assert set(read(path, options=ReadOptions(current_unit="mA"))[0][Channel.CURRENT]) == {2e-3}


@pytest.mark.parametrize("kept", [600, 1600, 3000])
def test_a_cut_old_workbook_is_refused_in_one_line(kept, tmp_path):
    path = xls(tmp_path / "cell.xls", [ENGLISH, *land_rows(CLOCKS["text"])])
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ReadError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
