"""EC-Lab text: against files built here and the real ones."""

from __future__ import annotations

import re

import numpy as np
import pytest

from garnetlab.core import Channel, InvalidInput, Kind, Measurement, ReadError, SimulationSource
from garnetlab.readers import read
from garnetlab.readers.biologic import sniff, write_mpt

READER = "biologic-mpt"
F = np.logspace(5, 0, 29)
Z = 100 + 50 / (1 + 2j * np.pi * F * 50 * 1e-5)
HEADER = (
    "EC-Lab ASCII FILE",
    "Nb header lines : {count}",
    "",
    "Potentio Electrochemical Impedance Spectroscopy",
    "",
    "Acquisition started on : 03/02/2021 16:17:59.500",
    "Device : SP-240 (SN 0200)",
    "Comments : pellet 7",
    "Electrode surface area : {area} cm²",
    f"{'Va (mV)':<20}{'10.0':<20}",
    "",
)


def number(x: float) -> str:
    mantissa, exponent = f"{x:.7E}".split("E")
    return f"{mantissa}E{exponent[0]}{exponent[1:]:0>3}"


def table(titles, rows, *, area="0.001", decimal=".") -> str:
    """Return an EC-Lab text of ``rows`` of numbers under ``titles``."""
    head = "\r\n".join(HEADER).format(count=len(HEADER) + 1, area=area)
    body = ["\t".join(number(x) for x in row).replace(".", decimal) for row in rows]
    return "\r\n".join([head, "\t".join(titles) + "\t", *body]) + "\r\n"


TITLES = ("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm", "time/s", "<Ewe>/V", "<I>/mA", "cycle number")


def sweep(start=0.0, cycle=1.0, potential=3.4):
    return [
        (f, z.real, -z.imag, start + i, potential + 1e-4 * i, 0.02 + 1e-3 * i, cycle)
        for i, (f, z) in enumerate(zip(F, Z, strict=True))
    ]


def direct(start, cycle=1.0, rows=5):
    """Return direct-current rows, as between the spectra of a cycling test: frequency and impedance are 0."""
    return [(0.0, 0.0, 0.0, start + i, 3.5, 1.0, cycle) for i in range(rows)]


@pytest.fixture
def load(tmp_path):
    def read_text(text: str, encoding="cp1252"):
        path = tmp_path / "cell.mpt"
        path.write_bytes(text.encode(encoding))
        return read(path, reader=READER)

    return read_text


def same(found, expected, tolerance=1e-7):
    """Eight digits are printed, so half a unit of the last is at most 5e-8 of a part."""
    return np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


def test_capacitive_arcs_have_a_negative_imaginary_part(load):
    (m,) = load(table(TITLES, sweep()))
    assert same(m[Channel.IMPEDANCE], Z)
    assert m[Channel.IMPEDANCE].imag.max() < 0


def test_a_column_named_without_the_minus_is_taken_as_it_is(load):
    rows = [(f, z.real, z.imag) for f, z in zip(F, Z, strict=True)]
    (m,) = load(table(("freq/Hz", "Re(Z)/Ohm", "Im(Z)/Ohm"), rows))
    assert same(m[Channel.IMPEDANCE], Z)


def test_modulus_and_phase_alone_are_enough(load):
    rows = [(f, abs(z), np.degrees(np.angle(z))) for f, z in zip(F, Z, strict=True)]
    (m,) = load(table(("freq/Hz", "|Z|/Ohm", "Phase(Z)/deg"), rows))
    assert same(m[Channel.IMPEDANCE], Z)


def test_units_in_the_column_names_become_SI(load):
    rows = [(f * 1e-3, z.real * 1e-3, -z.imag * 1e-3, 20.0 + i) for i, (f, z) in enumerate(zip(F, Z, strict=True))]
    (m,) = load(table(("freq/kHz", "Re(Z)/kOhm", "-Im(Z)/kOhm", "<I>/µA"), rows))
    assert same(m[Channel.IMPEDANCE], Z)
    assert same(m[Channel.FREQUENCY], F)
    assert m[Channel.CURRENT][0] == pytest.approx(20e-6, rel=1e-12)


def test_an_impedance_per_area_is_refused(load):
    with pytest.raises(ReadError, match=r"cell\.mpt:12: column = 'Re\(Z\)/Ohm\.cm²': expected a unit like ohm"):
        load(table(("freq/Hz", "Re(Z)/Ohm.cm²", "-Im(Z)/Ohm.cm²"), [(1.0, 2.0, 3.0)]))


def test_decimal_commas_read_as_points(load):
    (comma,), (point,) = load(table(TITLES, sweep(), decimal=",")), load(table(TITLES, sweep()))
    assert np.array_equal(comma[Channel.IMPEDANCE], point[Channel.IMPEDANCE])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_makes_no_difference(load, encoding):
    (m,) = load(table(TITLES, sweep(), area="0.785"), encoding)
    assert same(m[Channel.IMPEDANCE], Z)
    assert m.metadata["area"] == pytest.approx(0.785e-4, rel=1e-12)


