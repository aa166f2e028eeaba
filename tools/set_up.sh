#!/usr/bin/env bash
# Makes .venv from requirements.lock, and only again when the lock changes.
# Whatever goes wrong is one sentence and a non-zero exit; pip's own words are in .venv/install.log.
set -euo pipefail
cd "$(dirname "$0")/.."

lock=requirements.lock
stamp=.venv/installed.lock
log=.venv/install.log

stop() {
    printf '%s\n' "$*" >&2
    exit 1
}

version_of() { # prints "3.11.7", or nothing when the command is no working Python
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null || true
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() { # sets `python`
    local candidate version seen=""
    for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        version=$(version_of "$candidate")
        [ -n "$version" ] || continue
        if is_new_enough "$candidate"; then
            python=$candidate
            return
        fi
        seen=$version
    done
    if [ -n "$seen" ]; then
        stop "Python $seen is too old: install Python 3.11 or newer, or name one with PYTHON=/path/to/python3.11, and run this again."
    fi
    stop "No Python was found: install Python 3.11 or newer, or name one with PYTHON=/path/to/python3.11, and run this again."
}

in_log() { grep -qiE "$1" "$log"; }

explain_failure() { # one sentence for the commonest reasons, the last error of pip for the rest
    local package wanted
    if in_log 'NewConnectionError|NameResolutionError|name resolution|ConnectTimeout|ReadTimeout|Network is unreachable|Failed to establish a new connection|Could not connect to'; then
        stop "The packages could not be fetched: check the network connection (or the proxy settings) and run this again."
    fi
    if in_log 'No space left on device|Disk quota exceeded'; then
        stop "The disk is full: make room (about 1 GB) and run this again."
    fi
    if in_log 'HASHES|DO NOT MATCH'; then
        stop "A package was not the one that $lock names (its checksum differs), so nothing was installed: clear pip's cache or check the package source and run this again."
    fi
    if in_log 'Failed building wheel|failed-wheel-build|Failed to build|metadata-generation-failed|error: command .*(cc|gcc|clang)|Unable to find a compiler|Unknown compiler|build dependencies'; then
        package=$(sed -nE "s/.*(Failed building wheel for|Failed to build) '?([A-Za-z0-9_.-]+).*/\2/p" "$log" | head -n 1)
        wanted="${package:-A package} has no ready-made wheel for this Python ($version on $(uname -m))"
        if command -v cc >/dev/null || command -v gcc >/dev/null; then
            stop "$wanted and could not be built here: use Python 3.11, 3.12 or 3.13, or read $log."
        fi
        stop "$wanted and there is no compiler to build it: install gcc (Debian and Ubuntu: apt install build-essential; macOS: xcode-select --install), or use Python 3.11, and run this again."
    fi
    if in_log 'No matching distribution found'; then
        package=$(sed -nE 's/.*No matching distribution found for ([^ ]+).*/\1/p' "$log" | head -n 1)
        stop "${package:-A package} cannot be had for Python $version on $(uname -m): use Python 3.11, 3.12 or 3.13, or check the package source."
    fi
    stop "The packages could not be installed (the whole story is in $log): $(grep -E '^ *(ERROR|error)' "$log" | tail -n 1)"
}

if cmp -s "$lock" "$stamp" && [ -n "$(version_of .venv/bin/python)" ]; then
    exit 0
fi

find_python
version=$(version_of "$python")
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    stop "Python $version cannot make virtual environments: install its venv module (Debian and Ubuntu: apt install python${version%.*}-venv) and run this again."

[ -n "$(version_of .venv/bin/python)" ] && is_new_enough .venv/bin/python || {
    printf 'Setting up with Python %s: a virtual environment in .venv\n' "$version"
    rm -rf .venv 2>/dev/null || true
    mkdir .venv 2>/dev/null || stop "This folder cannot be written to ($PWD): make it writable and run this again."
    "$python" -m venv .venv >"$log" 2>&1 ||
        stop "The virtual environment could not be made (the whole story is in $log): $(tail -n 1 "$log")"
}
version=$(version_of .venv/bin/python)

printf 'Installing %s packages from %s (a minute or two, only when it changes)\n' "$(grep -c '==' "$lock")" "$lock"
rm -f "$stamp"
.venv/bin/python -m pip install --no-input --disable-pip-version-check --no-warn-script-location \
    --require-hashes -r "$lock" >"$log" 2>&1 || explain_failure
cp "$lock" "$stamp"
printf 'Installed.\n'
