"""SuiteQL as far as the simulated account supports it: read, check, run over tables of plain values."""
