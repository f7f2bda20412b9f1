"""Plays each scene in the real program and holds every sentence against what was planted, and against the copies.

`CONCORD_SCENES=all` plays all scenes; otherwise those that are quick."""

import concurrent.futures
import os
import unittest

import checks
import scenes
from program import play
from scene import Scene

ALL = os.environ.get("CONCORD_SCENES") == "all"


class Scenes(unittest.TestCase):
    """One test for each scene. As many scenes as there are processors play at the same time."""

    chosen: tuple[str, ...] = ()
    playing: dict[str, concurrent.futures.Future]

    @classmethod
    def setUpClass(cls) -> None:
        cls.pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
        cls.playing = {
            scene.name: cls.pool.submit(play, scene) for scene in scenes.SCENES if f"test_{scene.name}" in cls.chosen
        }

    @classmethod
    def tearDownClass(cls) -> None:
        cls.pool.shutdown(cancel_futures=True)

    def hold(self, scene: Scene) -> None:
        seen = self.playing[scene.name].result()
        try:
            checks.check_truth(seen, checks.check(seen))
        except AssertionError as error:
            self.fail(f"{error}\n{seen.text}{seen.warned}")


for each in scenes.SCENES:
    if ALL or each.quick:
        setattr(Scenes, f"test_{each.name}", lambda self, scene=each: self.hold(scene))


class Suite(unittest.TestCase):
    def test_every_scene_has_a_name_of_its_own(self) -> None:
        names = [scene.name for scene in scenes.SCENES]
        self.assertEqual(len(names), len(set(names)))


def load_tests(loader: unittest.TestLoader, tests: unittest.TestSuite, _: str | None) -> unittest.TestSuite:
    """Only scenes that a test was chosen for play."""
    Scenes.chosen = tuple(loader.getTestCaseNames(Scenes))
    return tests
