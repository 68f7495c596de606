"""A test to a ``.cex`` file in the published layout, for tests of the reader."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, InvalidInput, Measurement
from garnetlab.readers._cycling import require_cycling, restarts
from garnetlab.readers._text import write_bytes
from garnetlab.readers.land_cex._read import (
    BLOCK,
    BLOCK_END,
    CHARGE,
    DISCHARGE,
    HEADER,
    MAGIC,
    REST,
    STEP,
    TICK,
)


def write_cex(
    measurement: Measurement, path: str | Path, *, voltage_step: float = 0.155e-3, current_step: float = 0.31e-6
) -> Path:
    """Write one test as a LAND ``.cex`` file in the layout that is known from description, and return its path.

    Times keep 10 ms, voltages and currents whole counts of the sizes given; voltages must not be negative. Charge and
    energy are integrals from the start of each step, in which the current has one sign.

    Parameters
    ----------
    measurement:  The test.
    path:         The file.
    voltage_step: Volts per count.
    current_step: Amperes per count.

    Raises
    ------
    InvalidInput  if the measurement has no time, voltage and current, a number does not fit, or the folder cannot be
                  written.
    """
    require_cycling(measurement)
    time, voltage, current = (measurement[c] for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT))
    volts, amps = np.round(voltage / voltage_step), np.round(current / current_step)
    if volts.min() < 0 or volts.max() > 65535 or np.abs(amps).max() > 32767:
        message = (
            f"voltage = {voltage.min():g} to {voltage.max():g} V: expected counts of 0 to 65535. Choose the steps."
        )
        raise InvalidInput(message)
    starts = set(restarts(np.sign(current)).tolist())
    body = bytearray()
    steps = measurement.channels.get(Channel.STEP)
    charge = energy = 0.0
    number = 0
    for i in range(len(measurement)):
        if i in starts:
            charge = energy = 0.0
            number = int(steps[i]) if steps is not None else number + 1
            mode = REST if current[i] == 0 else CHARGE if current[i] > 0 else DISCHARGE
            body += STEP + bytes.fromhex("2200") + struct.pack("<HBBBBI", number | 0x8000, mode, 5, 0x81, 0, 0)
        else:
            passed = (time[i] - time[i - 1]) * abs(amps[i] + amps[i - 1]) / 2.0 * current_step / units.hour
            charge += passed
            energy += passed * (volts[i] + volts[i - 1]) / 2.0 * voltage_step
        body += struct.pack("<IHhff", round(time[i] / TICK), int(volts[i]), int(amps[i]), charge, energy)
    info = BLOCK + struct.pack("<HH8x", 0xAA, 16)
    blocks = info + bytes(16) + BLOCK_END + info[4:]
    target = Path(path)
    write_bytes(target, _header(measurement) + blocks + bytes(body))
    return target


def _header(measurement: Measurement) -> bytes:
    started = measurement.metadata.get("started")
    stamp = int(datetime.fromisoformat(str(started)).replace(tzinfo=UTC).timestamp()) if started else 0
    head = bytearray(HEADER)
    head[:4] = MAGIC
    struct.pack_into("<I", head, 0x10, stamp)
    struct.pack_into("<I", head, HEADER - 4, sum(struct.unpack("<30H", head[: HEADER - 4])))
    return bytes(head)
