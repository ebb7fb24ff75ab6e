"""A connection that met itself is refused, and its port is free again at once."""

import socket

import pytest

from modelyard.adapters.runtimes.exposure import refuse_itself


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_connection_to_itself(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family) as alone:
        alone.bind((host, 0))
        port = alone.getsockname()[1]
        alone.connect((host, port))
        with pytest.raises(ConnectionRefusedError):
            refuse_itself(alone)
    with socket.socket(family) as program:
        program.bind((host, port))  # without SO_REUSEADDR
        program.listen()


def test_a_connection_to_a_program() -> None:
    with socket.create_server(("127.0.0.1", 0)) as program, socket.create_connection(program.getsockname()) as other:
        refuse_itself(other)
