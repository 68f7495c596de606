"""What stands on the page constriction-or-kinetics: ``constriction_or_kinetics.py FOLDER``, about half a minute of one core."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline
from scipy.optimize import brentq, minimize_scalar

from garnetlab import units
from garnetlab.analyse import analyse_impedance
from garnetlab.core import Channel, Kind, Measurement, SimulationSource
from garnetlab.library import load_material, load_observations
from garnetlab.physics.constriction import lattice_factor
from garnetlab.physics.contact import disc_contact, mean_chord_length, random_contact
from garnetlab.physics.interface import interface_currents
from garnetlab.physics.interface_impedance import interface_spectrum
from garnetlab.report._style import BLACK, BLUE, CYCLE, GREEN, ORANGE, SKY, VERMILION, new_figure, save_figure, style
from garnetlab.simulate.eis import REALISTIC, impedance_noise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

OHM_CM2, UM, MM = 1e-4, 1e-6, 1e-3
EPSILON_0 = 8.8541878188e-12  # F/m, CODATA 2022
ROOM = units.celsius(25.0)
#: ranges [degC] of six temperatures each, the highest end first, by the name of what they allow; the paper prints none
RANGES = {
    "cap": (30.0, 80.0),
    "cap.wide": (25.0, 80.0),
    "cap.later.any": (25.0, 60.0),
    "cap.mild": (25.0, 45.0),
    "cap.cool": (20.0, 40.0),
}


def six(ends: tuple[float, float]) -> tuple[float, ...]:
    """Return six temperatures [K] over a range in degC."""
    return tuple(units.celsius(float(t)) for t in np.linspace(*ends, 6))


#: the range of the page, which the ledger assumes too, and a hotter one
SERIES, HOT = six(RANGES["cap.later.any"]), six(RANGES["cap"])
HIGHEST = 3.0  # eV, where the search for an energy of the kinetics ends
#: the paper states no uncertainty; this one is assumed
DOUBT = 0.02
LI, KCO = "Li", "Li-10KCO"
COLOUR = {LI: VERMILION, KCO: BLUE}
NAMES = {"asr": {LI: "asr.0", KCO: "asr.10"}, "Ea": {LI: "int.Ea.li", KCO: "int.Ea.10kco"}}

OBSERVED = {o.id: o.value for o in load_observations()}
ASR = {name: OBSERVED[key] * OHM_CM2 for name, key in NAMES["asr"].items()}
ENERGY = {name: OBSERVED[key] for name, key in NAMES["Ea"].items()}
SLAB_ENERGY = OBSERVED["llzto.sigma.Ea"]
SIGMA = load_material("LLZTO").property("ionic_conductivity", temperature=ROOM)[0].value
PERMITTIVITY = EPSILON_0 * load_material("LLZTO").property("relative_permittivity", temperature=ROOM)[0].value
THERMAL = units.k_B * ROOM / units.eV
#: an energy from ln(sigma T) less that of ln(sigma), in the middle of the series [eV]
FORM = units.k_B / units.eV / float(np.mean(1.0 / np.asarray(SERIES)))

VALUES: dict[str, dict[str, object]] = {}


def note(name: str, value: float, form: str = ".3g", unit: str = "", scale: float = 1.0) -> float:
    """Keep a number for the page and return it."""
    text = format(value * scale, form)
    text = f"{float(text):g}" if "e" in text else text
    VALUES[name] = {"text": f"{text} {unit}".strip().replace("-", "−"), "value": float(value)}
    return value


def note_percent(name: str, share: float, form: str = ".0f") -> float:
    """Keep a share for the page in percent."""
    return note(name, share, form, "%", 100.0)


# the solver over two numbers ------------------------------------------------------------------------------------------
#: share of the face in contact; discs of one radius on a square lattice up to where they would touch
FRACTIONS = np.array([0.002, 0.0045, 0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.75])
#: sigma R_ct/a
RATIOS = np.logspace(-2.5, 2.5, 16)


def discs(fraction: float, radius: float = 10 * UM) -> tuple[NDArray[np.bool_], float, float]:
    """Return a map with one disc of at least 6 pixels radius, its period, and the radius by its exact area."""
    period = radius * math.sqrt(math.pi / fraction)
    pixels = next(n for n in (128, 256) if fraction * n**2 > math.pi * 6.0**2)
    contact = disc_contact((pixels, pixels), period=period, radius=radius)
    return contact, period, period * math.sqrt(contact.mean() / math.pi)


@dataclass(frozen=True)
class Parts:
    """ASR of one face without the slab, and its parts, in units of a/sigma."""

    asr: float
    constriction: float
    lost_in_kinetics: float

    @property
    def share(self) -> float:
        """Constriction over ASR."""
        return self.constriction / self.asr

    @property
    def ohmic_share(self) -> float:
        """Share of the dissipated power that is lost in the slab."""
        return 1.0 - self.lost_in_kinetics / self.asr


def solved(contact: NDArray[np.bool_], period: float, radius: float, ratio: float) -> Parts:
    """Solve a thick slab, two periods deep, for a map and sigma R_ct/a."""
    s = interface_currents(
        contact,
        conductivity=SIGMA,
        thickness=2 * period,
        period=period,
        charge_transfer_resistance=ratio * radius / SIGMA,
        bounds=False,
    )
    if not s.converged:
        message = f"ratio = {ratio:g}: the solver did not converge."
        raise RuntimeError(message)
    unit = radius / SIGMA
    lost = float(np.mean(np.asarray(s.current_density) * np.asarray(s.overpotential))) / s.mean_current_density**2
    return Parts((s.asr - s.slab) / unit, s.constriction / unit, lost / unit)


class Table:
    """The solver's answers for lattices of discs, between the solved points by a spline of theta c."""

    def __init__(self) -> None:
        self.parts = []
        exact, fractions = [], []
        for fraction in FRACTIONS:
            contact, period, radius = discs(float(fraction))
            fractions.append(contact.mean())
            self.parts.append([solved(contact, period, radius, float(r)) for r in RATIOS])
            if radius / period < 0.4:
                known = math.pi / 4 * lattice_factor(radius, pitch=period)
                least = solved(contact, period, radius, 1e-4)
                exact.append(contact.mean() * least.constriction / known - 1.0)
        self.fractions = np.array(fractions)
        self.error = max(map(abs, exact))
        scaled = np.array([[p.constriction for p in row] for row in self.parts]) * self.fractions[:, None]
        self._spline = RectBivariateSpline(np.log(self.fractions), np.log(RATIOS), scaled, kx=3, ky=3)

    def constriction(self, ratio: Floats | float, fraction: Floats | float) -> Floats:
        """Return c [a/sigma]; outside the solved points it keeps the value at the edge."""
        x = np.clip(np.log(fraction), np.log(self.fractions[0]), np.log(self.fractions[-1]))
        y = np.clip(np.log(ratio), np.log(RATIOS[0]), np.log(RATIOS[-1]))
        return self._spline(x, y, grid=False) / fraction

    def asr(self, ratio: Floats | float, fraction: Floats | float) -> Floats:
        """Return c + kappa/theta [a/sigma]."""
        return self.constriction(ratio, fraction) + np.asarray(ratio) / fraction

    def share(self, ratio: Floats | float, fraction: Floats | float) -> Floats:
        """Return the share of constriction."""
        return self.constriction(ratio, fraction) / self.asr(ratio, fraction)

    def ratio_of_share(self, share: float, fraction: float) -> float:
        """Return sigma R_ct/a at which constriction has that share."""
        return float(np.exp(brentq(lambda y: float(self.share(math.exp(y), fraction)) - share, -12.0, 12.0)))


