"""Fits of impedance spectra: this package without a guess, scipy and impedance.py started near the truth.

    benchmarks/run.sh                                  makes .venv-bench with the peers and runs every benchmark
    python benchmarks/bench_impedance_fit.py --quick   fewer spectra, any environment

Problems: A and B (100 spectra each) and 400 random circuits, R0-(R1 CPE1)-(R2 CPE2)-W, 81 points from 1 MHz to 0.01 Hz,
independent Gaussian noise of 1 % of |Z| on each part. Random circuits, log-uniform unless said otherwise: R0 and R1
20-500 Ohm, R2 20-1000 Ohm, tau1 0.2-100 us, tau2/tau1 10^0.7-10^4, n 0.65-1 (uniform), sigma 0.5-20 Ohm s^-1/2.
Seeds: A 1001, B 1002, random 1003, peers' starts 1004, reference 1005.

How the comparison is kept fair
-------------------------------
* Every tool gets the same spectra, modulus weights 1/|Z|, one thread, and is timed by process CPU time, not wall time.
* Ours gets no start. The peers start at the truth times exp(u ln 3), u uniform in [-1, 1], for each resistance, sigma
  and either tau (scipy loop) or Q (impedance.py), and at n plus or minus 0.1: one start per spectrum from the same
  random numbers, off by at most 3x in each peer's own parameters and so better than a user has.
* The scipy loop works in logarithms with tau and n bounded and is run twice, with finite differences (what people write)
  and with analytic derivatives (as good as it gets); the ratio against each is printed.
* "At the optimum": chi-squared within a relative 1e-4 of the lowest that any of these finds: scipy (analytic) from the
  truth and from 30 random starts, and the tools themselves. The reference shares no code with this package. Ours and
  the reference search the same box: 1/(20 w_max) < tau < 10/w_min, 0.4 < n < 1. A peer outside of it is not penalised.
* Ours is timed on one call for all spectra, its purpose; ``alone`` is the time of one call per spectrum.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import sys
import time
import warnings

import numpy as np
from scipy.optimize import least_squares

from garnetlab.numerics import ArcModel, Tail, fit_arcs

FREQUENCY = np.logspace(6, -2, 81)
OMEGA = 2 * np.pi * FREQUENCY
REPEATS = 5  # of our call, whose mean is taken: one takes too short a time to compare
MODEL = ArcModel(2, tail=Tail.WARBURG)
LOG = np.array([0, 1, 2, 4, 5, 7])  # positions of what is fitted as a logarithm
EXPONENTS = np.array([3, 6])
LOWER, UPPER = np.full(8, np.log(1e-6)), np.full(8, np.log(1e6))
LOWER[[2, 5]], UPPER[[2, 5]] = -np.log(20 * OMEGA.max()), np.log(10 / OMEGA.min())
LOWER[EXPONENTS], UPPER[EXPONENTS] = 0.4, 1.0


def case(values):
    r_bulk, r_gb, q_gb, n_gb, r_int, q_int, n_int, sigma = values
    tau = (r_gb * q_gb) ** (1 / n_gb), (r_int * q_int) ** (1 / n_int)
    return np.array([r_bulk, r_gb, tau[0], n_gb, r_int, tau[1], n_int, sigma * np.sqrt(2)])


CASES = {
    "A": (case([200, 50, 1.5e-8, 0.90, 83, 3e-6, 0.85, 2]), 1001),
    "B": (case([200, 100, 6e-8, 0.92, 460, 3e-6, 0.85, 4]), 1002),
}


def random_circuits(count, rng):
    def log_uniform(low, high):
        return np.exp(rng.uniform(np.log(low), np.log(high), count))

    tau = log_uniform(2e-7, 1e-4)
    columns = [log_uniform(20, 500), log_uniform(20, 500), tau, rng.uniform(0.65, 1, count)]
    columns += [log_uniform(20, 1000), tau * 10 ** rng.uniform(0.7, 4, count), rng.uniform(0.65, 1, count)]
    return np.stack([*columns, log_uniform(0.5, 20) * np.sqrt(2)], axis=1)


def spectrum_of(parameters):
    r0, r1, t1, n1, r2, t2, n2, a = np.moveaxis(np.asarray(parameters)[..., None], -2, 0)
    arcs = r1 / (1 + (1j * OMEGA * t1) ** n1) + r2 / (1 + (1j * OMEGA * t2) ** n2)
    return r0 + arcs + a / np.sqrt(1j * OMEGA)


def with_noise(parameters, rng):
    exact = spectrum_of(parameters)
    return exact + 0.01 * np.abs(exact) * (rng.standard_normal(exact.shape) + 1j * rng.standard_normal(exact.shape))


def chi_squared(parameters, impedance):
    return float(np.sum(np.abs((spectrum_of(parameters) - impedance) / np.abs(impedance)) ** 2))


def to_search(parameters):
    x = np.array(parameters)
    x[LOG] = np.log(x[LOG])
    return x


def from_search(x):
    out = np.array(x)
    out[LOG] = np.exp(out[LOG])
    return out


def residual(x, impedance, weight):
    return (weight * (spectrum_of(from_search(x)) - impedance)).view(float)


def derivatives(x, _impedance, weight):
    r0, r1, t1, n1, r2, t2, n2, a = from_search(x)
    columns = [np.full(len(OMEGA), r0, dtype=complex)]
    for r, t, n in ((r1, t1, n1), (r2, t2, n2)):
        log_v = np.log(1j * OMEGA * t)
        q = 1 / (1 + np.exp(n * log_v))
        slope = r * (q * q - q)
        columns += [r * q, n * slope, slope * log_v]
    columns.append(a / np.sqrt(1j * OMEGA))
    return np.array([(weight * column).view(float) for column in columns]).T


def scipy_fit(impedance, start, jacobian, tolerance=1e-8):
    inside = np.clip(to_search(start), LOWER + 1e-6, UPPER - 1e-6)
    weight = 1 / np.abs(impedance)
    options = {"xtol": tolerance, "ftol": tolerance, "gtol": 1e-8, "args": (impedance, weight)}
    return from_search(least_squares(residual, inside, jacobian, bounds=(LOWER, UPPER), **options).x)


def impedance_py_fit(impedance, start):
    """Fit from a start whose third and sixth entry are Q1 and Q2."""
    from impedance.models.circuits import CustomCircuit

    guess = [*start[:7], start[7] / np.sqrt(2)]
    circuit = CustomCircuit("R0-p(R1,CPE1)-p(R2,CPE2)-W1", initial_guess=guess)
    circuit.fit(FREQUENCY, impedance, weight_by_modulus=True)
    r0, r1, q1, n1, r2, q2, n2, sigma = circuit.parameters_
    with np.errstate(all="ignore"):
        return np.array([r0, r1, (r1 * q1) ** (1 / n1), n1, r2, (r2 * q2) ** (1 / n2), n2, sigma * np.sqrt(2)])


def peer_start(truth, rng):
    """Return the start in tau and the one in Q, (2, 8), off by the same factors."""
    out = np.stack([truth, truth])
    for r, time_constant, n in ((1, 2, 3), (4, 5, 6)):
        out[1, time_constant] = truth[time_constant] ** truth[n] / truth[r]
    out[:, LOG] *= np.exp(rng.uniform(-1, 1, len(LOG)) * np.log(3))
    out[:, EXPONENTS] = np.clip(out[:, EXPONENTS] + rng.uniform(-0.1, 0.1, 2), 0.5, 0.999)
    return out


def lowest(impedance, truth, rng, starts):
    """Return the lowest chi-squared from the truth and from starts off by up to 10x with any exponents."""
    best = np.inf
    for i in range(starts + 1):
        start = truth.copy()
        if i:
            start[LOG] *= np.exp(rng.uniform(-1, 1, len(LOG)) * np.log(10))
            start[EXPONENTS] = rng.uniform(0.55, 1, 2)
        best = min(best, chi_squared(scipy_fit(impedance, start, derivatives, 1e-10), impedance))
    return best


def ours(spectra):
    """Return chi-squared per spectrum and the CPU time per fit [ms], in one call and alone; the first call warms up."""
    fit_arcs(FREQUENCY, spectra[:2], MODEL)
    begin = time.process_time()
    for _ in range(REPEATS):
        fits = fit_arcs(FREQUENCY, spectra, MODEL)
    batch = (time.process_time() - begin) / (REPEATS * len(spectra)) * 1e3
    some = spectra[:20]
    begin = time.process_time()
    for impedance in some:
        fit_arcs(FREQUENCY, impedance[None], MODEL)
    alone = (time.process_time() - begin) / len(some) * 1e3
    found = [chi_squared(p, z) for p, z in zip(fits.parameters, spectra, strict=True)]
    return np.array(found), batch, alone


def one_by_one(fit, spectra, starts):
    """Return chi-squared per spectrum (inf where the tool failed) and the CPU time per fit [ms]."""
    found, spent = np.full(len(spectra), np.inf), 0.0
    for i, (impedance, start) in enumerate(zip(spectra, starts, strict=True)):
        begin = time.process_time()
        try:
            parameters = fit(impedance, start)
        except (RuntimeError, ValueError, FloatingPointError):  # a peer's own failure counts as not at the optimum
            parameters = None
        spent += time.process_time() - begin
        if parameters is not None and np.all(np.isfinite(parameters)):
            found[i] = chi_squared(parameters, impedance)
    return found, spent / len(spectra) * 1e3


def peers(skip):
    out = {
        "scipy least_squares, finite differences": lambda z, s: scipy_fit(z, s[0], "2-point"),
        "scipy least_squares, analytic": lambda z, s: scipy_fit(z, s[0], derivatives),
    }
    if skip:
        return out
    if importlib.util.find_spec("impedance") and importlib.util.find_spec("pandas"):
        out[f"impedance.py {importlib.metadata.version('impedance')}"] = lambda z, s: impedance_py_fit(z, s[1])
    else:
        print("impedance.py is not installed here: run benchmarks/run.sh, or pip install impedance pandas")
    return out


def run(name, truth, spectra, tools, starts, reference_starts):
    rng = np.random.default_rng(1005)
    rows = {}
    found, batch, alone = ours(spectra)
    rows["garnetlab, no guess, one call"] = (found, batch)
    for label, fit in tools.items():
        rows[label] = one_by_one(fit, spectra, starts)
    reference = np.array([lowest(z, p, rng, reference_starts) for z, p in zip(spectra, truth, strict=True)])
    best = np.minimum(reference, np.min([chi for chi, _ in rows.values()], axis=0))
    print(f"\n{name}: {len(spectra)} spectra (garnetlab alone: {alone:.2f} ms per call of one spectrum)")
    print(f"  {'tool':42} {'ms CPU/fit':>10} {'ratio':>7} {'at optimum':>11}")
    for label, (chi, spent) in rows.items():
        print(f"  {label:42} {spent:10.3f} {spent / batch:7.1f} {100 * np.mean(chi <= best * (1 + 1e-4)):10.2f}%")
    share = 100 * np.mean(reference <= best * (1 + 1e-4))
    print(f"  {f'reference: truth and {reference_starts} starts':42} {'':10} {'':7} {share:10.2f}%", flush=True)


def one_thread():
    """Start this program again with one thread per library, where it was started otherwise: numpy reads it once."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    if any(os.environ.get(name) != "1" for name in names):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **dict.fromkeys(names, "1")})


def main():
    one_thread()
    parser = argparse.ArgumentParser(description="Benchmark of fits of impedance spectra.")
    parser.add_argument(
        "--quick", action="store_true", help="10 spectra of A and B, 20 random circuits, 5 reference starts"
    )
    parser.add_argument("--no-impedance-py", action="store_true", help="leave out impedance.py, the slowest")
    options = parser.parse_args()
    count, circuits, reference_starts = (10, 20, 5) if options.quick else (100, 400, 30)
    warnings.simplefilter("ignore")  # the peers warn of overflows on their way
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, one thread, CPU time")
    tools = peers(options.no_impedance_py)
    problems = {}
    for name, (parameters, seed) in CASES.items():
        problems[name] = (np.tile(parameters, (count, 1)), np.random.default_rng(seed))
    rng = np.random.default_rng(1003)
    problems["random circuits"] = (random_circuits(circuits, rng), rng)
    start_rng = np.random.default_rng(1004)
    for name, (truth, noise_rng) in problems.items():
        spectra = with_noise(truth, noise_rng)
        starts = np.array([peer_start(p, start_rng) for p in truth])
        run(name, truth, spectra, tools, starts, reference_starts)


if __name__ == "__main__":
    main()
