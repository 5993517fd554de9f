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
for film in "film" "story about love" "look at old age" "comedy of manners" "portrait of a town" "thriller"; do
    for good in "moving and funny" "visually stunning" "clever , warm" "tender and graceful" "gripping" "wonderfully acted"; do
        printf 'a %s %s\t1\n' "$good" "$film"
    done
    for bad in "dull and empty" "painfully slow" "clumsy , cold" "tedious and hollow" "boring" "badly acted"; do
        printf 'a %s %s\t0\n' "$bad" "$film"
    done
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