# activation energy ----------------------------------------------------------------------------------------------------
def growth(energy: float, kelvin: Sequence[float]) -> Floats:
    """Return exp(E/k (1/T - 1/T0)) for an energy in eV; both kinds of resistance carry the same further factor of T."""
    return np.exp(energy * units.eV / units.k_B * (1.0 / np.asarray(kelvin) - 1.0 / ROOM))


def slope(resistance: Floats, kelvin: Sequence[float]) -> tuple[float, float]:
    """Return the energy [eV] of a straight Arrhenius line, and the largest misfit of a point as a share."""
    x, y = 1.0 / np.asarray(kelvin), np.log(resistance)
    x, y = x - x.mean(), y - y.mean()
    energy = (x @ y) / (x @ x)
    return float(energy * units.k_B / units.eV), float(np.abs(y - energy * x).max())


def apparent(
    table: Table, ratio: float, kinetic: float, fraction: float = 0.1, kelvin: Sequence[float] = SERIES
) -> tuple[float, float]:
    """Return the energy of the ASR of one face and the misfit of its line, from the table."""
    slab = growth(SLAB_ENERGY, kelvin)
    return slope(table.asr(ratio * growth(kinetic, kelvin) / slab, fraction) * slab, kelvin)


def ratio_of_energy(
    table: Table, observed: float, kinetic: float, fraction: float = 0.1, kelvin: Sequence[float] = SERIES
) -> float:
    """Return sigma R_ct/a at 25 degC at which a kinetic energy shows as the observed one."""
    return math.exp(brentq(lambda y: apparent(table, math.exp(y), kinetic, fraction, kelvin)[0] - observed, -7.0, 14.0))


def share_of_energy(
    table: Table, observed: float, kinetic: float, fraction: float = 0.1, kelvin: Sequence[float] = SERIES
) -> float:
    """Return the share of constriction at 25 degC that turns a kinetic energy into the observed one, or 0."""
    if kinetic <= observed + 1e-3:
        return 0.0
    return float(table.share(ratio_of_energy(table, observed, kinetic, fraction, kelvin), fraction))


