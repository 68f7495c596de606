"""What a virtual symmetric cell of the seeded set is to be: pellet, test, fate, disturbances, instrument, drawn from a seed.

Ranges are those of garnet cells in the literature and of our own ledger: pellets 0.3 to 2 mm thick and 6 to 16 mm wide, 0 to
80 degC, 0.05 to 3 mA/cm^2, half cycles of 15 min to 3 h. A short is a path beside the cell (``physics.short_circuit``). Hard:
metal filaments of 1 to 10 um. Soft: a path that carries 20 to 70 % of the current and leaves the whole cell above the
resistance of its electrolyte. Of the ways a short comes, only the abrupt and lasting ones (clean, steady) are the simulator's;
unsteady, noisy, intermittent, hardening, growing, brief and creeping ones are an assumption of the measurement layer
(``_cell_set_layer``).

Noise, drift, gaps and offsets are stated assumptions: white noise of 0.1, 0.5 or 2 mV, an offset of 0.5 mV (a hundredth of a
per cent of a 5 V range), temperature that wanders by 0.5 to 3 K over days, up to 3 K more or less after a halt, an interface
that slowly loses or gains up to 30 %, one wrong reading, a stretch of readings with four times the noise. What people do to a
test is assumed as well, for healthy and failing cells alike: a file that begins late, a pause in the middle of a half cycle,
longer half cycles in the first cycles (formation), a long rest after which the interface is up to 12 % better or worse for a
few half cycles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from garnetlab import units

__all__ = ["BORDERLINE", "FATES", "GRADUAL", "INSTRUMENTS", "NOISES", "Disturbance", "Plan", "draw_plan"]

_Length = Annotated[float, units.Dim(m=1)]
_HOUR, _MINUTE = 3600.0, 60.0

#: fate of a cell and the courses it may take
FATES = {
    "healthy": ("still", "breathing", "ageing", "settling"),
    "hard_short": ("clean", "unsteady", "creeping"),
    "soft_short": ("steady", "noisy", "intermittent", "hardening", "growing", "brief"),
    "contact_loss": ("within", "slow"),
}
#: courses of a short that nobody can class for certain: a soft one that takes little, one about as low as the electrolyte
BORDERLINE = ("weak", "between")
#: courses of a short that grows over many half cycles
GRADUAL = ("growing", "creeping")
#: white noise of a voltage reading [V]
NOISES = {"quiet": 1e-4, "usual": 5e-4, "noisy": 2e-3}
#: smallest step of a printed voltage [V] and current [A]: LAND 5 V/10 mA (its raw records), Neware (its prints), the csv of
#: Landt (four decimals of an ampere), a potentiostat
INSTRUMENTS = {
    "LAND 10 mA": (1.55e-4, 3.1e-7),
    "Neware": (1e-4, 1e-7),
    "Landt csv": (1e-4, 1e-4),
    "potentiostat": (1e-6, 1e-9),
}
#: forms of a file through which some of the cells go, "" for none
FORMS = ("land", "bdf", "land table", "land chinese", "land maccor", "parquet")
_PERIODS = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_MOST_RECORDS = 12_000
_RANGE = 5.0  # V, of the instrument
_OFTEN = 0.12  # chance of each thing that people do to a test
_BRIEF_PERIOD = 0.06  # of a half cycle, between records that are to show a brief short


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What disturbs the record beside the fate of the cell, and must be no alarm.

    Parameters
    ----------
    wander:    Amplitude of the temperature [K], 0 for none.
    drift:     Share by which the resistance of the faces changes over the test, of either sign.
    pause:     Length of a halt after which the test goes on [half cycles], 0 for none.
    restart:   By how much the cell is warmer after a halt [K]; it forgets that within an hour.
    missing:   Length of a gap in the record while the test goes on [half cycles], 0 for none.
    outlier:   Factor of one wrong reading, 1 for none.
    burst:     Factor of the white noise in a stretch of readings, 1 for none.
    offset:    Of the voltage [V].
    late:      Share of the first half cycle that is missing from the file, 0 for none.
    midpause:  Length of a pause in the middle of a half cycle [s], 0 for none.
    formation: First cycles whose half cycles are longer, 0 for none.
    stretch:   How many times longer.
    rest:      Length of a recorded rest between two cycles [s], 0 for none.
    rested:    Share by which the resistance of the faces is larger after it.
    recovery:  Time in which it forgets that [half cycles].
    """

    wander: float = 0.0
    drift: float = 0.0
    pause: float = 0.0
    restart: float = 0.0
    missing: float = 0.0
    outlier: float = 1.0
    burst: float = 1.0
    offset: float = 0.0
    late: float = 0.0
    midpause: float = 0.0
    formation: int = 0
    stretch: float = 1.0
    rest: float = 0.0
    rested: float = 0.0
    recovery: float = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What an analysis gets to see.

    Parameters
    ----------
    form:        Of the file through which the record goes, of ``FORMS``; ``""`` for none.
    electrolyte: Whether the resistance of the electrolyte is known from impedance.
    current:     Whether the record has a column of current.
    steps:       Whether it has cycle and step.
    temperature: Whether it has a sensor.
    """

    form: str
    electrolyte: bool
    current: bool
    steps: bool
    temperature: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A virtual cell before it is simulated. SI; one current density and number of cycles per block.

    Parameters
    ----------
    fate, course:  Of ``FATES``, or a course of ``BORDERLINE``.
    protocol:      ``"ladder, time"``, ``"ladder, capacity"``, ``"cycling"`` or ``"blocks"``.
    currents:      Current density of each block [A/m^2].
    cycles:        Of each block.
    half_times:    Length of a half cycle of each block [s].
    rest:          After every half cycle [s], 0 for none.
    limit:         Voltage that ends a half cycle [V]; that of the instrument where the protocol has none.
    limited:       Whether the protocol has a limit: without one, the instrument stops the test.
    period:        Between records [s].
    area, thickness, kelvin, additive, conductivity, resistance:  The pellet, its temperature, wt% of K2CO3, and factors of
                   conductivity and interface resistance beside the median.
    target:        The cycle, counted from 0, in which the cell is to fail.
    severity:      Share of the current that a soft or creeping short takes in the end; radius of filaments [m] of a hard one;
                   resistance of the cell over that of the electrolyte of a short between the classes; share of the limit.
    growth:        How long a short grows [half cycles], 0 if it comes at once.
    after:         How long the test goes on after the failure [half cycles].
    noise, instrument:  Names.
    seen:          What the analysis gets.
    disturbance:   What disturbs it.
    seed:          Of the layer of measurement.
    """

    fate: str
    course: str
    protocol: str
    currents: tuple[float, ...]
    cycles: tuple[int, ...]
    half_times: tuple[float, ...]
    rest: float
    limit: float
    limited: bool
    period: float
    area: float
    thickness: float
    kelvin: float
    additive: float
    conductivity: float
    resistance: float
    target: int
    severity: float
    growth: float
    after: float
    noise: str
    instrument: str
    seen: Seen
    disturbance: Disturbance
    seed: int

    @property
    def is_ladder(self) -> bool:
        """Whether the currents rise to find the critical one."""
        return self.protocol.startswith("ladder")

    @property
    def half_cycle(self) -> float:
        """Length of the longest half cycle with its rest [s], formation aside."""
        return max(self.half_times[1 if self.disturbance.formation else 0 :]) + self.rest

    def per_cycle(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return current density [A/m^2] and half-cycle time [s] of every cycle."""
        return np.repeat(self.currents, self.cycles), np.repeat(self.half_times, self.cycles)


def draw_plan(rng: np.random.Generator, fate: str, course: str) -> Plan:
    """Return a plan of a fate and course, all else drawn."""
    protocol = _protocol(rng, course)
    ladder = protocol.startswith("ladder")
    currents, cycles, half_times = _test(rng, protocol)
    seen = _seen(rng, constant=protocol == "cycling", fate=fate)
    if course == "creeping":
        seen = replace(seen, current=True, electrolyte=True)
    disturbance = _handled(rng, _disturbance(rng, fate, course), ladder=ladder, current=seen.current)
    if disturbance.formation:
        n = disturbance.formation
        currents, cycles = (currents[0], *currents), (n, cycles[0] - n, *cycles[1:])
        half_times = (disturbance.stretch * half_times[0], *half_times)
    rest = float(rng.choice([0.0, 0.0, 300.0, 600.0]))
    limited = bool(rng.random() < 0.6)
    total = 2.0 * float(np.dot(cycles, np.asarray(half_times) + rest))
    instrument, area = _instrument(rng, currents, ladder=ladder)
    growth = _growth(rng, course)
    return Plan(
        fate=fate,
        course=course,
        protocol=protocol,
        currents=currents,
        cycles=cycles,
        half_times=half_times,
        rest=rest,
        limit=float(rng.choice([0.5, 1.0, 2.0])) if limited else _RANGE,
        limited=limited,
        period=_period(rng, min(half_times), total, most=_BRIEF_PERIOD if course == "brief" else 0.5),
        area=area,
        thickness=round(_log_uniform(rng, 0.3e-3, 2e-3), 6),
        kelvin=units.celsius(float(rng.choice([0.0, 25.0, 25.0, 25.0, 40.0, 60.0, 80.0]))),
        additive=float(rng.choice([0.0, 0.0, 1.0, 5.0, 10.0, 10.0, 15.0, 20.0])),
        conductivity=math.exp(0.15 * rng.standard_normal()),
        resistance=math.exp(0.3 * rng.standard_normal()),
        target=_target(rng, int(np.sum(cycles)), growth, low=0.3 if ladder else 0.2),
        severity=_severity(rng, fate, course),
        growth=growth,
        after=growth + float(rng.uniform(2.0, 20.0)),
        noise=str(rng.choice(list(NOISES), p=[0.35, 0.4, 0.25])),
        instrument=instrument,
        seen=seen,
        disturbance=disturbance,
        seed=int(rng.integers(2**31)),
    )


def _protocol(rng: np.random.Generator, course: str) -> str:
    """Return the kind of test: no ladder for a short that grows, whose critical current is nothing one could know."""
    if course in GRADUAL:
        return str(rng.choice(["cycling", "blocks"], p=[0.6, 0.4]))
    return str(rng.choice(["ladder, time", "ladder, capacity", "cycling", "blocks"], p=[0.3, 0.2, 0.3, 0.2]))


def _growth(rng: np.random.Generator, course: str) -> float:
    """Return how long a short grows [half cycles]."""
    low, high = {"growing": (4.0, 24.0), "creeping": (6.0, 40.0)}.get(course, (0.0, 0.0))
    return float(rng.uniform(low, high))


def _target(rng: np.random.Generator, count: int, growth: float, *, low: float) -> int:
    """Return the cycle in which the cell is to fail, early enough for its short to be complete."""
    last = count - 2 - (math.ceil(0.5 * growth) + 2 if growth else 0)
    return max(2, min(last, round(count * rng.uniform(low, 0.85))))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _test(rng: np.random.Generator, protocol: str) -> tuple[tuple[float, ...], tuple[int, ...], tuple[float, ...]]:
    """Return current densities [A/m^2], cycles, and half-cycle times [s] of the blocks."""
    half = float(rng.choice([15.0, 30.0, 60.0])) * _MINUTE
    if protocol.startswith("ladder"):
        step = float(rng.choice([0.05, 0.1, 0.2])) * units.mA_cm2
        count = int(rng.integers(8, 17))
        currents = tuple(float(f"{step * (k + 1):.12g}") for k in range(count))
        cycles = (int(rng.choice([1, 1, 2, 3])),) * count
        if protocol == "ladder, time":
            return currents, cycles, (half,) * count
        charge = currents[0] * float(rng.uniform(0.75, 2.0)) * _HOUR
        charge = float(f"{charge:.2g}")
        return currents, cycles, tuple(charge / j for j in currents)
    choice = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.8, 1.0]) * units.mA_cm2
    if protocol == "cycling":
        return (float(rng.choice(choice)),), (int(rng.integers(15, 121)),), (half,)
    blocks = int(rng.integers(2, 5))
    found = tuple(float(rng.choice(choice[:6])) for _ in range(blocks))
    return found, tuple(int(rng.integers(5, 26)) for _ in range(blocks)), (half,) * blocks


def _period(rng: np.random.Generator, half: float, total: float, *, most: float) -> float:
    """Return a time between records of at most a share of a half cycle, and with not too many in all."""
    fit = [p for p in _PERIODS if p <= most * half and total / p <= _MOST_RECORDS]
    return float(rng.choice(fit)) if fit else most * half


def _instrument(rng: np.random.Generator, currents: tuple[float, ...], *, ladder: bool) -> tuple[str, float]:
    """Return an instrument whose current steps are fine enough for the test, and the area of the electrode."""
    area = math.pi / 4.0 * round(float(rng.uniform(6e-3, 16e-3)), 4) ** 2
    name = str(rng.choice(list(INSTRUMENTS)))
    coarse = INSTRUMENTS[name][1]
    finest = min(currents) * area
    if finest < (4.0 if ladder else 3.0) * coarse:
        name = "Neware"
    if name == "LAND 10 mA" and max(currents) * area > 10e-3:
        name = "Neware"
    return name, area


def _severity(rng: np.random.Generator, fate: str, course: str) -> float:
    ranges = {
        "growing": (0.45, 0.7),
        "brief": (0.4, 0.7),
        "creeping": (0.985, 0.999),
        "weak": (0.08, 0.2),
        "between": (0.3, 1.0) if fate == "hard_short" else (1.0, 1.05),
    }
    if course in ranges:
        return float(rng.uniform(*ranges[course]))
    if fate == "soft_short":
        return float(rng.uniform(0.2, 0.7))
    if fate == "hard_short":
        return _log_uniform(rng, 1e-6, 1e-5)
    return float(rng.uniform(0.5, 0.85))


def _seen(rng: np.random.Generator, *, constant: bool, fate: str) -> Seen:
    """Return what is known of a cell: three in ten go through a file; three in ten at one current have no column of current.

    From voltage alone nobody can tell a new current from a new resistance: no such record has several currents.
    """
    blind = constant and fate != "contact_loss" and bool(rng.random() < 0.3)
    form = str(rng.choice(FORMS)) if not blind and rng.random() < 0.3 else ""
    electrolyte, steps, temperature = (bool(rng.random() < p) for p in (0.75, 0.6, 0.4))
    return Seen(form, electrolyte and not blind, not blind, steps and not blind, temperature and not blind)


def _disturbance(rng: np.random.Generator, fate: str, course: str) -> Disturbance:
    """Return what disturbs a record; a healthy cell always has something that does."""
    often = 0.6 if fate == "healthy" else 0.35
    has = rng.random(6) < often * np.array([1.0, 0.5, 0.35, 0.35, 0.5, 0.25])
    if fate == "healthy" and not has.any():
        has[0] = True
    down = -float(rng.uniform(0.1, 0.3))
    drift = float(rng.choice([1.0, -1.0])) * float(rng.uniform(0.1, 0.3)) if has[1] else 0.0
    return Disturbance(
        wander=float(rng.uniform(0.5, 3.0)) if has[0] else 0.0,
        drift=down if course == "settling" else drift,
        pause=float(rng.uniform(2.0, 12.0)) if has[2] else 0.0,
        restart=float(rng.uniform(-3.0, 3.0)),
        missing=float(rng.uniform(1.5, 6.0)) if has[3] and not has[2] else 0.0,
        outlier=float(rng.choice([0.0, 0.3, 2.0, -1.0])) if has[4] else 1.0,
        burst=4.0 if has[5] else 1.0,
        offset=5e-4 * float(rng.standard_normal()),
    )


def _handled(rng: np.random.Generator, disturbance: Disturbance, *, ladder: bool, current: bool) -> Disturbance:
    """Return the disturbance with what people do to a test, the same for all fates.

    A pause in the middle of a half cycle needs a column of current, formation a test that is no ladder.
    """
    late, midpause, formation, rest = rng.random(4) < _OFTEN
    return replace(
        disturbance,
        late=float(rng.uniform(0.05, 0.4)) if late else 0.0,
        midpause=float(rng.uniform(5.0, 40.0)) * _MINUTE if midpause and current else 0.0,
        formation=int(rng.integers(1, 4)) if formation and not ladder else 0,
        stretch=float(rng.uniform(2.0, 4.0)) if formation and not ladder else 1.0,
        rest=float(rng.uniform(3.0, 12.0)) * _HOUR if rest else 0.0,
        rested=float(rng.uniform(-0.12, 0.12)),
        recovery=float(rng.uniform(1.0, 3.0)),
    )
