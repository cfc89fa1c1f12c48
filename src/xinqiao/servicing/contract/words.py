"""Amounts as a Chinese contract writes them, in capital numerals (中文大写), so that no digit can be added later."""

from __future__ import annotations

from xinqiao.kit import Money

DIGITS = "零壹贰叁肆伍陆柒捌玖"
UNITS = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def capital_yuan(amount: Money) -> str:
    """CNY 10050.30 is 壹万零伍拾元叁角整. Only CNY amounts from 0 to 10^16 fen."""
    if amount.currency != "CNY" or not 0 <= amount.minor < 10**16:
        raise ValueError(f"no Chinese capitals for {amount} {amount.currency}")
    yuan, fen = divmod(amount.minor, 100)
    jiao, fen = divmod(fen, 10)
    whole = _whole(yuan) + "元" if yuan else ""
    if not jiao and not fen:
        return (whole or "零元") + "整"
    tenth = DIGITS[jiao] + "角" if jiao else ("零" if yuan else "")
    return whole + tenth + (DIGITS[fen] + "分" if fen else "整")


def _whole(number: int) -> str:
    parts: list[str] = []
    place = 0
    while number:
        number, group = divmod(number, 10_000)
        text = _group(group)
        if group:
            gap = "零" if number and group < 1000 else ""
            parts.append(gap + text + GROUPS[place])
        elif parts and not parts[-1].startswith("零") and number:
            parts.append("零")
        place += 1
    return "".join(reversed(parts)).replace("零零", "零")


def _group(group: int) -> str:
    """One to four digits; inner zeros are read once, those at either end not at all."""
    digits = [(int(digit), UNITS[place]) for place, digit in zip(range(3, -1, -1), f"{group:04d}", strict=True)]
    text = "".join(DIGITS[digit] + unit if digit else "零" for digit, unit in digits)
    while "零零" in text:
        text = text.replace("零零", "零")
    return text.strip("零")
