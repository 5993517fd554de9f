"""The peers, each in a process of its own that speaks the protocol of `benchmarks/README.md`."""
