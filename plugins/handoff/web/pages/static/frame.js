// Airflow shows our pages in a sandboxed frame that may not open tabs; the page around it, Airflow's own, may.
"use strict";

if (window.parent !== window) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[target=_blank]");
    if (!link) return;
    event.preventDefault();
    const outer = window.parent.document.createElement("a");
    Object.assign(outer, { href: link.href, target: "_blank", rel: "noopener noreferrer" });
    outer.click();
  });
}
