"""Running cells followed on disk: events are told once, growing files are waited for, errors are told when they stay."""

from __future__ import annotations

import os

import pytest

from garnetlab import units
from garnetlab.core import InvalidInput, ccd_ladder
from garnetlab.readers import bdf
from garnetlab.simulate import simulate_cell, symmetric_cell
from garnetlab.study import SampleOptions, watch_folder
from garnetlab.study._paper_faces import paper_face

AREA = 0.785e-4
LADDER = ccd_ladder(start=2.0, step=2.0, stop=30.0, half_cycle_time=1800.0)


@pytest.fixture(scope="module")
def record():
    cell = symmetric_cell(paper_face(10.0), area=AREA, thickness=1e-3)
    test = simulate_cell(cell, LADDER, rng=1, voltage_noise=2e-4, period=60.0, after_short=2 * units.hour)
    assert test.record is not None
    return test


def looks(folder, **options):
    return watch_folder(folder, options=SampleOptions(area=AREA), every=1.0, sleep=lambda _: None, **options)


def touch(path, seconds):
    stamp = path.stat().st_mtime + seconds
    os.utime(path, (stamp, stamp))


def test_an_event_is_told_once_and_only_changed_files_are_read(tmp_path, record):
    path = tmp_path / "cell.bdf.csv"
    bdf.write_bdf(record.record, path)
    watch = looks(tmp_path, looks=3)
    first = next(watch)
    kinds = [e.event["kind"] for e in first.events]
    assert first.analysed == [str(path)]
    assert any("short" in kind for kind in kinds)
    assert next(watch).analysed == []
    touch(path, 5.0)
    third = next(watch)
    assert third.analysed == [str(path)]
    assert third.events == []
    assert "short after" in first.events[0].sentence()


def test_a_watch_that_was_stopped_does_not_tell_again(tmp_path, record):
    folder, state = tmp_path / "data", tmp_path / "state"
    folder.mkdir()
    bdf.write_bdf(record.record, folder / "cell.bdf.csv")
    assert next(looks(folder, looks=1, state=state)).events
    list(looks(folder, looks=1, state=state))
    assert [look.events for look in looks(folder, looks=1, state=state)] == [[]]


def test_a_file_that_cannot_be_read_is_told_when_it_no_longer_grows(tmp_path):
    path = tmp_path / "half.csv"
    path.write_text("not yet")
    watch = looks(tmp_path, looks=4)
    assert next(watch).errors == []
    path.write_text("not yet a table")
    touch(path, 3.0)
    assert next(watch).errors == []
    assert [name for name, _ in next(watch).errors] == [str(path)]
    assert next(watch).errors == []


def test_a_watch_of_no_folder_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="expected a folder"):
        next(looks(tmp_path / "none", looks=1))
    with pytest.raises(InvalidInput, match="every = 0"):
        next(watch_folder(tmp_path, every=0.0, looks=1))
    (tmp_path / "watch.json").write_text("{}")
    with pytest.raises(InvalidInput, match="not a record of a watch"):
        next(looks(tmp_path, looks=1, state=tmp_path))
