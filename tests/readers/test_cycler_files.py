"""Cycler records in Battery Data Format ("bdf") and as LAND export ("land")."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garnetlab import units
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, ReadError, SimulationSource
from garnetlab.readers import read
from garnetlab.readers.bdf import write_bdf
from garnetlab.readers.land import write_land

WRITERS = {"bdf": write_bdf, "land": write_land}
#: what the writers say they keep: absolute and relative, per channel
GROWING = (Channel.TIME, Channel.CHARGE, Channel.ENERGY)
BDF = dict.fromkeys(Channel, (1e-12, 1e-8)) | dict.fromkeys(GROWING, (1e-12, 1e-11))
BDF[Channel.TEMPERATURE] = (1e-6, 0.0)  # nine digits of degrees Celsius
LAND = {
    Channel.TIME: (5.1e-4, 0.0),
    Channel.VOLTAGE: (5.1e-7, 0.0),
    Channel.CURRENT: (5.1e-13, 0.0),
    Channel.TEMPERATURE: (5.1e-7, 0.0),
    Channel.CHARGE: (2e-7, 0.0),  # 0.5 pAh is 1.8e-9 C in each of at most 60 steps
    Channel.CYCLE: (0.0, 0.0),
    Channel.STEP: (0.0, 0.0),
}
HEAD = "Test Time / s,Voltage / V,Current / A"


@st.composite
def cell_tests(draw) -> Measurement:
    """Return 1 to 60 rows of plating, stripping and rests, with and without the channels that may be absent."""
    rows = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    step = np.cumsum(rng.random(rows) < 0.4)
    current = draw(st.floats(1e-6, 0.1)) * np.array([1.0, 0.0, -1.0])[step % 3]
    time = np.cumsum(rng.uniform(0.01, 3600.0, rows)) + draw(st.floats(0.0, 1e7))
    channels = {Channel.TIME: time, Channel.VOLTAGE: rng.uniform(-2, 5, rows), Channel.CURRENT: current}
    if draw(st.booleans()):
        channels |= {Channel.CYCLE: 1.0 + step // 3, Channel.STEP: 1.0 + step % 3}
    if draw(st.booleans()):
        channels[Channel.TEMPERATURE] = rng.uniform(250.0, 373.0, rows)
    if draw(st.booleans()):
        channels[Channel.CHARGE] = np.concatenate(([0.0], np.cumsum(np.diff(time) * current[1:])))
    return Measurement(Kind.CYCLING, channels, SimulationSource("", 0, "test"))


def told(measurement: Measurement) -> list[str]:
    """Return the warnings beside the one that every file of Battery Data Format gets."""
    return [w for w in measurement.warnings if "from description" not in w]


def check_equal(found: Measurement, expected: Measurement, kept: dict[Channel, tuple[float, float]]) -> None:
    assert len(found) == len(expected)
    for channel, values in expected.channels.items():
        absolute, relative = kept[channel]
        np.testing.assert_allclose(found[channel], values, atol=absolute, rtol=relative, err_msg=channel.label)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cell_tests())
def test_a_test_reads_back_from_battery_data_format_to_the_digits_written(measurement):
    with TemporaryDirectory() as folder:
        (found,) = read(write_bdf(measurement, Path(folder) / "cell.bdf.csv"))
    assert found.source.reader == "bdf"
    assert found.kind is Kind.CYCLING
    assert set(found.channels) == set(measurement.channels)
    assert told(found) == []
    check_equal(found, measurement, BDF)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cell_tests())
def test_a_test_reads_back_from_the_land_export_to_the_digits_written(measurement):
    with TemporaryDirectory() as folder:
        (found,) = read(write_land(measurement, Path(folder) / "cell.csv"))
    assert found.source.reader == "land"
    assert found.warnings == ()
    if Channel.CHARGE in measurement.channels and Channel.CYCLE not in measurement.channels:
        measurement = without(measurement, Channel.CHARGE)  # steps are made up then, and charges counted in them
    check_equal(found, measurement, LAND)


def without(measurement: Measurement, *gone: Channel) -> Measurement:
    kept = {c: a for c, a in measurement.channels.items() if c not in gone}
    return Measurement(measurement.kind, kept, measurement.source, measurement.metadata)


def test_charge_is_integrated_where_a_land_file_needs_it(cycling, tmp_path):
    plain = without(cycling(24), Channel.CHARGE)
    (found,) = read(write_land(plain, tmp_path / "cell.csv"))
    # 4 rows of 600 s each way: trapezoids across the change of sign add nothing, so the net comes back to the start
    assert found[Channel.CHARGE][3] == pytest.approx(3 * 600.0 * 1.57e-4, abs=1e-8)
    assert found[Channel.CHARGE][7] == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("reader", WRITERS)
def test_start_and_constant_temperature_are_kept(reader, cycling, tmp_path):
    m = cycling(8).with_metadata(started="2025-03-01T12:00:00", sample="cell 7")
    channels = {**m.channels, Channel.TEMPERATURE: np.full(8, 333.15)}
    m = Measurement(m.kind, channels, m.source, m.metadata)
    (found,) = read(WRITERS[reader](m, tmp_path / "cell.csv"))
    assert found.metadata["started"][:19] == "2025-03-01T12:00:00"
    assert found.metadata["temperature"] == pytest.approx(333.15, abs=1e-6)
    if reader == "land":
        assert found.metadata["sample"] == "cell 7"


@pytest.mark.parametrize("reader", WRITERS)
def test_only_a_test_with_rows_can_be_written(reader, spectrum, cycling, tmp_path):
    with pytest.raises(InvalidInput, match="kind = 'impedance': expected one of cycling"):
        WRITERS[reader](spectrum(), tmp_path / "cell.csv")
    with pytest.raises(InvalidInput, match="expected rows of time, voltage, current"):
        WRITERS[reader](without(cycling(), Channel.CURRENT), tmp_path / "cell.csv")
    with pytest.raises(InvalidInput, match="started = 'soon': expected a date"):
        WRITERS[reader](cycling().with_metadata(started="soon"), tmp_path / "cell.csv")


def test_4500_hours_in_rows_of_two_minutes_are_read_whole(tmp_path):
    rows = 135_000
    time = 120.0 * np.arange(rows)
    current = np.where(np.arange(rows) // 15 % 2 == 0, 1.57e-4, -1.57e-4)
    channels = {Channel.TIME: time, Channel.VOLTAGE: 300.0 * current, Channel.CURRENT: current}
    (found,) = read(write_bdf(Measurement(Kind.CYCLING, channels, SimulationSource("", 0, "")), tmp_path / "long.csv"))
    assert len(found) == rows
    assert np.array_equal(found[Channel.TIME], time)


# Battery Data Format ---------------------------------------------------------------------------------------------------
def load(folder: Path, text: str, name: str = "cell.csv") -> Measurement:
    path = folder / name
    path.write_text(text)
    (found,) = read(path)
    return found


def test_machine_names_are_read_and_other_columns_left(tmp_path):
    text = (
        "test_time_second,voltage_volt,current_ampere,unix_time_second,cycle_count,step_id,step_type,net_capacity_ah\n"
        "0.02,2.9215,0.0,1714487599.02,1,1,rest,0\n15.02,2.92,-0.001,1714487614.02,1,2,discharge,-0.5\n"
    )
    m = load(tmp_path, text)
    assert m[Channel.STEP].tolist() == [1.0, 2.0]
    assert m[Channel.CHARGE].tolist() == [0.0, -1800.0]
    assert m.metadata["started"] == "2024-04-30T14:33:19"


def test_what_is_written_from_description_says_so(tmp_path):
    m = load(tmp_path, f"{HEAD}\n0,1,1\n")
    assert any("from description" in w for w in m.warnings)
    assert m.source.header["reader written"] == "from description"


def test_the_step_count_goes_before_the_step_of_the_program(tmp_path):
    m = load(tmp_path, f"{HEAD},Step ID,Step Count / 1\n0,1,1,7,1\n1,1,1,7,1\n")
    assert m[Channel.STEP].tolist() == [1.0, 1.0]


def test_a_step_that_falls_back_is_written_as_the_program_s(cycling, tmp_path):
    path = write_bdf(cycling(24), tmp_path / "cell.csv")
    assert "Step ID" in path.read_text().split("\n", 1)[0]


def test_an_optional_column_with_gaps_is_left_out_and_told(tmp_path):
    m = load(tmp_path, f"{HEAD},Ambient Temperature / degC\n0,1,1,25\n1,1,1,\n")
    assert Channel.TEMPERATURE not in m.channels
    assert told(m) == ["column 'Ambient Temperature / degC' is empty in line 3: it is left out"]


def test_a_row_that_stands_twice_is_left_out_and_told(tmp_path):
    m = load(tmp_path, f"{HEAD}\n0,1,1\n1,1,1\n1,1,1\n1,2,1\n")
    assert m[Channel.VOLTAGE].tolist() == [1.0, 1.0, 2.0]  # two rows at one time are the end of one step and the next
    assert told(m) == ["1 rows repeat the row above, first in line 4: they are left out"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (f"{HEAD}\n0,1,1\n2,1,1\n1,1,1\n", 4, "time = 1 s: expected at least 2 s, that of the row above"),
        (f"{HEAD}\n0,1,1\n1,abc,1\n", 3, "Voltage / V = 'abc': expected a number"),
        (f"{HEAD}\n0,1,1\n1,,1\n", 3, "Voltage / V = '': expected a number"),
        (f"{HEAD}\n0,1,1\n1,1_0,1\n", 3, "Voltage / V = '1_0': expected a number"),
        (f"{HEAD}\n0,1,1\n1,1,1e999\n", 3, "Current / A = '1e999': expected a finite number"),
        (f"{HEAD}\n0,1,1\n1,nan,1\n", 3, "Voltage / V = 'nan': expected a number"),
        (f"{HEAD}\n0,1,1\n1,1e6,1\n", 3, "voltage = 1e+06: expected at most 100000 V"),
        (
            f"{HEAD},Ambient Temperature / degC\n0,1,1,25\n1,1,1,-300\n",
            3,
            "temperature = -26.85: expected more than 0 K",
        ),
        (f"{HEAD}\n0,1,1\n1,1\n", 3, "2 columns: expected 3"),
        (f"{HEAD}\n", 1, "no row after the 3 column names"),
        (f"{HEAD},Voltage / V\n0,1,1,1\n", 1, "'Voltage / V' stands twice"),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(tmp_path, text, line, message):
    with pytest.raises(ReadError) as caught:
        load(tmp_path, text)
    assert caught.value.line == line
    assert message in str(caught.value)


def test_a_named_reader_says_which_columns_are_missing(tmp_path):
    (tmp_path / "cell.csv").write_text("Test Time / s,Voltage / V\n0,1\n")
    with pytest.raises(ReadError, match=r"cell\.csv:1: .*expected Current / A too"):
        read(tmp_path / "cell.csv", reader="bdf")


# LAND ------------------------------------------------------------------------------------------------------------------
LAND_NAMES = "cycle_index,step_index,test_time_s,current_A,voltage_V,discharge_capacity_Ah,charge_capacity_Ah,step_name"


def test_charges_that_restart_in_each_step_are_summed(tmp_path):
    rows = "1,1,0,0.001,3,0,0.1,charge CC,\n1,1,1,0.001,3,0,0.5,charge CC,\n1,2,2,-0.001,3,0.2,0,discharge CC,\n"
    m = load(tmp_path, f"cell id: x,\n{LAND_NAMES}\n{rows}2,1,3,0.001,3,0,0.3,charge CC,\n")
    assert m[Channel.CHARGE] / units.hour == pytest.approx([0.1, 0.5, 0.3, 0.6])
    assert m.metadata["sample"] == "x"


def test_a_current_against_its_step_s_name_is_refused(tmp_path):
    with pytest.raises(ReadError, match=r"cell\.csv:2: current = 0.001 A in a step named 'discharge CC'"):
        load(tmp_path, f"{LAND_NAMES}\n1,1,0,0.001,3,0,0.1,discharge CC,\n")


REAL = "battery__SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv"


@pytest.fixture(scope="module")
def landt(data_dir):
    path = data_dir / "cycling" / REAL
    if not path.is_file():
        pytest.skip(f"{REAL} is not there")
    return read(path)[0]


def test_the_real_land_export_is_read_whole(landt):
    assert landt.source.reader == "land"
    assert len(landt) == 25162  # lines of the file less 7 above the table
    assert set(landt.channels) == {
        Channel.TIME, Channel.VOLTAGE, Channel.CURRENT, Channel.CYCLE, Channel.STEP, Channel.CHARGE,
    }  # fmt: skip
    first, last = ([landt[c][i] for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT)] for i in (0, -1))
    assert first == [0.02, 2.9215, 0.0]
    assert last == [262657.764, 0.1086, -0.0002]
    assert (landt[Channel.CYCLE][-1], landt[Channel.STEP][-1]) == (2.0, 2.0)
    assert landt.metadata["started"] == "2024-04-30T14:33:19"
    assert landt.metadata["temperature"] == pytest.approx(298.15)


def test_the_charges_of_the_real_land_export_are_those_of_its_steps(landt):
    # last rows of the steps in the file: 0.0063 Ah out, 0.0032 Ah in, 0.0013 Ah out
    assert landt[Channel.CHARGE][-1] / units.hour == pytest.approx(-0.0063 + 0.0032 - 0.0013, abs=1e-12)


def test_the_coarse_currents_of_the_real_land_export_are_told(landt):
    assert landt.warnings == ("the file rounds currents to 0.0001 A, 50 % of the largest of 0.0002 A",)


def test_no_other_real_cycler_file_is_read_by_these_readers(data_dir):
    texts = [p for p in (data_dir / "cycling").iterdir() if p.suffix in (".csv", ".txt", ".mpt") and p.name != REAL]
    if not texts:
        pytest.skip("no cycler files")
    for path in texts:
        for reader in WRITERS:
            with pytest.raises(ReadError):
                read(path, reader=reader)
