// Shows the page as it is now, each quarter of a minute while somebody looks, and keeps their place in it.
"use strict";

const EVERY_MS = 15000;

function isChoosing(form) {
  if (form.contains(document.activeElement)) return true;
  const applied = (list) => [...list.options].find((each) => each.defaultSelected) ?? list.options[0];
  return [...form.querySelectorAll("select")].some((list) => list.selectedOptions[0] !== applied(list));
}

// A filter that somebody is choosing stays as it is; all around it is new.
function swap(main, fresh) {
  const form = main.querySelector("form"), freshForm = fresh.querySelector("form");
  if (!form || !freshForm || !isChoosing(form)) return main.replaceChildren(...fresh.childNodes);
  const nodes = [...fresh.childNodes], at = nodes.indexOf(freshForm);
  for (const each of [...main.childNodes]) if (each !== form) each.remove();
  form.before(...nodes.slice(0, at));
  form.after(...nodes.slice(at + 1));
}

function replace(fresh) {
  const main = document.querySelector("main");
  const boxes = () => [...main.querySelectorAll(".scroll")];
  const links = () => [...main.querySelectorAll("a")];
  const focused = document.activeElement;
  const box = boxes().indexOf(focused), link = links().indexOf(focused);
  const places = boxes().map((each) => [each.scrollLeft, each.scrollTop]);
  swap(main, fresh);
  boxes().forEach((each, index) => each.scrollTo(...(places[index] ?? [0, 0])));
  if (focused.isConnected) return;
  const same = (each) => each.href === focused.href;
  const again = boxes()[box] ?? (link < 0 ? null : links().slice(link).find(same) ?? links().find(same));
  again?.focus({ preventScroll: true });
}

async function refresh() {
  if (document.hidden || !getSelection().isCollapsed) return;
  const stale = document.getElementById("stale");
  try {
    const answer = await fetch(location.href);
    if (answer.status === 401 || answer.status === 403) return location.reload();
    if (!answer.ok) throw new Error(answer.status);
    replace(new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main"));
    stale.textContent = "";
  } catch {
    stale.textContent = "Not up to date: the server does not answer.";
  }
}

setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
