// Every outcome with all of its facts.

const OUTCOMES_A_PAGE = 100;
const COLUMNS_AT_FIRST = 3;
const ANY_CLASS = "any";

function outcomesSection() {
  if (!outcomes.length) return h("p.empty", {}, "No copy has an outcome yet.");
  const open = new Set();
  const state = { wanted: "", group: ANY_CLASS, facts: firstColumns() };
  const table = sortableTable({
    caption: "Outcomes of all copies",
    columns: outcomeColumns(state.facts, open, (row, button) => opened(row, button)),
    rows: outcomes,
    size: OUTCOMES_A_PAGE,
    sort: { key: "copy" },
    noun: "outcomes",
    counts: true,
    detail: (row) => (open.has(row) ? factList(row) : null),
  });
  const opened = (row, button) => {
    const at = document.activeElement === button;
    if (!open.delete(row)) open.add(row);
    table.redraw();
    if (at) document.querySelector(`#outcome-table [data-copy="${Number(row.copy)}-${Number(row.attempt)}"]`)?.focus();
  };
  const columns = () => table.columns(outcomeColumns(state.facts, open, opened));
  const update = () => table.show(matching(state));
  const options = [[ANY_CLASS, "any"], ...groups.map((group, index) => [String(index), group.label])];
  return h(
    "div.long",
    { id: "outcome-table" },
    h(
      "div.controls",
      {},
      filterBox("Filter", (wanted) => {
        state.wanted = wanted;
        update();
      }),
      choice("Class", options, ANY_CLASS, (group) => {
        state.group = group;
        update();
      }),
    ),
    columnChooser(state.facts, columns),
    table.node,
  );
}

// The day on which all outcomes started, or null.
const oneDay = (() => {
  const days = new Set(
    outcomes.filter((each) => isTime(each.started_at_ms)).map((each) => utc(each.started_at_ms).split(" ")[0]),
  );
  return days.size === 1 ? [...days][0] : null;
})();

/** The facts that tell most, before somebody chooses others. */
function firstColumns() {
  const wanted = [...telling, cpuFact, "sandbox.id", ...varyingFacts.map((fact) => fact.name)];
  return new Set([...new Set(wanted)].filter((name) => name && factTable.has(name)).slice(0, COLUMNS_AT_FIRST));
}

function columnChooser(chosen, changed) {
  const switches = [...factTable.keys()].map((name) =>
    toggle(name, chosen.has(name), (on) => {
      if (on) chosen.add(name);
      else chosen.delete(name);
      changed();
    }),
  );
  return h(
    "details.columns",
    { "aria-label": "Facts as columns" },
    h("summary", {}, "Facts as columns"),
    h("div", {}, switches),
  );
}

function outcomeColumns(facts, open, opened) {
  const reason = (row) =>
    row.failure === null ? "–" : h("span.reason", { title: row.failure }, shortValue(row.failure));
  const started = oneDay ? `Started (${oneDay} UTC)` : "Started (UTC)";
  return [
    placeColumn("copy", "Copy", (row) => row.copy),
    textColumn(
      "class",
      "Class",
      (row) => row.group,
      (row) => classMark(row.class),
    ),
    textColumn(
      "started",
      started,
      (row) => row.started_at_ms,
      (row) => startElement(row.started_at_ms),
    ),
    numberColumn("run", "Run", (row) => row.run_us, duration),
    placeColumn("attempt", "Attempt", (row) => row.attempt),
    placeColumn("environment", "Environment", (row) => row.environment),
    ...(explanation.failed > 0 ? [textColumn("failure", "Failure", (row) => row.failure, reason)] : []),
    ...[...facts].map((name) =>
      textColumn(
        `fact:${name}`,
        name,
        (row) => factOf(row, name),
        (row) => factValue(factOf(row, name)),
      ),
    ),
    { key: "more", label: "Facts", cell: (row) => moreFactsButton(row, open.has(row), opened) },
  ];
}

/** The button that shows or hides all facts of an outcome. */
function moreFactsButton(row, shown, opened) {
  const state = { "aria-expanded": String(shown), "aria-label": `All facts of copy ${row.copy}` };
  const button = h(
    "button.more",
    { type: "button", "data-copy": `${row.copy}-${row.attempt}`, ...state },
    shown ? "hide" : "all",
  );
  button.addEventListener("click", () => opened(row, button));
  return button;
}

function startElement(ms) {
  if (!isTime(ms)) return "–";
  const local = new Date(ms).toLocaleString();
  return h(
    "time",
    { datetime: new Date(ms).toISOString(), title: `local: ${local}` },
    utc(ms, 3).slice(oneDay ? oneDay.length + 1 : 0),
  );
}

function factList(outcome) {
  const digest = classByLabel.get(outcome.class)?.digest;
  const facts = factsOf(outcome).map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, h("code", {}, value))),
  );
  return h(
    "div",
    {},
    digest ? h("p", {}, "Digest ", h("code.whole", {}, digest)) : null,
    outcome.failure === null ? null : h("p", {}, "Failure: ", h("span.reason", {}, outcome.failure)),
    facts.length ? h("dl.facts", {}, facts) : h("p.empty", {}, "No facts were recorded."),
  );
}

// What a filter looks through: facts of an environment once for all of its outcomes.
const factText = (facts) =>
  Object.entries(facts ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join("\n")
    .toLowerCase();
const environmentTexts = environments.map((environment) => factText(environment.facts));
const outcomeTexts = new WeakMap();

function outcomeText(outcome) {
  let text = outcomeTexts.get(outcome);
  if (text === undefined) {
    const digest = classByLabel.get(outcome.class)?.digest ?? "";
    text =
      `copy=${outcome.copy}\nclass=${outcome.class ?? FAILED}\n${digest}\n${outcome.failure ?? ""}\nenvironment=${outcome.environment}\n${factText(outcome.facts)}`.toLowerCase();
    outcomeTexts.set(outcome, text);
  }
  return text;
}

function matching({ wanted, group }) {
  const words = wordsOf(wanted);
  const inEnvironment = words.map((word) => environmentTexts.map((text) => text.includes(word)));
  return outcomes.filter(
    (outcome) =>
      (group === ANY_CLASS || outcome.group === Number(group)) &&
      words.every((word, index) => inEnvironment[index][outcome.environment] || outcomeText(outcome).includes(word)),
  );
}
