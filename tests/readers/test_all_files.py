"""All 51 real impedance files: read right, or refused with one clear line.

The numbers come from the files, not from the readers: rows of numbers counted with awk and a three-line script in the text
files (blocks told apart where the frequency jumps back), the count in bytes 6 to 12 of the .ism files, the data module as
galvani 0.6 reads it for .mpr, the sheets as openpyxl shows them.
"""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.core import Channel, Kind, ReadError
from garnetlab.readers import read

#: file -> (reader, points of each spectrum)
READ = {
    "EISFitpython__CSV_Example.csv": ("generic-text", [50]),
    "EISFitpython__Example2a.txt": ("generic-text", [51]),
    "EISFitpython__Example2b.txt": ("generic-text", [50]),
    "EISFitpython__Example_noheader.txt": ("generic-text", [42]),
    "EISFitpython__s04147-140deg.txt": ("generic-text", [42]),
    "EISFitpython__s04147-160deg.txt": ("generic-text", [42]),
    "EISFitpython__s04147-180deg.txt": ("generic-text", [41]),
    "EISFitpython__s04147-200deg.txt": ("generic-text", [40]),
    "Thales__EIS.csv": ("generic-text", [25]),
    "Zahner__000_mvdc.ism": ("zahner-ism", [38]),
    "Zahner__025_mvdc.ism": ("zahner-ism", [38]),
    "Zahner__050_mvdc.ism": ("zahner-ism", [38]),
    "Zahner__075_mvdc.ism": ("zahner-ism", [38]),
    "Zahner__100_mvdc.ism": ("zahner-ism", [38]),
    "Zahner__200_mvdc.ism": ("zahner-ism", [38]),
    "Zahner__300_mvdc.ism": ("zahner-ism", [38]),
    "Zahner__ZHIT.ism": ("zahner-ism", [40]),
    "Zahner__li-ion-battery.ism": ("zahner-ism", [128]),
    "Zahner__rc-data.ism": ("zahner-ism", [75]),
    "aurora__PEIS.mpr": ("biologic-mpr", [61, 61, 61, 61]),
    "gamry__eispot_data.dta": ("gamry-dta", [10]),
    "hybrid__PEIS_LPSCl_IonBlocking_-25C.mpr": ("biologic-mpr", [79]),
    "hybrid__PEIS_LPSCl_IonBlocking_-25C.txt": ("biologic-mpt", [79]),
    "hybrid__PEIS_LPSCl_IonBlocking_-25C_RelaxIS.txt": ("relaxis", [79]),
    "hybrid__SSB_Sample1_PEIS_EndOfDischarge.mpr": ("biologic-mpr", [86]),
    "impedance.py__Circuit1_EIS_1.z": ("zplot", [48]),
    "impedance.py__Circuit1_EIS_2.z": ("zplot", [48]),
    "impedance.py__Circuit2_EIS_1.z": ("zplot", [56]),
    "impedance.py__Circuit3_EIS_1.z": ("zplot", [53]),
    "impedance.py__exampleData.csv": ("generic-text", [66]),
    "impedance.py__exampleDataAutolab.txt": ("generic-text", [41]),
    "impedance.py__exampleDataBioLogic.mpt": ("biologic-mpt", [43]),
    "impedance.py__exampleDataCHInstruments.txt": ("generic-text", [73]),
    "impedance.py__exampleDataGamry.DTA": ("gamry-dta", [72]),
    "impedance.py__exampleDataParstat.txt": ("generic-text", [31]),  # and 781 rows without impedance
    "impedance.py__exampleDataZPlot.z": ("zplot", [21]),
    "pyimpspec__data-metadata.mpt": ("biologic-mpt", [29]),
    "pyimpspec__data.dta": ("gamry-dta", [29]),
    "pyimpspec__data.i2b": ("ivium-idf", [29]),
    "pyimpspec__data.idf": ("ivium-idf", [29]),
    "pyimpspec__data.ids": ("ivium-idf", [29, 29]),
    "pyimpspec__data.mpt": ("biologic-mpt", [29]),
    "pyimpspec__data.xlsx": ("generic-workbook", [29, 29, 29, 29]),
    "pyimpspec__data.z": ("zplot", [29]),
    "yadg__peis.issue_149.mpr": ("biologic-mpr", [21, 21, 21, 21]),
    "yadg__peis.issue_149.mpt": ("biologic-mpt", [21, 21, 21, 21]),
    "yadg__peis.mpr": ("biologic-mpr", [32]),
    "yadg__peis.mpt": ("biologic-mpt", [32]),
}
#: file -> (line, part of the message)
REFUSED = {
    "aurora__PEIS.mpl": (1, "an EC-Lab log file"),
    "hybrid__SSB_sample_info.txt": (1, "no line of this file holds three numbers"),
    "hybrid__sample_info.txt": (1, "no line of this file holds three numbers"),
}
#: file -> spectrum, point, frequency [Hz], Z [ohm], as printed in the file (signs turned where the name has a minus)
POINTS = {
    "EISFitpython__s04147-140deg.txt": (0, 0, 1.0e6, 2.21423e4 - 5.43115e4j),
    "EISFitpython__Example2a.txt": (0, -1, 3.0000001e-1, 2.1831467e5 - 1.5082122e5j),
    "EISFitpython__Example_noheader.txt": (0, -1, 4.0e-2, 1.03494e7 - 2.43174e6j),
    "impedance.py__exampleDataAutolab.txt": (0, 0, 1e4, 0.013785863964281 + 0.007191946305823j),
    "impedance.py__exampleDataCHInstruments.txt": (0, 0, 9.961e4, 9.891e1 - 2.748j),
    "impedance.py__exampleDataParstat.txt": (0, 0, 1e4, -0.00049816280376104 + 0.0175143479976367j),
    "impedance.py__exampleData.csv": (0, 0, 3.1623e-3, 4.949989776405060160e-2 - 2.043869854441892481e-2j),
    "hybrid__PEIS_LPSCl_IonBlocking_-25C_RelaxIS.txt": (0, 0, 0.10002180933952332, 1799427.625 - 8093785.5j),
    "hybrid__PEIS_LPSCl_IonBlocking_-25C.txt": (0, 0, 7.0000185e6, 3.5924146e2 - 2.9092038e2j),
    "pyimpspec__data.ids": (1, -1, 1.0, 6.45479e2 - 9.06181e1j),
    "impedance.py__Circuit1_EIS_1.z": (0, -1, 1.0, 7.5803e1 - 1.6244e-1j),
    "gamry__eispot_data.dta": (0, -1, 0.5, 226.885 - 7.053867j),
}
#: file -> temperature [°C] and where it stands
TEMPERATURE = {
    "EISFitpython__s04147-140deg.txt": (140.0, "file"),  # the title in its first line
    "EISFitpython__s04147-200deg.txt": (200.0, "file"),
    "EISFitpython__Example2a.txt": (25.0, "file"),
    "hybrid__PEIS_LPSCl_IonBlocking_-25C.txt": (-25.0, "file name"),
    "hybrid__PEIS_LPSCl_IonBlocking_-25C_RelaxIS.txt": (-25.0, "file name"),
}


