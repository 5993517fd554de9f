#!/bin/sh
# The JSON of rustdoc is not stable. Only rustdoc gets the variable, because cargo would build all dependencies again.
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
