// Fault rules: what goes wrong on purpose.

import { attempt, call } from "./api.js";
import { choice, empty, field, h, heading } from "./dom.js";

const MATCHES = ["service", "operation", "resource", "account", "region"];
const EXAMPLES = {
  service: "sqs", operation: "Send*", resource: "orders", account: "000000000000", region: "us-*",
};
const ACTIONS = [
  ["throttle", "Throttle"], ["error", "Answer an error"], ["latency_ms", "Delay (ms)"],
  ["drop", "Close the connection"], ["truncate", "Break the answer off"],
];

export function show(view) {
  const list = h("div", {});
  const name = h("input", { required: true, placeholder: "flaky-queue" });
  const matches = MATCHES.map((match) => h("input", { name: match, placeholder: EXAMPLES[match] }));
  const action = choice(ACTIONS, "throttle", { onChange: adapt });
  const value = h("input", { "aria-label": "Value" });
  const valueField = field("Value", value);
  const probability = h("input", { type: "number", min: "0", max: "1", step: "any", value: "1" });
  const count = h("input", { type: "number", min: "0", placeholder: "any number" });
  const after = h("input", { type: "number", min: "0", value: "0" });

  view.append(
    heading("Faults", "Rules that make AWS fail on purpose. The first that matches a request strikes."),
    list,
    h("form", { class: "card", onSubmit: (event) => { event.preventDefault(); put(); } },
      h("h2", {}, "A new rule"),
      h("div", { class: "row" }, field("Name", name)),
      h("fieldset", {}, h("legend", {}, "Matches requests with (* and ? stand for any characters)"),
        h("div", { class: "row" }, ...MATCHES.map((match, index) => field(match, matches[index])))),
      h("fieldset", {}, h("legend", {}, "Does"),
        h("div", { class: "row" }, field("Action", action), valueField,
          field("Probability", probability), field("At most", count), field("After matches", after))),
      h("div", { class: "row" }, h("button", { class: "primary" }, "Set the rule"))));

  function adapt() {
    const wants = { error: "ServiceUnavailable", latency_ms: "500" }[action.value];
    valueField.hidden = wants === undefined;
    value.required = wants !== undefined;
    value.placeholder = wants ?? "";
    valueField.firstElementChild.textContent = action.value === "error" ? "Error code" : "Milliseconds";
  }

  async function put() {
    const rule = Object.fromEntries(matches.filter((input) => input.value)
      .map((input) => [input.name, input.value]));
    rule[action.value] = { error: value.value, latency_ms: Number(value.value) }[action.value] ?? true;
    rule.probability = Number(probability.value);
    rule.after = Number(after.value);
    if (count.value !== "") rule.count = Number(count.value);
    const done = await attempt(
      () => call("PUT", `faults/${encodeURIComponent(name.value)}`, rule), `Set: ${name.value}`);
    if (done !== undefined) name.value = "";
    draw();
  }

  async function draw() {
    const found = await attempt(() => call("GET", "faults"));
    if (!found) return;
    list.replaceChildren(found.faults.length
      ? h("table", { class: "card" },
        h("thead", {}, h("tr", {}, ...["Name", "Matches", "Does", "Matched", "Struck", ""]
          .map((title) => h("th", {
            scope: "col", class: ["Matched", "Struck"].includes(title) ? "number" : null,
          }, title)))),
        h("tbody", {}, ...found.faults.map(row)))
      : empty("No fault rules", "All goes as well as it can."));
  }

  function row(rule) {
    const matched = MATCHES.filter((match) => rule[match]).map((match) => `${match}=${rule[match]}`);
    return h("tr", {},
      h("td", { class: "name" }, rule.name),
      h("td", { class: "mono" }, matched.join(" ") || "every request"),
      h("td", {}, told(rule)),
      h("td", { class: "mono number" }, String(rule.matched)),
      h("td", { class: "mono number" }, String(rule.fired)),
      h("td", { class: "actions" }, h("button", { class: "quiet", onClick: () => remove(rule.name) },
        "Delete")));
  }

  async function remove(chosen) {
    await attempt(() => call("DELETE", `faults/${encodeURIComponent(chosen)}`), `Deleted: ${chosen}`);
    draw();
  }

  adapt();
  draw();
  const timer = setInterval(draw, 3000);
  return () => clearInterval(timer);
}

function told(rule) {
  const what = rule.error ? `error ${rule.error.code} (${rule.error.status})`
    : rule.latency_ms !== undefined ? `${rule.latency_ms} ms late`
      : rule.drop ? "closes the connection" : rule.truncate ? "breaks the answer off" : "throttles";
  const often = [
    rule.probability < 1 ? `${Math.round(rule.probability * 100)} %` : "",
    rule.count === null ? "" : `${rule.count} times at most`,
    rule.after ? `after ${rule.after}` : "",
  ].filter(Boolean);
  return often.length ? `${what} · ${often.join(", ")}` : what;
}
