"""What is said of a test that cannot be started."""

from modelyard.domain.version_tests.request import ImageMissing


def test_the_reason_of_a_failed_import_ends_once() -> None:
    message = ImageMissing("The archive has no manifest.json (OCI image layout).").message

    assert message == (
        "The version cannot be tested, because the import of its image failed: The archive has no manifest.json "
        "(OCI image layout); add the image with POST container-image."
    )
