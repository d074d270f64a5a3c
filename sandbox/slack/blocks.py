"""Block Kit's limits: what Slack answers `invalid_blocks` for."""

from collections.abc import Iterator
from typing import Any

MOST_BLOCKS, MOST_VIEW_BLOCKS = 50, 100
_KNOWN = {"section", "header", "divider", "context", "actions", "image", "input", "rich_text", "markdown", "table"}
_ELEMENTS = {
    "button",
    "static_select",
    "users_select",
    "external_select",
    "overflow",
    "datepicker",
    "checkboxes",
    "radio_buttons",
    "plain_text_input",
    "image",
}
Block = dict[str, Any]


def faults(blocks: object, most: int = MOST_BLOCKS) -> list[str]:
    """Messages as Slack words them, each with a JSON pointer; empty when the blocks are valid."""
    if not isinstance(blocks, list):
        return ["[ERROR] must be an array [json-pointer:/blocks]"]
    found = []
    if len(blocks) > most:
        found.append(f"[ERROR] no more than {most} items allowed [json-pointer:/blocks]")
    seen: set[str] = set()
    for place, block in enumerate(blocks):
        path = f"/blocks/{place}"
        if not isinstance(block, dict):
            found.append(_fault("must be an object", path))
            continue
        given = block.get("block_id")
        if given is not None:
            if len(str(given)) > 255:
                found.append(_fault("must be less than 256 characters", f"{path}/block_id"))
            if given in seen:
                found.append(_fault("block_id already exists", f"{path}/block_id"))
            seen.add(given)
        found += _block(block, path)
    return found


def _block(block: Block, path: str) -> Iterator[str]:
    kind = block.get("type")
    if kind not in _KNOWN:
        yield _fault(f"unsupported type: {kind}", f"{path}/type")
    elif kind == "section":
        yield from _section(block, path)
    elif kind == "header":
        yield from _text(block.get("text"), f"{path}/text", 150, plain=True)
    elif kind == "context":
        yield from _context(block, path)
    elif kind == "actions":
        elements = block.get("elements")
        if not isinstance(elements, list) or not 1 <= len(elements) <= 25:
            yield _fault("must have between 1 and 25 items", f"{path}/elements")
            return
        for place, element in enumerate(elements):
            yield from _element(element, f"{path}/elements/{place}")
    elif kind == "image":
        yield from _image(block, path)


def _section(block: Block, path: str) -> Iterator[str]:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        yield _fault("must provide either text or fields", path)
    if block.get("text") is not None:
        yield from _text(block["text"], f"{path}/text", 3000)
    if fields is not None:
        if not isinstance(fields, list) or not 1 <= len(fields) <= 10:
            yield _fault("must have between 1 and 10 items", f"{path}/fields")
            return
        for place, item in enumerate(fields):
            yield from _text(item, f"{path}/fields/{place}", 2000)
    if block.get("accessory") is not None:
        yield from _element(block["accessory"], f"{path}/accessory")


def _context(block: Block, path: str) -> Iterator[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
        yield _fault("must have between 1 and 10 items", f"{path}/elements")
        return
    for place, element in enumerate(elements):
        if isinstance(element, dict) and element.get("type") == "image":
            yield from _image(element, f"{path}/elements/{place}")
        else:
            yield from _text(element, f"{path}/elements/{place}", 3000)


def _image(block: Block, path: str) -> Iterator[str]:
    for name, most in (("image_url", 3000), ("alt_text", 2000)):
        value = block.get(name)
        if not isinstance(value, str) or not 1 <= len(value) <= most:
            yield _fault(f"must be between 1 and {most} characters", f"{path}/{name}")


def _element(element: object, path: str) -> Iterator[str]:
    if not isinstance(element, dict) or element.get("type") not in _ELEMENTS:
        yield _fault("unsupported element", path)
        return
    for name, most in (("action_id", 255), ("value", 2000), ("url", 3000)):
        value = element.get(name)
        if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= most):
            yield _fault(f"must be between 1 and {most} characters", f"{path}/{name}")
    kind = element["type"]
    if kind == "button":
        yield from _text(element.get("text"), f"{path}/text", 75, plain=True)
        if element.get("style") not in (None, "primary", "danger"):
            yield _fault("must be one of primary, danger", f"{path}/style")
    elif kind in ("static_select", "overflow", "checkboxes", "radio_buttons"):
        low, high = {"overflow": (2, 5), "static_select": (1, 100)}.get(kind, (1, 10))
        options = element.get("options")
        if options is None and element.get("option_groups"):
            return
        if not isinstance(options, list) or not low <= len(options) <= high:
            yield _fault(f"must have between {low} and {high} items", f"{path}/options")
            return
        for place, option in enumerate(options):
            yield from _text(option.get("text"), f"{path}/options/{place}/text", 75)
            if not 1 <= len(str(option.get("value", ""))) <= 150:
                yield _fault("must be between 1 and 150 characters", f"{path}/options/{place}/value")


def _text(text: object, path: str, most: int, plain: bool = False) -> Iterator[str]:
    if not isinstance(text, dict):
        yield _fault("missing required field: text", path)
        return
    allowed = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if text.get("type") not in allowed:
        yield _fault(f"must be one of {', '.join(allowed)}", f"{path}/type")
    value = text.get("text")
    if not isinstance(value, str) or len(value) < 1:
        yield _fault("must be more than 0 characters", f"{path}/text")
    elif len(value) > most:
        yield _fault(f"must be less than {most + 1} characters", f"{path}/text")


def _fault(message: str, path: str) -> str:
    return f"[ERROR] {message} [json-pointer:{path}]"
