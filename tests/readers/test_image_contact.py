"""Contact maps from images: what was written comes back, thresholds are Otsu's, and what is doubtful is said."""

from __future__ import annotations

import dataclasses
import hashlib

import cv2
import numpy as np
import pytest

from garnetlab.core import InvalidInput, MissingInput, ReadError
from garnetlab.physics.contact import random_contact
from garnetlab.readers.image import read_contact_map

UM = 1e-6
#: not square, so that rows and columns cannot be exchanged
MAP = random_contact((48, 64), fraction=0.3, period=64 * UM, correlation_length=5 * UM, rng=1)


@pytest.fixture
def written(tmp_path):
    """Write an array as an image and return its path."""

    def write(image, name="map.png"):
        path = tmp_path / name
        assert cv2.imwrite(str(path), image)
        return path

    return write


def micrograph(top, dtype, noise, seed=0):
    """Grey levels of 0.2 and 0.8 of ``top``, with noise of that share of it."""
    grey = np.where(MAP, 0.8, 0.2) + noise * np.random.default_rng(seed).standard_normal(MAP.shape)
    return np.clip(np.rint(top * grey), 0, top).astype(dtype)


@pytest.mark.parametrize("name", ["map.png", "map.tif", "map.tiff"])
@pytest.mark.parametrize(("dtype", "low", "high"), [(np.uint8, 0, 255), (np.uint8, 90, 91), (np.uint16, 300, 60_000)])
def test_a_segmented_image_comes_back_exactly(written, name, dtype, low, high):
    found = read_contact_map(written(np.where(MAP, high, low).astype(dtype), name), scale=0.5 * UM)
    assert np.array_equal(found.contact, MAP)
    assert found.contact.dtype == np.bool_
    assert found.segmented
    assert found.threshold == (low + high) / 2
    assert found.fraction == MAP.mean()
    assert found.period == pytest.approx(32 * UM, rel=1e-15)
    assert found.warnings == ()


def test_floats_of_a_tiff_are_read(written):
    found = read_contact_map(written(MAP.astype(np.float32), "map.tif"), period=1e-4)
    assert np.array_equal(found.contact, MAP)
    assert found.period == 1e-4


@pytest.mark.parametrize(("dtype", "top", "name"), [(np.uint8, 255, "grey.png"), (np.uint16, 65_535, "grey.tif")])
def test_a_noisy_micrograph_is_parted_between_its_two_levels(written, dtype, top, name):
    # levels 12 standard deviations apart: beyond 5 from its level lies 1 pixel in 3 million
    found = read_contact_map(written(micrograph(top, dtype, 0.05), name), scale=UM)
    assert np.array_equal(found.contact, MAP)
    assert 0.45 * top < found.threshold < 0.55 * top
    assert not found.segmented
    assert found.warnings == ()


def test_the_threshold_is_that_of_opencv(written):
    grey = micrograph(255, np.uint8, 0.15)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    found = read_contact_map(written(grey), scale=UM)
    assert np.array_equal(found.contact, grey > level)


def test_dark_contact_is_the_rest(written):
    path = written(micrograph(255, np.uint8, 0.15))
    bright, dark = (read_contact_map(path, scale=UM, contact=c) for c in ("bright", "dark"))
    assert np.array_equal(dark.contact, ~bright.contact)
    assert dark.fraction == pytest.approx(1 - bright.fraction, rel=1e-12)


def test_a_given_threshold_is_used(written):
    grey = micrograph(65_535, np.uint16, 0.15)
    level = int(np.sort(grey, axis=None)[2000])  # a level that occurs: such a pixel is not above it
    found = read_contact_map(written(grey, "map.tif"), scale=UM, threshold=level)
    assert np.array_equal(found.contact, grey > level)
    assert found.threshold == level


@pytest.mark.parametrize("channels", [3, 4])
def test_grey_stored_as_colour_is_grey(written, channels):
    grey = np.where(MAP, 200, 20).astype(np.uint8)
    layers = [grey] * 3 + [np.full_like(grey, 255)] * (channels - 3)
    found = read_contact_map(written(np.dstack(layers)), scale=UM)
    assert np.array_equal(found.contact, MAP)
    assert found.warnings == ()


def test_colour_is_weighted_as_luminance_and_said(written):
    # blue, green, red as OpenCV orders them: 0.114 * 250 + 0.587 * 0 < 0.299 * 200
    blue, red = np.where(MAP, 0, 250), np.where(MAP, 200, 0)
    found = read_contact_map(written(np.dstack([blue, np.zeros_like(blue), red]).astype(np.uint8)), scale=UM)
    assert np.array_equal(found.contact, MAP)
    assert found.threshold == pytest.approx((0.114 * 250 + 0.299 * 200) / 2, abs=1.0)  # levels are rounded
    assert found.warnings == ("colour is converted to grey.",)


