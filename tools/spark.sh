#!/usr/bin/env bash
# Tests the Python package on Spark: tools/spark.sh [WHEEL]. Starts a master and two workers of one core each on this machine, and stops them. Needs
# Java 17 or later, and Python 3.11 or later with its package index, or Rust too if there is no wheel; what cannot be installed is reported as NOT RUN,
# and the exit code is 3. CLSIFY_REAL_ENCODER=FOLDER, the folder of all-MiniLM-L6-v2, adds the tests that need it.
set -euo pipefail
cd "$(dirname "$0")/.."
PYSPARK="pyspark>=4,<5"

wheel=${1:-}
[ -z "$wheel" ] || wheel=$(realpath "$wheel")
work=$(mktemp -d)
groups=()
clean_up() {
    # Each group is a master or a worker with its executors, which end their Python workers.
    for group in "${groups[@]}"; do kill -TERM -- "-$group" 2> /dev/null || true; done
    for _ in $(seq 50); do
        local left=false
        for group in "${groups[@]}"; do kill -0 -- "-$group" 2> /dev/null && left=true; done
        $left || break
        sleep 0.1
    done
    for group in "${groups[@]}"; do kill -KILL -- "-$group" 2> /dev/null || true; done
    rm -rf "$work"
}
trap clean_up EXIT
not_run() {
    echo "NOT RUN: the tests on Spark, because $1" >&2
    exit 3
}

command -v java > /dev/null || { apt-get update -qq && apt-get install -y -qq openjdk-17-jre-headless; } > /dev/null 2>&1 || not_run "there is no Java"
python3 -c "import sys; sys.exit(sys.version_info < (3, 11))" || not_run "python3 is older than 3.11"
python3 -m venv "$work/venv" || not_run "no virtual environment can be made"
python="$work/venv/bin/python"
pip() { "$python" -m pip --quiet --disable-pip-version-check "$@"; }
pip install -r crates/clsify-python/tests_spark/requirements.txt || not_run "its packages cannot be installed"
# Its source package is complete: unpacking takes seconds, and making a wheel of it minutes.
pip download --no-deps --no-binary pyspark --dest "$work/download" "$PYSPARK" || not_run "pyspark cannot be downloaded"
mkdir "$work/spark"
tar -xzf "$work"/download/pyspark-*.tar.gz -C "$work/spark" --strip-components 1
rm -r "$work/download"
echo "$work/spark" > "$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/pyspark.pth"
if [ -z "$wheel" ]; then
    pip install "maturin>=1.13,<2" || not_run "maturin cannot be installed"
    "$work/venv/bin/maturin" build --quiet --out "$work/wheels" --interpreter "$python"
    wheel=$(echo "$work"/wheels/*.whl)
fi
pip install --no-deps "$wheel"
echo "installed ($SECONDS s)"

export SPARK_HOME="$work/spark/deps" SPARK_CONF_DIR="$work/conf" SPARK_LOCAL_DIRS="$work/local" SPARK_WORKER_DIR="$work/worker" TMPDIR="$work/tmp"
export PYSPARK_PYTHON="$python" SPARK_LOCAL_IP=127.0.0.1 PYTHONDONTWRITEBYTECODE=1
mkdir "$work/conf" "$work/local" "$work/worker" "$work/tmp" "$work/logs"
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# Job control gives each its own process group.
set -m
start() {
    local log=$1
    shift
    "$SPARK_HOME/bin/spark-class" "$@" > "$work/logs/$log" 2>&1 &
    groups+=($!)
}
start master org.apache.spark.deploy.master.Master --host 127.0.0.1 --port "$port" --webui-port 0
for number in 1 2; do
    start "worker$number" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --cores 1 --memory 1g --webui-port 0 "spark://127.0.0.1:$port"
done
set +m
for _ in $(seq 600); do
    [ "$(cat "$work"/logs/worker* | grep -c 'Successfully registered with master')" -eq 2 ] && break
    sleep 0.1
done
[ "$(cat "$work"/logs/worker* | grep -c 'Successfully registered with master')" -eq 2 ] || { cat "$work"/logs/*; exit 1; }
echo "a master and two workers run ($SECONDS s)"

export CLSIFY_SPARK_MASTER="spark://127.0.0.1:$port"
cd crates/clsify-python/tests_spark
"$python" -W ignore::FutureWarning -m unittest -v
echo "the tests on Spark pass ($SECONDS s)"
