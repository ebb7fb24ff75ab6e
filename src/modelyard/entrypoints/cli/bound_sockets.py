"""Takes the port that the server is to listen on."""

import errno
import socket

from modelyard.core.errors import Unavailable


class PortTaken(Unavailable):
    """Another program listens there."""

    def __init__(self, host: str, port: int) -> None:
        other = port + 1 if port < 65_535 else port - 1
        super().__init__(
            f"Port {port} of {host} is taken by another program; choose another: --port {other}, "
            f"or MODELYARD_PORT={other}."
        )


class AddressUnusable(Unavailable):
    """This machine cannot listen there."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"This machine cannot listen on port {port} of {host}: {reason}. Look at --host and --port.")


def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """One for each address of the host, not listening yet. Port 0: a free one. Raises PortTaken, AddressUnusable."""
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            sockets.append(bound := socket.socket(family, kind, protocol))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind(address)
    except OSError as error:
        for opened in sockets:
            opened.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port) from None
        raise AddressUnusable(host, port, error.strerror or str(error)) from None
    return sockets