@pytest.fixture(scope="module")
def folder(data_dir):
    return data_dir / "impedance"


def path_of(folder, name):
    if name.endswith(".mpr"):
        pytest.importorskip("galvani")
    return folder / name


def test_the_tables_cover_all_51_files(folder):
    assert len(READ) + len(REFUSED) == 51
    assert {p.name for p in folder.iterdir()} == READ.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", READ)
def test_each_file_is_read_by_its_reader_with_the_points_it_holds(name, folder):
    reader, points = READ[name]
    found = read(path_of(folder, name))
    assert {m.source.reader for m in found} == {reader}
    assert [len(m) for m in found] == points
    for m in found:
        assert m.kind is Kind.IMPEDANCE
        assert np.isfinite(m[Channel.IMPEDANCE]).all()
        assert (m[Channel.FREQUENCY] > 0).all()


@pytest.mark.parametrize("name", REFUSED)
def test_each_other_file_is_refused_in_one_line_that_names_the_line(name, folder):
    line, part = REFUSED[name]
    with pytest.raises(ReadError) as caught:
        read(folder / name)
    assert caught.value.line == line
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", POINTS)
def test_a_point_equals_what_the_file_prints(name, folder):
    spectrum, point, frequency, impedance = POINTS[name]
    m = read(folder / name)[spectrum]
    assert m[Channel.FREQUENCY][point] == frequency
    assert m[Channel.IMPEDANCE][point] == impedance


@pytest.mark.parametrize("name", TEMPERATURE)
def test_the_temperature_and_where_it_stands_are_told(name, folder):
    degrees, origin = TEMPERATURE[name]
    metadata = read(folder / name)[0].metadata
    assert metadata["temperature"] == pytest.approx(degrees + 273.15, abs=1e-9)
    assert metadata["temperature_from"] == origin


def test_si_prefixes_and_the_phase_of_the_thales_table_are_read(folder):
    m = read(folder / "Thales__EIS.csv")[0]
    expected = 0.735948 * np.exp(1j * np.radians(-84.415))  # line 7: 98.966;735.948m;-84.415
    assert m[Channel.FREQUENCY][5] == 98.966
    assert m[Channel.IMPEDANCE][5] == pytest.approx(expected, rel=1e-12)
    assert m[Channel.FREQUENCY][11] == 1462.0  # printed 1.462k


def test_rows_without_impedance_of_a_recorder_are_left_out_and_told(folder):
    m = read(folder / "impedance.py__exampleDataParstat.txt")[0]
    assert any("781 rows without impedance" in w and "lines 2 to 782" in w for w in m.warnings)


def test_the_geometry_above_the_table_is_kept(folder):
    metadata = read(folder / "EISFitpython__Example2a.txt")[0].metadata
    assert metadata["diameter"] == pytest.approx(13e-3)
    assert metadata["thickness"] == pytest.approx(0.75e-3)
