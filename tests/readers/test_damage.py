"""Damaged files: no reader raises anything but the package's errors or gives silent nonsense.

Nonsense that can be checked: numbers that are not finite, frequencies not above 0, channels of different length, and a
spectrum that differs from the undamaged one without an error or a new warning; of a file that is cut the points must be
the first ones. ``GARNETLAB_PROOF=1`` runs twenty times as many examples.
"""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garnetlab.core import Channel, GarnetlabError, Kind
from garnetlab.readers import READERS, read
from garnetlab.testing import damages, difference, is_text, nonsense

EXAMPLES = 25 * (20 if os.environ.get("GARNETLAB_PROOF") else 1)
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
#: a place, taken modulo what there is (a workbook carries the time and is not of the same length each time)
PLACE = st.integers(0, 10**6)
NEEDS = {"biologic-mpr": "galvani", "neware": "fastnda"}
#: readers of files that hold no spectra
CYCLERS = (
    "bdf", "land", "parquet", "cellpy", "neware", "neware-csv", "arbin-res", "cycler-workbook", "land-cex", "generic-cycling",
    "arbin", "maccor", "basytec", "novonix",
)  # fmt: skip
pytestmark = pytest.mark.usefixtures("mdb_export")


def files_of(name, builders, spectrum, folder, *, points, seed):
    """Yield the generated files of one reader with what they read as."""
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    for file, build in builders[name]:
        path = folder / file
        build(spectrum(points, seed), path)
        yield path, path.read_bytes(), read(path, reader=name)


def read_or_none(path, name):
    """Return what the reader gives, or None where it refuses in one line; any other error goes through."""
    try:
        return read(path, reader=name)
    except GarnetlabError as error:
        assert "\n" not in str(error)
        assert str(error).startswith(str(path))
        return None


def assert_sane(path, data, name, good, *, loud=True, cut=False):
    """Read the bytes by name and by content: refused, or no nonsense and no silent difference."""
    path.write_bytes(data)
    for reader in (name, None):
        found = read_or_none(path, reader)
        if found is not None:
            assert not nonsense(found)
            if loud:
                assert not difference(good, found, cut=cut)


@pytest.mark.parametrize("name", READERS)
@SETTINGS
@given(data=st.data())
def test_no_damage_gives_a_foreign_error_or_silent_nonsense(name, data, builders, spectrum, tmp_path):
    points, seed = data.draw(st.integers(1, 14)), data.draw(st.integers(0, 50))
    for path, original, good in files_of(name, builders, spectrum, tmp_path, points=points, seed=seed):
        found = list(damages(original, seed=seed))
        damage = found[data.draw(PLACE) % len(found)]
        assert_sane(path, damage.data, name, good, loud=damage.loud, cut=damage.cut)


@pytest.mark.parametrize("name", READERS)
@SETTINGS
@given(data=st.data())
def test_a_file_cut_anywhere_gives_its_first_points_or_says_so(name, data, builders, spectrum, tmp_path):
    for path, original, good in files_of(name, builders, spectrum, tmp_path, points=6, seed=1):
        place = 1 + data.draw(PLACE) % (len(original) - 1)
        assert_sane(path, original[:place], name, good, cut=True)


@pytest.mark.parametrize("name", READERS)
@SETTINGS
@given(data=st.data())
def test_damage_upon_damage_gives_no_foreign_error_and_nothing_impossible(name, data, builders, spectrum, tmp_path):
    for path, original, good in files_of(name, builders, spectrum, tmp_path, points=5, seed=2):
        content = original
        for _ in range(2):
            found = list(damages(content or b" ", seed=3))
            content = found[data.draw(PLACE) % len(found)].data
        assert_sane(path, content, name, good, loud=False)


@pytest.mark.parametrize("name", READERS)
@SETTINGS
@given(junk=st.binary(max_size=300))
def test_random_bytes_are_refused_by_every_reader(name, junk, tmp_path):
    path = tmp_path / "junk.bin"
    path.write_bytes(junk)
    assert read_or_none(path, name) is None


BINARY = (
    "zahner-ism", "biologic-mpr", "generic-workbook", "parquet", "cellpy", "neware", "arbin-res", "cycler-workbook", "land-cex",
)  # fmt: skip
TEXT = [name for name in READERS if name not in BINARY]


