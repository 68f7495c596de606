"""Questions to models and data: analysis of files, the ledger of the paper, its audit, the example folder."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from garnetlab.study._analyse import Analysis, SampleOptions, analyse_files, analyse_measurements, read_files
    from garnetlab.study._audit import VERDICTS, audit
    from garnetlab.study._audit_checks_record import Check
    from garnetlab.study._bibliography import bibliography
    from garnetlab.study._calibration import Calibration, Parameter, calibrate
    from garnetlab.study._calibration_fit import InterfaceFit, fit_interface
    from garnetlab.study._calibration_model import InterfaceVariant
    from garnetlab.study._calibration_observations import CALIBRATED, HELD_OUT, InterfaceObservation, paper_observations
    from garnetlab.study._calibration_prediction import Prediction, predict
    from garnetlab.study._calibration_stored import calibrated_interface
    from garnetlab.study._calibration_variants import interface_variants
    from garnetlab.study._cell_series import compare_cells
    from garnetlab.study._cell_tests import SimulatedTest
    from garnetlab.study._doctor import examine
    from garnetlab.study._example import write_example
    from garnetlab.study._interface import SimulatedInterface
    from garnetlab.study._ledger import SEED, Ledger, ledger_csv, ledger_json, reproduce
    from garnetlab.study._ledger_rows import Row, Status
    from garnetlab.study._ledger_rows_spectra import ReadBack
    from garnetlab.study._series import Summary, summarise
    from garnetlab.study._simulate import Simulation, simulate_document
    from garnetlab.study._study import (
        Study,
        analyse_study,
        load_study,
        missing_entries,
        read_options,
        read_study,
        sample_options,
    )
    from garnetlab.study._watch import NewEvent, Watched, watch_folder

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
    "CALIBRATED": "_calibration_observations",
    "HELD_OUT": "_calibration_observations",
    "Calibration": "_calibration",
    "InterfaceFit": "_calibration_fit",
    "InterfaceObservation": "_calibration_observations",
    "InterfaceVariant": "_calibration_model",
    "Parameter": "_calibration",
    "Prediction": "_calibration_prediction",
    "calibrate": "_calibration",
    "calibrated_interface": "_calibration_stored",
    "fit_interface": "_calibration_fit",
    "interface_variants": "_calibration_variants",
    "paper_observations": "_calibration_observations",
    "predict": "_calibration_prediction",
    "examine": "_doctor",
    "write_example": "_example",
    "SimulatedInterface": "_interface",
    "SimulatedTest": "_cell_tests",
    "compare_cells": "_cell_series",
    "Simulation": "_simulate",
    "simulate_document": "_simulate",
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
    "read_options": "_study",
    "sample_options": "_study",
    "NewEvent": "_watch",
    "Watched": "_watch",
    "watch_folder": "_watch",
}

__all__ = [
    "CALIBRATED",
    "HELD_OUT",
    "SEED",
    "VERDICTS",
    "Analysis",
    "Calibration",
    "Check",
    "InterfaceFit",
    "InterfaceObservation",
    "InterfaceVariant",
    "Ledger",
    "NewEvent",
    "Parameter",
    "Prediction",
    "ReadBack",
    "Row",
    "SampleOptions",
    "SimulatedInterface",
    "SimulatedTest",
    "Simulation",
    "Status",
    "Study",
    "Summary",
    "Watched",
    "analyse_files",
    "analyse_measurements",
    "analyse_study",
    "audit",
    "bibliography",
    "calibrate",
    "calibrated_interface",
    "compare_cells",
    "examine",
    "fit_interface",
    "interface_variants",
    "ledger_csv",
    "ledger_json",
    "load_study",
    "missing_entries",
    "paper_observations",
    "predict",
    "read_files",
    "read_options",
    "read_study",
    "reproduce",
    "sample_options",
    "simulate_document",
    "summarise",
    "watch_folder",
    "write_example",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"garnetlab.study.{_NAMES[name]}"), name)
    message = f"module 'garnetlab.study' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
