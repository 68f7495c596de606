"""RelaxIS text."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.core import Channel, ReadError
from garnetlab.readers import read
from garnetlab.readers.relaxis import write_relaxis

NAMES = "Data: Frequency\tData: Z'\tData: Z''\tData: |Z|\tData: Theta (Z)"
ROWS = ("1\t3.0\t-4.0\t5.0\t-53.1", "10\t2.0\t-1.0\t2.2360679\t-26.6", "100\t1.5\t-0.5\t1.5811388\t-18.4")


def file_of(tmp_path, names=NAMES, info="DC=-0.08, TM=33.7\tModel: x\tname\t\t", rows=ROWS, end="\n"):
    path = tmp_path / "cell.txt"
    path.write_text("\n".join(["RelaxIS 3.0 Spectrum export", "Date: 12/16/2025 2:29:15 PM", names, info, *rows]) + end)
    return path


def test_a_relaxis_export_gives_its_numbers_and_keeps_what_is_not_understood(tmp_path):
    (m,) = read(file_of(tmp_path))
    assert m.source.reader == "relaxis"
    np.testing.assert_array_equal(m[Channel.IMPEDANCE], [3 - 4j, 2 - 1j, 1.5 - 0.5j])
    assert m.source.header["line 4"].startswith("DC=-0.08, TM=33.7")
    assert "temperature" not in m.metadata


def test_a_decimal_comma_reads_equal(tmp_path):
    (m,) = read(file_of(tmp_path, rows=[r.replace(".", ",") for r in ROWS]))
    np.testing.assert_array_equal(m[Channel.IMPEDANCE], [3 - 4j, 2 - 1j, 1.5 - 0.5j])


def test_a_modulus_that_does_not_fit_is_refused_at_its_line(tmp_path):
    with pytest.raises(ReadError, match=r"\|Z\| = 5\.5") as caught:
        read(file_of(tmp_path, rows=[ROWS[0].replace("5.0", "5.5"), *ROWS[1:]]))
    assert caught.value.line == 5


def test_a_phase_that_does_not_fit_is_refused_at_its_line(tmp_path):
    with pytest.raises(ReadError) as caught:
        read(file_of(tmp_path, rows=[ROWS[0], ROWS[1].replace("-26.6", "26.6"), ROWS[2]]))
    assert caught.value.line == 6


def test_swapped_parts_stand_in_the_warnings(tmp_path):
    names = NAMES.replace("Z'\tData: Z''", "Z''\tData: Z'").replace("\tData: Theta (Z)", "\tother")
    (m,) = read(file_of(tmp_path, names=names))
    assert any("real parts are not positive" in w for w in m.warnings)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"names": NAMES.replace("Data: Z''", "Data: Y''")}, 3),
        ({"names": NAMES.replace("\t", " ")}, 3),
        ({"rows": [ROWS[0], "10\t2.0", ROWS[2]]}, 6),
        ({"rows": [ROWS[0], ROWS[1].replace("2.0", "NaN"), ROWS[2]]}, 6),
        ({"rows": [ROWS[0].replace("1\t", "0\t", 1), *ROWS[1:]]}, 5),
    ],
)
def test_a_damaged_export_is_refused_at_its_line(change, line, tmp_path):
    with pytest.raises(ReadError) as caught:
        read(file_of(tmp_path, **change), reader="relaxis")
    assert caught.value.line == line


def test_spectra_side_by_side_stay_several_and_are_marked_from_description(tmp_path):
    rows = [f"{r}\t{r}" for r in ROWS[:2]] + [ROWS[2]]
    one, two = read(file_of(tmp_path, names=f"{NAMES}\t{NAMES}", rows=rows))
    assert (len(one), len(two)) == (3, 2)
    assert any("from a description" in w for w in two.warnings)


def test_what_is_written_reads_equal(tmp_path, spectrum):
    m = spectrum()
    (again,) = read(write_relaxis(m, tmp_path / "a.txt"))
    np.testing.assert_array_equal(again[Channel.IMPEDANCE], m[Channel.IMPEDANCE])
    assert again.warnings == ()