def test_transparency_is_left_out_and_said(written):
    grey = np.where(MAP, 200, 20).astype(np.uint8)
    found = read_contact_map(written(np.dstack([grey, grey, grey, 255 - grey])), scale=UM)
    assert np.array_equal(found.contact, MAP)
    assert found.warnings == ("transparency is left out.",)


def test_the_first_of_several_pages_is_read_and_said(tmp_path):
    path = tmp_path / "stack.tif"
    grey = np.where(MAP, 200, 20).astype(np.uint8)
    assert cv2.imwritemulti(str(path), [grey, 255 - grey])
    found = read_contact_map(path, scale=UM)
    assert np.array_equal(found.contact, MAP)
    assert found.warnings == ("2 pages: the first is read.",)


def test_one_bell_of_grey_levels_is_doubted(written):
    # Otsu's share is 2/pi for a bell curve
    noise = np.clip(np.random.default_rng(0).normal(128, 20, (100, 120)), 0, 255).astype(np.uint8)
    (text,) = read_contact_map(written(noise), scale=UM).warnings
    assert "grey levels do not form two groups" in text
    assert "64 % of their variance" in text


def test_resampling_gives_shares_and_keeps_period_and_fraction(written):
    path = written(np.where(MAP, 255, 0).astype(np.uint8))
    found = read_contact_map(path, period=1e-4, shape=(24, 32))
    assert found.contact.shape == (24, 32)
    np.testing.assert_allclose(found.contact, MAP.reshape(24, 2, 32, 2).mean(axis=(1, 3)), atol=1e-15)
    assert found.period == 1e-4
    assert found.fraction == MAP.mean()


def test_the_file_is_named_with_its_hash(written):
    path = written(np.where(MAP, 255, 0).astype(np.uint8))
    found = read_contact_map(path, scale=UM)
    assert found.source.path == str(path)
    assert found.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.period = 1.0


# refusals ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["map.png", "map.tif"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_cut_image_is_refused(written, name, share):
    path = written(np.random.default_rng(0).integers(0, 255, (60, 80)).astype(np.uint8), name)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ReadError, match="no image, or a damaged one"):
        read_contact_map(path, scale=UM)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file or directory. Check the path"),
        (b"", r"the file is empty \(0 bytes\)"),
        (b"Frequency,Re,Im\n1,2,3\n", "no image, or a damaged one .*Export it as PNG or TIFF"),
    ],
)
def test_what_is_no_image_is_refused(tmp_path, content, message):
    path = tmp_path / "map.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ReadError, match=message) as caught:
        read_contact_map(path, scale=UM)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ReadError, match="is a folder, expected a file"):
        read_contact_map(tmp_path, scale=UM)


def test_an_image_of_one_level_is_refused(written):
    with pytest.raises(ReadError, match="all pixels have the grey level 7: expected contact and gap"):
        read_contact_map(written(np.full((8, 8), 7, np.uint8)), scale=UM)


def test_floats_that_are_not_finite_are_refused(written):
    grey = MAP.astype(np.float32)
    grey[3, 4] = np.nan
    with pytest.raises(ReadError, match="expected grey or colour with finite values"):
        read_contact_map(written(grey, "map.tif"), scale=UM)


def test_an_image_without_a_scale_is_missing_it(written):
    with pytest.raises(MissingInput, match="scale = None, period = None: expected one of the two"):
        read_contact_map(written(MAP.astype(np.uint8)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 0.0}, r"scale = 0.0: expected a length > 0 in m"),
        ({"scale": float("nan")}, "scale = nan: expected a length > 0 in m"),
        ({"period": -1e-4}, "period = -0.0001: expected a length > 0 in m"),
        ({"scale": UM, "period": 1e-4}, "Leave one out"),
        ({"scale": UM, "contact": "brights"}, "contact = 'brights': .*Did you mean 'bright'"),
        ({"scale": UM, "threshold": 255}, "threshold = 255: expected a grey level from 0 to below 255"),
        ({"scale": UM, "shape": (24, 24)}, r"shape = \(24, 24\): expected 18 rows for 24 columns"),
    ],
)
def test_options_out_of_range_are_refused(written, options, message):
    with pytest.raises(InvalidInput, match=message):
        read_contact_map(written(np.where(MAP, 255, 0).astype(np.uint8)), **options)
