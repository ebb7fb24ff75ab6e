"""What can go wrong when a whole installation moves."""

from pathlib import Path

from modelyard.core.errors import Conflict, InvalidInput, NotFound, UpstreamFailed


class NoInstallation(NotFound):
    """There is nothing that could be exported."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"There is no installation in {directory}; choose another directory with --data-dir.")


class SchemaDiffers(Conflict):
    """File, database and program do not have the same schema."""


class DatabaseNotEmpty(Conflict):
    """The database has something in it already."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"The database has something in it already (in the table {table}); "
            "an installation is imported into an empty one only."
        )


class FilesNotEmpty(Conflict):
    """The data directory has files already."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The data directory has files already, such as {key}; choose an empty one with --data-dir, "
            "which may hold secret.key."
        )


class NoSecretKey(Conflict):
    """There is no secret key yet, and a new one would open nothing."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"There is no {file}: put that of the installation there, or set MODELYARD_SECRET_KEY to it.")


class OtherSecretKey(Conflict):
    """What is sealed in the file cannot be opened with the secret key that is set."""

    def __init__(self) -> None:
        super().__init__(
            "The installation was sealed with another secret key: put its secret.key into the data directory, "
            "or set MODELYARD_SECRET_KEY to it."
        )


class FileDamaged(InvalidInput):
    """The file is no export of an installation, or not as it was written."""


class FileNotSupported(InvalidInput):
    """The file was written in a way that this version does not know."""


class RowRefused(InvalidInput):
    """A row of the file cannot be one of the table."""

    def __init__(self, table: str, number: int, reason: str) -> None:
        super().__init__(f"Row {number} of the table {table} cannot be used: {reason}.")


class ImageNotMoved(UpstreamFailed):
    """The container runtime did not take an image."""
