// Services: what there is of each, and how completely.

import { attempt, call } from "./api.js";
import { empty, h, heading } from "./dom.js";

const WORDS = { real: "as on AWS", partial: "partly", none: "not there" };

export function show(view, shared, [chosen]) {
  const filter = h("input", {
    type: "search", placeholder: "Find an operation…", "aria-label": "Find an operation",
    onInput: () => draw(),
  });
  const cards = h("div", { class: "cards" });
  const absent = h("p", { class: "dim" });
  view.append(heading("Services", "Read off the handlers themselves: an operation is as on AWS, or"
    + " says what it lacks, or answers 501 NotImplemented.", filter), cards, absent);
  let coverage = null;
  let states = {};

  attempt(async () => {
    const [health, found] = await Promise.all([call("GET", "health"), call("GET", "coverage")]);
    states = health.services;
    coverage = found;
    draw();
  });

  function draw() {
    const word = filter.value.trim().toLowerCase();
    const found = Object.entries(coverage.services)
      .map(([name, service]) => card(name, service, word)).filter(Boolean);
    cards.replaceChildren(...found.length ? found
      : [empty("No operation is called so", "What is not listed answers 501 NotImplemented.")]);
    absent.textContent =
      `${coverage.absent.length} more services of AWS are recognised and answer 501 NotImplemented.`;
  }

  function card(name, service, word) {
    const operations = Object.entries(service.operations)
      .filter(([operation]) => !word || operation.toLowerCase().includes(word));
    if (!operations.length) return null;
    const total = Object.keys(service.operations).length;
    return h("details", { class: "card", open: Boolean(word) || name === chosen },
      h("summary", {},
        h("span", { class: "name" }, name),
        h("span", { class: `badge ${states[name]}` }, states[name] ?? ""),
        h("span", { class: "grow" }),
        bar(service, total),
        h("span", { class: "mono dim tally" }, `${service.real + service.partial} of ${total}`)),
      h("ul", { class: "operations" }, ...operations.sort(byDepth).map(([operation, found]) =>
        h("li", { class: found.depth },
          h("span", { class: "mark", title: WORDS[found.depth] }, h("span", { class: "hidden" },
            WORDS[found.depth])),
          h("span", { class: "mono" }, operation),
          h("span", { class: "dim" }, remark(found))))));
  }
}

function bar(service, total) {
  const parts = ["real", "partial"].map((depth) => {
    const part = h("span", { class: depth });
    part.style.width = `${(100 * service[depth]) / total}%`;
    return part;
  });
  const text = `${service.real} as on AWS, ${service.partial} partly, ${service.none} not there`;
  return h("span", { class: "depth", role: "img", "aria-label": text, title: text }, ...parts);
}

function byDepth([first, one], [second, other]) {
  const order = ["real", "partial", "none"];
  return order.indexOf(one.depth) - order.indexOf(other.depth) || first.localeCompare(second);
}

function remark(found) {
  const unread = found.members_never_read ?? [];
  return [found.reason, unread.length ? `not read: ${unread.join(", ")}` : ""]
    .filter(Boolean).join(" · ");
}
