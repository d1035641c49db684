"""The page that documents the API."""

import json
import shlex

from tests.support.api_client import ApiClient
from tests.support.client import Client, read
from tests.support.factories import make_post, make_user


def test_the_contents_lead_to_every_operation_and_schema(client: Client) -> None:
    page = read(client.get("/docs"))
    links = [str(link["href"]) for link in page.select('main nav a[href^="#"]')]
    document = client.get("/openapi.json").json
    assert document is not None
    operations = [
        method["operationId"]
        for methods in document["paths"].values()
        for method in methods.values()
        if "operationId" in method
    ]
    assert {f"#{name}" for name in [*operations, *document["components"]["schemas"]]} < set(links)
    assert all(page.select(f"main {link}") for link in links)


def test_every_operation_has_a_call_and_names_its_success_first(client: Client) -> None:
    page = read(client.get("/docs"))
    sections = [section for section in page.select("main section") if section.select("pre")]
    assert len(sections) >= 14
    for section in sections:
        method, _, path = section.select("h3 + p > code")[0].text.partition(" ")
        call = shlex.split(section.select("pre")[0].text.replace("\\\n", " "))
        assert call[0] == "curl"
        assert call[1] == "http://127.0.0.1:5000" + path.replace("{post_id}", "1").replace(
            "{user_id}", "1"
        )
        assert ("-X" in call) == (method not in {"GET", "POST"} or path == "/api/logout")
        codes = [
            code.text for code in section.select("ul:last-of-type code") if code.text.isdigit()
        ]
        assert codes[0][0] == "2"
        assert codes == sorted(codes)


def test_the_example_of_a_response_has_the_fields_of_a_real_one(
    client: Client, anonymous_api: ApiClient
) -> None:
    make_post(make_user("ada"))
    page = read(client.get("/docs"))
    for operation, address in (("getPost", "/api/posts/1"), ("listPosts", "/api/posts")):
        post = anonymous_api.get(address).json
        example = json.loads(page.select(f'section[aria-labelledby="{operation}"] pre')[1].text)
        assert post is not None
        assert example.keys() == post.keys()
