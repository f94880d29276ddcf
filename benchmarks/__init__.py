"""What it costs: CPU time per operation beside a baseline of the same run; see docs/benchmarks.md."""
