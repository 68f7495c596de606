"""Checks of composition, photoemission, wetting and wording."""

from __future__ import annotations

import math
from dataclasses import dataclass

from garnetlab import units
from garnetlab.study import _audit_checks_numbers as numbers
from garnetlab.study._audit_checks_numbers import Paper
from garnetlab.study._audit_checks_record import CONSISTENT, INCONSISTENT, UNDECIDED, Check


@dataclass(frozen=True, slots=True)
class Window:
    """Reference binding energies [eV] of one line of one compound, with source and how good the evidence is."""

    low: float
    high: float
    source: str
    evidence: str

    def __contains__(self, energy: float) -> bool:
        return self.low <= energy <= self.high

    def __str__(self) -> str:
        span = f"{self.low:g}" if self.low == self.high else f"{self.low:g}-{self.high:g}"
        return f"{span} eV ({self.source}; {self.evidence})"


_READ, _RECALLED = "read in the source", "recalled, to be verified"
_NIST = "NIST XPS database, SRD 20"
#: K 2p3/2
K_METAL = Window(294.7, 294.7, "Peterson, Karlsson 1977", _READ)
K_SALT = Window(292.1, 293.5, f"KCl, KF, K2SO4 in {_NIST}", _READ)
#: spin-orbit splitting of K 2p [eV]
K_SPLITTING = Window(2.77, 2.77, "usual value; Thermo Fisher lists 2.8 for the chloride", _READ)
#: O 1s
O_LI2O = Window(
    528.5, 531.3, f"from Wood, Teeter 2018, doi 10.1021/acsaem.8b00406, to Contour 1979 in {_NIST}", _RECALLED
)
O_LIOH = Window(531.3, 531.3, f"Contour 1979 in {_NIST}", _READ)
O_LI2CO3 = Window(531.4, 531.5, _NIST, _READ)
#: LiC6
C_LIC6 = Window(285.2, 285.2, _NIST, _READ)
LI_LIC6 = Window(57.1, 57.1, _NIST, _READ)

#: IUPAC Gold Book, "trace element": below about 100 micrograms per gram
TRACE = 1e-4


def potassium_mass(paper: Paper) -> Check:
    """Trace amounts of potassium against the mass balance."""
    fraction = numbers.potassium_fraction(paper)
    added = paper["claim.k.trace"].k2co3_wt_pct
    potassium, carbonate = (1e3 * numbers.molar_mass(m) for m in ({"K": 2}, {"K": 2, "C": 1, "O": 3}))
    return Check(
        "k.trace",
        'Li-10KCO contains "trace amounts of potassium" (3.2).',
        f"{added:g} wt% K2CO3 x 2 M(K)/M(K2CO3) = {added:g} x {potassium:.3f}/{carbonate:.3f}"
        f" = {100 * fraction:.2f} wt% K, {fraction / TRACE:.0f} times the usual limit of a trace (100 ug/g),"
        " if none of it leaves the melt.",
        INCONSISTENT if fraction > TRACE else CONSISTENT,
    )


def potassium_state(paper: Paper) -> Check:
    """K 2p3/2 of metal or of a salt."""
    energy = paper.field("xps.k2p32")
    metal, salt = energy in K_METAL, energy in K_SALT
    return Check(
        "xps.k2p",
        f"K 2p3/2 at {energy:g} eV is K0 (3.2).",
        f"{energy:g} eV is {energy - K_METAL.low:+.1f} eV from the metal, {K_METAL}, and {'inside' if salt else 'outside'}"
        f" the range of K+ salts, {K_SALT}. The energy reference is not stated.",
        INCONSISTENT if salt and not metal else CONSISTENT,
    )


def potassium_splitting(paper: Paper) -> Check:
    """The spin-orbit splitting of K 2p."""
    gap = numbers.propagated(paper, ("xps.k2p12", "xps.k2p32"), lambda a, b: a - b)
    value, std = gap.value / units.eV, gap.std / units.eV
    return Check(
        "xps.k2p.split",
        "The two K 2p peaks are the spin-orbit pair of one state (3.2).",
        f"{paper.field('xps.k2p12'):g} - {paper.field('xps.k2p32'):g} = {value:.2f} +- {std:.2f} eV (digits printed)"
        f" against {K_SPLITTING}: {value - K_SPLITTING.low:+.2f} eV.",
        CONSISTENT if abs(value - K_SPLITTING.low) < 0.2 else INCONSISTENT,
    )


