#!/usr/bin/env bash
# Chooses versions anew from pyproject.toml, for every platform, and writes them with their checksums:
# requirements.lock is everything, requirements-run.lock the part of it that the container needs.
# Present versions are kept where the ranges allow it; `tools/lock.sh --upgrade` looks for newer ones.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv >/dev/null || {
    echo "Locking needs uv, which is not among our packages: install it and run this again." >&2
    exit 1
}
lock() {
    uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-emit-index-url --custom-compile-command "make lock" --quiet "$@"
}
lock --extra dev --output-file requirements.lock "$@"
lock --constraint requirements.lock --output-file requirements-run.lock
