"""Data with sources: materials, the paper's observations, the bibliography."""

from garnetlab.library._citations import Citation, bibtex, citation, citation_keys
from garnetlab.library._materials import load_material, parse_property
from garnetlab.library._observations import Observation, load_observations
from garnetlab.library._toml import material_names

__all__ = [
    "Citation",
    "Observation",
    "bibtex",
    "citation",
    "citation_keys",
    "load_material",
    "load_observations",
    "material_names",
    "parse_property",
]
