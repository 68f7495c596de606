"""What stands on the page resolved-or-mean-field: ``resolved_or_mean_field.py FOLDER``, about half a minute of one core."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from garnetlab.physics.contact import disc_coverage, random_contact
from garnetlab.physics.interface import InterfaceSolution, interface_currents
from garnetlab.report._style import BLACK, BLUE, GREEN, ORANGE, VERMILION, new_figure, save_figure, style
from garnetlab.simulate.population import simulate_population, supply_quantiles
from garnetlab.simulate.resolved import (
    ContactMechanisms,
    ContactRun,
    ResolvedParameters,
    quenched_supply,
    simulate_resolved,
)

Floats = NDArray[np.float64]

OHM_CM2, UM, MM, HOUR = 1e-4, 1e-6, 1e-3, 3600.0
PERIOD, SIGMA, THETA, PIXELS = 300 * UM, 0.05, 0.17, 48
SUPPLY, SPREAD = 10.0, 0.25
ONE_WAY, CYCLED = 4.0, 2.0  # A/m^2
BELOW = 0.8  # mean true current over the supply, where nothing is lost if all contact carries the same
#: cell of the page; every number but those on an axis is kept
MECHANISMS = ContactMechanisms(
    height=2 * UM, charge_transfer_resistance=30 * OHM_CM2, irreversible=0.005, recovery=0.6, closure=0.4 / HOUR
)
CELL = ResolvedParameters(
    MECHANISMS, period=PERIOD, thickness=1 * MM, conductivity=SIGMA, smear_length=25 * UM, recovery_length=10 * UM
)
SMEARS = np.array([5.0, 7.0, 10.0, 15.0, 25.0, 40.0, 70.0, 150.0]) * UM
SPOTS = {6.0: BLUE, 12.0: VERMILION, 40.0: GREEN}
RESISTANCES = np.array([300.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3]) * OHM_CM2

VALUES: dict[str, dict[str, object]] = {}


def note(name: str, value: float, form: str = ".3g", unit: str = "", scale: float = 1.0) -> float:
    """Keep a number for the page and return it."""
    text = format(value * scale, form)
    text = f"{float(text):g}" if "e" in text else text
    VALUES[name] = {"text": f"{text} {unit}".strip().replace("-", "−"), "value": float(value)}
    return value


def note_percent(name: str, share: float, form: str = ".1f") -> float:
    """Keep a share for the page in percent."""
    return note(name, share, form, "%", 100.0)


# cells ----------------------------------------------------------------------------------------------------------------
def spots(length: float, draw: int = 1) -> Floats:
    """Return random contact of a correlation length [um]."""
    contact = random_contact((PIXELS, PIXELS), fraction=THETA, period=PERIOD, correlation_length=length * UM, rng=draw)
    return contact.astype(np.float64)


def disc() -> Floats:
    """Return one round contact of the same fraction in the middle of the map, 70 um in radius."""
    return disc_coverage((PIXELS, PIXELS), period=PERIOD, radius=PERIOD * math.sqrt(THETA / math.pi))


def supply_on(contact: Floats) -> Floats:
    """Return the quenched supply of the page."""
    given = {"supply": SUPPLY, "relative_spread": SPREAD, "period": PERIOD, "correlation_length": 40 * UM, "rng": 2}
    return quenched_supply(contact, **given)


def even(cell: ResolvedParameters) -> ResolvedParameters:
    """Return the cell with the current shared equally by all contact."""
    return replace(cell, conductivity=math.inf)


def mean_field(cell: ResolvedParameters) -> ResolvedParameters:
    """Return the cell in the limit of the mean field."""
    return replace(even(cell), smear_length=math.inf, recovery_length=math.inf)


def at(cell: ResolvedParameters, resistance: float) -> ResolvedParameters:
    """Return the cell with another charge transfer resistance."""
    return replace(cell, mechanisms=replace(cell.mechanisms, charge_transfer_resistance=float(resistance)))


def stripped(
    contact: Floats, cell: ResolvedParameters, supply: Floats | float, current: float, hours: float = 4.0
) -> ContactRun:
    """Strip one way in steps of a minute and a half, until contact is lost or for so many hours."""
    given = {"supply": supply, "current_density": current, "half_cycle": hours * HOUR, "cycles": 0.5}
    return simulate_resolved(contact, parameters=cell, **given, steps=round(40 * hours))


def time_to_loss(contact: Floats, cell: ResolvedParameters) -> float:
    """Return how long stripping well above the supply takes to lose the contact [s]."""
    found = stripped(contact, cell, supply_on(contact), ONE_WAY)
    if found.life is None:
        message = f"smear_length = {cell.smear_length:g}: contact was not lost."
        raise RuntimeError(message)
    return found.life


def loss(contact: Floats, cell: ResolvedParameters) -> float:
    """Return the share of contact that four hours take where supply is even and the mean true current is 80 % of it."""
    fresh = float(contact.mean())
    return 1.0 - float(stripped(contact, cell, SUPPLY, BELOW * SUPPLY * fresh).left[-1]) / fresh


def life(contact: Floats, cell: ResolvedParameters) -> float:
    """Return the life of cycles of 2 x 30 min [h]."""
    given = {"supply": supply_on(contact), "current_density": CYCLED, "half_cycle": 0.5 * HOUR}
    found = simulate_resolved(contact, parameters=cell, **given, cycles=20_000)
    return math.inf if found.life is None else found.life / HOUR


# what the page shows ----------------------------------------------------------------------------------------------------
def lengths() -> dict[str, Floats]:
    """Return the time to lose contact over the smear length, over that of the mean field."""
    columns = {"smear_length_um": SMEARS / UM}
    for size in SPOTS:
        contact = spots(size)
        limit = time_to_loss(contact, mean_field(CELL))
        for name, cell in (("", CELL), ("_even", even(CELL))):
            found = [time_to_loss(contact, replace(cell, smear_length=float(length))) for length in SMEARS]
            columns[f"time_spots_{size:g}um{name}"] = np.array(found) / limit
        note(f"limit.{size:g}", limit / HOUR, ".1f", "h")
        note_percent(f"short.{size:g}", 1.0 - columns[f"time_spots_{size:g}um"][0], ".0f")
        note_percent(f"long.{size:g}", abs(columns[f"time_spots_{size:g}um"][-1] - 1.0))
    return columns


def slabs() -> dict[str, Floats]:
    """Return what the slab does to the loss of contact and to the peak of the current, over R_ct and equal sharing."""
    columns = {"charge_transfer_resistance_ohm_cm2": RESISTANCES / OHM_CM2}
    for name, contact in (("spots", spots(12.0)), ("disc", disc())):
        quick = time_to_loss(contact, even(CELL))
        lost = [loss(contact, at(CELL, float(r))) for r in RESISTANCES]
        peaks = [peak(contact, float(r)) for r in RESISTANCES]
        columns |= {f"loss_{name}": np.array(lost), f"peak_{name}": np.array(peaks)}
        note_percent(f"free.{name}", loss(contact, even(CELL)), ".0f")
        for r in (30.0, 3.0, 0.3):
            i = int(np.argmin(np.abs(RESISTANCES / OHM_CM2 - r)))
            note_percent(f"slab.{name}.{r:g}", lost[i], ".1f" if 1e-9 < lost[i] < 0.1 else ".0f")
            note_percent(f"peak.{name}.{r:g}", peaks[i] - 1.0, ".0f")
            note_percent(f"above.{name}.{r:g}", abs(time_to_loss(contact, at(CELL, r * OHM_CM2)) / quick - 1.0))
    return columns


def fresh(contact: Floats, resistance: float) -> InterfaceSolution:
    """Return the currents of a fresh face."""
    given = {"conductivity": SIGMA, "thickness": 1 * MM, "period": PERIOD, "bounds": False}
    return interface_currents(contact, charge_transfer_resistance=resistance, **given)


def peak(contact: Floats, resistance: float) -> float:
    """Return the largest true current of a fresh face over the mean true current."""
    found = fresh(contact, resistance)
    on = contact > 0.5
    true = np.asarray(found.current_density)[on] / contact[on]
    return float(true.max() * contact.mean() / found.mean_current_density)


def lives() -> None:
    """Note the lives of the same contact on each level."""
    contact = spots(12.0)
    levels = {
        "resolved": CELL,
        "resolved.bv": replace(
            CELL,
            mechanisms=replace(MECHANISMS, charge_transfer_resistance=None, exchange_current_density=8.56),
        ),
        "even": even(CELL),
        "resolved.3": at(CELL, 3 * OHM_CM2),
        "resolved.0.3": at(CELL, 0.3 * OHM_CM2),
        "mean": mean_field(CELL),
    }
    found = {name: life(contact, cell) for name, cell in levels.items()}
    for name, hours in found.items():
        note(f"life.{name}", hours, ".0f", "h")
        note_percent(f"life.{name}.change", hours / found["even"] - 1.0)
    note("life.spots.40", life(spots(40.0), CELL), ".0f", "h")
    small, large = (fresh(spots(size), 30 * OHM_CM2) for size in (12.0, 40.0))
    note_percent("asr.40", (large.asr - large.slab) / (small.asr - small.slab) - 1.0, ".0f")
    note_percent("life.draw.change", abs(life(spots(12.0, draw=2), CELL) / found["resolved"] - 1.0), ".0f")
    bundle = {"supply": supply_quantiles(24, supply=SUPPLY, relative_spread=SPREAD), "current_density": CYCLED}
    for name, area in (("local", 1.0), ("shared", 1.0 / THETA)):
        run = simulate_population(
            mechanisms=MECHANISMS,
            contact_fraction=THETA,
            **bundle,
            half_cycle=0.5 * HOUR,
            cycles=20_000,
            spread_area=area,
        )
        note(f"life.population.{name}", math.inf if run.life is None else run.life / HOUR, ".3g", "h")


def maps() -> dict[str, Floats]:
    """Return the local contact of a disc when half of it is lost, at two charge transfer resistances."""
    contact, out = disc(), {}
    for r in (30.0, 0.3):
        cell = replace(at(CELL, r * OHM_CM2), smear_length=10 * UM)
        start = None
        while start is None or start[0].contact_fraction > 0.5 * contact.mean():
            given = {"supply": SUPPLY, "current_density": ONE_WAY, "half_cycle": 0.02 * HOUR, "cycles": 0.5}
            found = simulate_resolved(contact, parameters=cell, **given, steps=1, start=start)
            start = (found.left_state, found.right_state)
        out[f"{r:g}"] = found.left_state.contact
        middle, edge = out[f"{r:g}"][PIXELS // 2, PIXELS // 2], ring(contact, out[f"{r:g}"])
        note(f"middle.{r:g}", middle, ".2f")
        note(f"edge.{r:g}", edge, ".2f")
    return out


def ring(contact: Floats, local: Floats) -> float:
    """Return the mean local contact of the outer tenth of the disc's area over what it had."""
    y, x = (np.indices(contact.shape) - (PIXELS - 1) / 2) * (PERIOD / PIXELS)
    radius = PERIOD * math.sqrt(THETA / math.pi)
    outer = (np.hypot(x, y) > math.sqrt(0.9) * radius) & (contact > 0)
    return float(local[outer].sum() / contact[outer].sum())


