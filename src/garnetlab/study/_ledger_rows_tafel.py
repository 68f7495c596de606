"""Exchange currents: a sweep of a symmetric cell with the reported kinetics, read back and analysed."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np

from garnetlab.analyse import analyse_tafel
from garnetlab.core import Measurement, Result
from garnetlab.core._protocols import tafel_sweep
from garnetlab.readers import bdf, read
from garnetlab.simulate import FaceModel, simulate_cell
from garnetlab.simulate._cell_model import symmetric_cell
from garnetlab.study._audit_checks_numbers import Paper
from garnetlab.study._ledger_rows import Computed, Status

__all__ = ["tafel_rows"]

_END, _RATE, _NOISE = 0.5, 1e-3, 1e-4  # V, V/s, V
_ANODES = {"tafel.i0.li": "Li", "tafel.i0.10kco": "Li-10KCO"}


def tafel_rows(paper: Paper, *, seed: int) -> tuple[dict[str, Computed], dict[str, tuple[Measurement, Result]]]:
    """Return the rows of the exchange currents, and sweep and result behind each."""
    rows: dict[str, Computed] = {}
    behind: dict[str, tuple[Measurement, Result]] = {}
    for k, (key, name) in enumerate(_ANODES.items()):
        face = FaceModel(initial_contact=1.0, exchange_current_density=paper.si(key), creep=False)
        area = math.pi / 4.0 * paper.si("llzto.pellet.diameter") ** 2
        cell = symmetric_cell(face, area=area, thickness=paper.si("llzto.pellet.thickness"), name=name)
        sweep = tafel_sweep(start=-_END, stop=_END, rate=_RATE)
        found = simulate_cell(cell, sweep, rng=np.random.default_rng([seed, k]), voltage_noise=_NOISE, period=2.0)
        record = found.record
        if record is None:
            continue
        with tempfile.TemporaryDirectory(prefix="garnetlab-sweep-") as folder:
            (record,) = read(bdf.write_bdf(record, Path(folder) / f"{key}.bdf.csv"))
        record = record.with_metadata(area=area, temperature=paper.temperature(key))
        result = analyse_tafel(record)
        exchange = result["exchange_current_density"]
        rows[key] = Computed(
            Status.INPUT,
            exchange.field_value,
            exchange.field_std,
            exchange.field_interval,
            f"Simulated from the reported value as a sweep of {name}|LLZTO|{name} from -0.5 to 0.5 V at 1 mV/s with 0.1 mV"
            " of noise, written to a file in Battery Data Format, read and analysed without knowing it: both faces, ohmic drop by"
            " the fit. Contact loss, creep and damage are off: the face holds only its kinetics.",
        )
        behind[key] = (record, result)
    return rows, behind
