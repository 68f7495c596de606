"""Questions to models and data: analysis of files, the ledger of the paper, its audit, the example folder."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from garnetlab.study._analyse import Analysis, SampleOptions, analyse_files, analyse_measurements, read_files
    from garnetlab.study._audit import VERDICTS, audit
    from garnetlab.study._audit_checks_record import Check
    from garnetlab.study._bibliography import bibliography
    from garnetlab.study._doctor import examine
    from garnetlab.study._example import write_example
    from garnetlab.study._interface import SimulatedInterface, Simulation, simulate_document
    from garnetlab.study._ledger import SEED, Ledger, ledger_csv, ledger_json, reproduce
    from garnetlab.study._ledger_rows import Row, Status
    from garnetlab.study._ledger_rows_spectra import ReadBack
    from garnetlab.study._series import Summary, summarise
    from garnetlab.study._study import Study, analyse_study, load_study, missing_entries, read_study, sample_options

#: public name -> module it lives in; modules are imported on first use only, so that ``doctor`` needs no dependency
_NAMES = {
    "Analysis": "_analyse",
    "SampleOptions": "_analyse",
    "analyse_files": "_analyse",
    "analyse_measurements": "_analyse",
    "read_files": "_analyse",
    "VERDICTS": "_audit",
    "audit": "_audit",
    "Check": "_audit_checks_record",
    "bibliography": "_bibliography",
    "examine": "_doctor",
    "write_example": "_example",
    "SimulatedInterface": "_interface",
    "Simulation": "_interface",
    "simulate_document": "_interface",
    "SEED": "_ledger",
    "Ledger": "_ledger",
    "ledger_csv": "_ledger",
    "ledger_json": "_ledger",
    "reproduce": "_ledger",
    "Row": "_ledger_rows",
    "Status": "_ledger_rows",
    "ReadBack": "_ledger_rows_spectra",
    "Summary": "_series",
    "summarise": "_series",
    "Study": "_study",
    "analyse_study": "_study",
    "load_study": "_study",
    "missing_entries": "_study",
    "read_study": "_study",
    "sample_options": "_study",
}

__all__ = [
    "SEED",
    "VERDICTS",
    "Analysis",
    "Check",
    "Ledger",
    "ReadBack",
    "Row",
    "SampleOptions",
    "SimulatedInterface",
    "Simulation",
    "Status",
    "Study",
    "Summary",
    "analyse_files",
    "analyse_measurements",
    "analyse_study",
    "audit",
    "bibliography",
    "examine",
    "ledger_csv",
    "ledger_json",
    "load_study",
    "missing_entries",
    "read_files",
    "read_study",
    "reproduce",
    "sample_options",
    "simulate_document",
    "summarise",
    "write_example",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"garnetlab.study.{_NAMES[name]}"), name)
    message = f"module 'garnetlab.study' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
