"""Distribution of relaxation times: garnetlab beside hybrid-drt on the reference problems, counts, areas and time.

    python benchmarks/bench_drt.py           60 spectra of A and B, 120 random circuits at two noise levels
    python benchmarks/bench_drt.py --quick   12 and 24

hybrid-drt (J. D. Huang) is an independent method: a regularised distribution by hierarchical Bayes, whose maxima are
counted afterwards. It is on the index as ``eisyfit-hybrid-drt``; where the module ``hybdrt`` is missing, it is left out.

What is counted: both arcs are found (a maximum or an arc within a factor 3 of each true time constant) and there is no other
below 1 s; the tail, a rise of the distribution beyond, is not counted for either. hybrid-drt is scored with all its maxima and
with those of at least 2 % of the polarisation. Time is processor time of one thread per spectrum after a first call: for
hybrid-drt the fit and its maxima on one object, for garnetlab the whole analysis with test of validity and bands.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import io
import os
import platform
import sys
import time
import warnings

import numpy as np

from garnetlab.analyse import relaxation_times
from garnetlab.core import Channel, Kind, Measurement, SimulationSource
from garnetlab.testing import random_spectra, reference_circuit, reference_spectra

SEED = 52001
SLOW = 1.0


def one_thread():
    """Start this program again with one thread per library, where it was started otherwise: numpy reads it once."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    if any(os.environ.get(name) != "1" for name in names):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **dict.fromkeys(names, "1")})


def ours(frequency, z):
    channels = {Channel.FREQUENCY: frequency, Channel.IMPEDANCE: z}
    found = relaxation_times(Measurement(Kind.IMPEDANCE, channels, SimulationSource("", SEED, "reference")))
    arcs = range(1, len(found.details["arcs"]) + 1)
    return [(found[f"arc{k}_time_constant"].value, found[f"arc{k}_resistance"].value) for k in arcs]


class Peer:
    """hybrid-drt on one object, whose tables of integrals are made once."""

    def __init__(self):
        from hybdrt.models import DRT

        self.model = DRT()

    def __call__(self, frequency, z):
        with contextlib.redirect_stdout(io.StringIO()):
            self.model.fit_eis(frequency, z)
            tau = np.asarray(self.model.find_peaks())
            size = np.asarray(self.model.quantify_peaks())
        return list(zip(tau, size, strict=True)) if len(tau) == len(size) else [(t, np.inf) for t in tau]


def matched(peaks, truth):
    """Return the sizes given to the true arcs, or None unless each has one peak and no other is below 1 s."""
    fast = [p for p in peaks if p[0] < SLOW]
    if len(fast) != len(truth):
        return None
    pairs = list(zip(sorted(fast), sorted(truth), strict=True))
    return [(p[1], t[1]) for p, t in pairs] if all(abs(np.log(p[0] / t[0])) < np.log(3) for p, t in pairs) else None


def truth_of(parameters):
    _, r1, q1, n1, r2, q2, n2, _ = parameters
    return [((r1 * q1) ** (1 / n1), r1), ((r2 * q2) ** (1 / n2), r2)]


def run(name, frequency, spectra, parameters, tools):
    print(f"\n{name}: {len(spectra)} spectra")
    print(f"  {'tool':34} {'right %':>8} {'median error of R1, R2 %':>26} {'ms mean':>8} {'p95':>7} {'max':>7}")
    for label, tool, least in tools:
        hits, errors, spent = 0, [], []
        for z, p in zip(spectra, parameters, strict=True):
            begin = time.process_time()
            peaks = tool(frequency, z)
            spent.append(1e3 * (time.process_time() - begin))
            total = sum(s for t, s in peaks if t < SLOW and np.isfinite(s))
            found = matched([q for q in peaks if q[1] >= least * total], truth_of(p))
            hits += found is not None
            errors += [[100 * (a / b - 1) for a, b in found]] if found else []
        middle = np.median(errors, axis=0) if errors else [np.nan, np.nan]
        print(
            f"  {label:34} {100 * hits / len(spectra):8.1f} {middle[0]:+15.1f} {middle[1]:+10.1f}"
            f" {np.mean(spent):8.1f} {np.percentile(spent, 95):7.1f} {max(spent):7.1f}",
            flush=True,
        )


def main():
    one_thread()
    parser = argparse.ArgumentParser(description="Benchmark of distributions of relaxation times.")
    parser.add_argument("--quick", action="store_true", help="12 spectra of A and B, 24 random circuits")
    options = parser.parse_args()
    count = 12 if options.quick else 60
    warnings.simplefilter("ignore")  # the peer warns on its way
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, one thread, CPU time")
    tools = [("garnetlab", ours, 0.0)]
    if importlib.util.find_spec("hybdrt"):
        peer, version = Peer(), importlib.metadata.version("eisyfit-hybrid-drt")
        tools += [(f"hybrid-drt {version}, all maxima", peer, 0.0), ("hybrid-drt, maxima of 2 %", peer, 0.02)]
    else:
        print("hybrid-drt is not installed here: run benchmarks/run.sh, or pip install eisyfit-hybrid-drt")
    frequency, first = reference_spectra("B", 1, rng=np.random.default_rng(SEED))
    for _, tool, _ in tools:
        tool(frequency, first[0])
    for case in ("A", "B"):
        frequency, spectra = reference_spectra(case, count, rng=np.random.default_rng([SEED, ord(case)]))
        run(f"case {case}, 1 %", frequency, spectra, np.tile(reference_circuit(case)[1], (count, 1)), tools)
    for noise in (0.01, 0.003):
        rng = np.random.default_rng([SEED, round(1e4 * noise)])
        frequency, spectra, parameters = random_spectra(2 * count, rng=rng, noise=noise)
        run(f"random circuits, {100 * noise:g} %", frequency, spectra, parameters, tools)


if __name__ == "__main__":
    main()
