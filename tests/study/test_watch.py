"""Running cells followed on disk: events are told once, growing files are waited for, errors are told when they stay."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from garnetlab import units
from garnetlab.analyse import cell_events
from garnetlab.app.cli import app
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, SimulationSource, ccd_ladder
from garnetlab.readers import bdf
from garnetlab.simulate import simulate_cell, symmetric_cell
from garnetlab.study import SampleOptions, _watch, watch_folder
from garnetlab.study._analyse import Analysis
from garnetlab.study._paper_faces import paper_face
from garnetlab.study._watch_told import new_events

AREA = 0.785e-4
HALF = 1800.0
PER_HALF = 60
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


# which events are new -------------------------------------------------------------------------------------------------
def cell(seed=1, *, resistance=320.0, digits=4, short=40.5, missing=(), halves=60):
    """Return a cell of 320 ohm at 2 A/m^2, shorted to 2 % of that, whose voltage is printed to so many digits."""
    index = np.arange(halves * PER_HALF)
    time, half = index * HALF / PER_HALF, index / PER_HALF
    current = np.where(index // PER_HALF % 2 == 0, 1.0, -1.0) * 2.0 * AREA
    voltage = current * np.where(half < short, resistance, 0.02 * resistance)
    voltage = np.round(voltage + 2e-4 * np.random.default_rng(seed).standard_normal(len(index)), digits)
    kept = np.all([(half < a) | (half >= b) for a, b in missing], axis=0) & np.ones(len(index), dtype=bool)
    channels = {Channel.TIME: time[kept], Channel.VOLTAGE: voltage[kept], Channel.CURRENT: current[kept]}
    return Measurement(Kind.CYCLING, channels, SimulationSource("", seed, "a resistance"), {"area": AREA})


def part_of(measurement, start, stop=None, *, rebased=False):
    channels = {c: v[start:stop] for c, v in measurement.channels.items()}
    if rebased:
        channels[Channel.TIME] = channels[Channel.TIME] - channels[Channel.TIME][0]
    return replace(measurement, channels=channels)


def write(measurement, path, later=0.0):
    bdf.write_bdf(measurement, path)
    touch(path, later)


def kinds(look):
    return [e.event["kind"] for e in look.events]


def test_another_cell_under_the_same_name_that_fails_in_the_same_half_cycle_is_told(tmp_path):
    path = tmp_path / "channel-1.bdf.csv"
    write(cell(1), path)
    watch = looks(tmp_path, looks=2)
    first = next(watch)
    write(cell(2, resistance=400.0), path, 5.0)
    second = next(watch)
    assert kinds(first) == kinds(second) == ["hard_short"]
    assert first.events[0].event["half_cycle"] == second.events[0].event["half_cycle"]


def test_two_cells_of_one_resistance_started_together_and_printed_to_a_millivolt_are_both_told(tmp_path):
    for seed in (1, 2):
        write(cell(seed, digits=3), tmp_path / f"channel-{seed}.bdf.csv")
    assert kinds(next(looks(tmp_path, looks=1))) == ["hard_short", "hard_short"]


@pytest.mark.parametrize("keep", [False, True])
def test_a_file_that_was_renamed_or_copied_is_not_told_again(tmp_path, keep):
    path = tmp_path / "cell.bdf.csv"
    write(cell(), path)
    watch = looks(tmp_path, looks=2)
    assert kinds(next(watch)) == ["hard_short"]
    copy = tmp_path / "renamed.bdf.csv"
    copy.write_bytes(path.read_bytes())
    if not keep:
        path.unlink()
    second = next(watch)
    assert second.analysed == [str(copy)]
    assert second.events == []


@pytest.mark.parametrize("rebased", [False, True])
def test_a_file_cut_to_its_newer_part_is_not_told_again(tmp_path, rebased):
    path = tmp_path / "cell.bdf.csv"
    write(cell(), path)
    watch = looks(tmp_path, looks=2)
    assert kinds(next(watch)) == ["hard_short"]
    newer = part_of(cell(), 20 * PER_HALF, rebased=rebased)
    assert [e.kind for e in cell_events(newer).events] == ["hard_short"]
    write(newer, path, 5.0)
    assert next(watch).events == []


def test_a_renamed_file_is_known_to_a_watch_that_goes_on(tmp_path):
    folder, state = tmp_path / "data", tmp_path / "state"
    folder.mkdir()
    write(cell(), folder / "cell.bdf.csv")
    assert [kinds(look) for look in looks(folder, looks=1, state=state)] == [["hard_short"]]
    (folder / "cell.bdf.csv").rename(folder / "other.bdf.csv")
    assert [kinds(look) for look in looks(folder, looks=1, state=state)] == [[]]


def test_while_a_file_grows_each_event_is_told_once(tmp_path):
    whole = cell(missing=((10.4, 14.2), (14.6, 14.9)))
    path = tmp_path / "cell.bdf.csv"
    lengths = np.linspace(0.1, 1.0, 25) * len(whole)
    watch, told = looks(tmp_path, looks=len(lengths)), []
    for k, length in enumerate(lengths.astype(int)):
        write(part_of(whole, 0, length), path, 5.0 * k)
        told += kinds(next(watch))
    assert sorted(told) == ["gap", "gap", "hard_short"]


def test_two_gaps_in_one_half_cycle_are_two_events(tmp_path):
    write(cell(short=99.0, missing=((14.2, 14.4), (14.6, 14.9))), tmp_path / "cell.bdf.csv")
    assert kinds(next(looks(tmp_path, looks=1))) == ["gap", "gap"]


def moved(found, halves):
    """Return an analysis whose events lie by so many half cycles later."""
    later = [replace(e, time=e.time + halves * HALF, half_cycle=e.half_cycle + round(halves)) for e in found.events]
    details = {**found.details, "events": [e.to_dict() for e in later]}
    return replace(found, events=tuple(later), details=details)


@pytest.mark.parametrize(("halves", "new"), [(-0.9, []), (0.3, []), (0.9, []), (1.1, ["hard_short"])])
def test_an_event_that_moves_by_less_than_a_half_cycle_is_not_told_again(tmp_path, monkeypatch, halves, new):
    (tmp_path / "cell.csv").write_text("1")
    found = cell_events(cell())
    analyses = [Analysis((found,)), Analysis((moved(found, halves),))]
    monkeypatch.setattr(_watch, "analyse_files", lambda paths, **options: analyses.pop(0))
    watch = looks(tmp_path, looks=2)
    assert kinds(next(watch)) == ["hard_short"]
    touch(tmp_path / "cell.csv", 5.0)
    assert kinds(next(watch)) == new


def test_an_event_of_another_kind_at_the_same_place_is_new():
    found, told = cell_events(cell()), []
    new_events(found, told)
    other = replace(found, events=tuple(replace(e, kind="gap") for e in found.events))
    assert [e.kind for e in new_events(other, told)] == ["gap"]


def test_an_event_near_the_beginning_is_known_by_the_first_records(tmp_path):
    path = tmp_path / "cell.bdf.csv"
    early = cell(short=99.0, missing=((0.3, 2.9),))
    write(part_of(early, 0, 90), path)
    watch = looks(tmp_path, looks=3)
    assert kinds(next(watch)) == ["gap"]
    write(early, path, 5.0)
    assert next(watch).events == []
    write(cell(2, short=99.0, missing=((0.3, 2.9),)), path, 10.0)
    assert kinds(next(watch)) == ["gap"]


# files that vanish or cannot be read ----------------------------------------------------------------------------------
def vanishing(monkeypatch, name):
    """Let files called ``z*`` vanish before the function of this name gets them."""
    real = getattr(_watch, name)

    def gone(first, **options):
        path = first[0] if isinstance(first, list) else first
        answer = real(first, **options) if name == "is_data_file" else None
        if path.name.startswith("z"):
            path.unlink(missing_ok=True)
        return real(first, **options) if answer is None else answer

    monkeypatch.setattr(_watch, name, gone)


@pytest.mark.parametrize("when", ["is_data_file", "analyse_files"])
def test_a_file_that_vanishes_while_it_is_looked_at_is_left_out(tmp_path, monkeypatch, when):
    write(cell(), tmp_path / "cell.bdf.csv")
    (tmp_path / "z.csv").write_text("not yet")
    vanishing(monkeypatch, when)
    look = next(looks(tmp_path, looks=1))
    assert look.analysed == [str(tmp_path / "cell.bdf.csv")]
    assert look.errors == []
    assert look.failing == []


def test_a_folder_that_is_away_for_some_looks_is_told_once_and_tried_again(tmp_path):
    folder = tmp_path / "share"
    folder.mkdir()
    write(cell(), folder / "cell.bdf.csv")
    watch = looks(folder, looks=5)
    assert kinds(next(watch)) == ["hard_short"]
    folder.rename(tmp_path / "away")
    errors = [next(watch).errors for _ in range(2)]
    assert [len(e) for e in errors] == [1, 0]
    assert "the folder cannot be listed" in errors[0][0][1]
    (tmp_path / "away").rename(folder)
    back = next(watch)
    assert (back.events, back.errors, back.failing) == ([], [], [])


def grown(path, text, count):
    """Return what each look tells of a file to which ``text`` was added before it."""
    watch = looks(path.parent, looks=count + 1)
    for k in range(count):
        with path.open("a") as file:
            file.write(text(k))
        touch(path, 5.0 * k)
        yield next(watch)


def test_a_file_that_grows_and_cannot_be_read_is_told_once_after_three_looks(tmp_path):
    found = list(grown(tmp_path / "cell.csv", lambda k: f"nothing {k}\n", 7))
    assert [len(look.errors) for look in found] == [0, 0, 1, 0, 0, 0, 0]
    assert [look.analysed for look in found] == [[]] * 7
    assert [look.failing for look in found] == [[str(tmp_path / "cell.csv")]] * 7


def test_another_error_of_the_same_file_is_told_once_more(tmp_path, monkeypatch):
    messages = ["line 1: no table", "line 2: no table", "line 3: no table", "line 4: no table"]
    messages += ["line 5: no current", "line 6: no current", "line 7: no table"]

    def refuse(paths, **options):
        raise InvalidInput(messages.pop(0))

    monkeypatch.setattr(_watch, "analyse_files", refuse)
    found = list(grown(tmp_path / "cell.csv", lambda k: "1\n", 7))
    told = [message for look in found for _, message in look.errors]
    assert told == ["line 3: no table", "line 5: no current"]


def test_a_file_that_can_be_read_again_begins_anew(tmp_path):
    path = tmp_path / "cell.csv"
    watch = looks(tmp_path, looks=5)
    path.write_text("not yet")
    assert [len(next(watch).errors) for _ in range(2)] == [0, 1]
    write(cell(), path, 5.0)
    assert next(watch).failing == []
    path.write_text("not yet")
    touch(path, 10.0)
    assert [len(next(watch).errors) for _ in range(2)] == [0, 1]


def test_the_last_look_tells_the_errors_of_all_files(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("foo,bar\n1,2\n")
    look = next(looks(tmp_path, looks=1))
    assert [name for name, _ in look.errors] == look.failing == [str(tmp_path / n) for n in ("a.csv", "b.csv")]
    assert look.analysed == []


@pytest.mark.parametrize(("good", "bad", "status"), [(1, 0, 0), (1, 2, 1), (0, 2, 2), (0, 0, 0)])
def test_the_command_ends_with_the_status_of_analyse(tmp_path, good, bad, status):
    for k in range(good):
        write(cell(), tmp_path / f"good{k}.bdf.csv")
    for k in range(bad):
        (tmp_path / f"bad{k}.csv").write_text("foo,bar\n1,2\n")
    result = CliRunner().invoke(app, ["analyse", str(tmp_path), "--watch", "--looks", "1", "--area", "0.785 cm^2"])
    assert result.exit_code == status
    assert len(result.stdout.splitlines()) == good
    lines = result.stderr.splitlines()
    assert len(lines) == bad
    assert all(line.startswith(f"garnetlab: {tmp_path}") for line in lines)


# state ----------------------------------------------------------------------------------------------------------------
def test_a_state_of_an_older_version_is_refused_in_one_line(tmp_path):
    old = {"schema": "garnetlab/1", "seen": [["cell.csv", "", "hard_short", 41]]}
    (tmp_path / "watch.json").write_text(json.dumps(old))
    with pytest.raises(InvalidInput, match="kept by an older version") as refused:
        next(looks(tmp_path, looks=1, state=tmp_path))
    assert "\n" not in str(refused.value)
    result = CliRunner().invoke(app, ["analyse", str(tmp_path), "--watch", "--looks", "1", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("text", ["{}", "[]", "3", '{"told": [["hard_short", 3]]}', "\xff", '{"told": {"a": 1}}'])
def test_a_state_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "watch.json").write_text(text, encoding="latin-1")
    with pytest.raises(InvalidInput, match="not a record of a watch"):
        next(looks(tmp_path, looks=1, state=tmp_path))


def test_a_state_that_cannot_be_written_is_refused(tmp_path):
    write(cell(), tmp_path / "cell.bdf.csv")
    (tmp_path / "taken.txt").write_text("")
    with pytest.raises(InvalidInput, match="cannot be written"):
        list(looks(tmp_path, looks=1, state=tmp_path / "taken.txt"))
