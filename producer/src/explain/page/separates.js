// What separates the classes: facts whose values go with the classes, each with its test.

const SEPARATORS_SHOWN = 5;
const VALUES_SHOWN = 6;

function separatesSection() {
  const { attribution } = explanation;
  if (classes.length < 2) {
    return h(
      "p.empty",
      {},
      classes.length ? "All digests are equal, so there is nothing to separate." : "There is no digest to separate.",
    );
  }
  if (!attribution) return h("p.empty", {}, "The facts of the copies were not compared.");
  const { separators = [], splits = [] } = attribution;
  const tested =
    `${counted(attribution.facts_tested, "fact")} that ${attribution.facts_tested === 1 ? "varies was" : "vary were"} tested over ` +
    `${counted(attribution.copies, "copy", "copies")}; ${counted(attribution.facts_constant, "other")} had the same value everywhere.`;
  return h(
    "div",
    {},
    splits.length
      ? h(
          "ul.splits",
          {},
          splits.map((split) => h("li", {}, split.statement ?? split.by)),
        )
      : null,
    separators.length ? separatorTable(separators) : h("p.empty", {}, "No recorded fact goes with the classes."),
    h("p.note", {}, tested),
  );
}

function separatorTable(separators) {
  const shownGroups = groups.filter((group) => group.label !== FAILED);
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, "Fact and value"),
    shownGroups.map((group) => h("th.num", { scope: "col" }, groupHead(group))),
  );
  const bodies = separators.map((each) => separatorBody(each, shownGroups));
  bodies.slice(SEPARATORS_SHOWN).forEach((body) => {
    body.hidden = true;
  });
  const caption = "Facts by class: copies with each value; facts in one heading split the copies identically";
  const table = h("table.separators", {}, captionOf(caption), h("thead", {}, head), bodies);
  return h("div", {}, scrollBox(caption, table), moreButton(bodies));
}

function moreButton(bodies) {
  const more = bodies.length - SEPARATORS_SHOWN;
  if (more <= 0) return null;
  const button = h("button.more", { type: "button", "aria-expanded": "false" });
  const draw = (open) => {
    bodies.slice(SEPARATORS_SHOWN).forEach((body) => {
      body.hidden = !open;
    });
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? "Show only the strongest" : `Show ${counted(more, "weaker fact")} too`;
  };
  draw(false);
  button.addEventListener("click", () => draw(button.getAttribute("aria-expanded") === "false"));
  return button;
}

function groupHead(group) {
  return group.label === OTHERS ? "others" : classMark(group.label);
}

function separatorBody(separator, shownGroups) {
  const names = separator.facts.flatMap((name, index) => [
    index ? h("span.and", {}, " and ") : null,
    h("code", {}, name),
  ]);
  const title = h(
    "th",
    { scope: "rowgroup", colspan: shownGroups.length + 1 },
    h("span.sticky", {}, h("span.facts", {}, names), " ", verdictOfTest(separator)),
  );
  const shown = separator.values.slice(0, VALUES_SHOWN).map((row) => valueRow(row, shownGroups));
  const rest = separator.values.length - VALUES_SHOWN;
  const more =
    rest > 0
      ? h("tr", {}, h("td.note", { colspan: shownGroups.length + 1 }, `and ${counted(rest, "other value")}, see below`))
      : null;
  return h(separator.significant ? "tbody" : "tbody.weak", {}, h("tr.group", {}, title), shown, more);
}

/** Whether the fact separates the classes, and how surely that is no accident. */
function verdictOfTest({ perfect, significant, p, p_holm, sandboxes }) {
  const words = perfect
    ? h("strong.perfect", {}, "separates perfectly")
    : h("span", {}, significant ? "goes with the classes" : "may be chance");
  const details = [`p ${probability(p)}`];
  if (p_holm !== null && p_holm !== undefined) details.push(`${probability(p_holm)} for all tests together`);
  details.push(
    sandboxes
      ? `${probability(sandboxes.p)} over ${counted(sandboxes.n, "sandbox", "sandboxes")}`
      : "varies within a sandbox",
  );
  return h("span.test", {}, words, " · ", details.join(" · "));
}

