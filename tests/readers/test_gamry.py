"""Gamry .DTA: against files built here and the real ones."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.core import Channel, ReadError
from garnetlab.readers import read
from garnetlab.readers.gamry import sniff

READER = "gamry-dta"
F = np.logspace(5, 0, 21)
Z = 100 + 50 / (1 + 2j * np.pi * F * 50 * 1e-5)
HEADER = (
    "EXPLAIN",
    "TAG\tEISPOT",
    "TITLE\tLABEL\tPotentiostatic EIS\tTest &Identifier",
    "DATE\tLABEL\t4/23/2018\tDate",
    "TIME\tLABEL\t16:43:15\tTime",
    "NOTES\tNOTES\t1\t&Notes...",
    "\tpellet 7",
    "PSTAT\tPSTAT\tREF3000-34128\tPotentiostat",
    "VAC\tQUANT\t1.00000E+001\tAC &Voltage (mV rms)",
    "AREA\tQUANT\t{area}\t&Area (cm^2)",
    "OCVCURVE\tTABLE\t1",
    "\tPt\tT\tVf\tVm\tAch\tOver\tTemp",
    "\t#\ts\tV vs. Ref.\tV\tV\tbits\tdeg C",
    "\t0\t0.25\t-3.3E-002\t-3.3E-002\t-3.4E-002\t...........\t-327.67",
    "EOC\tQUANT\t-0.2919803\tOpen Circuit (V)",
)
NAMES = ["Pt", "Time", "Freq", "Zreal", "Zimag", "Zsig", "Zmod", "Zphz", "Idc", "Vdc", "IERange"]
UNITS = ["#", "s", "Hz", "ohm", "ohm", "V", "ohm", "°", "A", "V", "#"]


def rows(z=Z):
    for i, (f, one) in enumerate(zip(F, z, strict=True)):
        phase = np.degrees(np.angle(one))
        numbers = (2 + i, f, one.real, one.imag, 1, abs(one), phase, 1e-6 + i * 1e-9, 0.5 + i * 1e-5)
        yield f"\t{i}\t" + "\t".join(f"{x:.7G}" for x in numbers) + "\t8"


def curve(name="ZCURVE", z=Z, names=NAMES, units=UNITS):
    return [f"{name}\tTABLE", "\t" + "\t".join(names), "\t" + "\t".join(units), *rows(z)]


def dta(*parts, area="1.00000E+000") -> str:
    header = [line.format(area=area) for line in HEADER]
    return "\r\n".join([*header, *(line for part in parts for line in part)]) + "\r\n"


@pytest.fixture
def load(tmp_path):
    def read_text(text: str):
        path = tmp_path / "cell.DTA"
        path.write_bytes(text.encode("cp1252"))
        return read(path, reader=READER)

    return read_text


def same(found, expected):
    """Seven digits are printed: 5e-7 of each part at most."""
    return np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()


def test_capacitive_arcs_have_a_negative_imaginary_part(load):
    (m,) = load(dta(curve()))
    assert same(m[Channel.IMPEDANCE], Z)
    assert m[Channel.IMPEDANCE].imag.max() < 0
    assert m.warnings == ()


def test_time_voltage_and_current_are_channels(load):
    (m,) = load(dta(curve()))
    assert np.array_equal(m[Channel.TIME], 2.0 + np.arange(21))
    assert same(m[Channel.VOLTAGE], 0.5 + np.arange(21) * 1e-5)
    assert same(m[Channel.CURRENT], 1e-6 + np.arange(21) * 1e-9)


def test_the_metadata_are_SI_and_an_area_of_one_is_none(load):
    (m,) = load(dta(curve()))
    assert m.metadata["amplitude"] == pytest.approx(0.01, rel=1e-12)
    assert m.metadata["started"] == "2018-04-23T16:43:15"
    assert m.metadata["open_circuit_potential"] == -0.2919803
    assert m.metadata["instrument"] == "REF3000-34128"
    assert "area" not in m.metadata
    assert "pellet 7" in m.source.header["NOTES"]
    (m,) = load(dta(curve(), area="7.85000E-001"))
    assert m.metadata["area"] == pytest.approx(0.785e-4, rel=1e-12)


def test_a_date_that_depends_on_the_country_is_left_out(load):
    (m,) = load(dta(curve()).replace("4/23/2018", "5/11/2016"))
    assert "started" not in m.metadata
    assert m.source.header["DATE"] == "5/11/2016"


def test_decimal_commas_read_as_points(load):
    (point,) = load(dta(curve()))
    (comma,) = load(dta(curve()).replace(".", ","))
    assert np.array_equal(comma[Channel.IMPEDANCE], point[Channel.IMPEDANCE])
    assert np.array_equal(comma[Channel.TIME], point[Channel.TIME])
    assert comma.metadata["amplitude"] == point.metadata["amplitude"]


def test_several_tables_and_several_sweeps_stay_several(load):
    found = load(dta(curve("ZCURVE1"), curve("ZCURVE2", z=2 * Z)))
    assert [len(m) for m in found] == [21, 21]
    assert [m.source.part for m in found] == ["ZCURVE1", "ZCURVE2"]
    assert same(found[1][Channel.IMPEDANCE], 2 * Z)
    found = load(dta([*curve(), *rows(2 * Z)]))
    assert [m.metadata["place"] for m in found] == [1.0, 2.0]
    assert same(found[1][Channel.IMPEDANCE], 2 * Z)


def test_an_aborted_run_is_read_as_far_as_it_went(load):
    lines = curve()[:-7]
    (m,) = load(dta(["EXPERIMENTABORTED\tTOGGLE\tT\tExperiment Aborted"], lines))
    assert len(m) == 14
    assert m.warnings == ("the run was aborted: 14 points of it are here",)
    (m,) = load(dta(["ZCURVE\tTABLE\t21", *lines[1:]]))
    assert m.warnings == ("the run was aborted: 14 of 21 points of it are here",)


def test_an_aborted_run_without_a_point_is_refused(load):
    aborted = ["EXPERIMENTABORTED\tTOGGLE\tT\tExperiment Aborted"]
    with pytest.raises(ReadError, match=r"cell\.DTA:17: the impedance table has no row"):
        load(dta(aborted, curve()[:3]))
    with pytest.raises(ReadError, match="the run was aborted before it"):
        load(dta(aborted))


def test_the_measured_columns_are_read_beside_drift_corrected_ones(load):
    names = [*NAMES[:8], "ZrealDrCor", "ZimagDrCor", *NAMES[8:]]
    units = [*UNITS[:8], "ohm", "ohm", *UNITS[8:]]
    lines = []
    for line, z in zip(rows(), Z, strict=True):
        cells = line.split("\t")
        lines.append("\t".join([*cells[:9], f"{1.1 * z.real:.7G}", f"{1.1 * z.imag:.7G}", *cells[9:]]))
    (m,) = load(dta([*curve(names=names, units=units)[:3], *lines]))
    assert same(m[Channel.IMPEDANCE], Z)
    assert m.warnings == (
        "drift-corrected columns are in the file and differ by up to 10.00%; the measured ones are read",
    )


def test_a_file_of_an_open_circuit_run_up_alone_is_refused(load):
    with pytest.raises(ReadError, match="'EISPOT' with OCVCURVE, without a table ZCURVE or CURVE"):
        load(dta())


def damaged(row: int, cell: int, text: str) -> str:
    lines = curve()
    cells = lines[3 + row].split("\t")
    cells[cell] = text
    lines[3 + row] = "\t".join(cells)
    return dta(lines)


@pytest.mark.parametrize(
    ("cell", "text", "message"),
    [
        (4, "abc", "Zreal = 'abc': expected a number"),
        (5, "NaN", "Zimag = 'NaN': expected a number"),
        (4, "1e999", "Zreal = '1e999': expected a finite number"),
        (3, "0", "frequency = 0: expected a frequency > 0 Hz"),
        (3, "-5", "frequency = -5: expected a frequency > 0 Hz"),
        (4, "1000", r"\|Z\| = .*expected"),
        (8, "44", "phase = 44 deg: expected"),
        (4, "", "10 columns: expected 11"),
    ],
)
def test_a_damaged_cell_is_refused_with_its_line(load, cell, text, message):
    with pytest.raises(ReadError, match=rf"cell\.DTA:22: {message}"):
        load(damaged(3, cell, text))


def test_a_file_cut_inside_a_line_is_refused(load):
    text = dta(curve())
    with pytest.raises(ReadError, match=r"cell\.DTA:39: \d+ columns: expected 11"):
        load(text[:-30])


def test_an_unknown_unit_or_a_missing_column_is_refused(load):
    with pytest.raises(ReadError, match=r"unit of Zreal = 'ohm\.cm2': expected ohm"):
        load(dta(curve(units=[*UNITS[:3], "ohm.cm2", *UNITS[4:]])))
    with pytest.raises(ReadError, match="expected Zimag too"):
        load(dta(curve(names=[*NAMES[:4], "X", *NAMES[5:]])))


def test_the_content_decides_not_the_suffix(tmp_path):
    assert sniff(tmp_path / "a.txt", b"EXPLAIN\r\nTAG\tEISPOT\r\n") == 1.0
    assert sniff(tmp_path / "a.dta", b"freq/Hz\t") == 0.0
    assert sniff(tmp_path / "a.dta", b"") == 0.0


REAL = {"impedance.py__exampleDataGamry.DTA": 72, "pyimpspec__data.dta": 29, "gamry__eispot_data.dta": 10}


@pytest.mark.parametrize("file", REAL)
def test_a_real_file_is_read_whole(data_dir, file):
    (m,) = read(data_dir / "impedance" / file, reader=READER)
    assert len(m) == REAL[file]


def test_a_real_file_with_decimal_commas_keeps_its_digits(data_dir):
    (m,) = read(data_dir / "impedance" / "pyimpspec__data.dta", reader=READER)
    assert m[Channel.IMPEDANCE][0] == 109.00918219439 - 26.5556798765152j
    assert m[Channel.FREQUENCY][-1] == 1.0
