"""The commands that the pages show are run, in order, and what the pages show is what they print.

A page is one shell session: each ``console`` block runs in the folder that the blocks before it left. A line ``$ command``
is run; the lines under it are what it prints, standard error included, where ``...`` stands for anything. ``echo $?`` prints
the exit status of the command before; every other command must end with 0 or be followed by it. A ``toml`` or ``python``
block whose first line is a comment with a file name is written to that file first.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from garnetlab.core import load_document
from garnetlab.core._document import SCHEMA

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(?P<kind>console|toml|python)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# (?P<name>[\w-]+\.(?:toml|py))\n")
#: a number with a decimal point is compared as a number, to two units of its last digit: processors round differently
DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])")
#: needs an environment of its own, and is what every test run already does
NOT_RUN = ("make ",)
#: a minute of figures; tests/report runs the same command on a part of the example
SLOW = ("garnetlab report trial",)


def steps(page: Path) -> list[tuple[str, str, str]]:
    """Return the files ("write", name, text) and commands ("run", command, shown) of a page in their order."""
    found: list[tuple[str, str, str]] = []
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["kind"] != "console":
            if named := NAMED.match(block["body"]):
                found.append(("write", named["name"], block["body"]))
            continue
        for part in re.split(r"^\$ ", block["body"], flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            count = 1
            while lines[count - 1].endswith("\\"):
                count += 1
            found.append(("run", "\n".join(lines[:count]), "\n".join(lines[count:])))
    return found


def shell(command: str, folder: Path) -> tuple[str, int]:
    """Return what a command prints and its exit status, with this environment's programs first."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return done.stdout, done.returncode


def agrees(shown: str, printed: str) -> bool:
    """Return whether ``printed`` is ``shown``: blanks alike, ``...`` anything, decimals to two units of the last digit."""
    pattern, numbers, at = "", [], 0
    text = " ".join(shown.split())
    for found in re.finditer(rf"\.\.\.|{DECIMAL.pattern}", text):
        pattern += re.escape(text[at : found.start()])
        at = found.end()
        if found[0] == "...":
            pattern += ".*?"
        else:
            pattern += r"(\d+\.\d+)"
            numbers.append(found[0])
    match = re.fullmatch(pattern + re.escape(text[at:]), " ".join(printed.split()))
    return match is not None and all(
        abs(float(got) - float(want)) <= 2.001 * 10.0 ** -len(want.partition(".")[2])
        for got, want in zip(match.groups(), numbers, strict=True)
    )


def run_page(page: Path, folder: Path) -> list[str]:
    """Run a page in ``folder`` and return what differs from it."""
    wrong, status = [], 0
    session = steps(page)
    for k, (kind, first, second) in enumerate(session):
        if kind == "write":
            (folder / first).write_text(second, encoding="utf-8")
            continue
        command = first.replace(".venv/bin/", "")
        if command.startswith(NOT_RUN + SLOW):
            status = 0
            continue
        if command == "echo $?":
            printed, shown_status = f"{status}\n", True
        else:
            printed, status = shell(command, folder)
            following = session[k + 1][1] if k + 1 < len(session) else ""
            shown_status = status == 0 or following == "echo $?"
        if not shown_status:
            wrong.append(f"$ {command}\nends with {status}:\n{printed}")
        elif second.strip() and not agrees(second, printed):
            wrong.append(f"$ {command}\nshown:\n{second}\nprinted:\n{printed}")
    return wrong


HOW_TO = ("analyse-impedance", "simulate-an-interface", "simulate-a-cell", "start")
PAGES = ("README.md", *(f"docs/how-to/{name}.md" for name in HOW_TO))


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_is_what_its_commands_print(page: str, tmp_path: Path) -> None:
    assert "\n".join(run_page(ROOT / page, tmp_path)) == ""


def test_the_pages_show_commands() -> None:
    shown = [command for page in PAGES for kind, command, _ in steps(ROOT / page) if kind == "run"]
    for verb in ("example", "read", "analyse", "report", "audit", "simulate"):
        assert any(f"garnetlab {verb} " in f"{command} " for command in shown), verb


def test_every_whole_document_in_the_docs_is_valid(tmp_path: Path) -> None:
    count = 0
    for page in sorted((ROOT / "docs").glob("*/*.md")):
        for block in FENCE.finditer(page.read_text(encoding="utf-8")):
            if block["kind"] == "toml" and f'schema = "{SCHEMA}"' in block["body"]:
                count += 1
                path = tmp_path / f"{page.stem}{count}.toml"
                path.write_text(block["body"], encoding="utf-8")
                load_document(path)
    assert count >= 2


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("a 1.25 b", "a   1.26\nb\n", True),
        ("a 1.25 b", "a 1.28 b", False),
        ("a ... z", "a b c z", True),
        ("a ... z", "a b c", False),
        ("178 ± 12 Ω", "178 ± 12 Ω", True),
        ("178 ± 12 Ω", "179 ± 12 Ω", False),
    ],
)
def test_shown_and_printed_are_compared_as_stated(shown: str, printed: str, expected: bool) -> None:
    assert agrees(shown, printed) is expected


def test_a_page_that_shows_something_else_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo 1\n2\n$ false\n$ false\n$ echo $?\n1\n```\n", encoding="utf-8")
    wrong = run_page(page, tmp_path)
    assert len(wrong) == 2
    assert "shown:\n2\nprinted:\n1" in wrong[0]
    assert "ends with 1" in wrong[1]
