"""What ends the demo early."""


class DemoFailed(Exception):
    """The demo cannot go on.

    Args:
        reason: one sentence for the user.
        details: what helps to find the cause, such as a log; may be empty.
    """

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details.strip()
