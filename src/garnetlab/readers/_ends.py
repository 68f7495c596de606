"""Was the last line of a text file written to its end?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from garnetlab.readers._text import decode

_SHORT = 1 << 16  # bytes up to which a file is decoded whole
_TAIL = 1 << 12  # bytes of the end that are looked at; even, for encodings of two bytes
_FORM = re.compile(r"[+-]?\d*[.,]?(?P<decimals>\d*)(?:[eE][+-]?(?P<exponent>\d+))?")


def ends_with_line(path: Path) -> bool:
    """Return whether the file's last line has a line end."""
    with path.open("rb") as file:
        head = file.read(_SHORT)
        size = file.seek(0, 2)
        if size <= _SHORT:
            text = decode(head)
        else:
            file.seek(size - _TAIL)
            text = decode(head[:_TAIL] + file.read())  # the head tells the encoding
    return text.rstrip("\x00\x1a")[-1:] in ("\n", "\r", "")


def unfinished(last: str, others: Sequence[str]) -> bool:
    """Return whether ``last``, the last number of a file without a final line end, may have lost digits.

    ``others`` are the numbers above it in the same column. Where all of them are printed with one number of decimals
    and exponent digits, a number of that form is whole; anything else may be cut.

    Examples
    --------
    >>> unfinished("-1.5e+03", ["-2.5e+03", "1.1e+04"])
    False
    >>> unfinished("-1.5e+0", ["-2.5e+03", "1.1e+04"])
    True
    """
    forms = {_form(text) for text in others}
    if len(forms) != 1:
        return True
    form = next(iter(forms))
    return form == (0, 0) or _form(last) != form


def _form(text: str) -> tuple[int, int]:
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return (-1, -1)
    return (len(match["decimals"]), len(match["exponent"] or ""))


def unfinished_warning(path: Path, line: int, last: str, others: Sequence[str]) -> tuple[str, ...]:
    """Return a warning where the file's last line has no line end and its last number may have lost digits."""
    if ends_with_line(path) or not unfinished(last, others):
        return ()
    return (f"line {line}, the last, has no line end: the file may be cut and {last.strip()!r} may lack digits",)
