#!/usr/bin/env bash
# Runs the clients that people use against a server: tools/serve.sh [CLSIFY]. The official `openai` and `huggingface_hub` packages, LangChain's
# OpenAI embeddings, text-embeddings-inference's examples with curl's requests, and schemathesis against the OpenAPI document. Needs Python 3.10 or later
# and its package index; if packages cannot be installed, the checks are reported as NOT RUN, and the exit code is 3.
set -euo pipefail
cd "$(dirname "$0")/.."

clsify=$(realpath "${1:-target/release/clsify}")
work=$(mktemp -d)
server=
trap 'kill $server 2> /dev/null || true; rm -rf "$work"' EXIT
not_run() {
    echo "NOT RUN: clients of the server, because $1" >&2
    exit 3
}

python3 -m venv "$work/venv" || not_run "no virtual environment can be made"
python=$work/venv/bin/python
"$python" -m pip --quiet --disable-pip-version-check install -r tools/serve/requirements.txt || not_run "the clients cannot be installed"

for i in $(seq 12); do
    printf 'the film number %s is wonderful\tgood\nfilm %s was a quiet bore\tbad\n' "$i" "$i"
done > "$work/reviews.tsv"
"$clsify" train -q --encoder fixtures/transformers/bert --data "$work/reviews.tsv" --output "$work/model" --features article > "$work/report"
"$clsify" serve --check "$work/model"
"$clsify" serve "$work/model" --port 0 --api-key secret > "$work/out" 2> "$work/log" &
server=$!
address=
for _ in $(seq 200); do
    address=$(sed -n 's/.*serving model at //p' "$work/log")
    [ -n "$address" ] && break
    sleep 0.1
done
[ -n "$address" ] || { cat "$work/log" >&2; exit 1; }

"$python" tools/serve/clients.py "$address" secret
# It keeps a cache in its folder.
(cd "$work" && venv/bin/schemathesis run "$address/api-doc/openapi.json" --url "$address" \
    --header "Authorization: Bearer secret" --phases examples,coverage,fuzzing --max-examples 50 --seed 1 \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance)

# The end: a request that was accepted is answered, and the exit code is 0.
kill -TERM "$server"
wait "$server"
server=
if grep -q '"a fine film"' "$work/log"; then echo "the log holds a text" >&2; exit 1; fi
echo "clients of the server pass ($SECONDS s)"