def most_share(table: Table, observed: float, kelvin: Sequence[float] = SERIES, fraction: float = 0.1) -> float:
    """Return the kinetic energy that allows the largest share at 25 degC."""
    found = minimize_scalar(
        lambda e: -share_of_energy(table, observed, e, fraction, kelvin), bounds=(0.65, HIGHEST), method="bounded"
    )
    return float(found.x)


def energies() -> dict[str, Floats]:
    """Solve temperature series on a map of discs and compare their energy with three sums."""
    contact, period, radius = discs(0.1)
    columns: dict[str, list[float]] = {k: [] for k in ("kinetic", "ratio", "solved", "room", "middle", "ohmic", "bend")}
    middle = float(1.0 / np.mean(1.0 / np.asarray(SERIES)))
    for kinetic in (0.5, 0.6, 0.7, 0.8, 1.0):
        for ratio in np.logspace(-2, 2, 9):
            slab = growth(SLAB_ENERGY, SERIES)
            kappa = ratio * growth(kinetic, SERIES) / slab
            parts = [solved(contact, period, radius, float(k)) for k in kappa]
            found, bend = slope(np.array([p.asr for p in parts]) * slab, SERIES)
            kappa = ratio * growth(kinetic, [ROOM, middle]) / growth(SLAB_ENERGY, [ROOM, middle])
            cold, mean = (solved(contact, period, radius, float(k)) for k in kappa)
            sums = [s * SLAB_ENERGY + (1 - s) * kinetic for s in (cold.share, mean.share, mean.ohmic_share)]
            for name, value in zip(columns, [kinetic, float(ratio), found, *sums, bend], strict=True):
                columns[name].append(value)
    out = {k: np.array(v) for k, v in columns.items()}
    note("energy.room", np.abs(out["room"] - out["solved"]).max(), ".2f", "eV")
    note("energy.middle", np.abs(out["middle"] - out["solved"]).max(), ".0f", "meV", 1e3)
    note("energy.ohmic", np.abs(out["ohmic"] - out["solved"]).max(), ".0f", "meV", 1e3)
    note("energy.series", len(out["solved"]), ".0f")
    warm = units.celsius(55.0)
    faster = growth(SLAB_ENERGY, [warm])[0] / growth(0.8, [warm])[0]
    note("energy.faster", faster, ".1f")
    return out


# the paper's interfaces -----------------------------------------------------------------------------------------------
def range_numbers(table: Table, word: str, tag: str, name: str, kelvin: Sequence[float]) -> None:
    """Keep what a range of temperatures allows for one interface, whatever the energy of the kinetics in the search."""
    low = ENERGY[name] - DOUBT
    note(f"{word}.ends", kelvin[-1] - kelvin[0], ".0f")
    VALUES[f"{word}.ends"]["text"] = f"{RANGES[word][0]:g} to {RANGES[word][1]:g} °C"
    for kind, observed in (("", low), (".exact", ENERGY[name])):
        at = most_share(table, observed, kelvin)
        note_percent(f"{word}{kind}.{tag}", share_of_energy(table, observed, at, kelvin=kelvin))
        note(f"{word}{kind}.{tag}.at", at, ".1f", "eV")
        if at > HIGHEST - 0.01:  # still rising at the end of the search: a lower bound
            VALUES[f"{word}{kind}.{tag}"]["text"] = f"at least {VALUES[f'{word}{kind}.{tag}']['text']}"
            VALUES[f"{word}{kind}.{tag}.at"]["text"] = f"{HIGHEST:g} eV, the end of the search"
    at = most_share(table, low, kelvin)
    note_percent(
        f"{word}.{tag}.bend", apparent(table, ratio_of_energy(table, low, at, kelvin=kelvin), at, kelvin=kelvin)[1]
    )
    # pure constriction with the slab's energy: what the reported energy takes besides, from the cold end to the hot
    other = growth(ENERGY[name] - SLAB_ENERGY, kelvin)
    factor = note(f"{word}.{tag}.change", float(other[0] / other[-1]), ".1f")
    note(f"{word}.{tag}.change.area", factor**2, ".1f")


