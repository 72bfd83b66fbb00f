"""Addresses of a program, from the host that it listens on."""


def connect_host(host: str) -> str:
    """The address at which a program that listens on `host` is reached from this machine."""
    every = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}
    bracketed = f"[{host}]" if ":" in host else host
    return every.get(host, bracketed)


def display_host(host: str) -> str:
    """The same for people."""
    here = {"127.0.0.1", "localhost", "[::1]"}
    return "localhost" if connect_host(host) in here else connect_host(host)
