"""All 45 real files of cyclers and of direct-current experiments: read right, or refused with one clear line.

The numbers come from the files, not from the readers: lines below the column names counted with wc and awk in text files,
records as galvani 0.6 and fastnda 1.3 count them in binary ones, rows as openpyxl and DuckDB show them, records as
mdb-export 1.0 prints them. Where rows stand twice or the last is cut, the difference is given.
"""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from garnetlab.core import Channel, Kind, ReadError
from garnetlab.readers import ReadOptions, read

CYCLING, SWEEP, DIRECT = Kind.CYCLING, Kind.VOLTAMMETRY, Kind.DC_POLARISATION
#: file -> (reader, kind, rows)
READ = {
    "NewareNDA__123456789012_Unit27_Example_Data_File.ndax": ("neware", CYCLING, 301),
    "NewareNDA__TESTCELL0001-Test_Data_Collection_Ndc17.ndax": ("neware", CYCLING, 80),
    "NewareNDA__TestFile.nda": ("neware", CYCLING, 6670 - 1),
    "NewareNDA__new_nda_file.nda": ("neware", CYCLING, 439),
    "Novel__Data_Figure_3bc_PHJ_13_201.csv": ("generic-cycling", CYCLING, 57820 - 3),
    "PyProBE__Sample_data_biologic_timestamped.txt": ("biologic-mpt", CYCLING, 8),
    "PyProBE__sample_data_arbin.csv": ("arbin", CYCLING, 13),
    "PyProBE__sample_data_basytec.txt": ("basytec", CYCLING, 74),
    "PyProBE__sample_data_novonix.csv": ("novonix", CYCLING, 207),
    "battery__MB-1.mpr": ("biologic-mpr", CYCLING, 13),
    "battery__SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv": ("land", CYCLING, 25162),
    "cellpy__maccor_two.txt": ("maccor", CYCLING, 214 - 1),  # the last line is cut
    "cellpy__neware_uio.csv": ("neware-csv", CYCLING, 9065),
    "datalab__jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr": ("biologic-mpr", CYCLING, 46102),
    "fastnda__nda_v22.nda.zip": ("neware", CYCLING, 1380),
    "fastnda__nda_v22.parquet": ("parquet", CYCLING, 1380),
    "fastnda__nw4-120-1-6-53.ndax": ("neware", CYCLING, 18700),
    "fastnda__nw4-120-1-6-53.parquet": ("parquet", CYCLING, 18700),
    "navani__bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx": ("cycler-workbook", CYCLING, 4526),
    "yadg__gcpl.issue_149.mpr": ("biologic-mpr", CYCLING, 132),
    "yadg__gcpl.issue_149.mpt": ("biologic-mpt", CYCLING, 132),
    "yadg__gcpl.issue_211.mpr": ("biologic-mpr", CYCLING, 2767),
    "yadg__mb.issue_95.mpr": ("biologic-mpr", CYCLING, 33),
    "yadg__mb.issue_95.mpt": ("biologic-mpt", CYCLING, 33),
    "article_MAHE_2__Fig_1_a_black.csv": ("generic-cycling", SWEEP, 1000),
    "article_MAHE_2__Fig_2_a_black_solid.csv": ("generic-cycling", SWEEP, 1000),
    "gamry__chronoa_data.dta": ("gamry-dta", DIRECT, 10),
    "gamry__cv_data.dta": ("gamry-dta", SWEEP, 50),
    "gamry__ocp_data.dta": ("gamry-dta", CYCLING, 21),
    "hybrid__CP_SSB.mpr": ("biologic-mpr", DIRECT, 30208),
    "ixdat__Pt_poly_cv_CUT.mpt": ("biologic-mpt", SWEEP, 223),
    "yadg__ca.mpr": ("biologic-mpr", DIRECT, 721),
    "yadg__ca.mpt": ("biologic-mpt", DIRECT, 721),
    "yadg__cp.mpr": ("biologic-mpr", DIRECT, 121),
    "yadg__cp.mpt": ("biologic-mpt", DIRECT, 121),
    "yadg__cv.mpr": ("biologic-mpr", SWEEP, 5103),
    "yadg__lsv.mpr": ("biologic-mpr", SWEEP, 1186),
    "yadg__lsv.mpt": ("biologic-mpt", SWEEP, 1186),
}
#: file -> rows; read where the program mdb-export is installed, refused elsewhere
DATABASES = {"cellpy__20160805_test001_45_cc_01.res": 10261, "navani__arbin_example.res": 2150}
#: file -> (line, part of the message)
REFUSED = {
    "DegradationMod__HAIDI18650_Cathode_Delithiation_0C05.mat": (None, "no reader knows this file (it begins b'MATLAB"),
    "DegradationMod__HAIDI18650_Cathode_Lithiation_0C05.mat": (None, "no reader knows this file (it begins b'MATLAB"),
    "DegradationMod__README_AdditionalCitationsNecessary.txt": (1, "no line of this file holds three numbers"),
    "Novel__Dataset_Figure_1b.csv": (1, "no line of this file holds three numbers"),
    "PyProBE__sample_data_maccor.csv": (3, "column = 'Current' states no unit"),
}
#: file -> row, time [s], voltage [V], current [A], as the file prints them, in the units of its columns
POINTS = {
    "PyProBE__sample_data_arbin.csv": (-1, 301.214, 3.599601, 2.650138),
    "PyProBE__sample_data_basytec.txt": (-1, 70.2358036666668, 3.53285012323902, 0.449601734416934),
    "PyProBE__sample_data_novonix.csv": (1, 0.0003556 * 3600, 3.85240349, 0.49989602),
    "PyProBE__Sample_data_biologic_timestamped.txt": (1, 6.464, 4.1518364, 0.44993811),
    "cellpy__neware_uio.csv": (-1, (144 * 60 + 2) * 60 + 18, 0.4251, 0.00099171),
    "cellpy__maccor_two.txt": (-1, 212 * 60.0, 0.1490, 0.0),
    "gamry__chronoa_data.dta": (1, 30.0, 4.99669e-1, 1.40441e-8),
    "gamry__cv_data.dta": (10, 120.2, 8.97987e-1, 6.57772e-7),
    "gamry__ocp_data.dta": (0, 5.00833, 2.05436e-2, 0.0),
    "article_MAHE_2__Fig_1_a_black.csv": (1, 1.28, 0.495375, -1.26e-7),
    "ixdat__Pt_poly_cv_CUT.mpt": (0, 3.289600104471901, 0.87869531, -2.604324994466466e-6),
    "navani__bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx": (0, 1.001, 2.637298583984375, 0.0),
}
MAIN = (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT)
NEEDS = {".mpr": "galvani", ".nda": "fastnda", ".ndax": "fastnda", ".zip": "fastnda"}