def paper_numbers(table: Table) -> None:
    """Keep what the paper's two interfaces allow."""
    note("search.end", HIGHEST, "g", "eV")
    for name, tag in ((LI, "li"), (KCO, "kco")):
        low = ENERGY[name] - DOUBT
        for word, ends in RANGES.items():
            range_numbers(table, word, tag, name, six(ends))
        note_percent(f"cap.later.{tag}", share_of_energy(table, low, 1.0))
        mixed = low - FORM
        note_percent(f"cap.form.{tag}", share_of_energy(table, mixed, most_share(table, mixed)))
        for kinetic in (0.61, 0.7, 0.8, 1.0):
            note_percent(f"share.{tag}.{kinetic:g}", share_of_energy(table, ENERGY[name], kinetic))
            note_percent(f"most.later.{tag}.{kinetic:g}", share_of_energy(table, low, kinetic))
            note_percent(f"most.{tag}.{kinetic:g}", share_of_energy(table, low, kinetic, kelvin=HOT))
            note_percent(f"simple.{tag}.{kinetic:g}", (kinetic - ENERGY[name]) / (kinetic - SLAB_ENERGY))
        note(f"away.{tag}", (ENERGY[name] - SLAB_ENERGY) / DOUBT, ".0f")
        for spot in (1, 10, 100):
            pure = brentq(lambda f, n=name, a=spot: float(table.asr(1e-3, f)) * a * UM / SIGMA - ASR[n], 1e-6, 0.7)
            note_percent(f"pure.{tag}.{spot}", pure, ".2g")
    low = ENERGY[KCO] - DOUBT
    caps = [
        share_of_energy(table, low, most_share(table, low, fraction=f), f) for f in (0.0045, 0.01, 0.03, 0.3, 0.5, 0.75)
    ]
    note_percent("cap.theta.low", min(caps))
    note_percent("cap.theta.high", max(caps))
    for kinetic in (0.7, 0.8, 1.0):
        bend = apparent(table, ratio_of_energy(table, ENERGY[LI] - DOUBT, kinetic), kinetic)[1]
        note_percent(f"bend.{kinetic:g}", bend)
    note("form", FORM, ".3f", "eV")
    areas(table)


def areas(table: Table) -> None:
    """Keep what both readings of the difference between the two energies say about the ratio of contact areas."""
    whole = note("ratio.asr", ASR[LI] / ASR[KCO], ".2f")
    note("ratio.energies", math.exp((ENERGY[LI] - ENERGY[KCO]) / THERMAL), ".1f")
    for name, error in (("", 0.0), (".low", -DOUBT), (".high", DOUBT)):
        note(f"ratio.same.prefactor{name}", whole * math.exp(-(ENERGY[LI] - ENERGY[KCO] - error) / THERMAL), ".1f")
    for name, error in (("low", -DOUBT), ("high", DOUBT)):
        wide = whole * math.exp(-(ENERGY[LI] - ENERGY[KCO] - error * math.sqrt(2)) / THERMAL)
        note(f"ratio.both.{name}", wide, ".1f")
    share = share_of_energy(table, ENERGY[KCO], ENERGY[LI])
    note("common.constriction", share * ASR[KCO] / OHM_CM2, ".1f", "Ω cm²")
    note("common.ratio", ASR[LI] / (ASR[KCO] * (1 - share)), ".1f")
    for fraction in (0.1, 0.5):
        spot = (
            share * ASR[KCO] * SIGMA / float(table.constriction(ratio_of_energy(table, 0.58, 0.61, fraction), fraction))
        )
        note(f"common.spot.{fraction:g}", spot / UM, ".2g", "µm")
    for resistance in (0.1, 1.0, 10.0, 30.0):
        note(f"length.{resistance:g}", SIGMA * resistance * OHM_CM2 / UM, ".2g", "µm")
    for name, tag in ((LI, "li"), (KCO, "kco")):
        note_percent(f"fraction.{tag}.1", OHM_CM2 / ASR[name], ".2g")
        note_percent(f"fraction.{tag}.30", 30 * OHM_CM2 / ASR[name], ".2g")


def laws(table: Table) -> None:
    """Keep the numbers that describe the map."""
    for fraction in (0.01, 0.1, 0.5):
        note(f"equal.{fraction:g}", table.ratio_of_share(0.5, fraction), ".2f")
        note(f"tenth.{fraction:g}", table.ratio_of_share(0.1, fraction), ".1f")
    note("dilute", math.pi / 4, ".2f")
    note_percent("exact", table.error, ".1f")
    gap = max(p.share - p.ohmic_share for row in table.parts for p in row)
    note_percent("shares.gap", gap, ".1f")
    note("solves", len(FRACTIONS) * len(RATIOS), ".0f")
    contact, period, radius = discs(0.1)
    s = interface_currents(contact, conductivity=SIGMA, thickness=2 * period, period=period,
                           charge_transfer_resistance=radius / SIGMA, bounds=True)  # fmt: skip
    note_percent("bounds", (s.asr_high - s.asr_low) / (s.asr - s.slab), ".2g")


def random_maps(table: Table) -> dict[str, Floats]:
    """Solve random maps, with 2/pi of their mean chord as patch radius, and compare with discs of that radius."""
    period, rows = 100 * UM, []
    for fraction in (0.1, 0.3, 0.5, 0.7):
        contact = random_contact((128, 128), fraction=fraction, period=period, correlation_length=5 * UM, rng=1)
        radius = 2.0 / math.pi * mean_chord_length(contact, period=period)
        for ratio in np.logspace(-2, 2, 9):
            share = solved(contact, period, radius, float(ratio)).share
            rows += [[fraction, ratio, share, float(table.share(ratio, fraction))]]
    columns = np.array(rows).T
    ratios = []
    for fraction in (0.1, 0.3, 0.5, 0.7):
        mine = columns[:, columns[0] == fraction]
        equal = math.exp(np.interp(-0.5, -mine[2], np.log(mine[1])))
        ratios.append(equal / table.ratio_of_share(0.5, fraction))
    note("random.low", min(ratios), ".1f")
    note("random.high", max(ratios), ".1f")
    return dict(zip(("contact_fraction", "sigma_R_ct_per_a", "share_random_map", "share_discs"), columns, strict=True))


