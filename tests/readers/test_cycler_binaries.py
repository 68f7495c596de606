"""Binary records and workbooks of cyclers: "neware", "arbin-res", "land-cex", "cycler-workbook", and LAND's text forms."""

from __future__ import annotations

import struct
import sys
import zipfile
import zlib

import numpy as np
import pytest

from garnetlab.core import Channel, InvalidInput, Measurement, MissingExtra, ReadError
from garnetlab.readers import ReadOptions, read
from garnetlab.readers.cycler_workbook import write_land_workbook
from garnetlab.readers.land import write_land_text
from garnetlab.readers.land_cex import write_cex

MAIN = (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT)


@pytest.fixture
def build(builders, spectrum, tmp_path):
    """Return a maker of a reader's generated file."""

    def made(reader, rows=16, place=0):
        file, builder = builders[reader][place]
        builder(spectrum(rows), tmp_path / file)
        return tmp_path / file

    return made


# Neware ----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def fastnda():
    return pytest.importorskip("fastnda", reason="the extra 'neware' is not installed")


@pytest.mark.usefixtures("fastnda")
@pytest.mark.parametrize("name", ["cell.nda", "cell.dat", "cell.nda.zip"])
def test_a_neware_record_is_read_whatever_its_name_and_from_a_zip(name, build, cycling, tmp_path):
    data = build("neware").read_bytes()
    path = tmp_path / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("cell.nda", data)
    else:
        path.write_bytes(data)
    (found,) = read(path)
    m = cycling(16)
    assert found.source.reader == "neware"
    assert len(found) == 16
    np.testing.assert_allclose(found[Channel.VOLTAGE], m[Channel.VOLTAGE], atol=5.1e-5, rtol=6e-8)
    np.testing.assert_allclose(found[Channel.CURRENT], m[Channel.CURRENT], rtol=1e-6)
    # half cycles of four rows: the counter begins anew, so 3 of 4 intervals of 600 s count in each
    assert found[Channel.CHARGE][3] == pytest.approx(3 * 600 * 1.57e-4, rel=1e-6)
    assert found[Channel.CHARGE][7] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.usefixtures("fastnda")
def test_a_neware_record_of_an_unknown_version_is_refused(build, tmp_path):
    data = bytearray(build("neware").read_bytes())
    data[14] = 250
    path = tmp_path / "cell.nda"
    path.write_bytes(bytes(data))
    with pytest.raises(ReadError, match=r"version .*Export it as csv"):
        read(path)


@pytest.mark.usefixtures("fastnda")
def test_a_damaged_real_ndax_gives_an_error_in_one_line_or_finite_numbers(data_dir, tmp_path):
    whole = (data_dir / "cycling" / "NewareNDA__TESTCELL0001-Test_Data_Collection_Ndc17.ndax").read_bytes()
    rng = np.random.default_rng(11)
    path = tmp_path / "cell.ndax"
    outcomes = set()
    for trial in range(60):
        data = bytearray(whole)
        place = int(rng.integers(30, len(data) - 8))
        data[place : place + 4] = rng.bytes(4)
        path.write_bytes(bytes(data[: -int(rng.integers(1, 3000))]) if trial % 4 == 0 else bytes(data))
        try:
            (found,) = read(path, reader="neware")
        except ReadError as error:
            outcomes.add("refused")
            assert "\n" not in str(error)
        else:
            outcomes.add("read")
            assert all(np.isfinite(a).all() for a in found.channels.values())
    assert outcomes == {"refused", "read"}


@pytest.mark.usefixtures("fastnda")
def test_reading_a_neware_record_leaves_the_decompressor_of_the_process_as_it_was(build):
    before = zlib.decompress, zlib.decompressobj
    read(build("neware"))
    assert (zlib.decompress, zlib.decompressobj) == before


