"""Block Kit's interactive elements: their limits, and what a payload says about what a person chose."""

from collections.abc import Iterator
from typing import Any

Element = dict[str, Any]
_TYPED = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
_ONE_OF = ("static_select", "external_select", "overflow", "radio_buttons")
_SOME_OF = ("checkboxes", "multi_static_select")
_NAMED = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
}
ELEMENTS = {"button", "image", *_TYPED, *_ONE_OF, *_SOME_OF, *_NAMED}
_OPTIONS = {"overflow": (2, 5), "static_select": (1, 100), "multi_static_select": (1, 100)}
_LENGTHS = (("action_id", 255), ("value", 2000), ("url", 3000), ("initial_value", 3000))
_CONFIRM = (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30))


def fault(message: str, path: str) -> str:
    """A message as Slack words it, with a JSON pointer."""
    return f"[ERROR] {message} [json-pointer:{path}]"


def text_faults(text: object, path: str, most: int, plain: bool = False) -> Iterator[str]:
    """What is wrong with a text object of at most so many characters."""
    if not isinstance(text, dict):
        yield fault("missing required field: text", path)
        return
    allowed = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if text.get("type") not in allowed:
        yield fault(f"must be one of {', '.join(allowed)}", f"{path}/type")
    value = text.get("text")
    if not isinstance(value, str) or len(value) < 1:
        yield fault("must be more than 0 characters", f"{path}/text")
    elif len(value) > most:
        yield fault(f"must be less than {most + 1} characters", f"{path}/text")


def faults(element: object, path: str) -> Iterator[str]:
    """What is wrong with an element of a block."""
    if not isinstance(element, dict) or element.get("type") not in ELEMENTS:
        yield fault("unsupported element", path)
        return
    for name, most in _LENGTHS:
        value = element.get(name)
        if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= most):
            yield fault(f"must be between 1 and {most} characters", f"{path}/{name}")
    kind = element["type"]
    if kind == "button":
        yield from text_faults(element.get("text"), f"{path}/text", 75, plain=True)
        if element.get("style") not in (None, "primary", "danger"):
            yield fault("must be one of primary, danger", f"{path}/style")
    elif kind in (*_ONE_OF, *_SOME_OF) and not element.get("option_groups") and kind != "external_select":
        yield from _option_faults(element.get("options"), path, *_OPTIONS.get(kind, (1, 10)))
    if isinstance(element.get("confirm"), dict):
        for name, most in _CONFIRM:
            yield from text_faults(element["confirm"].get(name), f"{path}/confirm/{name}", most, name != "text")
    if element.get("placeholder") is not None:
        yield from text_faults(element["placeholder"], f"{path}/placeholder", 150, plain=True)


def _option_faults(options: object, path: str, low: int, high: int) -> Iterator[str]:
    if not isinstance(options, list) or not low <= len(options) <= high:
        yield fault(f"must have between {low} and {high} items", f"{path}/options")
        return
    for place, option in enumerate(options):
        yield from text_faults(option.get("text"), f"{path}/options/{place}/text", 75)
        if not 1 <= len(str(option.get("value", ""))) <= 150:
            yield fault("must be between 1 and 150 characters", f"{path}/options/{place}/value")


def chosen(element: Element, given: object) -> Element:
    """What a payload says about an element besides its ids, when a person gave `given`: text, or an option's value.

    Raises:
        ValueError: no option has that value; the message names those that there are.
    """
    kind = element["type"]
    if kind == "button":
        return {"value": element["value"]} if "value" in element else {}
    if kind in _ONE_OF:
        return {"selected_option": _option(element, str(given)) if given else element.get("initial_option")}
    if kind in _SOME_OF:
        values = given if isinstance(given, list) else [given] if given else []
        options = [_option(element, str(value)) for value in values]
        return {"selected_options": options or element.get("initial_options", [])}
    if kind in _NAMED:
        name = _NAMED[kind]
        return {name: str(given) if given else element.get(name.replace("selected", "initial"))}
    return {"value": str(given) if given else element.get("initial_value")}


def _option(element: Element, value: str) -> Element:
    groups = [group["options"] for group in element.get("option_groups", ())]
    options: list[Element] = [*element.get("options", ()), *(option for group in groups for option in group)]
    for option in options:
        if option["value"] == value:
            return option
    raise ValueError(f"no option {value!r}: there are {', '.join(str(option['value']) for option in options)}")
