"""Task lists."""

from flaskblog.text.markdown import render
from tests.support.html import assert_safe


def test_task_lists_have_boxes_that_cannot_be_changed() -> None:
    page = assert_safe(render("- [ ] a\n- [x] b\n  1. [X] c\n- [ ]d\n- e"))
    assert [("checked" in box, box["aria-label"]) for box in page.attributes("input")] == [
        (False, "To do"),
        (True, "Done"),
        (True, "Done"),
    ]
    assert page.text.split() == ["a", "b", "c", "[", "]d", "e"]
