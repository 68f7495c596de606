"""Figures of distributions of relaxation times: what was not measured is told from what was."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.analyse import relaxation_times
from garnetlab.core import Channel, Kind, Measurement, SimulationSource
from garnetlab.report import _relaxation_figures as figures
from garnetlab.report import _style


def test_what_lies_beyond_the_measured_frequencies_is_shaded_and_named(tmp_path, monkeypatch):
    kept: list = []
    monkeypatch.setattr(figures, "save_figure", lambda f, *a: (kept.append(f), _style.save_figure(f, *a))[1])
    frequency = np.logspace(5, -1, 61)
    s = 2j * np.pi * frequency
    z = 200 + 150 / (1 + (s * 1e-4) ** 0.9) + 300 / (1 + (s * 1e-2) ** 0.85)
    channels = {Channel.FREQUENCY: frequency, Channel.IMPEDANCE: z * (1 + 1e-3 * np.cos(np.arange(61.0) ** 2))}
    result = relaxation_times(Measurement(Kind.IMPEDANCE, channels, SimulationSource("", 0, "arcs"), {}))
    figures.relaxation_figure(result, tmp_path, "arcs", "arcs")
    axes = kept[0].axes[0]
    spans = sorted(tuple(p.get_path().get_extents(p.get_patch_transform()).intervalx) for p in axes.patches)
    # 1/(2 pi f) of 100 kHz and of 0.1 Hz
    assert spans[0][1] == pytest.approx(1.0 / (2e5 * np.pi), rel=1e-6)
    assert spans[1][0] == pytest.approx(1.0 / (0.2 * np.pi), rel=1e-6)
    assert [text.get_text() for text in axes.get_legend().get_texts()].count("not measured") == 1
