// The page, part by part. A part that cannot be shown says so, and the others stand.

const SECTIONS = [
  ["classes", "Classes", "Copies with equal digests are a class, named by their frequency.", classesSection],
  [
    "separates",
    "What separates",
    "Facts whose values go with the classes. A perfect one has one class a value.",
    separatesSection,
  ],
  ["facts", "Classes by fact", "Choose a fact; sort by any header; type to filter.", factsSection],
  ["time", "Over time", "Each mark is the outcome of a copy, at its start.", timeSection],
  ["cpu", "By CPU", "Which classes each kind of CPU gave.", cpuSection],
  ["run-time", "Run time", "How long the calculation took, by class.", runSection],
  [
    "difference",
    "Numeric difference",
    "1 ULP is the step from one floating-point number to the next.",
    differenceSection,
  ],
  ["outcomes", "Raw facts", "All that was recorded of every outcome.", outcomesSection],
  ["failures", "Failures", "Copies that gave no digest, and why.", failuresSection],
];

function section([id, title, note, make]) {
  const name = `${id}-title`;
  return h(
    "section.part",
    { id, "aria-labelledby": name },
    h("div.side", {}, h("h2", { id: name }, title), h("p.note", {}, note)),
    h("div.content", {}, made(title, make)),
  );
}

function made(title, make) {
  try {
    return make();
  } catch (error) {
    console.error(error);
    return h("p.empty", { role: "alert" }, `“${title}” could not be shown: ${error.message}`);
  }
}

const SURE = [
  "confidence",
  "How sure",
  "What the number of copies and sandboxes allows one to say.",
  confidenceSection,
];
const contents = h(
  "nav",
  { "aria-label": "Contents" },
  h(
    "ul",
    {},
    [...SECTIONS, SURE].map(([id, title]) => h("li", {}, h("a", { href: `#${id}` }, title))),
  ),
);

// Many columns of counts are narrow ones.
if (groups.length > 4) document.body.classList.add("crowded");
document.getElementById("report").append(made("The verdict", verdictHead), contents, ...SECTIONS.map(section));
document.body.append(h("footer", {}, section(SURE)));
