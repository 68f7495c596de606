"""The example folder: simulated raw files as instruments export them, with a study document."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, InvalidInput, Measurement
from garnetlab.library import load_observations
from garnetlab.study import _audit_checks_numbers as numbers
from garnetlab.study import _ledger_rows_specimens as specimens
from garnetlab.study._audit_checks_numbers import Paper

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: relative standard deviation from pellet to pellet: of the interface resistance and of the conductivity; chosen here,
#: the paper states none
ASR_SCATTER, SIGMA_SCATTER = 0.08, 0.03
REPLICATES = 5
_CELSIUS = (30.0, 40.0, 50.0, 60.0, 70.0, 80.0)
#: a pellet conducts a little better after it was hot: heating and cooling must not be averaged
_COOLING_GAIN = 1.04
#: growth of the interface arc over the drifting sweep, and displacement of the bad point over its modulus
DRIFT, OUTLIER, OUTLIER_FREQUENCY = 0.15, 0.10, 50.0
_STARTED = "2025-04-14T09:00:00"
