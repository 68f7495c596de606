"""Data with sources: materials, the paper's observations, the bibliography."""

from garnetlab.library._anodes import ReportedAnode, load_anodes
from garnetlab.library._citations import Citation, bibtex, citation, citation_keys
from garnetlab.library._materials import load_material, parse_property
from garnetlab.library._models import CalibratedModel, CalibratedNumber, load_model, model_names
from garnetlab.library._observations import Observation, load_observations
from garnetlab.library._toml import material_names

__all__ = [
    "CalibratedModel",
    "CalibratedNumber",
    "Citation",
    "Observation",
    "ReportedAnode",
    "bibtex",
    "citation",
    "citation_keys",
    "load_anodes",
    "load_material",
    "load_model",
    "load_observations",
    "material_names",
    "model_names",
    "parse_property",
]
