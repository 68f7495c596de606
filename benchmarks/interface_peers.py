"""Peers of the interface solver: what a competent user of a general 3-D code would run for a patchy contact.

Problem: a slab of conductivity sigma and thickness L, periodic laterally with period W. The face z = 0 carries a map of
contact, indexed [y, x]; on contact the current density J into the slab costs eta(J), elsewhere it is zero; the electrode is
at V, the plane z = L at 0 V. P1: eta = R J, V = 1 V. P2: eta = (2RT/F) asinh(J / 2 i0), 298.15 K, V = 0.1 V, i0 = RT/(F R).
Wanted: ASR = V / <J> and the current density of each pixel. Everything is in SI units.

Every peer is a function (contact, law, sigma, W, L, settings) -> dict with asr, current_map, cpu_seconds (= assembly_seconds
+ solve_seconds), peak_memory (bytes above the process at its start), dofs, iterations, newton_steps. ``measure`` runs one.

What was chosen, and whom it favours
------------------------------------
* CPU time of the process, one thread. Python start, imports, a warm-up on a small map, the mesh and the integrals that give
  the current map are not counted: all of these favour the peers.
* Errors are relative to the contact part, ASR - L/sigma. REFERENCE comes from a spectral solution without a volume mesh,
  refined to 2048 x 2048 (P2: 1024 x 1024) and extrapolated. The finite-volume ASR approaches it from above, the finite
  elements (a conforming potential) from below, so the peers bracket it independently of how it was found.
* CG stops at 1e-8 of the right-hand side. A user who trusts 1e-5 saves a third of the iterations (measured for the finite
  volumes at R = 0.4: 2.4 s for 3.4 s) and moves the ASR by up to 0.5 % of the contact part: this choice disfavours the peers
  a little. Every CG starts from the one-dimensional profile. Newton is inexact (each CG gains 1e-3), so that P2
  costs 1 to 2.5 times P1, and stops at the same 1e-8.
* Layers are graded geometrically from ``first`` times the lateral cell. Both were scanned for each peer and fixed where
  the error has settled (finer or more layers change it by less than a fifth of itself), not where errors cancel. The
  settings named "reference" have the usual 24 or 32 layers. The others have the fewest: compare with those.
* Finite volumes: the resistance of half a cell is in series with the law, so full contact is exact. Ruge-Stueben multigrid
  (pyamg) needs 8-14 iterations instead of 420-650: at 128 x 128 nine tenths of Jacobi's time in P1 and 0.45-0.75 of it
  in P2, at 256 x 256 a third (13 s for 30-39 s), for five times the memory. Smoothed aggregation was slower than either.
* A lateral FFT would solve the finite-volume problem directly in the bulk. It is left out: with it the volume is eliminated
  and the peer becomes the method under test.
* NGSolve, tried at order 2 and 32 x 32 x 16: BDDC needs 12 iterations after 66 s of setup; h1amg stops at a singular
  block; multigrid wants a hierarchy of meshes, which a graded periodic one has not; sparsecholesky had not ended after
  200 s. Static condensation with Jacobi took 2 s there; symmetric Gauss-Seidel ("gs") takes a quarter of its iterations
  and the same time. A user who starts from assembled matrices instead of a nonlinear form saves a second in P1.
* scikit-fem: its periodic hexahedra cannot integrate over facets, so the unknowns of opposite sides are joined by a sparse
  product. pyamg was slower than Jacobi for its matrices (setup and solve, order 1: 6-8 s for 4 s; order 2: 30 s for 15 s).
"""

from __future__ import annotations

import concurrent.futures
import importlib.util
import multiprocessing
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.optimize import brentq
from scipy.sparse.linalg import LinearOperator, cg

SIGMA, PERIOD, THICKNESS = 0.052, 100e-6, 100e-6  # S/m, m, m
THERMAL_VOLTAGE = 8.314462618 * 298.15 / 96485.33212  # RT/F, V
CM2 = 1e-4  # m^2
RESISTANCES = (40.0, 0.4, 0.0192)  # ohm cm^2
# ohm cm^2. The last of P1 extrapolates to 20.2777: within 0.03 % of its contact part. P2 at 0.4 and 0.0192 is almost linear
# (J / 2 i0 = 0.12 on contact at 0.4); 40 is the case that is not.
REFERENCE = {
    ("P1", 40.0): 153.9005,
    ("P1", 0.4): 21.7310,
    ("P1", 0.0192): 20.278,
    ("P2", 40.0): 110.9729,
    ("P2", 0.4): 21.72637,
    ("P2", 0.0192): 20.2775,
}
TOLERANCE = 1e-8  # of the last residual relative to that of zero potential
STEP_TOLERANCE = 1e-3  # of each linear solve inside Newton
NEWTON_STEPS = 30


