"""Every public name, CLI verb, error, outcome and reader is in the reference pages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import garnetlab
from garnetlab.analyse import _selection, _spectra, _uncertainty, eis, kk
from garnetlab.core import (
    AbuseEntry,
    Cell,
    Channel,
    ContactEntry,
    CyclingEntry,
    DiscContact,
    ExperimentEntry,
    FaceEntry,
    ImageContact,
    ImpedanceEntry,
    Interface,
    InterfaceEntry,
    Kind,
    LadderEntry,
    Layer,
    MeasurementEntry,
    ModelEntry,
    Outcome,
    PlatingEntry,
    PolarisationEntry,
    Procedure,
    RandomContact,
    Recipe,
    RoughContact,
    Sample,
    StudyDocument,
    SweepEntry,
    TafelEntry,
)
from garnetlab.readers import READERS

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = DOCS / "reference"
#: page -> sentences in which a number of the code stands
NUMBERS = {
    "explanation/uncertainty.md": [
        f"accuracy of {_selection.ACCURACY:.1%} of |Z|".replace("%", " %"),
        f"standard uncertainty of ln R at most {_selection.DETECTED}, two sigma",
        f"within a BIC of {_selection.MARGIN:g} of the best",
        f"more than a BIC of {_selection.STRONG:g}, the arc is there",
    ],
    "explanation/identifiability.md": [
        f"standard uncertainty is at most {100 * _uncertainty.IDENTIFIABLE:.0f} %",
        f"below {100 * eis._SURE:.0f} % a note",
    ],
    "explanation/validity.md": [
        f"off by more than {100 * _spectra.EXCLUDED:.0f} % of |Z|",
        f"below {100 * kk.SYSTEMATIC:.1f} % of |Z| is not told",
    ],
    "reference/errors.md": [
        f"expected at least {_spectra.MIN_POINTS} frequencies",
        f"residuals above {100 * eis._POOR:.0f} % of the modulus",
    ],
}


def pages() -> str:
    return "\n".join(path.read_text() for path in sorted(REFERENCE.glob("*.md")))


def missing(names: list[str], text: str) -> list[str]:
    """Return the names that do not stand in the text as code."""
    return [name for name in names if not re.search(rf"`[^`\n]*(?<![\w-]){re.escape(name)}(?![\w-])[^`\n]*`", text)]


def verbs(help_text: str) -> list[str]:
    """Return the commands listed by ``garnetlab --help``."""
    listed = help_text.partition("Commands:")[2]
    return re.findall(r"^  ([a-z][\w-]*)(?:\s|$)", listed, re.MULTILINE)


def cli_verbs() -> list[str]:
    return verbs(help_of())


def help_of(*arguments: str) -> str:
    command = [sys.executable, "-c", "from garnetlab.app.cli import main; main()", *arguments, "--help"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def test_D_every_public_name_is_in_the_reference():
    assert missing(dir(garnetlab), pages()) == []


def test_D_the_command_line_has_verbs():
    assert {"read", "analyse", "reproduce", "report", "example"} <= set(cli_verbs())


def test_D_every_verb_is_in_the_reference():
    assert missing([f"garnetlab {verb}" for verb in cli_verbs()], pages()) == []


def test_D_every_error_is_in_the_reference():
    errors = [n for n in dir(garnetlab) if isinstance(c := getattr(garnetlab, n), type) and issubclass(c, Exception)]
    assert errors
    assert missing(errors, (REFERENCE / "errors.md").read_text()) == []


def test_D_every_outcome_kind_and_channel_is_in_the_reference():
    names = [*(o.label for o in Outcome), *(k.value for k in Kind), *(c.label for c in Channel)]
    assert missing(names, pages()) == []


def test_D_every_reader_is_in_the_reference():
    assert missing(list(READERS), pages()) == []


def test_D_every_option_is_in_the_reference():
    page = (REFERENCE / "command-line.md").read_text()
    for verb in cli_verbs():
        section = page.partition(f"## `garnetlab {verb}")[2].partition("\n## ")[0]
        options = set(re.findall(r"^  (--[a-z-]+)", help_of(verb), re.MULTILINE)) - {"--help", "--json"}
        assert section, verb
        assert missing(sorted(options), section) == [], verb


@pytest.mark.parametrize(
    "record",
    [
        StudyDocument, Sample, MeasurementEntry, Recipe, Cell, Layer, Interface, Procedure, InterfaceEntry, ContactEntry,
        RandomContact, DiscContact, RoughContact, ImageContact, FaceEntry, ImpedanceEntry, ExperimentEntry, ModelEntry,
        LadderEntry, CyclingEntry, PlatingEntry, AbuseEntry, TafelEntry, PolarisationEntry, SweepEntry,
    ],
)  # fmt: skip
def test_D_every_key_of_a_document_is_in_the_reference(record):
    keys = [field.alias or name for name, field in record.model_fields.items()]
    assert missing(keys, (REFERENCE / "study-document.md").read_text()) == []


@pytest.mark.parametrize("page", NUMBERS)
def test_D_numbers_in_the_pages_are_those_of_the_code(page):
    text = " ".join((DOCS / page).read_text().split())
    assert [sentence for sentence in NUMBERS[page] if sentence not in text] == []


def test_D_a_missing_name_is_found():
    assert missing(["read", "write"], "call `garnetlab.read(path)`, then write") == ["write"]


def test_D_verbs_are_read_from_the_help():
    text = "Options:\n  --help  Show.\n\nCommands:\n  read     Read files.\n  analyse  Analyse.\n           more\n"
    assert verbs(text) == ["read", "analyse"]
