"""What every database can fail with, in our own words."""

from modelyard.core.errors import Unavailable


class DatabaseBusy(Unavailable):
    """Others held what a transaction needed, and nothing of it was written."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__("Others are changing the same things at the moment; nothing was changed, try again.")


class DatabaseAway(Unavailable):
    """The database does not answer."""

    def __init__(self) -> None:
        super().__init__("The database does not answer at the moment; try again later.")


class DatabaseFull(Unavailable):
    """There is no room for what was to be written, and nothing of it was."""

    retry_after = 60

    def __init__(self) -> None:
        super().__init__("The disk that keeps the database is full; nothing was changed. Free some space, try again.")
