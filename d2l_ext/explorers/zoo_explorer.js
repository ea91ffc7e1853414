// The page of the zoo explorer: trained networks by accuracy and cost, and where two of them differ.

import { alone, element, explorer, facts, Impossible, rowOf, setText, short, tabulated, whole } from "./base.js";
import { costPanel } from "./cost_panel.js";
import { kernelButton } from "./kernel_button.js";
import { COLOURS, zooPlot } from "./zoo_plot.js";

const AXES = { parameters: "parameters", macs: "MACs", latency: "latency, the fastest being 1" };
const EACH = 6;

const percentText = (share, digits = 2) => `${(100 * share).toFixed(digits)} %`;
const ratioText = (ratio) => ratio.toFixed(2);

// The models that no other beats: none is as accurate and as cheap, and better in one of the two.
export function front(models, x) {
  const known = models.filter((one) => one[x] != null);
  const beats = (other, one) =>
    other[x] <= one[x] && other.right >= one.right && (other[x] < one[x] || other.right > one.right);
  return known.filter((one) => !known.some((other) => beats(other, one)));
}

// Those that are chosen, or an Impossible, in the words of Python.
export function chosenOf(models, { chosen, data }) {
  if (!chosen) return models.slice(0, 2);
  const found = chosen.map((name) => models.find((model) => model.name === name));
  const refuse = (message, kept) => {
    throw new Impossible(`chosen: ${message}`, { chosen: kept });
  };
  chosen.forEach((name, i) => {
    const kept = chosen.filter((_, j) => j !== i);
    if (!found[i]) refuse(`there is no model '${name}' on ${data}.`, kept);
    if (chosen.indexOf(name) < i) refuse(`'${name}' stands there twice.`, kept);
  });
  const most = COLOURS.length;
  if (chosen.length > most) {
    refuse(`${chosen.length} models, but ${most} is the most.`, chosen.slice(0, most));
  }
  return found;
}

// How two models compare, image by image: counts as McNemar's test has them, and examples.
export function comparison({ pairs, images }, a, b) {
  const known = pairs[`${a.name} ${b.name}`];
  const turned = pairs[`${b.name} ${a.name}`];
  if (!known && !turned) return null;
  const [both, x, y, neither, p] = known ?? turned;
  const [onlyA, onlyB] = known ? [x, y] : [y, x];
  const total = both + x + y + neither;
  const difference = (onlyA - onlyB) / total;
  const error = Math.sqrt(((x + y) / total - difference ** 2) / total);
  const where = (good, bad) =>
    images.labels
      .map((label, i) => ({ label, i, said: bad.predictions[i], right: good.predictions[i] === label }))
      .filter(({ label, said, right }) => right && said !== label)
      .slice(0, EACH);
  return { both, onlyA, onlyB, neither, p, total, difference, error, a: where(a, b), b: where(b, a) };
}

function scatter(models, chosen, best, x, numbered) {
  const names = best.map(numbered).join(", ");
  const shown = models.filter((one) => one[x] != null);
  const reach = (values, room) => [Math.min(...values) - room, Math.max(...values) + room];
  const [low, high] = reach(shown.map(({ right, images }) => right / images), 0.002);
  const costs = shown.map((one) => one[x]);
  return [
    `On the front: ${names}.`,
    { low: Math.min(...costs) * 0.9, high: Math.max(...costs) * 1.1, log: true, label: AXES[x], text: short },
    { low, high, text: (share) => percentText(share, 1) },
    (across, up) => {
      const at = (one) => [across(one[x]), up(one.right / one.images)];
      const steps = [...best].sort((a, b) => a[x] - b[x]).map(at);
      const path = steps.map(([right, y], i) => (i ? `H${right}V${y}` : `M${right} ${y}`)).join("");
      const spots = shown.map((one) => {
        const [left, y] = at(one);
        const [fill, ink] = best.includes(one) ? ["#0072b2", "#fff"] : ["var(--ground)", "var(--text)"];
        const ring = chosen.includes(one) ? 3.5 : 1.2;
        return (
          `<g data-name="${one.name}"><title>${one.name}</title><circle cx="${left}" cy="${y}" r="10" ` +
          `fill="${fill}" stroke="var(--text)" stroke-width="${ring}"/><text x="${left}" y="${y + 4}" ` +
          `text-anchor="middle" style="fill:${ink}">${models.indexOf(one) + 1}</text></g>`
        );
      });
      return `<path d="${path}" fill="none" stroke="#0072b2" stroke-width="2"/>${spots.join("")}`;
    },
  ];
}