def test_without_fastnda_the_error_says_what_to_install(build, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastnda", None)
    path = build("neware")
    with pytest.raises(MissingExtra, match=r"pip install 'garnetlab\[neware\]'"):
        read(path, reader="neware")


# Arbin -----------------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("mdb_export")
def test_the_records_of_an_arbin_database_are_put_in_order(build, cycling):
    path = build("arbin-res")
    lines = path.read_bytes().split(b"\n")
    first = lines.index(next(x for x in lines if x.startswith(b"1,1,")))
    lines[first], lines[first + 5] = lines[first + 5], lines[first]
    path.write_bytes(b"\n".join(lines))
    (found,) = read(path)
    m = cycling(16)
    assert found.metadata["started"] == "2023-07-24T18:50:00"  # day 45131.784722
    assert found.metadata["sample"] == "cell"
    for channel in MAIN:
        np.testing.assert_allclose(found[channel], m[channel], rtol=5.1e-8)


@pytest.mark.usefixtures("mdb_export")
def test_tests_of_one_arbin_database_stay_several(build):
    path = build("arbin-res")
    data = path.read_bytes()
    rows = [x for x in data.split(b"\n") if x.startswith(b"1,") and x.count(b",") == 7]
    more = b"\n".join(b"2" + x[1:] for x in rows)
    path.write_bytes(data.replace(b"@Global_Table", more + b"\n@Global_Table"))
    found = read(path)
    assert [m.source.part for m in found] == ["test 1", "test 2"]
    assert [len(m) for m in found] == [16, 16]


@pytest.mark.usefixtures("mdb_export")
def test_a_damaged_arbin_database_is_refused_by_what_is_wrong(build):
    path = build("arbin-res")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"@end", b"@cut"))
    with pytest.raises(ReadError, match="does not appear to be an Access database"):
        read(path)
    path.write_bytes(data.replace(b"1,3,", b"1,x,"))
    with pytest.raises(ReadError, match="Data_Point = 'x' in record 3: expected a number"):
        read(path)


def test_without_mdb_export_the_error_says_what_to_install(build, monkeypatch):
    path = build("arbin-res")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ReadError, match=r"Install mdbtools"):
        read(path)


# LAND: text and workbooks from description -----------------------------------------------------------------------------
FORMS = [("table", False), ("table", True), ("chinese", False), ("chinese", True), ("maccor", False)]


@pytest.mark.parametrize(("form", "headings"), FORMS)
def test_a_text_form_of_land_reads_back_to_the_digits_written_and_says_from_description(
    form, headings, cycling, tmp_path
):
    m = cycling(24)
    (found,) = read(write_land_text(m, tmp_path / "cell.txt", form=form, headings=headings))
    assert found.source.reader == "land"
    np.testing.assert_allclose(found[Channel.TIME], m[Channel.TIME], atol=5.1e-4)
    np.testing.assert_allclose(found[Channel.VOLTAGE], m[Channel.VOLTAGE], atol=5.1e-7)
    np.testing.assert_allclose(found[Channel.CURRENT], m[Channel.CURRENT], rtol=1e-11)
    assert any("from description" in w for w in found.warnings)
    assert found.source.header["reader written"] == "from description"
    assert any("15 lines between the rows are headings" in w for w in found.warnings) == headings


@pytest.mark.parametrize("form", ["table", "record-tab", "micro"])
def test_a_workbook_form_of_land_reads_back_whole(form, cycling, tmp_path):
    m = cycling(24)
    (found,) = read(write_land_workbook(m, tmp_path / "cell.xlsx", form=form))
    assert found.source.reader == "cycler-workbook"
    assert any("from description" in w for w in found.warnings)
    np.testing.assert_allclose(found[Channel.TIME], m[Channel.TIME], atol=5.1e-4)
    for channel in MAIN[1:]:
        np.testing.assert_allclose(found[channel], m[channel], rtol=4e-16)


def test_a_state_of_land_gives_the_direction_where_currents_have_no_sign(cycling, tmp_path):
    m = cycling(24)
    path = write_land_text(m, tmp_path / "cell.txt")
    path.write_text(path.read_text().replace("\t-0.157\t", "\t0.157\t"))
    (found,) = read(path)
    np.testing.assert_allclose(found[Channel.CURRENT], m[Channel.CURRENT], rtol=1e-11)
    assert any("taken from the column 'State'" in w for w in found.warnings)


