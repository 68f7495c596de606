"""Data files of this package."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any


@lru_cache(maxsize=64)
def data_toml(name: str) -> dict[str, Any]:
    """Return a parsed TOML file of the library, for example ``"bibliography.toml"``. Do not modify it."""
    return tomllib.loads(data_text(name))


def data_text(name: str) -> str:
    """Return a text file of the library."""
    return resources.files("garnetlab.library").joinpath(name).read_text(encoding="utf-8")


def material_names() -> tuple[str, ...]:
    """Return the names of the materials in the library, sorted."""
    folder = resources.files("garnetlab.library").joinpath("materials")
    return tuple(sorted(p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml")))
