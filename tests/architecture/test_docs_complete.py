"""Every public name, CLI verb, error, outcome and reader is in the reference pages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import garnetlab
from garnetlab.core import Channel, Kind, Outcome
from garnetlab.readers import READERS

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


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
    outcome = subprocess.run([sys.executable, "-c", _HELP], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    return verbs(outcome.stdout)


_HELP = "import sys; sys.argv = ['garnetlab', '--help']; from garnetlab.app.cli import main; main()"


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


def test_D_a_missing_name_is_found():
    assert missing(["read", "write"], "call `garnetlab.read(path)`, then write") == ["write"]


def test_D_verbs_are_read_from_the_help():
    text = "Options:\n  --help  Show.\n\nCommands:\n  read     Read files.\n  analyse  Analyse.\n           more\n"
    assert verbs(text) == ["read", "analyse"]
