"""The error tree.

::

    GarnetlabError
    +-- InvalidInput(ValueError)      a value, an option or a document that cannot be used
    |   +-- MissingInput              something a result depends on was not given
    +-- ReadError(OSError)            a file that cannot be read, with path and line
    +-- SolveFailed(RuntimeError)     a computation that ended without a trustworthy number
    +-- MissingExtra(ImportError)     an optional dependency that is not installed

Every message reads ``name = value: expected what. Fix.``
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from garnetlab import units


class GarnetlabError(Exception):
    """Base of every error this package raises on purpose."""


class InvalidInput(GarnetlabError, ValueError):
    """A value, an option or a document that cannot be used."""


class MissingInput(InvalidInput):
    """Something a result depends on was not given and is never guessed (area, thickness, temperature)."""


class ReadError(GarnetlabError, OSError):
    """A file that cannot be read. ``str()`` is one line: ``path:line: what is wrong. Fix.``"""

    def __init__(self, path: object, message: str, line: int | None = None) -> None:
        self.path = str(path)
        self.line = line
        self.reason = message
        where = self.path if line is None else f"{self.path}:{line}"
        super().__init__(f"{where}: {message}")

    def __str__(self) -> str:
        return str(self.args[0])


class SolveFailed(GarnetlabError, RuntimeError):
    """A computation that ended without a trustworthy number. Carries the ``outcome``."""

    def __init__(self, message: str, outcome: object = None) -> None:
        self.outcome = outcome
        super().__init__(message)


class MissingExtra(GarnetlabError, ImportError):
    """An optional dependency that is not installed."""

    def __init__(self, module: str, extra: str, what: str) -> None:
        self.extra = extra
        message = f"{what} needs {module!r}, which is not installed: run  pip install 'garnetlab[{extra}]'"
        super().__init__(message)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the known name nearest to ``name``, or an empty string."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {found[0]!r}?" if found else ""


def parse_quantity(name: str, text: str, unit: str) -> float:
    """Return the SI value of ``text``; ``name`` is what the error message calls it.

    Raises
    ------
    InvalidInput  if ``text`` is no quantity of the dimension of ``unit``.
    """
    try:
        return units.parse(text, unit)
    except units.UnitError as error:
        message = f"{name} = {error}"
        raise InvalidInput(message) from None