def test_three_spectra_of_29_points_stay_three_by_their_cycle_number(load):
    found = load(table(TITLES, [*sweep(0, 1.0), *sweep(100, 2.0), *sweep(200, 3.0)]))
    assert [len(m) for m in found] == [29, 29, 29]
    assert [m.metadata["cycle"] for m in found] == [1.0, 2.0, 3.0]
    assert [m.metadata["started_at"] for m in found] == [0.0, 100.0, 200.0]
    assert [m.source.part for m in found] == [f"spectrum {i} of 3" for i in (1, 2, 3)]


def test_spectra_of_one_cycle_are_split_where_the_frequency_jumps_back(load):
    found = load(table(TITLES[:3], [row[:3] for row in sweep() * 3]))
    assert [len(m) for m in found] == [29, 29, 29]
    assert [m.metadata["place"] for m in found] == [1.0, 2.0, 3.0]


def test_loops_of_one_point_are_told_apart_by_the_header(load):
    text = table(TITLES[:3], [(10.0, 100.0, 5.0)] * 4)
    lines = ["Number of loops : 2", "Loop 0 from point number 0 to 1", "Loop 1 from point number 2 to 3"]
    text = text.replace("Device :", "\r\n".join(lines) + "\r\nDevice :").replace(" : 12\r\n", " : 15\r\n")
    assert [len(m) for m in load(text)] == [2, 2]


def test_spectra_between_cycling_keep_their_place(load):
    rows = [*direct(0), *sweep(10, potential=3.4), *direct(50), *sweep(60, potential=3.8), *direct(99)]
    found = load(table(TITLES, rows))
    assert [len(m) for m in found] == [29, 29]
    assert [m.metadata["place"] for m in found] == [1.0, 2.0]
    assert [m.metadata["started_at"] for m in found] == [10.0, 60.0]
    # the mean of 29 potentials rising by 0.1 mV each
    assert [m.metadata["potential"] for m in found] == pytest.approx([3.4014, 3.8014], abs=1e-6)
    assert "15 rows with frequency 0 are direct-current steps" in found[0].warnings[0]


def test_a_sweep_measured_in_two_sequences_stays_one(load):
    titles = (*TITLES, "Ns")
    (m,) = load(table(titles, [(*row, float(i > 10)) for i, row in enumerate(sweep())]))
    assert len(m) == 29


def test_columns_of_zeros_are_no_channels(load):
    (m,) = load(table(TITLES, [(*row[:3], 0.0, 0.0, 0.0, 1.0) for row in sweep()]))
    assert set(m.channels) == {Channel.FREQUENCY, Channel.IMPEDANCE}
    assert "potential" not in m.metadata


def test_the_metadata_are_SI_and_a_default_area_is_none(load):
    (m,) = load(table(TITLES, sweep()))
    assert m.metadata["amplitude"] == pytest.approx(0.01, rel=1e-12)
    assert m.metadata["started"] == "2021-03-02T16:17:59.500000"
    assert m.metadata["instrument"] == "SP-240 (SN 0200)"
    assert m.metadata["comment"] == "pellet 7"
    assert "area" not in m.metadata
    assert m.source.header["Electrode surface area"] == "0.001 cm²"


def test_dates_in_the_time_column_are_left_out_with_a_warning(load):
    text = table(TITLES, sweep())
    head, _, body = text.partition("cycle number\t\r\n")
    lines = [line.split("\t") for line in body.splitlines()]
    dated = "\r\n".join("\t".join([*c[:3], "03/02/2021 16:18:00.000", *c[4:]]) for c in lines)
    (m,) = load(head + "cycle number\t\r\n" + dated + "\r\n")
    assert Channel.TIME not in m.channels
    assert "holds dates" in m.warnings[0]


def damaged(row: int, cell: int, text: str) -> str:
    lines = table(TITLES, sweep()).split("\r\n")
    cells = lines[12 + row].split("\t")
    cells[cell] = text
    lines[12 + row] = "\t".join(cells)
    return "\r\n".join(lines)


@pytest.mark.parametrize("text", ["NaN", "", "abc", "1,5", "1.5.2", "-1.5E+"])
def test_a_bad_cell_is_refused_with_its_line(load, text):
    with pytest.raises(ReadError, match=rf"cell\.mpt:16: Re\(Z\)/Ohm = {re.escape(repr(text))}: expected a number"):
        load(damaged(3, 1, text))


def test_a_missing_cell_is_refused_with_its_line(load):
    lines = table(TITLES, sweep()).split("\r\n")
    lines[20] = lines[20].rpartition("\t")[0]
    with pytest.raises(ReadError, match=r"cell\.mpt:21: 6 columns: expected 7"):
        load("\r\n".join(lines))