def path_of(data_dir, name):
    path = next(p for p in (data_dir / "cycling" / name, data_dir / "voltammetry_dc" / name) if p.is_file())
    if path.suffix in NEEDS:
        pytest.importorskip(NEEDS[path.suffix])
    return path


def test_the_tables_cover_all_45_files(data_dir):
    there = {p.name for folder in ("cycling", "voltammetry_dc") for p in (data_dir / folder).iterdir()}
    assert len(READ) + len(DATABASES) + len(REFUSED) == 45
    assert there == READ.keys() | DATABASES.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", READ)
def test_each_file_is_read_by_its_reader_with_the_rows_it_holds(name, data_dir):
    reader, kind, rows = READ[name]
    (found,) = read(path_of(data_dir, name))
    assert (found.source.reader, found.kind, len(found)) == (reader, kind, rows)
    assert (np.diff(found[Channel.TIME]) >= 0).all()
    assert all(np.isfinite(a).all() for a in found.channels.values())


@pytest.mark.parametrize("name", REFUSED)
def test_each_other_file_is_refused_in_one_line(name, data_dir):
    line, part = REFUSED[name]
    with pytest.raises(ReadError) as caught:
        read(path_of(data_dir, name))
    assert caught.value.line == line
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", DATABASES)
def test_an_arbin_database_is_read_through_mdb_export_or_refused_by_its_name(name, data_dir):
    path = path_of(data_dir, name)
    if shutil.which("mdb-export") is None:
        with pytest.raises(ReadError, match=r"mdb-export .* not installed\. Install mdbtools"):
            read(path)
        return
    (found,) = read(path)
    assert (found.source.reader, len(found)) == ("arbin-res", DATABASES[name])


