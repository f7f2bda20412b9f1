"""Runs the entry point of an image much as Lambda does, and serves Lambda's runtime API to it.

    with Sandbox(image, TABLE="concord", ...) as sandbox:
        answer = sandbox.invoke({"ask": "version"})

The image's files are read-only except for an empty /tmp, and the program runs as a user without rights. The network is
this machine's. When the block ends in any way, the processes and mounts are gone: they are in their own namespaces, and
the first process of these ends with this one.
"""

import ctypes
import http.server
import json
import pathlib
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from typing import Any, NamedTuple, Self

# Only a test that fails waits so long, and a machine may be busy.
ANSWER_SECONDS_MAX = 240
INVOCATION_SECONDS = 60
# A user id that no other user has, as in a Lambda sandbox.
USER = "993"
PR_SET_PDEATHSIG = 1

# Its mounts are visible only in its namespace. It is the first process there: when it ends, the kernel ends the others.
ENTER = """
set -e
image=$1 user=$2 folder=$3 trust=$4 writable=$5
shift 5
mount --bind "$image" "$image"
[ -n "$writable" ] || mount -o remount,bind,ro "$image"
mount -t tmpfs -o mode=1777 tmpfs "$image/tmp"
mount -t proc proc "$image/proc"
mount --rbind /dev "$image/dev"
[ -z "$trust" ] || install -m 644 "$trust" "$image/tmp/trust.crt"
set +e
unshare --root "$image" --wd "$folder" --setgid "$user" --setuid "$user" -- "$@"
exit $?
"""


def config(image: pathlib.Path) -> dict[str, Any]:
    """The part of an image's description that `docker inspect` calls Config."""
    return json.loads(image.with_suffix(".json").read_text())["OCIv1"]["config"]


def start(
    image: pathlib.Path,
    *arguments: str,
    variables: dict[str, str] | None = None,
    user: str = USER,
    trust: pathlib.Path | None = None,
    writable: bool = False,
    **streams: Any,
) -> subprocess.Popen:
    """Start the entry point. `variables` override those of the image. The file `trust` becomes /tmp/trust.crt."""
    made_with = config(image)
    environment = dict(pair.split("=", 1) for pair in made_with.get("Env") or []) | (variables or {})
    environment.setdefault("PATH", "/usr/local/bin:/usr/bin:/bin")
    folder = made_with.get("WorkingDir") or "/"
    libc = ctypes.CDLL(None)
    return subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", ENTER, "enter"]
        + [str(image.resolve()), user, folder, str(trust or ""), "yes" if writable else ""]
        + [*made_with["Entrypoint"], *arguments],
        executable=shutil.which("unshare"),
        env=environment,
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
        **streams,
    )


class Answer(NamedTuple):
    """The answer to an invocation; its kind is response or error."""

    kind: str
    value: Any


class Api(http.server.ThreadingHTTPServer):
    """Lambda's runtime API. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Invocations)
        self.events: queue.Queue[bytes] = queue.Queue()
        self.answers: queue.Queue[Answer] = queue.Queue()
        self.asked = threading.Event()

    def handle_error(self, *_: object) -> None:
        """A connection was lost: the sandbox has ended."""


class Invocations(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Api

    def do_GET(self) -> None:  # /2018-06-01/runtime/invocation/next
        self.server.asked.set()
        event = self.server.events.get()
        self.reply(
            200,
            event,
            {
                "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + INVOCATION_SECONDS) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:worker",
                "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
            },
        )

    def do_POST(self) -> None:  # …/invocation/ID/response, …/invocation/ID/error, …/init/error
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.answers.put(Answer(self.path.rsplit("/", 1)[1], json.loads(body)))
        self.reply(202, b"{}", {})

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Type": "application/json", "Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Sandbox:
    """A function's sandbox, from its start until its block ends."""

    def __init__(self, image: pathlib.Path, trust: pathlib.Path | None = None, **variables: str) -> None:
        self._image, self._trust = image, trust
        self._variables = variables

    def __enter__(self) -> Self:
        self._api = Api()
        threading.Thread(target=self._api.serve_forever, daemon=True).start()
        self._log = tempfile.TemporaryFile()
        of_lambda = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "concord-worker",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_LOG_GROUP_NAME": "concord-worker",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[1]0123456789abcdef",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        }
        self._process = start(
            self._image, variables=of_lambda | self._variables, trust=self._trust, stdin=subprocess.DEVNULL,
            stdout=self._log, stderr=self._log,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._api.shutdown()
        self._api.server_close()
        self._log.close()

    def send(self, event: Any) -> None:
        """Invoke the function without waiting for its answer."""
        self._api.events.put(json.dumps(event).encode())

    def invoke(self, event: Any) -> Answer:
        """Invoke the function, and return its answer."""
        self.send(event)
        try:
            return self._api.answers.get(timeout=ANSWER_SECONDS_MAX)
        except queue.Empty:
            raise AssertionError(f"no answer within {ANSWER_SECONDS_MAX} s; the log:\n{self.log()}") from None

    def ended(self) -> int:
        """Wait for the end of a program that must not ask for an invocation, and return its exit code."""
        code = self._process.wait(ANSWER_SECONDS_MAX)
        if self._api.asked.is_set():
            raise AssertionError(f"it asked for an invocation; the log:\n{self.log()}")
        return code

    def log(self) -> str:
        """The log so far."""
        self._log.seek(0)
        return self._log.read().decode()
