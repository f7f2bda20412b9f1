"""Jobs in which facts decide the output, or seem to."""

from collections.abc import Mapping

from scene import NOTHING, Run, Scene, Truth, fact, mixed, pattern, share

Facts = Mapping[str, object]


def coin(number: int, salt: int = 0, rate: float = 0.5) -> bool:
    return share(number, salt) < rate


def run(is_other: bool | int, facts: Facts, **more: object) -> Run:
    """A run that gives one of several outputs."""
    return Run(out=f"answer {int(is_other)}\n", facts=facts, **more)


def others(number: int, count: int = 40, salt: int = 100) -> dict[str, object]:
    """Facts that decide nothing: with two values, with a few and with many."""
    values = [2, 2, 3, 5, 20]
    return {f"other{place}": mixed(number, salt + place) % values[place % len(values)] for place in range(count)}


def divergent(claims: object = None, **more: object) -> Truth:
    return Truth("divergent", claims=claims, **more)


def one_fact(number: int) -> Run:
    return run(coin(number), {"kernel": "avx2" if coin(number) else "sse"})


def one_of_forty(number: int) -> Run:
    return run(coin(number, 1, 0.3), {**others(number), "kernel": "b" if coin(number, 1, 0.3) else "a"})


def rare(number: int) -> Run:
    return run(number in (41, 150), {**others(number, 10), "node": "n7" if number in (41, 150) else "n3"})


def threshold_of_few(number: int) -> Run:
    threads = [1, 2, 4, 8, 16][mixed(number) % 5]
    return run(threads >= 8, {**others(number, 8), "threads": threads})


def threshold_of_many(number: int) -> Run:
    size = mixed(number) % 100
    return run(size >= 60, {**others(number, 8), "size": size})


def noisy_threshold(number: int) -> Run:
    size = mixed(number) % 1_000
    return run((size >= 600) != coin(number, 5, 0.08), {**others(number, 4), "size": size})


def both(number: int) -> Run:
    one, other = coin(number, 1), coin(number, 2)
    return run(one and other, {**others(number, 10), "one": one, "other": other})


def either(number: int) -> Run:
    one, other = coin(number, 1), coin(number, 2)
    return run(one != other, {**others(number, 10), "one": one, "other": other})


def seen_in_one_class(number: int) -> Run:
    return run(coin(number, 3, 0.4), {"build": "r1", **({"blas": "mkl"} if coin(number, 3, 0.4) else {})})


def three_classes(number: int) -> Run:
    kind = mixed(number) % 3
    return run(kind, {**others(number, 6), "kind": "abc"[kind]})


def two_causes(number: int) -> Run:
    one, other = coin(number, 1, 0.3), coin(number, 2, 0.3)
    return run(1 if one else 2 if other else 0, {"one": one, "other": other})


def noise(number: int) -> Run:
    value = coin(number, 1)
    return run(value != coin(number, 2, 0.1), {**others(number, 10), "kernel": "b" if value else "a"})


def chance(number: int) -> Run:
    return run(coin(number, 77), others(number, 20))


def machines(number: int) -> Run:
    """The classes go with machines. Nothing says which property of a machine decides."""
    machine = number // 10
    return run(machine % 2, {"host.boot_id": f"m{machine}", "cpu.model": machine % 2, "host.kernel": f"k{machine % 2}"})


def within_machines(number: int) -> Run:
    return run(coin(number, 4), {"host.boot_id": f"m{number % 4}", "variable.KERNEL": int(coin(number, 4))})


def only_identifiers(number: int) -> Run:
    return run(number % 10 in (1, 2, 5, 8), {"host.boot_id": f"m{number % 10}", "pid": 4_000 + number})


def unseen_in_half(number: int) -> Run:
    is_other = coin(number, 6)
    return run(is_other, {"kernel": "b" if is_other else "a"} if coin(number, 7) else {"build": "r1"})


def alike(number: int) -> Run:
    is_other = coin(number, 8)
    return run(is_other, {"kernel": "b" if is_other else "a", "library": 2 if is_other else 1})


def rivals(number: int) -> Run:
    is_other = coin(number, 9)
    return run(is_other, {"kernel": "b" if is_other else "a", "node": f"{is_other}{mixed(number) % 3}"})


