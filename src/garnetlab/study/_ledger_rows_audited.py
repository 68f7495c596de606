"""Rows whose reported value is tested by a calculation from other reported values."""

from __future__ import annotations

from collections.abc import Callable

from garnetlab import units
from garnetlab.study import _audit_checks_materials as materials
from garnetlab.study import _audit_checks_numbers as numbers
from garnetlab.study._audit_checks_numbers import Estimate, Paper
from garnetlab.study._ledger_rows import Computed, Status


def audited(paper: Paper) -> dict[str, Computed]:
    """Return what the calculations give for the observations they test, by id."""
    return {key: row(paper, key) for key, row in _ROWS.items()}


def _row(
    paper: Paper, key: str, estimate: Estimate, route: str, *, check: str, note: str = "", unit: str = ""
) -> Computed:
    """Return an audited row in the unit of its observation; ``check`` is the id of the check of the audit."""
    shown = units.parse_unit(unit or paper[key].unit)
    value = shown.from_si(estimate.value)
    span = None
    if estimate.low is not None and estimate.high is not None:
        span = (shown.from_si(estimate.low), shown.from_si(estimate.high))
    reported = paper[key].value
    notes = [note, f"See the check {check} of the audit."]
    if reported:
        notes.insert(0, _relative(value, reported))
    return Computed(
        Status.AUDITED, value, estimate.std / shown.factor, span, route, " ".join(n for n in notes if n), unit
    )


def _relative(value: float, reported: float) -> str:
    """Return how far ``value`` is from ``reported``, in words."""
    share = value / reported
    if not 0.1 < share < 10.0:
        return f"Larger than reported by a factor of {share:.4g}."
    return f"Relative difference {100 * (share - 1):+.3f} %."


def _charge_transfer(paper: Paper, key: str) -> Computed:
    anode = key.rsplit(".", 1)[1]
    area = numbers.charge_transfer(paper, anode)
    return _row(
        paper,
        key,
        numbers.charge_transfer_pellet(paper, anode),
        f"R T/(F i0) with tafel.i0.{anode} at 25 degC, over one face of a pellet of 10 mm (llzto.pellet.diameter).",
        check="rct.unit",
        note=f"Per area {area.value / units.ohm_cm2:.2f} +- {area.std / units.ohm_cm2:.2f} ohm cm^2.",
    )


def _rate_ratio(paper: Paper, key: str) -> Computed:
    estimate = numbers.ratio(paper, "tafel.i0.10kco", "tafel.i0.li")
    return _row(paper, key, estimate, "tafel.i0.10kco over tafel.i0.li.", check="tafel.times")


def _retention(paper: Paper, key: str) -> Computed:
    estimate = numbers.ratio(paper, "lfp.q120.10", "lfp.q1.10")
    return _row(paper, key, estimate, "lfp.q120.10 over lfp.q1.10.", check="lfp.retention")


def _splitting(paper: Paper, key: str) -> Computed:
    estimate = numbers.propagated(paper, ("xps.k2p12", "xps.k2p32"), lambda a, b: a - b)
    return _row(
        paper,
        key,
        estimate,
        "xps.k2p12 minus xps.k2p32.",
        check="xps.k2p.split",
        note=f"Usual: {materials.K_SPLITTING}.",
    )


def _shorted_voltage(paper: Paper, key: str) -> Computed:
    current, temperature = paper.condition(key, "mA/cm^2"), paper.temperature(key)
    low = numbers.hot_electrolyte(paper, temperature, product=False).value * current * 1e3
    return Computed(
        Status.AUDITED,
        route="i L/sigma(T) of the intact pellet from llzto.sigma.ion, llzto.sigma.Ea, llzto.pellet.thickness is a lower"
        " bound of the voltage without a short.",
        note=f"An intact pellet alone needs at least {low:.1f} mV. See the check short.60C of the audit.",
    )


def _total_resistance(paper: Paper, key: str) -> Computed:
    anode = key.rsplit(".", 1)[1]
    return _row(
        paper,
        key,
        numbers.cell_area_resistance(paper, anode, interfaces=1),
        f"L/sigma + ASR from llzto.sigma.ion, llzto.pellet.thickness, asr.{anode}: a lower bound, without the cathode side.",
        check="rtot.sum",
        note="Computed per pellet face; by which area the paper normalises is not stated.",
    )


