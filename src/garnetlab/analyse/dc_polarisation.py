"""DC polarisation between blocking electrodes to an electronic conductivity, with the decay told from the floor."""

from __future__ import annotations

import math

import numpy as np

from garnetlab.analyse._decay import Decay, fit_decay
from garnetlab.analyse._decay_models import FLATTEST_TOLD, SLOWEST_TOLD
from garnetlab.analyse._geometry import Sample, sample_of
from garnetlab.analyse._holds import Hold, find_holds
from garnetlab.core import InvalidInput, Measurement, MissingInput, Outcome, Result
from garnetlab.units import Quantity

__all__ = ["analyse_dc_polarisation"]

_CITATIONS = ("schwarz1978",)
_ONE_SIDED = 1.645  # standard uncertainties of a 95 % bound
_FALLS = 3.0  # standard uncertainties by which the last third is said to fall
_POOR = 5.0  # residual over noise beyond which no model describes the decay


def analyse_dc_polarisation(
    measurement: Measurement, *, hold: int | None = None, current_offset: Quantity | None = None
) -> Result:
    """Return the electronic conductivity of a cell with blocking electrodes, or an upper bound where the decay goes on.

    A held voltage drives a current that decays while ions pile up at the electrodes; what is left in the end is carried by
    electrons, sigma = I L/(V A). The end is found as the floor of a fit: one to three exponentials, a power law, both, or a
    stretched exponential above a floor, averaged by BIC. The interval of the floor holds the noise, the doubt of the model,
    and half a step of the reading where the noise is too small to spread over the steps. Where its lower end is below half
    of its upper end, the floor was not reached, and only an upper bound is given: the current at the end, with its noise.

    The interval holds for decays of time constants up to 3 lengths of the hold and exponents from 0.1. A slower decay is
    a line over the hold, or goes with the logarithm of time, and its end cannot be told from a floor by any analysis: where
    such a fall is seen, only the bound is given; where it is lost in the noise, it counts as floor. A warning says so where
    the last third of the hold still falls. An offset of the instrument counts fully.

    Parameters
    ----------
    measurement:    Time, voltage and current; its metadata hold ``area`` [m^2] and ``thickness`` [m], with ``area_std`` and
                    ``thickness_std`` where they are known.
    hold:           Which hold of the voltage (from 0); by default the longest.
    current_offset: What the instrument reads without current, with its standard uncertainty [A]. It is taken off; left out,
                    a warning says that it was not.

    Returns
    -------
    :  ``electronic_conductivity`` [S/cm] with 95 % interval, ``steady_current`` [nA], ``electronic_resistance`` [ohm] and
       ``voltage`` [V]; or with the outcome NOT_IDENTIFIABLE ``electronic_conductivity_upper_bound`` [S/cm] and
       ``last_current`` [nA]. Curves: ``time`` and ``current`` of the hold, ``bin_time``, ``bin_current`` and ``fit``.
       ``details``: the ``decay`` that describes the record best, the probability of every ``model``, the ``holds``.

    Raises
    ------
    InvalidInput  if the voltage is nowhere held, or there are too few records.
    MissingInput  if area or thickness is not known.

    Source
    ------
    M. H. Hebb, J. Chem. Phys. 20 (1952) 185; C. Wagner, Z. Elektrochem. 60 (1956) 4 (blocking electrodes).
    """
    sample = sample_of(measurement)
    constant = _cell_constant(sample)
    holds = find_holds(measurement)
    chosen = _chosen(holds, hold)
    offset = 0.0 if current_offset is None else current_offset.value
    sign = math.copysign(1.0, chosen.voltage)
    decay = fit_decay(chosen.time, sign * (chosen.current - offset))
    if decay is None:
        message = f"records = {len(chosen.time)} in the hold: expected more, at different times. Record more often."
        raise InvalidInput(message)
    blind = 0.0 if current_offset is None else current_offset.std or 0.0
    poor = decay.misfit > _POOR
    reached = decay.reached and not poor
    if reached:
        quantities = _floor(decay, chosen, sample, constant, blind)
        outcome = Outcome.SUCCESS
    else:
        quantities = _bound(decay, chosen, sample, constant, blind)
        outcome = Outcome.POOR_FIT if poor else Outcome.NOT_IDENTIFIABLE
    return Result(
        analysis="dc",
        quantities=quantities,
        outcome=outcome,
        curves={
            "time": chosen.time,
            "current": chosen.current,
            "bin_time": decay.time,
            "bin_current": sign * decay.value + offset,
            "fit": sign * decay.fit + offset,
        },
        details=_details(measurement, holds, chosen, decay),
        sources=(measurement.source.to_dict(),),
        warnings=(
            *measurement.warnings,
            *_warnings(holds, chosen, decay, sign, poor=poor, hold=hold),
            *_doubts(decay, floor=reached, offset=current_offset is not None),
        ),
        citations=_CITATIONS,
    )


