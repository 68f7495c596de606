"""The mean-field cell beside a PyBaMM model of the same equations, and what a ladder and 4500 h of cycling cost.

    python benchmarks/bench_cells.py           both
    python benchmarks/bench_cells.py --quick   fewer cycles with PyBaMM

One symmetric cell: two faces with a closable and a dead gap each and their damage, closure by creep and capillarity,
Butler-Volmer kinetics, half cycles of 30 min at 0.2 mA/cm^2. PyBaMM solves the six equations with IDAKLU at its default
tolerance of 1e-4 and 1e-6, one solve per half cycle that goes on from the last state: the fastest of the ways tried
(a current that jumps inside one solve makes it restart at every jump). It takes gaps in micrometres and the current as an
input, so that it is discretised and compiled once. Its time per half cycle is that of the half cycles run and is taken as
that of all 9000. Ours is the public call with its records. Times are wall times on one thread, the best of some runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import time

os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")

import numpy as np

from garnetlab import units
from garnetlab.core import ccd_ladder, galvanostatic_cycling
from garnetlab.simulate import _mean_field_compiled as kernel
from garnetlab.simulate._cell_model import symmetric_cell
from garnetlab.simulate._face_model import FaceModel
from garnetlab.simulate.cell_test import simulate_cell

HOUR, HALF, CURRENT = 3600.0, 1800.0, 2.0
FACE = FaceModel(
    initial_contact=0.8,
    exchange_current_density=7.9,
    kinetic_activation_energy=0.6 * units.eV,
    supply=10.0,
    irreversible=1e-3,
    damage_current=30.0,
    damage_exponent=6.0,
)


def best(run, times):
    """Return the result and the shortest wall time of some runs [s]."""
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        found = run()
        spent.append(time.perf_counter() - begin)
    return found, min(spent)


def pybamm_model():
    """Return the same equations as a PyBaMM model; gaps in um, the current of the left face > 0 strips it."""
    import pybamm

    p = FACE.row(298.15)
    height, micro = p[kernel.HEIGHT] * 1e6, 1e-6
    current = pybamm.InputParameter("current")
    model = pybamm.BaseModel("two living faces")
    voltage = current * 0.1 / 5.2
    for side, sign in (("left", 1.0), ("right", -1.0)):
        w, d, harm = (pybamm.Variable(f"{name} {side}") for name in ("gap", "dead gap", "damage"))
        j = sign * current
        strips = j > 0
        share = pybamm.minimum(pybamm.maximum((w + d) / height, 1e-12), 0.999)
        theta = p[kernel.THETA0] * (1 - share ** (2.0 / 3.0))
        z = (pybamm.maximum(j, 0) / theta - p[kernel.SUPPLY]) / p[kernel.SPREAD]
        soft = pybamm.maximum(z, 0) + pybamm.log(1 + pybamm.exp(-abs(z))) - p[kernel.AT_REST]
        opening = strips * p[kernel.VOLUME] * theta * p[kernel.SPREAD] * soft / micro
        open_gap = pybamm.maximum(w, 1e-12)
        radius = pybamm.maximum(1.5 * p[kernel.HEIGHT] * (open_gap / height) ** (1.0 / 3.0), p[kernel.SMALLEST])
        stress = p[kernel.STRESS] + p[kernel.PULL] / radius
        back = p[kernel.CREEP] * stress ** p[kernel.EXPONENT] * open_gap
        plated = pybamm.maximum(-j, 0)
        smooth = p[kernel.SMOOTHING] / micro
        filling = p[kernel.RECOVERY] * p[kernel.VOLUME] * plated / micro * open_gap / (open_gap + smooth)
        model.rhs |= {
            w: (1 - p[kernel.DEAD]) * opening - filling - back,
            d: p[kernel.DEAD] * opening,
            harm: (plated * p[kernel.DAMAGE] / theta) ** p[kernel.POWER] * p[kernel.CLOCK],
        }
        model.initial_conditions |= {w: 0.0, d: 0.0, harm: 0.0}
        model.variables |= {f"contact {side}": theta, f"damage {side}": harm}
        voltage += 2 * p[kernel.THERMAL] * sign * pybamm.arcsinh(0.5 * j / theta / p[kernel.EXCHANGE])
    model.variables["voltage"] = voltage
    return model


def with_pybamm(half_cycles):
    """Return damage of the left face and contact after some half cycles, and the wall time [s] per half cycle."""
    import pybamm

    model = pybamm_model()
    pybamm.Discretisation().process_model(model)
    solver = pybamm.IDAKLUSolver(rtol=1e-4, atol=1e-6)
    times = np.array([0.0, HALF])
    solver.solve(model, times, inputs={"current": CURRENT})  # compiles
    found, state = None, model.concatenated_initial_conditions
    begin = time.perf_counter()
    for k in range(half_cycles):
        found = solver.solve(model, times, inputs={"current": CURRENT if k % 2 == 0 else -CURRENT})
        state = found.y[:, -1]
        model.concatenated_initial_conditions = pybamm.Vector(np.asarray(state).reshape(-1, 1))
    return float(found["damage left"].entries[-1]), (time.perf_counter() - begin) / half_cycles


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true")
    quick = arguments.parse_args().quick
    print(f"machine: {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    cell = symmetric_cell(FACE, area=0.785e-4, thickness=1e-3)
    cycling = galvanostatic_cycling(CURRENT, half_cycle_time=HALF, duration=4500 * HOUR)
    ladder = ccd_ladder(start=1.0, step=1.0, stop=25.0, half_cycle_time=HALF)
    first, compiling = best(lambda: simulate_cell(cell, cycling), 1)
    long, spent = best(lambda: simulate_cell(cell, cycling), 5)
    climbed, climbing = best(lambda: simulate_cell(cell, ladder), 20)
    print(f"first call, compiled or read from the cache: {compiling:.1f} s, ends as {first.result.outcome.name}")
    print(f"4500 h of cycling, {len(long.record)} records: {spent * 1e3:.1f} ms (20 asked for)")
    print(f"ladder to {climbed.result['critical_current_density_failed']}: {climbing * 1e3:.2f} ms (2 asked for)")
    try:
        import pybamm
    except ImportError:
        print("PyBaMM: not installed here; its comparison is left out")
        return
    count = 100 if quick else 400
    damage, each = with_pybamm(count)
    ours = simulate_cell(cell, galvanostatic_cycling(CURRENT, half_cycle_time=HALF, cycles=count // 2), tolerance=1e-2)
    mine = float(ours.result.curves["damage_left"][-1])
    print(f"PyBaMM {pybamm.__version__}: {each * 1e3:.2f} ms per half cycle, {9000 * each:.1f} s for 4500 h")
    print(f"damage of the left face after {count} half cycles: {mine:.5g} here, {damage:.5g} with PyBaMM")
    print(f"PyBaMM over garnetlab for 4500 h of cycling: {9000 * each / spent:.0f} x (50 x expected)")


if __name__ == "__main__":
    main()
