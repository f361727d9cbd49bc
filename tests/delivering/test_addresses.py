"""Where a webhook may go: never to what only this machine can reach, in whatever notation."""

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.delivering import addresses
from service.errors import Undeliverable

V4 = st.ip_addresses(v=4)
SPECIAL = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255"),  # noqa: S104
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.0.9"),
    *("192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "233.252.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
]
SPECIAL_6 = [
    *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b:1::808:808", "100::1"),
    *("2001::1", "2001:2::1", "2001:20::1", "2001:db8::1", "3fff::1", "4000::1", "5f00::1", "fc00::1"),
    *("fd00::1", "fe80::1", "fe80::1%1", "febf::1", "fec0::1", "ff02::1", "ff0e::1"),
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.255.255"]
PUBLIC += ["172.32.0.1", "192.0.1.1", "223.255.255.255", "2001:4860:4860::8888", "2606:4700::1111"]


def hidden(address: Any) -> list[str]:
    """The same IPv4 address, as it may stand inside of one of IPv6."""
    number = int(ipaddress.IPv4Address(address))
    numbers = (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80 | 1)
    return [str(ipaddress.IPv6Address(inner)) for inner in numbers]


@pytest.mark.parametrize("address", [*SPECIAL, *SPECIAL_6])
def test_not_public(address: str) -> None:
    assert not addresses.public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert addresses.public(address)


@given(V4)
def test_ipv4_inside_of_ipv6_is_itself(address: Any) -> None:
    assert {addresses.public(inner) for inner in hidden(address)} == {addresses.public(str(address))}


@pytest.mark.parametrize("address", SPECIAL)
def test_no_special_address_hides(address: str) -> None:
    assert not any(addresses.public(inner) for inner in hidden(address))


@given(st.ip_addresses())
def test_what_python_knows_not_to_be_global_is_not_public(address: Any) -> None:
    # Of one within another it is the inner that counts: 2002:100:: is 1.0.0.0, which is public.
    address = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
    if not address.is_global or address.is_multicast or address.is_link_local:
        assert not addresses.public(str(address))


def asked(url: str, *, private: bool = False) -> list[addresses.Address]:
    return addresses.addresses(addresses.target(url), private=private)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "LOCALHOST", "localhost.", "2130706433", "0x7f.1", "0x7f000001"),
        *("0177.0.0.1", "127.1", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
        *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "169.254.169.254", "[fe80::1]", "0251.0376.0251.0376"),
        "[0:0:0:0:0:ffff:a9fe:a9fe]",
    ],
)
def test_no_notation_leads_to_this_machine(host: str) -> None:
    for url in (f"http://{host}/", f"https://{host}:8443/x?y"):
        with pytest.raises(Undeliverable, match=r"not public|has no address"):
            asked(url)


def test_the_setting_allows_it() -> None:
    (found,) = asked("http://127.0.0.1:81/", private=True)
    assert (found.family, found.place) == (socket.AF_INET, ("127.0.0.1", 81))


def test_one_address_that_is_not_public_is_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [["93.184.216.34", "10.0.0.1"], ["10.0.0.1", "93.184.216.34"], ["93.184.216.34"]]
    asks = []

    def resolver(host: str, port: int, **_: Any) -> list[Any]:
        asks.append(host)
        return [(socket.AF_INET, 1, 6, "", (one, port)) for one in answers[len(asks) - 1]]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    for _ in range(2):
        with pytest.raises(Undeliverable, match=r"10\.0\.0\.1, which is not public"):
            asked("https://hooks.example/")
    assert [found.place for found in asked("https://hooks.example/")] == [("93.184.216.34", 443)]
    assert asks == ["hooks.example"] * 3


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks.example", "//hooks.example/", "ftp://hooks.example/", "file:///etc/passwd"),
        *("http://", "http:///x", "http://user@hooks.example/", "http://user:pw@hooks.example/"),
        *("http://@hooks.example/", "http://hooks.example/#x", "http://hooks.example:99999/"),
        *(
            "http://hooks.example:x/",
            "http://[::1/",
            "http://hooks.example/a b",
            "http://hooks.example/\r\nX: y",
        ),
        *("http://höoks.example/", "http://hooks.example/\x00", "javascript:alert(1)", "http://a\\@b/"),
        "http://hooks.example/" + "x" * 2000,
    ],
)
def test_what_is_no_address_of_a_webhook(url: str) -> None:
    with pytest.raises(Undeliverable):
        addresses.target(url)


def test_where_a_url_leads() -> None:
    assert addresses.target("https://Hooks.example") == (True, "hooks.example", 443, "/")
    assert addresses.target("http://[2606:4700::1111]:0/a?b=c") == (False, "2606:4700::1111", 0, "/a?b=c")
