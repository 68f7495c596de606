"""Remove compiled kernels that are older than a source of kernels.

The compiler keeps machine code beside the sources and knows when the file of a kernel changes, but not when a kernel in another
file, that was compiled into it, does. ``make`` runs this before everything, and so do the tests.
"""

from __future__ import annotations

from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "src"


def remove_stale(folder: Path = SOURCES) -> int:
    """Return how many indices of compiled kernels were removed with their code."""
    sources = [p for p in folder.rglob("*.py") if "njit" in p.read_text(encoding="utf-8")]
    newest = max((p.stat().st_mtime for p in sources), default=0.0)
    stale = [p for p in folder.rglob("*.nbi") if p.stat().st_mtime < newest]
    for index in stale:
        for code in index.parent.glob(f"{index.stem}.*.nbc"):
            code.unlink(missing_ok=True)
        index.unlink(missing_ok=True)
    return len(stale)


if __name__ == "__main__":
    count = remove_stale()
    if count:
        print(f"kernels: {count} compiled ones were older than their sources and are compiled again")
