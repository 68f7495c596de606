"""The sources behind a result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from garnetlab.core import InvalidInput, ReadError
from garnetlab.library import bibtex, citation_keys


def bibliography(what: Sequence[str]) -> str:
    """Return BibTeX of citation keys, or of the sources named in the ``results.json`` of reports, or of everything.

    Raises
    ------
    InvalidInput  for a key that is not in the bibliography.
    ReadError     for a file that is no results.json.
    """
    keys: list[str] = []
    for item in what:
        keys.extend(_of_results(Path(item)) if item.endswith(".json") else [item])
    return bibtex(keys if what else citation_keys())


def _of_results(path: Path) -> list[str]:
    try:
        payload = json.loads(path.read_text(encoding="utf-8"))
        return sorted({key for result in payload["results"] for key in result["citations"]})
    except OSError as error:
        raise ReadError(path, f"{error.strerror or 'cannot be opened'}. Check the path.") from None
    except (ValueError, KeyError, TypeError):
        message = f"results = {str(path)!r}: expected the results.json of a report."
        raise InvalidInput(message) from None
