"""Virtual experiments: they return the same measurements that readers return."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from garnetlab.simulate._cell_model import CellModel, symmetric_cell
    from garnetlab.simulate._face_model import FaceModel
    from garnetlab.simulate.cell_test import CellTest, simulate_cell
    from garnetlab.simulate.eis import REALISTIC, Drift, Noise, simulate_eis, sweep_frequencies
    from garnetlab.simulate.interface import InterfaceResult, interface_impedance, solve_interface

#: public name -> module it lives in; modules are imported on first use only, so that spectra need no compiler
_NAMES = {
    "CellModel": "_cell_model",
    "symmetric_cell": "_cell_model",
    "FaceModel": "_face_model",
    "CellTest": "cell_test",
    "simulate_cell": "cell_test",
    "REALISTIC": "eis",
    "Drift": "eis",
    "Noise": "eis",
    "simulate_eis": "eis",
    "sweep_frequencies": "eis",
    "InterfaceResult": "interface",
    "interface_impedance": "interface",
    "solve_interface": "interface",
}

__all__ = [
    "REALISTIC",
    "CellModel",
    "CellTest",
    "Drift",
    "FaceModel",
    "InterfaceResult",
    "Noise",
    "interface_impedance",
    "simulate_cell",
    "simulate_eis",
    "solve_interface",
    "sweep_frequencies",
    "symmetric_cell",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"garnetlab.simulate.{_NAMES[name]}"), name)
    message = f"module 'garnetlab.simulate' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
