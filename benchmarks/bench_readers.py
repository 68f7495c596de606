"""How long 2 million rows of a cycler take to load, from csv and from Parquet, on one core.

    python benchmarks/bench_readers.py           2 million rows
    python benchmarks/bench_readers.py --quick   200 000 rows

The files are written here in a temporary folder: Battery Data Format as csv and as Parquet, a LAND csv, LAND's text table, and
a Neware csv whose times are hh:mm:ss and whose steps are words. The time is that of ``garnetlab.read``: choosing the reader,
the digest, the numbers, all checks. It is the best of five after one smaller file of the same kind, which loads the libraries:
the processor's time, and beside it that of the clock, which counts what else runs. On Linux the process keeps to one core.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import garnetlab
from garnetlab.core import Channel, Kind, Measurement, SimulationSource
from garnetlab.readers.bdf import write_bdf
from garnetlab.readers.land import write_land, write_land_text
from garnetlab.readers.parquet import write_bdf_parquet

TARGET = 2.0
RUNS = 5
FIRST = 500_000  # rows of the file that loads the libraries: large enough for the compiled way


def record(rows: int) -> Measurement:
    """Return half cycles of 1800 rows, one row a second, with noise of 0.1 mV."""
    half = np.arange(rows) // 1800
    current = np.where(half % 2 == 0, 1.57e-4, -1.57e-4)
    noise = 1e-4 * np.random.default_rng(1).standard_normal(rows)
    channels = {
        Channel.TIME: 1.0 * np.arange(rows),
        Channel.VOLTAGE: 400.0 * current + noise,
        Channel.CURRENT: current,
        Channel.CYCLE: 1.0 + half // 2,
        Channel.STEP: 1.0 + half,
    }
    return Measurement(Kind.CYCLING, channels, SimulationSource("", 1, "ohmic cell"))


def write_neware(m: Measurement, path: Path) -> Path:
    """Write a Neware csv."""
    columns = [m[c].tolist() for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT, Channel.CYCLE, Channel.STEP)]
    with path.open("w") as file:
        file.write("Cycle Index,Step Index,Step Type,Cumulative Time,Current(A),Voltage(V)\n")
        for t, v, c, cycle, step in zip(*columns, strict=True):
            clock = f"{int(t) // 3600:03d}:{int(t) // 60 % 60:02d}:{int(t) % 60:02d}"
            file.write(f"{cycle:.0f},{step:.0f},{'CC Chg' if c > 0 else 'CC DChg'},{clock},{c:.8f},{v:.4f}\n")
    return path


FORMS = {
    "BDF csv": ("cell.csv", write_bdf),
    "BDF Parquet": ("cell.parquet", write_bdf_parquet),
    "LAND csv": ("cell_land.csv", write_land),
    "LAND text": ("cell_land.txt", write_land_text),
    "Neware csv": ("cell_neware.csv", write_neware),
}


def main() -> None:
    """Print one line per form."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="200 000 rows")
    rows = 200_000 if parser.parse_args().quick else 2_000_000
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"{rows} rows, one core, {platform.machine()}, Python {platform.python_version()}, best of {RUNS}")
    with tempfile.TemporaryDirectory() as folder:
        for title, (name, write) in FORMS.items():
            garnetlab.read(write(record(FIRST), Path(folder) / name))
            path = write(record(rows), Path(folder) / name)
            spent = []
            for _ in range(RUNS):
                begin, clock = time.process_time(), time.perf_counter()
                (found,) = garnetlab.read(path)
                spent.append((time.process_time() - begin, time.perf_counter() - clock))
            assert len(found) == rows
            size = path.stat().st_size / 1e6
            path.unlink()
            processor, clock = (min(column) for column in zip(*spent, strict=True))
            verdict = "" if processor <= TARGET or rows < 2_000_000 else f"  over {TARGET:g} s"
            print(
                f"{title:12s} {size:6.0f} MB  {processor:5.2f} s of the processor, {clock:5.2f} s by the clock{verdict}"
            )


if __name__ == "__main__":
    main()
