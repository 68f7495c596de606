"""Refuse large files and TOML or YAML that does not parse: ``check_files.py [FILE ...]``, by default all tracked files."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import yaml

LIMIT_KB = 500


def _parse_toml(path: Path) -> None:
    tomllib.loads(path.read_text(encoding="utf-8"))


def _parse_yaml(path: Path) -> None:
    yaml.safe_load(path.read_text(encoding="utf-8"))


_PARSERS: dict[str, Callable[[Path], None]] = {".toml": _parse_toml, ".yaml": _parse_yaml, ".yml": _parse_yaml}


def problem(path: Path) -> str | None:
    """Return what is wrong with the file, or None."""
    size = path.stat().st_size / 1024
    if size > LIMIT_KB:
        return (
            f"{path}: {size:.0f} kB, expected at most {LIMIT_KB} kB. Make it smaller, or keep it out of the repository."
        )
    try:
        _PARSERS.get(path.suffix, lambda _: None)(path)
    except (ValueError, yaml.YAMLError) as error:
        return f"{path}: {error}"
    return None


def _tracked() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    return [
        name for name in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0") if name
    ]


def main(names: list[str]) -> int:
    """Print every problem; return 1 if there is one."""
    paths = [path for name in names or _tracked() if (path := Path(name)).is_file()]
    problems = [found for path in paths if (found := problem(path))]
    for found in problems:
        print(found, file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
