"""The state of an installation."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from typing import NamedTuple


class Check(NamedTuple):
    """One part of the installation: its state in words, whether it is good, and the command that repairs it."""

    part: str
    state: str
    good: bool
    advice: str


_REQUIREMENT = re.compile(
    r"""^(?P<name>[A-Za-z0-9._-]+)\s*(?:>=\s*(?P<low>[0-9.]+))?[^;]*(?:;.*extra == ['"](?P<extra>\w+)['"])?"""
)


def examine() -> list[Check]:
    """Return one check for Python, for every dependency, and for every extra; a missing extra is not a fault."""
    version = ".".join(map(str, sys.version_info[:3]))
    python = Check("python", version, sys.version_info >= (3, 11), "install Python 3.11 or newer")
    return [python, *(_check(text) for text in metadata.requires("garnetlab") or ())]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", version)[:4])


def _check(text: str) -> Check:
    match = _REQUIREMENT.match(text)
    if match is None:
        return Check(text, "requirement not understood", False, "install garnetlab again")
    name, low, extra = match.group("name"), match.group("low") or "0", match.group("extra") or ""
    label = f"{name} (extra {extra})" if extra else name
    advice = f"pip install 'garnetlab[{extra}]'" if extra else f"pip install '{name}>={low}'"
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(label, "not installed", bool(extra), advice)
    if _numbers(found) < _numbers(low):
        return Check(label, f"{found}, expected at least {low}", False, advice)
    return Check(label, found, True, "")
