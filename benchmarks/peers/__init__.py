"""The peers, each in a separate process with the protocol of `benchmarks/README.md`."""
