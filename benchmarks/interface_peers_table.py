"""The peers of the interface solver alone: their table on P1 and P2, or a check that they solve the problem posed.

.venv-bench/bin/python benchmarks/interface_peers_table.py            each run in a process of its own
.venv-bench/bin/python benchmarks/interface_peers_table.py --check    full contact must give R + L/sigma
"""

from __future__ import annotations

import argparse
import sys

import interface_peers as peers
import numpy as np

CASES = (("P1", 40.0), ("P1", 0.4), ("P1", 0.0192), ("P2", 40.0), ("P2", 0.4))
COLUMNS = ("ASR", "error", "assembly", "CPU s", "MB", "unknowns", "CG", "Newton")
FULL_TOLERANCE = 1e-6  # CG and Newton stop at 1e-8 of the first residual


def available(name):
    reason = peers.missing(name)
    if reason:
        print(f"{name}: skipped, {reason}")
    return not reason


def off_when_full(name, law, settings):
    """How far the law's current at the drop that the slab leaves is from the current found, relative."""
    slab = peers.SIGMA, peers.PERIOD, peers.THICKNESS
    asr = peers.PEERS[name][0](np.ones((8, 12), bool), law, *slab, settings)["asr"]
    current = law.voltage / asr
    return abs(law.current(law.voltage - current * peers.THICKNESS / peers.SIGMA)[0] / current - 1)


def current_is_at_its_pixel(name, law, settings):
    lone = np.zeros((8, 12), bool)  # neither square nor symmetric
    lone[2, 7] = True
    slab = peers.SIGMA, peers.PERIOD, peers.THICKNESS
    found = peers.PEERS[name][0](lone, law, *slab, settings)["current_map"]
    return found[2, 7] > 0 and not found[~lone].any()


def check(names):
    failures = 0
    for name in filter(available, names):
        settings = peers.PEERS[name][2] | {"layers": 8}
        for law in (peers.law_of("P1", 0.4), peers.law_of("P2", 40.0)):
            off = off_when_full(name, law, settings)
            good = off < FULL_TOLERANCE and current_is_at_its_pixel(name, law, settings)
            failures += not good
            print(f"{name}, {type(law).__name__}: full contact off by {off:.1e}, {'good' if good else 'WRONG'}")
    return failures


def table(names, repeats):
    contact = peers.reference_map()
    print(f"{'peer':46}{'case':>5}{'R':>8}" + "".join(f"{c:>10}" for c in COLUMNS))
    for name in filter(available, names):
        for problem, resistance in CASES:
            r = peers.measure(name, contact, peers.law_of(problem, resistance), repeats)
            error = peers.relative_error(r["asr"], problem, resistance)
            row = f"{name:46}{problem:>5}{resistance:>8g}{r['asr'] / peers.CM2:>10.4f}{error:>+10.4%}"
            row += f"{r['assembly_seconds']:>10.2f}{r['cpu_seconds']:>10.2f}{r['peak_memory'] / 1e6:>10.0f}"
            print(row + f"{r['dofs']:>10}{r['iterations']:>10}{r['newton_steps']:>10}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="The peers of the interface solver on P1 and P2.")
    parser.add_argument("--check", action="store_true", help="only check full contact and the orientation of the map")
    parser.add_argument("--only", default="", help="peers whose name contains this")
    parser.add_argument("--repeats", type=int, default=1, help="runs of which the quickest counts")
    arguments = parser.parse_args()
    names = [name for name in peers.PEERS if arguments.only in name]
    if arguments.check:
        return check(names) > 0
    table(names, arguments.repeats)
    return 0


if __name__ == "__main__":
    sys.exit(main())
