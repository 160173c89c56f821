"""Mounts OpenAPI documents as live APIs and lets schemathesis ask each of them, as its own document says that it answers.

    live.py URL DOCUMENT…

URL is a server whose model answers at once, and that limits nobody. What is asked and what is checked: live.toml. What
schemathesis says of a document goes to a file in the current folder; here come a line for each document and, at the end,
what failed.
"""

import contextlib
import functools
import multiprocessing
import os
import sys
import uuid
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import requests

HERE = Path(__file__).parent
# One asks while another thinks of something to ask.
AT_ONCE = 2
# Loaded once: each document gets a process of its own, made from one that has these already.
PRELOADED = ["schemathesis.cli", "schemathesis.cli.commands.run.executor", "schemathesis.specs.openapi.checks"]
# So much is shown of what was found in a document; the rest is in its file.
SHOWN_LINES = 40


class Server:
    """AetherOS, as one person uses it."""

    def __init__(self, url: str):
        self.api = f"{url}/api/generate"
        self.session = requests.Session()
        mark = uuid.uuid4().hex
        person = {"email": f"{mark}@keller.example", "password": f"quiet copper {mark}", "name": "Sam Schema"}
        token = self.ask("POST", f"{url}/api/auth/register", json=person)["accessToken"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, url: str, **options) -> dict:
        answer = self.session.request(method, url, timeout=60, **options)
        if not answer.ok:
            raise RuntimeError(f"{method} {url}: {answer.status_code} {answer.text}")
        return answer.json()

    @functools.cache
    def generation(self, suffix: str) -> str:
        """The id of an API that the model made, its document in that format."""
        prompt = "an API for notes" + (", as JSON" if suffix == ".json" else "")
        return self.ask("POST", f"{self.api}/api", json={"prompt": prompt})["id"]

    def mount(self, document: Path) -> str:
        """Makes a version whose document is this one, as if the model had written it, and mounts it: the document's URL."""
        versions = f"{self.api}/history"
        name = "openapi.json" if document.suffix == ".json" else "openapi.yaml"
        version = self.ask(
            "PUT",
            f"{versions}/{self.generation(document.suffix)}/files/{name}",
            data=document.read_bytes(),
            headers={"Content-Type": "text/plain; charset=utf-8"},
        )
        found = version["metadata"]["validation"]
        if not found["ok"]:
            raise RuntimeError(f"the check of generated files finds fault with it: {found['issues']}")
        return self.ask("PUT", f"{versions}/{version['id']}/live")["docsUrl"]


def ask(document_url: str, log: str) -> int:
    """Runs schemathesis in this process. Gives its exit status."""
    from schemathesis.cli import schemathesis

    with open(log, "w") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        # Loggers and progress lines may have kept the streams that were there before.
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            schemathesis(["--config-file", str(HERE / "live.toml"), "run", document_url])
        except SystemExit as end:
            return end.code or 0
    return 0


def failures(log: Path) -> list[str]:
    """What schemathesis says of failures and errors, without how it began and how much it asked."""
    lines = log.read_text(errors="replace").splitlines()
    starts = [at for at, line in enumerate(lines) if line.startswith("=") and ("FAILURES" in line or "ERRORS" in line)]
    return lines[starts[0] :] if starts else lines[-SHOWN_LINES:]


def main() -> int:
    url, *paths = sys.argv[1:]
    documents = [Path(path) for path in paths]
    server = Server(url)
    found: dict[str, list[str]] = {}
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with ProcessPoolExecutor(AT_ONCE, mp_context=context, max_tasks_per_child=1) as pool:
        runs = {}
        for document in documents:
            try:
                document_url = server.mount(document)
            except (RuntimeError, requests.RequestException) as error:
                found[document.name] = [str(error)]
                continue
            log = Path(f"schemathesis-{document.stem}.log").absolute()
            runs[document.name] = (log, pool.submit(ask, document_url, str(log)))
        for name, (log, run) in runs.items():
            status = run.result()
            print("ok    " if status == 0 else "FAILED", name, flush=True)
            if status != 0:
                found[name] = [*failures(log)[:SHOWN_LINES], f"all of it: {log}"]
    for name, lines in found.items():
        print(f"\n#### {name}", *lines, sep="\n")
    print(f"\n{len(documents) - len(found)} of {len(documents)} answer as their documents say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
