"""An HTTP proxy on 127.0.0.1 that counts the requests to AWS, and can hold them up.

    with proxy.counting(aws.url, aws.verify) as counted:
        subprocess.run([...], env=aws.env | {"AWS_ENDPOINT_URL": counted.url})
        print(counted.tally)  # {("sqs", "SendMessageBatch"): 2, ...}
"""

import collections
import contextlib
import http.client
import http.server
import json
import re
import ssl
import threading
import urllib.parse
from collections.abc import Iterator

# Headers of one connection. A proxy must not pass them on.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection"}
SERVICE_OF_SIGNATURE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")
UPSTREAM_SECONDS_MAX = 120
READS = {"GetItem", "Query", "TransactGetItems", "BatchGetItem"}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}


class Counted:
    """The requests that a proxy has counted. A program is counted if it uses `url` as its endpoint."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tally: collections.Counter[tuple[str, str]] = collections.Counter()
        # Capacity units of DynamoDB by kind (read or write) and action, if the proxy asks for them.
        self.units: collections.Counter[tuple[str, str]] = collections.Counter()
        self._lock = threading.Lock()
        self._held: tuple[str, str, int] | None = None
        self.is_holding = threading.Event()
        self._released = threading.Event()

    def hold_after(self, service: str, action: str, requests: int) -> None:
        """Let so many such requests pass, and hold up the others. Requests that are held at the end are dropped."""
        self._held = (service, action, requests)

    def enter(self, service: str, action: str) -> bool:
        """Count a request, and return whether it may pass."""
        with self._lock:
            self.tally[service, action] += 1
            passed = self.tally[service, action]
        if self._held is None or self._held[:2] != (service, action) or passed <= self._held[2]:
            return True
        self.is_holding.set()
        self._released.wait()
        return self._held is None

    def consume(self, action: str, asked: dict, answer: bytes) -> None:
        """Count the capacity units of a request to DynamoDB.

        The emulator says what a write costs, from the sizes of the items. For a read it ignores the size, so the proxy
        counts it: one unit for each 4 KiB, rounded up, and half as much for an eventually consistent read. An item is a
        little larger as JSON than as it is billed, so the count is an upper bound.
        """
        if action in READS:
            kind, units = "read", -(-len(answer) // 4_096) * (1 if asked.get("ConsistentRead") else 0.5)
        else:
            said = json.loads(answer or b"{}").get("ConsumedCapacity", [])
            kind, units = "write", sum(each["CapacityUnits"] for each in (said if isinstance(said, list) else [said]))
        with self._lock:
            self.units[kind, action] += units

    def let_pass(self) -> None:
        """Let the held requests pass, and all later ones."""
        self._held = None
        self._released.set()

    def end(self) -> None:
        self._released.set()


@contextlib.contextmanager
def counting(upstream: str, ca_file: str | None = None, capacity: bool = False) -> Iterator[Counted]:
    """Pass requests on to `upstream`; `ca_file` certifies its certificate.

    With `capacity`, requests to DynamoDB also ask what they cost. That breaks their signatures, but an emulator that is
    not strict does not check signatures.
    """
    parts = urllib.parse.urlsplit(upstream)
    context = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None
    connections = threading.local()

    def connect() -> http.client.HTTPConnection:
        kept = getattr(connections, "kept", None)
        if kept is None:
            limit = UPSTREAM_SECONDS_MAX
            host, port = parts.hostname, parts.port
            kept = (
                http.client.HTTPSConnection(host, port, timeout=limit, context=context)
                if context
                else http.client.HTTPConnection(host, port, timeout=limit)
            )
            connections.kept = kept
        return kept

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def finish(self) -> None:
            super().finish()
            if kept := getattr(connections, "kept", None):
                kept.close()

        def log_message(self, *_: object) -> None:
            pass

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            service, action = named(self.command, self.path, self.headers)
            if not counted.enter(service, action):
                self.close_connection = True
                return
            is_asked = capacity and service == "dynamodb" and action in READS | WRITES
            asked = json.loads(body) if is_asked else {}
            if action in WRITES and is_asked:
                body = json.dumps(asked | {"ReturnConsumedCapacity": "TOTAL"}).encode()
            dropped = HOP_BY_HOP | {"expect", "content-length"}
            headers = {key: value for key, value in self.headers.items() if key.lower() not in dropped}
            headers["Content-Length"] = str(len(body))
            connection = connect()
            try:
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
            except (http.client.RemoteDisconnected, ConnectionError):
                # The connection was closed while it was idle.
                connection.close()
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
            content = answer.read()
            if is_asked:
                counted.consume(action, asked, content)
            self.send_response(answer.status, answer.reason)
            for key, value in answer.getheaders():
                if key.lower() not in HOP_BY_HOP | {"content-length", "date", "server"}:
                    self.send_header(key, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", length or "0")
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = pass_on

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """The client or the upstream closed the connection; each notices that itself."""

    server = Server(("127.0.0.1", 0), Handler)
    counted = Counted(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield counted
    finally:
        counted.end()
        server.shutdown()
        server.server_close()


def named(method: str, path: str, headers: http.client.HTTPMessage) -> tuple[str, str]:
    """The service and the action of a request. Without a header that names the action, it is the method and the path."""
    signed = SERVICE_OF_SIGNATURE.search(headers.get("Authorization", ""))
    service = signed.group(1) if signed else "unsigned"
    target = headers.get("X-Amz-Target")
    if target:
        return service, target.rsplit(".", 1)[1]
    if service == "s3":
        return service, f"{method.capitalize()}Object"
    if service == "lambda" and path.endswith("/invocations"):
        return service, "Invoke"
    return service, f"{method} {path.split('?')[0]}"
