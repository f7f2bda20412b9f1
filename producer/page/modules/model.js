// @ts-check
// What several parts of the page look up: groups of outcomes, and the outcomes counted by fact and value.

import { explanation } from "./explanation.js";

/** @import { Facts, Outcome } from "./explanation.js" */

// Each of the first classes has a colour, a shape and a column of its own; the others are shown together.
const CLASSES_SHOWN_MAX = 8;
export const FAILED = "failed";
export const OTHERS = "others";

/** @typedef {number | typeof OTHERS | typeof FAILED} Mark which shape and colour a group has */
/** @typedef {{ label: string, mark: Mark }} Group a class, all less frequent classes, or all failures */
/** @typedef {Outcome & { group: number }} GroupedOutcome an outcome with its place in `groups` */

export const classes = explanation.classes ?? [];
/** Whether no two copies agree: then a class is one copy, and nothing can be said of classes. */
export const allDiffer =
  classes.length > 1 &&
  classes.every((each) => each.copies === 1) &&
  explanation.produced === (explanation.distinct_digests ?? classes.length);
export const environments = explanation.environments ?? [];

/** @type {Group[]} The columns of every table by class: the most frequent classes, then the others, then failures. */
export const groups = classes.slice(0, CLASSES_SHOWN_MAX).map((each, index) => ({ label: each.class, mark: index }));
if (classes.length > CLASSES_SHOWN_MAX) groups.push({ label: OTHERS, mark: OTHERS });
if (explanation.failed > 0 || explanation.outcomes?.some((each) => each.class === null))
  groups.push({ label: FAILED, mark: FAILED });

const groupByLabel = new Map(groups.map((group, index) => [group.label, index]));
export const classByLabel = new Map(classes.map((each) => [each.class, each]));

/**
 * The place in `groups` of a class. Failures have the label null.
 *
 * @param {string | null} label
 */
export function groupOf(label) {
  return groupByLabel.get(label ?? FAILED) ?? groupByLabel.get(OTHERS) ?? 0;
}

/** @type {GroupedOutcome[]} */
export const outcomes = (explanation.outcomes ?? []).map((each) => Object.assign(each, { group: groupOf(each.class) }));

/**
 * The facts of the environment in which an outcome ran.
 *
 * @param {Outcome} outcome
 * @returns {Facts}
 */
function environmentFacts(outcome) {
  return (outcome.environment === null ? null : environments[outcome.environment]?.facts) ?? {};
}

const NO_VALUE = "(none)";
/** Variables that the explanation takes as not set where they are missing: "(none)" is one of their values. */
const unsetWhereMissing = new Set(
  (explanation.attribution?.separators ?? []).flatMap(({ facts, values, not_seen }) =>
    not_seen ? [] : facts.filter((_, place) => values.some(({ value }) => value[place] === NO_VALUE)),
  ),
);

/**
 * What it means that an outcome lacks a fact.
 *
 * @param {string} name
 * @param {boolean} hasFailed a failed copy is not part of the explanation
 */
function missingValue(name, hasFailed) {
  return unsetWhereMissing.has(name) && !hasFailed ? NO_VALUE : null;
}

/**
 * A fact of an outcome, or null if it was not recorded. Facts of the run hide facts of its environment.
 *
 * @param {Outcome} outcome
 * @param {string} name
 */
export function factOf(outcome, name) {
  for (const facts of [outcome.facts ?? {}, environmentFacts(outcome)])
    if (Object.hasOwn(facts, name)) return facts[name];
  return missingValue(name, outcome.class === null);
}

/**
 * All facts of an outcome, by name.
 *
 * @param {Outcome} outcome
 */
export function factsOf(outcome) {
  const all = new Map(Object.entries(environmentFacts(outcome)));
  for (const [name, value] of Object.entries(outcome.facts ?? {})) all.set(name, value);
  return [...all].sort((left, right) => compareText(left[0], right[0]));
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/**
 * @param {string} left
 * @param {string} right
 */
export function compareText(left, right) {
  return collator.compare(left, right);
}

/** @typedef {{ value: string | null, counts: number[], total: number }} FactRow the outcomes with one value, by group */
/** @typedef {{ name: string, values: FactRow[], varies: boolean }} Fact the most frequent value stands first */

/** @param {number[]} counts */
const sum = (counts) => counts.reduce((total, each) => total + each, 0);

/** The outcomes counted by fact, value and group: a map from name to value to counts. */
function countFacts() {
  /** @type {Map<string, Map<string, number[]>>} */
  const facts = new Map();
  /** @type {(name: string, value: string, group: number, count: number) => void} */
  const add = (name, value, group, count) => {
    const values = facts.get(name) ?? new Map();
    facts.set(name, values);
    const counts = values.get(value) ?? new Array(groups.length).fill(0);
    values.set(value, counts);
    counts[group] += count;
  };
  // The facts of an environment are counted once for all outcomes that ran in it.
  const inEnvironment = environments.map(() => new Array(groups.length).fill(0));
  for (const outcome of outcomes) {
    const counts = outcome.environment === null ? undefined : inEnvironment[outcome.environment];
    if (counts) counts[outcome.group] += 1;
    const shared = environmentFacts(outcome);
    for (const [name, value] of Object.entries(outcome.facts ?? {})) {
      add(name, value, outcome.group, 1);
      if (Object.hasOwn(shared, name)) add(name, shared[name], outcome.group, -1);
    }
  }
  environments.forEach((environment, index) => {
    for (const [name, value] of Object.entries(environment.facts ?? {}))
      for (const [group, count] of inEnvironment[index].entries()) add(name, value, group, count);
  });
  return facts;
}

/** All facts by name. A fact that only some outcomes have also has a row with the value null, or "(none)". */
export const factTable = (() => {
  const all = new Array(groups.length).fill(0);
  for (const outcome of outcomes) all[outcome.group] += 1;
  /** @type {Map<string, Fact>} */
  const facts = new Map();
  for (const [name, values] of [...countFacts()].sort((left, right) => compareText(left[0], right[0]))) {
    /** @type {FactRow[]} */
    const rows = [...values]
      .map(([value, counts]) => ({ value, counts, total: sum(counts) }))
      .filter((row) => row.total > 0);
    const missing = all.map((count, group) => count - sum(rows.map((row) => row.counts[group])));
    const hasFailed = groups.map((group) => group.mark === FAILED);
    for (const failed of unsetWhereMissing.has(name) ? [false, true] : [null]) {
      const counts = missing.map((count, group) => (failed === null || hasFailed[group] === failed ? count : 0));
      if (sum(counts) > 0) rows.push({ value: missingValue(name, failed ?? false), counts, total: sum(counts) });
    }
    rows.sort((left, right) => right.total - left.total || compareText(String(left.value), String(right.value)));
    facts.set(name, { name, values: rows, varies: rows.length > 1 });
  }
  return facts;
})();

export const varyingFacts = [...factTable.values()].filter((fact) => fact.varies);

/** The fact that tells kinds of CPU apart, or null. */
export const cpuFact =
  ["cpu.kind", "cpu.model_name", "cpu.model"].find((name) => factTable.has(name)) ??
  [...factTable.keys()].find((name) => name.startsWith("cpu.")) ??
  null;

/** The facts that go with the classes beyond chance, the strongest first; one for each set of facts that split the copies identically. */
export const separatingFacts = (explanation.attribution?.separators ?? []).flatMap(({ facts: [name], significant }) =>
  significant && name !== undefined && factTable.has(name) ? [name] : [],
);
