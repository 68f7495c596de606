"""What the writers write, the readers read back equal."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garnetlab.core import Channel, Kind, Measurement, SimulationSource
from garnetlab.readers import read
from garnetlab.readers.biologic import write_mpt
from garnetlab.readers.gamry import write_dta
from garnetlab.readers.zplot import write_z


def write_one_mpt(measurement, path):
    return write_mpt([measurement], path)


WRITERS = {
    "biologic-mpt": (write_one_mpt, ".mpt"),
    "gamry-dta": (write_dta, ".DTA"),
    "zplot": (write_z, ".z"),
}
ITEMS = pytest.mark.parametrize("reader", WRITERS)
#: what each container has room for
CHANNELS = {
    "biologic-mpt": {Channel.TIME, Channel.VOLTAGE, Channel.CURRENT},
    "gamry-dta": {Channel.TIME, Channel.VOLTAGE, Channel.CURRENT},
    "zplot": {Channel.TIME},
}


@st.composite
def spectra(draw) -> Measurement:
    """Return a spectrum of a resistor and one arc, 1 to 40 points, up or down, with and without further channels."""
    points = draw(st.integers(1, 40))
    high = draw(st.floats(0, 7))
    f = 10 ** np.linspace(high, high - draw(st.floats(0.1, 4 + high)), points)[:: draw(st.sampled_from([1, -1]))]
    series, arc = 10 ** draw(st.floats(-3, 8)), 10 ** draw(st.floats(-3, 8))
    z = series + arc / (1 + 1j * f / 10 ** draw(st.floats(-2, 6)))
    channels = {Channel.FREQUENCY: f, Channel.IMPEDANCE: z}
    if draw(st.booleans()):
        channels |= {
            Channel.TIME: np.cumsum(5 / f),
            Channel.VOLTAGE: draw(st.floats(-5, 5)) + 1e-4 * np.arange(1, points + 1),
            Channel.CURRENT: 1e-6 * np.arange(1, points + 1),
        }
    metadata = draw(st.sampled_from([{}, META]))
    return Measurement(Kind.IMPEDANCE, channels, SimulationSource("", 1, "test"), metadata)


META = {"amplitude": 0.0123, "area": 0.785e-4, "started": "2024-07-16T09:32:48", "instrument": "simulated 1"}


def equal(found: np.ndarray, expected: np.ndarray) -> bool:
    """Each part keeps eight digits or more: 5e-8 relative, up to 1e-7 with the rounding of the comparison."""
    parts = ((found.real, expected.real), (found.imag, expected.imag))
    return all(np.allclose(a, b, rtol=1e-7, atol=0) for a, b in parts)


@ITEMS
@settings(max_examples=25, deadline=None, derandomize=True)
@given(measurement=spectra())
def test_a_written_spectrum_reads_back_equal(reader, measurement):
    write, suffix = WRITERS[reader]
    with TemporaryDirectory() as folder:
        path = write(measurement, Path(folder) / f"cell{suffix}")
        (back,) = read(path, reader=reader)
        assert [p.name for p in Path(folder).iterdir()] == [f"cell{suffix}"]
    for channel in {Channel.FREQUENCY, Channel.IMPEDANCE} | (CHANNELS[reader] & set(measurement.channels)):
        assert equal(back[channel], measurement[channel])


@ITEMS
def test_the_metadata_read_back_equal(reader, tmp_path):
    f = np.logspace(5, 0, 11)
    channels = {Channel.FREQUENCY: f, Channel.IMPEDANCE: 10 + 5 / (1 + 1j * f / 100)}
    write, suffix = WRITERS[reader]
    path = write(Measurement(Kind.IMPEDANCE, channels, SimulationSource("", 1, "test"), META), tmp_path / f"a{suffix}")
    (back,) = read(path, reader=reader)
    found = dict(back.metadata)
    assert found["started"] == META["started"]
    assert found["instrument"] == META["instrument"]
    # printed with four digits or more after the point in mV
    assert found["amplitude"] == pytest.approx(META["amplitude"], rel=1e-5)
    assert found["area"] == pytest.approx(META["area"], rel=1e-5)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(several=st.lists(spectra(), min_size=2, max_size=5))
def test_several_spectra_in_one_mpt_read_back_as_several(several):
    with TemporaryDirectory() as folder:
        back = read(write_mpt(several, Path(folder) / "cell.mpt"), reader="biologic-mpt")
    assert [len(m) for m in back] == [len(m) for m in several]
    assert [m.metadata["cycle"] for m in back] == [float(i) for i in range(1, len(several) + 1)]
    for one, other in zip(back, several, strict=True):
        assert equal(one[Channel.IMPEDANCE], other[Channel.IMPEDANCE])
