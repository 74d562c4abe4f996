"""What is told of the work while it is done: counts, traces, log lines."""