// Heights of labels, moved down where they would cover each other.
function apart(heights) {
  const moved = [...heights];
  const order = heights.map((_, i) => i).sort((a, b) => heights[a] - heights[b]);
  order.forEach((at, i) => {
    if (i) moved[at] = Math.max(moved[at], moved[order[i - 1]] + 13);
  });
  return moved;
}

function curves(models, chosen) {
  const all = chosen.flatMap(({ test, training }) => [...test, ...training]);
  const last = Math.max(...chosen.map(({ test }) => test.length));
  const ends = chosen.map((one) => `${one.name} ends at ${percentText(one.test.at(-1) / 1e4)}`);
  return [
    `${ends.join("; ")}.`,
    { low: 1, high: last, label: "epoch", text: String },
    { low: Math.min(...all), high: Math.max(...all), text: (value) => percentText(value / 1e4, 0) },
    (across, up) => {
      const heights = apart(chosen.map(({ test }) => up(test.at(-1))));
      return chosen
        .map(({ name, test, training }, i) => {
          const line = (values, dash) =>
            `<polyline points="${values.map((v, j) => `${across(j + 1)},${up(v)}`).join(" ")}" fill="none" ` +
            `stroke="${COLOURS[i]}" stroke-width="2" stroke-dasharray="${dash}"/>`;
          const number = models.findIndex((one) => one.name === name) + 1;
          const end = `x="${across(test.length) + 6}" y="${heights[i] + 4}"`;
          return `${line(test, "")}${line(training, "2 4")}<text ${end} font-weight="600">${number}</text>`;
        })
        .join("");
    },
  ];
}

function cardOf(model) {
  const folded = element("details", {}, element("summary", {}, "How it was trained, and where it comes from"));
  folded.append(facts(model.provenance));
  return element("section", {}, element("h4", {}, model.name), facts(model.facts), folded);
}

