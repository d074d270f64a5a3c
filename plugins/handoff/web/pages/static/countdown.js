// Counts down to each deadline, to the second, between two looks at the server.
"use strict";

const UNITS = [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]];
const WITHOUT_SECONDS = 3600;

function span(seconds) {
  if (seconds >= WITHOUT_SECONDS) seconds -= seconds % 60;
  for (const [unit, name, smaller, smallerName] of UNITS) {
    if (seconds < unit) continue;
    const rest = Math.floor((seconds % unit) / smaller);
    return `${Math.floor(seconds / unit)} ${name}` + (rest ? ` ${rest} ${smallerName}` : "");
  }
  return `${seconds} s`;
}

function tick() {
  const now = Date.now();
  for (const each of document.querySelectorAll("time.deadline[data-stands=no]")) {
    const left = Math.trunc((Date.parse(each.dateTime) - now) / 1000);
    const text = left > 0 ? `in ${span(left)}` : `${span(-left)} over`;
    if (each.textContent !== text) each.textContent = text;
    each.classList.toggle("over", left <= 0);
  }
}

setInterval(tick, 1000);
document.addEventListener("DOMContentLoaded", tick);
