"""Checks of the electrolyte, the interface and the impedance: kinetics, Ohm and Arrhenius only."""

from __future__ import annotations

import math

from garnetlab import units
from garnetlab.study import _audit_checks_numbers as numbers
from garnetlab.study._audit_checks_numbers import Paper
from garnetlab.study._audit_checks_record import AMBIGUOUS, CONSISTENT, INCONSISTENT, UNDECIDED, Check

_OHM_CM2 = units.ohm_cm2


def charge_transfer_unit(paper: Paper) -> Check:
    """R_CT = R T/(F i0) against the printed resistances."""
    parts, factors, celsius = [], [], []
    for anode, name in (("10kco", "Li-10KCO"), ("li", "Li")):
        area = numbers.charge_transfer(paper, anode).value / _OHM_CM2
        pellet = numbers.charge_transfer_pellet(paper, anode).value
        printed = paper.field(f"tafel.rct.{anode}")
        factors.append(pellet / printed)
        celsius.append(1000.0 * paper.temperature(f"tafel.i0.{anode}") / factors[-1] - units.ZERO_CELSIUS)
        parts.append(f"{name}: {area:.1f} ohm cm^2, {pellet:.1f} ohm on the pellet face, printed {printed:g} ohm")
    same = all(abs(f - 1.0) < 0.2 for f in factors)
    return Check(
        "rct.unit",
        f"The charge transfer resistance from R T/(F i) is {paper.field('tafel.rct.10kco'):g} ohm for Li-10KCO and"
        f" {paper.field('tafel.rct.li'):g} ohm for Li (3.2).",
        f"R T/(F i0) at 25 degC. {'; '.join(parts)}: larger by {min(factors):.0f} to {max(factors):.0f}. With a factor of"
        f" 1000 (mA taken as A) the printed values are those of {min(celsius):.0f} to {max(celsius):.0f} degC.",
        CONSISTENT if same else INCONSISTENT,
    )


def charge_transfer_above_interface(paper: Paper) -> Check:
    """Charge transfer is a part of the interface resistance and cannot exceed it."""
    parts, above = [], []
    for anode, wt, name in (("10kco", "10", "Li-10KCO"), ("li", "0", "Li")):
        transfer = numbers.charge_transfer(paper, anode).value / _OHM_CM2
        asr = paper.si(f"asr.{wt}") / _OHM_CM2
        above.append(transfer > asr)
        parts.append(f"{name} {transfer:.1f} {'>' if above[-1] else '<='} {asr:.1f} ohm cm^2")
    return Check(
        "rct.exceeds_asr",
        "The charge transfer resistance from the Tafel plot (3.2) and the interface ASR (3.3) describe one interface.",
        f"Charge transfer is a part of the ASR, so R T/(F i0) <= ASR: {'; '.join(parts)}."
        " No correction for the ohmic drop is stated, and without one i0 comes out too small.",
        INCONSISTENT if any(above) else CONSISTENT,
    )


def times_greater(paper: Paper) -> Check:
    """4.06 times greater, or 4.06 times as great."""
    quotient = numbers.ratio(paper, "tafel.i0.10kco", "tafel.i0.li")
    printed = paper.field("tafel.ratio")
    return Check(
        "tafel.times",
        f'The exchange current density of Li-10KCO is "{printed:g} times greater" than that of Li (3.2).',
        f"{paper.field('tafel.i0.10kco'):g}/{paper.field('tafel.i0.li'):g} = {quotient.value:.2f} +- {quotient.std:.2f}:"
        f" {quotient.value:.2f} times as great, which is {quotient.value - 1:.2f} times greater.",
        AMBIGUOUS if abs(quotient.value - printed) < 2.0 * quotient.std else INCONSISTENT,
    )


