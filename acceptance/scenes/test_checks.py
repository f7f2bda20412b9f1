"""The checks find a sentence in which one number is wrong."""

import copy
import re
import unittest

import claims
import grammar
import scenes
import supports
from program import play
from recount import Job

NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w,])")


def wrong(sentence: str) -> list[str]:
    """The sentence with each of its numbers one larger, in turn."""

    def larger(number: re.Match[str]) -> str:
        head, _, tail = number[0].replace(",", "").partition(".")
        return sentence[: number.start()] + f"{int(head) + 1}" + (f".{tail}" if tail else "") + sentence[number.end():]

    return [larger(number) for number in NUMBER.finditer(sentence)]


class Checks(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        named = {scene.name: scene for scene in scenes.SCENES}
        cls.seen = {name: play(named[name]) for name in ("one_fact", "change_at_a_copy", "some_crash")}

    def test_a_wrong_number_in_a_claim_is_found(self) -> None:
        for name in ("one_fact", "change_at_a_copy"):
            seen = self.seen[name]
            job, sentence = Job(seen.copies), seen.status["summary"]["separates"]
            claims.claim(job, seen.explained, sentence)
            # A bound of p may be larger than the share of the permutations.
            told = sentence.partition("(p <=")[0]
            mutants = [mutant + sentence[len(told):] for mutant in wrong(told)]
            self.assertGreaterEqual(len(mutants), 3, sentence)
            for mutant in mutants:
                with self.subTest(mutant), self.assertRaises(AssertionError):
                    claims.claim(job, seen.explained, mutant)

    def test_a_wrong_p_is_found(self) -> None:
        seen = self.seen["one_fact"]
        sentence = seen.status["summary"]["separates"]
        mutant = re.sub(r"p = (\d)", lambda found: f"p = {(int(found[1]) + 1) % 10}", sentence)
        self.assertNotEqual(mutant, sentence)
        self.assertRaises(AssertionError, claims.claim, Job(seen.copies), seen.explained, mutant)

    def test_a_wrong_number_of_copies_is_found(self) -> None:
        for seen in self.seen.values():
            sentence = seen.status["summary"]["supports"]
            for mutant in wrong(sentence):
                told = copy.deepcopy(seen.status)
                told["summary"]["supports"] = mutant
                with self.subTest(mutant), self.assertRaises(AssertionError):
                    supports.check(seen._replace(status=told), Job(seen.copies))

    def test_a_sentence_in_a_new_form_is_found(self) -> None:
        for forms in (grammar.SEPARATES, grammar.SUPPORTS, grammar.DIFFERENCE):
            self.assertRaises(grammar.UnknownSentence, grammar.parse, forms, "the moon separates the classes")


if __name__ == "__main__":
    unittest.main()