@pytest.mark.parametrize("name", POINTS)
def test_a_row_equals_what_the_file_prints(name, data_dir):
    row, *expected = POINTS[name]
    (m,) = read(path_of(data_dir, name))
    # one rounding where a prefix is taken off (mA, h)
    assert [m[c][row] for c in MAIN] == pytest.approx(expected, rel=4e-16, abs=0)


# the same measurement in two formats ----------------------------------------------------------------------------------
EIGHT = 6e-8  # text of eight digits: half a unit of the last, against 1.0... at worst, of a single-precision number
PAIRS = ["yadg__gcpl.issue_149", "yadg__mb.issue_95", "yadg__ca", "yadg__cp", "yadg__lsv"]


@pytest.mark.parametrize("name", PAIRS)
def test_binary_and_text_of_ec_lab_agree_to_the_digits_written(name, data_dir):
    (binary,), (text,) = (read(path_of(data_dir, f"{name}{suffix}")) for suffix in (".mpr", ".mpt"))
    assert binary.kind is text.kind
    assert binary.metadata["started"] == text.metadata["started"]
    np.testing.assert_allclose(binary[Channel.TIME], text[Channel.TIME], rtol=1e-15)  # 16 digits
    np.testing.assert_allclose(binary[Channel.VOLTAGE], text[Channel.VOLTAGE], rtol=EIGHT)
    # what flows in a row is a difference of charges of 16 digits over 0.4 ms at least: 1e-15 of 10 mAh over that
    np.testing.assert_allclose(binary[Channel.CURRENT], text[Channel.CURRENT], rtol=EIGHT, atol=1e-13)
    for channel in (Channel.STEP, Channel.CYCLE):
        if channel in text.channels:
            assert np.array_equal(binary[channel], text[channel])
    np.testing.assert_allclose(binary[Channel.CHARGE], text[Channel.CHARGE], rtol=EIGHT, atol=1e-18)


def test_the_current_from_charge_is_the_one_that_ec_lab_prints(data_dir):
    (binary,), (text,) = (read(path_of(data_dir, f"yadg__gcpl.issue_149{s}")) for s in (".mpr", ".mpt"))
    assert any("charge passed in each row" in w for w in binary.warnings)
    assert not text.warnings
    np.testing.assert_allclose(binary[Channel.CURRENT], text[Channel.CURRENT], rtol=1e-12, atol=1e-19)


@pytest.mark.parametrize(
    ("binary", "table", "charges"),
    [
        # single precision (6e-8) of at most 0.6 C in each of 480 steps
        ("fastnda__nw4-120-1-6-53.ndax", "fastnda__nw4-120-1-6-53.parquet", 480 * 0.6 * 6e-8),
        # whole mA s, cut, in each of 3 steps
        ("fastnda__nda_v22.nda.zip", "fastnda__nda_v22.parquet", 3e-3),
    ],
)
def test_neware_records_and_the_table_of_its_program_agree_to_the_digits_written(binary, table, charges, data_dir):
    (a,), (b,) = (read(path_of(data_dir, name)) for name in (binary, table))
    assert np.array_equal(a[Channel.TIME], b[Channel.TIME])
    assert np.array_equal(a[Channel.CYCLE], b[Channel.CYCLE])
    assert np.array_equal(a[Channel.STEP], b[Channel.STEP])
    # the program rounds voltages to 0.1 mV and currents to 1 uA; single precision of 5 V and 10 mA adds 3e-7 and 1e-9
    np.testing.assert_allclose(a[Channel.VOLTAGE], b[Channel.VOLTAGE], rtol=0, atol=0.5e-4 + 5e-7)
    np.testing.assert_allclose(a[Channel.CURRENT], b[Channel.CURRENT], rtol=0, atol=0.5e-6 + 1e-9)
    np.testing.assert_allclose(a[Channel.CHARGE], b[Channel.CHARGE], rtol=0, atol=charges)


