"""The syntax of addresses, and one key for all spellings that reach one mailbox."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.identity import addresses, hosts, rows
from handoff.identity.addresses import Address
from handoff.settings import settings

from .published import cases

REFERENCE = settings().dbt_project / "seeds" / "reference"
OWN = [
    ("Jane.Doe+news@GMail.com", "janedoe@gmail.com"),
    ("jane.doe@googlemail.com", "janedoe@gmail.com"),
    ("jane..doe@gmail.com", "jane..doe@gmail.com"),
    ("jane.doe+x@acme.com", "jane.doe+x@acme.com"),
    ("Jane-Shop@yahoo.co.uk", "jane@yahoo.co.uk"),
    ("jane-a-b@ymail.com", "jane@ymail.com"),
    ("jane-doe@yahoo.co.jp", "jane-doe@yahoo.co.jp"),
    ("jane.doe+x@hotmail.fr", "jane.doe@hotmail.fr"),
    ("jane+x@me.com", "jane@me.com"),
    ("jane+x@yandex.kz", "jane@yandex.ru"),
    ("jane+x@pm.me", "jane@pm.me"),
    ("shops@jane.fastmail.com", "jane@fastmail.com"),
    ("shops@jane.gmail.com", "shops@jane.gmail.com"),
    ("jane@XN--MLLER-KVA.de", "jane@müller.de"),
    ('"jane+doe"@gmail.com', '"jane+doe"@gmail.com'),
    (" jane@acme.com ", "jane@acme.com"),
    ("+x@gmail.com", None),
    ("@acme.com", None),
    ("jane@", None),
    ("jane", None),
    ("", None),
    ("jane@10.0.0.1", None),
]
# Only with all of that project's defaults; the rest of its cases switch parts of the folding off.
PUBLISHED = [
    (each["input"], each["expected"]) for each in cases("email_normalisation") if all(each["options"].values())
]
PROVIDERS = sorted(rows.mail_providers())
LOCALS = st.text('abAB.+-_ "0é', min_size=0, max_size=12)


@pytest.mark.parametrize(("address", "key"), OWN + PUBLISHED)
def test_spellings_of_one_mailbox_have_one_key(address: str, key: str | None) -> None:
    assert addresses.fold(address) == key


@given(LOCALS, st.sampled_from([*PROVIDERS, "a.b.fastmail.com", "acme.com", "MÜLLER.de"]))
def test_the_key_of_a_key_is_the_key(local: str, domain: str) -> None:
    key = addresses.fold(f"{local}@{domain}")
    assert key is None or addresses.fold(key) == key


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_addresses(text: str) -> None:
    key = addresses.fold(text)
    assert key is None or addresses.fold(key) == key
    assert addresses.read(text).is_valid in (True, False)


def test_an_address_is_read_by_its_text() -> None:
    assert addresses.read("jane.doe@eu.acme.co.uk") == Address(
        "jane.doe@eu.acme.co.uk", "eu.acme.co.uk", "acme.co.uk", is_free=False, is_disposable=False, is_valid=True
    )
    assert addresses.read("jane.doe+x@gmail.com") == Address(
        "janedoe@gmail.com", "gmail.com", "gmail.com", is_free=True, is_disposable=False, is_valid=True
    )
    assert addresses.read("a@10minutemail.com").is_disposable


@pytest.mark.parametrize(
    "address",
    [
        *("", "@", "a@", "a@b", "a b@c.example", "a@@b.example", "a@b..example", "a@.example", "x" * 300),
        *("a.@acme.com", "a..b@acme.com", "a@acme.com.", "Jane <jane@acme.com>", "a@[10.0.0.1]", "a@localhost"),
        *("a@-acme.com", "a@acme.test", "a,b@acme.com", f"{'a' * 65}@acme.com"),
    ],
)
def test_what_is_no_address_says_nothing(address: str) -> None:
    assert addresses.read(address) == Address()


def test_every_provider_whose_addresses_are_folded_gives_them_to_anybody() -> None:
    with (REFERENCE / "free_mail_domains.csv").open(encoding="utf-8", newline="") as file:
        own = {row["domain"]: row["is_free"] == "true" for row in csv.DictReader(file)}
    assert [each for each in PROVIDERS if not own.get(each, hosts.is_free(each))] == []
    assert [each for each in own if hosts.host_of(each) != each] == []