# impedance ------------------------------------------------------------------------------------------------------------
LAYER = 0.1  # double layer [F/m^2]: 10 uF/cm^2, assumed
FREQUENCIES = np.logspace(9.0, 1.0, 81)
BULK = SIGMA / (2 * math.pi * PERMITTIVITY)


def gap_capacitance(width: float) -> float:
    """Return the capacitance [F/m^2] of an empty gap."""
    return EPSILON_0 / width


def disc_map(fraction: float, radius: float = 10 * UM) -> tuple[NDArray[np.bool_], float]:
    """Return a coarse map with one disc, for spectra, and its period."""
    period = radius * math.sqrt(math.pi / fraction)
    return disc_contact((48, 48), period=period, radius=radius), period


def spectrum(
    ratio: float, gap: float, f: Floats = FREQUENCIES, fraction: float = 0.1, radius: float = 10 * UM
) -> NDArray[np.complex128]:
    """Return the impedance of one face times area [ohm m^2], that of the slab between planes taken off."""
    contact, period = disc_map(fraction, radius)
    found = interface_spectrum(
        contact,
        f,
        charge_transfer_resistance=ratio * radius / SIGMA,
        conductivity=SIGMA,
        thickness=2 * period,
        period=period,
        double_layer_capacitance=LAYER,
        gap_capacitance=gap_capacitance(gap),
        permittivity=PERMITTIVITY,
    )
    if not found.converged:
        message = f"gap = {gap:g}: the solver did not converge."
        raise RuntimeError(message)
    return np.asarray(found.asr) - np.asarray(found.slab)


def apexes(impedance: NDArray[np.complex128], f: Floats = FREQUENCIES) -> list[tuple[float, float]]:
    """Return frequency [Hz] and -Im Z [ohm m^2] of every apex, the fastest first; parabola through three points."""
    y, x = -impedance.imag, np.log(f)
    out = []
    for k in range(1, len(y) - 1):
        if y[k] > y[k - 1] and y[k] >= y[k + 1] and y[k] > 0.005 * y.max():
            bend = y[k - 1] - 2 * y[k] + y[k + 1]
            shift = 0.5 * (y[k - 1] - y[k + 1]) / bend
            out.append(
                (float(np.exp(x[k] + shift * (x[k + 1] - x[k]))), float(y[k] - 0.25 * (y[k - 1] - y[k + 1]) * shift))
            )
    return out


CASES = (("kinetics", 10.0), ("both", 0.5), ("constriction", 0.02))
GAPS = (1e-9, 1e-8, 1e-7, 1e-6)


def arcs() -> dict[str, Floats]:
    """Solve spectra for three ratios and four gaps, and keep apex frequencies and capacitances."""
    columns: dict[str, Floats] = {"frequency_Hz": FREQUENCIES}
    for name, ratio in CASES:
        for gap in GAPS:
            z = spectrum(ratio, gap)
            tag = f"{name}.{gap * 1e9:g}nm"
            columns[f"re_{tag}_ohm_cm2"], columns[f"minus_im_{tag}_ohm_cm2"] = z.real / OHM_CM2, -z.imag / OHM_CM2
            peaks = apexes(z)
            note(f"arcs.{tag}", len(peaks), ".0f")
            fast, slow = peaks[0], peaks[-1]
            note(f"slow.{tag}", slow[0], ".2g", "kHz", 1e-3)
            note(f"fast.{tag}", fast[0], ".2g", "MHz", 1e-6)
            note(f"capacitance.slow.{tag}", 1 / (4 * math.pi * slow[0] * slow[1]), ".2g", "µF/cm²", 100)
            note(f"capacitance.fast.{tag}", 1 / (4 * math.pi * fast[0] * fast[1]), ".2g", "nF/cm²", 1e5)
            note(f"other.{tag}", len(peaks) - 1, ".0f")
            both = f"{VALUES[f'fast.{tag}']['text']}, {VALUES[f'capacitance.fast.{tag}']['text']}"
            VALUES[f"other.{tag}"]["text"] = both if len(peaks) > 1 else "none"
    note("bulk", BULK, ".2g", "MHz", 1e-6)
    for name, ratio in CASES:
        transfer = ratio * 10 * UM / SIGMA
        note(f"transfer.{name}", 1 / (2 * math.pi * transfer * LAYER), ".2g", "kHz", 1e-3)
        note(f"transfer.{name}.R", transfer / OHM_CM2, ".2g", "Ω cm²")
    kinetic_arc()
    return columns