def interface_barrier(paper: Paper) -> Check:
    """The activation energies explain a part of the ASR ratio."""
    ratio = paper.si("asr.0") / paper.si("asr.10")
    left = numbers.contact_ratio(paper)
    low, high = (numbers.contact_ratio(paper, shift=s * 0.02 * units.eV) for s in (1.0, -1.0))
    return Check(
        "interface.barrier",
        "The lower resistance mainly comes from fewer voids (3.3); the activation energy is lowered too (3.2).",
        f"ASR ratio {ratio:.2f}; the difference of {paper.field('int.Ea.li'):g} and {paper.field('int.Ea.10kco'):g} eV"
        f" explains {ratio / left:.2f} of it at 25 degC and leaves {left:.2f} for the contact area; an error of 0.02 eV"
        f" spans {low:.2f} to {high:.2f}.",
        UNDECIDED if low < ratio / 2 else CONSISTENT,
    )


def overpotential_hot(paper: Paper) -> Check:
    """74 mV at 0.8 mA/cm^2 and 60 degC against Ohm and Arrhenius."""
    key = "v.10.0.8.60C"
    current, temperature = paper.condition(key, "mA/cm^2"), paper.temperature(key)
    computed = numbers.overpotential(paper, "10", current=current, temperature=temperature)
    low, high = (1e3 * v for v in (computed.low or 0.0, computed.high or 0.0))
    printed = paper.field(key)
    faces = numbers.hot_interface(paper, "10", temperature).value
    pellet = numbers.hot_electrolyte(paper, temperature, product=True).value
    needed = (paper.si(key) / current - 2.0 * faces) / pellet * paper.si("llzto.pellet.thickness") / units.mm
    near, twice = (abs(n * 1e3 * computed.value - printed) < n * 2e3 * computed.std for n in (1, 2))
    return Check(
        "overpotential.60C",
        f"The overpotential of Li-10KCO at {current / 10:g} mA/cm^2 and 60 degC is {printed:g} mV (3.3).",
        f"i (L/sigma(T) + 2 ASR(T)) = {low:.1f} to {high:.1f} mV (energy for sigma or for sigma T); {printed:g} mV would"
        f" need a pellet of {needed:.2f} mm. From peak to peak it is {2 * low:.0f} to {2 * high:.0f} mV.",
        CONSISTENT if near else AMBIGUOUS if twice else INCONSISTENT,
    )


def short_hot(paper: Paper) -> Check:
    """17 mV is less than an intact pellet alone needs."""
    key = "v.0.0.8.60C.short"
    current, temperature = paper.condition(key, "mA/cm^2"), paper.temperature(key)
    pellet = sorted(1e3 * current * numbers.hot_electrolyte(paper, temperature, product=p).value for p in (False, True))
    printed = paper.field(key)
    return Check(
        "short.60C",
        f"The voltage of the Li cell falls to {printed:g} mV at 60 degC, which indicates a short circuit (3.3).",
        f"The intact pellet alone needs i L/sigma(T) = {pellet[0]:.1f} to {pellet[1]:.1f} mV; {printed:g} mV is"
        f" {'less' if printed < pellet[0] else 'not less'}.",
        CONSISTENT if printed < pellet[0] else INCONSISTENT,
    )


def abstract_temperature(paper: Paper) -> Check:
    """2500 h at 0.8 mA/cm^2 "at 00 degC"."""
    key = "v.10.0.8.60C"
    current = paper.condition(key, "mA/cm^2")
    cold = numbers.overpotential(paper, "10", current=current, temperature=units.celsius(0.0))
    warm = numbers.overpotential(paper, "10", current=current, temperature=paper.temperature(key))
    return Check(
        "temperature.abstract",
        f'The abstract gives the test at {current / 10:g} mA/cm^2 "at 00 degC"; the conclusions say 60 degC.',
        f"At 0 degC the cell would need {1e3 * cold.value:.0f} mV, at 60 degC {1e3 * warm.value:.0f} mV;"
        f" {paper.field(key):g} mV are printed: 60 degC is meant.",
        INCONSISTENT,
    )


