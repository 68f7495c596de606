"""The public names are few and change on purpose only. [A.4]"""

from __future__ import annotations

import garnetlab

NAMES = [
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


def test_A4_the_public_names_are_these():
    assert dir(garnetlab) == NAMES


def test_A4_every_public_name_exists():
    missing = [name for name in dir(garnetlab) if not hasattr(garnetlab, name)]
    assert missing == []


def test_A4_an_unknown_name_is_an_attribute_error():
    assert not hasattr(garnetlab, "Measurements")