def swapped(data, first, second):
    """Swap the two columns with these numbers in each row of three numbers or more."""
    out = []
    for line in data.decode("cp1252").splitlines(keepends=True):
        delimiter = next((d for d in ("\t", ",", " ") if d in line.strip()), None)
        cells = line.split(delimiter) if delimiter else [line]
        try:
            numbers = [float(cells[i]) for i in (first, second)]
        except (ValueError, IndexError):
            numbers = []
        if len(numbers) == 2 and len(cells) >= 3:
            end = cells[second][len(cells[second].rstrip()) :]
            cells[first], cells[second] = cells[second].rstrip(), cells[first].rstrip() + end
            line = delimiter.join(cells)
        out.append(line)
    return "".join(out).encode("cp1252")


#: reader -> places of frequency, real and imaginary part in the rows of its first generated file
PLACES = {
    "biologic-mpt": (0, 1, 2),
    "gamry-dta": (3, 4, 5),
    "zplot": (0, 4, 5),
    "relaxis": (0, 1, 2),
    "generic-text": (0, 1, 2),
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("pair", [(0, 1), (1, 2), (0, 2)], ids=["f and Z'", "Z' and Z''", "f and Z''"])
@pytest.mark.parametrize("seed", range(5))
def test_swapped_columns_are_refused_or_told(name, pair, seed, builders, spectrum, tmp_path):
    file, build = builders[name][0]
    path = tmp_path / file
    build(spectrum(24, seed), path)
    good = read(path, reader=name)
    one, two = (PLACES[name][i] for i in pair)
    data = swapped(path.read_bytes(), one, two)
    assert data != path.read_bytes()
    path.write_bytes(data)
    found = read_or_none(path, name)
    assert found is None or any(set(m.warnings) - set(good[0].warnings) for m in found)


@pytest.mark.parametrize("name", TEXT)
def test_a_file_without_a_point_is_refused(name, builders, spectrum, tmp_path):
    for path, original, _ in files_of(name, builders, spectrum, tmp_path, points=4, seed=0):
        path.write_bytes(next(d.data for d in damages(original) if d.name == "no rows"))
        assert read_or_none(path, name) is None


@pytest.mark.parametrize("name", [name for name in READERS if name not in CYCLERS])
def test_repeated_frequencies_are_kept_in_their_order_and_told(name, builders, spectrum, tmp_path):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    m = spectrum(8)
    twice = np.repeat(np.arange(8), 2)
    doubled = type(m)(m.kind, {c: a[twice] for c, a in m.channels.items()}, m.source)
    for file, build in builders[name]:
        build(doubled, tmp_path / file)
        found = read(tmp_path / file, reader=name)[0]
        if file.startswith("test."):  # a direct-current test of a maker of both
            assert found.kind is not Kind.IMPEDANCE
            continue
        assert len(found) == 16
        np.testing.assert_allclose(found[Channel.FREQUENCY], doubled[Channel.FREQUENCY], rtol=1e-5)
        assert any("more than once" in w for w in found.warnings)


def seeds(data_dir):
    """Return the smaller real files, one of each reader at least."""
    return sorted(p for p in (data_dir / "impedance").iterdir() if p.stat().st_size < 16_000)


def test_damaged_real_files_give_no_foreign_error_or_silent_nonsense(data_dir, tmp_path):
    rng = np.random.default_rng(7)
    share = 1.0 if os.environ.get("GARNETLAB_PROOF") else 0.08
    readers_seen = set()
    for source in seeds(data_dir):
        try:
            good = read(source)
        except GarnetlabError:
            continue
        name = good[0].source.reader
        readers_seen.add(name)
        path = tmp_path / source.name
        for damage in damages(source.read_bytes(), seed=int(rng.integers(1000))):
            if rng.random() < share:
                assert_sane(path, damage.data, name, good, loud=damage.loud, cut=damage.cut)
    assert {
        "generic-text",
        "zahner-ism",
        "gamry-dta",
        "zplot",
        "relaxis",
        "ivium-idf",
        "generic-workbook",
    } <= readers_seen


def test_the_damages_are_what_they_say():
    text = b"freq/Hz,Re(Z)/Ohm\n" + b"".join(b"%d.5,%d.25,-3.0\n" % (i, i) for i in range(1, 9))
    found = list(damages(text, seed=1))
    assert is_text(text)
    assert not is_text(b"\x00\x01" + text)
    assert len(found) > 80
    assert [d.name for d in found] == [d.name for d in damages(text, seed=1)]
    assert all(len(d.data) < len(text) and text.startswith(d.data) for d in found if d.cut)
    same = [d for d in found if d.data == text]
    assert {d.name for d in same} <= {"line ends LF", "tabs to blanks"}
    lengths = [len(d.data) for d in found if d.cut]
    assert all(a < b for a, b in pairwise(lengths))
