"""Taking the port to listen on."""

import socket

import pytest

from modelyard.entrypoints.cli.bound_sockets import AddressUnusable, PortTaken, bound_sockets


def test_a_free_port() -> None:
    (bound,) = bound_sockets("127.0.0.1", 0)
    with bound:
        assert bound.getsockname()[1] > 0


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"--port {port + 1 if port < 65_535 else port - 1}, or MODELYARD_PORT="):
            bound_sockets("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_addresses_of_others(host: str) -> None:
    with pytest.raises(AddressUnusable, match="cannot listen on port 8080"):
        bound_sockets(host, 8080)
