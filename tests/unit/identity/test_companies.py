"""Company names: spellings of one name share a key, and two companies do not."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.identity.companies import company_key

from .published import cases, companies

SAME = [
    ("Acme", "ACME, Inc.", "Acme Incorporated", "acme inc", "Acme Ltd.", "ACME GmbH & Co. KG", "Acme Co., Ltd."),
    ("Volvo AB", "VOLVO A.B.", "Volvo"),
    ("L'Oréal S.A.", "LOreal SA", "L’Oréal"),
    ("AT&T Inc.", "A.T.&T.", "AT and T"),
    ("América Móvil, S.A.B. de C.V.", "America Movil"),
    ("Łódź Sp. z o.o. Sp.k.", "Lodz Sp. z o.o."),
    ("ООО «Ромашка»", "Ромашка"),
    ("株式会社サンプル", "サンプル株式会社", "㈱サンプル", "サンプル"),
    ("Oy Acme Ab", "Acme Oy"),
    ("Acme GmbH Berlin", "Acme Berlin"),
    ("Coca-Cola Co", "The Coca Cola Company".removeprefix("The ")),
    ("Straße AG", "Strasse"),
    ("Schmidt + Partner GmbH", "Schmidt & Partner", "Schmidt and Partner"),
    ("A+M Fasteners K.S.C.C.", "A & M Fasteners KSC", "A and M Fasteners"),
]
DIFFERENT = [
    ("Vodafone UK Ltd", "Vodafone Ltd"),
    ("Acme Germany GmbH", "Acme France SARL"),
    ("Limited Brands Inc", "Brands Inc"),
    ("Inc Magazine", "Magazine"),
    ("SAS Institute Inc.", "Institute Inc."),
    ("SC Johnson", "Johnson Inc"),
    ("A. O. Smith Corp", "Smith Corp"),
    ("NV Energy", "Energy N.V."),
    ("PT Solutions", "Solutions LLC"),
    ("Bank of China", "Bank of India"),
    ("Acme Holdings", "Acme"),
    ("A+ Schools", "A and Schools"),
    ("カ", "ガ"),
]
PIECES = ["a", "B", "c.", "&", "+", "Inc", "GmbH", "co", "株式会社", "S.A.", "de", "C.V.", "é", "ß"]
PUBLISHED = [(each["input"], each["expected_base_name"]) for each in cases("company_names/cleanco_cases.json")]


@pytest.mark.parametrize("names", SAME, ids=lambda names: names[0])
def test_spellings_of_one_name_share_a_key(names: tuple[str, ...]) -> None:
    assert len({company_key(name) for name in names}) == 1
    assert company_key(names[0])


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_a_word_that_tells_two_companies_apart_stays(one: str, other: str) -> None:
    assert company_key(one) != company_key(other)


@pytest.mark.parametrize("name", ["", " ", "LLC", "inc & co", "Company Pvt. Ltd.", "GmbH & Co. KG", "—", "株式会社"])
def test_a_legal_form_alone_is_no_name(name: str) -> None:
    assert company_key(name) is None


@pytest.mark.parametrize(("name", "base_name"), [("Hello World Ab Oy", "Hello World"), *PUBLISHED])
def test_a_name_and_its_base_name_share_a_key(name: str, base_name: str) -> None:
    assert company_key(name) == company_key(base_name)


@given(st.text(max_size=40) | st.lists(st.sampled_from(PIECES)).map(" ".join))
def test_the_key_of_a_key_is_the_key(name: str) -> None:
    key = company_key(name)
    assert key is None or company_key(key) == key


def test_companies_of_one_country_that_share_a_key_are_one() -> None:
    """What the rule for names relies on: it asks for the country where it is known."""
    own = [("Emco Ltd.", "Canada"), ("EMCO spol. s r.o.", "Czech Republic"), ("Emco Wheaton Inc.", "Canada")]
    found = defaultdict(set)
    for name, country in own + companies():
        found[company_key(name), country].add(name)
    assert [names for names in found.values() if len(names) > 1] == []
    assert [names for (key, _), names in found.items() if key is None] == []
