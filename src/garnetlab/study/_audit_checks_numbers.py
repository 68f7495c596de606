"""Numbers that follow from the paper's own values: shared by the audit and by the audited rows of the ledger.

Every number is computed from observations looked up by id. Its uncertainty follows from the digits the paper prints: a
printed value is taken as uniform over half a unit of its last digit, so its standard uncertainty is that half unit
divided by the square root of three (JCGM 100:2008, 4.3.7). The paper gives no other uncertainty.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from garnetlab import units
from garnetlab.core import InvalidInput, nearest
from garnetlab.library import Observation, load_material
from garnetlab.physics import kinetics, transport

#: standard atomic weights [kg/mol] of elements that the library does not hold: IUPAC 2021, abridged
_ATOMIC_WEIGHT = {"Fe": 55.845e-3, "P": 30.974e-3}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A computed number with its standard uncertainty, in SI; ``low`` and ``high`` where it is a range."""

    value: float
    std: float
    low: float | None = None
    high: float | None = None


class Paper:
    """The observations, looked up by id, in SI."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self.observations = tuple(observations)
        self._by_id = {o.id: o for o in self.observations}

    def __getitem__(self, key: str) -> Observation:
        try:
            return self._by_id[key]
        except KeyError:
            message = (
                f"observation = {key!r}: not among the {len(self._by_id)} observations.{nearest(key, self._by_id)}"
            )
            raise InvalidInput(message) from None

    def field(self, key: str) -> float:
        """Return the reported value in the unit the paper prints."""
        value = self[key].value
        if value is None:
            message = f"observation = {key!r}: has no number. Use its text."
            raise InvalidInput(message)
        return value

    def si(self, key: str) -> float:
        """Return the reported value in SI."""
        return units.parse_unit(self[key].unit).to_si(self.field(key))

    def std(self, key: str) -> float:
        """Return the standard uncertainty [SI] that follows from the digits printed."""
        return rounding_std(self.field(key)) * units.parse_unit(self[key].unit).factor

    def temperature(self, key: str) -> float:
        """Return the temperature [K] of an observation."""
        celsius = self[key].temperature_C
        if not isinstance(celsius, int | float):
            message = f"temperature = {celsius!r}: observation {key!r} has no single temperature."
            raise InvalidInput(message)
        return units.celsius(celsius)

    def condition(self, key: str, unit: str) -> float:
        """Return the first quantity [SI] of the dimension of ``unit`` in the conditions of an observation."""
        for part in re.split(r"[,;]", self[key].conditions):
            match = re.search(r"[+-]?\d[\d.]*(?:e[+-]?\d+)?\s*[A-Za-z%][\w/^]*(?: cm\^2)?", part)
            try:
                return units.parse(match.group(0) if match else "", unit)
            except units.UnitError:
                continue
        message = f"conditions = {self[key].conditions!r}: observation {key!r} names no quantity in {unit}."
        raise InvalidInput(message)


def molar_mass(composition: Mapping[str, int]) -> float:
    """Return the molar mass [kg/mol] of a compound given as number of atoms by element."""
    return sum(n * (_ATOMIC_WEIGHT.get(e) or _library("molar_mass", e)) for e, n in composition.items())


def _library(name: str, material: str) -> float:
    return load_material(material).property(name, temperature=units.celsius(25.0))[0].value


def rounding_std(value: float) -> float:
    """Return the standard uncertainty of a printed number: half a unit of its last digit over the root of three.

    Zeros before the decimal point count as printed digits: 10 is known to 1, not to 10.
    """
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return 0.5 * 10.0 ** min(int(exponent), 0) / math.sqrt(3.0)


def propagated(paper: Paper, keys: Iterable[str], function: Callable[..., float]) -> Estimate:
    """Return ``function`` of the reported values (SI, in the order of ``keys``) with first-order uncertainty."""
    keys = tuple(keys)
    values = [paper.si(k) for k in keys]
    best = function(*values)
    variance = 0.0
    for i, key in enumerate(keys):
        step = paper.std(key)
        up, down = (function(*values[:i], values[i] + s * step, *values[i + 1 :]) for s in (1.0, -1.0))
        variance += (0.5 * (up - down)) ** 2
    return Estimate(best, math.sqrt(variance))


def combined(low: Estimate, high: Estimate) -> Estimate:
    """Return the middle of two readings; half their distance over the root of three joins the uncertainty."""
    spread = 0.5 * abs(high.value - low.value) / math.sqrt(3.0)
    middle = 0.5 * (low.value + high.value)
    std = math.hypot(max(low.std, high.std), spread)
    return Estimate(middle, std, min(low.value, high.value), max(low.value, high.value))


# electrolyte ---------------------------------------------------------------------------------------------------------
def pellet_area(diameter: float) -> float:
    """Return the face of the pellet [m^2]."""
    return float(transport.pellet_area(diameter))


def face(paper: Paper) -> float:
    """Return the face of the paper's pellet [m^2], from its diameter."""
    return pellet_area(paper.si("llzto.pellet.diameter"))


