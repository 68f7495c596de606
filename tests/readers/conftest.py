"""Spectra and files of every format, made by the package's own writers or byte by byte."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from garnetlab.core import Channel, Kind, Measurement, SimulationSource
from garnetlab.readers.bdf import write_bdf
from garnetlab.readers.biologic import write_mpt, write_mpt_test
from garnetlab.readers.cycler_workbook import write_land_workbook
from garnetlab.readers.gamry import write_dta, write_dta_test
from garnetlab.readers.generic_cycling import write_time_table
from garnetlab.readers.generic_text import write_csv
from garnetlab.readers.generic_workbook import write_workbook
from garnetlab.readers.ivium import write_i2b, write_idf
from garnetlab.readers.land import write_land, write_land_text
from garnetlab.readers.land_cex import write_cex
from garnetlab.readers.parquet import write_bdf_parquet
from garnetlab.readers.parquet._write import write_columns
from garnetlab.readers.relaxis import write_relaxis
from garnetlab.readers.zplot import write_z


def make_spectrum(points: int = 24, seed: int = 0) -> Measurement:
    """Return R + ZARC + CPE from 1 MHz down, with noise of 0.1 %."""
    rng = np.random.default_rng(seed)
    f = np.geomspace(1e6, 0.1, points)
    s = 2j * np.pi * f
    r, tau = rng.uniform(20, 300, 2), 10 ** rng.uniform(-5, -1)
    z = r[0] + r[1] / (1 + (s * tau) ** 0.9) + 1 / (rng.uniform(1e-4, 1e-3) * s**0.8)
    z *= 1 + 1e-3 * (rng.standard_normal(points) + 1j * rng.standard_normal(points))
    return Measurement(
        Kind.IMPEDANCE, {Channel.FREQUENCY: f, Channel.IMPEDANCE: z}, SimulationSource("", seed, "R-ZARC-CPE")
    )


def make_cycling(rows: int = 24, seed: int = 0) -> Measurement:
    """Return plating and stripping of a symmetric cell in half cycles of four rows, with noise of 0.1 mV."""
    rng = np.random.default_rng(seed)
    half = np.arange(rows) // 4
    current = np.where(half % 2 == 0, 1.57e-4, -1.57e-4)
    channels = {
        Channel.TIME: 600.0 * np.arange(rows) + 0.5,
        Channel.VOLTAGE: 400.0 * current + 1e-4 * rng.standard_normal(rows),
        Channel.CURRENT: current,
        Channel.TEMPERATURE: 298.15 + 0.1 * rng.standard_normal(rows),
        Channel.CYCLE: 1.0 + half // 2,
        Channel.STEP: 1.0 + half % 2,
        Channel.CHARGE: 600.0 * np.cumsum(current),
    }
    return Measurement(Kind.CYCLING, channels, SimulationSource("", seed, "ohmic cell"))


def ism_bytes(m: Measurement) -> bytes:
    """Return the bytes of a Zahner file: version, count, four columns of doubles, significances, twelve texts."""
    f, z = m[Channel.FREQUENCY], m[Channel.IMPEDANCE]
    head = bytes.fromhex("0000fffffffe") + (len(m) - 1).to_bytes(6, "big")
    columns = b"".join(np.asarray(c, ">f8").tobytes() for c in (f, np.abs(z), np.angle(z), np.arange(len(m))))
    texts = [b"160724", b"SIMULATION", *[b""] * 10]
    tail = b"".join(struct.pack(">h", len(t)) + t.swapcase() for t in texts)
    return head + columns + np.full(len(m), 1000, ">i2").tobytes() + tail


def mpr_bytes(m: Measurement) -> bytes:
    """Return the bytes of an EC-Lab file: settings and a data module of freq, Re, -Im, modulus, phase as float32."""
    f, z = m[Channel.FREQUENCY], m[Channel.IMPEDANCE]
    columns = (32, f), (37, z.real), (38, -z.imag), (36, np.abs(z)), (35, np.degrees(np.angle(z)))
    return _mpr(b"settings", [(c, np.asarray(x, "<f4")) for c, x in columns])


def mpr_test_bytes(m: Measurement) -> bytes:
    """Return the bytes of an EC-Lab file of galvanostatic cycling, which has no current but the charge of each row."""
    time, voltage, current = (m[c] for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT))
    passed = np.concatenate(([0.0], np.diff(time) * current[1:])) / 3.6
    columns = (4, np.asarray(time, "<f8")), (6, np.asarray(voltage, "<f4")), (7, np.asarray(passed, "<f8"))
    return _mpr(b"\x04ettings", columns)


def _mpr(settings: bytes, columns) -> bytes:
    """Return the bytes of an EC-Lab file with columns of these numbers."""

    def module(short: bytes, data: bytes, version: int) -> bytes:
        return (
            b"MODULE"
            + struct.pack("<10s25sII8s", short.ljust(10), short.ljust(25), len(data), version, b"01/02/24")
            + data
        )

    rows = len(columns[0][1])
    numbers = [c for c, _ in columns]
    head = struct.pack(f"<IB{len(numbers)}H", rows, len(numbers), *numbers).ljust(405, b"\x00")
    data = head + b"".join(x[i].tobytes() for i in range(rows) for _, x in columns)
    magic = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + bytes(4)
    return magic + module(b"VMP Set", settings, 0) + module(b"VMP data", data, 2)


def nda_bytes(m: Measurement) -> bytes:
    """Return the bytes of a Neware file of version 3: whole seconds of a step, 0.1 mV, 0.1 uA, and 0.1 uA s."""
    step = np.concatenate(([0], np.cumsum(np.diff(np.sign(m[Channel.CURRENT])) != 0)))
    time, charge = np.round(m[Channel.TIME] - m[Channel.TIME][0]), 0.0
    head = bytearray(256)
    head[:6], head[14] = b"NEWARE", 3
    struct.pack_into("<I", head, 16, 128)
    struct.pack_into("<i", head, 128 + 26, 5)
    out = bytearray()
    for i in range(len(m)):
        begin = int(np.argmax(step == step[i]))
        current = round(m[Channel.CURRENT][i] * 1e7)
        charge = 0.0 if i == begin else charge + (time[i] - time[i - 1]) * abs(current)
        kind = 1 if current > 0 else 2 if current < 0 else 4
        since = int(time[i] - time[begin])
        voltage = round(m[Channel.VOLTAGE][i] * 1e4)
        out += struct.pack(
            "<BIIBBIii8xq4x", 85, i + 1, step[i] // 2, step[i] % 2 + 1, kind, since, voltage, current, round(charge)
        )
    struct.pack_into("<II", head, 64, len(head), len(out))
    return bytes(head) + bytes(out)


#: what stands in for mdb-export: the tables stand in the file as csv, between lines with @ and their names
FAKE_MDB = """#!/bin/sh
grep -aq '^@end$' "$1" || { echo 'File does not appear to be an Access database' >&2; exit 1; }
LC_ALL=C sed -n "/^@$2\\$/,/^@/p" "$1" | grep -av '^@'
"""


def res_bytes(m: Measurement) -> bytes:
    """Return a file that the stand-in for mdb-export opens: a Jet header and the tables as csv."""
    head = b"\x00\x01\x00\x00Standard Jet DB\x00".ljust(64, b"\x00") + b"\n"
    rows = [
        f"1,{i + 1},{m[Channel.TIME][i]:.9g},45131.784722,{m[Channel.STEP][i]:g},{m[Channel.CYCLE][i]:g},"
        f"{m[Channel.CURRENT][i]:.8g},{m[Channel.VOLTAGE][i]:.8g}"
        for i in range(len(m))
    ]
    names = "Test_ID,Data_Point,Test_Time,DateTime,Step_Index,Cycle_Index,Current,Voltage"
    tests = ["Test_ID,Test_Name,Start_DateTime", '1,"cell",45131.784722']
    text = "\n".join(["@Channel_Normal_Table", names, *rows, "@Global_Table", *tests, "@end", ""])
    return head + text.encode()


def _table_text(m: Measurement, preface: list[str], names: str, row, separator: str = ",") -> str:
    lines = [*preface, names, *(separator.join(row(m, i)) for i in range(len(m)))]
    return "\n".join(lines) + "\n"


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:{int(seconds % 60):02d}"


def _si(m: Measurement, i: int) -> tuple[float, float, float, float, float]:
    return tuple(float(m[c][i]) for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT, Channel.CYCLE, Channel.STEP))


def neware_text(m: Measurement) -> str:
    """Return a Neware csv: times as hh:mm:ss, a charge and a discharge capacity that begin anew in each step."""

    def row(m, i):
        t, v, c, cycle, step = _si(m, i)
        kind = "CC Chg" if c > 0 else "CC DChg"
        first = next(k for k in range(len(m)) if (m[Channel.CYCLE][k], m[Channel.STEP][k]) == (cycle, step))
        passed = abs(c) * (t - m[Channel.TIME][first]) / 3600
        ways = (passed, 0.0) if c > 0 else (0.0, passed)
        return (
            f"{i + 1}",
            f"{cycle:g}",
            f"{step:g}",
            kind,
            _clock(t),
            f"{c:.8f}",
            f"{v:.4f}",
            *(f"{x:.8f}" for x in ways),
        )

    names = (
        "DataPoint,Cycle Index,Step Index,Step Type,Cumulative Time,Current(A),Voltage(V),Chg. Cap.(Ah),DChg. Cap.(Ah)"
    )
    return _table_text(m, [], names, row)


def arbin_text(m: Measurement) -> str:
    """Return an Arbin csv with a running time, current and voltage."""

    def row(m, i):
        t, v, c, cycle, step = _si(m, i)
        return (
            f"{i + 1}",
            f"09/20/2024 08:{i:02d}:34.558",
            f"{t:.4f}",
            f"{cycle:g}",
            f"{step:g}",
            f"{c:.9f}",
            f"{v:.6f}",
        )

    return _table_text(m, [], "Data Point,Date Time,Test Time (s),Cycle Index,Step Index,Current (A),Voltage (V)", row)


def maccor_text(m: Measurement) -> str:
    """Return a Maccor text: tabs, decimal commas, currents without sign, the state in ``Md``, a time in minutes."""

    def row(m, i):
        t, v, c, cycle, step = _si(m, i)
        numbers = (f"{t / 60:.6f}", f"{0.0:.8f}", f"{abs(c):.8f}", f"{v:.4f}")
        when = f"06/05/2021 {_clock(t + 36000)}"
        cells = f"{i + 1}", f"{cycle:g}", f"{step:g}", *(n.replace(".", ",") for n in numbers), "C" if c > 0 else "D"
        return *cells, when

    names = "Rec\tCycle C\tStep\tTestTime\tEner. [Wh]\tCurrent [A]\tVoltage [V]\tMd\tDPT Time"
    return _table_text(m, ["Name:\tcell 7", "Tester\tMaccor #4", ""], names, row, "\t")


def basytec_text(m: Measurement) -> str:
    """Return a Basytec result file."""

    def row(m, i):
        t, v, c, cycle, step = _si(m, i)
        return (
            f"{t:.6f}",
            f"{i + 1}",
            f"{step:g}",
            "Charge" if c > 0 else "Discharge",
            f"{v:.9f}",
            f"{c:.12f}",
            f"{cycle:g}",
        )

    preface = [
        "~Resultfile from Basytec Battery Test System",
        "~Battery: cell",
        "~Start of Test: 19.06.2023 17:56:53",
        "~",
    ]
    return _table_text(m, preface, "~Time[s]\tDataSet\tLine\tCommand\tU[V]\tI[A]\tCyc-Count", row, "\t")


def novonix_text(m: Measurement) -> str:
    """Return a Novonix file: times in hours."""

    def row(m, i):
        t, v, c, cycle, step = _si(m, i)
        return f"2025-07-19 15:{i:02d}:20", f"{cycle:g}", "7", f"{t / 3600:.7f}", f"{c:.8f}", f"{v:.8f}", f"{step:g}"

    preface = [
        "[Summary]",
        "Cell: cell",
        "Area (cm2): 0.785",
        "Started: 2025-07-19 15:26:20",
        "[End Summary]",
        "[Data]",
    ]
    names = "Date and Time,Cycle Number,Step Type,Run Time (h),Current (A),Potential (V),Step Number"
    return _table_text(m, preface, names, row)


def write_cellpy(m: Measurement, path: Path, units: Mapping[str, str] | None = None) -> None:
    """Write an archive as cellpy 2 lays it out: native names, A and Ah that count on."""
    gains = np.diff(m[Channel.TIME], prepend=m[Channel.TIME][0]) * m[Channel.CURRENT] / 3600
    columns = {
        "test_time": m[Channel.TIME],
        "potential": m[Channel.VOLTAGE],
        "current": m[Channel.CURRENT],
        "cycle_num": m[Channel.CYCLE],
        "step_num": m[Channel.STEP],
        "cumulative_charge_capacity": np.cumsum(np.maximum(gains, 0.0)),
        "cumulative_discharge_capacity": np.cumsum(np.maximum(-gains, 0.0)),
    }
    raw = path.with_name("raw.parquet")
    write_columns(columns, raw)
    stated = {"current": "A", "charge": "Ah", "voltage": "V", "time": "sec"} if units is None else units
    meta = {"cellpy_file_version": 9, "raw_units": dict(stated), "cell": {"cell_name": "pellet 7"}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(raw, "raw.parquet")
        archive.writestr("meta.json", json.dumps(meta))
    raw.unlink()


def make_positive(rows: int) -> Measurement:
    """Return the cycling test with 3 V more: a raw voltage of LAND is not negative."""
    m = make_cycling(rows)
    return Measurement(m.kind, {**m.channels, Channel.VOLTAGE: 3.0 + m[Channel.VOLTAGE]}, m.source, m.metadata)


Builder = Callable[[Measurement, Path], object]

#: reader -> (file name, builder); a reader without one fails the suite
# a .cex of few records does not show the size of a count, a Maccor file of one row not the unit of its time
BUILDERS: dict[str, list[tuple[str, Builder]]] = {
    "zahner-ism": [("cell.ism", lambda m, p: p.write_bytes(ism_bytes(m)))],
    "biologic-mpt": [
        ("cell.mpt", lambda m, p: write_mpt([m, m], p)),
        ("test.mpt", lambda m, p: write_mpt_test(make_cycling(len(m)), p)),
    ],
    "biologic-mpr": [
        ("cell.mpr", lambda m, p: p.write_bytes(mpr_bytes(m))),
        ("test.mpr", lambda m, p: p.write_bytes(mpr_test_bytes(make_cycling(len(m))))),
    ],
    "gamry-dta": [
        ("cell.DTA", write_dta),
        ("test.DTA", lambda m, p: write_dta_test(make_cycling(len(m)), p)),
    ],
    "zplot": [("cell.z", write_z)],
    "ivium-idf": [
        ("cell.idf", lambda m, p: write_idf([m], p)),
        ("cells.ids", lambda m, p: write_idf([m, m], p)),
        ("cell.i2b", write_i2b),
    ],
    "relaxis": [("cell_RelaxIS.txt", write_relaxis)],
    "bdf": [("cell.bdf.csv", lambda m, p: write_bdf(make_cycling(len(m)), p))],
    "land": [
        ("cell_Landt.csv", lambda m, p: write_land(make_cycling(len(m)), p)),
        ("table.txt", lambda m, p: write_land_text(make_cycling(len(m)), p, headings=True)),
        ("chinese.txt", lambda m, p: write_land_text(make_cycling(len(m)), p, form="chinese")),
        ("maccor.txt", lambda m, p: write_land_text(make_cycling(len(m)), p, form="maccor")),
    ],
    "land-cex": [("cell.cex", lambda m, p: write_cex(make_positive(max(len(m), 8)), p))],
    "cycler-workbook": [
        (f"{form}.xlsx", lambda m, p, form=form: write_land_workbook(make_cycling(len(m)), p, form=form))
        for form in ("table", "record-tab", "micro")
    ],
    "parquet": [("cell.parquet", lambda m, p: write_bdf_parquet(make_cycling(len(m)), p))],
    "cellpy": [("cell.cellpy", lambda m, p: write_cellpy(make_cycling(len(m)), p))],
    "neware": [("cell.nda", lambda m, p: p.write_bytes(nda_bytes(make_cycling(len(m)))))],
    "neware-csv": [("cell.csv", lambda m, p: p.write_text(neware_text(make_cycling(len(m)))))],
    "arbin": [("cell.csv", lambda m, p: p.write_text(arbin_text(make_cycling(len(m)))))],
    "arbin-res": [("cell.res", lambda m, p: p.write_bytes(res_bytes(make_cycling(len(m)))))],
    "maccor": [("cell.txt", lambda m, p: p.write_text(maccor_text(make_cycling(max(len(m), 2)))))],
    "basytec": [("cell.txt", lambda m, p: p.write_text(basytec_text(make_cycling(len(m)))))],
    "novonix": [("cell.csv", lambda m, p: p.write_text(novonix_text(make_cycling(len(m)))))],
    "generic-cycling": [("cell.csv", lambda m, p: write_time_table(make_cycling(len(m)), p))],
    "generic-text": [("cell.csv", write_csv)],
    "generic-workbook": [("cell.xlsx", lambda m, p: write_workbook([m, m], p))],
}


@pytest.fixture(scope="session")
def spectrum() -> Callable[..., Measurement]:
    """Return the maker of spectra."""
    return make_spectrum


@pytest.fixture(scope="session")
def cycling() -> Callable[..., Measurement]:
    """Return the maker of cycling tests."""
    return make_cycling


@pytest.fixture(scope="session")
def cellpy_archive() -> Callable[..., None]:
    """Return the writer of archives of cellpy 2."""
    return write_cellpy


@pytest.fixture
def mdb_export(tmp_path_factory, monkeypatch):
    """Put a stand-in for the program mdb-export on the path."""
    folder = tmp_path_factory.mktemp("programs")
    program = folder / "mdb-export"
    program.write_text(FAKE_MDB)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="session")
def builders() -> dict[str, list[tuple[str, Builder]]]:
    """Return the builders of files by reader."""
    return BUILDERS
