"""A LinkedIn profile opens however its address is written, and nothing else does."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.identity.profiles import profile_url

JORDAN = "https://www.linkedin.com/in/jordan-lee"


@pytest.mark.parametrize(
    "written",
    [
        JORDAN,
        # As Apollo answers.
        "http://www.linkedin.com/in/jordan-lee",
        "linkedin.com/in/jordan-lee",
        "www.linkedin.com/in/jordan-lee/",
        "https://LinkedIn.com/in/jordan-lee",
        "https://uk.linkedin.com/in/jordan-lee?trk=public_profile&originalSubdomain=uk",
        " https://m.linkedin.com/in/jordan-lee#about\n",
    ],
)
def test_one_profile_has_one_address(written: str) -> None:
    assert profile_url(written) == JORDAN


def test_letters_of_other_scripts_are_escaped_once() -> None:
    escaped = "https://www.linkedin.com/in/jos%C3%A9-ruiz"
    assert profile_url("https://www.linkedin.com/in/josé-ruiz") == escaped
    assert profile_url(escaped) == escaped


@pytest.mark.parametrize(
    "written",
    [
        *("", "null", "jordan-lee", "https://www.linkedin.com", "https://www.linkedin.com/", "linkedin.com/feed"),
        *("javascript:alert(1)", "https://www.linkedin.com/in/", "https://www.linkedin.com/in//"),
        *("https://evil.example/in/x", "https://www.linkedin.com.evil.example/in/x", "//www.linkedin.com/in/x"),
        *("https://www.linkedin.com@evil.example/in/x", "https://evil.example/?https://www.linkedin.com/in/x"),
        *("https://notlinkedin.com/in/x", "https://www.linkedin.com:8080/in/x", "ftp://www.linkedin.com/in/x"),
        *("https://www.linkedin.com/in/x|app>", "https://www.linkedin.com/in/x y", "https://www.linkedin.com\\@evil/x"),
        f"https://www.linkedin.com/in/{'x' * 300}",
    ],
)
def test_what_is_no_profile_is_not_linked(written: str) -> None:
    assert profile_url(written) is None


@given(st.text(max_size=40))
def test_whatever_stands_behind_the_host_makes_a_safe_link_or_none(text: str) -> None:
    url = profile_url(f"https://www.linkedin.com/in/{text}")
    assert url is None or re.fullmatch(r"https://www\.linkedin\.com/in/[A-Za-z0-9._~%/-]+", url)
    assert url is None or profile_url(url) == url
