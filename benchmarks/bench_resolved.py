"""The resolved contact model: what 4500 hours cost, and what jumping over cycles gains.

    python benchmarks/bench_resolved.py           all
    python benchmarks/bench_resolved.py --quick   without the full runs

Cycles of 2 x 30 min at 0.2 mA/cm^2 on a period of 300 um, R_ct 30 ohm cm^2 and sigma 0.05 S/m, linear and Butler-Volmer. The
healthy cell has 80 % of contact and keeps it; the failing one has 17 % and loses it after some hundred hours. Times are CPU
times of one thread; compilation is not counted and printed apart. Lives are compared with the run of every cycle.
"""

from __future__ import annotations

import argparse
import os
import platform
import time

import numpy as np

from garnetlab.physics.contact import random_contact
from garnetlab.simulate.population import simulate_population, supply_quantiles
from garnetlab.simulate.resolved import ContactMechanisms, ResolvedParameters, quenched_supply, simulate_resolved

HOUR, PERIOD = 3600.0, 300e-6
KINETICS = {"linear": {"charge_transfer_resistance": 30e-4}, "Butler-Volmer": {"exchange_current_density": 8.56}}
HEALTHY, FAILING = 0.8, 0.17


def mechanisms(kinetics, irreversible):
    return ContactMechanisms(
        height=2e-6, irreversible=irreversible, recovery=0.6, closure=0.4 / HOUR, **KINETICS[kinetics]
    )


def timed(run):
    begin = time.process_time()
    found = run()
    return found, time.process_time() - begin


def resolved(pixels, fraction, kinetics, *, irreversible=0.02, jump=True, cycles=4500):
    contact = random_contact((pixels, pixels), fraction=fraction, period=PERIOD, correlation_length=12e-6, rng=1)
    supply = quenched_supply(contact, supply=10.0, relative_spread=0.25, period=PERIOD, correlation_length=40e-6, rng=2)
    parameters = ResolvedParameters(
        mechanisms(kinetics, irreversible),
        period=PERIOD,
        thickness=1e-3,
        conductivity=0.05,
        smear_length=25e-6,
        recovery_length=10e-6,
    )
    given = {"parameters": parameters, "supply": supply, "current_density": 2.0, "half_cycle": 1800.0}
    return timed(lambda: simulate_resolved(contact, **given, cycles=cycles, jump=jump))


def row(name, found, spent, extra=""):
    per = spent / found.cycles * 1e3
    print(
        f"{name:44s} {spent:7.2f} s  {found.ending.name:13s} {found.time / HOUR:8.1f} h  cycles run {found.cycles:5d} "
        f"({per:6.2f} ms each)  jumps {found.jumps:3d} (+{found.rejected}){extra}"
    )


def population():
    levels = supply_quantiles(24, supply=10.0, relative_spread=0.25)
    given = {"contact_fraction": 0.2, "supply": levels, "current_density": 2.0, "half_cycle": 1800.0}
    for irreversible in (0.0, 0.02):
        for jump in (False, True):
            run = {"mechanisms": mechanisms("linear", irreversible), "cycles": 4500, "jump": jump}
            found, spent = timed(lambda run=run: simulate_population(**given, **run))
            row(f"population of 24, kappa {irreversible}, {'jumping' if jump else 'full'}", found, spent)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="without the full runs")
    quick = parser.parse_args().quick
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, numpy {np.__version__}")
    _, spent = resolved(16, FAILING, "linear", cycles=1)
    print(f"first call, with compilation or the reading of its cache: {spent:.1f} s\n")
    for kinetics in KINETICS:
        for pixels in (64, 128):
            row(f"healthy, {pixels}^2, {kinetics}, jumping", *resolved(pixels, HEALTHY, kinetics))
        for pixels in (64, 128):
            row(f"failing, {pixels}^2, {kinetics}, jumping", *resolved(pixels, FAILING, kinetics, irreversible=0.005))
        if not quick:
            found, spent = resolved(64, FAILING, kinetics, irreversible=0.005)
            full, whole = resolved(64, FAILING, kinetics, irreversible=0.005, jump=False)
            gain = f"  gain {whole / spent:.1f}x, life {found.life / full.life - 1.0:+.2%}"
            row(f"failing, 64^2, {kinetics}, full", full, whole, gain)
    population()


if __name__ == "__main__":
    main()