function render(context) {
  const { model } = context;
  const { images, classes, latency, problems, empty, definition, meaning, ...known } = model.get("catalogue");
  const { state, put, actions, body, start } = explorer(context, {
    name: "ZooExplorer",
    heard: ["measured"],
    own: { data: { assign: (data) => ({ data, chosen: null }) } },
    draw,
  });
  const sets = [...new Set(known.models.map(({ data }) => data))];
  const measure = kernelButton(model, "Measure latency here", {
    message: "measure",
    busy: "Measuring …",
    hint: "Time every model in the kernel, on its machine; takes some seconds",
    answer: () => state.measured,
  });
  actions.prepend(measure.node);

  let chosen = [];
  const turn = (name) => {
    const names = chosen.map((one) => one.name);
    put({ chosen: names.includes(name) ? names.filter((one) => one !== name) : [...names, name] });
  };
  const lead = element("p", { class: "d2l-lead" });
  const costs = costPanel({
    first: "Model",
    columns: [
      { key: "accuracy", label: "Accuracy", format: [percentText, percentText], alone: true },
      { key: "parameters", label: "Parameters" },
      { key: "macs", label: "MACs", format: [short, short] },
      { key: "latency", label: "Latency", format: [ratioText, ratioText], alone: true },
    ],
    pick: turn,
  });
  const cloud = zooPlot("Accuracy and cost: filled on the front, heavy rings chosen");
  cloud.picture.addEventListener("click", (event) => {
    const spot = event.target.closest("[data-name]");
    if (spot) turn(spot.dataset.name);
  });
  const learning = zooPlot("Accuracy by epoch: solid on the test set, dotted in training");
  const compared = element("section");
  const cards = element("section", { class: "d2l-cards" });
  const about = element("p");
  body.style.setProperty("--sheet", `url(${images.sheet})`);
  body.append(
    lead,
    element("div", { class: "d2l-zoo" }, element("div", {}, cloud.node, learning.node), costs.node),
    compared,
    cards,
    element("div", { class: "d2l-notes" }, about, ...problems.map((text) => element("p", {}, text))),
  );

  function tile({ label, i, said }) {
    const place = (100 * i) / Math.max(1, images.labels.length - 1);
    const name = `Test image ${images.numbers[i]}: ${classes[label]}`;
    const count = images.labels.length;
    const style = `background-position: 0 ${place}%; background-size: 100% ${100 * count}%`;
    const picture = element("div", { class: "d2l-thumb", role: "img", "aria-label": name, style });
    return element("figure", {}, picture, element("figcaption", {}, `${classes[label]}, not ${classes[said]}`));
  }

  function compare([a, b], numbered) {
    const found = b && comparison({ ...known, images }, a, b);
    compared.replaceChildren();
    if (!b) return;
    if (!found) {
      const why = `Image by image, these are compared by zoo.compare: the package does not bring the test images of ${a.data}.`;
      compared.append(element("p", {}, why));
      return;
    }
    const { both, onlyA, onlyB, neither, p, total, difference, error } = found;
    const more = onlyA - onlyB;
    const [first, second] = more >= 0 ? [a, b] : [b, a];
    const said =
      `${first.name} is right on ${whole(Math.abs(more))} more of ${whole(total)} images than ${second.name}: ` +
      `${percentText(Math.abs(difference))} ± ${percentText(error)}. McNemar's exact test: p = ${p}. ${meaning}`;
    const row = (name, ...cells) => rowOf(name, ...cells.map(whole));
    const heads = ["", `${numbered(b)} right`, "wrong"];
    const counts = element("tbody", {}, row(`${numbered(a)} right`, both, onlyA), row("wrong", onlyB, neither));
    const strip = (good, bad, list) =>
      list.length
        ? [element("p", {}, `${good.name} is right, ${bad.name} is not:`), element("div", { class: "d2l-strip" }, ...list.map(tile))]
        : [];
    compared.append(
      element("h4", {}, `Image by image: ${numbered(a)} and ${numbered(b)}`),
      tabulated("Test images that both, one or none get right", heads, counts, "d2l-mcnemar"),
      element("p", {}, said),
      ...strip(a, b, found.a),
      ...strip(b, a, found.b),
    );
  }

  const made = new Map();
  function card(one) {
    if (!made.has(one)) made.set(one, cardOf(one));
    return made.get(one);
  }

  function draw() {
    measure.settle();
    const { x, data, measured } = state;
    if (!known.models.length) {
      body.replaceChildren(element("p", { class: "d2l-lead" }, empty));
      return empty;
    }
    const { ratios, machine } = measured.ratios ? measured : latency;
    const entries = known.models.filter((one) => one.data === data);
    if (!entries.length) {
      const [other] = [...sets].sort();
      throw new Impossible(`no model is trained on '${data}'. Try '${other}'.`, { data: other });
    }
    for (const one of entries) one.latency = ratios[one.name] ?? null;
    chosen = chosenOf(entries, state);
    const numbered = (one) => `${entries.indexOf(one) + 1} ${one.name}`;
    const best = front(entries, x);
    const axis = AXES[x].split(",")[0];
    const said = best.length
      ? `On the Pareto front of accuracy against ${axis}: ${best.map(numbered).join(", ")}.`
      : `No latency is known for these models.`;
    setText(lead, said);
    cloud.node.hidden = !best.length;
    if (best.length) cloud.show(...scatter(entries, chosen, best, x, numbered));
    learning.node.hidden = !chosen.length;
    if (chosen.length) learning.show(...curves(entries, chosen));
    const rows = entries.map((one) => {
      const { parameters, macs, right, images: total } = one;
      return {
        key: one.name,
        label: `${best.includes(one) ? "◆ " : ""}${numbered(one)}`,
        values: { accuracy: right / total, parameters, macs, latency: one.latency },
      };
    });
    costs.show(`${entries.length} trained on ${data}; press to choose, ◆ is on the front`, rows, chosen.map((one) => one.name));
    compare(chosen, numbered);
    const views = chosen.map(card);
    if (views.some((view, i) => cards.children[i] !== view) || cards.children.length > views.length) {
      cards.replaceChildren(...views);
    }
    const share = entries[0].right / entries[0].images;
    const error = Math.sqrt((share * (1 - share)) / entries[0].images);
    const missing = entries.filter((one) => one.latency === null).length;
    setText(
      about,
      `${definition} Accuracies are of ${whole(entries[0].images)} test images: another sample would differ by about ${percentText(error)}. ` +
        (machine ? `Latency: median for one image, as a multiple of the fastest, on ${machine}. ` : "") +
        (missing ? `Of ${missing} the latency is not known. ` : "") +
        (measured.error ? `Not measured here: ${measured.error} ` : ""),
    );
    return `${said} Chosen: ${chosen.map((one) => one.name).join(", ") || "none"}.`;
  }

  return start();
}

export const show = (state) => alone(render, state);
export default { render };
