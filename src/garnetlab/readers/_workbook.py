"""Workbooks: the visible sheets of one, and one written whole or not at all."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import python_calamine

from garnetlab.core import ReadError
from garnetlab.readers._text import write_bytes

if TYPE_CHECKING:
    from openpyxl import Workbook

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def visible_sheets(path: Path, left_out: list[str]) -> Iterator[tuple[str, list[list[Cell]]]]:
    """Yield name and cells of each visible sheet from its first row on; hidden ones are named in ``left_out``.

    Raises
    ------
    ReadError  if the workbook cannot be opened.
    """
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        contents = [
            (m.name, m.visible, book.get_sheet_by_name(m.name).to_python(skip_empty_area=False))
            for m in book.sheets_metadata
            if m.typ is python_calamine.SheetTypeEnum.WorkSheet
        ]
    except (python_calamine.CalamineError, OSError, ValueError, RuntimeError) as error:
        message = f"the workbook cannot be opened ({error}). Is it damaged or encrypted? Save it again."
        raise ReadError(path, message) from None
    for name, visible, cells in contents:
        if visible is python_calamine.SheetVisibleEnum.Visible:
            yield name, cells
        else:
            left_out.append(f"sheet {name!r} is hidden: left out")


def is_filled(cells: Sequence[Sequence[Cell]]) -> bool:
    """Return whether any cell holds something."""
    return any(c != "" for row in cells for c in row)


def write_book(path: Path, book: Workbook) -> Path:
    """Write a workbook whole or not at all and return its path; InvalidInput if the folder cannot be written."""
    buffer = io.BytesIO()
    book.save(buffer)
    write_bytes(path, buffer.getvalue())
    return path
