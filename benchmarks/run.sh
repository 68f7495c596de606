#!/usr/bin/env bash
# Run every benchmark in .venv-bench, an environment with the peers beside this package. Arguments go to each benchmark.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

uv=.uv/bin/uv
[ -x "$uv" ] || uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    echo "bench: uv = none: expected .uv/bin/uv or uv on the path. Run  make setup  first." >&2
    exit 1
fi

export UV_PYTHON_DOWNLOADS=never OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
unset VIRTUAL_ENV CONDA_PREFIX
python=.venv/bin/python
[ -x "$python" ] || python=$(command -v python3)
if [ ! -f .venv-bench/.stamp ] || ! cmp -s benchmarks/requirements-peers.txt .venv-bench/.stamp; then
    rm -rf .venv-bench
    "$uv" venv --quiet --python "$python" .venv-bench
    if ! "$uv" pip install --quiet --python .venv-bench/bin/python -r benchmarks/requirements-peers.txt; then
        # a peer without a wheel for this machine must not take the others with it; its benchmark says that it is missing
        grep -v -e '^#' -e '^$' benchmarks/requirements-peers.txt | while IFS= read -r peer; do
            "$uv" pip install --quiet --python .venv-bench/bin/python "$peer" || echo "bench: $peer: not installed" >&2
        done
    fi
    "$uv" pip install --quiet --python .venv-bench/bin/python --no-deps --editable .
    cp benchmarks/requirements-peers.txt .venv-bench/.stamp
fi

for script in benchmarks/bench_*.py; do
    printf '\n==== %s ====\n' "$script"
    .venv-bench/bin/python "$script" "$@"
done