def electrolyte_resistance(paper: Paper) -> Estimate:
    """Return the resistance of the pellet [ohm] at room temperature."""
    keys = ("llzto.sigma.ion", "llzto.pellet.thickness", "llzto.pellet.diameter")

    def resistance(sigma: float, length: float, diameter: float) -> float:
        return float(transport.pellet_resistance(sigma, thickness=length, area=pellet_area(diameter)))

    return propagated(paper, keys, resistance)


def electrolyte_area_resistance(paper: Paper) -> Estimate:
    """Return thickness over conductivity [ohm m^2] at room temperature."""
    return propagated(paper, ("llzto.sigma.ion", "llzto.pellet.thickness"), lambda sigma, length: length / sigma)


def electronic_transference(paper: Paper) -> Estimate:
    """Return the electronic transference number sigma_e/(sigma_e + sigma_ion)."""
    keys = ("llzto.sigma.electronic", "llzto.sigma.ion")

    def number(electronic: float, ionic: float) -> float:
        return float(transport.electronic_transference_number(electronic, ionic=ionic))

    return propagated(paper, keys, number)


def _boltzmann(energy: float, temperature: float, reference: float) -> float:
    """Return exp(-E/k_B (1/T - 1/T0)); ``energy`` in J."""
    return math.exp(-energy / units.k_B * (1.0 / temperature - 1.0 / reference))


def hot_electrolyte(paper: Paper, temperature: float, *, product: bool) -> Estimate:
    """Return the area resistance of the pellet [ohm m^2] at ``temperature`` [K] from its activation energy.

    With ``product`` the energy belongs to sigma T, otherwise to sigma; the paper does not say which.
    """
    reference = paper.temperature("llzto.sigma.ion")

    law = transport.arrhenius_conductivity if product else transport.arrhenius_conductivity_ln_sigma

    def resistance(sigma: float, length: float, energy: float) -> float:
        one = float(law(reference, prefactor=1.0, activation_energy=energy))
        return length / (sigma / one * float(law(temperature, prefactor=1.0, activation_energy=energy)))

    return propagated(paper, ("llzto.sigma.ion", "llzto.pellet.thickness", "llzto.sigma.Ea"), resistance)


def hot_interface(paper: Paper, anode: str, temperature: float) -> Estimate:
    """Return the interface resistance [ohm m^2] of one side at ``temperature`` [K]; anode ``"0"`` or ``"10"``."""
    asr, energy = f"asr.{anode}", "int.Ea.10kco" if anode == "10" else "int.Ea.li"
    reference = paper.temperature(asr)
    return propagated(paper, (asr, energy), lambda r, e: r / _boltzmann(e, temperature, reference))


def overpotential(paper: Paper, anode: str, *, current: float, temperature: float) -> Estimate:
    """Return the ohmic voltage [V] of a symmetric cell: pellet and two interfaces, both readings of the energy."""
    faces = hot_interface(paper, anode, temperature)
    both = []
    for product in (False, True):
        pellet = hot_electrolyte(paper, temperature, product=product)
        std = math.hypot(pellet.std, 2.0 * faces.std)
        both.append(Estimate(current * (pellet.value + 2.0 * faces.value), current * std))
    return combined(*both)


