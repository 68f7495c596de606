"""The temperature in a file's name."""

from __future__ import annotations

import pytest

from garnetlab.readers import read
from garnetlab.readers._temperature import temperature_from_name, temperature_metadata, temperature_text

DEGREES = {
    "s04147-140deg.txt": 140.0,  # the minus follows a digit: no sign
    "PEIS_LPSCl_IonBlocking_-25C": -25.0,
    "hybrid__PEIS_LPSCl_IonBlocking_-25C_RelaxIS.txt": -25.0,
    "x_25degC": 25.0,
    "LiGrR2032__2024-04-30__25degC": 25.0,
    "cell (−10 °C).csv": -10.0,
    "(-10 °C)": -10.0,
    "-25C.mpt": -25.0,
    "cell -5C.mpt": -5.0,
    "cell-25C.mpt": 25.0,  # the minus follows a letter: no sign
    "minus_10C.txt": -10.0,
    "298K.csv": 24.85,
    "T60C_cell3.z": 60.0,
    "0degC.csv": 0.0,
    "25.5 °C.txt": 25.5,
    "PEIS_after_discharge_25C.mpt": 25.0,
    "rep2_25C_25degC.txt": 25.0,  # said twice
}
NONE = (
    "cell_0.5C.csv",
    "cell_1C.csv",
    "10C_rate.csv",
    "rate_10C.csv",
    "charge_10C.csv",
    "5C-discharge.csv",
    "Li-10KCO.csv",
    "data_2024-04-30.csv",
    "12degpermin.csv",
    "4K_display.csv",
    "9999degC.csv",
    "cell_25C_60C.csv",  # two: which?
    "000_mvdc.ism",
)


@pytest.mark.parametrize(("name", "degrees"), DEGREES.items())
def test_a_name_states_its_temperature(name, degrees):
    assert temperature_from_name(name) == pytest.approx(degrees + 273.15, abs=1e-9)


@pytest.mark.parametrize("name", NONE)
def test_a_name_without_one_temperature_states_none(name):
    assert temperature_from_name(name) is None


def test_the_text_says_from_where_the_temperature_came():
    assert temperature_text(298.15, "file name") == "25.0 °C (from the file name)"


def test_the_name_fills_what_the_file_does_not_know():
    added = temperature_metadata({}, "cell_60C.z")
    assert added == {"temperature": pytest.approx(333.15), "temperature_from": "file name"}


def test_the_file_goes_before_its_name_and_a_conflict_keeps_both():
    added = temperature_metadata({"temperature": 298.15}, "cell_60C.z")
    assert added == {"temperature_from": "file", "temperature_name": pytest.approx(333.15)}


def test_a_difference_within_2_K_is_no_conflict():
    assert temperature_metadata({"temperature": 297.0}, "cell_25C.z") == {"temperature_from": "file"}


def test_two_temperatures_in_a_name_are_a_doubt_that_names_the_option():
    added = temperature_metadata({}, "cell_25C_60C.z")
    assert list(added) == ["temperature_doubt"]
    assert "--temperature" in added["temperature_doubt"]


def test_read_puts_the_temperature_and_its_origin_into_the_metadata(tmp_path, spectrum, builders):
    for name, ((file, build), *_) in builders.items():
        if name in ("zplot", "generic-text", "relaxis", "generic-workbook"):
            path = tmp_path / f"_-25C {file}"
            build(spectrum(), path)
            metadata = read(path)[0].metadata
            assert metadata["temperature"] == pytest.approx(248.15)
            assert metadata["temperature_from"] == "file name"
