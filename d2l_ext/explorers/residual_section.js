// One block of the gallery: its drawing, its layers and what they cost, its fused form, its code.

import { copyable, element, rowOf, setText, shape, short, tabulated, whole } from "./base.js";
import { amount } from "./cost_panel.js";
import { pytorch } from "./residual_code.js";
import { blockDrawing, boxLabel, inWords } from "./residual_diagram.js";
import { variant } from "./residual_graph.js";

export function blockSection(announce, words) {
  const title = element("h4");
  const source = element("p", { class: "d2l-source" });
  const says = element("p");
  const picture = element("div", { role: "img", class: "d2l-diagram" });
  const caption = element("caption");
  const body = element("tbody");
  const heads = ["Layer", "Output", "Parameters", "MACs"];
  const folding = element("div", { class: "d2l-folding" });
  const code = copyable(announce);
  const program = element(
    "details",
    { class: "d2l-program" },
    element("summary", {}, "This block as PyTorch code"),
    code.node,
  );
  const node = element(
    "section",
    { class: "d2l-block" },
    title,
    source,
    says,
    element("div", { class: "d2l-anatomy" }, picture, tabulated(caption, heads, body)),
    folding,
    program,
  );
  let rows = [];
  let before = "";

  function layers(names) {
    if (rows.length === names.length && rows.every((row, i) => row.name.textContent === names[i])) return;
    rows = names.map((text) => {
      const row = {
        name: element("span", { class: "d2l-name" }, text),
        what: element("span", { class: "d2l-kind" }),
        output: element("td"),
        parameters: amount("parameters"),
        macs: amount("macs"),
      };
      const first = element("span", {}, row.name, " ", row.what);
      row.node = rowOf(first, row.output, row.parameters.node, row.macs.node);
      return row;
    });
    body.replaceChildren(...rows.map((row) => row.node));
  }

  return {
    node,
    show(catalogue, name, settings, counted) {
      const block = catalogue.blocks[name];
      const now = JSON.stringify([name, settings.fused, ...block.uses.map((key) => settings[key])]);
      if (now === before) return; // a change that does not concern the block
      before = now;
      const drawn = variant(catalogue, name, settings);
      setText(title, block.title);
      setText(source, block.source);
      setText(says, block.says);
      const [width, height] = drawn.layout.size;
      const svg = `<svg viewBox="0 0 ${width} ${height}" width="${width}">`;
      picture.innerHTML = `${svg}${blockDrawing(drawn, settings, settings.fused)}</svg>`;
      picture.setAttribute("aria-label", `${block.title}. ${inWords(drawn, settings, block.merge)}`);
      const { results, parameters, macs } = counted;
      setText(
        caption,
        `${shape([settings.channels, settings.size, settings.size])} to ` +
          `${shape(results.at(-1).signal.shape)}: ${whole(parameters)} parameters, ${short(macs)} MACs`,
      );
      layers(drawn.nodes.map((layer) => layer.name));
      results.forEach((result, i) => {
        const layer = drawn.nodes[i];
        setText(rows[i].what, layer.kind === "conv" ? boxLabel(layer, settings) : "");
        setText(rows[i].output, shape(result.signal.shape));
        rows[i].parameters.show(result.parameters, parameters ? result.parameters / parameters : 0);
        rows[i].macs.show(result.macs, macs ? result.macs / macs : 0);
      });
      const many = `${drawn.nodes.length} layers become ${drawn.operations} operations at inference.`;
      folding.replaceChildren(
        element("p", {}, element("strong", {}, many), ` ${words.plain}`),
        ...drawn.stays.map((reason) => element("p", {}, reason)),
      );
      folding.hidden = !settings.fused;
      code.show(pytorch(catalogue, name, settings));
    },
  };
}
