"""Results to figures, tables and pages."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from garnetlab.report._calibration import WrittenFit, write_fit
    from garnetlab.report._ledger_page import write_ledger
    from garnetlab.report._report import Written, write_analysis, write_report
    from garnetlab.report._simulation import WrittenSimulation, write_simulation

#: public name -> module it lives in; modules are imported on first use only
_NAMES = {
    "Written": "_report",
    "WrittenFit": "_calibration",
    "WrittenSimulation": "_simulation",
    "write_analysis": "_report",
    "write_fit": "_calibration",
    "write_ledger": "_ledger_page",
    "write_report": "_report",
    "write_simulation": "_simulation",
}

__all__ = [
    "Written",
    "WrittenFit",
    "WrittenSimulation",
    "write_analysis",
    "write_fit",
    "write_ledger",
    "write_report",
    "write_simulation",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"garnetlab.report.{_NAMES[name]}"), name)
    message = f"module 'garnetlab.report' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
