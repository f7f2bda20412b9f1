"""An AWS for tests: ministack, started for one test and ended after it.

    with ministack.running() as aws:
        outputs = aws.deploy("concord", binaries, Attempts=2)
        aws.client("sqs").send_message(QueueUrl=outputs["QueueUrl"], MessageBody="...")
        subprocess.run([producer, "submit", ...], env=aws.env)

It listens on 127.0.0.1 only, on a free port, and does not read this machine's AWS settings. Functions may do what their
roles in the template allow, and no more; the test itself may do everything. When the block ends in any way, the process
of the emulator is ended and its folders are deleted; if this process is killed, the kernel ends the emulator. It runs
functions as processes of this machine, so their binaries must be made for this machine.

From a shell, with the environment set for one command:

    $(infra/venv stack)/python acceptance/stack/ministack.py COMMAND [ARGUMENT ...]

Needs the Python environment of `infra/venv stack`, and openssl: ministack makes a certificate with it.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "us-east-1"
# Only a test that fails waits so long, and a machine may be busy.
WAIT_SECONDS_MAX = 120
END_SECONDS_MAX = 5
STARTS_MAX = 3
PR_SET_PDEATHSIG = 1

T = TypeVar("T")


class Aws:
    """A running emulator."""

    def __init__(self, url: str, home: pathlib.Path, strict: bool) -> None:
        self.url = url
        self.log = home / "log"
        self.env = environment() | {"AWS_ENDPOINT_URL": url} | trust(home, strict)
        self.ca_file = str(certificate(home)) if strict else None
        self._session = boto3.Session("test", "test", region_name=REGION)

    def client(self, service: str, session: boto3.Session | None = None) -> Any:
        """A client that may do everything. With `session`, it may do only what these credentials allow."""
        config = Config(retries={"max_attempts": 2})
        return (session or self._session).client(service, endpoint_url=self.url, verify=self.ca_file, config=config)

    def deploy(self, stack: str, binaries: pathlib.Path, **parameters: object) -> dict[str, str]:
        """Run infra/deploy, and return the stack's outputs."""
        settings = [f"{key}={value}" for key, value in parameters.items()]
        said = self.run(ROOT / "infra/deploy", "--stack", stack, "--binaries", binaries, *settings)
        return dict(line.split("\t", 1) for line in said.splitlines())

    def destroy(self, stack: str, with_data: bool = True) -> None:
        self.run(ROOT / "infra/destroy", "--stack", stack, *(["--with-data"] if with_data else []))

    def everything(self) -> dict[str, list[str]]:
        """The names of all resources that could belong to a stack, by kind. A kind without any is left out."""
        every = {
            "queues": self.client("sqs").list_queues().get("QueueUrls", []),
            "functions": [each["FunctionName"] for each in self.client("lambda").list_functions()["Functions"]],
            "mappings": [each["FunctionArn"] for each in self.client("lambda").list_event_source_mappings()["EventSourceMappings"]],
            "roles": [each["RoleName"] for each in self.client("iam").list_roles()["Roles"]],
            "logs": [each["logGroupName"] for each in self.client("logs").describe_log_groups()["logGroups"]],
            "topics": [each["TopicArn"] for each in self.client("sns").list_topics()["Topics"]],
            "alarms": [each["AlarmName"] for each in self.client("cloudwatch").describe_alarms()["MetricAlarms"]],
            "dashboards": [each["DashboardName"] for each in self.client("cloudwatch").list_dashboards()["DashboardEntries"]],
            "tables": self.client("dynamodb").list_tables()["TableNames"],
            "buckets": [each["Name"] for each in self.client("s3").list_buckets()["Buckets"]],
        }
        return {kind: names for kind, names in every.items() if names}

    def run(self, *command: object) -> str:
        """Run a program with the emulator's environment, and return its output. An error includes its standard error."""
        done = subprocess.run([str(part) for part in command], env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise AssertionError(f"{command} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout


def environment() -> dict[str, str]:
    """This process's environment, with the emulator's credentials instead of this machine's."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return kept | {
        "PATH": f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextlib.contextmanager
def running(strict: bool = True) -> Iterator[Aws]:
    """Start an emulator, and end it with the block. SIGTERM ends the block too, as an interrupt does.

    A strict emulator is like AWS: it uses HTTPS, and functions may do only what policies allow. Otherwise it uses HTTP
    and allows everything.
    """
    home = pathlib.Path(tempfile.mkdtemp(prefix="concord-aws-"))
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    process = None
    try:
        for _ in range(STARTS_MAX):
            port = free_port()
            process = start(home, port, strict)
            if is_ready(process, port):
                break
            end(process)
        else:
            raise AssertionError(f"ministack did not start:\n{(home / 'log').read_text()[-4000:]}")
        yield Aws(f"{'https' if strict else 'http'}://127.0.0.1:{port}", home, strict)
    finally:
        if process:
            end(process)
        shutil.rmtree(home, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


def free_port() -> int:
    """A port that is free now. If another process takes it first, the emulator is started again with another port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificate(home: pathlib.Path) -> pathlib.Path:
    """The certificate that ministack makes when it starts."""
    return home / "ministack-tls/server.crt"


def trust(home: pathlib.Path, strict: bool) -> dict[str, str]:
    """The variables that make Python, the AWS command line and Rust trust the emulator's certificate."""
    return {name: str(certificate(home)) for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE")} if strict else {}


def start(home: pathlib.Path, port: int, strict: bool) -> subprocess.Popen:
    # Functions are its children, and inherit these variables.
    env = environment() | trust(home, strict) | {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "TMPDIR": str(home),
        "S3_DATA_DIR": str(home / "s3"),
        "STATE_DIR": str(home / "state"),
        "PYTHONUNBUFFERED": "1",
        "USE_SSL": str(int(strict)),
        "AUTH": str(strict).lower(),  # roles and policies count
    }
    libc = ctypes.CDLL(None)
    with (home / "log").open("ab") as log:
        return subprocess.Popen(
            [pathlib.Path(sys.executable).with_name("ministack")],
            env=env,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # so that its children, the functions, can be ended with it
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
        )


def is_ready(process: subprocess.Popen, port: int) -> bool:
    """Wait until the emulator answers, or has ended. Whether it answers: it ends if its port is taken."""

    def answers() -> bool:
        with contextlib.suppress(ConnectionError, TimeoutError):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return True
        return process.poll() is not None

    wait_for(answers, WAIT_SECONDS_MAX, "ministack to answer")
    return process.poll() is None


def end(process: subprocess.Popen) -> None:
    """End the emulator and the functions that it started. They are all in one process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS_MAX)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(ask: Callable[[], T], seconds_max: float, what: str, pause: float = 0.05) -> T:
    """Call `ask` until its answer is true, and return the answer; raise an AssertionError after `seconds_max`."""
    deadline = time.monotonic() + seconds_max
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds_max} s for {what}; the last answer was {answer!r}")
        time.sleep(pause)
    return answer


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__, file=sys.stderr)
        return 2
    with running() as aws:
        return subprocess.run(sys.argv[1:], env=aws.env).returncode


if __name__ == "__main__":
    sys.exit(main())
