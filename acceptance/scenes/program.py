"""Plays a scene: submits its job to the real program, and asks for the result in every form."""

import json
import os
import pathlib
import subprocess
import tempfile
import xml.etree.ElementTree
from typing import Any, NamedTuple

from scene import Scene

ROOT = pathlib.Path(__file__).parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PRODUCER = TARGET / "debug/producer"
# Only a program that hangs takes so long.
SECONDS_MAX = 300

Json = dict[str, Any]


class Done(NamedTuple):
    """The result of a run of the producer."""

    exit: int
    stdout: str
    stderr: str

    @property
    def json(self) -> list[Json]:
        return [json.loads(line) for line in self.stdout.splitlines()]


class Folder:
    """A folder with a store of its own."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.work = path / "work"
        self.plan = path / "plan"

    def producer(self, *arguments: str) -> Done:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.path), "CONCORD_STORE": str(self.path / "store.db")}
        done = subprocess.run(
            [PRODUCER, *arguments], cwd=self.work, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=SECONDS_MAX, check=False,
        )
        assert b"panicked" not in done.stderr, done.stderr.decode()
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


class Seen(NamedTuple):
    """Everything that the program said of a scene."""

    scene: Scene
    exit: int
    warned: str
    status: Json
    text: str
    explained: Json
    explanation: str
    markdown: str
    case: xml.etree.ElementTree.Element
    copies: list[Json]
    # How often the program of the scene was started.
    started: int


def play(scene: Scene) -> Seen:
    with tempfile.TemporaryDirectory(prefix="concord-scene-") as folder:
        return played(scene, Folder(pathlib.Path(folder)))


def played(scene: Scene, folder: Folder) -> Seen:
    scene.lay_out(folder.work, folder.plan)
    argv = scene.argv(folder.plan)
    command = ["--", *argv] if argv else []
    for verb in scene.before:
        words = [word for each in verb for word in (command if each == "ARGV" else [each])]
        assert folder.producer(*words).exit == 0, verb
    job = scene.name
    size = [] if "--detect" in scene.flags else ["--copies", str(scene.copies)]
    submit = folder.producer("submit", "p", "--job", job, *size, "-j", str(scene.workers), *scene.flags, *command)
    assert submit.exit not in (2, 4), submit
    for verb in scene.after:
        submit = folder.producer(*verb)
        assert submit.exit not in (2, 4), submit
    status = folder.producer("status", job, "--format", "json").json[0]
    text = folder.producer("status", job).stdout if scene.after else submit.stdout
    reports = {}
    for form in ("md", "xml"):
        path = folder.path / f"report.{form}"
        assert folder.producer("report", job, "-o", str(path)).exit == 0
        reports[form] = path.read_bytes().decode()
    (case,) = xml.etree.ElementTree.fromstring(reports["xml"]).iter("testcase")
    return Seen(
        scene=scene,
        exit=submit.exit,
        warned=submit.stderr,
        status=status,
        text=text,
        explained=folder.producer("explain", job, "--format", "json").json[0],
        explanation=folder.producer("explain", job).stdout,
        markdown=reports["md"],
        case=case,
        copies=folder.producer("copies", job, "--format", "json").json,
        started=len(list((folder.plan / "taken").iterdir())),
    )
