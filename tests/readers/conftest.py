"""Spectra and files of every format, made by the package's own writers or byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from garnetlab.core import Channel, Kind, Measurement, SimulationSource
from garnetlab.readers.bdf import write_bdf
from garnetlab.readers.biologic import write_mpt
from garnetlab.readers.gamry import write_dta
from garnetlab.readers.generic_text import write_csv
from garnetlab.readers.generic_workbook import write_workbook
from garnetlab.readers.ivium import write_i2b, write_idf
from garnetlab.readers.land import write_land
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

    def module(short: bytes, data: bytes, version: int) -> bytes:
        return (
            b"MODULE"
            + struct.pack("<10s25sII8s", short.ljust(10), short.ljust(25), len(data), version, b"01/02/24")
            + data
        )

    f, z = m[Channel.FREQUENCY], m[Channel.IMPEDANCE]
    columns = (32, f), (37, z.real), (38, -z.imag), (36, np.abs(z)), (35, np.degrees(np.angle(z)))
    head = struct.pack("<IB5H", len(m), 5, *(c for c, _ in columns)).ljust(405, b"\x00")
    data = head + np.stack([np.asarray(x, "<f4") for _, x in columns], axis=1).tobytes()
    magic = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + bytes(4)
    return magic + module(b"VMP Set", b"settings", 0) + module(b"VMP data", data, 2)


Builder = Callable[[Measurement, Path], object]

#: reader -> (file name, builder); a reader without one fails the suite
BUILDERS: dict[str, list[tuple[str, Builder]]] = {
    "zahner-ism": [("cell.ism", lambda m, p: p.write_bytes(ism_bytes(m)))],
    "biologic-mpt": [("cell.mpt", lambda m, p: write_mpt([m, m], p))],
    "biologic-mpr": [("cell.mpr", lambda m, p: p.write_bytes(mpr_bytes(m)))],
    "gamry-dta": [("cell.DTA", write_dta)],
    "zplot": [("cell.z", write_z)],
    "ivium-idf": [
        ("cell.idf", lambda m, p: write_idf([m], p)),
        ("cells.ids", lambda m, p: write_idf([m, m], p)),
        ("cell.i2b", write_i2b),
    ],
    "relaxis": [("cell_RelaxIS.txt", write_relaxis)],
    "bdf": [("cell.bdf.csv", lambda m, p: write_bdf(make_cycling(len(m)), p))],
    "land": [("cell_Landt.csv", lambda m, p: write_land(make_cycling(len(m)), p))],
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
def builders() -> dict[str, list[tuple[str, Builder]]]:
    """Return the builders of files by reader."""
    return BUILDERS
