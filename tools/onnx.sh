#!/usr/bin/env bash
# Tests `clsify export onnx`: tools/onnx.sh CLSIFY [PYTHON]. Compares the exported folders with `clsify predict`, in onnxruntime (Python) and in
# transformers.js (Node.js): every family with every pooling and form of labels. Takes two minutes.
# Needs Python 3.11, Node.js 20 and packages for both; if they cannot be installed, the checks are reported as NOT RUN, and the exit code is 3.
set -euo pipefail
cd "$(dirname "$0")/.."
clsify=$(realpath "$1")
python=${2:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

all_were_run=true
not_run() {
    echo "NOT RUN: $*" >&2
    all_were_run=false
}

cp -r tools/onnx "$work/tools"
if "$python" -m venv "$work/venv" && "$work/venv/bin/python" -m pip --quiet --disable-pip-version-check install -r tools/onnx/requirements.txt; then
    mkdir "$work/exports"
    "$work/venv/bin/python" tools/onnx/check.py "$clsify" "$work/exports"
    echo "the exports pass in onnxruntime ($SECONDS s)"
else
    not_run "the exports in onnxruntime and transformers.js, because onnxruntime cannot be installed for $python"
    exit 3
fi

if ! command -v node npm > /dev/null || [ "$(node -p 'process.versions.node.split(".")[0] >= 20')" != true ]; then
    not_run "the exports in transformers.js, because there is no Node.js 20 or later with npm"
elif ! timeout 300 npm ci --ignore-scripts --no-audit --no-fund --prefix "$work/tools" > "$work/log" 2>&1; then
    tail -n 20 "$work/log" >&2
    not_run "the exports in transformers.js, because npm ci failed in tools/onnx"
else
    node "$work/tools/check.mjs" "$work/exports"
    echo "the exports pass in transformers.js ($SECONDS s)"
fi
$all_were_run || exit 3
