#!/usr/bin/env bash
# Builds the Python package as users install it, and tests it: tools/python.sh [PYTHON]. Needs Rust, Python 3.11 or later, and its package
# index; if the packages that the tests need cannot be installed, the checks are reported as NOT RUN, and the exit code is 3.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${1:-python3}
# 4 MB is the aim; the program with its guide, what fetches and uploads, and the graphs of ONNX take the rest.
most_bytes=6000000
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
not_run() {
    echo "NOT RUN: the Python package, because $1" >&2
    exit 3
}

"$python" -c "import sys; sys.exit(sys.version_info < (3, 11))" || not_run "$python is older than 3.11"
"$python" -m venv "$work/venv" || not_run "no virtual environment can be made"
pip() { "$work/venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
pip install "maturin>=1.13,<2" -r crates/clsify-python/tests/requirements.txt || not_run "its tests' packages cannot be installed"

# The same wheel serves every Python from 3.11 on.
"$work/venv/bin/maturin" build --quiet --out "$work/wheels" --interpreter "$work/venv/bin/python"
wheel=$(echo "$work"/wheels/*.whl)
echo "$(basename "$wheel"): $(stat -c %s "$wheel") bytes ($SECONDS s)"
[[ $wheel == *-cp311-abi3-* ]]
[ "$(stat -c %s "$wheel")" -le $most_bytes ]
pip install "$wheel"
"$work/venv/bin/clsify" --version

cd crates/clsify-python/tests
"$work/venv/bin/python" -W error::DeprecationWarning -m unittest
"$work/venv/bin/python" -m mypy.stubtest clsify --mypy-config-file mypy.ini --ignore-missing-stub

# The examples of the documentation use a real encoder.
"$work/venv/bin/clsify" pull all-MiniLM-L6-v2 > "$work/encoder" || not_run "the examples of its documentation need an encoder"
pip install nbclient ipykernel || not_run "its notebook needs nbclient and ipykernel"
"$work/venv/bin/python" ../../../tools/python_documentation.py > "$work/documentation"
grep -E "^[0-9]+ (examples|pieces|cells) of" "$work/documentation"
echo "the Python package passes ($SECONDS s)"