def kinetic_arc() -> None:
    """Keep how far the slowest apex is from 1/(2 pi R_ct C_dl), and its capacitance from theta C_dl, with wide gaps."""
    ratio, gap = CASES[0][1], GAPS[-1]
    own = 1 / (2 * math.pi * ratio * 10 * UM / SIGMA * LAYER)
    f, off, counts = own * np.logspace(1.0, -1.0, 21), [], []
    for fraction in (0.02, 0.1, 0.4):
        at, height = apexes(spectrum(ratio, gap, f, fraction), f)[-1]
        off.append(abs(at / own - 1.0))
        covered = float(disc_map(fraction)[0].mean())
        counts.append(abs(1 / (4 * math.pi * at * height) / (covered * LAYER) - 1.0))
    note_percent("layer.off", max(off), ".1f")
    note_percent("layer.counts", max(counts), ".1f")


def own_arc(table: Table) -> dict[str, Floats]:
    """Solve pure constriction over the gap and return the frequency of its apex over that of the bulk."""
    scaled, columns, off = np.logspace(-1.5, 2.0, 8), {}, []
    columns["sigma_R_c_C_gap_per_permittivity"] = scaled
    f = BULK * np.logspace(0.6, -3.0, 37)
    for fraction in (0.02, 0.1, 0.4):
        length = (
            float(table.constriction(RATIOS[0], fraction)) * 10 * UM
        )  # slab of the same resistance as the constriction
        found = []
        for x in scaled:
            z = spectrum(1e-4, EPSILON_0 * length / (x * PERMITTIVITY), f, fraction)
            found.append(max(apexes(z, f), key=lambda peak: peak[1])[0] / BULK)
        columns[f"apex_over_bulk_at_contact_fraction_{fraction:g}"] = np.array(found)
        off.append(np.abs(np.log(np.array(found) * (1 + scaled))).max())
    note("own.off", math.exp(max(off)), ".1f")
    for resistance in (1, 10, 100):
        gap = SIGMA * resistance * OHM_CM2 * EPSILON_0 / PERMITTIVITY
        note(f"own.gap.{resistance}", gap / 1e-9, ".2g", "nm")
    return columns


def reading() -> None:
    """Read noisy spectra of whole symmetric cells by the ordinary analysis, and keep what it says."""
    area, thick, rng = 0.785 * 1e-4, 1 * MM, np.random.default_rng(1)
    f = np.logspace(7.0, -1.0, 81)
    spectra, truth = [], []
    for ratio, gap in ((10.0, 1e-6), (0.5, 1e-6), (0.5, 1e-9)):
        contact, period, radius = discs(0.1)
        found = interface_spectrum(
            contact, f, charge_transfer_resistance=ratio * radius / SIGMA, conductivity=SIGMA, thickness=thick, period=period,
            double_layer_capacitance=LAYER, gap_capacitance=gap_capacitance(gap), permittivity=PERMITTIVITY,
        )  # fmt: skip
        z = (2 * np.asarray(found.asr) - np.asarray(found.slab)) / area  # two equal faces of a thick slab
        std = np.asarray(impedance_noise(z, f, REALISTIC))
        noisy = z + std * (rng.standard_normal(len(f)) + 1j * rng.standard_normal(len(f)))
        notebook = {"area": area, "thickness": thick, "temperature": ROOM, "electrodes": "symmetric", "interfaces": 2.0}
        channels = {Channel.FREQUENCY: f, Channel.IMPEDANCE: noisy}
        spectra.append(Measurement(Kind.IMPEDANCE, channels, SimulationSource("", None, "patchy cell"), notebook))
        truth.append(solved(contact, period, radius, ratio))
    unit = radius / SIGMA / OHM_CM2
    for tag, parts, result in zip(("kinetics", "hidden", "shown"), truth, analyse_impedance(spectra), strict=True):
        note(f"true.{tag}", parts.asr * unit, ".1f", "Ω cm²")
        note(f"true.{tag}.transfer", (parts.asr - parts.constriction) * unit, ".1f", "Ω cm²")
        note(f"read.{tag}", result["interface_resistance"].value / OHM_CM2, ".1f", "Ω cm²")
        read = note(f"read.{tag}.electrolyte", result["electrolyte_resistance"].value * area / OHM_CM2, ".1f", "Ω cm²")
        note_percent(f"moved.{tag}", (read - thick / SIGMA / OHM_CM2) / (2 * parts.constriction * unit))
    note("true.slab", thick / SIGMA / OHM_CM2, ".1f", "Ω cm²")


