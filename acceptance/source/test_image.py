import unittest

from image import left_out


class LeftOut(unittest.TestCase):
    def test_a_member_is_let_in_by_its_folder_or_by_its_manifest(self):
        ignore = "*\n!Cargo.toml\n!crates\n!acceptance/Cargo.toml\n"
        members = ["crates/json", "acceptance", "acceptance/testkit", "crates-of-others"]
        expect = ["acceptance/testkit/Cargo.toml", "crates-of-others/Cargo.toml"]
        self.assertEqual(left_out(members, ignore), expect)


if __name__ == "__main__":
    unittest.main()
