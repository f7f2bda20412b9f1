"""Jobs with conditions: expected results, parts of outputs, more copies, files, folders."""

from scene import NOTHING, Run, Scene, Truth, fact
from scenes_facts import coin, divergent, run

FILES = {f"results/{place}.txt": f"{place / 8}\n" for place in range(10)}


def files(**changes: object) -> object:
    """Every third copy changes files; a file that is `None` is missing."""
    wanted = {name.replace("_", "/") + ".txt": text for name, text in changes.items()}

    def plan(number: int) -> Run:
        found = {**FILES, **wanted} if number % 3 == 2 else FILES
        return Run(out=f"said {number}\n", files={name: text for name, text in found.items() if text is not None})

    return plan


def artifacts(sentence: str | None, **changes: object) -> dict[str, object]:
    return {"plan": files(**changes), "truth": divergent(difference=sentence), "copies": 9, "flags": ("--artifact", "results/*.txt")}


def own(text: str) -> str:
    """A program whose output has something of its own in each copy."""
    return f'printf "result 1.5\\n{text}\\n"\n'


def fits_late(number: int) -> Run:
    is_other = number % 5 == 3
    return run(is_other, {"kernel": "b" if is_other else "a"})


FOLDER_IN_OUTPUT = "has the path of the folder in which the copy ran"
DISTURBED = "changed in the common folder while several copies ran"
EXPECTED = {"expected": "same\n", "other": "something else\n"}

SCENES = [
    Scene("one_file_of_ten", **artifacts("9 of 10 artifacts are stable; results/4.txt differs. A and B, results/4.txt: 1 of 1 "
          "numbers differs, by at most 6.8e15 ulp (6.7e-1 relative)", results_4="1.5\n"), quick=True),
    Scene("a_missing_file", **artifacts("9 of 10 artifacts are stable; results/7.txt differs", results_7=None), quick=True),
    Scene("an_extra_file", **artifacts("10 of 11 artifacts are stable; results/extra.txt differs", results_extra="1\n")),
    Scene("several_files", **artifacts(None, results_1="2\n", results_2="3\n", results_3=None, results_4="x\n", results_5="y\n")),
    Scene("order_of_numbers", **artifacts(None, results_0="3 1 2\n")),
    Scene("date_in_a_log", Truth("divergent"), lambda number: Run(files={"a.txt": "1\n", "log.txt": f"done at 12:00:{number:02}\n"}), copies=8,
          flags=("--artifact", "*.txt")),
    Scene("stable_files", Truth("reproducible"), lambda number: Run(out=f"{number}", files=FILES), copies=8,
          flags=("--artifact", "results/*.txt"), workers=2),
    Scene("files_and_output", Truth("divergent"), lambda number: Run(out=f"{number % 2}\n", files={"a.txt": "1\n"}),
          copies=8, flags=("--artifact", "a.txt", "--artifact", "stdout")),
    Scene("no_file", Truth("inconclusive", "empty", warnings=("every output is empty",)), lambda number: Run(), copies=4,
          flags=("--artifact", "*.txt")),
    Scene("folder_in_output", Truth("reproducible", warnings=(FOLDER_IN_OUTPUT,)), script=own("$PWD"), copies=8, flags=("--scratch",)),
    Scene("folders_in_output", Truth("divergent", warnings=(FOLDER_IN_OUTPUT,)), script="sleep 0.1\n" + own("$PWD"), copies=8, workers=2,
          flags=("--scratch",)),
    Scene("time_in_output", Truth("divergent"), script=own("$(date +%N)"), copies=8),
    Scene("process_in_output", Truth("divergent"), script=own("$$"), copies=8, quick=True),
    Scene("common_folder", Truth("reproducible", warnings=(DISTURBED,)),
          lambda number: Run(first=f"echo {number} >shared; sleep 0.2"), copies=8, workers=4),
    Scene("expected", Truth("reproducible"), lambda number: Run(), flags=("--expect", "expected"), files=EXPECTED),
    Scene("drift", Truth("divergent", "drift"), lambda number: Run(), flags=("--expect", "other"), files=EXPECTED, quick=True),
    Scene("drift_by_digest", Truth("divergent", "drift"), lambda number: Run(), flags=("--expect", "sha256:" + "0" * 64)),
    Scene("expected_and_divergent", divergent(fact("reported.kernel")),
          lambda number: run(coin(number, 40), {"kernel": coin(number, 40)}), copies=40, flags=("--expect", "other"), files=EXPECTED),
    Scene("selected_part", Truth("reproducible"), lambda number: Run(out=f'{{"at": {number}, "value": [1.0]}}'),
          flags=("--select", "/value")),
    Scene("selected_part_differs", Truth("divergent"), lambda number: Run(out=f'{{"at": {number}, "value": {number % 2}}}'),
          flags=("--select", "/value")),
    Scene("golden", Truth("reproducible"), command=("cat",), flags=("--golden",), before=(
          ("submit", "p", "--job", "first", "--copies", "3", "--", "cat"), ("accept", "first"))),
    Scene("golden_drift", Truth("divergent", "drift"), lambda number: Run(out="same\n" if number < 3 else "other\n"), runs=40,
          flags=("--golden",), before=(("submit", "p", "--job", "first", "--copies", "3", "ARGV"), ("accept", "first"))),
    Scene("extended", divergent(NOTHING), lambda number: run(coin(number, 50, 0.3), {"half": coin(number, 51)}), copies=10, runs=40,
          flags=("--extend", "40")),
    Scene("extended_until_it_fits", divergent(fact("reported.kernel")), fits_late, copies=10, runs=80, flags=("--extend", "80"),
          quick=True),
    Scene("fail_fast", divergent(), lambda number: run(number == 30, {"node": number == 30}), copies=200, flags=("--fail-fast",), quick=True),
    Scene("detect", Truth("reproducible"), lambda number: Run(), copies=459, flags=("--detect", "1%", "--confidence", "99%"), workers=2),
    Scene("too_few_sandboxes", Truth("inconclusive", "coverage", warnings=("every copy gave the same digest, but in 1 sandbox",)),
          lambda number: Run(), flags=("--sandboxes", "2"), quick=True),
    Scene("many_digests", divergent(NOTHING), lambda number: Run(out=f"{number % 97}\n"), copies=300, workers=2),
    Scene("two_of_many_digests_agree", divergent(NOTHING), lambda number: Run(out=f"{20 if number == 41 else number}\n"), copies=60),
    Scene("probe", Truth("reproducible"), payload=b'{"probe":"matmul","n":16,"seed":1}', copies=8),
    Scene("racing_probe", Truth("reproducible"), payload=b'{"probe":"sum","n":10}', copies=8),
]
