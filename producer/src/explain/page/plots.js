// The plots: digests over time, digests by kind of CPU, run times by class.

const PLOT_ROWS_MAX = 16;
const BARS_A_PAGE = 20;
const BY_CLASS = "class";

/** Who an outcome is, in one line. */
function outcomeLine(outcome) {
  const facts = [cpuFact, ...telling.slice(0, 2)].filter((name, index, all) => name && all.indexOf(name) === index);
  return [
    `Copy ${count(outcome.copy)} · `,
    classMark(outcome.class),
    ` · ${isTime(outcome.started_at_ms) ? `${utc(outcome.started_at_ms, 3)} UTC` : "start not recorded"}`,
    ` · ran ${duration(outcome.run_us)}`,
    outcome.failure ? ` · ${shortValue(outcome.failure)}` : "",
    ...facts.flatMap((name) => [" · ", h("span.fact", {}, `${name} `), factValue(factOf(outcome, name))]),
  ];
}

/** The facts by which rows can be told apart, as options of a choice. */
function rowFacts(most) {
  return [...factTable.values()].filter((fact) => fact.values.length <= most && (fact.varies || fact.name === cpuFact));
}

function timeSection() {
  const timed = outcomes.filter((each) => isTime(each.started_at_ms));
  if (!timed.length) return h("p.empty", {}, "No start of a copy was recorded.");
  const place = h("div");
  const draw = (by) => place.replaceChildren(timePlot(timed, by));
  draw(BY_CLASS);
  const options = [[BY_CLASS, "class"], ...rowFacts(PLOT_ROWS_MAX).map((fact) => [`fact:${fact.name}`, fact.name])];
  return h("div", { id: "time-plot" }, h("div.controls", {}, choice("Rows", options, BY_CLASS, draw), legend()), place);
}

function legend() {
  return h(
    "ul.legend",
    { "aria-label": "Marks" },
    groups.map((group) => h("li", {}, classMark(group.label))),
  );
}

function timePlot(timed, by) {
  const [least, most] = bounds(timed.map((each) => each.started_at_ms));
  const name = by.slice("fact:".length);
  const fact = by === BY_CLASS ? null : factTable.get(name);
  const rows = fact
    ? fact.values.map(({ value, total }) => ({ label: `${value ?? NOT_RECORDED}  ·  ${count(total)}` }))
    : groups.map((group, index) => ({
        label: `${group.label}  ·  ${count(outcomes.filter((each) => each.group === index).length)}`,
        mark: group.mark,
      }));
  const rowByValue = fact && new Map(fact.values.map(({ value }, index) => [value, index]));
  const points = timed.map((outcome) => ({
    outcome,
    at: outcome.started_at_ms,
    row: fact ? rowByValue.get(factOf(outcome, name)) : outcome.group,
  }));
  const rowsBy = fact ? `rows are values of ${name}` : "rows are classes";
  return rowPlot({
    label: `Digests over time: ${counted(points.length, "outcome")}, ${rowsBy}`,
    axis: `Start of each copy, ${utc(least)} to ${utc(most)} UTC; ${rowsBy}; within a row, height has no meaning.`,
    rows,
    points,
    scale: linear(least, most),
    ticks: (width) => timeTicks(least, most, width),
    tell: outcomeLine,
  });
}

function cpuSection() {
  const facts = rowFacts(Infinity);
  if (!facts.length) return h("p.empty", {}, "No kind of CPU was recorded.");
  const first = cpuFact ?? facts[0].name;
  const place = h("div");
  const draw = (by) => place.replaceChildren(barTable(factTable.get(by.slice("fact:".length))));
  draw(`fact:${first}`);
  return h(
    "div",
    { id: "cpu-plot" },
    h(
      "div.controls",
      {},
      choice(
        "Bars",
        facts.map((fact) => [`fact:${fact.name}`, fact.name]),
        `fact:${first}`,
        draw,
      ),
      legend(),
    ),
    place,
  );
}

function barTable(fact) {
  const most = Math.max(...fact.values.map((row) => row.total));
  return sortableTable({
    caption: `Copies by ${fact.name} and class; the length of a bar is the number of copies`,
    columns: [
      { key: "value", label: "Value", sorts: (row) => row.value, cell: (row) => factValue(row.value) },
      { key: "bar", label: "Classes", cell: (row) => stackedBar(row, most) },
      {
        key: "total",
        label: "Copies",
        numeric: true,
        downFirst: true,
        sorts: (row) => row.total,
        cell: (row) => count(row.total),
      },
    ],
    rows: fact.values,
    size: BARS_A_PAGE,
    sort: { key: "total", down: true },
    noun: "values",
  }).node;
}

function stackedBar(row, most) {
  const present = groups
    .map((group, index) => ({ group, copies: row.counts[index] }))
    .filter((each) => each.copies > 0);
  let x = 0;
  const parts = present.map(({ group, copies }) => {
    const width = (copies / most) * 100;
    const part = s(`rect.${tone(group.mark)}`, {
      x: round(x),
      width: Math.max(0.4, round(width - 0.3)),
      height: 10,
    });
    x += width;
    return part;
  });
  const words = present.map(({ group, copies }) => h("li", {}, classMark(group.label), ` ${count(copies)}`));
  return h(
    "div.stacked",
    {},
    s("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, parts),
    h("ul", {}, words),
  );
}

function runSection() {
  const ran = outcomes.filter((each) => typeof each.run_us === "number");
  if (!ran.length) return h("p.empty", {}, "No run time was recorded.");
  const scale = durationScale(ran.map((each) => each.run_us));
  const numbers = groups.map((group, index) =>
    fiveNumbers(ran.filter((each) => each.group === index).map((each) => each.run_us)),
  );
  const shown = groups.map((group, index) => ({ group, index, box: numbers[index] })).filter((each) => each.box);
  const rowOf = new Map(shown.map((each, row) => [each.index, row]));
  const plot = rowPlot({
    label: `Run times by class: ${counted(ran.length, "outcome")}`,
    axis: `Run time${scale.logarithmic ? ", on a logarithmic scale" : ""}: a mark a copy; the box holds the middle half, its stroke is the median, the lines reach the shortest and the longest run.`,
    rows: shown.map(({ group, box }) => ({
      label: `${group.label}  ·  ${count(box.n)}  ·  median ${duration(box.median)}`,
      mark: group.mark,
      box,
    })),
    points: ran.map((outcome) => ({ outcome, at: outcome.run_us, row: rowOf.get(outcome.group) })),
    scale: scale.place,
    ticks: scale.ticks,
    tell: outcomeLine,
  });
  const names = ["min", "p25", "median", "p75", "max"];
  const labels = ["Shortest", "25 %", "Median", "75 %", "Longest"];
  const columns = [
    { label: "Class" },
    { label: "Copies", numeric: true },
    ...labels.map((label) => ({ label, numeric: true })),
  ];
  const rows = shown.map(({ group, box }) => [
    classMark(group.label),
    count(box.n),
    ...names.map((name) => duration(box[name])),
  ]);
  return h("div", { id: "run-plot" }, plot, plainTable("Run times by class", columns, rows));
}

/** Shortest, quartiles and longest of run times, by the nearest rank; null without any. */
function fiveNumbers(values) {
  if (!values.length) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return {
    n: sorted.length,
    min: sorted[0],
    p25: at(0.25),
    median: at(0.5),
    p75: at(0.75),
    max: sorted[sorted.length - 1],
  };
}
