"""The official Python client: what CONTRACT.md "Realtime" promises holds for it too, over each transport.

AETHER_URL names the server, `aether` or the gateway. Ends with an error when something is not as promised.
"""

import itertools
import os
import threading
import time
import uuid

import requests
import socketio

URL = os.environ["AETHER_URL"]
PATIENCE = 90
ENDS = {"generation_complete", "generation_failed", "generation_cancelled"}


def sign_up(name: str) -> dict:
    mark = uuid.uuid4().hex
    person = {"email": f"{mark}@keller.example", "password": f"quiet copper {mark}", "name": name}
    answer = requests.post(f"{URL}/api/auth/register", json=person, timeout=30)
    answer.raise_for_status()
    return answer.json()


def rest(person: dict, method: str, path: str, body: dict | None = None):
    headers = {"Authorization": f"Bearer {person['accessToken']}"}
    answer = requests.request(method, f"{URL}{path}", json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else None


class Client:
    """A connected socket with all that it is told."""

    def __init__(self, person: dict, transports: list[str]):
        self.told: list[tuple[str, dict]] = []
        self.heard = threading.Condition()
        self.io = socketio.Client(reconnection=False)
        self.io.on("*", self.hear)
        self.io.connect(URL, auth={"token": person["accessToken"]}, transports=transports, wait_timeout=PATIENCE)

    def hear(self, event: str, payload: dict) -> None:
        with self.heard:
            self.told.append((event, payload))
            self.heard.notify_all()

    def of(self, event: str) -> list[dict]:
        return [payload for name, payload in list(self.told) if name == event]

    def until(self, what: str, condition) -> None:
        end = time.monotonic() + PATIENCE
        with self.heard:
            while not condition():
                left = end - time.monotonic()
                assert left > 0, f"never: {what}; told {self.told[-5:]}"
                self.heard.wait(min(left, 1))

    def do(self, event: str, payload: dict) -> dict:
        ack = self.io.call(event, payload, timeout=PATIENCE)
        assert ack["ok"] is True, f"{event}: {ack}"
        return ack

    def refused(self, event: str, payload, code: str) -> None:
        ack = self.io.call(event, payload, timeout=PATIENCE)
        assert ack["ok"] is False and ack["error"]["code"] == code, f"{event}: {ack}"

    def whole(self, generation: str, after: int = 0, text: str = "") -> str:
        """Waits for the last event and checks the run: no gap, no double, one end, and the deltas joined are the result.

        This client hands each event to a thread of its own, so they may overtake each other here: `seq` is their order.
        """
        mine = lambda: [(e, p) for e, p in list(self.told) if p.get("generationId") == generation and "seq" in p]
        last = lambda: max((p["seq"] for e, p in mine() if e in ENDS), default=None)
        self.until("the end", lambda: last() is not None and len(mine()) >= last() - after)
        events = sorted(mine(), key=lambda one: one[1]["seq"])
        for number, (event, payload) in zip(itertools.count(after + 1), events):
            assert payload["seq"] == number, f"{payload['seq']} where {number} was due"
            text += payload.get("delta") or ""
        assert [event in ENDS for event, _ in events] == [False] * (len(events) - 1) + [True]
        assert events[-1][0] == "generation_complete", events[-1]
        assert text == events[-1][1]["result"]
        return text


def strangers_stay_out(transports: list[str]) -> None:
    refusals = []
    client = socketio.Client(reconnection=False)
    client.on("connect_error", refusals.append)
    try:
        client.connect(URL, auth={"token": "a.b.c"}, transports=transports, wait_timeout=PATIENCE)
    except socketio.exceptions.ConnectionError:
        pass
    assert refusals and "unauthorized" in str(refusals[0]), refusals


def people_and_the_model(ana: dict, ben: dict, transports: list[str]) -> None:
    room = rest(ana, "POST", "/api/rooms", {"name": "From Python"})["id"]
    invite = rest(ana, "POST", f"/api/rooms/{room}/invites", {"role": "editor"})
    rest(ben, "POST", "/api/rooms/join", {"token": invite["token"]})
    a, b = Client(ana, transports), Client(ben, transports)
    for client in (a, b):
        client.do("join_room", {"roomId": room})
    sent = b.do("send_message", {"roomId": room, "message": "Grüße aus Python 👋"})
    for client in (a, b):
        client.until("the message", lambda: [one["id"] for one in client.of("message_received")] == [sent["id"]])
    b.refused("send_message", {"roomId": room, "message": ""}, "invalid")
    b.refused("send_message", "no object", "invalid")
    started = a.do("start_generation", {"type": "code", "prompt": "a function that makes slugs", "roomId": room})
    texts = {client.whole(started["generationId"]) for client in (a, b)}
    assert len(texts) == 1

    # Cut off in the middle, and back where it was.
    prompt = f"a function that makes slugs, {uuid.uuid4().hex}"
    started = a.do("start_generation", {"type": "code", "prompt": prompt})["generationId"]
    progress = lambda: [p for p in a.of("generation_progress") if p["generationId"] == started]
    a.until("some of it", lambda: len(progress()) >= 3)
    a.io.disconnect()
    seen = sorted(progress(), key=lambda one: one["seq"])
    back = Client(ana, transports)
    ack = back.do("subscribe_generation", {"generationId": started, "attempt": 1, "lastSeq": seen[-1]["seq"]})
    assert ack["recovered"] is True, ack
    back.whole(started, after=seen[-1]["seq"], text="".join(one.get("delta") or "" for one in seen))
    for client in (b, back):
        client.io.disconnect()


def main() -> None:
    ana, ben = sign_up("Ana"), sign_up("Ben")
    for transports in (["polling"], ["polling", "websocket"], ["websocket"]):
        strangers_stay_out(transports)
        people_and_the_model(ana, ben, transports)
        print(f"{' then '.join(transports)}: as promised")


main()
