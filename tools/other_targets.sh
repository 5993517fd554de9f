#!/usr/bin/env bash
# Checks that need another toolchain or target: tools/other_targets.sh [msrv] [musl] [aarch64] [miri], by default all four.
# Installs with rustup and apt-get what is missing. A check for which that fails is reported as NOT RUN, and the exit code is 3.
set -euo pipefail
cd "$(dirname "$0")/.."

msrv=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
n_not_run=0

# Runs an installer; if it fails, reports that the check is not run, and why.
provide() {
    local check=$1
    shift
    if ! timeout 300 "$@" > "$log" 2>&1 < /dev/null; then
        tail -n 20 "$log" >&2
        echo "NOT RUN: $check, because this failed: $*" >&2
        n_not_run=$((n_not_run + 1))
        return 1
    fi
}

has_toolchain() { rustup run "$1" rustc --version > /dev/null 2>&1; }
has_target() { rustup target list --installed 2> /dev/null | grep -qx "$1"; }
has_miri() { cargo +nightly miri --version > /dev/null 2>&1; }

# The minimum Rust version of Cargo.toml.
msrv() {
    has_toolchain "$msrv" ||
        provide "the check with Rust $msrv" rustup toolchain install "$msrv" --profile minimal --no-self-update || return 0
    cargo "+$msrv" check --quiet --locked --workspace --all-targets --features clsify-cli/otel
    echo "Rust $msrv compiles the workspace ($SECONDS s)"
}

# A static binary, which runs on any machine of the same architecture.
musl() {
    local target=x86_64-unknown-linux-musl check="the static binary" binary
    has_target $target || provide "$check" rustup target add $target || return 0
    # The TLS library contains C.
    command -v musl-gcc > /dev/null || provide "$check" apt-get update -qq || return 0
    command -v musl-gcc > /dev/null || provide "$check" apt-get install -y -qq musl-tools || return 0
    cargo build --quiet --locked --release -p clsify-cli --target $target
    binary=${CARGO_TARGET_DIR:-target}/$target/release/clsify
    if ldd "$binary" > "$log" 2>&1 && ! grep -q "statically linked" "$log"; then
        cat "$log" >&2
        echo "$binary is not static" >&2
        return 1
    fi
    "$binary" --version
    "$binary" tokenize --encoder fixtures/transformers/bert "a visually stunning rumination on love"
    echo "static binary: $(du -m --apparent-size "$binary" | cut -f 1) MB ($SECONDS s)"
}

# Another processor, without the network code, which contains C, so that no C compiler for that processor is needed.
aarch64() {
    local target=aarch64-unknown-linux-gnu
    has_target $target || provide "the check for aarch64" rustup target add $target || return 0
    cargo check --quiet --locked --workspace --no-default-features --target $target
    echo "the workspace compiles for aarch64 ($SECONDS s)"
}

# The unsafe code of the portable kernels, interpreted.
miri() {
    has_miri ||
        provide "Miri" rustup toolchain install nightly --profile minimal --component miri,rust-src --no-self-update || return 0
    # For rayon: its queues do not follow the stricter model, and its threads outlive the tests.
    export MIRIFLAGS="-Zmiri-tree-borrows -Zmiri-permissive-provenance -Zmiri-ignore-leaks"
    provide "Miri" cargo +nightly miri setup || return 0
    cargo +nightly miri test --quiet --locked -p clsify-kernels --lib --no-run
    # Two runs at a time, because each uses one core.
    cargo +nightly miri test --quiet --locked -p clsify-kernels --lib -- packed:: &
    cargo +nightly miri test --quiet --locked -p clsify-kernels --lib -- --skip packed:: --skip crew::
    wait $!
    # Alone and with a schedule of its own: with some schedules rayon's `scope` ends while another thread leaves its last function,
    # which the model forbids in rayon-core 1.13 itself.
    MIRIFLAGS="$MIRIFLAGS -Zmiri-seed=0" cargo +nightly miri test --quiet --locked -p clsify-kernels --lib -- crew::
    echo "Miri finds nothing in the portable kernels ($SECONDS s)"
}

checks=("$@")
[ $# -gt 0 ] || checks=(msrv musl aarch64 miri)
for check in "${checks[@]}"; do
    case $check in
        # On a line of its own, because after || or in an `if` its errors would not end the script.
        msrv | musl | aarch64 | miri) SECONDS=0; "$check" ;;
        *) echo "expected msrv, musl, aarch64 or miri, got $check" >&2; exit 2 ;;
    esac
done
[ "$n_not_run" -eq 0 ] || exit 3
