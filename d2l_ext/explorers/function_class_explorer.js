// The page of the function class explorer: classes as regions of the plane with a target to drag, or
// classes of real functions, and the best member of each.

import { alone, checkRange, element, explorer, rowOf, setText, tabulated } from "./base.js";
import { amount } from "./cost_panel.js";
import { areaOf, bestMember, nearestPoint, parametersOf, sizesOf } from "./function_classes.js";
import { fitPlot, plane } from "./function_pictures.js";
import { prediction } from "./predict.js";

const UNIT = { steps: "piece", splines: "piece", networks: "ReLU" };

const three = (value) => value.toFixed(3);

// The classes in their order: [{label, amount, distance, best, note}].
export function members(catalogue, state) {
  const { functions, classes, target, truth } = state;
  if (functions === "cartoon") {
    return catalogue.regions[classes].map((region, i) => {
      const best = nearestPoint(region, target);
      return {
        label: `F${"₁₂₃₄₅"[i]}`,
        amount: areaOf(region[0]).toFixed(2),
        best,
        distance: Math.hypot(best[0] - target[0], best[1] - target[1]),
        note: `(${best[0].toFixed(2)}, ${best[1].toFixed(2)})`,
      };
    });
  }
  return sizesOf(catalogue, functions, classes).map((count) => {
    const { values, distance } = bestMember(catalogue, functions, count, truth);
    const runs = functions === "networks" ? catalogue.networks.fits[truth][count].runs : [];
    return {
      label:
        functions === "polynomials"
          ? `degree ${count}`
          : `${count} ${UNIT[functions]}${count === 1 ? "" : "s"}`,
      amount: String(parametersOf(functions, count)),
      best: values,
      distance,
      note: runs.length ? `${three(Math.min(...runs))} to ${three(Math.max(...runs))}` : "",
    };
  });
}

// Classes that are larger than the one before, and further away.
export function setbacks(found) {
  return found.filter((one, i) => i && one.distance > found[i - 1].distance + 5e-4);
}

function conclusion(found, classes) {
  const best = found.reduce((a, b) => (b.distance < a.distance - 5e-4 ? b : a));
  const worse = setbacks(found).map(({ label }) => label);
  const nearest = `Nearest: ${best.label}, at ${three(best.distance)}.`;
  if (classes === "nested") {
    return `${nearest} Every class contains the ones before it, so the distance never goes up.`;
  }
  if (!worse.length) {
    return `${nearest} Here no larger class is further away, but nothing promises it: they are not nested.`;
  }
  return `${nearest} Larger than the class before and yet further away: ${worse.join(", ")}.`;
}

function render(context) {
  const catalogue = context.model.get("catalogue");
  const { regions, limits } = catalogue;
  const coordinate = (axis) => ({
    read: () => state.target[axis],
    assign: (value) => ({ target: state.target.map((old, at) => (at === axis ? value : old)) }),
  });
  const { put, state, controls, words, body, announce, start } = explorer(context, {
    name: "FunctionClassExplorer",
    own: { x: coordinate(0), y: coordinate(1) },
    draw,
  });

  const picture = plane((target) => put({ target }), limits);
  const fit = fitPlot();
  const said = element("p", { class: "d2l-said" });
  const heads = words.heads.cartoon.map(() => element("th", { scope: "col" }));
  const rows = element("tbody");
  const table = tabulated("Classes and their best members", heads, rows, "d2l-classes");
  const answers = element("div", {}, said, table);
  const guess = prediction([answers], (text) => {
    put({}); // draws anew, the best members too
    announce(text);
  });
  const about = element("p");
  body.append(
    guess.node,
    element("div", { class: "d2l-side" }, element("div", {}, picture.node, fit.node), answers),
    element("div", { class: "d2l-notes" }, about),
  );

  function tell(found, chosen) {
    const worse = setbacks(found);
    const most = Math.max(...found.map(({ distance }) => distance), 1e-9);
    rows.replaceChildren(
      ...found.map((one, i) => {
        const name = element("button", { type: "button", class: "d2l-pick", onclick: () => put({ member: i + 1 }) }, one.label);
        name.setAttribute("aria-pressed", String(i === chosen));
        const distance = amount("macs", [three, three]);
        distance.show(one.distance, one.distance / most, worse.includes(one) ? "↑ further away" : "");
        return rowOf(name, one.amount, distance.node, one.note);
      }),
    );
  }

  function riddleOf(found) {
    const best = found.reduce((a, b) => (b.distance < a.distance - 5e-4 ? b : a));
    return {
      question: "Which class holds the function that is nearest to the target?",
      options: found.map(({ label }) => label),
      answer: found.indexOf(best),
      why: conclusion(found, state.classes),
    };
  }

  function draw() {
    const cartoon = state.functions === "cartoon";
    for (const name of ["x", "y", "truth"]) {
      controls[name].control.disabled = (name === "truth") === cartoon;
    }
    if (cartoon) {
      checkRange("x", state.target[0], limits.x);
      checkRange("y", state.target[1], limits.y);
    }
    const found = members(catalogue, state);
    checkRange("member", state.member, [1, found.length]);
    const chosen = state.member - 1;
    const key = [state.functions, state.classes, cartoon ? state.target : state.truth].join();
    guess.show(key, state.predict && riddleOf(found));
    const covered = answers.classList.contains("d2l-covered");
    picture.node.toggleAttribute("hidden", !cartoon);
    fit.node.hidden = cartoon;
    if (cartoon) picture.show(regions[state.classes], found, state.target, chosen, covered);
    else fit.show(state.truth, found[chosen], covered);
    const kind = state.functions in words.heads ? state.functions : "other";
    heads.forEach((head, i) => setText(head, words.heads[kind][i]));
    tell(found, chosen);
    const text = conclusion(found, state.classes);
    setText(said, text);
    setText(about, words.about[kind].replace("{setup}", catalogue.networks.setup));
    return covered ? "" : text;
  }

  return start();
}

export const show = (state) => alone(render, state);
export default { render };
