"""Cut the two fonts of the statements out of Noto Sans SC: what GB 2312 holds in regular weight, what the pages say in bold.

    npm pack @expo-google-fonts/noto-sans-sc@0.4.3 && tar xzf expo-google-fonts-noto-sans-sc-0.4.3.tgz
    python scripts/make_statement_fonts.py package

Run it again when a heading needs a new character: tests/web/test_statements.py says which one is missing.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

from babel.messages.pofile import read_po
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

WEB = Path(__file__).parents[1] / "src/xinqiao/web"
OUT = WEB / "statements/fonts"
WORDS = WEB / "locales/zh_CN/LC_MESSAGES"
BEYOND = "–—‘’“”•…−€✓￥·¥"
DROPPED = ["GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx", "STAT", "DSIG", "VORG"]


def main(package: Path) -> None:
    latin = {*range(0x20, 0x7F), *range(0xA0, 0x100), *map(ord, BEYOND)}
    said = "".join(str(message.string) for path in sorted(WORDS.glob("*.po")) for message in read_po(path.open("rb")))
    headings = {ord(letter) for letter in said if ord(letter) > 0x2E7F}
    cut(package / "400Regular/NotoSansSC_400Regular.ttf", "NotoSansSC-GB2312.ttf", latin | gb2312())
    cut(package / "700Bold/NotoSansSC_700Bold.ttf", "NotoSansSC-Headings.ttf", latin | headings | gb2312(range(0xA1, 0xA4)))


def gb2312(rows: range = range(0xA1, 0xF8)) -> set[int]:
    """The code points of GB/T 2312-1980: signs, full-width forms and 6,763 characters; kana, Greek and Cyrillic are left out."""
    found = set()
    for row in rows:
        for cell in range(0xA1, 0xFF):
            try:
                letter = bytes([row, cell]).decode("gb2312")
            except UnicodeDecodeError:
                continue
            if not 0x0370 <= ord(letter) <= 0x04FF and not 0x3040 <= ord(letter) <= 0x312F and not 0x2500 <= ord(letter) <= 0x257F:
                found.add(ord(letter))
    return found


def cut(source: Path, name: str, letters: set[int]) -> None:
    font = TTFont(source, recalcTimestamp=False)
    options = Options(hinting=False, layout_features=[], glyph_names=False, notdef_outline=True, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    options.drop_tables += DROPPED
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=letters)
    subsetter.subset(font)
    font.save(OUT / name)
    print(f"| `{name}` | {(OUT / name).stat().st_size:,} | `{sha256((OUT / name).read_bytes()).hexdigest()}` |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
