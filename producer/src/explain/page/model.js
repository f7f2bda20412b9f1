// What was explained, and what is looked up in it again and again. Everything here is data: it becomes text of the page,
// never markup.

const explanation = JSON.parse(document.getElementById("explanation").textContent);

// Classes that have a colour, a shape and a column of their own; more are shown together.
const CLASSES_SHOWN_MAX = 8;
const FAILED = "failed";
const OTHERS = "others";

const classes = explanation.classes ?? [];
const outcomes = explanation.outcomes ?? [];
const environments = explanation.environments ?? [];

// Columns of every table by class: the most frequent classes, then what stands for the rest, then failures.
const groups = classes.slice(0, CLASSES_SHOWN_MAX).map((each, index) => ({ label: each.class, mark: index }));
if (classes.length > CLASSES_SHOWN_MAX) groups.push({ label: OTHERS, mark: OTHERS });
if (outcomes.some((each) => each.class === null) || explanation.failed > 0)
  groups.push({ label: FAILED, mark: FAILED });

const groupByLabel = new Map(groups.map((group, index) => [group.label, index]));
const classByLabel = new Map(classes.map((each) => [each.class, each]));

/** The place in `groups` of a class, or of what stands for it. */
function groupOf(label) {
  return groupByLabel.get(label ?? FAILED) ?? groupByLabel.get(OTHERS) ?? 0;
}

for (const outcome of outcomes) outcome.group = groupOf(outcome.class);

/** A fact of an outcome as text, or null where it was not recorded. Facts of the run go before those of its environment. */
function factOf(outcome, name) {
  if (outcome.facts && Object.hasOwn(outcome.facts, name)) return outcome.facts[name];
  const facts = environments[outcome.environment]?.facts;
  return facts && Object.hasOwn(facts, name) ? facts[name] : null;
}

/** All facts of an outcome, by name. */
function factsOf(outcome) {
  const all = new Map(Object.entries(environments[outcome.environment]?.facts ?? {}));
  for (const [name, value] of Object.entries(outcome.facts ?? {})) all.set(name, value);
  return [...all].sort((left, right) => compareText(left[0], right[0]));
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
function compareText(left, right) {
  return collator.compare(left, right);
}

/**
 * The outcomes counted by fact, value and group: name -> { name, values: [{ value, counts, total }] }, values by their
 * frequency. A value is null where some outcomes have the fact and others do not.
 */
const factTable = (() => {
  const tables = new Map();
  const add = (name, value, group, count) => {
    let values = tables.get(name);
    if (!values) tables.set(name, (values = new Map()));
    let counts = values.get(value);
    if (!counts) values.set(value, (counts = new Array(groups.length).fill(0)));
    counts[group] += count;
  };
  // An environment's facts are counted once for all of its outcomes.
  const inEnvironment = environments.map(() => new Array(groups.length).fill(0));
  const all = new Array(groups.length).fill(0);
  for (const outcome of outcomes) {
    all[outcome.group] += 1;
    if (inEnvironment[outcome.environment]) inEnvironment[outcome.environment][outcome.group] += 1;
    const shared = environments[outcome.environment]?.facts ?? {};
    for (const [name, value] of Object.entries(outcome.facts ?? {})) {
      add(name, value, outcome.group, 1);
      if (Object.hasOwn(shared, name)) add(name, shared[name], outcome.group, -1);
    }
  }
  environments.forEach((environment, index) => {
    for (const [name, value] of Object.entries(environment.facts ?? {})) {
      inEnvironment[index].forEach((count, group) => add(name, value, group, count));
    }
  });
  const sum = (counts) => counts.reduce((total, count) => total + count, 0);
  const facts = new Map();
  for (const [name, values] of [...tables].sort((left, right) => compareText(left[0], right[0]))) {
    const rows = [...values]
      .map(([value, counts]) => ({ value, counts, total: sum(counts) }))
      .filter((row) => row.total > 0);
    const missing = all.map((count, group) => count - rows.reduce((total, row) => total + row.counts[group], 0));
    if (sum(missing) > 0) rows.push({ value: null, counts: missing, total: sum(missing) });
    rows.sort((left, right) => right.total - left.total || compareText(String(left.value), String(right.value)));
    facts.set(name, { name, values: rows, varies: rows.length > 1 });
  }
  return facts;
})();

const varyingFacts = [...factTable.values()].filter((fact) => fact.varies);

/** The fact that tells kinds of CPUs apart, or null. */
const cpuFact =
  ["cpu.kind", "cpu.model_name", "cpu.model"].find((name) => factTable.has(name)) ??
  [...factTable.keys()].find((name) => name.startsWith("cpu.")) ??
  null;

/** The facts that separate the classes, strongest first, without those that merely split identically. */
const telling = (explanation.attribution?.separators ?? [])
  .map((each) => each.facts[0])
  .filter((name) => factTable.has(name));
