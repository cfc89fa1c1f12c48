"""A wrong address and a fault of ours, as a person reads them and as a program does."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from xinqiao.web import friendly, problems

PERSON = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-language": "zh-CN"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI()
    problems.install(app)
    friendly.install(app)

    @app.get("/broken")
    @app.get("/v1/broken")
    def broken() -> None:
        raise RuntimeError("a secret that no page may show")

    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


@pytest.mark.parametrize(("path", "status", "code"), [("/nowhere", 404, "page.not_found"), ("/broken", 500, "internal")])
def test_a_person_reads_a_page(client: TestClient, path: str, status: int, code: str) -> None:
    answer = client.get(path, headers=PERSON)
    assert answer.status_code == status
    assert '<html lang="zh-CN"' in answer.text
    assert code in answer.text
    assert "secret" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_wrong_method_is_a_page_too(client: TestClient) -> None:
    assert client.post("/broken", headers=PERSON).status_code == 405
    assert "page.wrong_method" in client.post("/broken", headers=PERSON).text


@pytest.mark.parametrize("headers", [{}, {"accept": "*/*"}, {"accept": "application/json"}])
@pytest.mark.parametrize("path", ["/nowhere", "/broken"])
def test_a_program_reads_a_problem(client: TestClient, path: str, headers: dict[str, str]) -> None:
    answer = client.get(path, headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_the_interface_for_programs_never_answers_with_a_page(client: TestClient) -> None:
    assert client.get("/v1/broken", headers=PERSON).headers["content-type"] == "application/problem+json"
