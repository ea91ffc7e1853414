// Where in the image the middle output of a layer looks: its theoretical receptive field as a box.

import { element, setText, shape } from "./base.js";

// Along one axis: the pixels that the middle output can depend on, what of them is outside.
export function middleField({ start, end, jump, image, whole }, outputs) {
  if (whole) return { at: 0, from: 0, to: image - 1, image, before: 0, after: 0, whole };
  const at = Math.floor((outputs - 1) / 2);
  const [from, to] = [start + at * jump, end + at * jump];
  return { at, from, to, image, before: Math.max(0, -from), after: Math.max(0, to - image + 1), whole };
}

export function fieldWords(axes) {
  if (axes.every((axis) => axis.whole)) return "every output sees the whole image.";
  const [rows, columns] = axes;
  const range = ({ from, to }) => `${from} to ${to}`.replaceAll("-", "−");
  const sizes = shape(axes.map(({ from, to }) => to - from + 1));
  const image = shape(axes.map((axis) => axis.image));
  const beyond = [
    [rows.before, "above"],
    [rows.after, "below"],
    [columns.before, "to the left"],
    [columns.after, "to the right"],
  ].flatMap(([by, side]) => (by ? [`${by} ${side}`] : []));
  const exceeds = beyond.length
    ? `It reaches beyond the image, by ${beyond.join(", ")}: there it sees padding.`
    : "It lies inside the image.";
  return (
    `output (${rows.at}, ${columns.at}) sees rows ${range(rows)} and columns ${range(columns)}, ` +
    `${sizes} of ${image} pixels. ${exceeds}`
  );
}

// `show(entries)`: entries are {title, row}, one or two; both rows are of the same name.
export function fieldPicture(picture) {
  const drawing = element("div", { role: "img", class: "d2l-field-picture" });
  const caption = element("figcaption");
  return {
    node: element("figure", { class: "d2l-looks" }, drawing, caption),
    show(entries) {
      const [{ row }] = entries;
      const known = entries.filter((entry) => entry.row.signal.fields);
      const all = known.map(({ row: { signal } }) =>
        signal.fields.map((field, axis) => middleField(field, signal.shape[axis + 1] ?? 1)));
      const words = known.map(({ title }, i) => `${known.length > 1 ? `${title}: ` : ""}${fieldWords(all[i])}`);
      setText(
        caption,
        all.length ? `${row.name}: ${words.join(" ")}` : `${row.name}: where in the image it looks cannot be told.`,
      );
      drawing.setAttribute("aria-label", caption.textContent);
      if (!all.length) return drawing.replaceChildren();
      const [high, wide] = all[0].map((axis) => axis.image);
      const line = Math.max(high, wide) / 90;
      // What lies far outside is cut off: the image keeps at least half of the picture.
      const far = (axis, key) =>
        Math.min(all[0][axis].image / 2, Math.max(...all.map((axes) => axes[axis][key])));
      const [top, left] = [0, 1].map((axis) => far(axis, "before") + line);
      const [bottom, right] = [0, 1].map((axis) => far(axis, "after") + line);
      const box = [-left, -top, wide + left + right, high + top + bottom];
      const boxes = all.map(([rows, columns], i) => {
        const [x, y] = [columns.from, rows.from];
        const sizes = `width="${columns.to - x + 1}" height="${rows.to - y + 1}"`;
        return (
          `<rect x="${x}" y="${y}" ${sizes} fill="${i ? "none" : "#0072b2"}" fill-opacity="0.25" ` +
          `stroke="${i ? "#d55e00" : "#56b4e9"}" stroke-width="${line}"${i ? ` stroke-dasharray="${3 * line}"` : ""}/>`
        );
      });
      drawing.innerHTML =
        `<svg viewBox="${box.join(" ")}"><image href="${picture}" width="${wide}" height="${high}" ` +
        `preserveAspectRatio="none"/>${boxes.join("")}</svg>`;
    },
  };
}
