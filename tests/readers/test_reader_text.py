"""Bytes to text, text to numbers, dates."""

from __future__ import annotations

import pytest

from garnetlab.core import InvalidInput, ReadError
from garnetlab.readers._dates import iso_datetime
from garnetlab.readers._text import (
    decode,
    guess_decimal,
    is_binary,
    is_cut,
    parse_number,
    parse_row,
    read_lines,
    split_lines,
    write_text,
)

TEXT = "freq/Hz\tµF °C\r\n1\t2\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_text_of_any_usual_encoding_reads_the_same(encoding):
    assert decode(TEXT.encode(encoding)) == TEXT


def test_bytes_of_no_encoding_are_no_number():
    assert not decode(b"\x81\x8d").isascii()
    with pytest.raises(ValueError, match="expected a number"):
        parse_number(decode(b"1.\x815"))


def test_control_characters_are_binary_and_utf16_is_not():
    assert is_binary(b"\x00\x00\xff\xff\xff\xfe\x00")
    assert not is_binary(TEXT.encode("utf-16-le"))


def test_only_line_ends_end_a_line():
    assert split_lines("a\r\nb\rc\nd\x0be\x85f\n") == ["a", "b", "c", "d\x0be\x85f"]


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [("1.5", ".", 1.5), (" -1,5E+003 ", ",", -1500.0), ("7", ",", 7.0), (".5", ".", 0.5), ("5.", ".", 5.0)],
)
def test_a_number_is_read_with_its_decimal_mark(text, decimal, value):
    assert parse_number(text, decimal) == value


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e999", "1_000", "1,5", "1.2.3", "0x10", "1 2", "--1", "1e", "٣"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        parse_number(text)


@pytest.mark.parametrize("text", ["1.234,5", "1.5"])
def test_a_point_is_no_decimal_comma(text):
    with pytest.raises(ValueError, match="','"):
        parse_number(text, ",")


def test_the_decimal_mark_that_reads_more_numbers_is_taken():
    assert guess_decimal(["1,5", "2", "3,25"]) == ","
    assert guess_decimal(["1.5", "2", "x"]) == "."
    assert guess_decimal(["1", "2"]) == "."


def test_a_bad_cell_names_path_line_and_column(tmp_path):
    with pytest.raises(ReadError, match=r"f\.z:7: Z' = 'abc': expected a number"):
        parse_row(tmp_path / "f.z", 7, ["f", "Z'"], ["1", "abc"], wanted=[0, 1])
    with pytest.raises(ReadError, match=r"f\.z:7: 1 columns: expected 2, with \"Z'\""):
        parse_row(tmp_path / "f.z", 7, ["f", "Z'"], ["1"], wanted=[0, 1])


def test_a_shortened_exponent_is_a_cut_number():
    assert is_cut("1.5E+0", "-2.5E+003")
    assert is_cut("1.5", "-2.5E+003")
    assert not is_cut("1.5E+003", "-2.5E-001")
    assert not is_cut("1.5", "2.25")


def test_a_file_without_text_is_refused(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\r\n \r\n")
    with pytest.raises(ReadError, match="no text"):
        read_lines(tmp_path / "a.txt")
    with pytest.raises(ReadError, match="Check the path"):
        read_lines(tmp_path / "absent.txt")


def test_a_text_is_written_whole_and_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "a.z"
    target.write_text("old")
    write_text(target, "new\n", "ascii")
    assert [p.name for p in tmp_path.iterdir()] == ["a.z"]
    assert target.read_text() == "new\n"


def test_a_text_that_cannot_take_its_place_leaves_nothing_behind(tmp_path):
    (tmp_path / "a.z").mkdir()
    with pytest.raises(InvalidInput, match="cannot be written"):
        write_text(tmp_path / "a.z", "x", "ascii")
    assert [p.name for p in tmp_path.iterdir()] == ["a.z"]


def test_a_folder_that_is_not_there_is_an_error_of_one_line(tmp_path):
    with pytest.raises(InvalidInput, match="cannot be written"):
        write_text(tmp_path / "absent" / "a.z", "x", "ascii")


@pytest.mark.parametrize(
    ("date", "time", "order", "iso"),
    [
        ("4/23/2018", "16:43:15", "", "2018-04-23T16:43:15"),
        ("23.04.2018", "", "", "2018-04-23"),
        ("02/04/2018 10:02:46", "", "mdy", "2018-02-04T10:02:46"),
        ("03/02/2021 16:17:59.500", "", "mdy", "2021-03-02T16:17:59.500000"),
        ("2018-04-23", "16:43", "", "2018-04-23T16:43:00"),
        ("16.07.24", "", "dmy", "2024-07-16"),
        ("25/04/2018", "", "mdy", "2018-04-25"),
        ("01-01-2022", "", "", "2022-01-01"),
    ],
)
def test_a_date_becomes_iso_text(date, time, order, iso):
    assert iso_datetime(date, time, order=order) == iso


@pytest.mark.parametrize(
    "date", ["5/11/2016", "DD/MM/YYYY HH:MM:SS", "", "31/31/2020", "30.02.2020", "1/1/2020 25:61:00"]
)
def test_what_is_no_date_or_could_be_two_is_left_out(date):
    assert iso_datetime(date) == ""
