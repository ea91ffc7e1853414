// What scrolls can be scrolled with the keyboard, also in browsers that leave it out.
const SCROLLING = "pre, .cell_output, .table-wrapper, .math-wrapper";

function reach() {
  for (const part of document.querySelectorAll(SCROLLING)) {
    const wide = part.scrollWidth > part.clientWidth;
    if (wide || part.scrollHeight > part.clientHeight) part.tabIndex = 0;
    else part.removeAttribute("tabindex");
  }
}

addEventListener("DOMContentLoaded", reach);
addEventListener("resize", reach);
