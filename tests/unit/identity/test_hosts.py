"""Hosts in one form, the domain that somebody registered, and where anybody can have a mailbox."""

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.identity import hosts

from .published import cases

LABELS = st.text("abcxyzABC019-éüß食狮_", min_size=1, max_size=8)
SUFFIXES = st.sampled_from(
    ["com", "co.uk", "COM.au", "github.io", "中国", "xn--fiqs8s", "ck", "kobe.jp", "example", ""]
)
NAMES = st.builds(lambda labels, suffix: ".".join([*labels, suffix]), st.lists(LABELS, max_size=4), SUFFIXES)


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("acme.com", "acme.com"),
        ("ACME.Com.", "acme.com"),
        ("https://www.Acme.com:8080/about?x=//y#z", "www.acme.com"),
        ("http://user:secret@acme.com/", "acme.com"),
        ("//acme.com", "acme.com"),
        ("acme.com:443", "acme.com"),
        ("https:acme.com", "acme.com"),
        (" acme.com/path ", "acme.com"),
        ("https:\\\\acme.com\\about", "acme.com"),
        ("info@acme.com", "acme.com"),
        ("acme.com?utm=1", "acme.com"),
        ("http://xn--mller-kva.de/", "müller.de"),
        ("MÜLLER.de", "müller.de"),
        ("mu\u0308ller.de", "müller.de"),
        ("ｆｕｌｌ.com", "full.com"),
        ("食狮。中国", "食狮.中国"),
        ("xn--i-7iq.ws", "i❤.ws"),
        ("my_host.acme.com", "my_host.acme.com"),
        ("localhost", "localhost"),
        ("", None),
        (".acme.com", None),
        ("acme..com", None),
        ("not a host", None),
        ("n/a", "n"),
        ("-acme.com", None),
        ("192.168.0.1", None),
        ("http://10.0.0.1:80/", None),
        ("0x7f.1", None),
        ("[2001:db8::1]", None),
        ("a" * 64 + ".com", None),
        (".".join(["a" * 50] * 6), None),
        ("acme.com, acme.de", None),
        ("acme'--.com", None),
    ],
)
def test_a_host_has_one_form(value: str, host: str | None) -> None:
    assert hosts.host_of(value) == host


OWN = [
    ("example.com", "example.com"),
    ("a.b.example.com", "example.com"),
    ("shop.example.co.uk", "example.co.uk"),
    ("co.uk", None),
    ("foo.github.io", "foo.github.io"),
    ("www.foo.github.io", "foo.github.io"),
    ("github.io", None),
    ("acme.s3.amazonaws.com", "acme.s3.amazonaws.com"),
    ("a.b.kawasaki.jp", "a.b.kawasaki.jp"),
    ("www.city.kawasaki.jp", "city.kawasaki.jp"),
    ("WWW.XN--MLLER-KVA.DE.", "müller.de"),
    ("https://www.acme.com.br/contato", "acme.com.br"),
    (".com", None),
    ("10.0.0.1", None),
    ("intranet", None),
    ("", None),
]
PUBLISHED = [(each["host"], each["registrable_domain"]) for each in cases("public_suffix") if each["host"]]


@pytest.mark.parametrize(("host", "registrable"), OWN + PUBLISHED)
def test_a_registrable_domain_is_one_label_more_than_its_public_suffix(host: str, registrable: str | None) -> None:
    # A case in punycode expects punycode; ours is the same name in Unicode.
    expected = registrable and ".".join(idna.decode(label) for label in registrable.split("."))
    assert hosts.registrable_domain(host) == expected


@given(NAMES)
def test_a_registrable_domain_ends_its_host_and_is_its_own(name: str) -> None:
    host, registrable = hosts.host_of(name), hosts.registrable_domain(name)
    if host is not None:
        assert hosts.host_of(host) == host
    if registrable is not None:
        assert host is not None
        assert host == registrable or host.endswith(f".{registrable}")
        assert hosts.registrable_domain(registrable) == registrable


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_hosts(text: str) -> None:
    host = hosts.host_of(text)
    assert host is None or hosts.host_of(f"https://www.{host}:8080/a?b#c") in (f"www.{host}", None)


@pytest.mark.parametrize(
    ("host", "is_free", "is_disposable"),
    [
        ("gmail.com", True, False),
        ("mail.yahoo.com", True, False),
        ("mailinator.com", True, True),
        ("box.10minutemail.com", False, True),
        ("acme.com", False, False),
        ("notgmail.com", False, False),
        ("gmail.com.acme.com", False, False),
        ("com", False, False),
    ],
)
def test_where_anybody_can_have_a_mailbox(host: str, is_free: bool, is_disposable: bool) -> None:
    assert (hosts.is_free(host), hosts.is_disposable(host)) == (is_free, is_disposable)
