"""What tests of figures share."""

import pytest

from garnetlab.report import _style


@pytest.fixture
def drawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list:
    """Return a list into which every figure is put that the module ``figures`` of the test saves."""
    kept: list = []

    def keep(figure, *arguments):
        kept.append(figure)
        return _style.save_figure(figure, *arguments)

    monkeypatch.setattr(request.module.figures, "save_figure", keep)
    return kept
