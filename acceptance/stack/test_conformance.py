"""The conformance checks of the ports on the emulator's DynamoDB. `acceptance/dynamodb` runs the same checks in process."""

import os
import subprocess
import unittest

import boto3

import ministack

CHECKS = ["cargo", "test", "--quiet", "--locked", "--manifest-path", "acceptance/dynamodb/Cargo.toml"]


class Conformance(unittest.TestCase):
    def test_the_cloud_adapter_passes_the_checks_of_acceptance_dynamodb(self):
        with ministack.running(strict=False) as aws:
            env = os.environ | {
                "CARGO_TARGET_DIR": str(ministack.ROOT / "target"),
                "CONCORD_CHECKS_ENDPOINT": aws.url,
            }
            checked = subprocess.run(CHECKS, cwd=ministack.ROOT, env=env, capture_output=True, text=True)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
            # The checks have their own keys and region.
            session = boto3.Session("id", "secret", region_name="eu-west-1")
            tables = aws.client("dynamodb", session).list_tables()["TableNames"]
            self.assertGreater(len(tables), 50, "each check made a table on the emulator")


if __name__ == "__main__":
    unittest.main()