function valueRow({ value, classes: counts }, shownGroups) {
  const byGroup = new Array(groups.length).fill(0);
  for (const [label, copies] of Object.entries(counts)) byGroup[groupOf(label)] += copies;
  const values = value.flatMap((each, index) => [index ? h("span.and", {}, " and ") : null, factValue(each)]);
  const total = byGroup.reduce((sum, each) => sum + each, 0);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, values),
    shownGroups.map((group) => h("td.num", {}, countCell(byGroup[groups.indexOf(group)], total, group))),
  );
}

/** A count, tinted by its share of the row. */
function countCell(copies, total, group) {
  return h(
    "span",
    { class: `counted ${copies ? tone(group.mark) : "zero"}` },
    tint(copies / total),
    h("span", {}, count(copies)),
  );
}

function tint(share) {
  if (!(share > 0)) return null;
  return s(
    "svg.tint",
    { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { width: round(share * 100), height: 10 }),
  );
}

// ---- the table of one's own choice

const FACT_ROWS_A_PAGE = 50;
const EVERY_FACT = "every";

function factsSection() {
  if (!factTable.size) return h("p.empty", {}, "No facts were recorded.");
  const state = { fact: telling[0] ? `fact:${telling[0]}` : EVERY_FACT, constant: false, wanted: "" };
  const table = sortableTable({
    caption: "Copies by fact, value and class",
    columns: factColumns(),
    rows: [],
    size: FACT_ROWS_A_PAGE,
    sort: { key: "fact" },
    noun: "values",
    counts: true,
  });
  const facts = h("div");
  const update = () => table.show(factRows(state));
  const drawChoice = () => {
    const options = factOptions(state.constant);
    if (!options.some(([value]) => value === state.fact)) state.fact = EVERY_FACT;
    const chosen = (value) => {
      state.fact = value;
      update();
    };
    facts.replaceChildren(choice("Fact", options, state.fact, chosen));
  };
  drawChoice();
  update();
  const constants = factTable.size - varyingFacts.length;
  return h(
    "div.long",
    { id: "fact-table" },
    h(
      "div.controls",
      {},
      facts,
      filterBox("Filter", (wanted) => {
        state.wanted = wanted;
        update();
      }),
      toggle(`Facts that never vary (${count(constants)})`, false, (on) => {
        state.constant = on;
        drawChoice();
        update();
      }),
    ),
    table.node,
  );
}

/** The facts one may choose, each with the number of its values. */
function factOptions(constant) {
  const facts = [...factTable.values()].filter((fact) => fact.varies || constant);
  const every = [EVERY_FACT, constant ? "every fact" : "every fact that varies"];
  return [every, ...facts.map((fact) => [`fact:${fact.name}`, `${fact.name} (${count(fact.values.length)})`])];
}

function factColumns() {
  return [
    { key: "fact", label: "Fact", sorts: (row) => row.place, cell: (row) => h("code", {}, row.name) },
    { key: "value", label: "Value", sorts: (row) => row.value, cell: (row) => factValue(row.value) },
    ...groups.map((group, index) => ({
      key: `group-${index}`,
      label: group.label,
      head: () => groupHead(group),
      numeric: true,
      downFirst: true,
      sorts: (row) => row.counts[index],
      cell: (row) => countCell(row.counts[index], row.total, group),
    })),
    {
      key: "total",
      label: "All",
      numeric: true,
      downFirst: true,
      sorts: (row) => row.total,
      cell: (row) => count(row.total),
    },
  ];
}

function factRows({ fact, constant, wanted }) {
  const words = wordsOf(wanted);
  const rows = [];
  for (const { name, values, varies } of factTable.values()) {
    if (fact === EVERY_FACT ? !varies && !constant : fact !== `fact:${name}`) continue;
    for (const row of values) {
      const text = `${name} ${row.value ?? NOT_RECORDED}`.toLowerCase();
      if (words.every((word) => text.includes(word))) rows.push({ ...row, name, place: rows.length });
    }
  }
  return rows;
}
