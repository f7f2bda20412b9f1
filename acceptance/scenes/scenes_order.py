"""Jobs in which the place of a copy decides the output, or what happens around it."""

from scene import NOTHING, Run, Scene, fact, pattern
from scenes_facts import PERFECT, coin, divergent, others, run


def change(number: int) -> Run:
    return run(number >= 70, others(number, 6))


def late_change(number: int) -> Run:
    return run(number >= 110, others(number, 6))


def blocks(number: int) -> Run:
    return run(number // 10 % 2, others(number, 6))


def alternate(number: int) -> Run:
    return run(number % 2, others(number, 6))


def slow(number: int) -> Run:
    """A copy with the rare answer takes longer; that is a consequence."""
    is_other = coin(number, 20, 0.4)
    return run(is_other, others(number, 4), first="sleep 0.05" if is_other else "")


def slow_because(number: int) -> Run:
    is_other = coin(number, 21, 0.4)
    return run(is_other, {"kernel": "b" if is_other else "a"}, first="sleep 0.05" if is_other else "")


# A wrapper that takes a number, as the script of a plan does, and then does something.
TAKES = """n=0
set -C
while ! { true >"$1/taken/$n"; } 2>/dev/null; do n=$((n + 1)); done
set +C
"""
# The program that a wrapper starts. It is seen while it sleeps.
PROGRAM = """exec python3 -I -S -c '
import os, sys, time
time.sleep(float(sys.argv[1]))
print(os.environ.get("NAME", "unset") if sys.argv[2] == "-" else sys.argv[2])' "$seconds" "$answer"
"""


def chosen(salt: int, copies: int = 40) -> str:
    """The pattern of a `case` for the runs of the rarer class."""
    return "|".join(str(number) for number in range(copies) if coin(number, salt, 0.4))


def wrapper(name: str, value: str, salt: int, seconds: float) -> str:
    """Sets a variable for some runs, which decides the answer."""
    program = PROGRAM.replace("NAME", name)
    return f"{TAKES}seconds={seconds} answer=-\ncase $n in {chosen(salt)}) export {name}={value} ;; esac\n{program}"


def quick_wrapper(name: str, value: str, salt: int) -> str:
    """The same for a program that ends within a millisecond, too soon to be seen."""
    return f"{TAKES}case $n in {chosen(salt)}) export {name}={value} ;; esac\nprintenv {name} || echo unset\n"


# All runs have the variable, but only the slow ones are seen.
SLOW_IN_SOME = f"""{TAKES}export OMP_NUM_THREADS=4
case $n in {chosen(24)}) sleep 0.1; echo b ;; *) echo a ;; esac
"""


SCENES = [
    Scene("change_at_a_copy", divergent(pattern("change"), separates=(" 70",)), change, copies=100, quick=True),
    Scene("change_near_the_end", divergent(pattern("change")), late_change, copies=120),
    Scene("blocks", divergent((pattern("blocks"), pattern("change"))), blocks, copies=120),
    Scene("even_and_odd", divergent((pattern("parity"), pattern("blocks"))), alternate, copies=60, quick=True),
    Scene("run_time_follows", divergent(NOTHING, separates=("run time follows the classes",)), slow, copies=60),
    Scene("variable_of_a_wrapper", divergent(fact("variable.OMP_NUM_THREADS"), separates=PERFECT),
          script=wrapper("OMP_NUM_THREADS", "4", 22, 0.12), copies=24, workers=2),
    Scene("tunables_of_a_wrapper", divergent(fact("variable.GLIBC_TUNABLES"), separates=PERFECT),
          script=wrapper("GLIBC_TUNABLES", "glibc.malloc.check=0", 23, 0.12), copies=24, workers=2),
    Scene("variable_of_a_quick_program", divergent(NOTHING), script=quick_wrapper("OMP_NUM_THREADS", "4", 25), copies=40),
    Scene("variable_seen_in_slow_runs", divergent(NOTHING, silent=("(none)",)), script=SLOW_IN_SOME, copies=40),
    Scene("run_time_follows_a_fact", divergent(fact("reported.kernel")), slow_because, copies=60),
]
