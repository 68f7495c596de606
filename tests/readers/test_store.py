"""Measurements stored as Parquet come back as they were."""

from __future__ import annotations

import dataclasses
import math

import duckdb
import numpy as np
import pytest

from garnetlab.core import Channel, FileSource, InvalidInput, Kind, Measurement, ReadError, SimulationSource
from garnetlab.readers import ReadOptions, read
from garnetlab.readers.parquet import load, store, write_bdf_parquet


def same(a: Measurement, b: Measurement) -> bool:
    """Return whether two measurements are equal, bit for bit."""
    if set(a.channels) != set(b.channels) or set(a.std) != set(b.std):
        return False
    pairs = [(a[c], b[c]) for c in a.channels] + [(a.std[c], b.std[c]) for c in a.std]
    others = [(m.kind, m.source, dict(m.metadata), m.warnings) for m in (a, b)]
    return all(x.tobytes() == y.tobytes() for x, y in pairs) and others[0] == others[1]


@pytest.fixture
def everything():
    """Return a test whose numbers have all their bits, with uncertainties and metadata."""
    rng = np.random.default_rng(4)
    sizes = {
        Channel.VOLTAGE: 1.0, Channel.CURRENT: 1e-3, Channel.CHARGE: 10.0, Channel.ENERGY: 30.0,
    }  # fmt: skip
    channels = {c: size * rng.standard_normal(3000) for c, size in sizes.items()}
    channels[Channel.TIME] = np.cumsum(rng.random(3000))
    channels[Channel.TEMPERATURE] = 273.15 + 100.0 * rng.random(3000)
    channels[Channel.CYCLE] = np.arange(3000.0) // 100
    channels[Channel.STEP] = np.arange(3000.0) % 100 // 10  # falls back
    return Measurement(
        Kind.VOLTAMMETRY,
        channels,
        SimulationSource("abc", 7, "cell"),
        {"area": 0.1 + 0.2, "started": "2025-03-01T12:00:00", "sample": 'pellet\'s "7"; 电压'},
        std={Channel.VOLTAGE: rng.random(3000)},
        warnings=("one", "two"),
    )


def test_a_stored_measurement_is_loaded_bit_for_bit(everything, tmp_path):
    path = store(everything, tmp_path / "it's a cell.parquet")
    assert same(load(path), everything)


def test_the_source_of_a_file_is_kept(cycling, tmp_path):
    m = dataclasses.replace(cycling(), source=FileSource("a.csv", "0" * 64, "land", "1.0", {"cell id": "7"}, "part 1"))
    assert same(load(store(m, tmp_path / "cell.parquet")), m)


def test_a_test_without_current_is_stored_too(cycling, tmp_path):
    m = cycling()
    m = dataclasses.replace(m, channels={c: m[c] for c in (Channel.TIME, Channel.VOLTAGE)})
    path = store(m, tmp_path / "cell.parquet")
    assert same(load(path), m)
    assert set(read(path)[0].channels) == {Channel.TIME, Channel.VOLTAGE}


def test_numbers_that_are_not_known_stay_so(cycling, tmp_path):
    m = cycling()
    voltage = m[Channel.VOLTAGE].copy()
    voltage[3] = math.nan
    m = dataclasses.replace(m, channels={**m.channels, Channel.VOLTAGE: voltage})
    assert same(load(store(m, tmp_path / "cell.parquet")), m)


def test_a_stored_file_is_read_like_any_other_and_keeps_its_kind(everything, tmp_path):
    (found,) = read(store(everything, tmp_path / "cell.parquet"))
    assert (found.source.reader, found.kind) == ("parquet", Kind.VOLTAMMETRY)
    assert found.metadata["area"] == 0.1 + 0.2
    assert all(found[c].tobytes() == a.tobytes() for c, a in everything.channels.items())


def test_a_stored_file_holds_the_columns_of_the_battery_data_format(everything, tmp_path):
    plain = write_bdf_parquet(everything, tmp_path / "plain.parquet")
    kept = store(everything, tmp_path / "kept.parquet")
    with duckdb.connect() as connection:
        names = connection.execute("SELECT * FROM read_parquet(?)", [str(plain)]).fetchnumpy()
        stored = connection.execute("SELECT * FROM read_parquet(?)", [str(kept)]).fetchnumpy()
    assert all(np.array_equal(stored[n], values) for n, values in names.items())
    assert {"Net Capacity / Ah", "Ambient Temperature / degC", "garnetlab charge / C"} <= stored.keys()
    assert "garnetlab voltage / V" not in stored


def test_part_of_a_stored_file_is_loaded(everything, tmp_path):
    path = store(everything, tmp_path / "cell.parquet")
    time = everything[Channel.TIME]
    part = load(path, channels=[Channel.CHARGE, Channel.VOLTAGE], between=(time[100], time[199]))
    assert set(part.channels) == {Channel.TIME, Channel.CHARGE, Channel.VOLTAGE}
    for channel in part.channels:
        assert np.array_equal(part[channel], everything[channel][100:200])
    assert np.array_equal(part.std[Channel.VOLTAGE], everything.std[Channel.VOLTAGE][100:200])
    assert len(load(path, between=(-2.0, -1.0))) == 0
    assert set(load(path, channels=[]).channels) == {Channel.TIME}


def test_a_channel_that_is_not_there_is_named(cycling, tmp_path):
    m = cycling()
    path = store(
        dataclasses.replace(m, channels={c: m[c] for c in (Channel.TIME, Channel.VOLTAGE)}), tmp_path / "a.parquet"
    )
    with pytest.raises(InvalidInput, match=r"channels = current: not in a\.parquet, which has time, voltage"):
        load(path, channels=[Channel.CURRENT])


def test_what_was_not_stored_is_not_loaded(cycling, tmp_path):
    with pytest.raises(ReadError, match=r"no such file"):
        load(tmp_path / "none.parquet")
    with pytest.raises(ReadError, match=r"no measurement that store\(\) wrote"):
        load(write_bdf_parquet(cycling(), tmp_path / "cell.parquet"))
    (tmp_path / "text.parquet").write_text("PAR1")
    with pytest.raises(ReadError, match=r"damaged or cut Parquet"):
        load(tmp_path / "text.parquet")


def test_what_is_no_test_over_time_is_not_stored(spectrum, cycling, tmp_path):
    with pytest.raises(InvalidInput, match="expected rows over time"):
        store(spectrum(), tmp_path / "a.parquet")
    with pytest.raises(InvalidInput, match="cannot be written"):
        store(cycling(), tmp_path / "none" / "a.parquet")


def test_the_unit_of_a_current_in_parquet_comes_from_the_user(tmp_path):
    path = tmp_path / "cell.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            'COPY (SELECT i AS "Test_Time(s)", 1 AS "Cycle_Index", 1 AS "Step_Index", 3.5 AS "Voltage(V)",'
            f' 1.5 AS "Current", \'CC Chg\' AS "Step_Type", i AS "Total Time" FROM range(20) t(i)) TO \'{path}\' (FORMAT parquet)'
        )
    with pytest.raises(ReadError, match="states no unit"):
        read(path)
    assert set(read(path, options=ReadOptions(current_unit="mA"))[0][Channel.CURRENT]) == {1.5e-3}
