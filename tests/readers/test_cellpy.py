"""Archives of cellpy: a zip of Parquet tables since its version 2, HDF5 before."""

from __future__ import annotations

import pickle
import sys
import zipfile

import numpy as np
import pytest

from garnetlab.core import Channel, MissingExtra, ReadError
from garnetlab.readers import ReadOptions, read
from garnetlab.readers.cellpy._hdf5 import pickled_texts

MAIN = (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT, Channel.CYCLE, Channel.STEP)


# a zip -----------------------------------------------------------------------------------------------------------------
def test_an_archive_of_cellpy_2_is_read(cycling, cellpy_archive, tmp_path):
    m = cycling(24)
    cellpy_archive(m, tmp_path / "cell.cellpy")
    (found,) = read(tmp_path / "cell.cellpy")
    assert found.source.reader == "cellpy"
    assert found.metadata["sample"] == "pellet 7"
    assert found.source.header["reader written"] == "from description"
    assert all(np.array_equal(found[c], m[c]) for c in MAIN)
    passed = np.concatenate(([0.0], np.cumsum(np.diff(m[Channel.TIME]) * m[Channel.CURRENT][1:])))
    np.testing.assert_allclose(found[Channel.CHARGE], passed, rtol=1e-12, atol=1e-12)


def test_the_units_of_an_archive_are_used(cycling, cellpy_archive, tmp_path):
    m = cycling(24)
    cellpy_archive(m, tmp_path / "cell.cellpy", {"current": "mA", "charge": "mAh", "voltage": "mV", "time": "min"})
    (found,) = read(tmp_path / "cell.cellpy")
    np.testing.assert_allclose(found[Channel.CURRENT], 1e-3 * m[Channel.CURRENT], rtol=1e-15)
    np.testing.assert_allclose(found[Channel.VOLTAGE], 1e-3 * m[Channel.VOLTAGE], rtol=1e-15)
    np.testing.assert_allclose(found[Channel.TIME], 60 * m[Channel.TIME], rtol=1e-15)


def test_a_current_without_unit_is_asked_for(cycling, cellpy_archive, tmp_path):
    m = cycling(24)
    cellpy_archive(m, tmp_path / "cell.cellpy", {})
    with pytest.raises(
        ReadError, match=r"column = 'current' states no unit, and cellpy writes several\. Say it: --current-unit"
    ):
        read(tmp_path / "cell.cellpy")
    (found,) = read(tmp_path / "cell.cellpy", options=ReadOptions(current_unit="uA"))
    np.testing.assert_allclose(found[Channel.CURRENT], 1e-6 * m[Channel.CURRENT], rtol=1e-15)