def _cell_constant(sample: Sample) -> float:
    missing = [n for n in ("area", "thickness") if getattr(sample, n) is None]
    if missing or sample.area is None or sample.thickness is None:
        options = {"area": '--area "0.785 cm^2" (or --diameter "10 mm")', "thickness": '--thickness "1 mm"'}
        wanted = " and ".join(options[n] for n in missing)
        message = f"{' and '.join(missing)} = none given: a conductivity needs it. Give {wanted}."
        raise MissingInput(message)
    return sample.thickness / sample.area


def _chosen(holds: list[Hold], index: int | None) -> Hold:
    if index is None:
        return max(holds, key=lambda h: h.time[-1])
    if not 0 <= index < len(holds):
        message = f"hold = {index}: expected 0 to {len(holds) - 1}. The record has {len(holds)} holds of the voltage."
        raise InvalidInput(message)
    return holds[index]


def _geometry_std(sample: Sample, hold: Hold) -> float:
    """Return the relative standard uncertainty of L/(A V)."""
    parts = [hold.voltage_std / math.sqrt(len(hold.time)) / abs(hold.voltage)]
    parts += [s / v for s, v in ((sample.area_std, sample.area), (sample.thickness_std, sample.thickness)) if v]
    return math.hypot(*parts)


def _floor(decay: Decay, hold: Hold, sample: Sample, constant: float, blind: float) -> dict[str, Quantity]:
    volts = abs(hold.voltage)
    current, std = decay.floor, math.hypot(decay.std, blind)
    low, high = (x - current for x in decay.interval)
    limits = (current - math.hypot(low, 1.96 * blind), current + math.hypot(high, 1.96 * blind))
    relative = _geometry_std(sample, hold)
    factor = constant / volts
    sigma = factor * current
    wide = [1.96 * relative * sigma, *(factor * abs(x - current) for x in limits)]
    interval = (sigma - math.hypot(wide[0], wide[1]), sigma + math.hypot(wide[0], wide[2]))
    method = f"floor of the decay ({decay.best})"
    share = std / current
    return {
        "electronic_conductivity": Quantity(sigma, sigma * math.hypot(share, relative), "S/cm", interval, method),
        "steady_current": Quantity(current, std, "nA", limits, method),
        "electronic_resistance": Quantity(volts / current, volts / current * share, "ohm", method="V/I"),
        "voltage": Quantity(hold.voltage, hold.voltage_std / math.sqrt(len(hold.time)), "V", method="mean of the hold"),
    }


def _bound(decay: Decay, hold: Hold, sample: Sample, constant: float, blind: float) -> dict[str, Quantity]:
    value, std = decay.last[0], math.hypot(decay.last[1], blind)
    factor = constant / abs(hold.voltage)
    relative = _geometry_std(sample, hold)
    highest = max(value, 0.0) + decay.half_width + _ONE_SIDED * std
    bound = factor * highest * (1.0 + _ONE_SIDED * relative)
    return {
        "electronic_conductivity_upper_bound": Quantity(
            bound, None, "S/cm", (0.0, bound), "95 % bound from the current at the end"
        ),
        "last_current": Quantity(value, std, "nA", method="mean of the last records"),
        "voltage": Quantity(hold.voltage, hold.voltage_std / math.sqrt(len(hold.time)), "V", method="mean of the hold"),
    }


