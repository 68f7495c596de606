"""The tables that mdb-export writes, to tests."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._rows import Table
from garnetlab.readers._text import is_number
from garnetlab.readers._vendor import is_table_of, vendor_measurement
from garnetlab.readers._vendors import ARBIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_PROGRAM = "mdb-export"
_RECORDS, _TESTS = "Channel_Normal_Table", "Global_Table"
_TEST, _POINT = "Test_ID", "Data_Point"
_USED = (
    _TEST, _POINT, "Test_Time", "Step_Index", "Cycle_Index", "Current", "Voltage", "Charge_Capacity", "Discharge_Capacity",
)  # fmt: skip
_ZERO = datetime(1899, 12, 30)  # day 0 of the database's dates
_LIMIT = 300.0  # seconds after which the program is given up


def is_database(head: bytes) -> bool:
    """Return whether the bytes are those of a Microsoft Jet database."""
    return head[4:19] in (b"Standard Jet DB", b"Standard ACE DB")


def read_database(path: Path) -> tuple[Measurement, ...]:
    """Return the tests in one file; see the package's ``read``."""
    with path.open("rb") as file:
        head = file.read(32)
    if not is_database(head):
        raise ReadError(path, f"expected a Jet database, found {head[:16]!r} at its start. No Arbin .res file.")
    program = shutil.which(_PROGRAM)
    if program is None:
        message = (
            f"an Arbin .res is a database, and the program {_PROGRAM} that opens it is not installed. Install mdbtools"
            " (Debian, Ubuntu: apt install mdbtools), or export csv or xlsx from Arbin's program."
        )
        raise ReadError(path, message)
    columns = _columns(path, _export(path, program, _RECORDS))
    tests = {row.get(_TEST, ""): row for row in csv.DictReader(io.StringIO(_export(path, program, _TESTS)))}
    numbers = np.unique(columns[_TEST])
    out = []
    for number in numbers.tolist():
        chosen = columns[_TEST] == number
        order = np.argsort(columns[_POINT][chosen], kind="stable")
        arrays = {n: a[chosen][order] for n, a in columns.items() if n not in (_TEST, _POINT)}
        facts = tests.get(f"{number:.0f}", {})
        table = Table(path, tuple(arrays), 0, len(order), {}, arrays)
        header = {key: value for key, value in facts.items() if value}
        part = f"test {number:.0f}" if len(numbers) > 1 else ""
        out.append(vendor_measurement(table, ARBIN, header=header, metadata=_metadata(facts), part=part))
    return tuple(out)


def _export(path: Path, program: str, table: str) -> str:
    """Return one table of the database as csv."""
    try:
        done = subprocess.run(  # noqa: S603 - the program found, the user's file, no shell
            [program, str(path.resolve()), table], capture_output=True, timeout=_LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReadError(path, f"{_PROGRAM} gave no table {table} ({error}). Export csv from Arbin's program.") from None
    text = done.stdout.decode("utf-8", errors="replace")
    if done.returncode != 0 or not text.strip():
        reason = " ".join(done.stderr.decode("utf-8", errors="replace").split())[:200] or "it is empty"
        message = f"no table {table} in the database ({reason}). The file is damaged or cut: export csv."
        raise ReadError(path, message)
    return text


def _columns(path: Path, text: str) -> dict[str, Array]:
    """Return the columns of the records as numbers."""
    rows = list(csv.reader(io.StringIO(text)))
    names = rows[0]
    missing = [n for n in (_TEST, _POINT) if n not in names]
    if missing or not is_table_of(ARBIN, [n for n in names if n != "DateTime"]):
        message = (
            f"table {_RECORDS} = {', '.join(names)[:100]}: expected Test_Time, Voltage, Current. No Arbin database."
        )
        raise ReadError(path, message)
    if len(rows) == 1:
        raise ReadError(path, f"table {_RECORDS} has no row: the test has no record. Export it again.")
    out: dict[str, Array] = {}
    for name in (n for n in _USED if n in names):
        place = names.index(name)
        cells = [row[place] if place < len(row) else "" for row in rows[1:]]
        bad = next((i for i, c in enumerate(cells) if not is_number(c)), None)
        if bad is not None:
            message = (
                f"{name} = {cells[bad]!r} in record {bad + 1}: expected a number. The file is damaged: export csv."
            )
            raise ReadError(path, message)
        out[name] = np.array([float(c) for c in cells])
    return out


def _metadata(facts: Mapping[str, str]) -> dict[str, float | str]:
    out: dict[str, float | str] = {"instrument": "Arbin (.res)"}
    if facts.get("Test_Name"):
        out["sample"] = facts["Test_Name"]
    start = facts.get("Start_DateTime", "")
    if is_number(start) and float(start) > 0:
        out["started"] = (_ZERO + timedelta(seconds=round(float(start) * 86400.0))).isoformat()
    return out
