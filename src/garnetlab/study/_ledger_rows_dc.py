"""Electronic conductivity: the current of a blocking pellet under a constant voltage, written to a file, read and analysed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from garnetlab.analyse import analyse_dc_polarisation
from garnetlab.core import Channel, Kind, Measurement, Result, SimulationSource
from garnetlab.readers import read
from garnetlab.readers.biologic import write_mpt_test
from garnetlab.study._audit_checks_numbers import Paper
from garnetlab.study._ledger_rows import Computed, Status

__all__ = ["dc_rows"]

_KEY = "llzto.sigma.electronic"
_VOLTAGE, _DURATION, _PERIOD = 1.0, 3600.0, 2.0  # V, s, s: the first two as the paper has them
_NOISE = 2e-11  # A
#: the decay of blocking electrodes and of the lattice, assumed: a power of time with -1 from 1 uA at 1 s
_DECAY, _EXPONENT = 1e-6, 1.0


def dc_rows(
    paper: Paper, folder: Path, *, seed: int
) -> tuple[dict[str, Computed], dict[str, tuple[Measurement, Result]]]:
    """Return the row of the electronic conductivity, and file and result behind it."""
    area = math.pi / 4.0 * paper.si("llzto.pellet.diameter") ** 2
    thickness = paper.si("llzto.pellet.thickness")
    time = np.arange(_PERIOD, _DURATION + 0.5 * _PERIOD, _PERIOD)
    rng = np.random.default_rng([seed, *_KEY.encode()])
    floor = paper.si(_KEY) * area / thickness * _VOLTAGE
    current = floor + _DECAY * time**-_EXPONENT + rng.normal(0.0, _NOISE, len(time))
    channels = {Channel.TIME: time, Channel.VOLTAGE: np.full(len(time), _VOLTAGE), Channel.CURRENT: current}
    source = SimulationSource("", seed, "blocking pellet")
    path = write_mpt_test(Measurement(Kind.DC_POLARISATION, channels, source), folder / "electronic.mpt")
    (record,) = read(path)
    record = record.with_metadata(area=area, thickness=thickness)
    result = analyse_dc_polarisation(record)
    found = result.quantities.get("electronic_conductivity")
    if found is None:
        bound = result["electronic_conductivity_upper_bound"]
        note = f"The current had not reached its floor: below {bound.field_value:.3g} S/cm."
        return {_KEY: Computed(Status.NOT_COMPUTED, note=note)}, {_KEY: (record, result)}
    row = Computed(
        Status.INPUT,
        found.field_value,
        found.field_std,
        found.field_interval,
        "Simulated from the reported value as the current of Ag|LLZTO|Ag under 1 V for 3600 s with a decay of 1 uA s/t and 20 pA"
        " of noise (both assumed), written as an EC-Lab file, read and analysed without knowing it: the decay is told from the"
        " floor.",
    )
    return {_KEY: row}, {_KEY: (record, result)}