def book_of(path, sheets, hidden=()):
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if name in hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


ARBIN = ("Date_Time", "Test_Time(s)", "Step_Index", "Cycle_Index", "Voltage(V)", "Current(A)")


def arbin_rows(start, rows=3):
    return [("x", start + i, 1, 1, 3.0 + i, 1e-3) for i in range(rows)]


def test_continued_sheets_of_one_channel_are_joined_and_channels_stay_several(tmp_path):
    sheets = {
        "Channel_1_1": [ARBIN, *arbin_rows(0)],
        "Channel_1_2": [ARBIN, *arbin_rows(3)],
        "Channel_2_1": [ARBIN, *arbin_rows(0)],
    }
    found = read(book_of(tmp_path / "cell.xlsx", sheets))
    assert [len(m) for m in found] == [6, 3]
    assert [m.source.part for m in found] == ["Channel_1_1", "Channel_2_1"]


def test_a_record_sheet_goes_on_without_names(tmp_path):
    names = ("TestTime/Sec", "StepTime", "Current/mA", "Voltage/V", "StepNo", "StepStatus")
    rows = [(float(i), float(i), 0.1, 3.0 + i, 1, "C_CC") for i in range(6)]
    (m,) = read(book_of(tmp_path / "cell.xlsx", {"Record": [names, *rows[:3]], "Record2": rows[3:]}))
    assert m[Channel.TIME].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert m[Channel.CURRENT][0] == pytest.approx(1e-4)


def test_hidden_and_other_sheets_of_a_cycler_s_workbook_are_left_out_and_told(tmp_path):
    sheets = {"info": [("Operator", "me")], "Channel_1": [ARBIN, *arbin_rows(0)], "old": [ARBIN, *arbin_rows(0)]}
    (m,) = read(book_of(tmp_path / "cell.xlsx", sheets, hidden=("old",)))
    assert "sheet 'info' holds no table of records: left out" in m.warnings
    assert "sheet 'old' is hidden: left out" in m.warnings


@pytest.mark.parametrize(
    ("rows", "line", "part"),
    [
        ([ARBIN], 1, "sheet 'Channel_1': no row beneath the column names"),
        ([ARBIN, *arbin_rows(0), ("x", "soon", 1, 1, 3, 1)], 5, "Test_Time(s) = 'soon'"),
        ([ARBIN, *arbin_rows(5), *arbin_rows(0)], 5, "time = 0 s: expected at least 7 s"),
    ],
)
def test_a_wrong_row_of_a_workbook_is_refused_with_sheet_and_row(rows, line, part, tmp_path):
    path = book_of(tmp_path / "cell.xlsx", {"Channel_1": rows})
    with pytest.raises(ReadError) as caught:
        read(path, reader="cycler-workbook")
    assert caught.value.line == line
    assert part in str(caught.value)


def test_a_spectrum_in_a_workbook_stays_with_the_reader_of_spectra(tmp_path):
    names = ("time/s", "voltage/V", "current/A", "frequency/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm")
    rows = [(i, 3.0, 0.0, 10.0 ** (5 - i), 10.0 + i, 1.0 + i) for i in range(6)]
    (m,) = read(book_of(tmp_path / "cell.xlsx", {"a": [names, *rows]}))
    assert m.source.reader == "generic-workbook"


# .cex ------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def cell(cycling):
    """Return a test with voltages above 0."""
    m = cycling(24)
    return Measurement(m.kind, {**m.channels, Channel.VOLTAGE: 3.0 + m[Channel.VOLTAGE]}, m.source, m.metadata)


