// Predict first, then reveal: what would give the answer away stays covered until a guess is made.

import { button, element, setText } from "./base.js";

// covered: the elements that hold the answer.
//
// `show(key, riddle)` asks riddle = {question, options, answer, why} anew whenever `key` is another;
// `answer` is a position in `options`. Without a riddle nothing is asked or covered.
export function prediction(covered, announce) {
  const question = element("p", { class: "d2l-question" });
  const options = element("div", { class: "d2l-options", role: "group" });
  const verdict = element("p", { class: "d2l-verdict" });
  const node = element("div", { class: "d2l-predict", hidden: true }, question, options, verdict);
  let asked = null;

  function cover(on) {
    for (const one of covered) one.classList.toggle("d2l-covered", on);
  }

  function guess(riddle, at) {
    cover(false);
    const right = at === riddle.answer;
    const opening = right ? "Yes" : `No: ${riddle.options[riddle.answer]}`;
    setText(verdict, `${opening}. ${riddle.why}`);
    [...options.children].forEach((option, i) => {
      option.setAttribute("aria-pressed", String(i === at));
      option.classList.toggle("d2l-right", i === riddle.answer);
    });
    announce(verdict.textContent);
  }

  return {
    node,
    show(key, riddle) {
      node.hidden = !riddle;
      if (!riddle) {
        asked = null;
        cover(false);
      } else if (key !== asked) {
        asked = key;
        cover(true);
        setText(question, riddle.question);
        options.setAttribute("aria-label", riddle.question);
        options.replaceChildren(
          ...riddle.options.map((text, i) => button(text, () => guess(riddle, i))),
        );
        setText(verdict, "");
      }
    },
  };
}
