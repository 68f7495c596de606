"""Machine code that is older than a kernel it was made from is not used."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "stale_kernels.py"
remove_stale = runpy.run_path(str(SCRIPT))["remove_stale"]


def test_code_older_than_any_kernel_is_removed_and_newer_code_is_kept(tmp_path):
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    times = {"kernels.py": 100, "other.py": 300, "__pycache__/a.nbi": 90, "__pycache__/a.1.nbc": 90, "__pycache__/b.nbi": 110,
             "__pycache__/b.1.nbc": 110}  # fmt: skip
    for name, at in times.items():
        path = tmp_path / name
        path.write_text("from numba import njit" if name == "kernels.py" else "")
        os.utime(path, (at, at))
    assert remove_stale(tmp_path) == 1
    assert sorted(p.name for p in cache.iterdir()) == ["b.1.nbc", "b.nbi"]
