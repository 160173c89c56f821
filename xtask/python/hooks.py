"""What schemathesis must know of AetherOS beyond its OpenAPI documents: how one gets a token.

The settings are in schemathesis.toml. AETHER_URL names the server.
"""

import os
import uuid

import requests
import schemathesis

URL = os.environ["AETHER_URL"]
# A call of these may end the session that makes it: each gets a session of its own.
ENDS_SESSIONS = {"/logout", "/sessions", "/sessions/{id}"}


def _key(case, context):
    return uuid.uuid4().hex if context.operation.path in ENDS_SESSIONS else "everybody else"


@schemathesis.auth(cache_by_key=_key)
class Token:
    """Signs somebody up; the first of all becomes the administrator."""

    def get(self, case, context):
        mark = uuid.uuid4().hex
        person = {"email": f"{mark}@keller.example", "password": f"quiet copper {mark}", "name": "Sam Schema"}
        answer = requests.post(f"{URL}/api/auth/register", json=person, timeout=30)
        answer.raise_for_status()
        return answer.json()["accessToken"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"
