"""What is written in Battery Data Format is valid by the format's own package, where that is installed.

``pip install batterydf`` (0.1.0, with pandas) brings it; it is no dependency of the project.
"""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.core import Channel, Kind, Measurement, SimulationSource
from garnetlab.readers import read
from garnetlab.readers.bdf import write_bdf
from garnetlab.readers.parquet import store, write_bdf_parquet

bdf = pytest.importorskip("bdf", reason="the package batterydf is not installed")
pandas = pytest.importorskip("pandas", reason="pandas is not installed")

WAYS = {
    "csv": (write_bdf, "cell.csv"),
    "parquet": (write_bdf_parquet, "cell.parquet"),
    "store": (store, "cell.parquet"),
}


@pytest.fixture
def full():
    """Return a test with every channel that the format has a column for."""
    rng = np.random.default_rng(3)
    rows = 600
    step = 1.0 + np.arange(rows) // 60
    current = np.where(step % 2 == 1, 1.57e-4, -1.57e-4)
    time = np.arange(1.0, rows + 1)
    charge = np.concatenate(([0.0], np.cumsum(np.diff(time) * current[1:])))
    channels = {
        Channel.TIME: time,
        Channel.VOLTAGE: 0.06 + 1e-4 * rng.standard_normal(rows),
        Channel.CURRENT: current,
        Channel.CYCLE: np.ceil(step / 2),
        Channel.STEP: step,
        Channel.TEMPERATURE: 298.15 + 0.1 * rng.standard_normal(rows),
        Channel.CHARGE: charge,
        Channel.ENERGY: 0.06 * charge,
    }
    return Measurement(Kind.CYCLING, channels, SimulationSource("", 3, "cell"), {"started": "2025-03-01T12:00:00"})


def frame_of(path):
    """Return what another program sees in the file."""
    if path.suffix == ".csv":
        return pandas.read_csv(path)
    import duckdb

    with duckdb.connect() as connection:
        return pandas.DataFrame(connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchnumpy())


@pytest.mark.parametrize("way", WAYS)
def test_what_is_written_is_valid_with_labels_that_the_format_prefers(way, full, tmp_path):
    write, name = WAYS[way]
    frame = frame_of(write(full, tmp_path / name))
    report = bdf.validate_df(frame)  # warns, which is an error here, of legacy labels and of times that fall
    assert report["ok"]
    assert not report["missing"]
    assert not report["legacy_labels"]
    assert report["time_stats"]["monotonic"]
    assert all(extra.startswith("garnetlab ") for extra in report["extras"])
    assert len(frame) == len(full)


def test_the_required_columns_are_those_that_the_package_requires(full, tmp_path):
    for name in bdf.validate_df(frame_of(write_bdf(full, tmp_path / "cell.csv")))["required"]:
        frame = frame_of(write_bdf(full, tmp_path / "cell.csv")).drop(columns=name)
        with pytest.raises(bdf.BDFValidationError, match=name.replace("/", ".")):
            bdf.validate_df(frame)


def test_a_table_with_the_names_of_the_package_is_read(full, tmp_path):
    # the same numbers under the package's notations, written by pandas
    frame = frame_of(write_bdf_parquet(full, tmp_path / "cell.parquet"))
    notations = {
        "Test Time / s": "test_time_second", "Voltage / V": "voltage_volt", "Current / A": "current_ampere",
        "Cycle Count / 1": "cycle_count", "Net Capacity / Ah": "net_capacity_ah",
    }  # fmt: skip
    renamed = frame[list(notations)].rename(columns=notations)
    assert bdf.validate_df(renamed)["ok"]
    renamed.to_csv(tmp_path / "cell.csv", index=False)
    (found,) = read(tmp_path / "cell.csv")
    for channel in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT, Channel.CYCLE):
        assert np.array_equal(found[channel], full[channel])
    np.testing.assert_allclose(found[Channel.CHARGE], full[Channel.CHARGE], rtol=1e-15, atol=1e-18)