def resistance_sum(paper: Paper) -> Check:
    """The total resistance of a full cell contains pellet and interface."""
    pellet = numbers.electrolyte_area_resistance(paper).value / _OHM_CM2
    scale = numbers.face(paper) / numbers.pellet_area(paper.si("lfp.area"))
    parts, below, rest = [], [], []
    for wt, name in (("0", "Li"), ("10", "Li-10KCO")):
        total, asr = paper.field(f"lfp.rtot.{wt}"), paper.field(f"asr.{wt}")
        below.append(total < pellet + asr)
        rest.append(total * scale - pellet - asr)
        parts.append(f"{name} {total:g} {'<' if below[-1] else '>='} {pellet:.1f} + {asr:g} = {pellet + asr:.1f}")
    gap = (paper.field("lfp.rtot.0") - paper.field("lfp.rtot.10")) * scale
    asr_gap = paper.field("asr.0") - paper.field("asr.10")
    return Check(
        "rtot.sum",
        f"The total area resistance of the full cells is {paper.field('lfp.rtot.10'):g} (Li-10KCO) and"
        f" {paper.field('lfp.rtot.0'):g} ohm cm^2 (Li) (3.4).",
        f"Total >= pellet + ASR [ohm cm^2]: {'; '.join(parts)}. If the cathode area normalised them, the difference is"
        f" {gap:.0f} on the pellet face (ASR difference {asr_gap:.0f}) and {rest[1]:.0f} (Li-10KCO) and {rest[0]:.0f}"
        " (Li) are left for the cathode side. The pellet is 1 mm thick only approximately.",
        AMBIGUOUS if any(below) and min(rest) > 0 else INCONSISTENT if any(below) else CONSISTENT,
    )


def transference(paper: Paper) -> Check:
    """The electrolyte is an ionic conductor."""
    electronic = numbers.electronic_transference(paper)
    pellet = numbers.electrolyte_resistance(paper)
    return Check(
        "llzto.transference",
        f"LLZTO with {paper.field('llzto.sigma.ion'):g} S/cm ionic and {paper.field('llzto.sigma.electronic'):g} S/cm"
        " electronic conductivity is a qualified electrolyte (3.1).",
        f"t_e = sigma_e/(sigma_e + sigma_ion) = {electronic.value:.2e}, t_ion = {1 - electronic.value:.6f}; the pellet"
        f" has {pellet.value:.1f} ohm for ions.",
        CONSISTENT if electronic.value < 1e-3 else INCONSISTENT,
    )


def leakage(paper: Paper) -> Check:
    """What uniform electronic leakage plates during the longest test."""
    current = paper.condition("life.10.0.2", "mA/cm^2")
    ohmic = current * numbers.cell_area_resistance(paper, "10", interfaces=2).value
    voltage = round(ohmic, 2)
    thickness = numbers.leakage_thickness(paper, voltage)
    hours = paper.field("life.10.0.2")
    return Check(
        "leakage",
        "A low electronic conductivity keeps dendrites from growing inside the electrolyte (3.1, 3.2).",
        f"{current / 10:g} mA/cm^2 drops {1e3 * ohmic:.0f} mV; at {1e3 * voltage:.0f} mV uniform leakage through sigma_e"
        f" plates {thickness / units.nm:.1f} nm of lithium in {hours:g} h, which cannot short 1 mm. Leakage along grain"
        " boundaries is not tested by it.",
        UNDECIDED if math.isfinite(thickness) and thickness < 1e-3 * paper.si("llzto.pellet.thickness") else CONSISTENT,
    )


def overcharge(paper: Paper) -> Check:
    """Reaching 2 V at 0.1 mA/cm^2."""
    current, limit = paper.condition("abuse.sym", "mA/cm^2"), 2.0
    intact = numbers.cell_area_resistance(paper, "10", interfaces=2).value
    needed = limit / current
    return Check(
        "overcharge.2V",
        "The symmetric cell was overcharged to 2.0 V at 0.1 mA/cm^2 and cycled on at its initial overpotential (3.4).",
        f"{limit:g} V/({current / 10:g} mA/cm^2) = {needed / _OHM_CM2 / 1e3:.0f} kohm cm^2, {needed / intact:.0f} times the"
        f" {intact / _OHM_CM2:.0f} ohm cm^2 of the intact cell ({1e3 * current * intact:.0f} mV): one side must have lost"
        " its lithium or its contact, and how it came back is not said.",
        UNDECIDED,
    )


CHECKS = (
    charge_transfer_unit,
    charge_transfer_above_interface,
    times_greater,
    interface_barrier,
    overpotential_hot,
    short_hot,
    abstract_temperature,
    resistance_sum,
    transference,
    leakage,
    overcharge,
)