@pytest.mark.parametrize(
    ("member", "part"), [("raw.parquet", "raw records of the archive are damaged"), ("meta.json", "damaged")]
)
def test_a_damaged_member_is_refused_in_one_line(member, part, cycling, cellpy_archive, tmp_path):
    cellpy_archive(cycling(24), tmp_path / "good.cellpy")
    with zipfile.ZipFile(tmp_path / "good.cellpy") as good, zipfile.ZipFile(tmp_path / "bad.cellpy", "w") as bad:
        for name in good.namelist():
            data = good.read(name)
            bad.writestr(name, data[: len(data) // 2] if name == member else data)
    with pytest.raises(ReadError, match=part) as caught:
        read(tmp_path / "bad.cellpy")
    assert "\n" not in str(caught.value)


# HDF5 ------------------------------------------------------------------------------------------------------------------
NAMES = ("test_time", "voltage", "current", "charge_capacity", "discharge_capacity")
UNITS = {
    "cell_name": "pellet 7",
    "comment": None,
    "raw_unit_current": "mA",
    "raw_unit_charge": "mAh",
    "raw_unit_time": "sec",
}


def write_hdf5(m, path, info=UNITS, root="CellpyData"):
    """Write an archive as cellpy 1 lays it out through pandas: blocks of columns of one kind, texts pickled."""
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    gains = np.diff(m[Channel.TIME], prepend=m[Channel.TIME][0]) * m[Channel.CURRENT] / 3.6
    floats = (
        m[Channel.TIME], m[Channel.VOLTAGE], 1e3 * m[Channel.CURRENT],
        np.cumsum(np.maximum(gains, 0.0)), np.cumsum(np.maximum(-gains, 0.0)),
    )  # fmt: skip
    form = [
        ("index", "<i8"),
        ("values_block_0", "<i8", (1,)),
        ("values_block_1", "<f8", (5,)),
        ("values_block_2", "<i2", (2,)),
    ]
    records = np.zeros(len(m), dtype=form)
    start = np.datetime64("2025-03-01T12:00:00", "ns")
    records["values_block_0"][:, 0] = (start + (1e9 * m[Channel.TIME]).astype("timedelta64[ns]")).astype(np.int64)
    records["values_block_1"] = np.column_stack(floats)
    records["values_block_2"] = np.column_stack([m[Channel.CYCLE], m[Channel.STEP]])
    kinds = {
        "values_block_0": ["date_time"],
        "values_block_1": list(NAMES),
        "values_block_2": ["cycle_index", "step_index"],
    }
    with h5py.File(path, "w") as file:
        table = file.create_dataset(f"{root}/raw/table", data=records)
        for field, names in kinds.items():
            table.attrs[f"{field}_kind"] = np.bytes_(pickle.dumps(names, 0))
            table.attrs[f"{field}_dtype"] = np.bytes_("datetime64[ns]" if field == "values_block_0" else "float64")
        texts = np.empty((len(info), 1), dtype=object)
        texts[:, 0] = list(info.values())
        group = file.create_group(f"{root}/info")
        group.attrs["nblocks"] = 1
        group["block0_items"] = np.array([k.encode() for k in info])
        values = group.create_dataset("block0_values", (1,), dtype=h5py.vlen_dtype(np.uint8))
        values[0] = np.frombuffer(pickle.dumps(texts, 4), dtype=np.uint8)
    return path


def test_an_archive_of_cellpy_1_is_read(cycling, tmp_path):
    m = cycling(24)
    (found,) = read(write_hdf5(m, tmp_path / "cell.cellpy"))
    assert found.source.reader == "cellpy"
    assert found.metadata["sample"] == "pellet 7"
    assert found.metadata["started"] == "2025-03-01T12:00:00"
    np.testing.assert_allclose(found[Channel.CURRENT], m[Channel.CURRENT], rtol=4e-16)  # to mA and back
    assert all(np.array_equal(found[c], m[c]) for c in MAIN if c is not Channel.CURRENT)
    assert Channel.CHARGE in found.channels


@pytest.mark.parametrize(("size", "factor"), [(1.0, 1e3), (0.001, 1.0), (1e-6, 1e-3)])
def test_old_archives_give_a_unit_by_its_size(size, factor, cycling, tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    m = cycling(24)
    path = write_hdf5(m, tmp_path / "cell.h5", info={"cell_name": "a"})
    with h5py.File(path, "a") as file:
        info = file["CellpyData/info"]
        info.attrs["nblocks"] = 2
        info["block1_items"] = np.array([b"raw_unit_current", b"raw_unit_charge"])
        info["block1_values"] = np.array([[size, size]])
    np.testing.assert_allclose(read(path)[0][Channel.CURRENT], factor * m[Channel.CURRENT], rtol=1e-15)


def test_an_archive_without_units_or_records_is_refused(cycling, tmp_path):
    path = write_hdf5(cycling(24), tmp_path / "cell.h5", info={"cell_name": "a"})
    with pytest.raises(ReadError, match=r"Say it: --current-unit mA"):
        read(path)
    path = write_hdf5(cycling(24), tmp_path / "other.cellpy", root="Other")
    with pytest.raises(ReadError, match=r"no table CellpyData/raw in this HDF5 file"):
        read(path)
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(ReadError, match=r"the HDF5 archive is damaged"):
        read(path)


def test_hdf5_without_its_library_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "cell.cellpy").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(MissingExtra, match=r"pip install 'garnetlab\[cellpy\]'"):
        read(tmp_path / "cell.cellpy")


# pickled texts ---------------------------------------------------------------------------------------------------------
class Harmful:
    def __reduce__(self):
        return (sys.exit, ("executed",))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_texts_are_read_from_pickled_lists_of_every_protocol(protocol):
    texts = ["a", "b", "a", None, "电压", "a\\b\n", *[f"column {i}" for i in range(300)], "column 7"]
    assert pickled_texts(pickle.dumps(texts, protocol)) == texts


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_pickled_is_executed(protocol):
    assert len(pickled_texts(pickle.dumps(["a", Harmful()], protocol))) != 2
    assert pickled_texts(b"not pickled") == []
