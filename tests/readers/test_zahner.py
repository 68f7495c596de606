"""Zahner .ism: against bytes built here, the maker's importer and the real files."""

from __future__ import annotations

import struct
from datetime import datetime

import numpy as np
import pytest

from garnetlab.core import Channel, ReadError
from garnetlab.readers import read
from garnetlab.readers.zahner import sniff

READER = "zahner-ism"
F = np.logspace(5, 0, 11)
Z = 100 + 50 / (1 + 2j * np.pi * F * 50 * 1e-5)
START = (datetime(2024, 7, 16, 9, 32, 48) - datetime(1980, 1, 1)).total_seconds()
TEXTS = {
    "date": "160724",
    "system": "Li|LLZTO",
    "voltage": "0.9995V, Ampl: 10mV",
    "current": "10nA",
    "temperature": "60.2+-0.1C",
    "window": "09:32:45 - 09:37:42",
    "comment 1": "first",
    "comment 2": "",
    "comment 3": "",
    "comment 4": "last",
    "area": "0.785 cm^2",
    "serial": "",
}


def ism(f=F, z=Z, *, texts=None, stamps=None, tracks=True) -> bytes:
    """Return the bytes of an .ism file, laid out as the maker's importer reads it."""
    n = len(f)
    stamps = START + np.arange(n) if stamps is None else stamps
    out = b"\x00\x00\xff\xff\xff\xfe" + (n - 1).to_bytes(6, "big")
    for column in (f, np.abs(z), np.angle(z), stamps):
        out += np.asarray(column, dtype=">f8").tobytes()
    out += np.full(n, 990, dtype=">i2").tobytes()
    for text in (TEXTS | (texts or {})).values():
        raw = text.swapcase().encode("cp1252")
        out += len(raw).to_bytes(2, "big") + raw
    parameters = np.zeros(32)
    parameters[27] = 32768.0 if tracks else 0.0
    out += struct.pack(">h", 257 if tracks else 256) + parameters.astype(">f8").tobytes()
    if tracks:
        out += np.column_stack([np.full(n, 0.5), np.arange(n) * 1e-6]).astype(">f8").tobytes()
    return out


@pytest.fixture
def load(tmp_path):
    def read_bytes(data: bytes):
        path = tmp_path / "cell.ism"
        path.write_bytes(data)
        (measurement,) = read(path, reader=READER)
        return measurement

    return read_bytes


def test_frequency_and_impedance_are_read_as_stored(load):
    m = load(ism())
    assert np.array_equal(m[Channel.FREQUENCY], F)
    # polar to cartesian and back costs a few rounding errors of the modulus
    assert np.abs(m[Channel.IMPEDANCE] - Z).max() < 1e-13 * np.abs(Z).max()
    assert m[Channel.IMPEDANCE].imag.max() < 0


def test_time_voltage_and_current_are_channels(load):
    m = load(ism())
    assert np.array_equal(m[Channel.TIME], np.arange(11.0))
    assert np.array_equal(m[Channel.VOLTAGE], np.full(11, 0.5))
    assert np.array_equal(m[Channel.CURRENT], np.arange(11) * 1e-6)
    assert Channel.VOLTAGE not in load(ism(tracks=False)).channels


def test_the_metadata_are_si(load):
    found = load(ism()).metadata
    assert found["temperature"] == pytest.approx(333.35, abs=1e-9)
    assert found["area"] == pytest.approx(0.785e-4, rel=1e-12)
    assert (found["potential"], found["amplitude"]) == (0.9995, 0.01)
    assert (found["sample"], found["comment"]) == ("Li|LLZTO", "first; last")
    assert found["started"] == "2024-07-16T09:32:48.000"


@pytest.mark.parametrize("text", ["-0.2+-0.1C", "-273.15+-0.0C"])
def test_a_temperature_input_without_a_sensor_is_no_temperature(load, text):
    m = load(ism(texts={"temperature": text}))
    assert "temperature" not in m.metadata
    assert any("without a sensor" in w for w in m.warnings)


def test_words_are_no_temperature_and_an_area_without_unit_is_no_area(load):
    m = load(ism(texts={"temperature": "RT", "area": "1.5"}))
    assert "temperature" not in m.metadata
    assert "area" not in m.metadata
    assert m.source.header["electrode area"] == "1.5"


