#!/bin/sh
# The JSON of rustdoc is not stable. This lets rustdoc alone write it: cargo would build all dependencies again for it.
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
