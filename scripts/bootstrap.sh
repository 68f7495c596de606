#!/usr/bin/env bash
# Make .venv from the locked packages. Needs a system Python >= 3.11 and nothing else; done once, checked in milliseconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

checksum() {
    if command -v sha256sum >/dev/null; then sha256sum; elif command -v shasum >/dev/null; then shasum -a 256; else cksum; fi
}

# What the environment depends on: the lock, the project file, this script, and where the folder lies.
wanted() { { cat requirements.lock requirements-uv.lock pyproject.toml scripts/bootstrap.sh && pwd; } | checksum; }

is_current() { [ -x .venv/bin/python ] && [ -f .venv/.stamp ] && [ "$(cat .venv/.stamp)" = "$stamp" ]; }

fail() {
    echo "bootstrap: $*" >&2
    exit 1
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    fail "python = $("${PYTHON:-python3}" --version 2>/dev/null || echo none): expected Python >= 3.11. Install one, or name it: make setup PYTHON=/path/to/python3."
}

install_uv() {
    local python=$1 log
    if [ -x .uv/bin/uv ] && cmp -s requirements-uv.lock .uv/.stamp; then return; fi
    rm -rf .uv
    log=$(mktemp)
    if "$python" -c 'import ensurepip, venv' 2>/dev/null && "$python" -m venv .uv >"$log" 2>&1; then
        .uv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
            -r requirements-uv.lock >"$log" 2>&1 || { cat "$log" >&2; fail "pip could not install uv. Check the network, then run the same command again."; }
    elif "$python" -m pip --version >/dev/null 2>&1; then # a Python without ensurepip, such as Debian's
        rm -rf .uv
        "$python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes --target .uv \
            -r requirements-uv.lock >"$log" 2>&1 || { cat "$log" >&2; fail "pip could not install uv. Check the network, then run the same command again."; }
    else
        fail "python = $python: it has neither ensurepip nor pip. Install its venv package (Debian: apt install python3-venv)."
    fi
    rm -f "$log"
    cp requirements-uv.lock .uv/.stamp
}

make_environment() {
    local python=$1
    export UV_PYTHON_DOWNLOADS=never
    unset VIRTUAL_ENV CONDA_PREFIX
    # A stale but complete environment is brought up to date; a half-made one is made anew.
    if [ ! -f .venv/.stamp ] || ! .venv/bin/python -c 'import sys' 2>/dev/null; then
        rm -rf .venv
        .uv/bin/uv venv --quiet --python "$(command -v "$python")" .venv
    fi
    rm -f .venv/.stamp
    .uv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
    .uv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
    echo "$stamp" >.venv/.stamp.new
    mv .venv/.stamp.new .venv/.stamp
}

# One set-up at a time; a second caller waits and then finds everything done.
take_lock() {
    if command -v flock >/dev/null; then
        exec 9>.setup.lock
        flock 9
        return
    fi
    until mkdir .setup.lock.d 2>/dev/null; do
        [ -z "${waiting:-}" ] && echo "bootstrap: another set-up runs. If none does, remove .setup.lock.d." >&2
        waiting=yes
        sleep 1
    done
    trap 'rmdir .setup.lock.d' EXIT
}

stamp=$(wanted)
is_current && exit 0
take_lock
is_current && exit 0
python=$(find_python)
echo "bootstrap: setting up .venv with $("$python" --version) (once; a minute or two)" >&2
install_uv "$python"
make_environment "$python"
