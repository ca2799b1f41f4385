"""The textbook's experiments: Mountain Car, Baird's counterexample, maximization bias."""
