"""Peers of the interface solver: what a competent user of a general 3-D code would run for a patchy contact.

    .venv-bench/bin/python benchmarks/interface_peers.py           every peer on P1 and P2, one process per run
    .venv-bench/bin/python benchmarks/interface_peers.py --check   full contact must give R + L/sigma

Problem: a slab of conductivity sigma and thickness L, periodic laterally with period W. The face z = 0 carries a map of
contact; on contact the current density into the slab follows eta(J), elsewhere it is zero; the plane z = L is at 0 V.
P1: eta = R J. P2: eta = (2RT/F) asinh(J / 2 i0) at 298.15 K and 0.1 V, i0 = RT/(F R). Wanted: ASR = V / <J> and J per pixel.
"""
