"""What tables leave open or contradict: directions, units, thousands, the time of a test, what spreadsheets leave behind."""

from __future__ import annotations

import numpy as np
import openpyxl
import pytest

from garnetlab.core import Channel, Measurement, ReadError
from garnetlab.readers import ReadOptions, read
from garnetlab.readers import _rows as rows_module
from garnetlab.readers._charges import factor_of
from garnetlab.readers._direction import signed_by_counters
from garnetlab.readers._text import decode


def load(folder, text, name="cell.csv", *, encoding="utf-8", options=None) -> Measurement:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    (found,) = read(path, options=options)
    return found


def cells(rows=40, half=10, current=1e-3):
    """Yield time [s], voltage [V], current [A], cycle, step, word of the state, charge of the step [Ah], row by row."""
    for k in range(rows):
        charging = k // half % 2 == 0
        word = "CC Chg" if charging else "CC DChg"
        voltage = 3.5 + 0.3 * np.sin(k / 5) + (0.1 if charging else -0.1)
        flowing = current if charging else -current
        yield k * 3600, voltage, flowing, k // (2 * half) + 1, k // half + 1, word, k % half * current


def arbin(*, sign=1.0, factor=1.0, unit="(A)", rows=40, unsigned=False) -> str:
    """Return an Arbin csv; its counters are in Ah and right, whatever the current is written as."""
    charged = discharged = 0.0
    lines = [
        f"Data_Point,Test_Time(s),Date_Time,Step_Index,Cycle_Index,Current{unit},Voltage(V),Charge_Capacity(Ah),Discharge_Capacity(Ah)"
    ]
    for k, (t, v, i, cycle, step, _, _) in enumerate(cells(rows)):
        charged, discharged = charged + max(i, 0.0), discharged + max(-i, 0.0)
        written = abs(i) if unsigned else sign * factor * i
        date = f"11/{1 + k // 24:02d}/2023 {k % 24:02d}:00:00"
        lines.append(f"{k + 1},{t:.1f},{date},{step},{cycle},{written:.6f},{v:.4f},{charged:.6f},{discharged:.6f}")
    return "\n".join(lines) + "\n"


# counters as witnesses of the current ----------------------------------------------------------------------------------
@pytest.mark.parametrize("rows", [40, 500])
def test_a_current_that_both_counters_contradict_is_turned_and_told(tmp_path, rows):
    right, turned = (load(tmp_path, arbin(sign=s, rows=rows)) for s in (1.0, -1.0))
    assert np.array_equal(turned[Channel.CURRENT], right[Channel.CURRENT])
    assert turned[Channel.CURRENT][0] == 1e-3
    assert np.array_equal(turned[Channel.CHARGE], right[Channel.CHARGE])
    assert not right.warnings
    assert (
        "the current is negative where 'Charge_Capacity(Ah)' and 'Discharge_Capacity(Ah)' count a charge: turned"
        in (turned.warnings[0])
    )


def test_counters_against_a_state_that_fits_the_current_are_left_out_and_told(tmp_path):
    head = "Cycle Index,Step Index,Step Type,Total Time,Current(mA),Voltage(V),Chg. Cap.(mAh),DChg. Cap.(mAh)"
    lines = [
        f"{c},{s},{w},{t // 3600:02d}:00:00,{1e3 * i},{v},{1e3 * q if i < 0 else 0},{1e3 * q if i > 0 else 0}"
        for t, v, i, c, s, w, q in cells()
    ]
    m = load(tmp_path, "\n".join([head, *lines]) + "\n")
    assert m[Channel.CURRENT][0] == pytest.approx(1e-3)
    assert Channel.CHARGE not in m.channels
    assert any("count the other way than 'Step Type' says: the state decides" in w for w in m.warnings)


def test_a_current_in_another_unit_than_its_counters_say_is_refused_with_the_option(tmp_path):
    text = arbin(factor=1e3, unit="")
    with pytest.raises(ReadError, match=r":1: .*count 0\.001 times .*if it is mA, say --current-unit mA"):
        load(tmp_path, text)
    m = load(tmp_path, text, options=ReadOptions(current_unit="mA"))
    assert m[Channel.CURRENT][0] == pytest.approx(1e-3)
    assert Channel.CHARGE in m.channels


def test_a_wrong_unit_in_a_column_s_name_is_to_be_corrected_there(tmp_path):
    with pytest.raises(ReadError, match=r"count 1000 times .* Correct the unit in the name of 'Current\(mA\)'"):
        load(tmp_path, arbin(unit="(mA)"))