def strange_values(number: int) -> Run:
    is_other = coin(number, 10)
    return run(is_other, {"flags": "-O3, in none of the \x07 100 with\n`x` | <b>" if is_other else "-O2 = é"})


def long_names(number: int) -> Run:
    is_other = coin(number, 11)
    name = "variable.A_NAME_OF_A_VARIABLE_THAT_IS_LONGER_THAN_ANY_LINE"
    return run(is_other, {name: ("x" if is_other else "y") * 60})


def many_texts(number: int) -> Run:
    place = mixed(number) % 12
    return run(place % 3 == 0, {"node": f"node-{place:02}", **others(number, 5)})


def one_odd(number: int) -> Run:
    return run(number == 3, {"flag": number == 3, "half": number % 2})


def same_facts(number: int) -> Run:
    return run(coin(number, 12), {"kernel": "a"})


def own_answers(number: int) -> Run:
    return Run(out=f"answer {number}\n", facts={"kernel": number % 2, "pid": number})


PERFECT = ("separates the classes perfectly",)

SCENES = [
    Scene("one_fact", divergent(fact("reported.kernel"), separates=PERFECT), one_fact, copies=40, quick=True),
    Scene("one_fact_of_forty", divergent(fact("reported.kernel"), separates=PERFECT), one_of_forty, copies=100, workers=2),
    Scene("rare_class", divergent(fact("reported.node"), separates=PERFECT), rare, copies=200, workers=2),
    Scene("threshold_of_few_values", divergent((pattern("threshold", "reported.threads"), fact("reported.threads"))),
          threshold_of_few, copies=60, workers=2),
    Scene("threshold_of_many_values", divergent(pattern("threshold", "reported.size"), separates=(" of 60 or more, in none",)),
          threshold_of_many, copies=100, workers=2, quick=True),
    Scene("noisy_threshold", divergent(pattern("threshold", "reported.size")), noisy_threshold, copies=120, workers=2),
    Scene("both_of_two_facts", divergent((pattern("pair", "reported.one"), fact("reported.one", "reported.other"))), both,
          copies=120, workers=2),
    Scene("exactly_one_of_two_facts", divergent(pattern("pair", "reported.one"), separates=("exactly one of",)), either,
          copies=120, workers=2, quick=True),
    Scene("seen_in_one_class", divergent(pattern("seen", "reported.blas")), seen_in_one_class, copies=60),
    Scene("three_classes", divergent(fact("reported.kind"), separates=PERFECT), three_classes, copies=60, workers=2),
    Scene("two_causes", divergent(fact("reported.one", "reported.other")), two_causes, copies=100, workers=2),
    Scene("noise", divergent(fact("reported.kernel"), silent=PERFECT), noise, copies=100, workers=2, quick=True),
    Scene("chance", divergent(NOTHING), chance, copies=60, workers=2, quick=True),
    Scene("classes_of_machines", divergent(fact("cpu.model", "host.kernel"), separates=("maybe chance",)), machines, copies=40),
    Scene("within_machines", divergent(fact("variable.KERNEL"), silent=("maybe chance",)), within_machines, copies=60),
    Scene("only_identifiers", divergent(NOTHING), only_identifiers, copies=40),
    Scene("fact_not_seen_in_half", divergent(fact("reported.kernel")), unseen_in_half, copies=60),
    Scene("two_facts_alike", divergent(fact("reported.kernel"), separates=("(like 1 more)",)), alike, copies=40),
    Scene("rivals", divergent(fact("reported.kernel"), separates=("1 other fact does too",)), rivals, copies=60),
    Scene("strange_values", divergent(fact("reported.flags")), strange_values, copies=40, quick=True),
    Scene("long_names", divergent(fact("variable.A_NAME_OF_A_VARIABLE_THAT_IS_LONGER_THAN_ANY_LINE")), long_names, copies=40),
    Scene("many_texts", divergent(fact("reported.node")), many_texts, copies=200, workers=2),
    Scene("one_odd_copy", divergent(NOTHING, separates=("reported.flag happens to fit",)), one_odd, quick=True),
    Scene("same_facts_everywhere", divergent(NOTHING), same_facts, copies=40),
    Scene("all_copies_differ", divergent(NOTHING, supports="no two of 30 copies agree"), own_answers, copies=30, quick=True),
]
