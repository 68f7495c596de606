"""Proof: lives and contact of the resolved model on 64 x 64, 128 x 128 and 256 x 256 pixels of one map.

``python proofs/resolved_refinement.py`` draws contact and supply once on the finest grid, averages them to the others (the
supply with the contact as its weight), runs the cell to its failure, and prints a table; ``--quick`` leaves out the finest.
It ends with an error unless the life changes by less than half a percent and the contact after 8 cycles by less than 2e-3
between the two finest grids, the last of the lengths printed left out. About two minutes of one core.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from pathlib import Path

# coverage.py beside this file would hide the package of that name from the compiler
sys.path.remove(str(Path(__file__).resolve().parent))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from garnetlab.physics.contact import coarsen_contact, random_contact
from garnetlab.simulate.resolved import ContactMechanisms, ResolvedParameters, quenched_supply, simulate_resolved

Floats = NDArray[np.float64]

HOUR, UM, PERIOD, FINE = 3600.0, 1e-6, 300e-6, 256
#: spread of the vacancies: resolved, at the limit of the coarsest grid, and none, which does not converge
LENGTHS = (25 * UM, 10 * UM, 0.0)


def coarse(contact: Floats, supply: Floats, pixels: int) -> tuple[Floats, Floats]:
    """Return contact and supply averaged to a grid."""
    side = len(contact) // pixels
    shares = coarsen_contact(contact, shape=(pixels, pixels))
    weighted = (supply * contact).reshape(pixels, side, pixels, side).mean(axis=(1, 3))
    return shares, np.where(shares > 0, weighted / np.where(shares > 0, shares, 1.0), supply.mean())


def run(contact: Floats, supply: Floats, length: float) -> tuple[float, float, float]:
    """Return life [h], contact fraction of the left face after 8 cycles, and CPU time [s]."""
    given = ContactMechanisms(
        height=2 * UM, charge_transfer_resistance=30e-4, irreversible=0.01, recovery=0.6, closure=0.4 / HOUR
    )
    cell = ResolvedParameters(
        given, period=PERIOD, thickness=1e-3, conductivity=0.05, smear_length=length, recovery_length=10 * UM
    )
    begin = time.process_time()
    asked = {"parameters": cell, "supply": supply, "current_density": 2.0, "half_cycle": 1800.0}
    early = simulate_resolved(contact, **asked, cycles=8, jump=False)
    found = simulate_resolved(contact, **asked, cycles=20_000)
    life = math.inf if found.life is None else found.life / HOUR
    return life, float(early.left[-1]) if early.life is None else math.nan, time.process_time() - begin


def main() -> int:
    """Print the table and return whether the resolved length has converged."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="without the finest grid")
    grids = (64, 128) if parser.parse_args().quick else (64, 128, FINE)
    fine = random_contact((FINE, FINE), fraction=0.17, period=PERIOD, correlation_length=12 * UM, rng=1).astype(float)
    supply = quenched_supply(fine, supply=10.0, relative_spread=0.25, period=PERIOD, correlation_length=40 * UM, rng=2)
    good = True
    for length in LENGTHS:
        table = []
        for pixels in grids:
            life, contact, spent = run(*coarse(fine, supply, pixels), length)
            table.append((life, contact))
            print(
                f"spread {length / UM:4.0f} um, {pixels:3d} x {pixels}: life {life:8.2f} h, contact after 8 cycles "
                f"{contact:.5f}, {spent:.1f} s",
                flush=True,
            )
        (life, contact), (finer, finer_contact) = table[-2:]
        if length == LENGTHS[0]:
            good = abs(life / finer - 1.0) < 5e-3 and abs(contact / finer_contact - 1.0) < 2e-3
    print("converged" if good else "not converged")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
