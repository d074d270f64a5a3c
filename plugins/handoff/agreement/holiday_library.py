"""The library `holidays`: which days a country, or a part of it, keeps. https://holidays.readthedocs.io"""

from datetime import date


class NotKnown(LookupError):
    """The library knows no such country, or no such part of it; the text says what to write instead."""

    def __init__(self, column: str, remedy: str) -> None:
        super().__init__(remedy)
        self.column = column
        """Column of `calendar_countries` whose cell is not known."""


def of_country(country: str, subdivision: str, years: range) -> dict[date, str]:
    """Public holidays and their English names.

    Args:
        country: ISO 3166 alpha-2.
        subdivision: a part of it by the library's code, or `none`.

    Raises:
        NotKnown
    """
    import holidays

    try:
        whole = holidays.country_holidays(country)
    except NotImplementedError as error:
        raise NotKnown("country", "take the row away, and write the country's holidays by hand") from error
    if subdivision != "none" and subdivision not in whole.subdivisions:
        parts = ", ".join(whole.subdivisions[:20])
        raise NotKnown("subdivision", f"write none, or one of {parts}" if parts else "write none")
    part = None if subdivision == "none" else subdivision
    return dict(holidays.country_holidays(country, subdiv=part, years=years, language="en_US"))