def _details(measurement: Measurement, holds: list[Hold], chosen: Hold, decay: Decay) -> dict[str, object]:
    return {
        "decay": decay.best,
        "models": decay.weights,
        "misfit": decay.misfit,
        "floor_over_last_current": decay.floor / decay.last[0] if decay.last[0] > 0.0 else None,
        "floor_interval_A": list(decay.interval),
        "last_third_falls_A": list(decay.fall),
        "half_step_A": decay.half_width,
        "hold": next(k for k, h in enumerate(holds) if h is chosen),
        "holds": [{"start_s": h.start, "duration_s": float(h.time[-1]), "voltage_V": h.voltage} for h in holds],
        "metadata": dict(measurement.metadata),
    }


def _unreached(decay: Decay) -> str:
    """Return why there is no floor: the steps, where it would be known without them or no floor below would be."""
    low, high = decay.interval
    half = decay.half_width
    if half > 0.0 and not decay.open_below and (low + half >= 0.5 * (high - half) or high < 4.0 * half):
        return (
            f"the steps of the current ({2.0 * half:.3g} A) are too coarse for its floor: anything from {low:.3g} to"
            f" {high:.3g} A reads the same. Measure in a smaller range of current."
        )
    why = ""
    if decay.open_below:
        why = (
            f" Its fall at the end is that of a decay of more than {SLOWEST_TOLD:.0f} lengths of the hold, or of an exponent"
            f" below {FLATTEST_TOLD:g}, which no record of this length tells from a floor."
        )
    open_ = f"anything from {low:.3g} to {high:.3g} A describes the record"
    return f"the current has not reached its floor: {open_}.{why} Hold longer."


def _doubts(decay: Decay, *, floor: bool, offset: bool) -> list[str]:
    """Return what a floor that is claimed does not hold."""
    said = []
    fall, std = decay.fall
    if floor and fall > _FALLS * std:
        said.append(
            f"the current still falls by {fall:.3g} +- {std:.2g} A over the last third of the hold: the interval holds for"
            f" decays of up to {SLOWEST_TOLD:.0f} lengths of the hold; a slower one counts as floor. Hold longer to exclude it."
        )
    if floor and decay.half_width > 0.0:
        said.append(
            f"the current is in steps of {2.0 * decay.half_width:.3g} A that its noise does not spread over: half a step is in"
            " the interval."
        )
    if floor and not offset:
        said.append(
            "no offset of the instrument was taken off: it counts fully as floor. Measure the current of the open instrument"
            ' in this range and give it, in Python: current_offset=Quantity(value_in_A, std_in_A, "nA").'
        )
    return said


def _warnings(holds: list[Hold], chosen: Hold, decay: Decay, sign: float, *, poor: bool, hold: int | None) -> list[str]:
    said = []
    if len(holds) > 1 and hold is None:
        said.append(
            f"the record has {len(holds)} holds of the voltage: the longest is analysed, {chosen.voltage:.4g} V."
        )
    if poor:
        said.append(
            f"no decay describes the record: its residuals are {decay.misfit:.3g} times its noise. Only a bound is given."
        )
    elif not decay.reached:
        said.append(_unreached(decay))
    late = decay.value[-max(len(decay.value) // 10, 2) :]
    if np.all(np.diff(late) > 0.0) and late[-1] - late[0] > 4.0 * decay.last[1]:
        said.append("the current rises at the end: a short grows, or the sample warms. The floor is no property.")
    if sign * float(np.median(chosen.current)) < 0.0:
        said.append(
            "the current flows against the voltage: check the sign of the file or the offset of the instrument."
        )
    return said
