"""The bibliography."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from garnetlab.core import InvalidInput, nearest
from garnetlab.library._toml import data_toml


@dataclass(frozen=True, slots=True)
class Citation:
    """One source. ``evidence`` says how it was seen: text, data, abstract or memory."""

    key: str
    authors: str
    title: str
    year: int
    journal: str = ""
    volume: str = ""
    pages: str = ""
    doi: str = ""
    evidence: str = "memory"

    def bibtex(self) -> str:
        """Return the BibTeX entry."""
        names = ("authors", "title", "journal", "volume", "pages", "year", "doi")
        fields = {"author" if n == "authors" else n: getattr(self, n) for n in names if getattr(self, n)}
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@{'article' if self.volume or self.doi else 'misc'}{{{self.key},\n{body}\n}}"


def citation_keys() -> tuple[str, ...]:
    """Return all keys of the bibliography."""
    return tuple(data_toml("bibliography.toml"))


def citation(key: str) -> Citation:
    """Return one source.

    Raises
    ------
    InvalidInput  if ``key`` is not in the bibliography.
    """
    table = data_toml("bibliography.toml")
    if key not in table:
        message = f"citation = {key!r}: not in the bibliography.{nearest(key, table)}"
        raise InvalidInput(message)
    return Citation(key=key, **table[key])


def bibtex(keys: Iterable[str]) -> str:
    """Return BibTeX entries of ``keys``, each once, in their order."""
    return "\n\n".join(citation(key).bibtex() for key in dict.fromkeys(keys))
