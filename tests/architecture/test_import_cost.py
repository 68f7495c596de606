"""Nothing heavy is loaded before it is needed. [A.2, A.3]

Modules are counted, because a count does not depend on the machine. Processor time is compared with that of importing
numpy in the same run, the best of several without the start of the interpreter: 0.4 s where help takes 0.15 to 0.2 s, the
budget of the style guide, and the package 0.02 to 0.05 s.
"""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"numpy", "scipy", "matplotlib", "pydantic", "numba", "duckdb", "cv2", "lmfit", "pandas", "pybamm", "openpyxl"}
IMPORT_MODULES = 120
IMPORT_SHARE = 1 / 8  # of the import of numpy
HELP_SHARE = 3 / 4  # 0.4 to 0.55 was seen, quiet and busy

_REPORT = "import sys, resource; u = resource.getrusage(resource.RUSAGE_SELF); "
_REPORT += "print(u.ru_utime + u.ru_stime, *sys.modules, file=sys.stderr)"
_HELP = """
import sys
sys.argv = ["garnetlab", "--help"]
from garnetlab.app.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""


def loaded_by(code: str) -> tuple[float, set[str], str]:
    """Return processor seconds, modules and standard output of a fresh interpreter that ran ``code``."""
    command = [sys.executable, "-c", f"{code}\n{_REPORT}"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    seconds, *modules = outcome.stderr.split()
    return float(seconds), set(modules), outcome.stdout


def heavy_of(modules: set[str]) -> set[str]:
    return HEAVY & {name.partition(".")[0] for name in modules}


def cost_of(code: str) -> float:
    """Return the processor seconds of ``code`` beyond those of an empty program, best of seven each."""
    return min(loaded_by(code)[0] for _ in range(7)) - min(loaded_by("pass")[0] for _ in range(7))


def test_A2_import_of_the_package_loads_nothing_heavy():
    assert heavy_of(loaded_by("import garnetlab")[1]) == set()


def test_A2_import_of_the_package_loads_at_most_120_modules():
    assert len(loaded_by("import garnetlab")[1]) <= IMPORT_MODULES


def test_A2_import_of_the_package_costs_at_most_an_eighth_of_that_of_numpy():
    assert cost_of("import garnetlab") <= IMPORT_SHARE * cost_of("import numpy")


def test_A2_listing_the_public_names_loads_nothing_heavy():
    assert heavy_of(loaded_by("import garnetlab; dir(garnetlab)")[1]) == set()


def test_A3_help_loads_nothing_heavy():
    assert heavy_of(loaded_by(_HELP)[1]) == set()


def test_A3_help_costs_at_most_three_quarters_of_the_import_of_numpy():
    assert cost_of(_HELP) <= HELP_SHARE * cost_of("import numpy")


def test_a_heavy_import_is_seen():
    assert heavy_of(loaded_by("import numpy.linalg")[1]) == {"numpy"}


def test_the_cost_of_work_is_seen():
    assert cost_of("sum(i * i for i in range(3_000_000))") > IMPORT_SHARE * cost_of("import numpy")
