r"""Certified bounds where the kinetics are Butler-Volmer, in reduced units.

At a voltage V the currents minimise a convex energy E(J); the potentials at corners give a second one, P, with
E(J) + P >= 0 and 0 only for the true fields. The gap d = E + P therefore bounds the error e of the currents in the energy
norm, and three ways lead from it to the mean current, or at fixed current to the voltage; the narrowest is taken:

* strong convexity: :math:`|\bar e| \le \sqrt{2 d/c}`, c the least resistance to a mean current anywhere on the way;
* the adjoint: with w the answer of the interface linearised at J to a unit voltage, whose energy lies between 1/U and 1/L by
  the bounds of the linear problem, :math:`|\bar e| \le \sqrt{(1/L - 1/U)\, 2 d k} + d m + |\rho|`: k is the largest ratio
  of the slope of the overpotential at J to its least value on the way, m the largest of w times curvature over slope, and
  rho the misfit of the solve weighted with w.

"On the way" are the overpotentials of charge transfer between those found and those of the solution, which lie between 0 and V
(maximum principle); a solve that is not finished may be outside. The first is of order sqrt(d), the second of order d but
with constants that grow as exp(V F/4RT).

* chords: the least energy is convex in the mean current and its slope is the voltage, so that
  :math:`V \le [E(sJ) - E(J) + d]/[(s - 1) \bar J]` for any s > 1, and likewise from below and for the potentials.

Source
------
R. Becker, R. Rannacher, Acta Numerica 10 (2001) 1, sec. 2 (error of a mean by an adjoint); J. L. Synge (1957), see
``_interface_bounds``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from garnetlab.numerics import Kernels
from garnetlab.physics._interface_bounds import Corners, corner_potential, lower_resistance, upper_resistance
from garnetlab.physics._interface_fields import Currents, Local, Slab, balanced, linear_currents, nonlinear_currents
from garnetlab.physics._interface_law import ButlerVolmer, coenergy, inverse

Real = NDArray[np.float64]
_PIECES = 2  # a pixel is cut so often on each side for the integral of the coenergy, by the trapezoid rule
_CHORDS = (1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0)
_FACTORS = (1.05, 1.5, 3.0, 10.0)  # the width changes little over the bracket, so the first does nearly always
LARGEST_POWER = 700.0  # exp(700) is finite


@dataclass(frozen=True, slots=True)
class Range:
    """Slope of the overpotential (least, largest) and the largest of its curvature, per pixel, between 0 and V."""

    least: Real
    largest: Real
    curvature: Real


@dataclass(frozen=True, slots=True)
class Problem:
    """What is bounded: the layer seen by currents and by potentials, its kinetics, and how far potentials are improved."""

    kernels: Kernels
    slab: Slab
    corners: Corners
    law: ButlerVolmer
    steps: int


def nonlinear_bounds(problem: Problem, found: Currents, *, fixed_current: bool) -> tuple[float, float]:
    """Return (low, high) of voltage over mean current of one cell, at fixed voltage or at fixed mean current.

    At fixed current the voltage is bracketed by voltages whose mean current is certainly smaller and larger. Where the
    kinetics are too steep for that, chords of the two energies still bound it. Where exponentials would leave what a double
    holds, only the resistance of the layer is certain.
    """
    found = _admissible(problem.law, found)
    voltage, mean, least = float(found.voltage[0]), float(found.flow[0]), float(problem.slab.depth)
    energies = _Energies.of(problem, found)
    if not np.isfinite(energies.gap):
        return least, np.inf
    width, answer, resistance = _mean_width(problem, found, energies.gap)
    if not fixed_current:
        low, high = energies.current_chords()
        low, high = max(mean - width, low), min(mean + width, high)
        return max(voltage / high, least), voltage / low if low > 0 else np.inf
    low, high = energies.voltage_chords()
    low = max(low, _beyond(problem, found, answer, -width * resistance))
    return max(low / mean, least), min(high, _beyond(problem, found, answer, width * resistance)) / mean


def _admissible(law: ButlerVolmer, found: Currents) -> Currents:
    """Return the solution with the same mean current on both faces, which every bound needs, and its overpotentials."""
    current = balanced(found.current)
    return found if current is found.current else replace(found, current=current, eta=law.response(current, np)[0])


@dataclass(frozen=True, slots=True)
class _Energies:
    """The energies of currents and of potentials, per pixel, and what is needed to have them at other sizes of both."""

    problem: Problem
    current: Real
    voltage: float
    mean: float
    ohmic: float  # energy of the layer
    potential: Real
    layer: float  # energy of the layer from the potentials
    gap: float

    @classmethod
    def of(cls, problem: Problem, found: Currents) -> _Energies:
        """Return the energies of the solution and of the best potentials found."""
        kernels, slab, law = problem.kernels, problem.slab, problem.law
        current, voltage = found.current, float(found.voltage[0])
        mean, pixels = float(np.mean(current)), current.shape[-1] * current.shape[-2]
        ohmic = 0.5 * float(np.sum(current * kernels.smear(current, slab.symbol))) / pixels + 0.5 * slab.depth * mean**2
        eta, slope = law.response(current, np)
        flows = law.on & (current > 0) & (eta > 0)
        chord = Local(law.on, np.where(flows, eta, slope) / np.where(flows, current, 1.0))
        start = corner_potential(kernels, slab, chord, current, np.array([voltage / mean]))
        potential = lower_resistance(kernels, problem.corners, chord, start, steps=problem.steps)[1] * voltage
        trials = []
        for trial in (potential, _held_close(potential, voltage, np.where(law.on, eta, -np.inf))):
            layer = 0.5 * float(np.sum(trial * kernels.smear(trial, problem.corners.symbol))) / pixels
            bare = cls(problem, current, voltage, mean, ohmic, trial, layer, 0.0)
            trials.append((bare.of_potentials(1.0), bare))
        other, bare = min(trials, key=lambda item: item[0])
        own = bare.of_currents(1.0)
        gap = max(own - voltage * mean + other, 0.0) + 1e-13 * (abs(own) + abs(other))
        return replace(bare, gap=gap)

    def of_currents(self, size: float) -> float:
        """Return the energy of ``size`` times the currents: an upper bound of the least at their mean."""
        pixels = self.current.shape[-1] * self.current.shape[-2]
        kinetics = float(np.sum(self.problem.law.energies(size * self.current, np)))
        return float(kinetics / pixels + size * size * self.ohmic)

    def of_potentials(self, size: float) -> float:
        """Return the energy of ``size`` times the potentials, that of the electrode too: an upper bound of the least."""
        pixels = self.potential.shape[-1] * self.potential.shape[-2]
        held, sign = _electrodes(self.voltage, self.potential.shape[1])
        eta = size * sign * (held - self.potential)
        kinetics = float(np.sum(_coenergy_of_pixels(self.problem.law, eta)))
        return float(kinetics / pixels + size * size * self.layer)

    def voltage_chords(self) -> tuple[float, float]:
        """Return bounds of the voltage at the mean current: slopes of the least energy, which is convex, from chords."""
        own = self.of_currents(1.0)
        above = [(self.of_currents(1 + s) - own + self.gap) / (s * self.mean) for s in _CHORDS]
        below = [(own - self.gap - self.of_currents(1 - s)) / (s * self.mean) for s in _CHORDS if s <= 1]
        return float(max(0.0, *below)), float(min(above))

    def current_chords(self) -> tuple[float, float]:
        """Return bounds of the mean current at the voltage, from chords of the least energy of potentials."""
        own = self.of_potentials(1.0)
        above = [(self.of_potentials(1 + s) - own + self.gap) / (s * self.voltage) for s in _CHORDS if s < 0.2]
        below = [(own - self.gap - self.of_potentials(1 - s)) / (s * self.voltage) for s in _CHORDS if s <= 1]
        return float(max(0.0, *below)), float(min(above))


def _beyond(problem: Problem, found: Currents, answer: Real, distance: float) -> float:
    """Return a voltage at which the mean current is certainly beyond that of ``found``, below (distance < 0) or above."""
    voltage, mean = float(found.voltage[0]), float(found.flow[0])
    for factor in _FACTORS if np.isfinite(distance) else ():
        other = voltage + factor * distance
        if other <= 0:
            return 0.0
        start = found.current + answer * (factor * distance)
        solved = nonlinear_currents(problem.kernels, problem.slab, problem.law, start, voltage=np.array([other]))
        next_ = _admissible(problem.law, solved)
        width, _, _ = _mean_width(problem, next_, _Energies.of(problem, next_).gap)
        flow = float(next_.flow[0])
        if (flow + width <= mean) if distance < 0 else (flow - width >= mean):
            return other
    return 0.0 if distance < 0 else np.inf


def _mean_width(problem: Problem, found: Currents, gap: float) -> tuple[float, Real, float]:
    """Return how far the true mean current is at most, the linear answer to a unit voltage, and its resistance."""
    law, slab, on = problem.law, problem.slab, problem.law.on
    _, slope = law.response(found.current, np)
    limits = _range(law, found)
    if limits is None or not np.isfinite(gap):
        return np.inf, np.zeros_like(slope), np.inf
    least = slab.depth + sum(1.0 / np.mean(_over(limits.least[0, f], on[0, f])) for f in range(on.shape[1]))
    width, answer, resistance = _adjoint_width(problem, found, slope, gap, limits)
    return min(float(np.sqrt(2.0 * gap / least)), width), answer, resistance


def _over(values: Real, on: NDArray[np.bool_]) -> Real:
    return np.where(on, 1.0 / np.where(on, values, 1.0), 0.0)


def _electrodes(voltage: float, faces: int) -> tuple[Real, Real]:
    """Return the potential of the electrode at every face, and the sign that makes overpotentials positive."""
    held = np.zeros((1, faces, 1, 1))
    held[0, 0] = voltage
    return held, np.array([1.0, -1.0])[:faces].reshape(1, -1, 1, 1)


def _held_close(potential: Real, voltage: float, eta: Real) -> Real:
    """Return potentials whose overpotential at a corner of contact is at most that of the pixels around it.

    The coenergy grows exponentially, so the corners at the edge of contact decide where the kinetics are steep.
    """
    most = eta
    for axis in (-1, -2):
        most = np.maximum(most, np.roll(most, 1, axis=axis))
    held, sign = _electrodes(voltage, potential.shape[1])
    own = sign * (held - potential)
    return held - sign * np.where(most > -np.inf, np.minimum(own, most), own)


def _coenergy_of_pixels(law: ButlerVolmer, eta: Real) -> Real:
    """Return an upper bound of the integral of the coenergy over every pixel from ``eta`` at the corners.

    The coenergy is convex and ``eta`` linear along either side, so the trapezoid rule does not fall below the integral.
    """
    corners = [np.roll(eta, (-y, -x), axis=(-2, -1)) for y in (0, 1) for x in (0, 1)]
    total = np.zeros_like(eta)
    points = np.linspace(0.0, 1.0, _PIECES + 1)
    weights = np.full(_PIECES + 1, 1.0 / _PIECES)
    weights[[0, -1]] /= 2.0
    for y, wy in zip(points, weights, strict=True):
        for x, wx in zip(points, weights, strict=True):
            low = (1 - x) * corners[0] + x * corners[1]
            high = (1 - x) * corners[2] + x * corners[3]
            total += wy * wx * _coenergy(law, (1 - y) * low + y * high)
    return total


def _coenergy(law: ButlerVolmer, eta: Real) -> Real:
    """Return the integral of the current over the overpotential, film included, per pixel."""
    on = law.on
    out = np.zeros_like(eta)
    for f, a in enumerate(law.drive):
        series = (law.film * law.exchange)[:, f]
        y = charge_transfer_part(np.where(on[:, f], eta[:, f], 0.0), series, a)
        u = np.expm1(a * y) - np.expm1((a - 1.0) * y)
        beyond = (y >= LARGEST_POWER / a) | (y <= -LARGEST_POWER / (1.0 - a))
        y, u = np.where(beyond, 0.0, y), np.where(beyond, 0.0, u)
        held = np.where(beyond, np.inf, coenergy(y, a, np) + 0.5 * (series * u) * u)
        out[:, f] = np.where(on[:, f], np.where(on[:, f], law.exchange[:, f], 1.0) * held, 0.0)
    return out


def charge_transfer_part(eta: Real, series: Real, a: float) -> Real:
    """Return y of ``y + series u(y) = eta`` by bisection over [0, eta]; beyond what a double can hold, the largest y it can."""
    largest, least = LARGEST_POWER / a, -LARGEST_POWER / (1.0 - a)
    if not np.any(series > 0):
        clipped: Real = np.clip(eta, least, largest)
        return clipped
    low, high = np.clip(np.minimum(eta, 0.0), least, 0.0), np.clip(np.maximum(eta, 0.0), 0.0, largest)
    for _ in range(80):
        middle = 0.5 * (low + high)
        above = middle + series * (np.expm1(a * middle) - np.expm1((a - 1.0) * middle)) > eta
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    found: Real = 0.5 * (low + high)
    return found


def _range(law: ButlerVolmer, found: Currents) -> Range | None:
    """Return the limits of slope and curvature for charge transfer overpotentials from those found to 0 and to the voltage.

    None where a state far from the solution would need exponentials beyond what a double holds.
    """
    on, voltage = law.on, float(found.voltage[0])
    exchange = np.where(on, law.exchange, 1.0)
    u = np.where(on, found.current, 0.0) / exchange
    least, largest, curvature = (np.zeros_like(exchange) for _ in range(3))
    for f, a in enumerate(law.drive):
        b = 1.0 - a
        y, _ = inverse(u[:, f : f + 1], a, np)
        low, high = np.minimum(y[:, 0], 0.0), np.maximum(y[:, 0], voltage)
        if max(a * float(np.max(high)), -b * float(np.min(low))) > LARGEST_POWER:
            return None
        turn = np.clip(2.0 * np.log(b / a), low, high)  # where du/dy is least
        flat = _steepness(turn, a)
        sharp = np.maximum(_steepness(low, a), _steepness(high, a))
        bent = 0.5 / np.sqrt(6.75) if a == 0.5 else max(a, b) / flat**2
        least[:, f] = 1.0 / sharp / exchange[:, f] + law.film[:, f]
        largest[:, f] = 1.0 / flat / exchange[:, f] + law.film[:, f]
        curvature[:, f] = bent / exchange[:, f] ** 2
    return Range(least, largest, curvature)


def _steepness(y: Real, a: float) -> Real:
    """Return du/dy."""
    steep: Real = a * np.exp(a * y) + (1.0 - a) * np.exp((a - 1.0) * y)
    return steep


def _adjoint_width(
    problem: Problem, found: Currents, slope: Real, gap: float, limits: Range
) -> tuple[float, Real, float]:
    """Return the width by the adjoint, the adjoint, and the resistance of the linearised interface."""
    kernels, slab, on = problem.kernels, problem.slab, problem.law.on
    local = Local(on, slope)
    linear = linear_currents(kernels, slab, local, tolerance=1e-6)
    high = float(upper_resistance(kernels, slab, local, linear.current)[0])
    start = corner_potential(kernels, slab, local, linear.current, np.array([high]))
    low = float(lower_resistance(kernels, problem.corners, local, start, steps=problem.steps)[0][0])
    answer = linear.current / (linear.flow[0] * high)
    with np.errstate(over="ignore"):  # kinetics too steep for a finite width
        return _width_of(problem, found, (slope, gap, limits), (answer, low, high)), answer, high


def _width_of(
    problem: Problem, found: Currents, kinetics: tuple[Real, float, Range], linear: tuple[Real, float, float]
) -> float:
    """Return the width from slope, gap and limits, and from the answer to a unit voltage and its bounds."""
    (slope, gap, limits), (answer, low, high), on = kinetics, linear, problem.law.on
    ratio = float(np.max(np.where(on, slope / np.where(on, limits.least, 1.0), 0.0)))
    bend = float(np.max(np.where(on, np.abs(answer) * limits.curvature / np.where(on, limits.least, 1.0), 0.0)))
    width = np.sqrt(max(1.0 / low - 1.0 / high, 0.0) * 2.0 * gap * max(ratio, 1.0)) + gap * bend
    return float(width) + _misfit(problem, found, answer)


def _misfit(problem: Problem, found: Currents, answer: Real) -> float:
    """Return the misfit of the potential, weighted by the answer to a unit voltage (equal mean on both faces)."""
    on, faces = problem.law.on, answer.shape[1]
    held = found.eta + problem.kernels.smear(found.current, problem.slab.symbol)
    left = found.voltage[0] / faces - problem.slab.depth * found.flow[0] / faces - held
    return float(abs(np.sum(np.where(on, answer * left, 0.0))) / (answer.shape[-1] * answer.shape[-2]))
