// Finds texts, marks and edges of controls with too little contrast to their background, by WCAG 2.2 (1.4.3 and 1.4.11).
// Returns the number of judged texts, and a list such as "3.9 of 4.5: td.note “…”".
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colours = new Map();
  const rgba = (text) => {
    if (!colours.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      colours.set(text, [red, green, blue, alpha / 255]);
    }
    return colours.get(text);
  };
  const over = ([...front], back, opacity = 1) => {
    const alpha = front[3] * opacity;
    return [0, 1, 2].map((at) => front[at] * alpha + back[at] * (1 - alpha)).concat(1);
  };
  const luminance = ([...colour]) => {
    const [red, green, blue] = colour
      .slice(0, 3)
      .map((each) => each / 255)
      .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (left, right) => {
    const [dark, light] = [luminance(left), luminance(right)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    let colour = layers.reverse().reduce((back, front) => over(front, back), [255, 255, 255, 1]);
    // A tint may be drawn behind a count.
    const tint = element.closest(".counted")?.querySelector(".tint");
    if (tint)
      colour = over(rgba(getComputedStyle(tint.firstChild).fill), colour, Number(getComputedStyle(tint).opacity));
    return colour;
  };
  const found = new Set();
  const judge = (element, colour, opacity, least, text) => {
    const back = behind(element);
    const seen = ratio(over(colour, back, opacity), back);
    if (seen < least)
      found.add(
        `${seen.toFixed(2)} of ${least}: ${element.tagName}.${element.getAttribute("class") ?? ""} “${text.trim().slice(0, 40)}”`,
      );
  };
  const opacityOf = (element) => {
    let opacity = 1;
    for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    return opacity;
  };
  const shown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let judged = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (
      !walker.currentNode.data.trim() ||
      !shown(element) ||
      element.closest("script, noscript, option, :disabled, [aria-hidden=true], title")
    )
      continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    judge(
      element,
      rgba(element.closest("svg") ? style.fill : style.color),
      opacityOf(element),
      large ? 3 : 4.5,
      walker.currentNode.data,
    );
    judged += 1;
  }
  for (const mark of document.querySelectorAll("path, .bar rect, .stacked rect, .spark rect, .interval .axis")) {
    if (!shown(mark)) continue;
    const style = getComputedStyle(mark);
    const colour = style.fill === "none" || mark.tagName === "line" ? style.stroke : style.fill;
    judge(mark, rgba(colour), opacityOf(mark) * Number(style.fillOpacity), 3, "mark");
  }
  for (const control of document.querySelectorAll("select, input, .pager button:enabled")) {
    if (shown(control) && control.type !== "checkbox")
      judge(control, rgba(getComputedStyle(control).borderTopColor), 1, 3, "edge");
  }
  return { judged, found: [...found] };
};
