"""Large plain text files: the compiled way gives what the line-by-line way gives, or leaves the file to it."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest

from garnetlab.core import Channel, ReadError
from garnetlab.readers import _rows, _rows_fast, read
from garnetlab.readers._direction import directions
from garnetlab.readers._runs import Runs
from garnetlab.readers.bdf import write_bdf
from garnetlab.readers.biologic import write_mpt_test
from garnetlab.readers.generic_cycling import write_time_table
from garnetlab.readers.land import write_land

WAYS = {
    "bdf": write_bdf,
    "land": write_land,
    "generic-cycling": write_time_table,
    "biologic-mpt": write_mpt_test,
}


def always(patch, size=1):
    """Set the size from which on files are read at once."""
    patch.setattr(_rows, "FAST_BYTES", size)
    patch.setattr(_rows, "LOADED_BYTES", size)


@pytest.fixture
def fast_only(monkeypatch):
    """Return a function that reads a file in small pieces, and fails where the line-by-line way is used."""

    def slow(*args, **kwargs):
        pytest.fail("read line by line")

    def call(path):
        with monkeypatch.context() as patch:
            always(patch)
            patch.setattr(_rows_fast, "PIECE", 700)  # a few lines each
            patch.setattr(_rows, "_slow", slow)
            return read(path)[0]

    return call


@pytest.fixture
def both(fast_only, monkeypatch):
    """Return a function that gives what a file reads as, both ways."""

    def call(path):
        fast = fast_only(path)
        always(monkeypatch, size=1 << 60)
        return fast, read(path)[0]

    return call


def table_of(folder, cells, names="Test Time / s,Voltage / V,Current / A", end="\n", name="cell.csv"):
    path = folder / name
    path.write_bytes((end.join([names, *cells]) + end).encode())
    return path


def voltages(folder, texts, decimal="."):
    """Return a file whose voltages are written so."""
    if decimal == ".":
        return table_of(folder, [f"{i},{t},0.001" for i, t in enumerate(texts)])
    rows = [f"{i};{t};0,001" for i, t in enumerate(texts)]
    return table_of(folder, rows, names="time/s;voltage/V;current/A")


# the same both ways ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("reader", WAYS)
@pytest.mark.parametrize("end", ["\n", "\r\n", ""], ids=["LF", "CR LF", "no last end"])
def test_a_large_file_gives_the_same_at_once_as_line_by_line(reader, end, cycling, tmp_path, both):
    path = tmp_path / "cell.csv"
    WAYS[reader](cycling(60), path)
    data = path.read_bytes().replace(b"\r\n", b"\n")
    path.write_bytes(data[:-1] if not end else data.replace(b"\n", end.encode()))
    fast, slow = both(path)
    assert fast.source.reader == reader
    assert fast.to_dict(data=True) == slow.to_dict(data=True)


@pytest.mark.parametrize("reader", ["neware-csv", "arbin", "maccor", "basytec", "novonix"])
def test_a_large_table_of_each_maker_gives_the_same_at_once(reader, builders, spectrum, tmp_path, both):
    file, build = builders[reader][0]
    build(spectrum(40), tmp_path / file)
    fast, slow = both(tmp_path / file)
    assert fast.source.reader == reader
    assert fast.to_dict(data=True) == slow.to_dict(data=True)


@pytest.mark.parametrize(
    "name",
    [
        "PyProBE__sample_data_novonix.csv",
        "battery__SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv",
        "cellpy__maccor_two.txt",
        "cellpy__neware_uio.csv",
        "yadg__gcpl.issue_149.mpt",
        "yadg__lsv.mpt",
    ],
)
def test_a_real_file_gives_the_same_at_once(name, data_dir, both):
    folder = next(f for f in ("cycling", "voltammetry_dc") if (data_dir / f / name).is_file())
    fast, slow = both(data_dir / folder / name)
    assert fast.to_dict(data=True) == slow.to_dict(data=True)


def test_headings_of_steps_between_rows_are_left_out_at_once(tmp_path, both):
    rows = []
    for step, (way, current) in enumerate([("C_CC", 1.0), ("D_CC", -1.0), ("R", 0.0)] * 4):
        rows += ["Index\tMode\tPeriod\t\t", f"{step + 1}\t{way}\t\t\t"]
        clocks = [f"0-00:{i // 60:02d}:{i % 60:02d}" for i in range(20 * step, 20 * step + 20)]
        rows += [f"{i}\t{clock}\t3.5\t{current}\t{way}" for i, clock in enumerate(clocks)]
    path = table_of(tmp_path, rows, names="Index\tTestTime\tVoltage/V\tCurrent/mA\tState", name="cell.txt")
    fast, slow = both(path)
    assert len(fast) == 240
    assert any(w == "24 lines between the rows are headings of steps: they are left out" for w in fast.warnings)
    assert fast.to_dict(data=True) == slow.to_dict(data=True)


def test_a_row_that_a_running_test_has_not_finished_is_left_out_at_once(tmp_path, both):
    rows = [f"{i}\t3.{i:03d}\t0.001" for i in range(200)]
    path = table_of(tmp_path, [*rows, "200\t3.5"], names="time/s\tvoltage/V\tcurrent/A", name="cell.txt")
    path.write_bytes(path.read_bytes().rstrip())
    fast, slow = both(path)
    assert len(fast) == 200
    assert "line 202, the last, has 2 of 3 columns: it is left out" in fast.warnings
    assert fast.to_dict(data=True) == slow.to_dict(data=True)


def test_chinese_columns_and_states_in_the_encoding_of_chinese_windows_are_read(tmp_path, both):
    states = ["恒流充电"] * 70 + ["恒流放电"] * 70
    rows = [f"{i}\t{i}\t3.5\t1.5\t{state}" for i, state in enumerate(states)]
    path = tmp_path / "cell.txt"
    path.write_bytes("\n".join(["记录序号\t测试时间/Sec\t电压/V\t电流/mA\t状态", *rows, ""]).encode("gb18030"))
    fast, slow = both(path)
    assert fast.source.reader == "land"
    assert fast[Channel.CURRENT].tolist() == [1.5e-3] * 70 + [-1.5e-3] * 70
    assert fast.to_dict(data=True) == slow.to_dict(data=True)


# numbers and times -----------------------------------------------------------------------------------------------------
def hard_texts():
    """Return decimal texts of doubles of all sizes, of numbers half-way between doubles, and of many digits."""
    rng = np.random.default_rng(5)
    doubles = [struct.unpack("<d", rng.bytes(8))[0] for _ in range(3000)]
    doubles = [x for x in doubles if math.isfinite(x) and abs(x) < 1e5]
    doubles += (rng.standard_normal(3000) * 10.0 ** rng.integers(-9, 5, 3000)).tolist()
    out = [repr(x) for x in doubles] + [f"{x:.15e}" for x in doubles] + [f"{x:.20g}" for x in doubles]
    out += [
        f"{x:.{n}f}"
        for n, x in zip(rng.integers(0, 25, 3000).tolist(), rng.standard_normal(3000).tolist(), strict=True)
    ]
    for x in rng.random(
        500
    ).tolist():  # half-way between a double and the next: at most 54 binary, so 54 decimal digits
        k = math.frexp(x)[1]
        out.append(format((int(x * 2.0 ** (53 - k)) * 2 + 1) * 5 ** (54 - k), "d").rjust(54 - k, "0"))
        out[-1] = f"{out[-1][: -(54 - k)] or '0'}.{out[-1][-(54 - k) :]}"
    whole = rng.integers(0, 2**63, 1000).tolist()  # 19 digits, read as an integer
    out += [f"0.{n:019d}" for n in whole] + [f"{n}e-17" for n in whole] + [f"-{n}E-{40 + n % 9}" for n in whole]
    return [*out, "0", "-0", "+.5", "5.", "-00012.50", "1e5", "1e-400", "0e99999", "123456789012345678901e-20", "1E+02"]


def test_every_number_is_the_nearest_double(tmp_path, fast_only):
    texts = hard_texts()
    found = fast_only(voltages(tmp_path, texts))[Channel.VOLTAGE]
    assert [x.hex() for x in found.tolist()] == [float(t).hex() for t in texts]


def test_few_numbers_are_left_to_the_interpreter(tmp_path, monkeypatch):
    # numbers as programs print doubles: 17 digits, from 1e-9 to 1e4
    rng = np.random.default_rng(6)
    texts = [repr(x) for x in (rng.standard_normal(4000) * 10.0 ** rng.integers(-9, 4, 4000)).tolist()]
    asked = []
    monkeypatch.setattr(_rows_fast, "_float", lambda text: asked.append(text) or float(text))
    always(monkeypatch)
    assert read(voltages(tmp_path, texts))[0][Channel.VOLTAGE].tolist() == [float(t) for t in texts]
    assert not asked


def test_a_decimal_comma_is_read(tmp_path, both):
    fast, slow = both(voltages(tmp_path, [f"3,{i:03d}" for i in range(150)], decimal=","))
    assert fast[Channel.VOLTAGE][-1] == 3.149
    assert fast.to_dict(data=True) == slow.to_dict(data=True)


CLOCKS = [
    "00:00:00",
    "0:00:01",
    "00:01:02.5",
    "23:59:59.123456",
    "1-00:00:00",
    "026:03:04",
    "12-03:04:05.25",
    "9999:00:00",
]


def test_clocks_of_all_forms_are_read(tmp_path, both):
    names = "Cycle Index,Step Index,Step Type,Cumulative Time,Current(A),Voltage(V)"
    path = table_of(tmp_path, [f"1,1,CC Chg,{c},0.001,3.5" for c in CLOCKS for _ in range(9)], names=names)
    path.write_bytes(path.read_bytes() + b"1,1,CC Chg,9999:00:01,0.001,3.5\n")
    fast, slow = both(path)
    assert fast[Channel.TIME][-1] == 9999 * 3600 + 1
    assert np.unique(fast[Channel.TIME]).tolist()[:4] == [0.0, 1.0, 62.5, 86399.123456]
    assert fast.to_dict(data=True) == slow.to_dict(data=True)


# what is left to the line-by-line way ----------------------------------------------------------------------------------
BAD = ["nan", "abc", "", "1_0", "1e999", "1,1", "1.5.2", "- 1", "1e", ".", "+", "0x1", "\x00", "１"]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("row", [0, 30, 49], ids=["first", "middle", "last"])
def test_what_is_no_number_is_refused_with_its_line(bad, row, tmp_path, monkeypatch):
    always(monkeypatch)
    rows = [f"{i},3.5,0.001" for i in range(50)]
    rows[row] = f"{row},{bad},0.001"
    with pytest.raises(ReadError) as caught:
        read(table_of(tmp_path, rows))
    assert caught.value.line == row + 2


@pytest.mark.parametrize("good", ['"1"', " 1 ", "\t1"])
def test_what_the_line_by_line_way_reads_is_read(good, tmp_path, monkeypatch):
    always(monkeypatch)
    rows = [f"{i},3.5,0.001" for i in range(50)]
    rows[30] = f"30,{good},0.001"
    assert read(table_of(tmp_path, rows))[0][Channel.VOLTAGE][30] == 1.0


@pytest.mark.parametrize("bad", ["7,3.5", "7,3.5,0.001,9", "7,3.5,0.001,,9", "7,3.5,0.001\r7.5,3.5,0.001"])
def test_a_row_of_another_length_is_refused_with_its_line(bad, tmp_path, monkeypatch):
    always(monkeypatch)
    rows = [f"{i},3.5,0.001" for i in range(50)]
    rows[7] = bad
    if "\r" in bad:
        assert len(read(table_of(tmp_path, rows))[0]) == 51
        return
    with pytest.raises(ReadError) as caught:
        read(table_of(tmp_path, rows))
    assert caught.value.line == 9


# texts in stretches ----------------------------------------------------------------------------------------------------
def test_runs_are_a_sequence_of_texts():
    texts = ["a", "a", "b", "c", "c", "c", "a"]
    runs = Runs(("a", "b", "c", "a"), np.array([0, 2, 3, 6]), 7)
    assert list(runs) == texts
    assert [runs[i] for i in range(-7, 7)] == texts * 2
    assert runs[1:6:2] == texts[1:6:2]
    assert (len(runs), runs.count("c"), runs.index("b")) == (7, 3, 2)
    for row in (7, -8):
        with pytest.raises(IndexError, match=f"row {row} of 7"):
            runs[row]


def test_directions_of_runs_are_those_of_their_texts():
    runs = Runs(("CC Chg", "Rest", "CC DChg"), np.array([0, 2, 3]), 5)
    assert directions(runs).tolist() == directions(list(runs)).tolist() == [1, 1, 0, -1, -1]