# figure ---------------------------------------------------------------------------------------------------------------
def draw(folder: Path, over: dict[str, Floats], slab: dict[str, Floats], local: dict[str, Floats]) -> None:
    """Draw the lengths, the slab, and two maps."""
    figure = new_figure(10.0, 5.8)
    left, right = figure.subfigures(2, 1, height_ratios=(1.15, 1.0))
    axes = left.subplots(1, 3)
    for size, colour in SPOTS.items():
        axes[0].plot(SMEARS / UM, over[f"time_spots_{size:g}um"], "o-", color=colour, label=f"{size:g} µm")
        axes[0].plot(SMEARS / UM, over[f"time_spots_{size:g}um_even"], "k:", lw=0.9)
    axes[0].axhline(1.0, color="0.5", lw=0.8, ls="--")
    axes[0].set(xscale="log", xlabel="smear length of vacancies / µm", ylabel="time to lose contact/mean field")
    axes[0].legend(title="spots", fontsize=7, title_fontsize=7, loc="lower right")
    r = RESISTANCES / OHM_CM2
    for name, colour, label in (("spots", VERMILION, "spots of 12 µm"), ("disc", BLACK, "disc of 70 µm radius")):
        axes[1].plot(r, slab[f"peak_{name}"], "o-", color=colour, label=label)
        axes[2].plot(r, 100 * slab[f"loss_{name}"], "o-", color=colour, label=label)
    axes[1].axhline(1.0 / BELOW, color="0.5", lw=0.8, ls="--")
    axes[1].set(xscale="log", ylabel="peak/mean true current, fresh")
    axes[2].set(xscale="log", ylabel="contact lost in 4 h / %")
    for ax in axes[1:]:
        ax.set_xlabel("R$_{ct}$ per true contact area / Ω cm²")
        ax.legend(fontsize=7)
    cells = right.subplots(1, 4, width_ratios=(1, 1, 0.06, 1.3))
    side = PERIOD / UM
    for ax, (name, field) in zip(cells, local.items(), strict=False):
        shown = ax.imshow(field, extent=(0, side, 0, side), vmin=0, vmax=1, cmap="viridis", origin="lower")
        ax.set(title=f"R$_{{ct}}$ = {name} Ω cm²", xlabel="x / µm")
        ax.title.set_fontsize(9)
    cells[0].set_ylabel("y / µm")
    figure.colorbar(shown, cax=cells[2], label="local contact")
    middle, columns = PIXELS // 2, {}
    x = (np.arange(PIXELS) + 0.5) * side / PIXELS
    for (name, field), colour in zip(local.items(), (BLUE, ORANGE), strict=True):
        cells[3].plot(x, field[middle], color=colour, label=f"{name} Ω cm²")
        columns[f"contact_R{name}"] = field[middle]
    cells[3].set(xlabel="x / µm", ylabel="local contact", ylim=(0, 1))
    cells[3].legend(title="R$_{ct}$", fontsize=7, title_fontsize=7)
    save_figure(figure, folder, "levels", "", {**over, **slab, "x_um": x, **columns})


def main(folder: Path) -> None:
    """Compute everything, draw the figure, write the values."""
    over, slab, local = lengths(), slabs(), maps()
    lives()
    with style():
        draw(folder, over, slab, local)
    (folder / "values.json").write_text(json.dumps(VALUES, indent=1, allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
