"""Bytes as text, with what editors and spreadsheets do to it named."""

Flaw = tuple[int, str, str]
"""Line, what is wrong, and what to do about it."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def decode(content: bytes) -> tuple[str | None, list[Flaw]]:
    """The text with plain line ends, None when it is no text; and its flaws."""
    flaws: list[Flaw] = []
    if content.startswith(BYTE_ORDER_MARK):
        content = content.removeprefix(BYTE_ORDER_MARK)
        flaws.append((1, "begins with a byte order mark, as Excel writes it", "save it as UTF-8 without one"))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as reason:
        line = content.count(b"\n", 0, reason.start) + 1
        found = f"is not UTF-8: it has the byte 0x{content[reason.start]:02x}"
        return None, [*flaws, (line, found, "save it as UTF-8, not in the encoding of one country")]
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return None, [
            *flaws,
            (line, "has a NUL character", "take it away: no editor shows it, `tr -d '\\000'` finds it"),
        ]
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        flaws.append((line, "has line ends of Windows or an old Mac", "save it with LF line ends"))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, flaws
