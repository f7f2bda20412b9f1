import unittest

import sbom


def package(name, source="registry", license="MIT/Apache-2.0"):
    return {"id": f"{name}-id", "name": name, "version": "1.0.0", "source": source, "license": license, "repository": None}


def needs(*names, kind=None):
    return [{"pkg": f"{name}-id", "dep_kinds": [{"kind": kind}]} for name in names]


SAID = {
    "packages": [package(name, source=None) for name in sbom.PROGRAMS] + [package(name) for name in ("zlib", "cc", "tester", "unasked")],
    "resolve": {
        "nodes": [
            {"id": "concord-producer-id", "deps": needs("zlib", "unasked") + needs("tester", kind="dev")},
            {"id": "concord-worker-id", "deps": []},
            {"id": "concord-aggregator-id", "deps": []},
            {"id": "zlib-id", "deps": needs("cc", kind="build")},
            {"id": "cc-id", "deps": []},
            {"id": "tester-id", "deps": []},
            {"id": "unasked-id", "deps": []},
        ]
    },
}

LOCK = {"package": [{"name": name, "version": "1.0.0", "checksum": f"{name}-sum"} for name in ("zlib", "cc", "tester", "unasked")]}

LINKED = {(name, "1.0.0") for name in [*sbom.PROGRAMS, "zlib"]}


def bill():
    return sbom.bill([SAID], LOCK, LINKED, LINKED | {("cc", "1.0.0")})


class SbomTest(unittest.TestCase):
    def test_a_bill_has_what_is_linked_and_what_is_built(self):
        scopes = {entry["name"]: entry["scope"] for entry in bill()["components"]}
        self.assertEqual(scopes, dict.fromkeys([*sbom.PROGRAMS, "zlib"], "required") | {"cc": "excluded"})
        zlib = next(entry for entry in bill()["components"] if entry["name"] == "zlib")
        self.assertEqual(zlib["purl"], "pkg:cargo/zlib@1.0.0")
        self.assertEqual(zlib["hashes"], [{"alg": "SHA-256", "content": "zlib-sum"}])
        self.assertEqual(zlib["licenses"], [{"expression": "MIT OR Apache-2.0"}])
        self.assertEqual(sbom.wrong(bill(), LINKED), [])

    def test_the_same_sources_give_the_same_bill(self):
        self.assertEqual(bill(), bill())

    def test_a_package_that_is_linked_and_not_listed_is_missed(self):
        found = sbom.wrong(bill(), LINKED | {("tester", "1.0.0")})
        self.assertEqual(found, ["tester 1.0.0 is linked, but not listed"])

    def test_a_package_that_is_listed_and_not_linked_is_noticed(self):
        found = sbom.wrong(bill(), LINKED - {("zlib", "1.0.0")})
        self.assertEqual(found, ["zlib 1.0.0 is listed, but not linked"])

    def test_a_component_without_checksum_license_or_use_is_wrong(self):
        made = bill()
        made["components"].append({"type": "library", "bom-ref": "pkg:cargo/x@1", "name": "x", "version": "1", "scope": "excluded"})
        expected = ["x: it has no checksum", "x: it has no license", "nothing needs pkg:cargo/x@1"]
        self.assertEqual(sbom.wrong(made, LINKED), expected)


if __name__ == "__main__":
    unittest.main()
