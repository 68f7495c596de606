"""Fixtures for all tests."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

if "PYTEST_XDIST_WORKER" not in os.environ:  # before anything compiled is imported
    runpy.run_path(str(ROOT / "scripts" / "stale_kernels.py"))["remove_stale"]()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real files, or skip with a reason."""
    folder = Path(os.environ.get("GARNETLAB_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real files at {folder}: set GARNETLAB_DATA")
    return folder
