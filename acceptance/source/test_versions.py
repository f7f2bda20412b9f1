"""The check of versions, on files in which one differs."""

import pathlib
import tempfile
import unittest

import versions


class Versions(unittest.TestCase):
    def test_each_file_that_names_a_version_is_read(self):
        with tempfile.TemporaryDirectory() as folder:
            top = pathlib.Path(folder)
            (top / "acceptance/dynamodb").mkdir(parents=True)
            (top / ".github/workflows").mkdir(parents=True)
            (top / "rust-toolchain.toml").write_text('[toolchain]\nchannel = "1.0.1"\n')
            (top / "Cargo.toml").write_text('[workspace.package]\nrust-version = "1.0.2"\n')
            (top / "acceptance/dynamodb/Cargo.toml").write_text('[package]\nrust-version = "1.0.3"\n')
            (top / "Dockerfile").write_text("ARG BASE=docker.io/library/rust:1.0.4-bookworm\n")
            (top / ".github/workflows/ci.yml").write_text("run: rustup toolchain install 1.0.5\n")
            self.assertEqual([version for _, version in versions.named(top)], [f"1.0.{n}" for n in range(1, 6)])


if __name__ == "__main__":
    unittest.main()
