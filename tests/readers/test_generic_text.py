"""Text of any origin: delimiters, decimal marks, names, units, signs, sweeps, damage."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.core import Channel, InvalidInput, Kind, Measurement, ReadError, SimulationSource
from garnetlab.readers import read
from garnetlab.readers._evidence import cosine, frequency_column, parts_swapped, too_steep
from garnetlab.readers.generic_text import sniff, write_csv
from garnetlab.readers.generic_text._spectrum import DECISIVE

F = np.array([1e5, 1e4, 1e3, 1e2, 1e1, 1.0])
Z = np.array([10.5 - 1j, 12.25 - 4j, 20.5 - 10.5j, 35.5 - 12.25j, 44.5 - 8.5j, 48.5 - 14.5j])
NAMES = ("freq/Hz", "Re(Z)/Ohm", "Im(Z)/Ohm")


def table(columns, names=NAMES, delimiter=",", decimal=".", above=()):
    """Return a table as text; ``names`` may be None."""
    rows = [delimiter.join(repr(float(x)).replace(".", decimal) for x in row) for row in zip(*columns, strict=True)]
    head = [delimiter.join(names)] if names else []
    return "\n".join([*above, *head, *rows]) + "\n"


PLAIN = table((F, Z.real, Z.imag))


def read_text(tmp_path, text, name="cell.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return read(path, reader="generic-text")


def assert_spectrum(m, f=F, z=Z, rtol=1e-14):
    """1e-14: two roundings (a factor, a root or an exponential) of 1.1e-16 each, and those of the reference."""
    np.testing.assert_allclose(m[Channel.FREQUENCY], f, rtol=rtol)
    np.testing.assert_allclose(m[Channel.IMPEDANCE], z, rtol=rtol)


@pytest.mark.parametrize("delimiter", ["\t", ";", ",", "|", " ", "   ", ", ", " ; "])
@pytest.mark.parametrize("decimal", [".", ","])
def test_every_delimiter_and_decimal_mark_reads_equal_or_is_refused(delimiter, decimal, tmp_path):
    text = table((F, Z.real, Z.imag), delimiter=delimiter, decimal=decimal)
    if "," in delimiter and decimal == ",":
        with pytest.raises(ReadError, match="cannot be matched"):
            read_text(tmp_path, text)
    elif delimiter == "|" and decimal == ",":
        with pytest.raises(ReadError):
            read_text(tmp_path, text)
    else:
        assert_spectrum(read_text(tmp_path, text)[0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_read_equal(encoding, end, tmp_path):
    assert_spectrum(read_text(tmp_path, PLAIN.replace("\n", end), encoding=encoding)[0])


#: names -> (columns in the file's own numbers)
POLAR = (F, np.abs(Z), np.degrees(np.angle(Z)))
SPELLINGS = {
    ("Frequency", "Z'", "Z''"): (F, Z.real, Z.imag),
    ("f / Hz", "Z' / Ω", "-Z'' / Ω"): (F, Z.real, -Z.imag),
    ("freq", "Zre", "-Zim"): (F, Z.real, -Z.imag),
    ("Frequency (kHz)", "Z real (kOhm)", "Z imag (kOhm)"): (F / 1e3, Z.real / 1e3, Z.imag / 1e3),
    ("Freq.[MHz]", "Zs'[mohm]", "Zs''[mohm]"): (F / 1e6, Z.real * 1e3, Z.imag * 1e3),
    ("Freq (mHz)", "Re(Z)", "−Im(Z)"): (F * 1e3, Z.real, -Z.imag),
    ("omega (rad/s)", "Z′ (Ohm)", "Z″ (Ohm)"): (F * 2 * np.pi, Z.real, Z.imag),
    ("log(f/Hz)", "real", "imaginary"): (np.log10(F), Z.real, Z.imag),
    ("frequency_Hz", "Z_real_ohm", "neg. Zimag"): (F, Z.real, -Z.imag),
    ("f", "|Z|", "phase/deg"): POLAR,
    ("f", "|Z|", "-phase (°)"): (F, np.abs(Z), -np.degrees(np.angle(Z))),
    ("Frequency;", "Zmod (MOhm)", "Zphz (rad)"): (F, np.abs(Z) / 1e6, np.angle(Z)),
    ("log10(freq)", "log|Z|", "theta/deg"): (np.log10(F), np.log10(np.abs(Z)), np.degrees(np.angle(Z))),
    ("频率", "实部", "虚部"): (F, Z.real, Z.imag),
    ("Frequenz", "Realteil", "Imaginärteil"): (F, Z.real, Z.imag),
    ('"Freq"', '"Z\'"', "\"Z''\""): (F, Z.real, Z.imag),
    ("Freq/Hz", "Z'/ohm", 'Z"/ohm'): (F, Z.real, Z.imag),
}


@pytest.mark.parametrize("names", SPELLINGS)
def test_names_are_understood_in_their_common_spellings(names, tmp_path):
    text = table(SPELLINGS[names], names=[n.rstrip(";") for n in names], delimiter="\t")
    # 1e-11: the logarithm of 1e5 is rounded to 1e-15 of 5, times ln 10 in the exponent: 2e-14; and phases at 1e-14
    assert_spectrum(read_text(tmp_path, text)[0], rtol=1e-12)


def test_names_with_blanks_over_columns_of_another_delimiter_are_matched(tmp_path):
    head = "\"  Freq (Hz)    Ampl     Z'(a)    Z''(b)\""
    text = head + "\n" + table((F, 0 * F, Z.real, Z.imag), names=None)
    assert_spectrum(read_text(tmp_path, text)[0])


def test_a_line_of_units_beneath_the_names_counts(tmp_path):
    names = "f,Z',Z''\nkHz,kOhm,kOhm"
    (m,) = read_text(tmp_path, names + "\n" + table((F / 1e3, Z.real / 1e3, Z.imag / 1e3), names=None))
    assert_spectrum(m)
    assert m.warnings == ()


def test_units_that_are_absent_are_told(tmp_path):
    (m,) = read_text(tmp_path, table((F, Z.real, Z.imag), names=("f", "Z'", "Z''")))
    assert m.warnings == ("no unit at f, Z', Z'': taken as Hz and ohm",)


@pytest.mark.parametrize("unit", ["Ohm.cm2", "Ω cm²", "kohm*cm^2", "ohm cm"])
def test_ohm_times_an_area_or_length_is_refused_with_what_it_means(unit, tmp_path):
    text = table((F, Z.real, Z.imag), names=("freq/Hz", f"Z' ({unit})", f"Z'' ({unit})"))
    with pytest.raises(ReadError, match="divide them by the geometry") as caught:
        read_text(tmp_path, text)
    assert caught.value.line == 1


def test_comments_titles_and_blank_lines_above_the_table_are_header(tmp_path):
    above = ("# made by hand", "Sample: pellet 7", "Temperature = 60 °C", "Thickness [mm]: 1.5", "")
    (m,) = read_text(tmp_path, table((F, Z.real, Z.imag), above=above))
    assert_spectrum(m)
    assert m.source.header["Sample"] == "pellet 7"
    assert m.metadata["temperature"] == pytest.approx(333.15)
    assert m.metadata["thickness"] == pytest.approx(1.5e-3)


def test_si_prefixes_at_numbers_are_read(tmp_path):
    (m,) = read_text(tmp_path, "f;Z';Z''\n1.5M;10.5;-1\n20k;12m;-4u\n100;2.5;-500m\n")
    np.testing.assert_array_equal(m[Channel.FREQUENCY], [1.5e6, 2e4, 100])
    np.testing.assert_array_equal(m[Channel.IMPEDANCE], [10.5 - 1j, 0.012 - 4e-6j, 2.5 - 0.5j])


def test_three_columns_without_names_are_frequency_real_imaginary_and_told(tmp_path):
    (m,) = read_text(tmp_path, table((F, Z.real, Z.imag), names=None))
    assert_spectrum(m)
    assert m.warnings == ("no column names: read as frequency [Hz], Z' [ohm], Z'' [ohm]",)


def test_the_frequency_is_found_by_evidence_where_it_stands_last(tmp_path):
    (m,) = read_text(tmp_path, table((Z.real, Z.imag, F), names=None, delimiter=" "))
    assert_spectrum(m)


def test_four_columns_without_names_are_refused(tmp_path):
    with pytest.raises(ReadError, match="4 columns without names"):
        read_text(tmp_path, table((F, Z.real, Z.imag, Z.imag), names=None))


def test_angles_in_even_steps_are_no_frequencies(tmp_path):
    angle = np.arange(5.0, 90.0, 0.5)
    text = table((angle, 100 + angle, np.sqrt(100 + angle)), names=None, delimiter=" ")
    with pytest.raises(ReadError, match="no column rises or falls steadily"):
        read_text(tmp_path, text, "pattern.xye")


def test_an_imaginary_part_without_minus_in_its_name_is_turned_by_evidence_and_told(tmp_path):
    (m,) = read_text(tmp_path, table((F, Z.real, -Z.imag), names=NAMES))
    assert_spectrum(m)
    assert any("read as the negative" in w for w in m.warnings)
    (m,) = read_text(tmp_path, table((F, Z.real, -Z.imag), names=None))
    assert_spectrum(m)
    assert any("read as the negative" in w for w in m.warnings)


def test_a_phase_without_minus_in_its_name_is_turned_by_evidence_and_told(tmp_path):
    (m,) = read_text(tmp_path, table((F, np.abs(Z), -np.degrees(np.angle(Z))), names=("f/Hz", "|Z|/ohm", "phase/deg")))
    assert_spectrum(m, rtol=1e-13)
    assert any("read as the negative" in w for w in m.warnings)


def test_an_inductor_keeps_its_sign(tmp_path):
    z = 0.5 + 2j * np.pi * F * 1e-5
    (m,) = read_text(tmp_path, table((F, z.real, z.imag), names=NAMES))
    assert_spectrum(m, z=z)


def test_a_noisy_resistor_with_mixed_signs_keeps_the_files_sign(tmp_path):
    z = np.array([100.1 + 0.1j, 99.9 + 0.1j, 100.2 - 0.1j, 99.8 + 0.2j, 100 + 0.1j, 100.1 - 0.1j])
    (m,) = read_text(tmp_path, table((F, z.real, z.imag), names=NAMES))
    assert_spectrum(m, z=z)
    assert any("the evidence is mixed: kept as in the file" in w for w in m.warnings)


def test_a_name_with_minus_wins_over_evidence_or_is_refused(tmp_path):
    text = table((F, Z.real, Z.imag), names=("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"))
    with pytest.raises(ReadError, match="turned round"):
        read_text(tmp_path, text)


def random_cell(rng):
    """Return a spectrum of two arcs, a CPE and an inductor with 1 % noise, 1 MHz to 0.01 Hz."""
    f = np.geomspace(1e6, 1e-2, 60)
    s = 2j * np.pi * f
    r = rng.uniform(10, 500, 3)
    tau = 10 ** rng.uniform(-6, 0, 2)
    z = r[0] + sum(r[k + 1] / (1 + (s * tau[k]) ** rng.uniform(0.65, 1)) for k in range(2))
    z = z + 1 / (10 ** rng.uniform(-5, -2) * s ** rng.uniform(0.5, 1)) + s * 10 ** rng.uniform(-9, -6)
    return f, z * (1 + 0.01 * (rng.standard_normal(60) + 1j * rng.standard_normal(60)))


def test_the_evidence_decides_the_sign_of_all_500_random_cells():
    rng = np.random.default_rng(3)
    cells = [random_cell(rng) for _ in range(500)]
    assert min(cosine(f, z) for f, z in cells) > DECISIVE
    assert max(cosine(f, np.conj(z)) for f, z in cells) < -DECISIVE
    assert not any(too_steep(f, z) for f, z in cells)


def test_the_evidence_does_not_decide_about_noise():
    rng = np.random.default_rng(4)
    f = np.geomspace(1e6, 1e-2, 60)
    noise = [100 + rng.standard_normal(60) + 1j * rng.standard_normal(60) for _ in range(200)]
    # the cosine of two independent vectors of 59 numbers, each mean of neighbours, has std 0.13; 0.5 is 3.8 of them
    assert max(abs(cosine(f, z)) for z in noise) < DECISIVE


def test_the_frequency_is_the_column_of_even_steps():
    f, z = random_cell(np.random.default_rng(5))
    assert frequency_column([f, z.real, z.imag]) == 0
    assert frequency_column([np.sort(z.real)[::-1] - z.real.min() + 1, f, z.imag]) == 1
    assert frequency_column([z.imag, z.real * 0 + 1, z.imag]) is None


def test_swapped_frequency_and_real_part_stand_in_the_warnings(tmp_path):
    f, z = random_cell(np.random.default_rng(6))
    (m, *_) = read_text(tmp_path, table((np.sort(z.real), f[::-1], z.imag[::-1]), names=NAMES))
    assert any("columns swapped" in w for w in m.warnings)


def test_several_sweeps_in_one_table_stay_several(tmp_path):
    one, two = read_text(tmp_path, table((np.tile(F, 2), np.tile(Z.real, 2), np.tile(Z.imag, 2))))
    assert_spectrum(one)
    assert_spectrum(two)
    assert (one.source.part, two.source.part) == ("sweep 1", "sweep 2")


def test_tables_beneath_each_other_stay_several(tmp_path):
    one, two = read_text(tmp_path, "first\n" + PLAIN + "\nsecond\n" + PLAIN)
    assert_spectrum(one)
    assert_spectrum(two)
    assert two.source.part == "table 2"


def test_spectra_side_by_side_stay_several(tmp_path):
    text = table((F, Z.real, Z.imag, F, 2 * Z.real, 2 * Z.imag), names=NAMES * 2)
    one, two = read_text(tmp_path, text)
    assert_spectrum(one)
    assert_spectrum(two, z=2 * Z)
    one, two = read_text(tmp_path, table((F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag), names=NAMES + NAMES[1:]))
    assert_spectrum(two, z=2 * Z)


def test_one_quantity_in_two_columns_is_refused(tmp_path):
    with pytest.raises(ReadError, match="one quantity stands in several columns"):
        read_text(tmp_path, table((F, Z.real, Z.real, Z.imag), names=("f/Hz", "Z'/ohm", "Zre/ohm", "Z''/ohm")))


def test_duplicate_frequencies_are_kept_and_told(tmp_path):
    f = np.repeat(F, 2)
    (m,) = read_text(tmp_path, table((f, np.repeat(Z.real, 2), np.repeat(Z.imag, 2))))
    assert len(m) == 12
    assert any("more than once" in w for w in m.warnings)


LINES = PLAIN.splitlines()


@pytest.mark.parametrize(
    ("line", "text", "part"),
    [
        (3, "10000.0,NaN,-4.0", "'NaN'"),
        (3, "10000.0,inf,-4.0", "'inf'"),
        (3, "10000.0,,-4.0", "nothing under"),
        (3, "10000.0,12.25", "nothing under"),
        (3, "10000.0,12,25,-4,0", "5 columns: expected 3"),
        (3, "0.0,12.25,-4.0", "expected a frequency > 0"),
        (3, "-1.0,12.25,-4.0", "expected a frequency > 0"),
        (2, "NaN,NaN,NaN", "'NaN'"),
        (2, "a,b,c", "expected units or numbers"),
        (5, "the operator left", "expected a row of numbers"),
        (4, "1000.0,0.0,0.0", r"\|Z\| > 0"),
        (4, "1000.0,1e999,0.0", "finite"),
    ],
)
def test_a_damaged_row_is_refused_at_its_line(line, text, part, tmp_path):
    lines = [*LINES[: line - 1], text, *LINES[line:]]
    with pytest.raises(ReadError, match=part) as caught:
        read_text(tmp_path, "\n".join(lines) + "\n")
    assert caught.value.line == line


def test_a_footer_is_left_out_and_told(tmp_path):
    (m,) = read_text(tmp_path, PLAIN + "measured by hand\n")
    assert_spectrum(m)
    assert any("after the last row is left out" in w for w in m.warnings)


def test_a_modulus_beside_the_parts_finds_swapped_or_damaged_columns(tmp_path):
    columns = (F, Z.real, Z.imag, np.abs(Z))
    names = (*NAMES, "|Z|/Ohm")
    assert_spectrum(read_text(tmp_path, table(columns, names=names))[0])
    with pytest.raises(ReadError, match="columns are swapped"):
        read_text(tmp_path, table((F, np.abs(Z), Z.imag, Z.real), names=names))


def test_a_last_number_that_may_have_lost_digits_is_told(tmp_path):
    (m,) = read_text(tmp_path, PLAIN[:-3])
    assert any("no line end" in w for w in m.warnings)
    fixed = "\n".join([",".join(NAMES), *(f"{f:.3e},{z.real:.3e},{z.imag:.3e}" for f, z in zip(F, Z, strict=True))])
    assert read_text(tmp_path, fixed)[0].warnings == ()
    assert any("no line end" in w for w in read_text(tmp_path, fixed[:-1])[0].warnings)


def test_a_file_that_announces_its_rows_must_hold_them(tmp_path):
    head = '"Z60W Data File: Version 1.1"\n""\n{}\n"  Freq (Hz)    Z\'(a)    Z\'\'(b)"\n'
    rows = table((F, Z.real, Z.imag), names=None)
    assert_spectrum(read_text(tmp_path, head.format(6) + rows)[0])
    with pytest.raises(ReadError, match="rows = 7: the file holds 6"):
        read_text(tmp_path, head.format(7) + rows)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Dear reader,\nno numbers here\n", "no line of this file holds three numbers"),
        ("time/s,voltage/V,current/A\n1,2,3\n2,3,4\n3,4,5\n4,5,6\n", "expected a frequency"),
        ("f,x,y\n1,2,3\n2,3,4\n", "expected a frequency"),
        ("frequency,impedance\n1,2\n2,3\n", "three numbers"),
        ("freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm\n", "three numbers"),
        ("f,Z'\n1,2,3\n", "expected a frequency|cannot be matched"),
    ],
)
def test_text_without_a_table_of_impedance_is_refused_in_one_line(text, part, tmp_path):
    with pytest.raises(ReadError, match=part) as caught:
        read_text(tmp_path, text)
    assert caught.value.line == 1
    assert "\n" not in str(caught.value)


def test_sniff_knows_text_tables_from_other_files(tmp_path):
    path = tmp_path / "x.csv"
    assert sniff(path, PLAIN.encode()) == 0.3
    assert sniff(tmp_path / "x.odd", PLAIN.encode()) == 0.2
    assert sniff(path, b"prose without numbers") == 0.05
    assert sniff(path, bytes(range(256))) == 0.0
    assert sniff(path, b"") == 0.0


def test_what_is_written_reads_equal_without_a_warning(tmp_path, spectrum):
    m = spectrum()
    (again,) = read(write_csv(m, tmp_path / "a.csv"))
    np.testing.assert_array_equal(again[Channel.IMPEDANCE], m[Channel.IMPEDANCE])
    np.testing.assert_array_equal(again[Channel.FREQUENCY], m[Channel.FREQUENCY])
    assert again.warnings == ()
    assert (tmp_path / "a.csv").read_text().startswith("frequency/Hz,Re(Z)/Ohm,-Im(Z)/Ohm\n")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_only_impedance_is_written_and_only_into_a_folder(tmp_path, spectrum):
    other = Measurement(Kind.CYCLING, {Channel.TIME: [1.0]}, SimulationSource("", 0, "none"))
    with pytest.raises(InvalidInput, match="cycling"):
        write_csv(other, tmp_path / "a.csv")
    with pytest.raises(InvalidInput, match="cannot be written"):
        write_csv(spectrum(), tmp_path / "no folder" / "a.csv")


def test_exchanged_parts_are_seen_and_right_ones_not():
    rng = np.random.default_rng(8)
    cells = [random_cell(rng) for _ in range(500)]
    assert not any(parts_swapped(f, z) for f, z in cells)
    seen = sum(parts_swapped(f, -z.imag - 1j * z.real) for f, z in cells)
    assert seen >= 0.98 * 500  # a cell whose phase stays near -45 degrees is its own mirror image
