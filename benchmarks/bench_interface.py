"""The interface solver beside 3-D solvers on the same contact map, and beside the time of its own Fourier transforms.

    benchmarks/run.sh                             makes .venv-bench with the peers and runs every benchmark
    python benchmarks/bench_interface.py --quick  scipy's finite volumes only, fewer repeats, any environment

P1: linear contact of 40, 0.4 and 0.0192 ohm cm^2 on the 64 x 64 map of ``interface_peers``. P2: the same map under
Butler-Volmer kinetics at 0.1 V. P3: 1000 maps in a row at 256 x 256, contact fraction from 0.9 to 0.3, 0.06 % of the pixels
lost per step, 40 ohm cm^2, each solved to 1e-8: linear, and Butler-Volmer at a fixed mean current.

How the comparison is kept fair
-------------------------------
* All times are CPU times of one thread in this run, on this machine. What is not counted for the peers is said in
  ``interface_peers``. Ours is one call of ``InterfaceSolver`` from nothing (no start values), input checks and the SI maps it
  returns included; the solver object, which holds the symbol of the slab, is made once for a grid, as the mesh of the peers
  is made once. The time to make it is printed, and so is that of the public ``solve_interface`` with certified bounds.
* Accuracy is the same for all: error of the ASR over its contact part, against the reference of ``interface_peers``.
  The ratio of a peer is its time over that of our coarsest grid whose error is not larger; ``first`` is the same over the time
  of a first public call, symbols and certified bounds included. Where the peer's own error lies
  below what the reference is good for (0.03 % at 0.0192), so does ours.
* The floor is the number of pairs of transforms a solve needs times the time of one pair (forward, then backward, memory
  reused) of the FFT in use, measured in the same run between the solves.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import tracemalloc
from functools import partial

import interface_peers as peers
import numpy as np
from numba import njit
from rocket_fft import c2r, r2c

import garnetlab
from garnetlab.numerics import current_symbol, potential_symbol
from garnetlab.physics.contact import gaussian_field
from garnetlab.physics.interface import InterfaceSolver

SLAB = {"conductivity": peers.SIGMA, "thickness": peers.THICKNESS, "period": peers.PERIOD}
T = 298.15
GRIDS = (64, 128, 256, 512, 1024)
QUICK_PEERS = ("finite volume 128x128x32 Jacobi (reference)",)
_AXES = np.array([0, 1])


@njit
def transform_pair(field, spectrum):
    r2c(field, spectrum, _AXES, True, 1.0, 1)
    c2r(spectrum, field, _AXES, False, 1.0 / field.size, 1)


def best(run, least=0.3):
    """Least CPU time of one call, over repeats that last ``least`` seconds in all but at least five."""
    run()
    times, begin = [], time.process_time()
    while len(times) < 5 or time.process_time() - begin < least:
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def pair_time(n):
    field, spectrum = np.random.default_rng(0).random((n, n)), np.empty((n, n // 2 + 1), complex)
    return best(lambda: transform_pair(field, spectrum))


def solve(solver, contact, problem, resistance):
    solver.forget()
    if problem == "P1":
        return solver.linear(contact, charge_transfer_resistance=resistance * peers.CM2, voltage=1.0)
    exchange = peers.THERMAL_VOLTAGE / (resistance * peers.CM2)
    return solver.butler_volmer(contact, exchange_current_density=exchange, temperature=T, voltage=0.1)


def kinetics_of(problem, resistance):
    if problem == "P1":
        return {"charge_transfer_resistance": resistance * peers.CM2}
    exchange = peers.THERMAL_VOLTAGE / (resistance * peers.CM2)
    return {"exchange_current_density": exchange, "temperature": T, "voltage": 0.1}


def pairs_of(solution, resistance):
    """Pairs of transforms a solve made: one per step, two with the preconditioner and one more for its first residual."""
    preconditioned = resistance < 0.1 * peers.PERIOD / peers.SIGMA / peers.CM2  # as physics._interface_fields decides
    each = 2 if preconditioned else 1
    starts = max(solution.newton_steps, 1) if preconditioned else 0
    return each * solution.iterations + starts + (solution.newton_steps + 1 if solution.newton_steps else 0)


def first_call(contact, kinetics):
    """Make the symbols, solve and certify, as the first public call for a grid does."""
    current_symbol.cache_clear()
    potential_symbol.cache_clear()
    return garnetlab.solve_interface(contact, **SLAB, **kinetics)


def accuracy_table(contact, grids):
    print("\nOurs, one solve from nothing to 1e-8")
    heads = f"{'case':>4}{'R/ohm cm2':>11}{'grid':>6}{'ASR/ohm cm2':>13}{'error/%':>10}{'ms':>9}"
    print(f"{heads}{'with bounds ms':>16}{'first call ms':>15}{'bounds/ohm cm2':>24}{'MB':>7}")
    rows = {}
    for problem, resistance in ((p, r) for p in ("P1", "P2") for r in peers.RESISTANCES):
        for n in grids:
            fine = peers.refined(contact, n // 64)
            tracemalloc.start()
            solver = InterfaceSolver(fine.shape, **SLAB)
            result = solve(solver, fine, problem, resistance)
            memory = tracemalloc.get_traced_memory()[1] / 1e6
            tracemalloc.stop()
            seconds = best(partial(solve, solver, fine, problem, resistance), 0.2)
            error = peers.relative_error(result.asr, problem, resistance)
            kinetics = kinetics_of(problem, resistance)
            bounded, certified, first, first_ms = "", "", None, ""
            if n <= 256:
                whole = garnetlab.solve_interface(fine, **SLAB, **kinetics)
                low, high = whole.asr_bounds
                certified = f"{low / peers.CM2:.4f}-{high / peers.CM2:.4f}"
                took = best(partial(garnetlab.solve_interface, fine, **SLAB, **kinetics), 0.1)
                first = best(partial(first_call, fine, kinetics), 0.1)
                bounded, first_ms = f"{1e3 * took:.2f}", f"{1e3 * first:.2f}"
            rows[problem, resistance, n] = (abs(error), seconds, first)
            row = f"{problem:>4}{resistance:>11}{n:>6}{result.asr / peers.CM2:>13.4f}{100 * error:>10.4f}"
            print(f"{row}{1e3 * seconds:>9.3f}{bounded:>16}{first_ms:>15}{certified:>24}{memory:>7.1f}", flush=True)
    return rows


def peer_table(contact, rows, grids, names):
    print("\nPeers, and how much longer each takes than our coarsest grid that is at least as accurate")
    heads = f"{'peer':46}{'case':>5}{'R':>8}{'error/%':>10}{'CPU s':>8}{'MB':>7}"
    print(f"{heads}{'our grid':>10}{'our error/%':>13}{'ratio':>10}{'first':>9}")
    ratios = {}
    for name in names:
        if reason := peers.missing(name):
            print(f"{name}: skipped, {reason}")
            continue
        for problem, resistance in (*(("P1", r) for r in peers.RESISTANCES), ("P2", 40.0), ("P2", 0.4)):
            found = peers.measure(name, contact, peers.law_of(problem, resistance))
            error = abs(peers.relative_error(found["asr"], problem, resistance))
            as_good = next((n for n in grids if rows[problem, resistance, n][0] <= error), None)
            ratio = None if as_good is None else found["cpu_seconds"] / rows[problem, resistance, as_good][1]
            first = None if as_good is None else rows[problem, resistance, as_good][2]
            whole = f"{found['cpu_seconds'] / first:.0f}" if first else "-"
            own = "none" if as_good is None else f"{100 * rows[problem, resistance, as_good][0]:.4f}"
            row = f"{name:46}{problem:>5}{resistance:>8}{100 * error:>10.4f}{found['cpu_seconds']:>8.2f}"
            row += f"{found['peak_memory'] / 1e6:>7.0f}{as_good or '-':>10}{own:>13}"
            print(f"{row}{f'{ratio:.0f}' if ratio else '-':>10}{whole:>9}", flush=True)
            ratios[name, problem, resistance] = (error, ratio)
    return ratios


def best_peers(ratios):
    print("\nAgainst the best peer of each case, the most accurate and the one with the least ratio")
    for problem, resistance in sorted({key[1:] for key in ratios}):
        here = {name: ratios[name, problem, resistance] for name, p, r in ratios if (p, r) == (problem, resistance)}
        accurate = min(here, key=lambda name: here[name][0])
        known = {name: value[1] for name, value in here.items() if value[1]}
        least = min(known, key=known.get) if known else None
        print(f"{problem} {resistance:>7}: most accurate {accurate}, ratio {here[accurate][1] or 0:.0f}")
        print(f"{'':12}least {least}, ratio {known.get(least, 0):.0f}")


def floor_table(contact):
    print("\nDistance to the floor: time of a solve over that of its transforms, without bounds, tolerance 1e-8")
    print(f"{'grid':>5}{'case':>5}{'R':>8}{'pair/ms':>9}{'pairs':>7}{'solve/ms':>10}{'ratio':>7}")
    for n in (64, 128, 256, 512):
        fine = peers.refined(contact, n // 64)
        solver = InterfaceSolver(fine.shape, **SLAB)
        for problem, resistance in (("P1", 40.0), ("P1", 0.4), ("P2", 40.0), ("P2", 0.4)):
            result = solve(solver, fine, problem, resistance)
            before = pair_time(n)
            seconds = best(partial(solve, solver, fine, problem, resistance))
            pair = min(before, pair_time(n))
            pairs = pairs_of(result, resistance)
            row = f"{n:>5}{problem:>5}{resistance:>8}{1e3 * pair:>9.3f}{pairs:>7}"
            print(f"{row}{1e3 * seconds:>10.3f}{seconds / pair / pairs:>7.2f}", flush=True)


def sequence(n, steps, kind):
    """Steps per second of P3; the maps are made beforehand."""
    order = np.argsort(-gaussian_field((n, n), period=peers.PERIOD, correlation_length=5e-6, rng=1).ravel())
    flat = np.zeros((steps, n * n), bool)
    for row, share in zip(flat, np.linspace(0.9, 0.3, 1000)[:: 1000 // steps], strict=False):
        row[order[: round(share * n * n)]] = True
    maps = flat.reshape(steps, n, n)
    exchange = peers.THERMAL_VOLTAGE / (40 * peers.CM2)

    def step(solver, contact):
        if kind == "linear":
            return solver.linear(contact, charge_transfer_resistance=40 * peers.CM2)
        return solver.butler_volmer(contact, exchange_current_density=exchange, temperature=T, current_density=2.0)

    solver = InterfaceSolver((n, n), **SLAB)
    step(solver, maps[0])
    solver.forget()
    start = time.process_time()
    iterations = sum(step(solver, contact).iterations for contact in maps)
    return steps / (time.process_time() - start), iterations / steps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="scipy's finite volumes only, grids up to 256")
    quick = parser.parse_args().quick
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    machine = platform.processor() or platform.machine()
    print(f"{machine}, Python {platform.python_version()}, numpy {np.__version__}, load {os.getloadavg()[0]:.1f}")
    contact = peers.reference_map()
    grids = GRIDS[:3] if quick else GRIDS
    floor_table(contact)
    print("\nP3, 256 x 256, 1000 steps")
    for kind in ("linear", "Butler-Volmer, fixed current"):
        rate, iterations = sequence(256, 1000, kind)
        print(f"{kind:>30}: {rate:.0f} steps/s, {iterations:.2f} conjugate gradient steps each")
    current_symbol.cache_clear()
    start = time.process_time()
    InterfaceSolver((256, 256), **SLAB)
    print(f"making a solver of 256 x 256: {1e3 * (time.process_time() - start):.1f} ms")
    frequencies = np.logspace(6, 0, 61)
    options = {"charge_transfer_resistance": 40 * peers.CM2, "double_layer_capacitance": 0.01, "gap_capacitance": 1e-5}
    fine = peers.refined(contact, 2)
    spectrum = best(lambda: garnetlab.interface_impedance(fine, frequencies=frequencies, area=1e-4, **options, **SLAB))
    print(f"impedance at 61 frequencies, 128 x 128, with gaps: {spectrum:.2f} s")
    rows = accuracy_table(contact, grids)
    best_peers(peer_table(contact, rows, grids, QUICK_PEERS if quick else tuple(peers.PEERS)))


if __name__ == "__main__":
    main()