@dataclass(frozen=True)
class Linear:
    """eta = R J at an electrode held at 1 V."""

    resistance: float  # ohm m^2
    voltage: float = 1.0

    def current(self, drop):
        """Current density for the potential drop across the contact, and its derivative."""
        return drop / self.resistance, 1 / self.resistance + 0 * drop

    def current_behind(self, drop, series):
        """The same where a resistance (ohm m^2) is in series with the contact."""
        return drop / (self.resistance + series), 1 / (self.resistance + series) + 0 * drop


@dataclass(frozen=True)
class ButlerVolmer:
    """eta = (2RT/F) asinh(J / 2 i0) at an electrode held at 0.1 V."""

    exchange_current: float  # A/m^2
    voltage: float = 0.1

    @property
    def resistance(self):
        return THERMAL_VOLTAGE / self.exchange_current

    def current(self, drop, sinh=np.sinh, cosh=np.cosh):
        x = drop / (2 * THERMAL_VOLTAGE)
        return 2 * self.exchange_current * sinh(x), cosh(x) / self.resistance

    def current_behind(self, drop, series):
        # Newton on eta(J) + series J = drop; eta is concave, so from the linear law's J it climbs monotonically.
        j = drop / (self.resistance + series)
        for _ in range(NEWTON_STEPS):
            slope = 2 * THERMAL_VOLTAGE / np.hypot(j, 2 * self.exchange_current) + series
            step = (drop - series * j - 2 * THERMAL_VOLTAGE * np.arcsinh(j / (2 * self.exchange_current))) / slope
            j = j + step
            if np.abs(step).max() <= 1e-13 * np.abs(j).max():
                break
        return j, 1 / (2 * THERMAL_VOLTAGE / np.hypot(j, 2 * self.exchange_current) + series)


def reference_map():
    """Map of P1 and P2, bool [y, x]: a periodic Gaussian field, covariance exp(-r^2/l_c^2), above its 70 % quantile."""
    n, correlation_length = 64, 5e-6
    k = 2 * np.pi * np.fft.fftfreq(n, PERIOD / n)
    # the square root of the spectrum of the periodised covariance, up to a factor
    root = np.exp(-(k[:, None] ** 2 + k**2) * correlation_length**2 / 8)
    field = np.fft.ifft2(np.fft.fft2(np.random.default_rng(1).standard_normal((n, n))) * root).real
    return field > np.quantile(field, 0.7)


def law_of(problem, resistance):
    """Law of P1 or P2 for a resistance in ohm cm^2."""
    if problem == "P1":
        return Linear(resistance * CM2)
    return ButlerVolmer(THERMAL_VOLTAGE / (resistance * CM2))


def relative_error(asr, problem, resistance):
    """Signed error of an ASR in ohm m^2 relative to the contact part of the reference."""
    reference = REFERENCE[problem, resistance] * CM2
    return (asr - reference) / (reference - THICKNESS / SIGMA)


def refined(contact, factor):
    return np.kron(contact, np.ones((factor, factor), bool))


def pixel_means(fine, factor):
    ny, nx = fine.shape[0] // factor, fine.shape[1] // factor
    return fine.reshape(ny, factor, nx, factor).mean(axis=(1, 3))


def graded_layers(first, layers, thickness):
    """Thicknesses that grow geometrically from ``first``; uniform where ``first`` would have to shrink."""
    if first * layers >= thickness:
        return np.full(layers, thickness / layers)
    ratio = brentq(lambda q: first * (q**layers - 1) / (q - 1) - thickness, 1 + 1e-9, 50)
    growth = ratio ** np.arange(layers)
    return thickness * growth / growth.sum()


