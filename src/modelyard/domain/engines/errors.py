"""What can go wrong between an image and an engine that is ready."""

from modelyard.core.errors import Conflict, UpstreamFailed


class NotRunnable(Conflict):
    """Something that every engine needs was never given, or was taken away again."""

    def __init__(self, version: str) -> None:
        super().__init__(f"The version {version} has no imported image, no requirement or no timeouts; add them.")


class WrongArchitecture(Conflict):
    """The image is for other processors than this machine has."""

    def __init__(self, image: str, machine: str) -> None:
        super().__init__(
            f"The image is built for {image}, but this machine runs {machine} images; build it for {machine}, "
            "or choose requirement -99 when it is meant for edge devices only."
        )


class HardwareTooSmall(Conflict):
    """The preset asks for more than this machine has."""

    def __init__(self, wanted: str, there: str) -> None:
        super().__init__(f"The hardware preset asks for {wanted}, but this machine has {there}; choose a smaller one.")


class GpuMissing(Conflict):
    """The preset asks for a graphics processor that the runtime cannot give."""

    def __init__(self, wanted: int, information: str) -> None:
        super().__init__(
            f"The hardware preset asks for {wanted} GPU, but the container runtime of this machine offers none; "
            "choose a preset without GPU, or install the GPU's container toolkit.",
            information,
        )


class EngineExited(UpstreamFailed):
    """The container's program ended before the model was ready."""

    def __init__(self, exit_code: int | None, information: str) -> None:
        super().__init__(
            f"The container's program ended with exit code {exit_code} before the model was ready; its last output is "
            "in technicalInformation.",
            information,
        )


class EngineOutOfMemory(UpstreamFailed):
    """The container used more memory than its preset allows."""

    def __init__(self, memory_bytes: int, information: str) -> None:
        super().__init__(
            f"The container was ended because it used more than the {memory_bytes / 1e9:g} GB of its hardware preset; "
            "choose a larger preset, or make the model use less.",
            information,
        )


class NoServer(UpstreamFailed):
    """Nothing in the container listens."""

    def __init__(self, seconds: float, ports: list[int], information: str) -> None:
        super().__init__(
            f"Within the status timeout of {seconds:g} s nothing in the container listened on port "
            f"{' or '.join(map(str, ports))}; the program must serve on the port in the environment variable "
            "PSC_MODEL_PORT.",
            information,
        )


class NeverReady(UpstreamFailed):
    """The program answers, but its model does not become ready."""

    def __init__(self, seconds: float, information: str) -> None:
        super().__init__(
            f"The container answers, but its model was not ready within the status timeout of {seconds:g} s; "
            "raise the timeout, or see in technicalInformation what it waits for.",
            information,
        )


class LoadFailed(UpstreamFailed):
    """The program says that it cannot load its model."""

    def __init__(self, reason: str, information: str) -> None:
        super().__init__(f"The container could not load its model: {reason}", information)


class UnknownProtocol(UpstreamFailed):
    """The program speaks none of the container protocols."""

    def __init__(self, reason: str, information: str) -> None:
        super().__init__(
            "The container answers, but speaks neither of the container protocols (HTTP v1 with /status and /run, "
            f"or gRPC v2 with the service ModzyModel): {reason}",
            information,
        )


class EngineDied(UpstreamFailed):
    """The container ended while it worked on an item."""

    def __init__(self, exit_code: int | None, out_of_memory: bool, information: str) -> None:
        cause, advice = f"exit code {exit_code}", "what it printed last is in the engine's log"
        if out_of_memory:
            cause = "it was killed, most likely because it used more memory than its preset allows"
            advice = "send less, or have the version use a larger preset"
        super().__init__(f"The model's container ended while it worked on this item ({cause}); {advice}.", information)


class EnginesKeepDying(UpstreamFailed):
    """The engines of a version end again and again, for no reason that is known."""

    def __init__(self) -> None:
        super().__init__("The engines of this version keep failing; see the server's log.")
