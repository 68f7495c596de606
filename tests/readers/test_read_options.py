"""What a user says where a file leaves something open."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from garnetlab.core import Channel, InvalidInput, Measurement, ReadError
from garnetlab.readers import ReadOptions, read
from garnetlab.readers.land_cex import write_cex


@pytest.mark.parametrize(
    ("text", "voltage_step", "current_step"),
    [
        ("5 V, 10 mA", 0.155e-3, 0.31e-6),  # as published
        ("10 mA, 5 V", 0.155e-3, 0.31e-6),
        ("5V/10mA", 0.155e-3, 0.31e-6),
        ("5 V 10 mA", 0.155e-3, 0.31e-6),
        ("5.0 V; 1e4 uA", 0.155e-3, 0.31e-6),
        ("5000 mV and 1 A", 0.155e-3, 0.31e-4),
        ("10 V, 100 µA", 0.31e-3, 0.31e-8),
    ],
)
def test_a_range_gives_the_sizes_of_the_counts(text, voltage_step, current_step):
    found = ReadOptions.of_range(text, "mA")
    assert found == ReadOptions("mA", voltage_step, current_step)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'' is no number with a unit"),
        ("5 V", "it holds no current"),
        ("10 mA", "it holds no voltage"),
        ("5, 10", "'5' is no number with a unit"),
        ("5 V, 10", "'10' is no number with a unit"),
        ("5 V, 3 V", "two amounts of voltage"),
        ("5 V, 10 mAh", "'mAh' is no unit of voltage or current"),
        ("5 V, 10 MA", "'MA' is no unit of voltage or current"),
        ("-5 V, 10 mA", "'-5 V' is no voltage that cyclers measure"),
        ("0 V, 10 mA", "'0 V' is no voltage that cyclers measure"),
        ("5 kV, 10 mA", "'5 kV' is no voltage that cyclers measure"),
        ("5 V, 10 mA, 1 A", "two amounts of current"),
    ],
)
def test_what_is_no_range_is_refused_with_the_reason(text, reason):
    with pytest.raises(InvalidInput) as caught:
        ReadOptions.of_range(text)
    assert str(caught.value).startswith(f"cex_range = {text!r}: expected a voltage and a current like '5 V, 10 mA'")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"current_unit": "mAh"}, "current_unit = 'mAh': expected a unit like 'A', 'mA' or 'uA'"),
        ({"current_unit": "V"}, "current_unit = 'V'"),
        ({"voltage_step": 0.0}, "voltage_step = 0.0: expected a size of one count"),
        ({"current_step": 10.0}, "current_step = 10.0: expected a size of one count"),
    ],
)
def test_what_is_no_unit_or_size_is_refused(given, message):
    with pytest.raises(InvalidInput, match=message):
        ReadOptions(**given)


@pytest.fixture
def resting(cycling):
    """Return a rest at 3 V: it does not show the size of a count."""
    m = cycling(24)
    channels = {**m.channels, Channel.VOLTAGE: 3.0 + m[Channel.VOLTAGE], Channel.CURRENT: np.zeros(24)}
    return Measurement(m.kind, channels, m.source, m.metadata)


def test_a_rest_in_a_cex_file_is_read_with_the_range_that_the_user_says(resting, tmp_path):
    path = write_cex(resting, tmp_path / "cell.cex")
    with pytest.raises(ReadError, match=r"cex_range = '5 V, 10 mA' \(--cex-range on the command line\)"):
        read(path)
    (found,) = read(path, options=ReadOptions.of_range("5 V, 10 mA"))
    np.testing.assert_allclose(found[Channel.VOLTAGE], resting[Channel.VOLTAGE], atol=0.51 * 0.155e-3)  # half a count


def test_a_range_that_the_file_contradicts_is_refused(resting, cycling, tmp_path):
    flowing = dataclasses.replace(resting, channels={**resting.channels, Channel.CURRENT: cycling(24)[Channel.CURRENT]})
    path = write_cex(flowing, tmp_path / "cell.cex")
    read(path, options=ReadOptions.of_range("5 V, 10 mA"))
    with pytest.raises(ReadError, match=r"current_step = 3\.1e-05: charge and energy in the file show 3\.1e-07"):
        read(path, options=ReadOptions.of_range("5 V, 1 A"))


NOVONIX = "[Data]\nDate and Time,Cycle Number,Step Type,Run Time (h),Step Number,Current,Potential (V)\n"
BASYTEC = "~Time[s]\tDataSet\tLine\tCommand\tU[V]\tI\n"


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        ("novonix", NOVONIX + "2025-07-19 15:26:20,1,7,0.0,0,1.5,3.5\n2025-07-19 15:26:21,1,7,0.1,0,1.5,3.6\n"),
        ("basytec", BASYTEC + "0\t1\t1\tCharge\t3.5\t1.5\n1\t1\t1\tCharge\t3.6\t1.5\n"),
    ],
)
def test_a_current_without_unit_is_asked_for_and_taken(reader, text, tmp_path):
    path = tmp_path / "cell.txt"
    path.write_text(text)
    with pytest.raises(ReadError, match=r"states no unit, .* Say it: --current-unit mA"):
        read(path, reader=reader)
    (found,) = read(path, reader=reader, options=ReadOptions(current_unit="uA"))
    assert found[Channel.CURRENT].tolist() == [1.5e-6, 1.5e-6]
