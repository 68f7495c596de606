"""Workbooks: sheets, headers anywhere, numbers as text, damage."""

from __future__ import annotations

import numpy as np
import pytest
from openpyxl import Workbook

from garnetlab.core import Channel, InvalidInput, ReadError
from garnetlab.readers import read
from garnetlab.readers.generic_workbook import sniff, write_workbook

F = (1e5, 1e4, 1e3, 1e2, 1e1, 1.0)
Z = (10.5 - 1j, 12.25 - 4j, 20.5 - 10.5j, 35.5 - 12.25j, 44.5 - 8.5j, 48.5 - 14.5j)
NAMES = ("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm")
ROWS = [(f, z.real, -z.imag) for f, z in zip(F, Z, strict=True)]


def book_of(tmp_path, *sheets, hidden=(), name="cell.xlsx"):
    """Save a workbook of ``sheets``, each a list of rows, and return its path."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"S{number}")
        for row in rows:
            sheet.append(row)
        if number in hidden:
            sheet.sheet_state = "hidden"
    path = tmp_path / name
    book.save(path)
    return path


def assert_spectrum(m):
    np.testing.assert_array_equal(m[Channel.FREQUENCY], F)
    np.testing.assert_array_equal(m[Channel.IMPEDANCE], Z)


def test_a_sheet_with_names_in_its_first_row_is_read(tmp_path):
    (m,) = read(book_of(tmp_path, [NAMES, *ROWS]))
    assert_spectrum(m)
    assert m.source.reader == "generic-workbook"
    assert m.source.part == "sheet S1"
    assert m.warnings == ()


def test_names_below_and_right_of_other_cells_are_found(tmp_path):
    rows = [
        ["Sample: pellet 3"],
        [],
        [None, None, "Temperature = 60 °C"],
        [None, "x", *NAMES, "remark"],
        [None, None, *ROWS[0], "first"],
        *([None, None, *row] for row in ROWS[1:]),
        [],
        [None, None, None, None, None, "measured by hand"],
    ]
    (m,) = read(book_of(tmp_path, rows))
    assert_spectrum(m)
    assert m.metadata["temperature"] == pytest.approx(333.15)
    assert m.source.header["Sample"] == "pellet 3"


def test_every_sheet_gives_its_spectrum_and_others_are_told(tmp_path):
    notes = [["notes"], ["no numbers here"]]
    found = read(book_of(tmp_path, [NAMES, *ROWS], notes, [NAMES, *ROWS], [NAMES, *ROWS], hidden=(4,)))
    assert [m.source.part for m in found] == ["sheet S1", "sheet S3"]
    for m in found:
        assert_spectrum(m)
        assert m.warnings == (
            "sheet 'S2' holds no table of numbers: left out",
            "sheet 'S4' is hidden: left out",
        )


def test_numbers_stored_as_text_are_read_and_told(tmp_path):
    rows = [tuple(str(x) for x in ROWS[0]), tuple(str(x).replace(".", ",") for x in ROWS[1]), *ROWS[2:]]
    (m,) = read(book_of(tmp_path, [NAMES, *rows]))
    assert_spectrum(m)
    assert any("6 numbers are stored as text (first '100000.0' in row 2)" in w for w in m.warnings)


def test_a_sheet_without_names_is_read_by_evidence_and_told(tmp_path):
    (m,) = read(book_of(tmp_path, [(f, z.real, z.imag) for f, z in zip(F, Z, strict=True)]))
    assert_spectrum(m)
    assert m.warnings[0].startswith("no column names")


def test_spectra_of_different_length_side_by_side_stay_several(tmp_path):
    rows = [(*row, *(row if i < 4 else ())) for i, row in enumerate(ROWS)]
    one, two = read(book_of(tmp_path, [NAMES * 2, *rows]))
    assert (len(one), len(two)) == (6, 4)


@pytest.mark.parametrize(
    ("row", "cells", "part"),
    [
        (3, (1e4, "abc", 4.0), "'abc'"),
        (3, (1e4, None, 4.0), "nothing under"),
        (3, (0.0, 12.25, 4.0), "expected a frequency > 0"),
        (3, (1e4, "NaN", 4.0), "'NaN'"),
        (4, (1e3, 0, 0), r"\|Z\| > 0"),
    ],
)
def test_a_damaged_row_is_refused_with_its_row(row, cells, part, tmp_path):
    rows = [NAMES, *ROWS]
    rows[row - 1] = cells
    with pytest.raises(ReadError, match=part) as caught:
        read(book_of(tmp_path, rows))
    assert caught.value.line == row


def test_a_workbook_without_impedance_is_refused_with_sheet_and_names(tmp_path):
    with pytest.raises(ReadError, match="sheet 'S1': columns = t, U, I"):
        read(book_of(tmp_path, [("t", "U", "I"), (1, 2, 3), (2, 3, 4)]))
    with pytest.raises(ReadError, match="no sheet holds a table"):
        read(book_of(tmp_path, [("a", "b")]))


def test_a_cut_or_foreign_container_is_refused_in_one_line(tmp_path):
    path = book_of(tmp_path, [NAMES, *ROWS])
    data = path.read_bytes()
    for damaged in (
        data[: len(data) // 2],
        b"PK\x03\x04" + bytes(200),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    ):
        path.write_bytes(damaged)
        with pytest.raises(ReadError, match="cannot be opened") as caught:
            read(path, reader="generic-workbook")
        assert "\n" not in str(caught.value)


def test_sniff_leaves_other_zip_files_alone(tmp_path):
    assert sniff(tmp_path / "a.rasx", b"PK\x03\x04 Data0/Profile0.txt") == 0.0
    assert sniff(tmp_path / "a.txt", b"freq/Hz,") == 0.0
    assert sniff(tmp_path / "a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") == 0.8


def test_what_is_written_reads_equal(tmp_path, spectrum):
    one, two = spectrum(seed=1), spectrum(seed=2)
    found = read(write_workbook([one, two], tmp_path / "a.xlsx"))
    for m, again in zip((one, two), found, strict=True):
        # a workbook stores 16 digits: half a unit of 1.000..., and the rounding back
        np.testing.assert_allclose(again[Channel.IMPEDANCE].real, m[Channel.IMPEDANCE].real, rtol=5e-16 + 2.3e-16)
        np.testing.assert_allclose(again[Channel.IMPEDANCE].imag, m[Channel.IMPEDANCE].imag, rtol=5e-16 + 2.3e-16)
    assert [p.name for p in tmp_path.iterdir()] == ["a.xlsx"]
    with pytest.raises(InvalidInput, match="at least one"):
        write_workbook([], tmp_path / "b.xlsx")
