"""Virtual impedance sweeps: a circuit and its parameters to a measurement with noise and drift."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import Channel, InvalidInput, Kind, Measurement, SimulationSource, nearest
from garnetlab.physics.impedance import Circuit, parse_circuit
from garnetlab.units import Fraction, Frequency, Impedance, Number, Resistance, Time, Voltage

__all__ = ["REALISTIC", "Drift", "Noise", "impedance_noise", "simulate_eis", "sweep_frequencies", "sweep_time"]

_PERIODS = 5.0
_SHORTEST = 1.0  # s per point


@dataclass(frozen=True, slots=True)
class Noise:
    """Standard deviation of each part of the impedance: ``hypot(relative * growth * abs(Z), constant)``.

    ``growth = sqrt(1 + (low_corner/f)^2 + (f/high_corner)^2)`` is 1 between the corners.

    Parameters
    ----------
    relative:    Share of abs(Z), >= 0.
    constant:    [ohm], >= 0.
    low_corner:  Below it [Hz] the relative part grows as 1/f; 0 for none.
    high_corner: Above it [Hz] the relative part grows as f; inf for none.
    """

    relative: Fraction = 0.01
    constant: Resistance = 0.0
    low_corner: Frequency = 0.0
    high_corner: Frequency = np.inf

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value >= 0 or (value == np.inf and name != "high_corner"):
                message = (
                    f"{name} = {value}: expected a finite number >= 0. Give 0 to leave this part of the noise out."
                )
                raise InvalidInput(message)
        if not self.high_corner > 0:
            message = f"high_corner = {self.high_corner}: expected a frequency > 0 Hz, or inf for none."
            raise InvalidInput(message)


#: 0.1 % in the middle, 0.5 % at 1 MHz and 0.3 % at 10 mHz. The shape is that of the accuracy charts of impedance
#: analysers (best in the middle, worse towards both ends); the numbers are a choice, not those of one instrument.
REALISTIC = Noise(relative=1e-3, low_corner=0.03, high_corner=2e5)


@dataclass(frozen=True, slots=True)
class Drift:
    """Growth of one parameter, linear in the time of the sweep.

    Parameters
    ----------
    parameter: Name in ``circuit.names``, for example ``"R2"``.
    growth:    Relative growth from the first to the last point, > -1: 0.15 for 15 %.
    """

    parameter: str
    growth: Fraction

    def __post_init__(self) -> None:
        if not -1 < self.growth < np.inf:
            message = f"growth = {self.growth}: expected a finite relative growth > -1, for example 0.15."
            raise InvalidInput(message)


def sweep_frequencies(*, high: Frequency = 1e6, low: Frequency = 1e-2, points_per_decade: int = 10) -> Frequency:
    """Return frequencies [Hz] from ``high`` down to ``low``, spaced evenly in the logarithm; both ends are in it.

    Raises
    ------
    InvalidInput  if not 0 < low < high, or ``points_per_decade`` is not 1 to 1000.

    Examples
    --------
    >>> len(sweep_frequencies())
    81
    """
    if not 0 < low < high < np.inf:
        message = f"low = {low}, high = {high}: expected 0 < low < high in Hz."
        raise InvalidInput(message)
    if not 1 <= points_per_decade <= 1000:
        message = f"points_per_decade = {points_per_decade}: expected 1 to 1000."
        raise InvalidInput(message)
    count = max(2, round(float(np.log10(high / low)) * points_per_decade) + 1)
    return np.logspace(np.log10(high), np.log10(low), count)


def sweep_time(frequency: Frequency) -> Time:
    """Return when each point ends [s], where a point takes five periods or 1 s, whichever is longer.

    Examples
    --------
    >>> [float(t) for t in sweep_time(np.array([100.0, 1.0]))]
    [1.0, 6.0]
    """
    return np.cumsum(np.maximum(_PERIODS / np.asarray(frequency, dtype=np.float64), _SHORTEST))


def impedance_noise(impedance: Impedance, frequency: Frequency, noise: Noise) -> Resistance:
    """Return the standard deviation [ohm] of each part of ``impedance`` at ``frequency`` (shapes broadcast)."""
    f = np.asarray(frequency, dtype=np.float64)
    growth = np.sqrt(1.0 + (noise.low_corner / f) ** 2 + (f / noise.high_corner) ** 2)
    return np.hypot(noise.relative * growth * np.abs(impedance), noise.constant)


def simulate_eis(
    circuit: Circuit | str,
    parameters: Mapping[str, Number],
    *,
    rng: np.random.Generator,
    frequencies: Frequency | None = None,
    noise: Noise | Fraction = 0.01,
    drift: Drift | None = None,
    amplitude: Voltage | None = None,
    metadata: Mapping[str, float | str] | None = None,
) -> Measurement:
    """Return the impedance sweep that an instrument would record of ``circuit``.

    Normal noise is added to the real and the imaginary part independently. The response is linear: ``amplitude`` is
    noted in the metadata and changes nothing. There are no outliers and no mains.

    Parameters
    ----------
    circuit:     Circuit or its text.
    parameters:  SI values by the names of the circuit, all of them.
    rng:         Source of the noise.
    frequencies: Shape (n,) [Hz], in the order of measurement; by default 81 from 1 MHz down to 0.01 Hz.
    noise:       Noise law, or the share of abs(Z) that stands for ``Noise(relative=...)``; 0 for none.
    drift:       Growth of one parameter during the sweep.
    amplitude:   [V], for the metadata.
    metadata:    What else the notebook would say (``temperature``, ``area``, ``thickness``, ``sample``, ...), SI.

    Returns
    -------
    :  Channels frequency, impedance, and time (end of each point). ``std`` holds the true standard deviation of each
       part where there is noise. ``source.digest`` is the SHA-256 of all inputs and of the state of ``rng``;
       ``source.seed`` is the seed of ``rng`` where it has one.

    Raises
    ------
    InvalidInput  if the text, a name, a value or the frequencies cannot be used.
    """
    model = parse_circuit(circuit) if isinstance(circuit, str) else circuit
    values = _vector(model, parameters)
    f = np.asarray(sweep_frequencies() if frequencies is None else frequencies, dtype=np.float64)
    law = noise if isinstance(noise, Noise) else Noise(relative=noise)
    known = dict(metadata or {}) if amplitude is None else {"amplitude": float(amplitude), **(metadata or {})}
    growth = None if drift is None else asdict(drift)
    digest = _digest([str(model), values.tolist(), f.tolist(), asdict(law), growth, known], rng)
    z = model.impedance(values, f) if drift is None else _drifting(model, values, f, drift)
    std = impedance_noise(z, f, law)
    noisy = z + std * (rng.standard_normal(len(f)) + 1j * rng.standard_normal(len(f)))
    return Measurement(
        kind=Kind.IMPEDANCE,
        channels={Channel.FREQUENCY: f, Channel.IMPEDANCE: noisy, Channel.TIME: np.asarray(sweep_time(f))},
        source=SimulationSource(digest, _seed(rng), f"circuit {model}"),
        metadata=known,
        std={Channel.IMPEDANCE: np.asarray(std)} if np.any(std) else {},
    )


def _vector(circuit: Circuit, parameters: Mapping[str, Number]) -> NDArray[np.float64]:
    for name in parameters:
        if name not in circuit.names:
            message = f"parameter = {name!r}: not in {circuit}.{nearest(name, circuit.names)} It has {', '.join(circuit.names)}."
            raise InvalidInput(message)
    missing = [name for name in circuit.names if name not in parameters]
    if missing:
        message = (
            f"parameters = {sorted(parameters)}: {', '.join(missing)} missing for {circuit}. Give every parameter."
        )
        raise InvalidInput(message)
    return np.array([float(parameters[name]) for name in circuit.names])


def _drifting(circuit: Circuit, values: NDArray[np.float64], f: NDArray[np.float64], drift: Drift) -> Impedance:
    if drift.parameter not in circuit.names:
        message = f"drift = {drift.parameter!r}: not in {circuit}.{nearest(drift.parameter, circuit.names)}"
        raise InvalidInput(message)
    clock = np.asarray(sweep_time(f))
    share = (clock - clock[0]) / max(float(clock[-1] - clock[0]), 1e-300)
    rows = np.repeat(values[None], len(f), axis=0)
    rows[:, circuit.names.index(drift.parameter)] *= 1.0 + drift.growth * share
    return np.array([circuit.impedance(row, f[k : k + 1])[0] for k, row in enumerate(rows)])


def _digest(inputs: list[object], rng: np.random.Generator) -> str:
    """Return the SHA-256 of the inputs; the state of the generator is among them, for it decides the noise."""
    text = json.dumps([inputs, rng.bit_generator.state], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def _seed(rng: np.random.Generator) -> int | None:
    entropy = getattr(rng.bit_generator.seed_seq, "entropy", None)
    return entropy if isinstance(entropy, int) else None