def first_guess(contact, law, sigma, thickness, depth):
    """Potential at a depth if the current were uniform."""
    current = law.voltage / (thickness / sigma + law.resistance / contact.mean())
    return current * (thickness - depth) / sigma


def resident(field):
    """VmRSS or VmHWM of this process in bytes; the peak over the process's life where there is no /proc."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return 1024 * int(text.split(field + ":")[1].split()[0])


class Meter:
    """CPU seconds of the stages and the peak of memory above the start; exact in a process of its own."""

    def __init__(self):
        self.start_memory = resident("VmRSS")
        self.stages = {"assembly_seconds": 0.0, "solve_seconds": 0.0}
        self.mark = time.process_time()

    def restart(self):
        self.mark = time.process_time()

    def charge(self, stage):
        now = time.process_time()
        self.stages[stage] += now - self.mark
        self.mark = now

    def result(self, law, current_map, dofs, iterations, newton_steps):
        return {
            "asr": float(law.voltage / current_map.mean()),
            "current_map": current_map,
            "cpu_seconds": sum(self.stages.values()),
            **self.stages,
            "peak_memory": resident("VmHWM") - self.start_memory,
            "dofs": dofs,
            "iterations": iterations,
            "newton_steps": newton_steps,
        }


def converged_cg(matrix, rhs, rtol, preconditioner=None):
    count = 0

    def step(_):
        nonlocal count
        count += 1

    x, info = cg(matrix, rhs, rtol=rtol, atol=0, maxiter=20000, M=preconditioner, callback=step)
    if info:
        message = f"conjugate gradients = {info}: expected convergence within 20000 iterations."
        raise RuntimeError(message)
    return x, count


def newton(meter, law, residual_of, solve, state, zero_size):
    """Inexact Newton; one exact step for a linear law. ``solve`` builds the matrix, charges it, and says what CG took.

    ``zero_size`` is the norm of the residual of zero potential, the right-hand side of a linear problem.
    """
    iterations, target = 0, TOLERANCE * zero_size
    for step in range(NEWTON_STEPS):
        residual = residual_of(state)
        size = np.linalg.norm(residual)
        meter.charge("assembly_seconds")
        if size <= target:
            return state, iterations, step
        least = 0 if isinstance(law, Linear) else STEP_TOLERANCE
        state, count = solve(state, residual, max(least, 0.9 * target / size))
        iterations += count
        meter.charge("solve_seconds")
        if isinstance(law, Linear):
            return state, iterations, 1
    message = f"Newton steps = {NEWTON_STEPS}: expected convergence."
    raise RuntimeError(message)


def seven_point_matrix(face_conductance, sigma, spacing, layers):
    """Columns and values of the seven-point stencil, (cells, 7) each; the cell itself stands at 3; cells are [z, y, x]."""
    ny, nx = face_conductance.shape
    shape = len(layers), ny, nx
    index = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    lateral = (sigma * layers)[:, None, None]
    between = sigma * spacing**2 / (0.5 * (layers[1:] + layers[:-1]))
    above, below = (np.concatenate(part)[:, None, None] for part in (([0], between), (between, [0])))
    columns, values = np.empty((*shape, 7), np.int32), np.empty((*shape, 7))
    for axis, left, right, low, high in (
        (1, 1, 5, lateral, lateral),
        (2, 2, 4, lateral, lateral),
        (0, 0, 6, above, below),
    ):
        columns[..., left], columns[..., right] = np.roll(index, 1, axis), np.roll(index, -1, axis)
        values[..., left], values[..., right] = -low, -high
    columns[0, ..., 0], columns[-1, ..., 6] = index[0], index[-1]  # explicit zeros on the diagonal
    columns[..., 3] = index
    values[..., 3] = 4 * lateral + above + below
    values[0, ..., 3] += face_conductance
    values[-1, ..., 3] += sigma * spacing**2 / (layers[-1] / 2)
    return columns.reshape(-1, 7), values.reshape(-1, 7)


def finite_volume(contact, law, sigma, period, thickness, settings):
    """Cell-centred finite volumes with scipy's CG; preconditioner "jacobi", or "amg" (pyamg, kept through Newton)."""
    meter = Meter()
    factor, multigrid = settings["refine"], settings["preconditioner"] == "amg"
    fine = refined(contact, factor)
    spacing = period / fine.shape[1]
    area = spacing**2
    layers = graded_layers(settings["first"] * spacing, settings["layers"], thickness)
    half = layers[0] / (2 * sigma)
    depth = np.cumsum(layers) - layers / 2
    guess = first_guess(contact, law, sigma, thickness, depth)

    drop = np.full(fine.shape, law.voltage - guess[0])
    conductance = fine * area * law.current_behind(drop, half)[1]
    columns, values = seven_point_matrix(conductance, sigma, spacing, layers)
    # Jacobi by scaling once: CG then needs no preconditioner at all. Multigrid wants the unscaled M-matrix.
    scale = np.ones(len(values)) if multigrid else 1 / np.sqrt(values[:, 3])
    values *= scale[:, None]
    values *= scale[columns]
    cells, top = len(values), fine.size
    rows = np.arange(0, 7 * cells + 1, 7, dtype=np.int32)
    matrix = sp.csr_array((values.ravel(), columns.ravel(), rows), (cells, cells))
    face_scale = scale[:top] ** 2
    top_diagonal = matrix.data[3 : 7 * top : 7] - face_scale * conductance.ravel()
    preconditioner = None

    def residual_of(potential):
        current = law.current_behind(law.voltage - (potential * scale)[:top], half)[0]
        matrix.data[3 : 7 * top : 7] = top_diagonal
        residual = -(matrix @ potential)
        residual[:top] += scale[:top] * current * fine.ravel() * area
        return residual

    def solve(potential, residual, rtol):
        nonlocal preconditioner
        slope = law.current_behind(law.voltage - (potential * scale)[:top], half)[1]
        matrix.data[3 : 7 * top : 7] = top_diagonal + face_scale * slope * fine.ravel() * area
        meter.charge("assembly_seconds")
        if multigrid and preconditioner is None:
            preconditioner = ruge_stueben(matrix)
        step, count = converged_cg(matrix, residual, rtol, preconditioner)
        return potential + step, count

    start = np.repeat(guess, top) / scale
    zero_size = np.linalg.norm(residual_of(np.zeros(cells)))
    potential, iterations, steps = newton(meter, law, residual_of, solve, start, zero_size)
    current = law.current_behind(law.voltage - (potential * scale)[:top].reshape(fine.shape), half)[0] * fine
    return meter.result(law, pixel_means(current, factor), cells, iterations, steps)