def test_time_stamps_that_count_points_are_no_times(load):
    m = load(ism(stamps=np.arange(11.0)))
    assert Channel.TIME not in m.channels
    assert m.metadata["started"] == "2024-07-16"


def test_the_points_before_the_turn_are_kept_and_counted(load):
    f, z = np.concatenate([F[4:0:-1], F]), np.concatenate([Z[4:0:-1], Z])
    m = load(ism(f, z))
    assert len(m) == 15
    assert m.metadata["overlap_points"] == 4.0
    assert any("4 points lie before the turn at 100000 Hz" in w for w in m.warnings)


def test_a_file_cut_anywhere_is_refused(load):
    data = ism()
    whole = len(data)
    # the maker's exporter ends after the texts, so a cut exactly there is a whole file
    after_texts = whole - 2 - 32 * 8 - 11 * 16
    for size in range(1, whole, 5):
        if size != after_texts:
            with pytest.raises(ReadError, match=r"cut|No \.ism file|number of points"):
                load(data[:size])


@pytest.mark.parametrize("count", [-5, 10**9])
def test_a_wrong_number_of_points_is_refused(load, count):
    data = ism()
    with pytest.raises(ReadError, match="number of points"):
        load(data[:6] + count.to_bytes(6, "big", signed=True) + data[12:])


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [(0, 0.0, "frequency = 0"), (0, np.nan, "frequency = nan"), (1, -1.0, "modulus = -1"), (2, 50.0, "phase = 50")],
)
def test_a_damaged_number_is_named(load, column, value, message):
    data = bytearray(ism())
    place = 12 + (column * 11 + 3) * 8
    data[place : place + 8] = struct.pack(">d", value)
    with pytest.raises(ReadError, match=message):
        load(bytes(data))


def test_other_bytes_are_not_taken_for_a_zahner_file(tmp_path):
    assert sniff(tmp_path / "a.ism", ism()) == 1.0
    assert sniff(tmp_path / "a.ism", b"freq/Hz\t") == 0.0
    assert sniff(tmp_path / "a.ism", b"") == 0.0


POINTS = {
    "Zahner__000_mvdc.ism": 38,
    "Zahner__025_mvdc.ism": 38,
    "Zahner__050_mvdc.ism": 38,
    "Zahner__075_mvdc.ism": 38,
    "Zahner__100_mvdc.ism": 38,
    "Zahner__200_mvdc.ism": 38,
    "Zahner__300_mvdc.ism": 38,
    "Zahner__ZHIT.ism": 40,
    "Zahner__li-ion-battery.ism": 128,
    "Zahner__rc-data.ism": 75,
}


@pytest.mark.parametrize("file", POINTS)
def test_a_real_file_is_read_whole(data_dir, file):
    (m,) = read(data_dir / "impedance" / file, reader=READER)
    assert len(m) == POINTS[file]


@pytest.mark.parametrize("file", POINTS)
def test_a_real_file_reads_as_with_the_makers_importer(data_dir, file):
    peer = pytest.importorskip("zahner_analysis.file_import.ism_import", reason="zahner_analysis is not installed")
    path = data_dir / "impedance" / file
    (m,) = read(path, reader=READER)
    other = peer.IsmImport(str(path))
    turn = slice(None, None, -1) if other.minFrequencyIndex > other.maxFrequencyIndex else slice(None)
    assert np.array_equal(m[Channel.FREQUENCY][turn], other.getFrequencyArray(includeDoubleFrequencies=True))
    z = other.getComplexImpedanceArray(includeDoubleFrequencies=True)
    # both turn modulus and phase into parts with one sine and cosine: equal to rounding of the modulus
    assert (np.abs(m[Channel.IMPEDANCE][turn] - z) <= 4e-16 * np.abs(z)).all()
    for channel, track in ((Channel.VOLTAGE, "Voltage/V"), (Channel.CURRENT, "Current/A")):
        assert (channel in m.channels) == (track in other.getTrackTypesList())
        if channel in m.channels:
            assert np.array_equal(m[channel][turn], other.getTrack(track, includeDoubleFrequencies=True))


def test_the_rc_dummy_knows_its_temperature_and_its_overlap(data_dir):
    (m,) = read(data_dir / "impedance" / "Zahner__rc-data.ism", reader=READER)
    assert m.metadata["temperature"] == pytest.approx(296.95, abs=1e-9)
    assert m.metadata["overlap_points"] == 20.0
