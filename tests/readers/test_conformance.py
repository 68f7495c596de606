"""Every reader passes the shipped conformance kit on a generated file of its format."""

from __future__ import annotations

import pytest

from garnetlab.readers import READERS
from garnetlab.testing import check_reader

NEEDS = {"biologic-mpr": "galvani", "neware": "fastnda"}


def test_T1_every_reader_has_a_generated_file(builders):
    assert set(builders) == set(READERS)


@pytest.mark.usefixtures("mdb_export")
@pytest.mark.parametrize("name", READERS)
def test_T1_every_reader_passes_the_conformance_kit(name, builders, spectrum, tmp_path):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    files = []
    for file, build in builders[name]:
        build(spectrum(16), tmp_path / file)
        files.append(tmp_path / file)
    check_reader(name, files)
