#!/usr/bin/env bash
# Builds and runs every example of the library on the repository's tiny fixtures, and checks what each prints or writes.
# Needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."
encoder=fixtures/transformers/bert
data=crates/clsify/examples/reviews.tsv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ran=()

# Runs one example; its output is in $output afterwards.
run() {
    ran+=("$1")
    output=$(cargo run --quiet -p clsify --example "$@")
    printf '%s:\n%s\n' "$1" "$output"
}

# Fails unless the whole output matches an extended regular expression.
prints() { [[ "$output" =~ ^$1$ ]] || { echo "expected output that matches $1" >&2; exit 1; }; }

share='[01]\.[0-9]{3}'

run train "$encoder" "$data" "$work/model"
prints "trained on 45 rows; accuracy $share on 15 others"
[[ -f "$work/model/clsify.json" && -f "$work/model/classifier.safetensors" ]]

run predict "$work/model" "a stunning film"
prints "(positive|negative)"$'\t'"$share"

run embed_to_npy "$encoder" "$data" "$work/features.npy"
prints 'shape \[60, 32\]'
[[ "$(head -c 6 "$work/features.npy" | tail -c 5)" == NUMPY ]]
# A header of 128 bytes, then 60 x 32 numbers of four bytes.
[[ "$(wc -c < "$work/features.npy")" -eq $((128 + 60 * 32 * 4)) ]]

run cross_validate "$encoder" "$data"
prints "accuracy $share \(standard deviation $share\), baseline 0\.500"

run choose_features "$encoder" "$data"
newline=$'\n'
prints "($share .* with C = .*$newline){3}chosen: .* with C = .*${newline}accuracy on held-out rows: $share"

run custom_progress "$encoder" "$data"
for line in "Tokenize starts: 60 in total" "Embed starts: [0-9]+ in total" "Embed: [0-9]+ done"; do
    grep -qxE "$line" <<< "$output" || { echo "expected a line $line" >&2; exit 1; }
done

# An example that is not run here would not be checked. benchmarks/ runs its own.
expected=$(cd crates/clsify/examples && printf '%s\n' *.rs | sed 's/\.rs$//' | grep -vx benchmark_worker | sort)
[[ "$expected" == "$(printf '%s\n' "${ran[@]}" | sort)" ]] || { echo "expected to run: $expected" >&2; exit 1; }
