"""Single cells of an agreement changed in memory, for a backtest."""

from datetime import date

import pytest

from handoff.agreement import source
from handoff.agreement.check import problems
from handoff.agreement.what_if import Edit, Unfit, changed, parse

from .conftest import Seeds

DAY = date(2026, 6, 1)


def test_a_value_may_hold_what_separates() -> None:
    assert parse("sig-page-blog:points=0") == Edit("sig-page-blog", "points", "0")
    assert parse("cap-x:why=a=b:c") == Edit("cap-x", "why", "a=b:c")
    assert str(parse("cap-x:why=a=b:c")) == "cap-x:why=a=b:c"


@pytest.mark.parametrize("text", ["sig-page-blog", "sig-page-blog:points", ":points=0", "sig-page-blog:=0", "points=0"])
def test_another_form_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Unfit, match="is no change: write ID:COLUMN=VALUE, for example sig-page-blog:points=0"):
        parse(text)


def test_only_the_named_cells_change() -> None:
    before = source()
    after = changed(before, [parse("sig-page-blog:points=0"), parse("platform-mql:threshold=70")], DAY)
    differing = {
        (name, column, old[column], new[column])
        for name, rows in before.as_tables().items()
        for old, new in zip(rows, after.as_tables()[name], strict=True)
        for column in old
        if old[column] != new[column]
    }
    assert differing == {("signals", "points", "1", "0"), ("definitions", "threshold", "65", "70")}
    assert after.name == "the checkout with sig-page-blog:points=0, platform-mql:threshold=70"
    assert changed(before, [], DAY) == before


def test_the_row_that_is_in_force_is_meant(seeds: Seeds) -> None:
    seeds.change("signals", "sig-page-blog", valid_to="2026-05-01")
    seeds.add("signals", "sig-page-blog", points="4", valid_from="2026-05-01", valid_to="9999-12-31")
    before = source(str(seeds.directory))
    for day, points in ((date(2026, 4, 30), ["9", "4"]), (date(2026, 5, 1), ["1", "9"])):
        after = changed(before, [parse("sig-page-blog:points=9")], day)
        assert [row.cells["points"] for row in after.rows("signals", rule_id="sig-page-blog")] == points


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "sig-page-blogs:points=0",
            r"no row of the agreement has the id 'sig-page-blogs': did you mean sig-page-",
        ),
        ("sig-page-blog:point=0", r"signal sig-page-blog has no column 'point': did you mean points\?"),
        ("sig-page-blog:points=few", r"points of signal sig-page-blog cannot be 'few': it is of type numeric"),
        ("sig-page-blog:points=", r"points of signal sig-page-blog cannot be '': it is of type numeric"),
        ("company-hours:weekday=8", r"no row of the agreement has the id 'company-hours'"),
    ],
)
def test_what_cannot_be_changed_is_one_sentence(text: str, says: str) -> None:
    with pytest.raises(Unfit, match=says) as refused:
        changed(source(), [parse(text)], DAY)
    assert "\n" not in str(refused.value)


def test_a_row_that_is_not_in_force_cannot_be_tried(seeds: Seeds) -> None:
    seeds.change("signals", "sig-page-blog", valid_to="2026-05-01")
    with pytest.raises(Unfit, match="no row of sig-page-blog is in force on 2026-06-01"):
        changed(source(str(seeds.directory)), [parse("sig-page-blog:points=0")], DAY)


def test_one_id_in_two_tables_is_not_guessed_at(seeds: Seeds) -> None:
    seeds.add("fit_points", "fit-size-mid", rule_id="sig-page-blog")
    agreement = source(str(seeds.directory))
    with pytest.raises(Unfit, match=r"names 2 rows in force \(seeds/agreement/fit_points.csv:\d+, seeds/agreement/sig"):
        changed(agreement, [parse("sig-page-blog:points=0")], DAY)
    after = changed(agreement, [parse("sig-page-blog:half_life_days=3")], DAY)
    assert [row["half_life_days"] for row in after.rows("signals", rule_id="sig-page-blog")] == [3]


def test_what_breaks_a_rule_of_the_agreement_is_found_by_the_check() -> None:
    errors = problems(changed(source(), [parse("platform-mql:threshold=0")], DAY))
    assert [(each.file, each.line, each.column, each.found) for each in errors if each.severity == "error"] == [
        ("seeds/agreement/definitions.csv", 2, "threshold", "0")
    ]
