"""The state of an installation."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import NamedTuple

from packaging.requirements import Requirement


class Check(NamedTuple):
    """One part of the installation: its state in words, whether it is good, and the command that repairs it."""

    part: str
    state: str
    good: bool
    advice: str


def examine() -> list[Check]:
    """Return one check for Python, for every dependency, and for every extra; a missing extra is not a fault."""
    version = ".".join(map(str, sys.version_info[:3]))
    checks = [Check("python", version, sys.version_info >= (3, 11), "")]
    for text in metadata.requires("garnetlab") or ():
        requirement = Requirement(text)
        extra = str(requirement.marker).split("extra ==")[-1].strip(" '\"") if "extra ==" in text else ""
        checks.append(_check(requirement, extra))
    return checks


def _check(requirement: Requirement, extra: str) -> Check:
    name = requirement.name
    label = f"{name} (extra {extra})" if extra else name
    advice = f"pip install 'garnetlab[{extra}]'" if extra else f"pip install '{name}{requirement.specifier}'"
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(label, "not installed", bool(extra), advice)
    if found not in requirement.specifier:
        return Check(label, f"{found}, expected {requirement.specifier}", False, advice)
    return Check(label, found, True, "")


__all__ = ["Check", "examine"]
