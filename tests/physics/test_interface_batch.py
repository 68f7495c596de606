"""Many cells at once give what they give one by one, on every array library at hand."""

from __future__ import annotations

import array_api_strict
import numpy as np
import pytest

from garnetlab.core import InvalidInput
from garnetlab.physics.interface import interface_currents
from garnetlab.physics.interface_batch import interface_batch

SLAB = {"conductivity": 0.052, "thickness": 1e-4, "period": 1e-4}
KINETICS = [
    {"charge_transfer_resistance": 4e-5, "voltage": 0.1},
    {"charge_transfer_resistance": 4e-3},
    {"exchange_current_density": 6.4, "temperature": 298.15, "voltage": 0.1},
    {"exchange_current_density": 640.0, "temperature": 298.15, "current_density": 10.0, "symmetry": 0.3},
]


@pytest.fixture
def maps():
    contact = np.random.default_rng(5).random((3, 12, 16)) < np.array([0.1, 0.4, 0.9])[:, None, None]
    contact[:, 0, 0] = True
    return contact


def on_a_device():
    """Return (name, function that makes an array on the device) of the first CUDA library, or None."""
    try:
        import cupy

        cupy.cuda.runtime.getDeviceCount()
        return "CuPy", cupy.asarray
    except (ImportError, OSError, RuntimeError):
        pass
    try:
        import torch

        if torch.cuda.is_available():
            return "PyTorch", lambda a: torch.asarray(a, device="cuda")
    except ImportError:
        pass
    try:
        import jax

        if any(d.platform == "gpu" for d in jax.devices()):
            jax.config.update("jax_enable_x64", True)
            return "JAX", jax.numpy.asarray
    except (ImportError, RuntimeError):
        pass
    return None


@pytest.mark.parametrize("kinetics", KINETICS)
def test_a_batch_gives_cell_by_cell_what_single_solves_give(maps, kinetics):
    batch = interface_batch(maps, **SLAB, **kinetics)
    assert batch.converged
    for n, contact in enumerate(maps):
        single = interface_currents(contact, bounds=False, **SLAB, **kinetics)
        # both solve to a residual of 1e-8, which the resistance feels to first order in a nonlinear problem
        assert batch.asr[n] == pytest.approx(single.asr, rel=1e-7)
        assert batch.voltage[n] == pytest.approx(single.voltage, rel=1e-7)
        np.testing.assert_allclose(batch.current_density[n], single.current_density, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kinetics", KINETICS)
def test_another_array_library_gives_the_same_to_1e_10(maps, kinetics):
    compiled = interface_batch(maps, **SLAB, **kinetics, tolerance=1e-12)
    generic = interface_batch(array_api_strict.asarray(maps), **SLAB, **kinetics, tolerance=1e-12)
    assert type(generic.asr) is type(array_api_strict.asarray(1.0))
    np.testing.assert_allclose(np.asarray(generic.asr), compiled.asr, rtol=1e-10)
    np.testing.assert_allclose(
        np.asarray(generic.current_density),
        compiled.current_density,
        rtol=1e-8,
        atol=1e-10 * np.max(compiled.current_density),
    )


@pytest.mark.parametrize("kinetics", KINETICS)
def test_a_cuda_device_gives_the_same_to_1e_10(maps, kinetics):
    found = on_a_device()
    if found is None:
        pytest.skip("no CUDA device with CuPy, PyTorch or JAX on this machine")
    _, place = found
    compiled = interface_batch(maps, **SLAB, **kinetics, tolerance=1e-12)
    device = interface_batch(place(maps), **SLAB, **kinetics, tolerance=1e-12)
    asr = device.asr.get() if hasattr(device.asr, "get") else np.asarray(device.asr.tolist())
    np.testing.assert_allclose(asr, compiled.asr, rtol=1e-10)


def test_maps_in_any_order_of_memory_are_the_same(maps):
    plain = interface_batch(maps, charge_transfer_resistance=1e-3, **SLAB)
    fortran = interface_batch(np.asfortranarray(maps), charge_transfer_resistance=1e-3, **SLAB)
    np.testing.assert_array_equal(plain.asr, fortran.asr)


def test_each_cell_may_have_its_own_resistance(maps):
    local = np.array([1e-3, 2e-3, 5e-3])
    batch = interface_batch(maps, charge_transfer_resistance=local, **SLAB)
    for n, contact in enumerate(maps):
        alone = interface_currents(contact, charge_transfer_resistance=float(local[n]), bounds=False, **SLAB)
        assert batch.asr[n] == pytest.approx(alone.asr, rel=1e-10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"contact": np.ones((4, 4))}, "contact = array of shape .4, 4.: expected three dimensions"),
        ({"contact": np.zeros((2, 4, 4))}, "no pixel in contact in cell 0"),
        ({"contact": np.full((2, 4, 4), 2.0)}, "outside 0 to 1"),
        ({"charge_transfer_resistance": np.ones(3)}, "one for each of 2 cells"),
        ({"charge_transfer_resistance": -1.0}, "finite numbers > 0"),
        ({"charge_transfer_resistance": None, "exchange_current_density": 1.0, "voltage": 0.1}, "temperature = None"),
        ({"charge_transfer_resistance": None}, "expected exactly one of"),
    ],
)
def test_bad_input_names_thing_and_fix(change, message):
    arguments = {"contact": np.ones((2, 4, 4)), "charge_transfer_resistance": 1e-3} | change
    with pytest.raises(InvalidInput, match=message):
        interface_batch(arguments.pop("contact"), **arguments, **SLAB)
