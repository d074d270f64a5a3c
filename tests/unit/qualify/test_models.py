"""What is kept of the models."""

import pytest

from handoff.qualify.models import Model, ModelSet, without_database


@pytest.mark.parametrize("database", ["handoff", "line", "test_7", "a.b"])
def test_a_database_s_name_is_left_out_and_a_schema_s_of_the_same_name_is_not(database: str) -> None:
    text = (
        f'select * from "{database}"."handoff"."go_live" join "{database}"."line"."int_leads" on "handoff"."x" is null'
    )
    assert without_database(text, database) == (
        'select * from "handoff"."go_live" join "line"."int_leads" on "handoff"."x" is null'
    )


def model(name: str, *inputs: str) -> Model:
    return Model(name, True, f"select '{name}'", "", inputs)


def test_what_is_needed_comes_in_order_and_nothing_else() -> None:
    every = ModelSet((model("a"), model("b", "a"), model("c"), model("d", "b"), model("e", "c", "d")))
    assert [each.name for each in every.needed_for(["d"])] == ["a", "b", "d"]
    with pytest.raises(KeyError):
        every.needed_for(["unheard_of"])


def test_equal_models_have_one_hash_and_survive_being_kept() -> None:
    every = ModelSet((model("a"), model("b", "a")))
    assert ModelSet.from_json(every.as_json()) == every
    assert ModelSet.from_json(every.as_json()).hash == every.hash != ModelSet((model("a"),)).hash
