"""What schemathesis must know of AetherOS beyond its OpenAPI documents: how one gets a token, and what there is.

The settings are in schemathesis.toml. AETHER_URL names the server.
"""

import functools
import os
import uuid

import requests
import schemathesis

URL = os.environ["AETHER_URL"]
# A call of these may end the session that makes it: each gets a session of its own.
ENDS_SESSIONS = {"/logout", "/sessions", "/sessions/{id}"}


def sign_up() -> str:
    mark = uuid.uuid4().hex
    person = {"email": f"{mark}@keller.example", "password": f"quiet copper {mark}", "name": "Sam Schema"}
    answer = requests.post(f"{URL}/api/auth/register", json=person, timeout=30)
    answer.raise_for_status()
    return answer.json()["accessToken"]


@functools.cache
def everybody() -> str:
    """The token of most calls. Whoever signs up first of all is the administrator."""
    return sign_up()


def post(path: str, body: dict | None = None) -> dict:
    headers = {"Authorization": f"Bearer {everybody()}"}
    answer = requests.post(f"{URL}/api/generate{path}", json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()


def make() -> dict:
    return post("/code", {"prompt": "a function that makes slugs"})


@functools.cache
def made() -> dict:
    """A generation that has ended, with its files."""
    return make()


@functools.cache
def made_api() -> str:
    """The id of an API that has ended: it can be served."""
    return post("/api", {"prompt": "an API for notes"})["id"]


@functools.cache
def share_token() -> str:
    return post(f"/history/{make()['id']}/share")["token"]


@schemathesis.auth(cache_by_key=lambda case, context: uuid.uuid4().hex)
class Token:
    def get(self, case, context):
        return sign_up() if context.operation.path in ENDS_SESSIONS else everybody()

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


def is_uuid(value) -> bool:
    try:
        return str(uuid.UUID(value)) == value
    except (TypeError, ValueError, AttributeError):
        return False


@schemathesis.hook
def map_case(context, case):
    """Every valid id that was made up is mostly nobody's: three of four are changed to those of things that are there."""
    path, parameters = case.operation.path, case.path_parameters or {}
    value = parameters.get("id")
    if path.startswith("/history/{id}/live") and is_uuid(value) and uuid.UUID(value).int % 4:
        # The requests of an API that nobody asks are a stream of nothing, without end.
        parameters["id"] = made()["id"] if path.endswith("/requests") else made_api()
    elif path.startswith("/history/{id}") and is_uuid(value) and uuid.UUID(value).int % 4:
        generation = make() if case.method == "DELETE" else made()
        parameters["id"] = generation["id"]
        if "path" in parameters and case.method == "GET":
            parameters["path"] = generation["metadata"]["files"][0]["path"]
    value = parameters.get("token")
    if path.startswith("/shared/{token}") and isinstance(value, str) and value.isascii() and len(value) % 4:
        parameters["token"] = share_token()
    return case
