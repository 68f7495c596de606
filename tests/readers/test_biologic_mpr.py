"""EC-Lab binary: equal to the text export of the same measurement."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from garnetlab.core import Channel, MissingExtra, ReadError
from garnetlab.readers import read
from garnetlab.readers.biologic_mpr import sniff

READER = "biologic-mpr"
MAGIC = b"BIO-LOGIC MODULAR FILE\x1a"
REAL = {
    "aurora__PEIS.mpr": [61, 61, 61, 61],
    "hybrid__PEIS_LPSCl_IonBlocking_-25C.mpr": [79],
    "hybrid__SSB_Sample1_PEIS_EndOfDischarge.mpr": [86],
    "yadg__peis.issue_149.mpr": [21, 21, 21, 21],
    "yadg__peis.mpr": [32],
}
PAIRS = [
    ("yadg__peis.mpr", "yadg__peis.mpt"),
    ("yadg__peis.issue_149.mpr", "yadg__peis.issue_149.mpt"),
    ("hybrid__PEIS_LPSCl_IonBlocking_-25C.mpr", "hybrid__PEIS_LPSCl_IonBlocking_-25C.txt"),
]


@pytest.fixture
def galvani():
    return pytest.importorskip("galvani", reason="the extra 'vendor' is not installed")


@pytest.mark.usefixtures("galvani")
@pytest.mark.parametrize("file", REAL)
def test_a_real_file_gives_its_spectra(data_dir, file):
    found = read(data_dir / "impedance" / file, reader=READER)
    assert [len(m) for m in found] == REAL[file]
    assert all("started" in m.metadata for m in found)


@pytest.mark.usefixtures("galvani")
@pytest.mark.parametrize(("binary", "text"), PAIRS)
def test_binary_and_text_of_one_measurement_are_equal(data_dir, binary, text):
    ours = read(data_dir / "impedance" / binary, reader=READER)
    other = read(data_dir / "impedance" / text, reader="biologic-mpt")
    assert len(ours) == len(other)
    for a, b in zip(ours, other, strict=True):
        # the text has eight digits of a single-precision number: 5e-8 of the largest digit, twice that at 1.0...
        assert np.allclose(a[Channel.FREQUENCY], b[Channel.FREQUENCY], rtol=1e-7, atol=0)
        for part in (np.real, np.imag):
            assert np.allclose(part(a[Channel.IMPEDANCE]), part(b[Channel.IMPEDANCE]), rtol=1e-7, atol=0)
        # the time has 16 digits
        assert np.allclose(a[Channel.TIME], b[Channel.TIME], rtol=1e-14, atol=0)
        assert np.allclose(a[Channel.VOLTAGE], b[Channel.VOLTAGE], rtol=1e-7, atol=0)
        assert np.allclose(a[Channel.CURRENT], b[Channel.CURRENT], rtol=1e-7, atol=0)
        assert a.metadata["started"] == b.metadata["started"]
        assert a.metadata["cycle"] == b.metadata["cycle"]


@pytest.mark.usefixtures("galvani")
@pytest.mark.parametrize("share", [0.001, 0.1, 0.4, 0.55, 0.9, 0.999])
def test_a_cut_file_is_refused(data_dir, tmp_path, share):
    whole = (data_dir / "impedance" / "yadg__peis.mpr").read_bytes()
    path = tmp_path / "cut.mpr"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ReadError, match=r"cut\.mpr: "):
        read(path, reader=READER)


@pytest.mark.usefixtures("galvani")
def test_damaged_bytes_give_an_error_or_the_numbers_that_are_left(data_dir, tmp_path):
    whole = (data_dir / "impedance" / "yadg__peis.mpr").read_bytes()
    rng = np.random.default_rng(7)
    outcomes = set()
    for _ in range(60):
        data = bytearray(whole)
        place = int(rng.integers(23, len(data) - 16))
        data[place : place + 16] = rng.bytes(16)
        path = tmp_path / "damaged.mpr"
        path.write_bytes(bytes(data))
        try:
            found = read(path, reader=READER)
        except ReadError:
            outcomes.add("refused")
        else:
            outcomes.add("read")
            assert all(np.isfinite(m[Channel.IMPEDANCE]).all() for m in found)
    assert outcomes == {"refused", "read"}


def test_without_the_extra_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "galvani", None)
    path = tmp_path / "a.mpr"
    path.write_bytes(MAGIC + b"rest")
    with pytest.raises(MissingExtra, match=r"pip install 'garnetlab\[vendor\]'"):
        read(path, reader=READER)


def test_other_bytes_are_refused_before_the_extra_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "galvani", None)
    path = tmp_path / "a.mpr"
    path.write_bytes(b"EC-Lab ASCII FILE")
    with pytest.raises(ReadError, match=r"No EC-Lab \.mpr file"):
        read(path, reader=READER)
    assert sniff(path, MAGIC) == 1.0
    assert sniff(path, b"") == 0.0