def oxide(paper: Paper) -> Check:
    """O 1s of Li2O, hydroxide and carbonate."""
    energy = paper.field("xps.o1s.li2o")
    near = [name for name, w in (("LiOH", O_LIOH), ("Li2CO3", O_LI2CO3)) if w.low - 0.2 <= energy <= w.high + 0.2]
    return Check(
        "xps.o1s",
        f"O 1s at {energy:g} eV belongs to Li2O (3.2).",
        f"Li2O {O_LI2O}; LiOH {O_LIOH}; Li2CO3 {O_LI2CO3}: within 0.2 eV it is also {' and '.join(near) or 'none other'}.",
        UNDECIDED if near else CONSISTENT if energy in O_LI2O else INCONSISTENT,
    )


def carbide_difference(paper: Paper) -> Check:
    """C 1s minus Li 1s, which needs no energy reference."""
    carbon, lithium = paper.field("xps.c1s.lic6"), paper.field("xps.li1s.lic6")
    measured, expected = carbon - lithium, C_LIC6.low - LI_LIC6.low
    return Check(
        "xps.c1s_li1s",
        f"C 1s at {carbon:g} eV and Li 1s at {lithium:g} eV both belong to LiC6 (3.2).",
        f"The difference needs no energy reference: {carbon:g} - {lithium:g} = {measured:.2f} eV, for LiC6"
        f" {C_LIC6.low:g} - {LI_LIC6.low:g} = {expected:.2f} eV ({C_LIC6.source}; {C_LIC6.evidence}):"
        f" {measured - expected:+.2f} eV.",
        INCONSISTENT if abs(measured - expected) > 0.5 else CONSISTENT,
    )


def carbide_formula(paper: Paper) -> Check:
    """Li6C or LiC6."""
    used = paper["phase.products"].text
    return Check(
        "carbide.formula",
        'The carbide is LiC6 (abstract, 3.2) and "Li6C" (conclusions).',
        f"The phases found are {used!r}; Li:C is {1 / 6:.3f} in LiC6 and {6:.0f} in Li6C, a factor of {36:.0f}.",
        INCONSISTENT if "LiC6" in used else UNDECIDED,
    )


def layer(paper: Paper) -> Check:
    """Electron conducting or electron insulating."""
    claims = [part.strip() for part in paper["claim.layer"].text.split("/")]
    insulating = [("insulating" in c or "blocking" in c) for c in claims]
    return Check(
        "layer.electronic",
        f"The layer is {' and '.join(claims)}.",
        f"{sum(insulating)} of {len(claims)} statements call one layer electron-insulating, the other calls it an electron"
        " conductor; no electronic conductivity of the layer is given.",
        INCONSISTENT if any(insulating) and not all(insulating) else CONSISTENT,
    )


def hemisphere(paper: Paper) -> Check:
    """A hemisphere has 90 degrees."""
    angle = paper.field("wet.llzto.li")
    shape = math.tan(math.radians(angle) / 2)
    return Check(
        "wetting.hemisphere",
        f"Molten Li is hemispherical on LLZTO with a contact angle of {angle:g} deg and wets poorly (3.1).",
        f"A hemisphere has 90 deg; a cap of {angle:g} deg has height/base radius = tan({angle / 2:g} deg) = {shape:.2f},"
        f" not 1, and cos = {math.cos(math.radians(angle)):.2f} > 0 counts as wetting.",
        CONSISTENT if abs(angle - 90) < 5 else INCONSISTENT,
    )


def surface_tension(paper: Paper) -> Check:
    """What a lower surface tension alone would mean on two substrates."""
    ratios = []
    for key in ("wet.llzto", "wet.cu"):
        before, after = (math.cos(math.radians(paper.field(f"{key}.{a}"))) for a in ("li", "10kco"))
        ratios.append(before / after)
    return Check(
        "wetting.tension",
        "The smaller angle indicates a lower surface tension of the melt (3.1, 3.2).",
        f"With unchanged solid energies cos(angle) x tension stays: the tension would fall to {100 * ratios[0]:.0f} % (LLZTO,"
        f" 350 degC) and to {100 * ratios[1]:.0f} % (Cu, 210 degC) of that of Li, for one melt.",
        INCONSISTENT if abs(ratios[0] - ratios[1]) > 0.2 else CONSISTENT,
    )


def stirring(paper: Paper) -> Check:
    """Revolutions per minute and second."""
    rate, hours = 800.0, 24.0
    recipe = paper["lfp.cathode.recipe"].conditions
    return Check(
        "stirring.unit",
        f'The slurry is stirred "at a rotation velocity of {rate:g} rpm s^-1 for {hours:g} h" (2.3).',
        f"rpm/s is an angular acceleration: after {hours:g} h it would be {rate * hours * 3600:.1e} rpm; {rate:g} rpm is"
        f" meant ({recipe.split(';')[0]}).",
        INCONSISTENT,
    )


CHECKS = (
    potassium_mass,
    potassium_state,
    potassium_splitting,
    oxide,
    carbide_difference,
    carbide_formula,
    layer,
    hemisphere,
    surface_tension,
    stirring,
)
