"""garnetlab: the laboratory for lithium anodes on garnet electrolytes."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

#: public name -> module it lives in; modules are imported on first use only
_NAMES = {
    "Cell": "core",
    "CellModel": "simulate",
    "CellTest": "simulate",
    "Channel": "core",
    "FaceModel": "simulate",
    "GarnetlabError": "core",
    "InvalidInput": "core",
    "Kind": "core",
    "Layer": "core",
    "Material": "core",
    "Measurement": "core",
    "MissingExtra": "core",
    "MissingInput": "core",
    "Outcome": "core",
    "Procedure": "core",
    "Quantity": "units",
    "ReadError": "core",
    "Recipe": "core",
    "Result": "core",
    "Sample": "core",
    "SolveFailed": "core",
    "StudyDocument": "core",
    "analyse_files": "study",
    "analyse_impedance": "analyse",
    "arrhenius": "analyse",
    "audit": "study",
    "fit_interface": "study",
    "interface_impedance": "simulate",
    "load_document": "core",
    "load_material": "library",
    "load_model": "library",
    "parse_circuit": "physics.impedance",
    "read": "readers",
    "reproduce": "study",
    "save_document": "core",
    "simulate_cell": "simulate",
    "simulate_eis": "simulate",
    "solve_interface": "simulate",
    "symmetric_cell": "simulate",
    "write_example": "study",
    "write_report": "report",
}

__all__ = [
    "Cell",
    "CellModel",
    "CellTest",
    "Channel",
    "FaceModel",
    "GarnetlabError",
    "InvalidInput",
    "Kind",
    "Layer",
    "Material",
    "Measurement",
    "MissingExtra",
    "MissingInput",
    "Outcome",
    "Procedure",
    "Quantity",
    "ReadError",
    "Recipe",
    "Result",
    "Sample",
    "SolveFailed",
    "StudyDocument",
    "__version__",
    "analyse_files",
    "analyse_impedance",
    "arrhenius",
    "audit",
    "fit_interface",
    "interface_impedance",
    "load_document",
    "load_material",
    "load_model",
    "parse_circuit",
    "read",
    "reproduce",
    "save_document",
    "simulate_cell",
    "simulate_eis",
    "solve_interface",
    "symmetric_cell",
    "write_example",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"garnetlab.{_NAMES[name]}"), name)
    message = f"module 'garnetlab' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
