"""The text exports of LAND beside its csv: one table with English or Chinese names, and the one that follows Maccor's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._column_names import split_name
from garnetlab.readers._options import ReadOptions
from garnetlab.readers._text import is_number
from garnetlab.readers._vendor import find_layout, read_vendor_text, roles
from garnetlab.readers._vendors import LAND, LAND_TEXT

#: names that tell LAND's text from Maccor's
_OWN = ("DPt-Time", "Test(Sec)", "Step(Sec)")
_RECORD = ("voltage", "current")
_STEP_WORDS = ("mode", "period")


def step_heading(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Return whether the cells of a row head a step between the rows of records, and hold no record.

    Such are the column names again, the names of a step's columns (``Index, Mode, Period``), and the row beneath those,
    which has no voltage and no current.
    """
    texts = [c.strip() for c in cells]
    if not any(texts) or tuple(texts[: len(names)]) == tuple(names):
        return True
    bases = {split_name(c)[0] for c in texts if c}
    if all(word in bases for word in _STEP_WORDS):
        return True
    found = roles(LAND, names)
    voltage, current = ((texts[p] if p < len(texts) else "") for p in (names.index(found[r]) for r in _RECORD))
    return not current and not is_number(voltage) and is_number(texts[0])


def is_text_table(lines: Sequence[str]) -> bool:
    """Return whether lines hold LAND's single table."""
    return find_layout(lines, LAND) is not None


def is_maccor_like(lines: Sequence[str]) -> bool:
    """Return whether lines hold the table that follows Maccor's, with LAND's own spellings."""
    layout = find_layout(lines, LAND_TEXT)
    return layout is not None and any(n in layout.names for n in _OWN)


def read_text_table(path: Path, lines: Sequence[str], options: ReadOptions) -> Measurement:
    """Return the test in LAND's single table.

    Raises
    ------
    ReadError  with its line, if a cell is no number, the time falls, or a direction stays open.
    """
    layout = find_layout(lines, LAND)
    names = layout.names if layout is not None else ()
    heads = any("Mode" in text and "Period" in text for text in lines)
    skip = (lambda cells: step_heading(cells, names)) if heads else None
    return read_vendor_text(path, LAND, options=options, skip=skip)


def read_maccor_like(path: Path, options: ReadOptions) -> Measurement:
    """Return the test in the table that follows Maccor's; raises as ``read_text_table``."""
    return read_vendor_text(path, LAND_TEXT, options=options)