def ruge_stueben(matrix):
    import pyamg

    tidy = sp.csr_matrix(matrix, copy=True)  # the stencil stays as it is
    tidy.eliminate_zeros()
    tidy.sort_indices()
    return pyamg.ruge_stuben_solver(tidy, max_coarse=500).aspreconditioner()


def ngsolve_fem(contact, law, sigma, period, thickness, settings):
    """Hexahedra of NGSolve, lengths in periods; condensed, CG with "local" (Jacobi) or "gs" (symmetric Gauss-Seidel)."""
    import ngsolve as ng

    ng.SetNumThreads(1)
    ng.ngsglobals.msg_level = 0
    meter = Meter()
    fine = refined(contact, settings["refine"])
    mesh = ngsolve_mesh(fine.shape, period, thickness, settings)
    meter.restart()

    space = ng.Periodic(ng.H1(mesh, order=settings["order"], dirichlet="top"))
    u, v = space.TnT()
    corner = 1, fine.shape[0] / fine.shape[1], 1
    patch = ng.VoxelCoefficient((0, 0, -1), corner, np.stack([fine, fine]).astype(float), linear=False)
    functions = {} if isinstance(law, Linear) else {"sinh": ng.sinh, "cosh": ng.cosh}
    form = ng.BilinearForm(space, symmetric=True, condense=True)
    form += ng.grad(u) * ng.grad(v) * ng.dx
    form += -(period / sigma) * patch * law.current(law.voltage - u, **functions)[0] * v * ng.ds("bottom")
    smoother = ng.Preconditioner(form, "local", GS=settings["preconditioner"] == "gs")
    potential = ng.GridFunction(space)
    # vertices come first in the hierarchical basis and are numbered with z inside
    depth = np.array([mesh.vertices[i].point[2] for i in range(settings["layers"] + 1)]) * period
    start = np.tile(first_guess(contact, law, sigma, thickness, depth), mesh.nv // len(depth))
    free = ng.Projector(space.FreeDofs(), True)
    residual = potential.vec.CreateVector()

    def residual_of(_):
        form.Apply(potential.vec, residual)
        residual.data = free * residual
        return residual.FV().NumPy()

    def solve(state, _, rtol):
        form.AssembleLinearization(potential.vec)
        smoother.Update()
        meter.charge("assembly_seconds")
        solver = ng.CGSolver(form.mat, smoother.mat, maxiter=20000, tol=rtol, printrates=False)
        residual.data += form.harmonic_extension_trans * residual
        step = residual.CreateVector()
        step.data = solver * residual
        step.data += form.harmonic_extension * step
        step.data += form.inner_solve * residual
        potential.vec.data -= step
        return state, solver.iterations

    zero_size = np.linalg.norm(residual_of(None))
    potential.vec.FV().NumPy()[: mesh.nv] = start
    _, iterations, steps = newton(meter, law, residual_of, solve, None, zero_size)
    density = patch * law.current(law.voltage - potential, **functions)[0]
    sums = ng.Integrate(density, mesh, ng.BND, definedon=mesh.Boundaries("bottom"), element_wise=True).NumPy()
    bottom = np.array([element.mat == "bottom" for element in mesh.Elements(ng.BND)])
    # the mesh numbers the faces of its bottom with y outside and x inside; lengths are in periods
    current = sums[bottom].reshape(fine.shape) * fine.shape[1] ** 2
    return meter.result(law, pixel_means(current, settings["refine"]), space.ndof, iterations, steps)


def ngsolve_mesh(shape, period, thickness, settings):
    from ngsolve.meshes import MakeStructured3DMesh

    ny, nx = shape
    count = settings["layers"]
    layers = graded_layers(settings["first"] * period / nx, count, thickness)
    plane = np.concatenate([[0], np.cumsum(layers)]) / period

    def place(x, y, z):
        return x, y * ny / nx, float(plane[round(z * count)])

    return MakeStructured3DMesh(nx=nx, ny=ny, nz=count, periodic_x=True, periodic_y=True, mapping=place)


def scikit_fem(contact, law, sigma, period, thickness, settings):
    """Hexahedra of scikit-fem of order 1 or 2, lengths in periods; scipy's CG with Jacobi."""
    import skfem
    from skfem.helpers import dot, grad

    meter = Meter()
    factor, order = settings["refine"], settings["order"]
    fine = refined(contact, factor)
    ny, nx = fine.shape
    layers = graded_layers(settings["first"] * period / nx, settings["layers"], thickness)
    plane = np.concatenate([[0], np.cumsum(layers)]) / period
    mesh = skfem.MeshHex.init_tensor(np.linspace(0, 1, nx + 1), np.linspace(0, ny / nx, ny + 1), plane)
    meter.restart()

    element = skfem.ElementHex1() if order == 1 else skfem.ElementHex2()
    basis = skfem.Basis(mesh, element, intorder=2 * order)
    face = skfem.FacetBasis(
        mesh, element, facets=mesh.facets_satisfying(lambda x: x[2] < plane[1] / 2), intorder=2 * order
    )
    stiffness = skfem.BilinearForm(lambda u, v, _: dot(grad(u), grad(v))).assemble(basis)
    joined = periodic_prolongation(basis.doflocs, nx, ny, plane[-1])
    bulk = sp.csr_matrix(joined.T @ stiffness @ joined)
    dofs_guess = first_guess(contact, law, sigma, thickness, basis.doflocs[2] * period)
    start = (joined.T @ dofs_guess) / np.asarray(joined.sum(axis=0)).ravel()
    where = face.global_coordinates().value
    column, row = (np.clip((where[i] * nx).astype(int), 0, n - 1) for i, n in ((0, nx), (1, ny)))
    patch = fine[row, column] * (period / sigma)
    load = skfem.LinearForm(lambda v, w: w.density * v)
    robin = skfem.BilinearForm(lambda u, v, w: w.slope * u * v)

    def densities(potential):
        drop = law.voltage - face.interpolate(joined @ potential).value
        return [patch * part for part in law.current(drop)]

    def residual_of(potential):
        return joined.T @ load.assemble(face, density=densities(potential)[0]) - bulk @ potential

    def solve(potential, residual, rtol):
        contact_part = robin.assemble(face, slope=densities(potential)[1])
        matrix = bulk + sp.csr_matrix(joined.T @ contact_part @ joined)
        inverse = 1 / matrix.diagonal()
        meter.charge("assembly_seconds")
        step, count = converged_cg(matrix, residual, rtol, LinearOperator(matrix.shape, matvec=lambda x: inverse * x))
        return potential + step, count

    zero_size = np.linalg.norm(residual_of(np.zeros(len(start))))
    potential, iterations, steps = newton(meter, law, residual_of, solve, start, zero_size)
    sums = (densities(potential)[0] * (sigma / period) * face.dx).sum(axis=1)
    current = np.zeros(fine.shape)
    np.add.at(current, (row[:, 0], column[:, 0]), sums * nx**2)
    return meter.result(law, pixel_means(current, factor), bulk.shape[0], iterations, steps)


def periodic_prolongation(locations, nx, ny, height):
    """Sparse (all unknowns, free unknowns): joins opposite sides and drops the far plane, which is at 0 V."""
    i, j = np.rint(locations[0] * 2 * nx).astype(int) % (2 * nx), np.rint(locations[1] * 2 * nx).astype(int) % (2 * ny)
    _, k = np.unique(np.rint(locations[2] * 1e12).astype(np.int64), return_inverse=True)
    free = locations[2] < height * (1 - 1e-9)
    _, target = np.unique(((k * 2 * ny + j) * 2 * nx + i)[free], return_inverse=True)
    return sp.csr_array((np.ones(free.sum()), (np.nonzero(free)[0], target)), (len(free), target.max() + 1))


def _volume(refine, layers, preconditioner):
    return {"refine": refine, "layers": layers, "first": 0.25, "preconditioner": preconditioner}


def _element(order, refine, layers, preconditioner):
    return {"order": order, "refine": refine, "layers": layers, "first": 0.5, "preconditioner": preconditioner}


# name -> (function, package it needs, settings); for the 64 x 64 map
PEERS = {
    "finite volume 128x128x32 Jacobi (reference)": (finite_volume, "scipy", _volume(2, 32, "jacobi")),
    "finite volume 128x128x20 Jacobi (lean)": (finite_volume, "scipy", _volume(2, 20, "jacobi")),
    "finite volume 128x128x32 pyamg": (finite_volume, "pyamg", _volume(2, 32, "amg")),
    "finite volume 128x128x20 pyamg": (finite_volume, "pyamg", _volume(2, 20, "amg")),
    "finite volume 256x256x32 pyamg": (finite_volume, "pyamg", _volume(4, 32, "amg")),
    "NGSolve Q2 64x64x24 Jacobi (reference)": (ngsolve_fem, "ngsolve", _element(2, 1, 24, "local")),
    "NGSolve Q2 64x64x8 Jacobi (lean)": (ngsolve_fem, "ngsolve", _element(2, 1, 8, "local")),
    "scikit-fem Q1 128x128x12 Jacobi": (scikit_fem, "skfem", _element(1, 2, 12, "jacobi")),
    "scikit-fem Q2 64x64x8 Jacobi": (scikit_fem, "skfem", _element(2, 1, 8, "jacobi")),
}


def missing(name):
    """Why a peer cannot run here; empty where it can."""
    package = PEERS[name][1]
    try:
        found = importlib.util.find_spec(package) is not None
        if found and package != "scipy":
            importlib.import_module(package)
    except (ImportError, OSError) as error:
        return f"{package} does not load: {error}"
    return "" if found else f"{package} is not installed (benchmarks/requirements-peers.txt)"


def _measured(name, contact, law, repeats):
    function, _, settings = PEERS[name]
    warm = np.zeros((8, 8), bool)
    warm[2:5, 3:6] = True
    function(warm, law, SIGMA, PERIOD, THICKNESS, settings | {"layers": 6})
    results = [function(contact, law, SIGMA, PERIOD, THICKNESS, settings) for _ in range(repeats)]
    return min(results, key=lambda result: result["cpu_seconds"])


def measure(name, contact, law, repeats=1):
    """Result of a peer from a fresh process, warmed up on a small map; the quickest of the repeats."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measured, name, contact, law, repeats).result()