@pytest.mark.parametrize(("volts", "amps"), [(0.155e-3, 0.31e-6), (0.1e-3, 3.1e-8)])
def test_a_cex_file_shows_the_sizes_of_its_counts(volts, amps, cell, tmp_path):
    (found,) = read(write_cex(cell, tmp_path / "a.cex", voltage_step=volts, current_step=amps))
    # half a count; the sizes are told to five digits
    np.testing.assert_allclose(found[Channel.VOLTAGE], cell[Channel.VOLTAGE], atol=0.51 * volts, rtol=1e-5)
    np.testing.assert_allclose(found[Channel.CURRENT], cell[Channel.CURRENT], atol=0.51 * amps, rtol=1e-5)
    assert any(f"voltage_step = {volts:.5g}" in w for w in found.warnings)
    assert any("experiment, written from description" in w for w in found.warnings)
    # 3 of 4 intervals of each half cycle of whole counts
    charge = 3 * 600 * round(1.57e-4 / amps) * amps
    assert found[Channel.CHARGE][3] == pytest.approx(charge, rel=1e-6)
    assert found[Channel.CHARGE][7] == pytest.approx(0.0, abs=1e-6 * charge)


def test_a_size_that_contradicts_the_charge_is_refused(cell, tmp_path):
    path = write_cex(cell, tmp_path / "a.cex")
    read(path, options=ReadOptions(voltage_step=0.155e-3, current_step=0.31e-6))
    with pytest.raises(ReadError, match=r"current_step = 3\.1e-05: charge and energy in the file show 3\.1e-07"):
        read(path, options=ReadOptions(current_step=0.31e-4))
    with pytest.raises(ReadError, match=r"voltage_step = 0\.000310?: charge and energy in the file show 0\.000155"):
        read(path, options=ReadOptions(voltage_step=0.31e-3))


def test_a_rest_alone_asks_for_the_size_by_the_name_of_its_option(cell, tmp_path):
    rest = Measurement(cell.kind, {**cell.channels, Channel.CURRENT: np.zeros(24)}, cell.source, cell.metadata)
    path = write_cex(rest, tmp_path / "a.cex")
    with pytest.raises(ReadError, match=r"voltage_step: no charge passes .* ReadOptions\(voltage_step=\.\.\.\)"):
        read(path)
    (found,) = read(path, options=ReadOptions(voltage_step=0.155e-3))
    np.testing.assert_allclose(found[Channel.VOLTAGE], cell[Channel.VOLTAGE], atol=0.51 * 0.155e-3)
    assert any("is not checked" in w for w in found.warnings)


@pytest.mark.parametrize(
    ("damage", "part"),
    [
        (lambda d: b"\x00" + d[1:], "no reader knows this file"),
        (lambda d: d[:40], "expected a header of 64"),
        (lambda d: d[:9] + b"\x07" + d[10:], "checksum of the header"),
        (lambda d: d[:-3], "the last record is not whole"),
        (lambda d: d[:0x60] + b"\x00" + d[0x61:], "has no end"),
    ],
)
def test_a_damaged_cex_file_is_refused(damage, part, cell, tmp_path):
    path = write_cex(cell, tmp_path / "a.cex")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ReadError, match=part):
        read(path)


def test_the_layout_of_a_written_cex_file_is_the_published_one(cell, tmp_path):
    data = write_cex(cell, tmp_path / "a.cex").read_bytes()
    assert data[:4] == bytes.fromhex("10110988")
    assert int.from_bytes(data[0x3C:0x40], "little") == sum(struct.unpack("<30H", data[:0x3C]))
    assert data[0x40:0x44] == bytes.fromhex("aaaaffff")
    step = data.index(bytes.fromhex("cdccffff2200"))
    assert data[step + 8] == 3  # a charge at constant current
    assert struct.unpack_from("<IHh", data, step + 16) == (50, 19760, 506)  # 0.5 s, 3.0628 V, 0.157 mA


def test_a_voltage_below_0_does_not_fit_a_cex_file(cycling, tmp_path):
    with pytest.raises(InvalidInput, match="expected counts of 0 to 65535"):
        write_cex(cycling(24), tmp_path / "a.cex")
