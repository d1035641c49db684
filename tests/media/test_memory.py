"""The memory that decoding takes, measured in a process of its own."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest

from flaskblog.media.images import PictureError, square_picture
from tests.support.pictures import encoded, plain, webp_of
from tests.support.processes import PROJECT, environment

MEBIBYTES = 1024
MEASURE = """
import sys
from io import BytesIO
from pathlib import Path
from flaskblog.media.images import PictureError, square_picture

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

square_picture(BytesIO(Path(sys.argv[1]).read_bytes()))
for name in sys.argv[1:]:
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    before = peak()
    try:
        square_picture(BytesIO(Path(name).read_bytes()))
    except PictureError:
        pass
    print(name, peak() - before)
"""


@pytest.mark.server
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux")
def test_no_picture_takes_more_than_100_mebibytes(tmp_path: Path) -> None:
    largest = (6000, 4000)
    files = {
        "small": encoded(plain(), "PNG"),
        "webp-of-6-megapixels": webp_of(3000, 2000),
        "webp-of-24-megapixels": webp_of(*largest),
        "rgba-png": encoded(plain("RGBA", (9, 9, 9, 9), largest), "PNG", compress_level=1),
        "grey-png": encoded(plain("L", 9, largest), "PNG", compress_level=1, transparency=3),
        "progressive": encoded(plain(size=largest), "JPEG", progressive=True),
        "progressive-444": encoded(
            plain(size=largest), "JPEG", progressive=True, subsampling="4:4:4"
        ),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    result = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, files)],
        cwd=tmp_path,
        env=environment() | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    grown = {name: int(kilobytes) for name, kilobytes in map(str.split, result.stdout.splitlines())}
    assert grown.keys() == files.keys()
    assert {name: size for name, size in grown.items() if size > 100 * MEBIBYTES} == {}


@pytest.mark.parametrize(
    ("accepted", "refused"),
    [
        (webp_of(3000, 2000), webp_of(3000, 2001)),
        (
            encoded(plain(size=(3950, 4000)), "JPEG", progressive=True, subsampling="4:4:4"),
            encoded(plain(size=(4050, 4000)), "JPEG", progressive=True, subsampling="4:4:4"),
        ),
    ],
    ids=["WebP", "progressive JPEG"],
)
def test_formats_whose_decoders_take_more_memory_have_lower_limits(
    accepted: bytes, refused: bytes
) -> None:
    assert square_picture(BytesIO(accepted))
    with pytest.raises(PictureError, match=r"at most \d megapixels.* save it as a JPEG"):
        square_picture(BytesIO(refused))
