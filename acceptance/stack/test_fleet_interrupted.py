"""A submit that dies while it puts copies on the queue, completed by the same submit and by retry.

    acceptance/stack/run -k Interrupted

A proxy lets some batches of copies pass and holds up the others, so the producer always dies before it has sent all.
"""

import signal
import unittest

from fleet import RUN_SECONDS_MAX, Done, FleetCase
from ministack import WAIT_SECONDS_MAX
from proxy import counting

COPIES = 60
BATCHES = 2
PAYLOAD = {"probe": "echo"}


class Interrupted(FleetCase):
    STACK = "probes"

    def killed(self, how: signal.Signals) -> Done:
        """Submit, and send the producer a signal once some copies are on the queue."""
        payload = self.fleet.file(f"{self.name()}.json", PAYLOAD)
        with counting(self.aws.url, self.aws.ca_file) as proxy:
            proxy.hold_after("sqs", "SendMessageBatch", BATCHES)
            words = ["submit", payload, "--job", self.name(), "--copies", COPIES, "--stack", self.STACK]
            process = self.fleet.start(*words, AWS_ENDPOINT_URL=proxy.url)
            try:
                self.assertTrue(proxy.is_holding.wait(WAIT_SECONDS_MAX), "it did not send more batches than the proxy lets pass")
                process.send_signal(how)
                if how == signal.SIGINT:
                    proxy.let_pass()
                stdout, stderr = process.communicate(timeout=RUN_SECONDS_MAX)
            finally:
                process.kill()
                process.wait()
        return Done(process.returncode, stdout, stderr)

    def check_half(self) -> None:
        """Check that the job exists, with outcomes of only those copies that were sent."""
        self.drained()
        items = self.items(self.name())
        self.assertNotIn("enqueued", items)
        self.assertEqual(items["job"]["status"], "running")
        self.assertEqual(len(self.copies(self.name())), BATCHES * 10)

    def check_whole(self) -> None:
        items = self.items(self.name())
        self.assertEqual((items["job"]["status"], items["enqueued"]["round"]), ("reproducible", 0))
        self.assertEqual([copy["copy"] for copy in self.copies(self.name())], list(range(COPIES)))

    def test_the_same_submit_sends_the_rest(self) -> None:
        self.assertEqual(self.killed(signal.SIGKILL).exit, -signal.SIGKILL)
        self.check_half()
        report = self.submit(0, PAYLOAD, "--copies", COPIES)
        self.assertEqual((report["verdict"], report["succeeded"]), ("reproducible", COPIES))
        self.check_whole()

    def test_retry_sends_the_rest(self) -> None:
        self.assertEqual(self.killed(signal.SIGKILL).exit, -signal.SIGKILL)
        self.check_half()
        report, = self.producer(0, "retry", self.name()).json
        self.assertEqual((report["verdict"], report["succeeded"]), ("reproducible", COPIES))
        self.check_whole()

    def test_an_interrupted_submit_says_how_to_go_on(self) -> None:
        done = self.killed(signal.SIGINT)
        self.assertEqual((done.exit, done.stdout), (130, ""), done.stderr)
        hint = f"producer retry {self.name()} --stack {self.STACK}"
        self.assertIn(hint, done.stderr)
        self.assertNotIn("enqueued", self.items(self.name()))
        self.producer(0, "retry", self.name())
        self.check_whole()

    def test_another_payload_under_the_same_name_is_refused(self) -> None:
        self.submit(0, PAYLOAD, "--copies", 1)
        before = self.items(self.name())
        other = self.fleet.file("other.json", {"probe": "echo", "other": True})
        refused = self.producer(2, "submit", other, "--job", self.name(), "--copies", 2)
        self.assertRegex(refused.stderr, r"(?s)submitted before, with other values.*payload: sha256:.*copies: 1 before, 2 now")
        self.assertEqual(self.items(self.name()), before)


if __name__ == "__main__":
    unittest.main()
