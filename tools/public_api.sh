#!/usr/bin/env bash
# Writes the public items of the libraries to docs/api; with --check it compares them with what is there. Needs Rust 1.95, whose
# JSON tools/public_api reads, and installs it if rustup can. If not, the check is reported as NOT RUN, and the exit code is 3.
set -euo pipefail
cd "$(dirname "$0")/.."

toolchain=1.95
if [[ $(rustc --version) != "rustc $toolchain."* ]]; then
    # Set as a variable, because it must also apply to the rustdoc that cargo starts.
    export RUSTUP_TOOLCHAIN=$toolchain
    if ! rustup run $toolchain rustc --version > /dev/null 2>&1 &&
        ! timeout 300 rustup toolchain install $toolchain --profile minimal --no-self-update < /dev/null; then
        echo "NOT RUN: the listing of the public items, because rustup cannot install Rust $toolchain" >&2
        exit 3
    fi
fi

target=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --quiet --locked --manifest-path tools/public_api/Cargo.toml --target-dir "$target/public_api"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for crate in clsify-base clsify clsify-report clsify-hub clsify-convert clsify-server; do
    RUSTDOC="$PWD/tools/public_api/rustdoc.sh" \
        cargo rustdoc --quiet --locked -p $crate --lib --target-dir "$target" -- -Z unstable-options --output-format json
    "$target/public_api/debug/list-public-api" "$target/doc/${crate//-/_}.json" > "$work/$crate.txt"
done
if [ "${1:-}" != --check ]; then
    mkdir -p docs/api
    cp "$work"/*.txt docs/api/
elif ! diff -ru docs/api "$work"; then
    echo "docs/api is not the public items of these sources: if the change is meant, run tools/public_api.sh" >&2
    exit 1
fi
