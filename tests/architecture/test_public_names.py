"""The public names are few and change on purpose only. [A.4]"""

from __future__ import annotations

import garnetlab

NAMES = [
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


def test_A4_the_public_names_are_these():
    assert dir(garnetlab) == NAMES


def test_A4_every_public_name_exists():
    missing = [name for name in dir(garnetlab) if not hasattr(garnetlab, name)]
    assert missing == []


def test_A4_an_unknown_name_is_an_attribute_error():
    assert not hasattr(garnetlab, "Measurements")