# figures --------------------------------------------------------------------------------------------------------------
def draw_map(folder: Path, table: Table, checks: dict[str, Floats]) -> None:
    """Draw the share of constriction, and the two interfaces on it."""
    k, f = np.logspace(-2.5, 2.5, 81), np.logspace(math.log10(0.002), math.log10(0.75), 61)
    share = table.share(k[None, :], f[:, None])
    size = table.asr(k[None, :], f[:, None])
    figure = new_figure(9.2, 4.2)
    axes = figure.subplots(1, 2, sharey=True)
    for ax, name in zip(axes, (LI, KCO), strict=True):
        ax.set(
            xscale="log",
            yscale="log",
            xlabel="σR$_{ct}$/patch radius a at 25 °C",
            xlim=(k[0], k[-1]),
            ylim=(0.002, 0.75),
        )
        shade = ax.pcolormesh(k, f, 100 * share, cmap="cividis", vmin=0, vmax=100, rasterized=True)
        radius = ASR[name] * SIGMA / size / UM
        lines = ax.contour(k, f, radius, levels=[0.1, 1, 10, 100], colors="white", linewidths=0.9)
        ax.clabel(lines, fmt=lambda v: f"a = {v:g} µm", fontsize=7)
        for kinetic, dash in ((0.65, "--"), (most_share(table, ENERGY[name] - DOUBT), "-")):
            edge = [ratio_of_energy(table, ENERGY[name] - DOUBT, kinetic, float(x)) for x in f[::6]]
            label = f"{kinetic:g} eV" if dash == "--" else "any energy"
            ax.plot(edge, f[::6], dash, color=ORANGE, lw=2.0, label=label)
        ax.set_title(f"{name}: {ASR[name] / OHM_CM2:g} Ω cm², {ENERGY[name]:g} eV", fontsize=9)
        legend = ax.legend(
            title="allowed to the right,\nkinetics of up to",
            loc="lower left",
            fontsize=7,
            title_fontsize=7,
            frameon=True,
        )
        legend.get_frame().set(facecolor="white", alpha=0.85, edgecolor="none")
    axes[0].set_ylabel("contact fraction θ")
    figure.colorbar(shade, ax=axes, label="constriction in the ASR / %")
    grid = {"sigma_R_ct_per_a": np.tile(k, len(f)), "contact_fraction": np.repeat(f, len(k)),
            "constriction_share": share.ravel(), "sigma_ASR_per_a": size.ravel()}  # fmt: skip
    save_figure(figure, folder, "map", "", {**grid, **{f"check_{n}": c for n, c in checks.items()}})


def draw_energy(folder: Path, table: Table, series: dict[str, Floats]) -> None:
    """Draw the apparent energy over the ratio, and the share that the paper's energies allow."""
    figure = new_figure(9.2, 3.7)
    left, right = figure.subplots(1, 2)
    k = np.logspace(-2, 2, 61)
    for colour, kinetic in zip((SKY, GREEN, ORANGE, BLACK), (0.6, 0.7, 0.8, 1.0), strict=True):
        left.plot(k, [apparent(table, float(x), kinetic)[0] for x in k], color=colour, label=f"{kinetic:g} eV")
        mine = series["kinetic"] == kinetic
        left.plot(series["ratio"][mine], series["solved"][mine], "o", color=colour, ms=3)
        left.plot(k, [simple_energy(table, float(x), kinetic) for x in k], ":", color=colour, lw=0.9)
    for name in (LI, KCO):
        left.axhspan(ENERGY[name] - DOUBT, ENERGY[name] + DOUBT, color=COLOUR[name], alpha=0.18, lw=0)
        left.text(1.2e-2, ENERGY[name] + (0.024 if name == LI else -0.045), name, color=COLOUR[name], fontsize=8)
    left.axhline(SLAB_ENERGY, color="0.5", lw=0.8, ls="--")
    left.text(20, SLAB_ENERGY - 0.03, "slab", color="0.4", fontsize=8)
    left.set(
        xscale="log",
        xlabel="σR$_{ct}$/patch radius a at 25 °C",
        ylabel="activation energy of the ASR / eV",
        ylim=(0.32, 1.02),
    )
    left.legend(title="of the kinetics", fontsize=7, title_fontsize=7, loc="upper left")
    kinetic, columns = np.linspace(0.56, 2.0, 73), {}
    columns["kinetic_energy_eV"] = kinetic
    for name in (LI, KCO):
        low, mid, high = (
            np.array([share_of_energy(table, ENERGY[name] + d, float(e)) for e in kinetic])
            for d in (DOUBT, 0.0, -DOUBT)
        )
        right.fill_between(kinetic, 100 * low, 100 * high, color=COLOUR[name], alpha=0.18, lw=0)
        right.plot(kinetic, 100 * mid, color=COLOUR[name], label=name, ls="-" if name == LI else "--")
        simple = np.clip((kinetic - ENERGY[name]) / (kinetic - SLAB_ENERGY), 0, None)
        right.plot(kinetic, 100 * simple, ":", color=COLOUR[name], lw=1.0)
        columns |= {
            f"share_{name}_low": low,
            f"share_{name}": mid,
            f"share_{name}_high": high,
            f"share_{name}_linear": simple,
        }
    right.set(
        xlabel="activation energy of the kinetics / eV",
        ylabel="constriction at 25 °C / %",
        xlim=(0.56, 2.0),
        ylim=(0, 60),
    )
    right.legend(loc="lower right")
    save_figure(figure, folder, "energy", "", {**{f"series_{n}": c for n, c in series.items()}, **columns})


