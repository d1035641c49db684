"""Make the fonts in flaskblog/static/fonts anew, as subsets of two free families.

    npm pack @fontsource-variable/source-serif-4@5.3.1 @fontsource-variable/inter@5.3.0
    for name in source-serif-4 inter; do
        mkdir $name && tar -xzf fontsource-variable-$name-*.tgz -C $name
    done
    pip install fonttools==4.68.0 brotli==1.2.1
    python docs/fonts.py FOLDER   # the one with the two folders

The families have other names in our files and style sheets: "Source" is a reserved font name of the
licence (OFL.txt beside the fonts), which a changed font must not have.
"""

import sys
from io import BytesIO
from pathlib import Path

from fontTools.subset import Options, Subsetter, parse_unicodes
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FONTS = Path(__file__).parents[1] / "flaskblog/static/fonts"
# Western Europe, with the punctuation of prose.
LATIN = (
    "20-7E,A0-FF,131,152-153,2C6,2DA,2DC,2002-2003,2009-200B,2010-2015,2018-201E,2020-2022,2026,"
    "202F-2030,2032-2033,2039-203A,2044,20AC,2122,2190-2193,2212"
)
# Central Europe, the Baltic, Turkey, Wales and Esperanto. `fonts.css` has the same ranges.
LATIN_EXTENDED = "100-130,134-13E,141-148,14A-151,154-17E,218-21B,1E9E"
RANGES = {"latin": LATIN, "latin-ext": LATIN_EXTENDED}
# Our name, the family, the style and the weights in use.
SUBSETS = [
    ("reading", "source-serif-4", "normal", (400, 700)),
    ("reading-italic", "source-serif-4", "italic", (400, 700)),
    ("interface", "inter", "normal", (400, 600)),
]
FEATURES = ["kern", "liga", "ccmp", "locl", "mark", "mkmk"]
COPYRIGHT_AND_LICENCE = [0, 13, 14]  # ids of the name table


def main(packages: Path) -> None:
    for name, family, style, weights in SUBSETS:
        for part, characters in RANGES.items():
            file = packages / family / "package/files" / f"{family}-{part}-wght-{style}.woff2"
            made = _subset(file, weights, characters)
            made.save(FONTS / f"{name}{part.removeprefix('latin')}.woff2")


def _subset(file: Path, weights: tuple[int, int], characters: str) -> TTFont:
    font = _reloaded(instantiateVariableFont(TTFont(file), {"wght": weights}))
    subsetter = Subsetter(
        Options(layout_features=FEATURES, name_IDs=COPYRIGHT_AND_LICENCE, hinting=False)
    )
    subsetter.populate(unicodes=parse_unicodes(characters))
    subsetter.subset(font)
    font.flavor = "woff2"
    return font


def _reloaded(font: TTFont) -> TTFont:
    """Write and read the font: the subsetter does not know variations that became empty."""
    font.flavor = None
    font.save(file := BytesIO())
    file.seek(0)
    return TTFont(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
