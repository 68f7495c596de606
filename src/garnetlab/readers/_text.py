"""Bytes to text and text to numbers, the same way in every reader."""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from garnetlab.core import InvalidInput, ReadError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_EXPONENT = re.compile(r"[eE][+-](\d+)$")
_LINE_END = re.compile(r"\r\n|\n|\r")
_VOLTAGE = "电压".encode("gb18030")
_CUT = "unexpected end of data"  # what the decoder says of a character that is not whole at the end
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1a\x1b")


def decode(data: bytes) -> str:
    """Return the text in ``data``: by its byte-order mark, else UTF-16 by its zero bytes, else UTF-8, else cp1252.

    What is no UTF-8 but holds the Chinese word for voltage in GB 18030 is read as that. A head of a file that ends inside a
    character stays UTF-8, where a whole character of several bytes stands before.

    It never raises. Bytes that fit no encoding become U+FFFD, which no number holds, so that the line that carries them
    is refused where a number is expected there.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    encoding = _utf16_without_mark(data[:4096])
    if encoding:
        return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == _CUT and not data[: error.start].isascii():
            return data.decode("utf-8", errors="replace")
        return data.decode("gb18030" if _VOLTAGE in data else "cp1252", errors="replace")


def _utf16_without_mark(head: bytes) -> str:
    even, odd = head[0::2], head[1::2]
    if len(odd) < 4:
        return ""
    if odd.count(0) > 0.7 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.7 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return ""


def is_binary(head: bytes) -> bool:
    """Return whether ``head``, the first bytes of a file, is no text: control characters left after decoding."""
    text = decode(head)
    return any(ord(c) in _CONTROL for c in text)


def split_lines(text: str) -> list[str]:
    """Return the lines of ``text`` without their ends; CRLF, LF and CR end a line, nothing else does."""
    lines = _LINE_END.split(text)
    return lines[:-1] if lines and not lines[-1] else lines


def read_lines(path: Path) -> list[str]:
    """Return the decoded lines of the file; line ``n`` of the file is item ``n - 1``.

    Raises
    ------
    ReadError  if the file cannot be opened or is empty.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReadError(path, f"{error.strerror or 'cannot be opened'}. Check the path.") from None
    lines = split_lines(decode(data))
    if not any(line.strip() for line in lines):
        raise ReadError(path, f"the file holds no text ({len(data)} bytes). Export it again.")
    return lines


def parse_number(text: str, decimal: str = ".") -> float:
    """Return the number written as ``text`` with the decimal mark ``decimal`` (``"."`` or ``","``).

    Raises
    ------
    ValueError  if the text is anything else: empty, NaN, infinite, with thousands marks or the other decimal mark.

    Examples
    --------
    >>> parse_number("-1,5E+003", ",")
    -1500.0
    """
    stripped = text.strip()
    plain = stripped
    if decimal == ",":
        plain = "?" if "." in stripped else stripped.replace(",", ".")
    if _NUMBER.fullmatch(plain) is None:
        message = f"{stripped!r}: expected a number with the decimal mark {decimal!r}."
        raise ValueError(message)
    value = float(plain)
    if value in (float("inf"), float("-inf")):
        message = f"{stripped!r}: expected a finite number."
        raise ValueError(message)
    return value


def is_number(text: str, decimal: str = ".") -> bool:
    """Return whether ``parse_number`` reads ``text``."""
    try:
        parse_number(text, decimal)
    except ValueError:
        return False
    return True


def guess_decimal(cells: Iterable[str]) -> str:
    """Return the decimal mark that reads more of ``cells``; the point where both read as many."""
    texts = [c for c in cells if c.strip()]
    commas = sum(is_number(c, ",") for c in texts)
    points = sum(is_number(c, ".") for c in texts)
    return "," if commas > points else "."


def parse_cell(path: Path, line: int, name: str, text: str, decimal: str = ".") -> float:
    """Return the number in one table cell; ``name`` is its column, ``line`` its line in the file (from 1).

    Raises
    ------
    ReadError  naming path, line and column, if the cell is no number.
    """
    try:
        return parse_number(text, decimal)
    except ValueError as error:
        raise ReadError(path, f"{name} = {error} Correct the line or export the file again.", line) from None


def parse_row(
    path: Path,
    line: int,
    names: Sequence[str],
    cells: Sequence[str],
    *,
    wanted: Iterable[int],
    decimal: str = ".",
) -> list[float]:
    """Return the numbers in the columns ``wanted`` (positions in ``names``) of one table line.

    Raises
    ------
    ReadError  naming path, line and column, if the line has too few cells or one of them is no number.
    """
    out = []
    for column in wanted:
        if column >= len(cells):
            message = (
                f"{len(cells)} columns: expected {len(names)}, with {names[column]!r}. The line is cut: export again."
            )
            raise ReadError(path, message, line)
        out.append(parse_cell(path, line, names[column], cells[column], decimal))
    return out


def is_cut(last: str, previous: str) -> bool:
    """Return whether ``last``, the end of a file, is a shortened number of the form that ``previous`` has.

    Columns of fixed form (``1.2345678E+003``) end in an exponent of the same length in every line.
    """
    ends = [_EXPONENT.search(text.strip()) for text in (last, previous)]
    if ends[1] is None:
        return False
    return ends[0] is None or len(ends[0].group(1)) < len(ends[1].group(1))


def write_text(path: Path, text: str, encoding: str) -> None:
    """Write ``text`` to ``path`` whole or not at all; see ``write_bytes``."""
    write_bytes(path, text.encode(encoding, errors="replace"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` whole or not at all: into a new file beside it, which then takes its place.

    Raises
    ------
    InvalidInput  if the folder cannot be written.
    """
    beside = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            beside = Path(file.name)
            file.write(data)
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as error:
        message = f"path = {str(path)!r}: cannot be written ({error.strerror}). Choose another folder or name."
        raise InvalidInput(message) from None
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)
