"""garnetlab: the laboratory for lithium anodes on garnet electrolytes."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

#: public name -> module it lives in; modules are imported on first use only
_NAMES = {
    "Channel": "core",
    "GarnetlabError": "core",
    "InvalidInput": "core",
    "Kind": "core",
    "Measurement": "core",
    "MissingExtra": "core",
    "MissingInput": "core",
    "Outcome": "core",
    "ReadError": "core",
    "Result": "core",
    "SolveFailed": "core",
    "Quantity": "units",
    "read": "readers",
}

__all__ = [
    "Channel",
    "GarnetlabError",
    "InvalidInput",
    "Kind",
    "Measurement",
    "MissingExtra",
    "MissingInput",
    "Outcome",
    "Quantity",
    "ReadError",
    "Result",
    "SolveFailed",
    "__version__",
    "read",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"garnetlab.{_NAMES[name]}"), name)
    message = f"module 'garnetlab' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
