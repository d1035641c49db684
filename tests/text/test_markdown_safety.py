"""Safety of the rendered HTML."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaskblog.text.markdown import render
from flaskblog.text.sanitizer import clean
from tests.support.html import assert_safe

SCRIPT_INJECTIONS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<body onload=alert(1)>",
    "<a href='javascript:alert(1)'>a</a>",
    "<details open ontoggle=alert(1)>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form action=javascript:alert(1)><button>a</button></form>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href='//evil.example/'>",
    "<style>@import 'javascript:alert(1)';</style>",
    "<link rel=stylesheet href='//evil.example/a.css'>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<!--<img src='--><img src=x onerror=alert(1)>'>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](javascript&colon;alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](<java\tscript:alert(1)>)",
    "[a](<java&#10;script:alert(1)>)",
    "[a](\x01javascript:alert(1))",
    "[a](vbscript:msgbox(1))",
    "[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[a](data:image/png;base64,AAAA)",
    "[a](file:///etc/passwd)",
    "[a]: javascript:alert(1)\n\n[a]",
    "<javascript:alert(1)>",
    "![a](javascript:alert(1))",
    "![a](data:image/svg+xml;base64,PHN2Zy8+)",
    '![a" onerror="alert(1)](/x)',
    '![a](/x "t\\" onerror=\\"alert(1)")',
    "[a](/x \"t' onmouseover='alert(1)\")",
    '[a](https://a.example/"onmouseover="alert(1))',
    'https://a.example/"onmouseover="alert(1)',
    '```"><script>alert(1)</script>\na\n```',
    "```python\n</code></pre><script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "| <script>alert(1)</script> |\n|-|\n| <img src=x onerror=alert(1)> |",
    "# <svg onload=alert(1)>",
    '# "><script>alert(1)</script>',
    '[^"><script>alert(1)</script>]\n\n[^"><script>alert(1)</script>]: a',
    "[^a]\n\n[^a]: <script>alert(1)</script> [b](javascript:alert(1))",
    "- [x] <img src=x onerror=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
]

FRAGMENTS = [
    *"ab1 \n\t*_~`[]()<>!#|-:/\\\"'&;.@=+é\r\0",
    *("[^a]", "\n\n[^a]: ", "[^b]", "\n[^b]:", "- [ ] ", "\n- [x] ", "\n# a", "\n\n    ", "\u0633"),
    *("\n\n", "\n- ", "\n> ", "\n```py\n", "\na|b\n-|-\n", "](", "![", "](/a)", "](//b)", "[a]: "),
    *("https://", "http://[", "www.", "javascript:", "data:", "&colon;", "&#x0a;", "\u202e", "😀"),
]


@pytest.mark.parametrize("source", SCRIPT_INJECTIONS)
def test_no_script_is_rendered(source: str) -> None:
    assert_safe(render(source))


@given(st.text(max_size=300))
def test_any_text_renders_safely(source: str) -> None:
    assert_safe(render(source))


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join))
@settings(max_examples=200)
def test_any_markup_renders_safely(source: str) -> None:
    assert_safe(render(source))


@pytest.mark.parametrize("source", [*SCRIPT_INJECTIONS, "```python\ndef a(): 1\n```", "a|b\n-|-:"])
def test_sanitizing_is_idempotent(source: str) -> None:
    html = render(source)
    assert clean(html) == html


def test_the_sanitizer_alone_removes_unsafe_html() -> None:
    html = (
        '<img src="https://e.example/a.png"><p class="x" id="y"><a href="ftp://e">a</a><i>b</i>'
        '<h2 id="content">c</h2><input type="password" name="password" autofocus>'
        '<nav aria-label="Site" class="x"><details open>d</details></nav>'
    )
    page = assert_safe(clean(html))
    assert page.text == "abcd"
    assert page.attributes("nav") == [{"class": ""}]
