"""Virtual experiments: they return the same measurements that readers return."""

from garnetlab.simulate.eis import REALISTIC, Drift, Noise, simulate_eis, sweep_frequencies

__all__ = ["REALISTIC", "Drift", "Noise", "simulate_eis", "sweep_frequencies"]
