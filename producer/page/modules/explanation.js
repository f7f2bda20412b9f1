// @ts-check
// The explanation that this page shows, and the types of its parts. docs/json.md says what each field means.
//
// All of it is data: it becomes text of the page, never markup.

/**
 * @typedef {Record<string, string>} Facts names and values, as they were recorded
 *
 * @typedef {object} Outcome one run of a copy
 * @property {number} copy
 * @property {string | null} class null when the copy failed
 * @property {string | null} failure
 * @property {number | null} started_at_ms
 * @property {number | null} run_us
 * @property {number} attempt
 * @property {number | null} environment a place in `environments`
 * @property {Facts} [facts] facts of this run alone
 *
 * @typedef {{ facts?: Facts }} Environment
 *
 * @typedef {"min" | "p25" | "median" | "p75" | "max"} Quantile
 *
 * @typedef {object} DigestClass the copies with equal digests
 * @property {string} class
 * @property {string} digest
 * @property {number} copies
 * @property {number} sandboxes
 * @property {number} [machines]
 * @property {number} first_copy
 * @property {number} bytes
 * @property {Record<Quantile, number> | null} [run_us]
 *
 * @typedef {object} Separator facts that split the copies identically, with the test of that split
 * @property {string[]} facts
 * @property {boolean} perfect
 * @property {boolean} significant
 * @property {boolean} [tested] false for identifiers, measurements and facts that differ in each run
 * @property {boolean} [consequence]
 * @property {number} p
 * @property {boolean} [exact]
 * @property {number | null} [p_holm]
 * @property {boolean} [permuted]
 * @property {number} [not_seen]
 * @property {UnitTest | null} [sandboxes]
 * @property {SeparatorValue[]} values
 * @property {number} [values_total]
 *
 * @typedef {{ n: number, p: number, p_holm?: number, within?: boolean }} UnitTest a test that does not count copies of one
 *   sandbox, or of one machine, as independent
 *
 * @typedef {object} Pattern what else goes with the classes
 * @property {string} statement
 * @property {boolean} [consequence]
 * @property {number} [p_corrected]
 * @property {boolean} [permuted]
 * @property {UnitTest | null} [sandboxes]
 *
 * @typedef {{ value: (string | null)[], classes: Record<string, number> }} SeparatorValue one value of each fact, and
 *   the copies of each class that have it
 *
 * @typedef {{ by: string, statement?: string, p?: number | null }} Split how the classes are spread over what is no fact
 *
 * @typedef {object} Attribution
 * @property {number} copies
 * @property {number} facts_tested
 * @property {number} facts_constant
 * @property {Separator[]} [separators]
 * @property {Pattern[]} [patterns]
 * @property {Split[]} [splits]
 *
 * @typedef {{ ulp: string, values: number }} HistogramBin
 *
 * @typedef {{ at: string, left: string, right: string }} NumberPlace a pair of numbers, and where it is
 *
 * @typedef {object} DifferingPath numbers of one path, compared
 * @property {string} path
 * @property {string} type
 * @property {number} compared
 * @property {number} different
 * @property {number[] | null} [first_index]
 * @property {[string, string] | null} [first] the first pair that differs
 * @property {string | null} [ulp_max] a string, because it may exceed 2^53
 * @property {NumberPlace | null} [ulp_at]
 * @property {number | null} [absolute_max]
 * @property {NumberPlace | null} [absolute_at]
 * @property {number | null} [relative_max]
 * @property {NumberPlace | null} [relative_at]
 * @property {number | null} [common_bits_min]
 * @property {HistogramBin[]} [ulp_histogram]
 * @property {number} [beyond_tolerance]
 *
 * @typedef {object} Mismatch a difference that has no distance
 * @property {string} kind
 * @property {string} path
 * @property {number | number[] | null} index
 * @property {string | null} left
 * @property {string | null} right
 *
 * @typedef {object} Comparison two outputs, compared
 * @property {string} format
 * @property {[number, number]} [bytes]
 * @property {number | null} [first_different_byte]
 * @property {string | null} [assumed] what was assumed of the numbers
 * @property {number} values_compared
 * @property {number} values_different
 * @property {Mismatch[]} [mismatches]
 * @property {number} mismatches_total
 * @property {DifferingPath[]} [paths]
 * @property {number} paths_total
 * @property {string | null} [truncated] why the comparison ended early
 * @property {string[]} [unmatched_rules] rules of tolerance that fit no path
 * @property {boolean | null} [equivalent]
 *
 * @typedef {object} Difference
 * @property {string} reference
 * @property {string} class
 * @property {string | null} [artifact] the one that is compared, in a job with artifacts
 * @property {string | null} [statement]
 * @property {Comparison | null} comparison
 * @property {string | null} [unavailable] why there is no comparison
 * @property {string | null} [only_in] the side that has the artifact, if the other does not
 *
 * @typedef {{ n: number, different: number, rate_low: number | null, rate_high: number | null }} Rate
 * @typedef {{ copies?: number | null, sandboxes?: number | null }} Unseen
 *
 * @typedef {object} Confidence
 * @property {number} level
 * @property {Rate | null} [copies]
 * @property {Rate | null} [sandboxes]
 * @property {Rate | null} [machines]
 * @property {Unseen | null} [unseen]
 *
 * @typedef {object} Coverage
 * @property {number} sandboxes
 * @property {number} hosts
 * @property {boolean} host_seen
 * @property {number} cpu_kinds
 * @property {number} canary_classes
 * @property {number} architectures
 * @property {number} memory_sizes
 *
 * @typedef {object} Explanation
 * @property {string} job
 * @property {string} submission
 * @property {string} verdict
 * @property {string | null} [cause]
 * @property {number} copies
 * @property {number} produced
 * @property {number} failed
 * @property {number} [distinct_digests]
 * @property {number} [copies_read] fewer than the copies if the explanation is made from a sample
 * @property {"sandbox" | "machine" | "unseen"} [unit] what copies share
 * @property {string | null} [submitted_at]
 * @property {string | null} [decided_at]
 * @property {string | null} [ended_at]
 * @property {string | null} [calculation]
 * @property {{ digest: string, bytes: number } | null} [payload]
 * @property {{ separates?: string, failures?: string, difference?: string, supports?: string }} [summary]
 * @property {Coverage | null} [coverage]
 * @property {{ equivalent: boolean, tolerances?: string[], largest?: string | null } | null} [equivalence]
 * @property {DigestClass[]} [classes]
 * @property {{ reason: string, copies: number }[]} [failures]
 * @property {{ reason: string, copies: number }[]} [hidden_failures]
 * @property {{ name: string, contents: number, missing_in: number }[]} [artifacts]
 * @property {Record<string, number>} [left_out] how many items of a list are not on this page, by the name of the list
 * @property {Confidence | null} [confidence]
 * @property {Attribution | null} [attribution]
 * @property {Difference[]} [differences]
 * @property {Environment[]} [environments]
 * @property {Outcome[]} [outcomes]
 */

/** @type {Explanation} */
export const explanation = JSON.parse(document.getElementById("explanation")?.textContent ?? "");
