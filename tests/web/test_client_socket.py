"""How long a client is waited for, in all."""

import select
import socket
import threading
import time

import pytest

from web.client_socket import ClientSocket, ClientTooSlow


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ClientSocket.of(ours) as ours, theirs:
        yield ours, theirs


def test_receives_and_sends(pair):
    ours, theirs = pair
    ours.begin(5)
    theirs.sendall(b"hello")
    assert ours.peek(3) == b"hel" and ours.recv(10) == b"hello"
    ours.sendall(b"world")
    assert theirs.recv(10) == b"world"
    assert ours.peek(1) is None
    theirs.close()
    assert ours.peek(1) == b"" and ours.recv(1) == b""


def test_poll_wakes_when_more_arrives():
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours = ClientSocket.of(server.accept()[0])
    with theirs, ours:
        theirs.sendall(b"abc")
        assert select.select([ours], [], [], 10)[0]
        ours.wake_at(4)
        assert not select.select([ours], [], [], 0.1)[0]
        theirs.sendall(b"d")
        assert select.select([ours], [], [], 10)[0]
        ours.wake_at(9)
        theirs.close()
        assert select.select([ours], [], [], 10)[0]
        ours.wake_at(1)
        assert ours.recv(9) == b"abcd"
        ours.close()
        ours.wake_at(1)


def test_dripping_bytes_do_not_extend_the_time(pair):
    ours, theirs = pair
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.05):
            theirs.sendall(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    ours.begin(0.5)
    started = time.monotonic()
    try:
        with pytest.raises(ClientTooSlow):
            while True:
                ours.recv(100)
    finally:
        over.set()
        dripping.join()
    assert time.monotonic() - started >= 0.4


def test_the_servers_own_time_costs_the_client_nothing(pair):
    ours, theirs = pair
    ours.begin(0.3)
    time.sleep(0.5)
    theirs.sendall(b"x")
    assert ours.recv(1) == b"x"


def test_a_client_that_takes_nothing(pair):
    ours, _ = pair
    ours.begin(0.2)
    with pytest.raises(ClientTooSlow):
        ours.sendall(bytes(50_000_000))
    with pytest.raises(ClientTooSlow):
        ours.sendall(b"x")


def test_a_shorter_wait_of_somebody_else_is_his(pair):
    ours, _ = pair
    ours.begin(60)
    ours.settimeout(0.05)
    with pytest.raises(TimeoutError):
        ours.recv(1)
    assert ours.gettimeout() == 0.05