def cell_area_resistance(paper: Paper, anode: str, *, interfaces: int) -> Estimate:
    """Return pellet plus ``interfaces`` times the interface resistance [ohm m^2] at room temperature."""
    keys = ("llzto.sigma.ion", "llzto.pellet.thickness", f"asr.{anode}")
    return propagated(paper, keys, lambda sigma, length, asr: length / sigma + interfaces * asr)


# interface -----------------------------------------------------------------------------------------------------------
def charge_transfer(paper: Paper, anode: str) -> Estimate:
    """Return R T/(F i0) [ohm m^2] of the anode ``"li"`` or ``"10kco"``."""
    key = f"tafel.i0.{anode}"
    temperature = paper.temperature(key)
    return propagated(
        paper,
        (key,),
        lambda i0: float(kinetics.charge_transfer_resistance(i0, temperature=temperature)),
    )


def charge_transfer_pellet(paper: Paper, anode: str) -> Estimate:
    """Return R T/(F i0 A) [ohm] of one face of the pellet."""
    key = f"tafel.i0.{anode}"
    temperature = paper.temperature(key)

    def resistance(i0: float, diameter: float) -> float:
        return float(kinetics.charge_transfer_resistance(i0, temperature=temperature)) / pellet_area(diameter)

    return propagated(paper, (key, "llzto.pellet.diameter"), resistance)


def ratio(paper: Paper, numerator: str, denominator: str) -> Estimate:
    """Return the quotient of two reported values of one unit."""
    return propagated(paper, (numerator, denominator), lambda a, b: a / b)


def contact_ratio(paper: Paper, *, shift: float = 0.0) -> float:
    """Return the ratio of the pre-factors of both interfaces: what the activation energies leave of the ASR ratio.

    ``shift`` [J] is added to the difference of the energies.
    """
    temperature = paper.temperature("asr.0")
    barrier = paper.si("int.Ea.li") - paper.si("int.Ea.10kco") + shift
    return paper.si("asr.0") / paper.si("asr.10") * math.exp(-barrier / (units.k_B * temperature))


def current_steps(paper: Paper, value: float) -> tuple[float, float]:
    """Return the two neighbouring steps of the current ladder [A/m^2] between which ``value`` lies."""
    step = paper.si("protocol.ccd.step")
    number = math.floor(value / step + 1e-9)
    return number * step, (number + 1) * step


def leakage_thickness(paper: Paper, voltage: float) -> float:
    """Return the lithium [m] that the reported electronic conductivity plates over the longest test at ``voltage``."""
    charge = transport.leakage_capacity(
        paper.si("llzto.sigma.electronic"),
        voltage=voltage,
        thickness=paper.si("llzto.pellet.thickness"),
        duration=paper.si("life.10.0.2"),
    )
    return float(transport.plated_thickness(charge, molar_volume=_library("molar_volume", "Li")))


# composition and full cell -------------------------------------------------------------------------------------------
def potassium_fraction(paper: Paper) -> float:
    """Return the mass fraction of potassium in the melt, all of it from the K2CO3 added."""
    added = paper["claim.k.trace"].k2co3_wt_pct
    if not isinstance(added, int | float):
        message = f"k2co3_wt_pct = {added!r}: expected a number in observation 'claim.k.trace'."
        raise InvalidInput(message)
    return added / 100.0 * molar_mass({"K": 2}) / molar_mass({"K": 2, "C": 1, "O": 3})


def rate_current(paper: Paper) -> float:
    """Return the current density [A/m^2] of the full cell per cathode area; 1 C is the theoretical LiFePO4 capacity."""
    capacity = units.F / molar_mass({"Li": 1, "Fe": 1, "P": 1, "O": 4})  # C/kg
    return paper.field("lfp.crate") * paper.si("lfp.loading") * capacity / units.hour
