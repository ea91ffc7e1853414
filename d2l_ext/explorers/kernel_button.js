// A button that asks the kernel for something: what is asked goes as a message, the answer is a trait.

import { button, setText } from "./base.js";

// `node` is nothing where there is no kernel; `settle()` is called when the page is drawn, and frees
// the button once `answer()` is another than when it was pressed.
export function kernelButton(model, label, { message, busy, hint, answer }) {
  let asked = null;
  const ask = () => {
    asked = answer();
    model.send(message);
    setText(control, busy);
    control.enable(false);
  };
  const control = button(label, ask, hint);
  return {
    node: model.send ? control : "",
    settle() {
      if (!asked || asked === answer()) return;
      asked = null;
      setText(control, label);
      control.enable(true);
    },
  };
}
