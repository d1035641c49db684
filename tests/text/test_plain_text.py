"""Links and line breaks of plain text."""

from flaskblog.text.plain_text import find_links, with_links


def test_only_http_and_https_addresses_become_links() -> None:
    text = "At https://example.org/a_(b)?x=1&y=2, HTTP://EXAMPLE.ORG. www.example.org a@example.org"
    assert [link.url for link in find_links(text)] == [
        "https://example.org/a_(b)?x=1&y=2", "HTTP://EXAMPLE.ORG",
    ]  # fmt: skip
    assert find_links("ftp://example.org //example.org mailto:a@example.org") == []
    assert find_links("javascript://example.org/%0aalert(1) data:text/html,x") == []


def test_links_tell_search_engines_nothing_and_the_rest_is_escaped() -> None:
    assert with_links('<b>Hi</b>\nhttps://example.org/"onclick=x') == (
        "&lt;b&gt;Hi&lt;/b&gt;<br>\n"
        '<a href="https://example.org/" rel="ugc nofollow noopener">https://example.org/</a>'
        "&#34;onclick=x"
    )
