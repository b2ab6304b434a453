"""Random and mutated inputs for every calculator: `python -m tests.fuzz`, and a few hundred of each in the suite."""
