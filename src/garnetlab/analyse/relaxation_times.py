r"""Distribution of relaxation times of impedance spectra, grown by likelihood.

The distribution is a sum of arcs over ln tau, each of a known shape, and a tail; how many, of which shape and with which
tail is chosen by the likelihood with a price per parameter (BIC), and what the choice leaves open is said:
probabilities of the number of arcs, other models within reach, sums of resistances where the parts are not determined.

Counts and bands hold for sweeps of at least 7 points per decade that show two arcs and a tail, at up to 1 % of noise
(``proofs/drt.py`` measures them). Outside they are worse; for arcs at least one decade apart and 1 % of noise, of 60 spectra:

==========================================  =======  =============  ==========================
sweep                                       right    band covers    wrong, outcome good
==========================================  =======  =============  ==========================
two arcs, 5 points per decade               77 %     84 %           7 %
two arcs, 3 points per decade (16 points)   55 %     71 %           2 %
three arcs without a tail, 10 per decade    92 %     89.6 %         3 %
==========================================  =======  =============  ==========================

An arc that the end of the sweep cuts off is read as a tail in half of the cases. Both cases, and fewer than 7 points per
decade, are said in a warning.

.. math:: Z(\omega) = R_0 + j\omega L + \int \frac{\gamma(\ln\tau)}{1 + j\omega\tau}\, d\ln\tau

Source
------
S. Havriliak, S. Negami, Polymer 8 (1967) 161 (shapes); G. H. Golub, V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413 and
L. Kaufman, BIT 15 (1975) 49 (fit); G. Schwarz, Ann. Stat. 6 (1978) 461 (choice); E. Ivers-Tiffée, A. Weber, J. Ceram.
Soc. Jpn. 125 (2017) 193 (distributions of relaxation times in electrochemistry).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from garnetlab import units
from garnetlab.analyse._geometry import sample_of
from garnetlab.core import InvalidInput, Measurement, Outcome, Result
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from garnetlab.analyse._drt_series import Followed

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

_CITATIONS = ("golub1973", "kaufman1975", "schwarz1978")
_DRAWS = 400
#: fewest points of an activation energy, and the smallest relative std that a point is given there
_LINE, _LEAST = 3, 1e-3


def relaxation_times(
    measurement: Measurement, *, shapes: bool = True, draws: int = _DRAWS, rng: np.random.Generator | None = None
) -> Result:
    """Return the distribution of relaxation times of one impedance spectrum.

    Parameters
    ----------
    measurement: Impedance, at least 12 points, in any order of frequency.
    shapes:      Whether arcs other than ZARC are tried (Havriliak-Negami, Gaussian, finite diffusion).
    draws:       Parameter sets drawn for bands and intervals.
    rng:         Source of the draws; left out, the same spectrum always gives the same numbers.

    Returns
    -------
    :  Quantities with std and 95 % interval: ``series_resistance`` [ohm], for every arc from fast to slow
       ``arcK_resistance`` [ohm], ``arcK_time_constant`` [s], ``arcK_capacitance`` [F], ``arcK_exponent`` (ZARC),
       ``arcK_area_specific_resistance`` [ohm cm^2] where the area is known, ``polarisation_resistance`` (sum of the
       arcs), ``tail_coefficient`` [ohm s^-m], ``tail_exponent``, ``inductance`` [H]. A negative resistance is an
       inductive loop. Curves over ``tau`` [s]: ``gamma`` [ohm] per unit of ln tau with its pointwise 95 % band
       ``gamma_low``, ``gamma_high``, and ``gamma_arcK``; over ``frequency``: measured, fit, relative residual, used.
       Details: ``arcs`` with shape and probability, ``count_probability``, ``alternatives``, ``sums``, noise, lack of
       fit. The outcome is not good where the spectrum drifted or no model follows it.

    Raises
    ------
    InvalidInput  if the measurement is no impedance spectrum, has fewer than 12 points or impossible numbers.
    """
    return relaxation_times_of([measurement], shapes=shapes, draws=draws, rng=rng)[0]


def relaxation_times_of(
    measurements: Sequence[Measurement],
    *,
    shapes: bool = True,
    draws: int = _DRAWS,
    rng: np.random.Generator | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Result, ...]:
    """Return the distribution of relaxation times of many spectra, each as ``relaxation_times`` gives it.

    Validity is tested for all spectra of one set of frequencies at once. ``progress`` is called with (done, total).

    Raises
    ------
    InvalidInput  as ``relaxation_times``.
    """
    from garnetlab.analyse import _drt_spectrum as one  # loads numba
    from garnetlab.analyse._drt_report import result_of

    _check_draws(draws)
    samples = [sample_of(m) for m in measurements]
    spectra = [one.ordered(m) for m in measurements]
    out = []
    for i, verdict in enumerate(one.verdicts(spectra)):
        generator = np.random.default_rng(0) if rng is None else rng
        found = one.distribution(*spectra[i], verdict, shapes=shapes, draws=draws, rng=generator)
        out.append(result_of(measurements[i], samples[i], found))
        if progress is not None:
            progress(i + 1, len(measurements))
    return tuple(out)


def _check_draws(draws: int) -> None:
    if draws < 50:
        message = f"draws = {draws}: expected at least 50 for a 95 % band. 400 is usual."
        raise InvalidInput(message)


@dataclass(frozen=True, slots=True)
class ArcTrack:
    """One arc followed through a series: where it is seen and what it is there.

    ``spectra`` (m,) positions in the series, ``arcs`` (m,) its number in the result of each, ``resistance`` [ohm] and
    ``time_constant`` [s] (m,) with their standard uncertainties; ``missing`` lists the spectra that do not show it.
    """

    spectra: Ints
    arcs: Ints
    resistance: Floats
    resistance_std: Floats
    time_constant: Floats
    time_constant_std: Floats
    missing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RelaxationSeries:
    """Spectra of one cell over cycles, time or temperature, with arcs that keep their names.

    ``coordinate`` (s,) and what it is, the ``spectra`` (s,) as ``relaxation_times`` gives them, the ``tracks`` from fast
    to slow, and a ``summary`` with activation energies where the coordinate is the temperature.
    """

    coordinate: Floats
    coordinate_name: str
    spectra: tuple[Result, ...]
    tracks: tuple[ArcTrack, ...]
    summary: Result

    def to_rows(self) -> list[dict[str, object]]:
        """Return one row per track and spectrum: coordinate, track, R, tau and their std in SI."""
        return [
            {
                self.coordinate_name: float(self.coordinate[i]),
                "spectrum": int(i),
                "track": k + 1,
                "arc": int(track.arcs[j]),
                "resistance_ohm": float(track.resistance[j]),
                "resistance_std_ohm": float(track.resistance_std[j]),
                "time_constant_s": float(track.time_constant[j]),
                "time_constant_std_s": float(track.time_constant_std[j]),
            }
            for k, track in enumerate(self.tracks)
            for j, i in enumerate(track.spectra)
        ]


def relaxation_series(
    measurements: Sequence[Measurement],
    *,
    coordinate: Sequence[units.Number] | None = None,
    shapes: bool = True,
    draws: int = _DRAWS,
    progress: Callable[[int, int], None] | None = None,
) -> RelaxationSeries:
    """Return the distributions of a series of spectra with arcs followed from one to the next.

    An arc is followed by continuity of ln tau and ln R with their slopes, so that arcs whose time constants cross keep
    their names. Where a spectrum alone would be read with an arc fewer or more than its neighbours, the reading within
    reach that continues them is taken if its criterion allows; ``details["reading"]`` of that spectrum says so.

    Parameters
    ----------
    measurements: Impedance of one cell, at least two.
    coordinate:   What changes along the series (cycle number, time), one number per spectrum. Left out, it is the
                  temperature where all spectra have one and they differ, else the position.
    shapes:       As in ``relaxation_times``.
    draws:        As in ``relaxation_times``.
    progress:     Called with (done, total).

    Returns
    -------
    :  Spectra, tracks and a summary. Over temperatures the summary has ``trackK_activation_energy`` [eV] from ln(T/R) and
       ``trackK_relaxation_energy`` [eV] from ln(tau), both against 1/T, with std.

    Raises
    ------
    InvalidInput  as ``relaxation_times``, for fewer than two spectra, or coordinates that do not fit.
    """
    from garnetlab.analyse._drt_series import followed  # loads numba

    _check_draws(draws)
    if len(measurements) < 2:
        message = f"measurements = {len(measurements)}: expected at least 2 spectra for a series. Use relaxation_times."
        raise InvalidInput(message)
    name, values = _coordinate(measurements, coordinate)
    found = followed(
        measurements, values, by_temperature=name == "temperature", shapes=shapes, draws=draws, progress=progress
    )
    tracks = tuple(_track(found, row) for row in found.given)
    return RelaxationSeries(values, name, found.results, tracks, _summary(name, values, found, tracks))


def _coordinate(measurements: Sequence[Measurement], given: Sequence[units.Number] | None) -> tuple[str, Floats]:
    if given is not None:
        values = np.asarray(given, dtype=np.float64)
        if values.shape != (len(measurements),) or not np.isfinite(values).all() or np.ptp(values) == 0.0:
            message = (
                f"coordinate = {values.tolist()}: expected {len(measurements)} finite numbers, not all alike, "
                "one per spectrum."
            )
            raise InvalidInput(message)
        return "coordinate", values
    known = [sample_of(m).temperature for m in measurements]
    temperatures = [t for t in known if t is not None]
    if len(temperatures) == len(known) and max(temperatures) - min(temperatures) > 1.0:
        return "temperature", np.array(temperatures)
    return "position", np.arange(len(measurements), dtype=np.float64)


def _track(found: Followed, row: Ints) -> ArcTrack:
    seen = np.flatnonzero(row >= 0)
    r, tau = (
        [found.results[i].quantities[f"arc{row[i] + 1}_{name}"] for i in seen]
        for name in ("resistance", "time_constant")
    )
    return ArcTrack(
        spectra=seen,
        arcs=row[seen] + 1,
        resistance=np.array([q.value for q in r]),
        resistance_std=np.array([q.std or 0.0 for q in r]),
        time_constant=np.array([q.value for q in tau]),
        time_constant_std=np.array([q.std or 0.0 for q in tau]),
        missing=tuple(int(i) for i in np.flatnonzero(row < 0)),
    )


def _summary(name: str, values: Floats, found: Followed, tracks: Sequence[ArcTrack]) -> Result:
    quantities: dict[str, Quantity] = {}
    curves: dict[str, Floats] = {"coordinate": values}
    for k, track in enumerate(tracks, start=1):
        curves[f"track{k}_coordinate"] = values[track.spectra]
        for field in ("resistance", "resistance_std", "time_constant", "time_constant_std"):
            curves[f"track{k}_{field}"] = getattr(track, field)
        if name == "temperature" and len(track.spectra) >= _LINE and (track.resistance > 0).all():
            t = values[track.spectra]
            relative = track.resistance_std / track.resistance
            quantities[f"track{k}_activation_energy"] = _slope(
                t, np.log(t / track.resistance), relative, -1.0, "ln(T/R)"
            )
            relative = track.time_constant_std / track.time_constant
            quantities[f"track{k}_relaxation_energy"] = _slope(t, np.log(track.time_constant), relative, 1.0, "ln(tau)")
    left = [
        {"spectrum": i, "arc": k + 1}
        for i, n in enumerate(found.counts)
        for k in range(n)
        if not (found.given[:, i] == k).any()
    ]
    details = {
        "coordinate": name,
        "tracks": [
            {"track": k, "spectra": t.spectra.tolist(), "arcs": t.arcs.tolist(), "missing": list(t.missing)}
            for k, t in enumerate(tracks, start=1)
        ],
        "arcs_without_track": left,
        "read_with_neighbours": list(found.reread),
    }
    said = [
        f"track {k} is not seen in {len(t.missing)} of {len(values)} spectra."
        for k, t in enumerate(tracks, 1)
        if t.missing
    ]
    if left:
        said.append(f"{len(left)} arcs belong to no track.")
    sources = tuple(s for r in found.results for s in r.sources)
    return Result("drt-series", quantities, Outcome.SUCCESS, curves, details, sources, tuple(said), _CITATIONS)


def _slope(temperature: Floats, y: Floats, std: Floats, sign: float, method: str) -> Quantity:
    """Return the energy [J, shown in eV] of a line against 1/T; its std grows where the points scatter more than theirs."""
    x = 1.0 / (units.k_B * temperature)
    weight = 1.0 / np.maximum(std, _LEAST) ** 2
    centre = float(np.average(x, weights=weight))
    spread = float((weight * (x - centre) ** 2).sum())
    slope = float((weight * (x - centre) * y).sum()) / spread
    residual = y - np.average(y, weights=weight) - slope * (x - centre)
    excess = max(float((weight * residual**2).sum()) / max(len(x) - 2, 1), 1.0)
    return Quantity(sign * slope, math.sqrt(excess / spread), "eV", None, method)