def _hot_ratio(paper: Paper, key: str) -> Computed:
    hot = paper.si("ccd.10.60C")
    low, high = numbers.current_steps(paper, hot / paper.field(key))
    ratios = (hot / high, hot / low)
    nearest = min(ratios, key=lambda r: abs(r - paper.field(key)))
    return Computed(
        Status.AUDITED,
        nearest,
        None,
        ratios,
        "ccd.10.60C over the step of the ladder that comes nearest to the reported ratio; the interval holds both steps.",
        f"{_relative(nearest, paper.field(key))} See the check ccd.step of the audit.",
    )


def _ladder_claim(paper: Paper, _key: str) -> Computed:
    lowest = min(paper.field(f"ccd.{wt}") for wt in ("1", "5", "10", "15", "20"))
    return Computed(
        Status.AUDITED,
        lowest - paper.field("ccd.0"),
        None,
        None,
        "Smallest of ccd.1, ccd.5, ccd.10, ccd.15, ccd.20 minus ccd.0; the claim needs more than 0.",
        "See the check ccd.all of the audit.",
        "mA/cm^2",
    )


def _potassium(paper: Paper, _key: str) -> Computed:
    return Computed(
        Status.AUDITED,
        100 * numbers.potassium_fraction(paper),
        None,
        None,
        "Mass balance: 10 wt% K2CO3 added, all its potassium stays in the melt; standard atomic weights.",
        "See the check k.trace of the audit.",
        "%",
    )


def _gap(paper: Paper, key: str) -> Computed:
    voltage = 2.0 * numbers.rate_current(paper) * paper.si("lfp.rtot.0")
    return Computed(
        Status.AUDITED,
        1e3 * voltage,
        None,
        None,
        "2 i R with lfp.rtot.0 at lfp.crate, lfp.loading and the theoretical capacity of LiFePO4: the ohmic part.",
        f"{_relative(1e3 * voltage, paper.field(key))} The cathode itself is not in it. See"
        " the check lfp.gap of the audit.",
    )


def _reference(window: materials.Window, check: str, what: str) -> Callable[[Paper, str], Computed]:
    """Return a row that compares a binding energy with its reference."""

    def row(paper: Paper, key: str) -> Computed:
        single = window.low == window.high
        energy = paper.field(key)
        off = energy - window.low if energy < window.low else max(energy - window.high, 0.0)
        return Computed(
            Status.AUDITED,
            window.low if single else None,
            None,
            None if single else (window.low, window.high),
            f"Reference binding energy of {what}: {window}.",
            f"The reported energy is {f'{off:+.2f} eV off' if off else 'inside'} it. See the check {check} of the audit.",
        )

    return row


_METAL_12 = materials.Window(
    materials.K_METAL.low + materials.K_SPLITTING.low,
    materials.K_METAL.low + materials.K_SPLITTING.low,
    f"{materials.K_METAL.source}, plus the splitting of {materials.K_SPLITTING.low:g} eV",
    materials.K_METAL.evidence,
)

_ROWS: dict[str, Callable[[Paper, str], Computed]] = {
    "tafel.rct.li": _charge_transfer,
    "tafel.rct.10kco": _charge_transfer,
    "tafel.ratio": _rate_ratio,
    "lfp.retention.10": _retention,
    "xps.k2p.split": _splitting,
    "v.0.0.8.60C.short": _shorted_voltage,
    "lfp.rtot.0": _total_resistance,
    "lfp.rtot.10": _total_resistance,
    "ccd.ratio.60C": _hot_ratio,
    "claim.ccd.all": _ladder_claim,
    "claim.k.trace": _potassium,
    "lfp.gap.first.0": _gap,
    "xps.k2p32": _reference(materials.K_METAL, "xps.k2p", "potassium metal, K 2p3/2"),
    "xps.k2p12": _reference(_METAL_12, "xps.k2p", "potassium metal, K 2p1/2"),
    "xps.c1s.lic6": _reference(materials.C_LIC6, "xps.c1s_li1s", "LiC6, C 1s"),
    "xps.li1s.lic6": _reference(materials.LI_LIC6, "xps.c1s_li1s", "LiC6, Li 1s"),
    "xps.o1s.li2o": _reference(materials.O_LI2O, "xps.o1s", "Li2O, O 1s"),
}
