#!/usr/bin/env bash
# Builds and runs the README's Rust example as it stands there, in a new project with the dependencies that the README
# names. Needs all-MiniLM-L6-v2, or a network to fetch it by.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The lines of the README's only block in this language.
block() { awk -v fence="^\`\`\`$1" '$0 ~ fence {inside = 1; next} /^```/ {inside = 0} inside' "$root/README.md"; }

mkdir "$work/src"
{
    printf '[package]\nname = "example"\nversion = "0.0.0"\nedition = "2024"\n\n'
    block toml | sed "s|\.\./clsify/|$root/|"
    # As in the workspace, so that what is built there is used.
    printf '\n[workspace]\n\n'
    sed -n '/^\[profile.dev\]/,/^$/p' "$root/Cargo.toml"
} > "$work/Cargo.toml"
cp "$root/Cargo.lock" "$work/"
block rust > "$work/src/main.rs"
for i in $(seq 30); do
    printf 'a moving and funny film , number %s\t1\na dull and empty film , number %s\t0\n' "$i" "$i"
done > "$work/reviews.tsv"

cd "$work"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
cargo build --quiet
"$CARGO_TARGET_DIR/debug/example" | tee output
[ "$(tail -n 1 output)" = 1 ]

# An error of main says where, what and what to do.
rm reviews.tsv
if "$CARGO_TARGET_DIR/debug/example" 2> error; then exit 1; fi
cat error
[ "$(cat error)" = "Error: reviews.tsv: no such file or folder" ]
