"""Can a server listen there? Asked of the machine."""

import socket

import pytest

from runtime.sockets import TAKEN, CannotListen, try_to_listen


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_port_is_free_again_once_it_was_tried_and_taken_while_somebody_listens(family: socket.AddressFamily) -> None:
    host = "127.0.0.1" if family is socket.AF_INET else "::1"
    with socket.create_server((host, 0), family=family) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            CannotListen, match=rf"Port {port} \(api\) is taken .* another port: --port 9000"
        ) as refused:
            try_to_listen(host, port, "api")
        assert refused.value.exit_code == TAKEN
    for _ in range(2):
        try_to_listen(host, port, "api")


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_what_is_no_address_of_this_machine_is_named(host: str) -> None:
    with pytest.raises(CannotListen, match=rf"api cannot listen at {host}:8080: [^(]+\.$") as refused:
        try_to_listen(host, 8080, "api")
    assert refused.value.exit_code == 2
