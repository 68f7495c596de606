"""Ivium files and the .i2b list."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.core import Channel, InvalidInput, ReadError
from garnetlab.readers import read
from garnetlab.readers.ivium import write_i2b, write_idf

IDF = """Peaks=false
Corrosion=false
Solarcell=false
Method=Impedance
Technique=Constant E
Title=pellet 3
Mconfig=0
2
Data Objects
0
primary_data
3
3
1.00000E+02  -2.00000E+01\t1.00000E+03
1.10000E+02  -3.00000E+01\t1.00000E+02
1.20000E+02  -4.00000E+01\t1.00000E+01
7
osc_data
"""


def file_of(tmp_path, text, name="cell.idf"):
    path = tmp_path / name
    path.write_bytes(text.encode("cp1252"))
    return path


def test_an_idf_file_gives_its_numbers_settings_and_title(tmp_path):
    (m,) = read(file_of(tmp_path, IDF))
    np.testing.assert_array_equal(m[Channel.FREQUENCY], [1000.0, 100.0, 10.0])
    np.testing.assert_array_equal(m[Channel.IMPEDANCE], [100 - 20j, 110 - 30j, 120 - 40j])
    assert m.metadata["title"] == "pellet 3"
    assert m.metadata["technique"] == "Constant E"
    assert m.source.reader == "ivium-idf"
    assert m.source.header["Corrosion"] == "false"


def test_several_data_sets_stay_several_with_their_own_titles(tmp_path):
    one, two = read(file_of(tmp_path, IDF + IDF.replace("pellet 3", "pellet 4"), "cells.ids"))
    assert (one.metadata["title"], two.metadata["title"]) == ("pellet 3", "pellet 4")
    assert (one.source.part, two.source.part) == ("data set 1", "data set 2")


def test_a_data_set_of_another_method_is_left_out_and_told(tmp_path):
    other = IDF.replace("Method=Impedance", "Method=Transients")
    (m,) = read(file_of(tmp_path, other + IDF))
    assert any("'Transients'" in w for w in m.warnings)


@pytest.mark.parametrize(
    ("old", "new", "line", "part"),
    [
        ("Method=Impedance", "Method=Transients", 11, "no impedance"),
        ("3\n3\n", "4\n3\n", 12, "expected 3"),
        ("3\n3\n", "3\n4\n", 17, "expected"),
        ("3\n3\n", "3\n2\n", 16, "more rows than announced"),
        ("3\n3\n", "3\nx\n", 13, "number of rows"),
        ("3\n3\n", "3\n99\n", 18, "rows = 99"),
        ("1.10000E+02", "nan", 15, "'nan'"),
        ("1.00000E+01\n", "0.00000E+00\n", 16, "expected a frequency > 0"),
        ("  -3.00000E+01", "", 15, "2 columns"),
        ("primary_data", "secondary", 18, "no 'primary_data' line"),
    ],
)
def test_a_damaged_idf_file_is_refused_at_its_line(old, new, line, part, tmp_path):
    with pytest.raises(ReadError, match=part) as caught:
        read(file_of(tmp_path, IDF.replace(old, new, 1)), reader="ivium-idf")
    assert caught.value.line == line


def test_a_last_number_that_lost_a_digit_is_told(tmp_path):
    text = IDF[: IDF.index("1.00000E+01") + len("1.00000E+0")]
    (m,) = read(file_of(tmp_path, text))
    assert any("line 16" in w and "may lack digits" in w for w in m.warnings)


def test_an_i2b_list_keeps_its_free_lines(tmp_path):
    text = "a title\nand more\n\n2\n1000.0 100.5 -20.25\n10.0 120.5 -40.25\n"
    (m,) = read(file_of(tmp_path, text, "cell.i2b"))
    np.testing.assert_array_equal(m[Channel.IMPEDANCE], [100.5 - 20.25j, 120.5 - 40.25j])
    assert m.source.header == {"line 1": "a title", "line 2": "and more"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("t\n\n3\n1000.0 100.5 -20.25\n10.0 120.5 -40.25\n", 3),
        ("t\n\n2\n1000.0 100.5 -20.25\n10.0 120.5\n", 5),
        ("t\n\n2\n1000.0 100.5 -20.25\n10.0 120,5 -40.25\n", 5),
    ],
)
def test_a_damaged_i2b_list_is_refused_at_its_line(text, line, tmp_path):
    with pytest.raises(ReadError) as caught:
        read(file_of(tmp_path, text, "cell.i2b"))
    assert caught.value.line == line


def test_what_is_written_reads_equal(tmp_path, spectrum):
    m = spectrum()
    (i2b,) = read(write_i2b(m, tmp_path / "a.i2b"))
    np.testing.assert_array_equal(i2b[Channel.IMPEDANCE], m[Channel.IMPEDANCE])
    (idf,) = read(write_idf([m], tmp_path / "a.idf"))
    # six digits: half a unit of 1.00000
    np.testing.assert_allclose(idf[Channel.IMPEDANCE].real, m[Channel.IMPEDANCE].real, rtol=5e-6)
    np.testing.assert_allclose(idf[Channel.IMPEDANCE].imag, m[Channel.IMPEDANCE].imag, rtol=5e-6)


def test_nothing_to_write_is_an_error(tmp_path):
    with pytest.raises(InvalidInput, match="at least one"):
        write_idf([], tmp_path / "a.idf")