# what the files leave open ---------------------------------------------------------------------------------------------
def test_the_unit_of_a_maccor_current_comes_from_the_user(data_dir):
    path = path_of(data_dir, "PyProBE__sample_data_maccor.csv")
    (m,) = read(path, options=ReadOptions(current_unit="mA"))
    assert m[Channel.CURRENT][-1] == pytest.approx(28.798e-3)
    assert m[Channel.CHARGE][-1] == pytest.approx(0.024 * 3.6)  # printed 0.024
    assert any("no sign in the file: taken from the step of the voltage" in w for w in m.warnings)
    assert m.metadata["started"] == "2023-11-23T15:56:08"


def test_a_maccor_time_without_unit_is_decided_by_its_dates(data_dir):
    (m,) = read(path_of(data_dir, "cellpy__maccor_two.txt"))
    assert "column 'TestTime' states no unit: minutes, as the dates beside it show" in m.warnings
    assert "line 229, the last, has 9 of 28 columns: it is left out" in m.warnings
    assert "started" not in m.metadata  # 06/05/2021 could be May or June


def test_a_curve_of_voltage_alone_has_no_current(data_dir):
    (m,) = read(path_of(data_dir, "Novel__Data_Figure_3bc_PHJ_13_201.csv"))
    assert set(m.channels) == {Channel.TIME, Channel.VOLTAGE}
    assert m[Channel.TIME][-1] == pytest.approx(699.98249 * 3600, rel=1e-15)
    assert any("no current" in w for w in m.warnings)


def test_columns_without_units_are_told_with_what_their_ratio_shows(data_dir):
    (m,) = read(path_of(data_dir, "article_MAHE_2__Fig_1_a_black.csv"))
    assert "no unit at t, E, I: taken as s, V, A" in m.warnings
    assert any("if in uA/cm^2, 1.1 cm^2" in w for w in m.warnings)
    assert "area" not in m.metadata


def test_a_gamry_open_circuit_has_current_0_and_no_impossible_temperature(data_dir):
    (m,) = read(path_of(data_dir, "gamry__ocp_data.dta"))
    assert not m[Channel.CURRENT].any()
    assert Channel.TEMPERATURE not in m.channels
    assert any("at or below 0 K" in w for w in m.warnings)


def test_gamry_curves_are_the_cycles_of_one_sweep(data_dir):
    (m,) = read(path_of(data_dir, "gamry__cv_data.dta"))
    assert np.array_equal(m[Channel.CYCLE], np.repeat(np.arange(1.0, 6.0), 10))


def test_the_area_that_somebody_entered_is_kept(data_dir):
    assert read(path_of(data_dir, "yadg__ca.mpt"))[0].metadata["area"] == pytest.approx(1.131e-4)
    assert "area" not in read(path_of(data_dir, "yadg__lsv.mpt"))[0].metadata  # 0.001 cm2: nobody did


def test_the_counted_charge_is_the_integral_of_the_current_in_every_file(data_dir):
    for name, (_, kind, _) in READ.items():
        if kind is not CYCLING or name.endswith((".mpr", ".nda", ".ndax", ".zip")):
            continue
        (m,) = read(path_of(data_dir, name))
        if Channel.CHARGE in m.channels and m[Channel.CURRENT].any():
            t, i, q = (m[c] for c in (Channel.TIME, Channel.CURRENT, Channel.CHARGE))
            upper = np.diff(t) * np.maximum(i[1:], i[:-1])
            lower = np.diff(t) * np.minimum(i[1:], i[:-1])
            # between two rows the current lies between theirs; Landt rounds 0.25 mA to 0.0002 or 0.0003 A
            slack = 0.3 if "Landt" in name else 0.02
            width = slack * np.abs(np.diff(t) * i[1:]).sum()
            assert lower.sum() - width <= q[-1] - q[0] <= upper.sum() + width, name
