"""The reference problems of impedance: the same spectra for tests, proofs and benchmarks.

Case A is a truncated grain-boundary arc with a small interface, case B bare lithium. 81 points from 1 MHz to 0.01 Hz,
normal noise of 1 % of abs(Z) on each part.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from garnetlab.physics.impedance import Circuit, parse_circuit
from garnetlab.simulate.eis import sweep_frequencies, sweep_time

Floats: TypeAlias = NDArray[np.float64]
Complexes: TypeAlias = NDArray[np.complex128]
Case: TypeAlias = Literal["A", "B"]

REFERENCE_CIRCUIT = "R0-p(R1,CPE1)-p(R2,CPE2)-W1"
#: in the order of ``REFERENCE_CIRCUIT``: R_b, R_gb, Q_gb, n_gb, R_int, Q_int, n_int, sigma
REFERENCE_PARAMETERS: dict[str, tuple[float, ...]] = {
    "A": (200.0, 50.0, 1.5e-8, 0.90, 83.0, 3e-6, 0.85, 2.0),
    "B": (200.0, 100.0, 6e-8, 0.92, 460.0, 3e-6, 0.85, 4.0),
}
REFERENCE_NOISE = 0.01


def reference_circuit(case: Case) -> tuple[Circuit, Floats]:
    """Return the circuit of the reference problem and its parameters (8,)."""
    return parse_circuit(REFERENCE_CIRCUIT), np.array(REFERENCE_PARAMETERS[case])


def reference_frequencies() -> Floats:
    """Return the 81 frequencies [Hz], from high to low."""
    return np.asarray(sweep_frequencies())


def noisy(impedance: Complexes, *, rng: np.random.Generator, noise: float = REFERENCE_NOISE) -> Complexes:
    """Return ``impedance`` with normal noise of ``noise`` abs(Z) on each part."""
    normal = rng.standard_normal(impedance.shape) + 1j * rng.standard_normal(impedance.shape)
    return np.asarray(impedance + noise * np.abs(impedance) * normal)


def reference_spectra(
    case: Case, count: int, *, rng: np.random.Generator, noise: float = REFERENCE_NOISE, drift: float = 0.0
) -> tuple[Floats, Complexes]:
    """Return frequencies (81,) [Hz] and ``count`` noisy spectra (count, 81) [ohm] of case A or B.

    With ``drift`` the interface resistance grows by that share, linearly in time, from the first to the last point of a
    sweep from high to low frequency whose points each take five periods or 1 s.
    """
    circuit, parameters = reference_circuit(case)
    return _spectra(circuit, np.repeat(parameters[None], count, axis=0), rng=rng, noise=noise, drift=drift)


def random_spectra(
    count: int, *, rng: np.random.Generator, noise: float = REFERENCE_NOISE, drift: float = 0.0
) -> tuple[Floats, Complexes, Floats]:
    """Return frequencies, spectra (count, 81) of random circuits, and their true parameters (count, 8)."""
    parameters = random_parameters(count, rng=rng)
    frequency, z = _spectra(parse_circuit(REFERENCE_CIRCUIT), parameters, rng=rng, noise=noise, drift=drift)
    return frequency, z, parameters


def random_parameters(count: int, *, rng: np.random.Generator) -> Floats:
    """Return parameters (count, 8) of random circuits of the reference problem.

    R_gb is 20 to 500 ohm, both exponents 0.65 to 1, the ratio of the time constants 10^0.7 to 10^4, as stated. What the
    statement leaves open lies between cases A and B: R_b 200 ohm, R_int 83 to 460 ohm, sigma 2 to 4, fast time constant
    10^-6.8 to 10^-5.7 s.
    """
    u = rng.random((7, count))
    grain, interface, sigma = 20.0 * 25.0 ** u[0], 83.0 * (460.0 / 83.0) ** u[1], 2.0 + 2.0 * u[2]
    fast = 10.0 ** (-6.8 + 1.1 * u[3])
    slow = fast * 10.0 ** (0.7 + 3.3 * u[4])
    n1, n2 = 0.65 + 0.35 * u[5], 0.65 + 0.35 * u[6]
    columns = (np.full(count, 200.0), grain, fast**n1 / grain, n1, interface, slow**n2 / interface, n2, sigma)
    return np.stack(columns, axis=1)


def with_outlier(
    impedance: Complexes, frequency: Floats, *, rng: np.random.Generator, near: float = 50.0, size: float = 0.1
) -> tuple[Complexes, int]:
    """Return spectra (m, n) whose point nearest ``near`` Hz is displaced by ``size`` abs(Z), and its place.

    The direction in the complex plane is random.
    """
    place = int(np.abs(np.log(frequency / near)).argmin())
    out = np.array(impedance, dtype=np.complex128)
    out[..., place] += size * np.abs(out[..., place]) * np.exp(2j * np.pi * rng.random(out.shape[:-1]))
    return out, place


def _spectra(
    circuit: Circuit, parameters: Floats, *, rng: np.random.Generator, noise: float, drift: float
) -> tuple[Floats, Complexes]:
    frequency = reference_frequencies()
    if drift == 0.0:
        return frequency, noisy(circuit.impedance(parameters, frequency), rng=rng, noise=noise)
    clock = np.asarray(sweep_time(frequency))
    share = (clock - clock[0]) / (clock[-1] - clock[0])
    rows = np.repeat(parameters[:, None], len(frequency), axis=1)
    rows[:, :, circuit.names.index("R2")] *= 1.0 + drift * share
    columns = [circuit.impedance(rows[:, k], frequency[k : k + 1])[:, 0] for k in range(len(frequency))]
    return frequency, noisy(np.stack(columns, axis=1), rng=rng, noise=noise)
