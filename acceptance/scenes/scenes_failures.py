"""Jobs in which copies fail, give nothing, or do not run."""

from program import PRODUCER
from scene import NOTHING, Run, Scene, Truth, fact, mixed
from scenes_facts import coin, divergent, run

HIDDEN = "failed at first, and gave a digest only at a later attempt"
EMPTY = "every output is empty"


def fails(then: str, *numbers: int) -> object:
    return lambda number: Run(then=then if number in numbers else "")


def by_a_fact(number: int) -> Run:
    return Run(facts={"node": "bad" if coin(number, 30, 0.3) else "good"}, then="exit 9" if coin(number, 30, 0.3) else "")


def several_ways(number: int) -> Run:
    return Run(then={0: "exit 2", 1: "kill -9 $$", 2: "sleep 30"}.get(number % 6, ""))


def fails_and_differs(number: int) -> Run:
    is_other = coin(number, 31)
    return run(is_other, {"kernel": "b" if is_other else "a"}, then="exit 1" if number % 8 == 0 else "")


def all_differ_and_fail(number: int) -> Run:
    return Run(out=f"{mixed(number)}\n", then="exit 1" if number % 4 == 0 else "")


def empty_in_some(number: int) -> Run:
    is_empty = coin(number, 32, 0.4)
    return Run(out="" if is_empty else "answer\n", facts={"disk": "full" if is_empty else "free"})


def cancels(job: str, at: int, differs: bool = False) -> object:
    """A copy cancels its own job; if others differ, once the job is divergent."""
    looks = " ".join(map(str, range(300))) if differs else ""
    waits = f"for look in {looks}; do {PRODUCER} status {job} | grep -q ^divergent && break; sleep 0.1; done\n"
    first = f"{waits if differs else ''}{PRODUCER} cancel {job} >/dev/null 2>&1"
    # The outcome of a run is on the disk before the next one starts if the run was slow.
    slow = "sleep 0.3" if differs else ""
    return lambda number: Run(
        out=f"{int(differs and number % 2)}\n", first=first if number == at else slow if number < 2 else ""
    )


def inconclusive(cause: str, **more: object) -> Truth:
    return Truth("inconclusive", cause, **more)


ONE_ATTEMPT = ("--attempts", "1")

SCENES = [
    Scene("some_crash", inconclusive("failures", supports="17 of 20 copies gave an output, all alike; 3 crashed, so nothing is known of "
          "them"), fails("exit 3", 2, 9, 17), flags=ONE_ATTEMPT, quick=True),
    Scene("one_crashes", inconclusive("failures", supports="19 of 20 copies gave an output, all alike; 1 crashed, so nothing is known of "
          "it"), fails("kill -11 $$", 4), flags=ONE_ATTEMPT, workers=2),
    Scene("all_but_one_crash", inconclusive("failures", supports="1 of 5 copies gave an output; 4 crashed, so nothing is known of them"),
          fails("exit 1", 0, 1, 2, 4), copies=5, flags=ONE_ATTEMPT),
    Scene("all_crash", inconclusive("failures", supports="no copy gave a digest, so nothing is known of the divergence rate"),
          fails("exit 4", *range(20)), flags=ONE_ATTEMPT),
    Scene("crash_by_a_fact", inconclusive("failures", failures=fact("reported.node")), by_a_fact, copies=40, flags=ONE_ATTEMPT, workers=2),
    Scene("too_slow", inconclusive("failures", supports="18 of 20 copies gave an output, all alike; 2 failed, so nothing is known of them"),
          fails("sleep 30", 3, 5), flags=(*ONE_ATTEMPT, "--copy-timeout", "400ms"), workers=2),
    Scene("fail_in_several_ways", inconclusive("failures"), several_ways, copies=12,
          flags=(*ONE_ATTEMPT, "--copy-timeout", "400ms"), workers=2),
    Scene("hidden_failures", Truth("reproducible", warnings=(f"3 copies {HIDDEN}",)), fails("exit 3", 2, 9, 17), runs=23,
          flags=("--attempts", "5"), quick=True),
    Scene("hidden_failure_of_one", Truth("reproducible", warnings=(f"1 copy {HIDDEN}",)), fails("kill -11 $$", 7), runs=21,
          workers=2),
    Scene("fail_at_every_attempt", inconclusive("failures"), fails("exit 3", *range(0, 80, 2)), copies=8, runs=80,
          flags=("--attempts", "1")),
    Scene("fail_and_differ", divergent(fact("reported.kernel")), fails_and_differs, copies=60, flags=ONE_ATTEMPT, workers=2, quick=True),
    Scene("differ_and_fail", divergent(NOTHING, supports="no two of 15 copies agree; 5 gave none"), all_differ_and_fail,
          flags=ONE_ATTEMPT),
    Scene("all_empty", inconclusive("empty", supports="nothing: every output is empty", warnings=(EMPTY,)), lambda number: Run(out=""),
          quick=True),
    Scene("empty_is_allowed", Truth("reproducible"), lambda number: Run(out=""), flags=("--allow-empty",)),
    Scene("empty_in_some", divergent(fact("reported.disk")), empty_in_some, copies=40),
    Scene("retried", Truth("reproducible"), fails("exit 3", 2, 9), runs=22, flags=ONE_ATTEMPT, after=(("retry", "retried"),)),
    Scene("retried_and_differs", divergent(), lambda number: Run(out=f"{int(number >= 20)}\n", then="exit 1" if number in (2, 9) else ""),
          runs=22, flags=ONE_ATTEMPT, after=(("retry", "retried_and_differs"),)),
    Scene("deadline", inconclusive("deadline"), lambda number: Run(then="sleep 60" if number == 5 else ""), copies=12,
          flags=("--timeout", "1500ms")),
    Scene("deadline_of_all", inconclusive("deadline", supports="no copy gave a digest, so nothing is known of the divergence rate"),
          lambda number: Run(first="sleep 60"), copies=3, flags=("--timeout", "1s")),
    Scene("deadline_and_failures", inconclusive("deadline"),
          lambda number: Run(then="sleep 60" if number == 5 else "exit 1" if number == 3 else ""), copies=12,
          flags=(*ONE_ATTEMPT, "--timeout", "1500ms")),
    Scene("cancelled", Truth("cancelled"), lambda number: Run(), copies=5, flags=("--detach",), after=(("cancel", "cancelled"),)),
    Scene("cancelled_halfway", Truth("cancelled"), cancels("cancelled_halfway", 5), copies=12),
    Scene("cancelled_and_divergent", divergent(NOTHING), cancels("cancelled_and_divergent", 7, differs=True), copies=12),
    Scene("one_copy", Truth("reproducible", supports="one copy gave an output, so nothing is known of other runs",
          warnings=("one copy agrees with itself",)), lambda number: Run(), copies=1, quick=True),
    Scene("two_copies", Truth("reproducible"), lambda number: Run(), copies=2),
    Scene("two_copies_differ", divergent(NOTHING, supports="no two of 2 copies agree"), lambda number: Run(out=str(number)), copies=2),
]
