"""Which images this process put into its machine's container runtime: one small file for each.

The runtime may hold images of other installations, too, so that it cannot be asked. What was removed by another process
is found by these, and removed here as well.
"""

from pathlib import Path


class ImageMarks:
    """The files, each called like a row and with what the runtime calls its image."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def add(self, row_id: str, image_id: str) -> None:
        """Marks an image that is about to get the name of a row."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        (self._directory / row_id).write_text(image_id)

    def forget(self, row_id: str) -> None:
        """Takes a mark off; one that is gone already is no error."""
        (self._directory / row_id).unlink(missing_ok=True)

    def all(self) -> dict[str, str]:
        """Rows and what the runtime calls their images."""
        if not self._directory.is_dir():
            return {}
        return {path.name: path.read_text() for path in self._directory.iterdir()}