def simple_energy(table: Table, ratio: float, kinetic: float) -> float:
    """Return (1 - s) E_kin + s E_slab with the share at 25 degC."""
    share = float(table.share(ratio, 0.1))
    return (1 - share) * kinetic + share * SLAB_ENERGY


def draw_sizes(folder: Path, table: Table) -> None:
    """Draw where the ASR is that of the paper, over patch radius and contact fraction."""
    a, f = np.logspace(-7, -3, 161), np.logspace(math.log10(0.002), math.log10(0.75), 121)
    figure = new_figure(9.2, 3.9)
    axes, columns = figure.subplots(1, 2, sharey=True), {}
    for ax, name in zip(axes, (LI, KCO), strict=True):
        for colour, resistance in zip(CYCLE, (0.001, 0.1, 1.0, 10.0, 30.0), strict=False):
            ratio = resistance * OHM_CM2 * SIGMA / a
            asr = table.asr(ratio[None, :], f[:, None]) * a / SIGMA
            label = "0 (constriction only)" if resistance == 0.001 else f"{resistance:g}"
            ax.plot([], [], color=colour, label=label)
            drawn = ax.contour(a / UM, f, asr, levels=[ASR[name]], colors=[colour], linewidths=0.9, linestyles=":")
            most = VALUES[f"cap.later.any.{'li' if name == LI else 'kco'}"]["value"]
            allowed = np.ma.masked_where(table.share(ratio[None, :], f[:, None]) > most, asr)
            ax.contour(a / UM, f, allowed, levels=[ASR[name]], colors=[colour], linewidths=2.0)
            pieces = [piece for piece in drawn.allsegs[0] if len(piece)] or [np.empty((0, 2))]
            columns[f"a_um_{name}_R{resistance:g}"], columns[f"theta_{name}_R{resistance:g}"] = np.concatenate(pieces).T
        ax.set(xscale="log", yscale="log", xlabel="patch radius a / µm", xlim=(0.1, 1000), ylim=(0.002, 0.75))
        ax.set_title(f"{name}: {ASR[name] / OHM_CM2:g} Ω cm²", fontsize=9)
    axes[0].set_ylabel("contact fraction θ")
    axes[1].legend(title="R$_{ct}$ / Ω cm²", fontsize=7, title_fontsize=7, loc="lower right")
    save_figure(figure, folder, "sizes", "", columns)


def draw_arcs(folder: Path, spectra: dict[str, Floats], own: dict[str, Floats]) -> None:
    """Draw the spectra and the place of the constriction's arc."""
    figure = new_figure(9.6, 3.6)
    axes: Sequence[Axes] = figure.subplots(1, 4)
    f = spectra["frequency_Hz"]
    for ax, (name, ratio) in zip(axes, CASES, strict=False):
        for colour, dash, gap in zip((BLUE, VERMILION, GREEN, BLACK), ("-", "--", "-.", ":"), GAPS, strict=True):
            y = spectra[f"minus_im_{name}.{gap * 1e9:g}nm_ohm_cm2"]
            ax.plot(f, y, dash, color=colour, label=f"{gap * 1e9:g} nm")
        ax.axvline(BULK, color="0.6", lw=0.8)
        ax.set(xscale="log", xlabel="f / Hz", xlim=(10, 1e9), title=f"σR$_{{ct}}$/a = {ratio:g}")
        ax.set_ylim(bottom=0.0)
        ax.title.set_fontsize(9)
        ax.set_xticks([1e2, 1e4, 1e6, 1e8])
    axes[0].set_ylabel("−Im Z of one face / Ω cm²")
    axes[1].legend(title="gap", fontsize=7, title_fontsize=7, loc="upper right")
    last = axes[3]
    x = own["sigma_R_c_C_gap_per_permittivity"]
    for name, colour, mark in (("0.02", BLUE, "o"), ("0.1", VERMILION, "s"), ("0.4", GREEN, "^")):
        last.plot(x, own[f"apex_over_bulk_at_contact_fraction_{name}"], mark, color=colour, label=f"θ = {name}")
    last.plot(x, 1 / (1 + x), color="0.4", lw=0.9, label="1/(1 + x)")
    last.axhline(1.0, color="0.6", lw=0.8)
    last.set(xscale="log", yscale="log", xlabel="x = σR$_c$C$_{gap}$/ε", ylabel="apex of constriction/bulk")
    last.legend(fontsize=7, loc="lower left")
    save_figure(figure, folder, "arcs", "", {**spectra, **own})


def main(folder: Path) -> None:
    """Compute everything, draw the figures, write the values."""
    table = Table()
    laws(table)
    checks, series = random_maps(table), energies()
    paper_numbers(table)
    spectra, own = arcs(), own_arc(table)
    reading()
    with style():
        draw_map(folder, table, checks)
        draw_energy(folder, table, series)
        draw_sizes(folder, table)
        draw_arcs(folder, spectra, own)
    (folder / "values.json").write_text(json.dumps(VALUES, indent=1, allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
