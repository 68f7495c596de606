"""Distribution of relaxation times against the truth of simulated spectra: counts, bands, areas, time, loops, series.

Right means: as many arcs as were put in, with a tail where there is one. The band is right at a point of ln tau inside the
measured window where the true distribution lies in it; a share is over all points and spectra. The families HN, Gaussian,
drift and constant noise are not what the method assumes: their rows state what happens there. Times are processor times of
one thread for one spectrum in one call, bands included: on average 9 to 25 ms on a quiet machine (half as much again on a busy
one), 32 to 61 ms for loops and six arcs. Development used other seeds.

All rows are sweeps of 10 points per decade from 1 MHz to 10 mHz; 7 per decade did as well. With two arcs at least one decade
apart, 1 % of noise and 60 spectra each, 5 points per decade gave the count right in 77 % and a band that covers 84 % (wrong
with a good outcome: 7 %), 3 points per decade 55 %, 71 % and 2 %; three arcs without a tail at 10 per decade 92 %, 89.6 %
and 3 %. The method warns below 7 points per decade.

    python proofs/drt.py [--quick] [--out docs/proofs]
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from garnetlab.analyse import relaxation_series, relaxation_times
from garnetlab.core import Channel, Kind, Measurement, Result, SimulationSource
from garnetlab.testing._reference import (
    noisy,
    random_spectra,
    reference_circuit,
    reference_frequencies,
    reference_spectra,
)

SEED = 733005
FREQUENCY = reference_frequencies()
S = 2j * np.pi * FREQUENCY


class Truth(NamedTuple):
    """What was put in: distribution [ohm] over ln tau, resistances of series and arcs, arcs, tail, loop."""

    gamma: Callable[[np.ndarray], np.ndarray] | None
    resistances: tuple[float, ...]
    arcs: int
    tail: bool
    loop: bool = False


class Spectrum(NamedTuple):
    z: np.ndarray
    truth: Truth


def zarc(r: float, tau: float, n: float) -> np.ndarray:
    return r / (1 + (S * tau) ** n)


def zarc_density(x: np.ndarray, r: float, tau: float, n: float) -> np.ndarray:
    """Distribution of a ZARC; an ideal RC element is a line, drawn as n = 0.99."""
    n = min(n, 0.99)
    y = n * (x - math.log(tau))
    return r / (2 * math.pi) * math.sin((1 - n) * math.pi) / (np.cosh(y) - math.cos((1 - n) * math.pi))


def warburg(sigma: float) -> np.ndarray:
    return sigma * (2 / S) ** 0.5


def warburg_density(x: np.ndarray, sigma: float) -> np.ndarray:
    """sigma sqrt(2) (j w)^-1/2 is the integral of sigma sqrt(2)/pi tau^1/2/(1 + j w tau) over ln tau."""
    return sigma * math.sqrt(2) / math.pi * np.exp(0.5 * x)


def of_circuit(z: np.ndarray, parameters: np.ndarray) -> Spectrum:
    """The reference circuit: R_b, R_gb, Q_gb, n_gb, R_int, Q_int, n_int, sigma."""
    rb, r1, q1, n1, r2, q2, n2, sigma = (float(p) for p in parameters)
    arcs = ((r1, (r1 * q1) ** (1 / n1), n1), (r2, (r2 * q2) ** (1 / n2), n2))

    def gamma(x: np.ndarray) -> np.ndarray:
        return sum(zarc_density(x, *a) for a in arcs) + warburg_density(x, sigma)

    return Spectrum(z, Truth(gamma, (rb, r1, r2), 2, True))


def reference(case: str, count: int, noise: float, drift: float = 0.0) -> Iterator[Spectrum]:
    rng = np.random.default_rng([SEED, ord(case), round(1e4 * noise), round(1e3 * drift)])
    parameters = reference_circuit(case)[1]
    for z in reference_spectra(case, count, rng=rng, noise=noise, drift=drift)[1]:
        yield of_circuit(z, parameters)


def circuits(count: int, noise: float) -> Iterator[Spectrum]:
    rng = np.random.default_rng([SEED, 1, round(1e4 * noise)])
    _, spectra, parameters = random_spectra(count, rng=rng, noise=noise)
    for z, p in zip(spectra, parameters, strict=True):
        yield of_circuit(z, p)


def one_of(kind: str, rng: np.random.Generator) -> tuple[np.ndarray, Truth]:
    """Return a spectrum without noise of one of the other families."""
    u = rng.random(10)
    r, tau, sigma, n = 100 * 4 ** u[0], 10 ** (-5 + 2 * u[1]), 2 + 2 * u[2], 0.7 + 0.3 * u[3]
    base = 200 + warburg(sigma)
    if kind == "one arc":
        return base + zarc(r, tau, n), Truth(
            lambda x: zarc_density(x, r, tau, n) + warburg_density(x, sigma), (200, r), 1, True
        )
    if kind == "close arcs":
        other = (100 * 4 ** u[4], tau * 10 ** (0.7 + 0.5 * u[5]), 0.9)
        first = (r, tau, 0.9)
        gamma = lambda x: zarc_density(x, *first) + zarc_density(x, *other) + warburg_density(x, sigma)  # noqa: E731
        return base + zarc(*first) + zarc(*other), Truth(gamma, (200, r, other[0]), 2, True)
    if kind == "six arcs":
        z = 10 + sum(zarc(100, 10.0**-k, 0.95) for k in range(6))
        return z, Truth(
            lambda x: sum(zarc_density(x, 100, 10.0**-k, 0.95) for k in range(6)), (10, *[100] * 6), 6, False
        )
    if kind == "Havriliak-Negami":
        a, b = 0.75 + 0.25 * u[4], 0.45 + 0.35 * u[5]
        return base + r / (1 + (S * tau) ** a) ** b, Truth(None, (200, r), 1, True)
    if kind == "Gaussian":
        x = np.linspace(-6, 6, 241)
        share = np.exp(-0.5 * x**2) / np.exp(-0.5 * x**2).sum()
        width = 1 + 1.2 * u[4]
        z = base + r * (share / (1 + S[:, None] * tau * np.exp(width * x))).sum(axis=1)

        def density(y: np.ndarray) -> np.ndarray:
            peak = r / (width * math.sqrt(2 * math.pi))
            return peak * np.exp(-0.5 * ((y - math.log(tau)) / width) ** 2) + warburg_density(y, sigma)

        return z, Truth(density, (200, r), 1, True)
    if kind == "finite diffusion":
        root = np.sqrt(S * 10 ** (0.3 + u[4]))
        z = 200 + zarc(r, tau, n) + (50 + 100 * u[5]) * np.tanh(root) / root
        return z, Truth(None, (200, r), 1, True)
    if kind == "blocking":
        m = 0.75 + 0.2 * u[4]
        return 200 + zarc(r, tau, n) + 10 ** (3 + 1.5 * u[5]) * (S / S[-1].imag) ** -m, Truth(None, (200, r), 1, True)
    loop = (20 + 60 * u[4], 10 ** (-0.5 + u[5]), 0.9 + 0.1 * u[6])
    return 200 + zarc(100, 1e-5, 0.9) + zarc(300, 1e-3, 0.9) - zarc(*loop), Truth(
        None, (200, 100, 300, -loop[0]), 3, False, loop=True
    )


def others(kind: str, count: int, noise: float) -> Iterator[Spectrum]:
    rng = np.random.default_rng([SEED, 2, sum(map(ord, kind)), round(1e4 * noise)])
    for _ in range(count):
        z, truth = one_of(kind, rng)
        yield Spectrum(noisy(z, rng=rng, noise=noise), truth)


def constant_noise(count: int) -> Iterator[Spectrum]:
    rng = np.random.default_rng([SEED, 3])
    circuit, parameters = reference_circuit("B")
    z = circuit.impedance(parameters, FREQUENCY)
    for _ in range(count):
        yield of_circuit(z + 4.0 * (rng.standard_normal(z.size) + 1j * rng.standard_normal(z.size)), parameters)


def families(count: int) -> Iterator[tuple[str, float, Iterator[Spectrum]]]:
    yield "A", 0.01, reference("A", count, 0.01)
    yield "B", 0.01, reference("B", count, 0.01)
    yield "random circuits", 0.01, circuits(2 * count, 0.01)
    yield "random circuits", 0.003, circuits(2 * count, 0.003)
    for kind in ("one arc", "close arcs", "Havriliak-Negami", "Gaussian", "finite diffusion", "blocking", "loop"):
        for noise in (0.01, 0.003):
            yield kind, noise, others(kind, count // 2, noise)
    yield "six arcs", 0.01, others("six arcs", count // 4, 0.01)
    yield "six arcs", 0.001, others("six arcs", count // 4, 0.001)
    yield "B, constant noise 4 ohm", 0.01, constant_noise(count // 2)
    yield "B, drift 15 %", 0.01, reference("B", count // 2, 0.01, drift=0.15)


def measurement(z: np.ndarray) -> Measurement:
    channels = {Channel.FREQUENCY: FREQUENCY, Channel.IMPEDANCE: z}
    return Measurement(Kind.IMPEDANCE, channels, SimulationSource("", SEED, "drt proof"))


def arcs_of(result: Result, truth: Truth) -> tuple[int, bool]:
    """Return the number of arcs and whether there is a tail; a finite diffusion is one where a tail was put in."""
    arcs = result.details["arcs"]
    tail = "tail_coefficient" in result.quantities
    if truth.tail and not tail and arcs and arcs[-1]["shape"] == "finite diffusion":
        return len(arcs) - 1, True
    return len(arcs), tail


class Score:
    """What is counted over one family."""

    def __init__(self) -> None:
        self.rows: dict[str, list[float]] = {}

    def add(self, name: str, value: float) -> None:
        self.rows.setdefault(name, []).append(float(value))

    def mean(self, name: str) -> float | None:
        values = self.rows.get(name)
        return None if not values else float(np.mean(values))

    def spectrum(self, spectrum: Spectrum) -> None:
        truth = spectrum.truth
        begin = time.process_time()
        result = relaxation_times(measurement(spectrum.z))
        self.add("ms", 1e3 * (time.process_time() - begin))
        count, tail = arcs_of(result, truth)
        right = count == truth.arcs and tail == truth.tail
        self.add("right", right)
        self.add("over", count > truth.arcs)
        self.add("flagged", not result.outcome.good)
        self.add("loop", any(a["loop"] for a in result.details["arcs"]))
        said = result.details["count_probability"]
        self.add(
            "probability of the true count", said.get(str(truth.arcs + (len(result.details["arcs"]) - count)), 0.0)
        )
        if truth.gamma is not None:
            self.bands(result, truth)
        if right and count == len(truth.resistances) - 1 and len(result.details["arcs"]) == count:
            self.areas(result, truth)

    def bands(self, result: Result, truth: Truth) -> None:
        curves = result.curves
        tau = curves["tau"]
        inside = (tau >= 1 / (2 * np.pi * FREQUENCY[0])) & (tau <= 1 / (2 * np.pi * FREQUENCY[-1]))
        gamma = truth.gamma(np.log(tau))
        self.add("band", np.mean(((curves["gamma_low"] <= gamma) & (gamma <= curves["gamma_high"]))[inside]))

    def areas(self, result: Result, truth: Truth) -> None:
        found = [result["series_resistance"], *(result[f"arc{k}_resistance"] for k in range(1, len(truth.resistances)))]
        for quantity, true in zip(found, truth.resistances, strict=True):
            low, high = quantity.interval
            self.add("area", low <= true <= high)
        for total in result.details["sums"]:
            names = {"R0": 0, **{f"R{k}": k for k in range(1, len(truth.resistances))}}
            true = sum(truth.resistances[names[n]] for n in total["sum"])
            low, high = total["interval"]
            self.add("sum", low <= true <= high)

    def row(self, family: str, noise: float) -> dict[str, object]:
        def percent(name: str) -> float | None:
            value = self.mean(name)
            return None if value is None else round(100 * value, 2)

        times = np.array(self.rows["ms"])
        return {
            "family": family,
            "noise %": 100 * noise,
            "spectra": len(times),
            "right %": percent("right"),
            "too many %": percent("over"),
            "probability of the true count %": percent("probability of the true count"),
            "band covers %": percent("band"),
            "areas covered %": percent("area"),
            "sums covered %": percent("sum"),
            "sums given": len(self.rows.get("sum", [])),
            "loop said %": percent("loop"),
            "outcome not good %": percent("flagged"),
            "ms mean": round(float(times.mean()), 2),
            "ms p95": round(float(np.percentile(times, 95)), 2),
            "ms max": round(float(times.max()), 2),
        }


def crossing(position: float, rng: np.random.Generator) -> tuple[Measurement, np.ndarray]:
    """Return one spectrum of two arcs whose time constants cross at position 8.3, and their (R, tau)."""
    arcs = np.array(
        [(100 * (1 + 0.02 * position), 1e-4 * 10 ** (0.12 * position)), (180, 1e-2 * 10 ** (-0.12 * position))]
    )
    z = 50 + zarc(*arcs[0], 0.95) + zarc(*arcs[1], 0.9)
    return measurement(noisy(z, rng=rng)), arcs


def heated(celsius: float, rng: np.random.Generator) -> tuple[Measurement, np.ndarray]:
    """Return one spectrum of an Arrhenius series, and the (R, tau) of its arcs."""
    x = (1 / (celsius + 273.15) - 1 / 298.15) / 8.617333262e-5
    arcs = np.array(
        [(200 * math.exp(0.4 * x), 2e-6 * math.exp(0.4 * x)), (500 * math.exp(0.55 * x), 3e-4 * math.exp(0.55 * x))]
    )
    z = 150 * math.exp(0.35 * x) + zarc(*arcs[0], 0.92) + zarc(*arcs[1], 0.88) + warburg(4 * math.exp(0.3 * x))
    return measurement(noisy(z, rng=rng)).with_metadata(temperature=celsius + 273.15), arcs


def series(count: int) -> Iterator[dict[str, object]]:
    """Yield rows on series: two tracks found, no track that goes from one true arc to the other, points without an arc."""
    makers = {"25 to 80 degC": (heated, np.arange(25.0, 81.0, 5.0)), "crossing arcs": (crossing, np.arange(18.0))}
    for name, (make, at) in makers.items():
        two, kept, missing, begin = 0, 0, 0, time.process_time()
        for k in range(count):
            rng = np.random.default_rng([SEED, 4, k, len(at)])
            made, truth = zip(*(make(float(x), rng) for x in at), strict=True)
            found = relaxation_series(made, coordinate=None if make is heated else at.tolist())
            two += len(found.tracks) == 2
            kept += not any(_swaps(t, np.log(np.array(truth))) for t in found.tracks)
            missing += sum(len(t.missing) for t in found.tracks)
        yield {
            "family": f"series, {name}",
            "noise %": 1.0,
            "spectra": count * len(at),
            "right %": round(100 * two / count, 2),
            "series without a swap %": round(100 * kept / count, 2),
            "points without an arc %": round(100 * missing / (2 * count * len(at)), 2),
            "ms mean": round(1e3 * (time.process_time() - begin) / (count * len(at)), 2),
        }


def _swaps(track: object, truth: np.ndarray) -> bool:
    """Whether a track is one true arc in its first third and the other in its last."""
    place = np.log(np.stack([np.abs(track.resistance), track.time_constant], axis=1))
    nearest = np.abs(place[:, None] - truth[track.spectra]).sum(axis=2).argmin(axis=1)
    third = max(len(nearest) // 3, 1)
    return round(float(nearest[:third].mean())) != round(float(nearest[-third:].mean()))


def one_thread() -> None:
    """Start this program again with one thread per library: numpy reads it once.

    It starts isolated from its own folder, whose coverage.py would be taken for the package of that name.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "PYTHONSAFEPATH")
    if any(os.environ.get(name) != "1" for name in names):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **dict.fromkeys(names, "1")})


def main() -> None:
    one_thread()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="24 spectra per family instead of 400")
    parser.add_argument("--out", type=Path, default=Path("docs/proofs"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    count = 24 if options.quick else 400
    relaxation_times(measurement(next(reference("B", 1, 0.02)).z))  # compiles
    rows = []
    for family, noise, spectra in families(count):
        score = Score()
        for spectrum in spectra:
            score.spectrum(spectrum)
        rows.append(score.row(family, noise))
        print(rows[-1], flush=True)
    for row in series(max(count // 10, 2)):
        rows.append(row)
        print(row, flush=True)
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    names = [*rows[0], "series without a swap %", "points without an arc %", "seed", "date"]
    with (options.out / "drt.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "seed": SEED, "date": today} for row in rows)


if __name__ == "__main__":
    main()
