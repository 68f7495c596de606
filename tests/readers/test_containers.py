"""One spectrum in several containers reads equal in all of them, to the digits each prints."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.core import Channel
from garnetlab.readers import read

#: file -> relative tolerance: half a unit in the last printed digit of a number 1.000...
EIGHT = {
    "pyimpspec__data.i2b": 1e-15,  # all digits of a double
    "pyimpspec__data.xlsx": 5e-14,  # 15 digits; the fourth sheet in polar form, whose phase turns by 5e-15 of 30 degrees
    "pyimpspec__data.dta": 5e-15,  # 15 digits
    "pyimpspec__data.mpt": 5e-8,  # 8 digits
    "pyimpspec__data-metadata.mpt": 5e-8,
    "pyimpspec__data.z": 5e-7,  # 7 digits
    "pyimpspec__data.idf": 5e-6,  # 6 digits
    "pyimpspec__data.ids": 5e-6,
}


def parts(m):
    z = m[Channel.IMPEDANCE]
    return np.stack([m[Channel.FREQUENCY], z.real, z.imag])


@pytest.fixture(scope="module")
def folder(data_dir):
    return data_dir / "impedance"


@pytest.mark.parametrize("name", EIGHT)
def test_the_spectrum_of_eight_containers_is_equal_in_all(name, folder):
    reference = parts(read(folder / "pyimpspec__data.i2b")[0])
    found = read(folder / name)
    assert len(found) == {"pyimpspec__data.xlsx": 4, "pyimpspec__data.ids": 2}.get(name, 1)
    for m in found:
        np.testing.assert_allclose(parts(m), reference, rtol=EIGHT[name] + 1e-15, atol=0)


def test_the_relaxis_and_ec_lab_texts_of_one_measurement_are_equal(folder):
    """RelaxIS keeps the instrument's single precision, EC-Lab prints 8 digits: half a unit is 5e-8 of 1."""
    text = parts(read(folder / "hybrid__PEIS_LPSCl_IonBlocking_-25C.txt")[0])
    relaxis = parts(read(folder / "hybrid__PEIS_LPSCl_IonBlocking_-25C_RelaxIS.txt")[0])[:, ::-1]
    np.testing.assert_allclose(text, relaxis, rtol=5.1e-8, atol=0)


@pytest.mark.parametrize(
    ("binary", "text"),
    [
        ("hybrid__PEIS_LPSCl_IonBlocking_-25C.mpr", "hybrid__PEIS_LPSCl_IonBlocking_-25C.txt"),
        ("yadg__peis.mpr", "yadg__peis.mpt"),
        ("yadg__peis.issue_149.mpr", "yadg__peis.issue_149.mpt"),
    ],
)
def test_ec_lab_binary_and_text_are_equal(binary, text, folder):
    """The text prints 8 digits of the binary's single precision."""
    pytest.importorskip("galvani")
    ones, others = read(folder / binary), read(folder / text)
    assert len(ones) == len(others)
    for one, other in zip(ones, others, strict=True):
        np.testing.assert_allclose(parts(other), parts(one), rtol=5.1e-8, atol=0)
