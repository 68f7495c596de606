"""ZPlot .z: against files built here and the real ones."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.core import Channel, ReadError
from garnetlab.readers import read
from garnetlab.readers.zplot import sniff

READER = "zplot"
F = np.logspace(5, 0, 21)
Z = 100 + 50 / (1 + 2j * np.pi * F * 50 * 1e-5)
HEADER = (
    "ZPLOT2 ASCII",
    "  Measured Data, ZPlot:       3.2c",
    "  Experiment Type:            Sweep Frequency, Control Voltage",
    "  Date:                       10-23-2018",
    "  Time:                       12:32:21",
    "  Open Circuit Potential (V): 0.0033",
    "    Surface Area:             {area}",
    "  Data Points:                {count}",
)
NAMES = ["Freq(Hz)", "Ampl", "Bias", "Time(Sec)", "Z'(a)", "Z''(b)", "GD", "Err", "Range"]


def rows(z=Z, separator="\t"):
    for i, (f, one) in enumerate(zip(F, z, strict=True)):
        numbers = (f, 0.01, 0.0, 2.5 + i, one.real, one.imag, 0.0)
        yield separator.join([*(f"{x:.6E}" for x in numbers), "0", "4"])


def zfile(lines=None, *, area="1", count=21, separator="\t", names=NAMES) -> str:
    header = [line.format(area=area, count=count) for line in HEADER]
    body = list(rows(separator=separator)) if lines is None else lines
    return "\n".join([*header, "  " + separator.join(names), "End Comments", *body]) + "\n"


@pytest.fixture
def load(tmp_path):
    def read_text(text: str):
        path = tmp_path / "cell.z"
        path.write_bytes(text.encode())
        return read(path, reader=READER)

    return read_text


def same(found, expected):
    """Seven digits are printed: 5e-7 of each part at most."""
    return np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()


@pytest.mark.parametrize("separator", ["\t", ",", ", ", ";", "  "])
def test_capacitive_arcs_have_a_negative_imaginary_part(load, separator):
    (m,) = load(zfile(separator=separator))
    assert same(m[Channel.IMPEDANCE], Z)
    assert m[Channel.IMPEDANCE].imag.max() < 0
    assert m.warnings == ()


def test_decimal_commas_read_as_points(load):
    (comma,) = load(zfile([line.replace(".", ",") for line in rows()]))
    assert same(comma[Channel.IMPEDANCE], Z)


def test_time_is_a_channel_and_the_metadata_are_SI(load):
    (m,) = load(zfile(area="0.785"))
    assert np.array_equal(m[Channel.TIME], 2.5 + np.arange(21))
    assert m.metadata["amplitude"] == 0.01
    assert m.metadata["area"] == pytest.approx(0.785e-4, rel=1e-12)
    assert m.metadata["started"] == "2018-10-23T12:32:21"
    assert m.metadata["open_circuit_potential"] == 0.0033
    assert "area" not in load(zfile())[0].metadata


def test_several_sweeps_stay_several(load):
    found = load(zfile([*rows(), *rows(2 * Z)], count=42))
    assert [len(m) for m in found] == [21, 21]
    assert [m.metadata["place"] for m in found] == [1.0, 2.0]
    assert same(found[1][Channel.IMPEDANCE], 2 * Z)


def test_an_aborted_run_is_read_as_far_as_it_went(load):
    (m,) = load(zfile(list(rows())[:8]))
    assert len(m) == 8
    assert m.warnings == ("the header announces 21 points, 8 are here: the run was aborted",)


def test_a_file_without_points_or_names_is_refused(load):
    with pytest.raises(ReadError, match=r"cell\.z:9: no line of numbers"):
        load(zfile([]))
    with pytest.raises(ReadError, match="expected a line of column names"):
        load("ZPLOT2 ASCII\n1\t2\t3\n")
    with pytest.raises(ReadError, match=r"cell\.z:9: .*expected Z''\(b\) too"):
        load(zfile(names=[*NAMES[:5], "M''", *NAMES[6:]]))


@pytest.mark.parametrize(
    ("cell", "text", "message"),
    [
        (4, "abc", r"Z'\(a\) = 'abc': expected a number"),
        (5, "nan", r"Z''\(b\) = 'nan': expected a number"),
        (0, "0", "frequency = 0: expected a frequency > 0 Hz"),
        (0, "-5", "frequency = -5: expected a frequency > 0 Hz"),
        (4, "1e40", "expected .Z. from"),
    ],
)
def test_a_damaged_cell_is_refused_with_its_line(load, cell, text, message):
    lines = list(rows())
    cells = lines[3].split("\t")
    cells[cell] = text
    lines[3] = "\t".join(cells)
    with pytest.raises(ReadError, match=rf"cell\.z:14: .*{message}"):
        load(zfile(lines))


def test_a_file_cut_inside_a_line_is_refused(load):
    with pytest.raises(ReadError, match=r"cell\.z:31: \d columns: expected 9"):
        load(zfile()[:-30])


def test_the_content_decides_not_the_suffix(tmp_path):
    assert sniff(tmp_path / "a.txt", b"ZPLOT2 ASCII\n") == 1.0
    assert sniff(tmp_path / "a.z", b"freq/Hz\t") == 0.0
    assert sniff(tmp_path / "a.z", b"") == 0.0


REAL = {
    "impedance.py__Circuit1_EIS_1.z": 48,
    "impedance.py__Circuit1_EIS_2.z": 48,
    "impedance.py__Circuit2_EIS_1.z": 56,
    "impedance.py__Circuit3_EIS_1.z": 53,
    "impedance.py__exampleDataZPlot.z": 21,
    "pyimpspec__data.z": 29,
}


@pytest.mark.parametrize("file", REAL)
def test_a_real_file_is_read_whole(data_dir, file):
    (m,) = read(data_dir / "impedance" / file, reader=READER)
    assert len(m) == REAL[file]


def test_a_real_aborted_file_says_so(data_dir):
    (m,) = read(data_dir / "impedance" / "impedance.py__exampleDataZPlot.z", reader=READER)
    assert m.warnings == ("the header announces 56 points, 21 are here: the run was aborted",)


def test_the_first_point_of_a_real_file_is_the_one_printed(data_dir):
    (m,) = read(data_dir / "impedance" / "impedance.py__Circuit3_EIS_1.z", reader=READER)
    assert m[Channel.FREQUENCY][0] == 150000.0
    assert m[Channel.IMPEDANCE][0] == 1493.7 + 10.377j