def test_a_factor_is_told_only_where_the_rows_know_what_flowed():
    time = np.arange(200.0)
    current = np.where(time // 20 % 2 == 0, 1e-3, -1e-3)
    charge = np.concatenate(([0.0], np.cumsum(current[1:])))
    assert [factor_of(f * charge, time, current) for f in (1, -1, 1e-3, -1e6)] == [1.0, -1.0, 1e-3, -1e6]
    assert [factor_of(f * charge, time, current) for f in (0.0, 3.0, 0.5)] == [0.0, 0.0, 0.0]
    every = slice(None, None, 20)  # one row of each half cycle
    assert factor_of(-charge[every], time[every], current[every]) == 0.0


# currents without sign -------------------------------------------------------------------------------------------------
def unsigned_table(column, words):
    half = [f"{k * 600},{3 + 0.02 * min(k, 20 - k):.3f},1.0,{words[k >= 10]}" for k in range(20)]
    return "\n".join([f"Time(s),Voltage(V),Current(mA),{column}", *half]) + "\n"


EITHER_WAY = np.where(np.arange(20) < 10, 1e-3, -1e-3)


@pytest.mark.parametrize(
    ("column", "words"),
    [("Status", ("Charge", "Discharge")), ("State", ("C", "D")), ("Step Type", ("恒流充电", "恒流放电"))],
)
def test_a_table_of_any_origin_takes_directions_from_its_state(tmp_path, column, words):
    m = load(tmp_path, unsigned_table(column, words))
    assert m[Channel.CURRENT] == pytest.approx(EITHER_WAY)
    assert f"currents have no sign in the file: taken from the column {column!r}" in m.warnings


def test_a_column_of_status_that_names_no_direction_is_no_state(tmp_path):
    m = load(tmp_path, unsigned_table("Status", ("OK", "OK")))
    assert (m[Channel.CURRENT] == 1e-3).all()
    assert any("no current is negative: all are taken to charge" in w for w in m.warnings)


@pytest.mark.parametrize("unit", ["(mAh)", ""])
def test_a_table_of_any_origin_takes_directions_from_its_counters(tmp_path, unit):
    rows = [f"{k * 600},3.{k:02d},1.0,{min(k, 9) / 6:.3f},{max(k - 9, 0) / 6:.3f}" for k in range(20)]
    head = f"Time(s),Voltage(V),Current(mA),Charge Capacity{unit},Discharge Capacity{unit}"
    m = load(tmp_path, "\n".join([head, *rows]) + "\n")
    assert m[Channel.CURRENT] == pytest.approx(EITHER_WAY)
    assert any("no sign in the file: taken from the counters 'Charge Capacity" in w for w in m.warnings)
    assert (Channel.CHARGE in m.channels) == bool(unit)


def test_an_arbin_current_without_sign_takes_it_from_the_counters_of_each_step(tmp_path):
    right, bare = load(tmp_path, arbin()), load(tmp_path, arbin(unsigned=True))
    assert np.array_equal(bare[Channel.CURRENT], right[Channel.CURRENT])


def test_rows_without_gain_between_both_ways_are_refused(tmp_path):
    names, starts, current = ("in", "out"), np.array([0]), np.ones(6)
    one = signed_by_counters(tmp_path, names, np.array([0.0, 1, 1, 0, -1, -1]), current, starts, 2)[0]
    assert one.tolist() == [1, 1, 1, -1, -1, -1]
    with pytest.raises(ReadError, match=r":4: current = 1 A has no sign .* neither 'in' nor 'out' rises"):
        signed_by_counters(tmp_path, names, np.array([0.0, 1, 0, 0, -1, -1]), current, starts, 2)


def test_the_first_row_of_a_step_may_count_the_end_of_the_step_before(tmp_path):
    gains = np.array([0.0, 1, 1, 1, -1, -1])
    found, _ = signed_by_counters(tmp_path, ("in", "out"), gains, np.ones(6), np.array([0, 3]), 2)
    assert found.tolist() == [1, 1, 1, -1, -1, -1]


# thousands -------------------------------------------------------------------------------------------------------------
def table_in(unit, numbers, delimiter="\t"):
    lines = [delimiter.join((f"{60 * k}", n, "1")) for k, n in enumerate(numbers)]
    return "\n".join([delimiter.join(("Time(s)", f"Voltage({unit})", "Current(mA)")), *lines]) + "\n"


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("mark", [",", "."])
@pytest.mark.parametrize("size", [1, 1 << 40])
def test_a_mark_that_may_group_thousands_is_refused(tmp_path, delimiter, mark, size, monkeypatch):
    monkeypatch.setattr(rows_module, "FAST_BYTES", size)
    monkeypatch.setattr(rows_module, "LOADED_BYTES", size)
    text = table_in("mV", [f"{3 + k // 1000}{mark}{k % 1000:03d}" for k in range(300)], delimiter)
    message = rf":2: Voltage\(mV\) = '3\{mark}000': is '\{mark}' the decimal mark, or does it group thousands\?"
    with pytest.raises(ReadError, match=message):
        load(tmp_path, text, "cell.txt")


@pytest.mark.parametrize(
    ("unit", "last", "volts"),
    [
        ("mV", "0,512", 5.12e-4),  # thousands do not begin with 0
        ("mV", "3,0121", 3.0121e-3),  # four decimals
        ("mV", "1234,500", 1.2345),  # thousands would be marked there too
        ("V", "3,512", 3.512),  # no cell has 3.5 kV
    ],
)
def test_one_number_settles_the_mark_of_a_table(tmp_path, unit, last, volts):
    m = load(tmp_path, table_in(unit, [*["3,012"] * 250, last]), "cell.txt")
    assert m[Channel.VOLTAGE][-1] == pytest.approx(volts)


def test_another_column_settles_the_mark_too(tmp_path):
    text = table_in("mV", ["3,012", "3,013"]).replace("\t1\n", "\t0,5\n")
    assert load(tmp_path, text, "cell.txt")[Channel.VOLTAGE][0] == pytest.approx(3.012e-3)


# Chinese tables of Neware ----------------------------------------------------------------------------------------------
CHINESE = "数据序号,循环号,工步号,工步类型,时间,总时间,电流(mA),电压(V),容量(mAh),充电容量(mAh),放电容量(mAh),绝对时间"


def chinese_neware(rows=40, *, total=True) -> str:
    lines = []
    for k, (t, v, i, cycle, step, _, q) in enumerate(cells(rows)):
        word = "恒流充电" if i > 0 else "恒流放电"
        up, down = (1e3 * q, 0.0) if i > 0 else (0.0, 1e3 * q)
        date = f"2023-11-{1 + k // 24:02d} {k % 24:02d}:00:00" if rows < 600 else "2023-11-01 00:00:00"
        both = [f"{k % 10:02d}:00:00", *([f"{t // 3600:02d}:00:00"] if total else [])]
        numbers = f"{1e3 * i:.4f},{v:.4f},{1e3 * q:.4f},{up:.4f},{down:.4f}"
        lines.append(",".join([f"{k + 1},{cycle},{step},{word}", *both, numbers, date]))
    head = CHINESE if total else CHINESE.replace("总时间,", "")
    return "\n".join([head, *lines]) + "\n"


@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig", "utf-16"])
def test_a_chinese_table_of_neware_is_read(tmp_path, encoding):
    m = load(tmp_path, chinese_neware(), encoding=encoding)
    assert m.source.reader == "neware-csv"
    assert m.warnings == ("this form of Neware is read from description, not from files of instruments: compare rows",)
    assert m[Channel.TIME][-1] == 39 * 3600
    assert (m[Channel.CURRENT][0], m[Channel.CURRENT][10]) == pytest.approx((1e-3, -1e-3))
    assert m[Channel.CHARGE].max() == pytest.approx(9 * 3.6)


def test_a_head_that_ends_inside_a_character_stays_utf_8(tmp_path):
    data = "电压 3 放".encode()
    assert [decode(data[: len(data) - cut])[:4] for cut in (0, 1, 2)] == ["电压 3"] * 3
    assert decode("3 µ".encode("cp1252")) == "3 µ"
    data = chinese_neware(2000)
    for pad in range(0, 60, 4):  # the first 64 KiB end in another byte of a row each time
        assert load(tmp_path, "x" * pad + data).source.reader == "neware-csv", pad


def test_a_chinese_workbook_of_neware_is_read(tmp_path):
    book = openpyxl.Workbook()
    for line in chinese_neware().splitlines():
        book.active.append([float(c) if c.replace(".", "").lstrip("-").isdigit() else c for c in line.split(",")])
    book.save(tmp_path / "cell.xlsx")
    (m,) = read(tmp_path / "cell.xlsx")
    assert (m.source.reader, len(m)) == ("cycler-workbook", 40)
    assert m[Channel.CURRENT][10] == pytest.approx(-1e-3)


# the time of a test ----------------------------------------------------------------------------------------------------
def test_dates_give_the_time_where_only_that_of_the_step_stands_there(tmp_path):
    m = load(tmp_path, chinese_neware(total=False), encoding="gbk")
    assert m[Channel.TIME].tolist() == [3600.0 * k for k in range(40)]
    assert "no column holds the test's total time: it is that of the dates in '绝对时间'" in m.warnings


def test_dates_that_stand_still_are_no_time(tmp_path):
    text = chinese_neware(total=False)
    lines = [line.rsplit(",", 1)[0] + ",2023-11-01 00:00:00" for line in text.splitlines()[1:]]
    with pytest.raises(ReadError, match=r":2: 绝对时间 = '2023-11-01 00:00:00' in every row: .* Export the total time"):
        load(tmp_path, "\n".join([text.splitlines()[0], *lines]) + "\n")


def stepwise(steps):
    rows = [f"{steps[k]},{60 * (k % 10)},3.{k:02d},1,2024-01-31 10:{k:02d}:00" for k in range(30)]
    return "\n".join(["Step,Time(s),Voltage(V),Current(mA),Date", *rows]) + "\n"


def test_a_table_of_any_origin_takes_the_dates_where_its_time_is_that_of_the_step(tmp_path):
    m = load(tmp_path, stepwise([1 + k // 10 for k in range(30)]))
    assert m[Channel.TIME].tolist() == [60.0 * k for k in range(30)]
    assert any("that of the dates in 'Date'" in w for w in m.warnings)


def test_a_time_that_falls_where_no_step_begins_is_refused(tmp_path):
    with pytest.raises(ReadError, match=r":12: time = 0 s: .* a time that begins anew in each step, or two tests"):
        load(tmp_path, stepwise([1 + k // 15 for k in range(30)]))


# what spreadsheets leave behind ----------------------------------------------------------------------------------------
LINES = arbin().splitlines()


@pytest.mark.parametrize("size", [1, 1 << 40])
@pytest.mark.parametrize(
    ("place", "lines", "told"),
    [
        (20, [""], "line 21 is blank or the column names again: left out"),
        (20, [LINES[0]], "line 21 is blank or the column names again: left out"),
        (41, [",,,,,,,,"], "line 42 is blank or the column names again: left out"),
        (20, ["", ",,,,,,,,", LINES[0]], "3 lines are blank or the column names again, first line 21: left out"),
    ],
)
def test_lines_without_a_record_are_left_out_and_told(tmp_path, place, lines, told, size, monkeypatch):
    monkeypatch.setattr(rows_module, "FAST_BYTES", size)
    monkeypatch.setattr(rows_module, "LOADED_BYTES", size)
    plain = load(tmp_path, arbin())
    m = load(tmp_path, "\n".join([*LINES[:place], *lines, *LINES[place:]]) + "\n")
    assert m.warnings == (told,)
    assert all(np.array_equal(m[c], plain[c]) for c in plain.channels)


def test_an_error_below_a_blank_line_names_the_line_of_the_file(tmp_path):
    bad = LINES[30].replace("0.00", "x.00", 1)
    with pytest.raises(ReadError, match=r":32: "):
        load(tmp_path, "\n".join([*LINES[:20], "", *LINES[20:30], bad, *LINES[31:]]) + "\n")


def test_two_tests_beneath_each_other_are_refused_still(tmp_path):
    with pytest.raises(ReadError, match=r":43: time = 0 s"):
        load(tmp_path, "\n".join([*LINES, *LINES]) + "\n")


def test_rows_without_a_record_in_a_workbook_are_left_out_and_told(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    rows = [[t, "11/01/2023", s, c, i, v] for t, v, i, c, s, _, _ in cells()]
    names = ["Test_Time(s)", "Date_Time", "Step_Index", "Cycle_Index", "Current(A)", "Voltage(V)"]
    for row in [names, *rows[:10], [], names, *rows[10:]]:
        sheet.append(row or [None])
    book.save(tmp_path / "cell.xlsx")
    (m,) = read(tmp_path / "cell.xlsx")
    assert len(m) == 40
    assert "2 rows are blank or the column names again, first row 12: left out" in m.warnings
