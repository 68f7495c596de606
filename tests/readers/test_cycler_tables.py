"""Tables of cyclers by maker: "neware-csv", "arbin", "maccor", "basytec", "novonix", "generic-cycling", "parquet"."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from garnetlab.core import Channel, InvalidInput, Kind, Measurement, ReadError
from garnetlab.readers import ReadOptions, read
from garnetlab.readers._column_names import split_name, unit_of
from garnetlab.readers._cycling import running, summed
from garnetlab.readers._direction import direction_of, signed_by_state, signed_by_voltage
from garnetlab.readers._durations import clock_seconds, date_seconds, is_clock, parse_date
from garnetlab.readers.biologic import write_mpt_test
from garnetlab.readers.gamry import write_dta_test
from garnetlab.readers.generic_cycling import write_time_table
from garnetlab.readers.parquet import write_bdf_parquet

MAIN = (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT)


def load(folder, text, reader=None, name="cell.csv", options=None) -> Measurement:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    (found,) = read(path, reader=reader, options=options)
    return found


def without(m: Measurement, *gone: Channel) -> Measurement:
    return Measurement(m.kind, {c: a for c, a in m.channels.items() if c not in gone}, m.source, m.metadata)


# names and units -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "base", "unit"),
    [
        ("Test_Time(s)", "testtime", "s"),
        ("TestTime/Sec.", "testtime", "Sec."),
        ("Current/mA", "current", "mA"),
        ("Cap. [Ah]", "cap", "Ah"),
        ("SCapacity/mAh/g", "scapacity", "mAh/g"),
        ("~Time[s]", "time", "s"),
        ("Test(Sec)", "test", "Sec"),
        ("voltage_V", "voltage", "V"),
        ("aux_temperature_degC", "auxtemperature", "degC"),
        ("Amp-hr", "capacity", "Ah"),
        ("Amps", "current", "A"),
        ("Rec#", "rec", ""),
        ("电流/mA", "电流", "mA"),
        ("ΔE (V)", "δe", "V"),
        ("Step_Index", "stepindex", ""),
    ],
)
def test_a_column_name_is_split_into_what_it_names_and_its_unit(name, base, unit):
    assert split_name(name) == (base, unit)


@pytest.mark.parametrize(
    ("text", "dimension", "factor"),
    [
        ("mA", "current", 1e-3),
        ("uA", "current", 1e-6),
        ("µA", "current", 1e-6),
        ("mA.h", "charge", 3.6),
        ("mAs", "charge", 1e-3),
        ("C", "charge", 1.0),
        ("C", "temperature", 1.0),
        ("\ufffdC", "temperature", 1.0),
        ("Sec.", "time", 1.0),
        ("h", "time", 3600.0),
        ("mAh/g", "charge", None),
        ("mV", "current", None),
        ("MA", "current", None),
    ],
)
def test_a_unit_counts_only_for_its_quantity(text, dimension, factor):
    found = unit_of(text, dimension)
    assert (None if found is None else found.factor) == factor


# times -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1-02:03:04", 93784.0), ("26:03:04", 93784.0), ("2d 00:00:01.5", 172801.5), ("00:10:00", 600.0)],
)
def test_clocks_are_seconds_since_the_start(text, seconds, tmp_path):
    assert is_clock(text)
    assert clock_seconds(tmp_path, 1, "Time", [text]).tolist() == [seconds]
    assert clock_seconds(tmp_path, 1, "Time", [text, "1-02:03:04"]).tolist() == [seconds, 93784.0]  # of two lengths


def test_clocks_of_one_length_are_read_at_once_and_checked(tmp_path):
    texts = [f"{h:03d}:{m:02d}:{s:02d}" for h in (0, 99, 123) for m in (0, 59) for s in (0, 7, 59)]
    expected = [3600.0 * int(t[:3]) + 60 * int(t[4:6]) + int(t[7:]) for t in texts]
    assert clock_seconds(tmp_path, 1, "Time", texts).tolist() == expected
    with pytest.raises(ReadError, match=r":19: Time = '000:60:00': expected a time"):
        clock_seconds(tmp_path, 1, "Time", [*texts, "000:60:00"])


@pytest.mark.parametrize(
    ("text", "order", "iso"),
    [
        ("23-Nov-23 3:56:08 PM", "", "2023-11-23T15:56:08"),
        ("23-Nov-23 12:00:01 AM", "", "2023-11-23T00:00:01"),
        ("2025-07-19 15:26:20", "", "2025-07-19T15:26:20"),
        ("06/05/2021 11:23:46", "mdy", "2021-06-05T11:23:46"),
        ("06/05/2021 11:23:46", "dmy", "2021-05-06T11:23:46"),
        ("06/05/2021 11:23:46", "", None),
        ("13:00:00 PM", "", None),
        ("soon", "", None),
    ],
)
def test_a_date_is_read_where_it_can_be_one_only(text, order, iso):
    found = parse_date(text, order)
    assert (None if found is None else found.isoformat()) == iso


def test_day_or_month_first_is_told_by_times_that_do_not_fall(tmp_path):
    dates = ["31/01/2024 23:00:00", "01/02/2024 00:00:00"]  # month first would be no date
    seconds, first = date_seconds(tmp_path, 1, "Date", dates)
    assert seconds.tolist() == [0.0, 3600.0]
    assert first == "2024-01-31T23:00:00"


def test_day_or_month_first_is_asked_for_where_both_fit(tmp_path):
    with pytest.raises(ReadError, match="day or month first"):
        date_seconds(tmp_path, 1, "Date", ["01/02/2024 00:00:00", "02/03/2024 00:00:00"])


# directions ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("state", "way"),
    [
        ("CC DChg", -1), ("CC_Chg", 1), ("CCCV_DChg", -1), ("C_CC", 1), ("D_Rate", -1), ("R", 0), ("Rest", 0),
        ("charge CC", 1), ("discharge CC", -1), ("恒流充电", 1), ("恒流放电", -1), ("静置", 0), ("Pause", 0), ("SVM", None),
    ],
)  # fmt: skip
def test_a_state_says_which_way_the_current_goes(state, way):
    assert direction_of(state) == way


def test_currents_without_sign_take_it_from_the_state(tmp_path):
    found, notes = signed_by_state(tmp_path, "State", ["C", "D", "R"], np.array([1.0, 2.0, 0.0]), 5)
    assert found.tolist() == [1.0, -2.0, 0.0]
    assert "no sign in the file" in notes[0]


def test_currents_that_are_negative_where_the_state_charges_are_turned(tmp_path):
    found, notes = signed_by_state(tmp_path, "State", ["C", "D"], np.array([-1.0, 2.0]), 5)
    assert found.tolist() == [1.0, -2.0]
    assert "turned" in notes[0]


def test_a_current_against_its_state_is_refused(tmp_path):
    states = ["C", "D"] * 10
    current = np.array([1.0, -1.0] * 10)
    current[7] = 1.0
    with pytest.raises(ReadError, match=r":12: current = 1 A in a step named 'D'"):
        signed_by_state(tmp_path, "State", states, current, 5)


def test_a_current_without_sign_in_a_state_that_is_not_known_is_refused(tmp_path):
    with pytest.raises(ReadError, match=r":6: State = 'SVM' with a current of 2 A and no sign"):
        signed_by_state(tmp_path, "State", ["C", "SVM"], np.array([1.0, 2.0]), 5)


def test_the_step_of_the_voltage_after_a_rest_gives_the_direction(tmp_path):
    current = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    voltage = np.array([3.0, 3.1, 3.2, 3.15, 3.05])
    found, _ = signed_by_voltage(tmp_path, current, voltage, np.array([0, 1, 3, 4]), 5)
    assert found.tolist() == [0.0, 1.0, 1.0, 0.0, -1.0]
    with pytest.raises(ReadError, match=r":7: current = 1 A has no sign .* Export the column of the state"):
        signed_by_voltage(tmp_path, current[1:], voltage[1:], np.array([0, 1]), 6 + 1)


def test_counters_are_summed_where_they_begin_anew():
    assert summed(np.array([1.0, 2.0, 0.5, 0.7]), np.array([0, 2])).tolist() == [1.0, 2.0, 2.5, 2.7]
    assert running(np.array([1.0, 2.0, 0.5, 0.7])).tolist() == [1.0, 2.0, 2.5, 2.7]


# makers ----------------------------------------------------------------------------------------------------------------
#: reader -> what its generated file keeps of time [s], voltage [V], current [A]
KEPT = {
    "neware-csv": (0.51, 5.1e-5, 5.1e-9),  # whole seconds: 600.5 is cut
    "arbin": (5.1e-5, 5.1e-7, 5.1e-10),
    "maccor": (60 * 5.1e-7, 5.1e-5, 5.1e-9),
    "basytec": (5.1e-7, 5.1e-10, 5.1e-13),
    "novonix": (3600 * 5.1e-8, 5.1e-9, 5.1e-9),
    "generic-cycling": (1e-8, 1e-9, 1e-12),
    "parquet": (0.0, 0.0, 0.0),
}


@pytest.mark.parametrize("reader", KEPT)
def test_a_generated_file_reads_back_to_the_digits_it_holds(reader, builders, cycling, spectrum, tmp_path):
    m = cycling(16)
    file, build = builders[reader][0]
    build(spectrum(16), tmp_path / file)
    (found,) = read(tmp_path / file)  # the content decides
    assert found.source.reader == reader
    for channel, kept in zip(MAIN, KEPT[reader], strict=True):
        np.testing.assert_allclose(found[channel], m[channel], rtol=1e-15, atol=kept)
    if reader != "generic-cycling":
        assert np.array_equal(found[Channel.CYCLE], m[Channel.CYCLE])
        assert np.array_equal(found[Channel.STEP], m[Channel.STEP])


def test_what_the_lines_above_a_table_say_is_kept(builders, spectrum, tmp_path):
    found = {}
    for reader in ("maccor", "basytec", "novonix"):
        file, build = builders[reader][0]
        build(spectrum(16), tmp_path / file)
        found[reader] = read(tmp_path / file)[0].metadata
    assert found["maccor"]["sample"] == "cell 7"
    assert found["basytec"]["started"] == "2023-06-19T17:56:53"
    assert found["novonix"]["area"] == pytest.approx(0.785e-4)


NEWARE = "Cycle Index,Step Index,Step Type,Cumulative Time,Current(A),Voltage(V),Chg. Cap.(Ah),DChg. Cap.(Ah)"


def test_neware_charges_that_begin_anew_in_each_step_are_summed(tmp_path):
    rows = "1,1,CC Chg,00:00:00,1,3,0,0\n1,1,CC Chg,01:00:00,1,3,1,0\n1,2,CC DChg,01:00:00,-1,3,0,0\n"
    m = load(tmp_path, f"{NEWARE}\n{rows}1,2,CC DChg,01:30:00,-1,3,0,0.5\n")
    assert m.source.reader == "neware-csv"
    assert (m[Channel.CHARGE] / 3600).tolist() == [0.0, 1.0, 1.0, 0.5]


def test_a_charge_that_the_current_does_not_give_is_left_out_and_told(tmp_path):
    rows = "1,1,CC Chg,00:00:00,1,3,0,0\n1,1,CC Chg,01:00:00,1,3,2,0\n"
    m = load(tmp_path, f"{NEWARE}\n{rows}")
    assert Channel.CHARGE not in m.channels
    assert any("differs from the integral of the current by up to 1e+03 mAh" in w for w in m.warnings)


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        (f"{NEWARE}\n1,1,CC Chg,00:00:00,1,3,0,0\n1,1,CC Chg,soon,1,3,0,0\n", 3, "Cumulative Time = 'soon'"),
        (f"{NEWARE}\n1,1,CC Chg,00:00:00,1,abc,0,0\n", 2, "Voltage(V) = 'abc'"),
        (f"{NEWARE}\n1,1,CC Chg,00:00:00,1\n1,1,CC Chg,00:00:01,1,3,0,0\n", 2, "5 columns: expected 8"),
        (f"{NEWARE}\n", 1, "no row after the 8 column names"),
        (f"{NEWARE},Voltage(V)\n1,1,CC Chg,00:00:00,1,3,0,0,3\n", 1, "'Voltage(V)' stands twice"),
        (f"{NEWARE}\n1,1,CC Chg,00:00:09,1,3,0,0\n1,1,CC Chg,00:00:01,1,3,0,0\n", 3, "time = 1 s: expected at least 9"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(tmp_path, text, line, part):
    with pytest.raises(ReadError) as caught:
        load(tmp_path, text, reader="neware-csv")
    assert caught.value.line == line
    assert part in str(caught.value)


def test_a_test_that_still_runs_is_read_up_to_its_last_whole_row(tmp_path):
    rows = "1,1,CC Chg,00:00:00,1,3,0,0\n1,1,CC Chg,00:00:01,1,3.5,0,0\n1,1,CC Chg,00:0"
    m = load(tmp_path, f"{NEWARE}\n{rows}")
    assert m[Channel.VOLTAGE].tolist() == [3.0, 3.5]
    assert "line 4, the last, has 4 of 8 columns: it is left out" in m.warnings


MACCOR = "Rec\tCyc\tStep\tTest Time (sec)\tCurrent\tVoltage\tState"


def test_a_current_without_unit_is_asked_for_and_the_option_used(tmp_path):
    text = f"{MACCOR}\n1\t1\t1\t0\t0\t3\tR\n2\t1\t2\t1\t5\t3,1\tD\n"
    with pytest.raises(ReadError, match=r":1: column = 'Current' states no unit.*--current-unit mA"):
        load(tmp_path, text, name="cell.txt")
    m = load(tmp_path, text, name="cell.txt", options=ReadOptions(current_unit="uA"))
    assert m[Channel.CURRENT] == pytest.approx([0.0, -5e-6], rel=4e-16)
    assert m[Channel.VOLTAGE].tolist() == [3.0, 3.1]  # a decimal comma


def test_a_time_without_unit_and_dates_is_asked_for(tmp_path):
    text = "Rec\tCyc\tTestTime\tAmps\tVolts\tState\n1\t1\t0\t0\t3\tR\n2\t1\t1\t0\t3\tR\n"
    with pytest.raises(ReadError, match=r":1: column = 'TestTime' states no unit, and no column of dates"):
        load(tmp_path, text, name="cell.txt")


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"current_unit": "mV"}, "current_unit = 'mV': expected a unit like"),
        ({"voltage_step": 0.0}, "voltage_step = 0.0: expected a size of one count"),
        ({"current_step": 2.0}, "current_step = 2.0: expected a size of one count"),
    ],
)
def test_an_option_that_cannot_be_is_refused(values, part):
    with pytest.raises(InvalidInput, match=part):
        ReadOptions(**values)


# tables of any origin --------------------------------------------------------------------------------------------------
def swept(rows=200):
    time = 0.5 * np.arange(rows)
    return time, np.abs(np.linspace(-1.0, 1.0, rows))


def text_of(*columns, names):
    rows = (",".join(f"{x:.9g}" for x in row) for row in zip(*columns, strict=True))
    return "\n".join([",".join(names), *rows]) + "\n"


def test_a_voltage_that_moves_at_one_rate_is_a_voltammetry(tmp_path):
    t, v = swept()
    m = load(tmp_path, text_of(t, v, np.sinh(5 * v) * 1e-5, names=("t/s", "E/V", "I/A")))
    assert (m.source.reader, m.kind) == ("generic-cycling", Kind.VOLTAMMETRY)


def test_a_held_voltage_with_a_current_that_decays_is_a_polarisation(tmp_path):
    t, _ = swept()
    current = 1e-8 + 1e-5 * np.exp(-t / 10)
    m = load(tmp_path, text_of(t, 0 * t + 0.3, current, names=("time/s", "voltage/V", "current/uA")))
    assert m.kind is Kind.DC_POLARISATION
    np.testing.assert_allclose(m[Channel.CURRENT], 1e-6 * current, rtol=1e-8)


def test_half_cycles_of_one_current_are_a_cycling_test(cycling, tmp_path):
    (m,) = read(write_time_table(cycling(40), tmp_path / "cell.csv"))
    assert m.kind is Kind.CYCLING
    assert not [w for w in m.warnings if "no unit" in w]


def test_a_table_with_a_frequency_is_left_to_the_readers_of_spectra(tmp_path):
    text = "frequency/Hz,Zreal/Ohm,-Zimag/Ohm,time/s,E/V\n1e5,10,1,0,3\n1e4,11,2,1,3\n1e3,12,3,2,3\n"
    (tmp_path / "a.csv").write_text(text)
    assert read(tmp_path / "a.csv")[0].kind is Kind.IMPEDANCE


# Parquet ---------------------------------------------------------------------------------------------------------------
def test_parquet_keeps_every_bit_and_the_start(cycling, tmp_path):
    m = cycling(40).with_metadata(started="2025-03-01T12:00:00")
    (found,) = read(write_bdf_parquet(m, tmp_path / "cell.parquet"))
    assert found.warnings == ()
    assert found.metadata["started"] == "2025-03-01T12:00:00"
    for channel in (*MAIN, Channel.CYCLE, Channel.STEP):
        assert np.array_equal(found[channel], m[channel])
    # one rounding each way where a unit is turned
    np.testing.assert_allclose(found[Channel.CHARGE], m[Channel.CHARGE], rtol=4e-16)
    np.testing.assert_allclose(found[Channel.TEMPERATURE], m[Channel.TEMPERATURE], rtol=4e-16)


def test_parquet_of_other_columns_and_cut_parquet_are_refused(tmp_path, cycling):
    import duckdb

    path = tmp_path / "other.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS a, 2 AS b) TO '{path}' (FORMAT parquet)")
    with pytest.raises(ReadError, match=r"columns = a, b: expected the names of Battery Data Format"):
        read(path)
    whole = write_bdf_parquet(cycling(), tmp_path / "cell.parquet").read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(ReadError, match="damaged or cut Parquet"):
        read(path)


def test_a_missing_number_in_parquet_is_refused_with_its_row(tmp_path):
    import duckdb

    path = tmp_path / "gap.parquet"
    rows = "SELECT * FROM (VALUES (0.0, 3.0, 1.0), (1.0, NULL, 1.0)) t(test_time_second, voltage_volt, current_ampere)"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet)")
    with pytest.raises(ReadError, match=r":2: voltage_volt = ''"):
        read(path)


def test_parquet_is_written_only_where_there_is_a_folder_and_a_current(tmp_path, cycling):
    with pytest.raises(InvalidInput, match="cannot be written"):
        write_bdf_parquet(cycling(), tmp_path / "none" / "cell.parquet")
    with pytest.raises(InvalidInput, match="expected rows of time, voltage, current"):
        write_bdf_parquet(without(cycling(), Channel.CURRENT), tmp_path / "cell.parquet")


# potentiostats ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [Kind.CYCLING, Kind.VOLTAMMETRY, Kind.DC_POLARISATION])
def test_a_test_reads_back_from_ec_lab_text(kind, cycling, tmp_path):
    m = dataclasses.replace(cycling(24), kind=kind).with_metadata(started="2025-03-01T12:00:00", area=0.785e-4)
    (found,) = read(write_mpt_test(m, tmp_path / "cell.mpt"))
    assert (found.source.reader, found.kind, found.warnings) == ("biologic-mpt", kind, ())
    assert found.metadata["area"] == pytest.approx(0.785e-4)
    assert found.metadata["started"] == "2025-03-01T12:00:00"
    np.testing.assert_allclose(found[Channel.TIME], m[Channel.TIME], rtol=1e-15)
    np.testing.assert_allclose(found[Channel.VOLTAGE], m[Channel.VOLTAGE], rtol=5.1e-8)
    np.testing.assert_allclose(found[Channel.CURRENT], m[Channel.CURRENT], rtol=1e-15)
    for channel in (Channel.CYCLE, Channel.STEP):
        assert np.array_equal(found[channel], m[channel])


def test_a_technique_that_is_not_known_is_decided_by_what_was_controlled(cycling, tmp_path):
    path = write_mpt_test(cycling(24), tmp_path / "cell.mpt")
    path.write_bytes(path.read_bytes().replace(b"Galvanostatic Cycling with Potential Limitation", b"Special"))
    (found,) = read(path)
    assert found.kind is Kind.CYCLING
    assert any("technique 'Special': read as cycling" in w for w in found.warnings)


def test_times_of_ec_lab_may_be_dates_with_the_month_first(tmp_path):
    rows = "11/20/2024 11:38:41.500\t4.1\t1.0\r\n11/20/2024 11:38:43.000\t4.2\t1.0\r\n"
    text = f"BT-Lab ASCII FILE\r\nNb header lines : 4\r\n\r\ntime/s\tEcell/V\tI/mA\t\r\n{rows}"
    m = load(tmp_path, text, name="cell.mpt")
    assert m[Channel.TIME].tolist() == [0.0, 1.5]
    assert m[Channel.CURRENT].tolist() == [1e-3, 1e-3]


@pytest.mark.parametrize(
    ("kind", "read_as"),
    [
        (Kind.CYCLING, Kind.DC_POLARISATION),
        (Kind.VOLTAMMETRY, Kind.VOLTAMMETRY),
        (Kind.DC_POLARISATION, Kind.DC_POLARISATION),
    ],
)
def test_a_test_reads_back_from_gamry_text(kind, read_as, cycling, tmp_path):
    m = dataclasses.replace(cycling(24), kind=kind).with_metadata(started="2025-03-13T12:00:00", area=0.785e-4)
    (found,) = read(write_dta_test(m, tmp_path / "cell.DTA"))
    assert (found.source.reader, found.kind) == ("gamry-dta", read_as)
    assert found.metadata["area"] == pytest.approx(0.785e-4)
    np.testing.assert_allclose(found[Channel.TIME], m[Channel.TIME], rtol=1e-11)
    for channel in (Channel.VOLTAGE, Channel.CURRENT):
        np.testing.assert_allclose(found[channel], m[channel], rtol=5.1e-9)
    if kind is Kind.VOLTAMMETRY:
        assert np.array_equal(found[Channel.CYCLE], m[Channel.CYCLE])


def test_a_gamry_experiment_that_is_not_known_is_refused_by_its_type(cycling, tmp_path):
    path = write_dta_test(cycling(), tmp_path / "cell.DTA")
    path.write_text(path.read_text().replace("TAG\tCHRONOP", "TAG\tESIGMA"))
    with pytest.raises(ReadError, match=r"a Gamry file of type 'ESIGMA': expected one of CHRONOA"):
        read(path)


def test_another_current_convention_of_gamry_is_told(cycling, tmp_path):
    path = write_dta_test(cycling(), tmp_path / "cell.DTA")
    path.write_text(path.read_text().replace("CONVENTION\tIQUANT\t1", "CONVENTION\tIQUANT\t0"))
    assert any("CONVENTION = 0" in w for w in read(path)[0].warnings)
