"""No tracked file names a folder of one machine or the host of a package registry."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# put together here, so that this file does not hold what it forbids
_FOLDERS = [f"/{name}/" for name in ("work", "tmp", "root", "home", "opt/pypi", "Users")]
_HOSTS = [
    "py" + "pi.org",
    "pythonhosted" + ".org",
    "registry.npm" + "js.org",
    "debian" + ".org/debian",
    "proxy.golang" + ".org",
]
FORBIDDEN = re.compile(
    "|".join([*(rf"(?<![\w.\-~}}]){re.escape(f)}" for f in _FOLDERS), *(re.escape(h) for h in _HOSTS)])
)


def offences(text: str) -> list[str]:
    return [
        f"{number}: {line.strip()[:100]}" for number, line in enumerate(text.splitlines(), 1) if FORBIDDEN.search(line)
    ]


def tracked() -> list[Path]:
    """Return the files of the repository, those not yet added too; without git, the files of its folders."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    names = [name for name in outcome.stdout.split("\0") if name]
    if names:
        return [path for name in names if (path := ROOT / name).is_file()]
    folders = [ROOT / name for name in ("src", "tests", "docs", "scripts")]
    return [
        p
        for folder in folders
        for p in folder.rglob("*")
        if p.is_file() and p.suffix != ".pyc" and "_build" not in p.parts
    ]


def test_no_file_names_a_machine_or_a_registry():
    found = {}
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data and (bad := offences(data.decode("utf-8", errors="replace"))):
            found[str(path.relative_to(ROOT))] = bad
    assert found == {}


def test_the_lock_names_no_address():
    assert "://" not in (ROOT / "requirements.lock").read_text()


def test_the_project_keeps_one_lock_file():
    assert not (ROOT / "uv.lock").is_file()


@pytest.mark.parametrize(
    "line", ["x = '" + _FOLDERS[0] + "x'", "see " + _FOLDERS[1] + "x", "https://" + _HOSTS[0] + "/simple"]
)
def test_a_planted_address_is_found(line):
    assert offences("fine\n" + line) == [f"2: {line}"]


@pytest.mark.parametrize("line", ["docs/network/" + "x", "reports" + _FOLDERS[1] + "x", "a/" + "home/x"])
def test_a_relative_path_is_no_offence(line):
    assert offences(line) == []
