// Where parameters, MACs and activations sit: a bar for each, cut into the parts of the network.

import { element, short } from "./base.js";

const QUANTITIES = { parameters: "Parameters", macs: "MACs", activations: "Activations" };

const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

// The parts of a counted network that have any share of a quantity: [{name, value, share}].
export function sharesOf(counted, quantity) {
  const parts = counted.rows.filter((row) => !row.depth && row[quantity]);
  return parts.map((row) => ({
    name: row.local,
    value: row[quantity],
    share: row[quantity] / counted[quantity],
  }));
}

export function shareBars() {
  const node = element("div", { class: "d2l-shares" });
  return {
    node,
    show(title, counted) {
      const bars = Object.entries(QUANTITIES).flatMap(([quantity, label]) => {
        const shares = sharesOf(counted, quantity);
        const words = shares.map(({ name, share }) => `${name} ${percent(share)}`).join(", ");
        const cells = shares.map(({ name, value, share }) => {
          const hint = `${name}: ${short(value)}, ${percent(share)}`;
          const text = share > 0.09 ? `${name} ${percent(share)}` : "";
          return element("span", { title: hint, style: `flex-grow: ${share}` }, text);
        });
        return [
          element("span", {}, `${label} ${short(counted[quantity])}`),
          element("div", { role: "img", "aria-label": `${title}, ${label}: ${words}` }, ...cells),
        ];
      });
      node.replaceChildren(...bars);
    },
  };
}
