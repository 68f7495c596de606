"""Virtual experiments: they return the same measurements that readers return."""

from garnetlab.simulate.eis import REALISTIC, Drift, Noise, simulate_eis, sweep_frequencies
from garnetlab.simulate.interface import InterfaceResult, interface_impedance, solve_interface

__all__ = [
    "REALISTIC",
    "Drift",
    "InterfaceResult",
    "Noise",
    "interface_impedance",
    "simulate_eis",
    "solve_interface",
    "sweep_frequencies",
]
