"""Pictures for measuring."""

import io

from PIL import Image

from benchmarks.sample_pictures import drawing, photograph


def test_a_photograph_is_as_large_as_it_may_be() -> None:
    made = photograph(60_000, (400, 300))

    assert 50_000 < len(made) <= 60_000
    assert made == photograph(60_000, (400, 300))
    with Image.open(io.BytesIO(made)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (400, 300))


def test_a_drawing_is_as_large_as_it_may_be() -> None:
    made = drawing(20_000, (200, 100))

    assert 19_000 < len(made) <= 20_000
    with Image.open(io.BytesIO(made)) as picture:
        assert (picture.format, picture.size) == ("PNG", (200, 100))
