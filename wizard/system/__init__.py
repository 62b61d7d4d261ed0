"""The machine: state directory, threads, processes, memory, signals, network, crash report."""