def test_swapped_columns_are_refused_where_the_phase_is_given(load):
    rows = [(f, -z.imag, z.real, abs(z), np.degrees(np.angle(z))) for f, z in zip(F, Z, strict=True)]
    with pytest.raises(ReadError, match=r"cell\.mpt:13: phase"):
        load(table(("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm", "|Z|/Ohm", "Phase(Z)/deg"), rows))


@pytest.mark.parametrize("keep", [-6, -5, -4, -3])
def test_a_number_cut_at_the_end_of_the_file_is_refused(load, keep):
    text = table(TITLES[:3], [row[:3] for row in sweep()])
    with pytest.raises(ReadError, match="cut"):
        load(text[:keep])


def test_a_cut_or_damaged_header_is_refused(load):
    text = table(TITLES, sweep())
    with pytest.raises(ReadError, match=r":2: Nb header lines = 12: the file has 6 lines"):
        load("\r\n".join(text.split("\r\n")[:6]))
    with pytest.raises(ReadError, match=r":2: expected 'Nb header lines : N'"):
        load(text.replace("Nb header lines : 12", "Nb header"))
    with pytest.raises(ReadError, match=r":13: column names = "):
        load(text.replace("Nb header lines : 12", "Nb header lines : 13"))
    with pytest.raises(ReadError, match="none of the 0 rows"):
        load(table(TITLES, []))


def test_logs_settings_and_tables_of_neither_kind_are_refused(load):
    with pytest.raises(ReadError, match="no impedance and no record of time and voltage"):
        load(table(("time/s", "control/V", "I/mA"), [(0.0, 3.4, 0.1)]))
    with pytest.raises(ReadError, match=r":1: an EC-Lab log file .* Read the \.mpr or \.mpt"):
        load("EC-Lab LOG FILE\r\n\r\nGalvanostatic Cycling\r\n")
    with pytest.raises(ReadError, match="settings file"):
        load("EC-LAB SETTING FILE\r\n")


def test_a_table_without_header_is_read(load, tmp_path):
    text = table(TITLES, sweep()).split("\r\n", 11)[-1]
    (m,) = load(text)
    assert same(m[Channel.IMPEDANCE], Z)
    assert sniff(tmp_path / "a.txt", text.encode()) > 0.5


def test_the_content_decides_not_the_suffix(tmp_path):
    assert sniff(tmp_path / "a.txt", b"EC-Lab ASCII FILE\r\nNb header lines : 3\r\n") == 1.0
    assert sniff(tmp_path / "a.mpt", b"frequency,real,imag\n") == 0.0
    assert sniff(tmp_path / "a.mpt", b"") == 0.0


def test_writing_refuses_what_is_no_spectrum(tmp_path):
    other = Measurement(Kind.CYCLING, {Channel.TIME: np.arange(3.0)}, SimulationSource("", None, ""))
    with pytest.raises(InvalidInput, match="expected at least one"):
        write_mpt([], tmp_path / "a.mpt")
    with pytest.raises(InvalidInput, match="expected an impedance spectrum"):
        write_mpt([other], tmp_path / "a.mpt")
    assert list(tmp_path.iterdir()) == []


REAL = {
    "impedance.py__exampleDataBioLogic.mpt": [43],
    "pyimpspec__data.mpt": [29],
    "pyimpspec__data-metadata.mpt": [29],
    "yadg__peis.mpt": [32],
    "yadg__peis.issue_149.mpt": [21, 21, 21, 21],
    "hybrid__PEIS_LPSCl_IonBlocking_-25C.txt": [79],
}


@pytest.mark.parametrize("file", REAL)
def test_a_real_file_gives_its_spectra(data_dir, file):
    found = read(data_dir / "impedance" / file, reader=READER)
    assert [len(m) for m in found] == REAL[file]


def test_a_literal_date_pattern_is_no_date(data_dir):
    (m,) = read(data_dir / "impedance" / "pyimpspec__data.mpt", reader=READER)
    assert "started" not in m.metadata


def test_the_first_point_of_a_real_file_is_the_one_printed(data_dir):
    (m,) = read(data_dir / "impedance" / "hybrid__PEIS_LPSCl_IonBlocking_-25C.txt", reader=READER)
    assert m[Channel.FREQUENCY][0] == 7.0000185e6
    assert m[Channel.IMPEDANCE][0] == 359.24146 - 290.92038j
    assert m.metadata["amplitude"] == pytest.approx(0.0141, rel=1e-12)


def test_a_real_log_is_refused(data_dir):
    with pytest.raises(ReadError, match="log file"):
        read(data_dir / "impedance" / "aurora__PEIS.mpl", reader=READER)
