// The clock: AWS's time, moved, stopped and restarted.

import { attempt, call } from "./api.js";
import { field, h, heading, seconds, span } from "./dom.js";

const STEPS = [["1 min", 60], ["15 min", 900], ["1 h", 3600], ["1 day", 86400], ["30 days", 2592000]];

export function show(view, shared) {
  const date = h("span", { class: "date" });
  const face = h("span", { class: "face" });
  const state = h("p", { class: "dim" });
  const length = h("input", { name: "length", placeholder: "90, 15m, 1h30m, 2d", required: true });
  const at = h("input", { name: "at", placeholder: "2026-12-31T23:59:00Z", "aria-label": "Moment" });
  const log = h("ol", { class: "log" });
  const flow = h("button", { class: "primary", onClick: toggle });

  view.append(
    heading("Clock", "All of AWS's time is this clock's: timeouts, retention, schedules, expiry."),
    h("div", { class: "columns" },
      h("section", { class: "card clock-card" },
        h("div", { class: "dial" }, date, face, state),
        h("div", { class: "row" }, flow)),
      h("section", { class: "card" },
        h("h2", {}, "Advance"),
        h("p", { class: "dim" }, "What falls due on the way happens in order, each at its own moment."),
        h("div", { class: "row" }, ...STEPS.map(([label, amount]) =>
          h("button", { onClick: () => advance(amount) }, `+ ${label}`))),
        h("form", { class: "row", onSubmit: (event) => { event.preventDefault(); further(); } },
          field("By", length), h("button", {}, "Advance"))),
      h("section", { class: "card" },
        h("h2", {}, "Freeze at a moment"),
        h("form", { class: "row", onSubmit: (event) => { event.preventDefault(); freezeAt(); } },
          field("UTC", at), h("button", {}, "Freeze")),
        h("h2", {}, "Settle"),
        h("p", { class: "dim" }, "Wait till no delivery, job or task is due or running."),
        h("div", { class: "row" }, h("button", { onClick: settle }, "Settle")))),
    h("section", { class: "card" }, h("h2", {}, "What happened"), log));
  log.append(h("li", { class: "none" }, "Nothing yet: advances are noted here, and what they set off."));

  function draw() {
    if (!shared.time) return;
    const text = new Date(shared.now()).toISOString();
    date.textContent = text.slice(0, 10);
    face.textContent = text.slice(11, 19);
    const offset = shared.time.frozen
      ? (shared.now() - Date.now()) / 1000 : shared.time.offset_seconds;
    const place = Math.abs(offset) < 1 ? "real time"
      : `${span(offset)} ${offset > 0 ? "ahead of" : "behind"} real time`;
    state.textContent = shared.time.frozen ? `frozen, ${place}` : place;
    flow.textContent = shared.time.frozen ? "Resume" : "Freeze now";
  }

  function note(text) {
    log.querySelector(".none")?.remove();
    log.prepend(h("li", {}, text));
  }

  async function change(path, body, said) {
    const answer = await attempt(() => call("POST", path, body));
    await shared.look();
    draw();
    if (answer) note(`${answer.now?.slice(0, 19).replace("T", " ") ?? ""} ${said(answer)}`.trim());
  }

  function advance(amount) {
    return change("clock/advance", { seconds: amount }, ({ fired }) =>
      `advanced ${span(amount)}: ${fired ? `${fired} thing${fired > 1 ? "s" : ""} happened`
        : "nothing fell due"}`);
  }

  function further() {
    const amount = seconds(length.value);
    length.setCustomValidity(amount === null ? "A length of time such as 900, 15m, 1h30m, 2d" : "");
    if (length.reportValidity()) advance(amount);
    length.oninput = () => length.setCustomValidity("");
  }

  function freezeAt() {
    return change("clock/freeze", at.value ? { at: at.value } : {}, () => "frozen");
  }

  function toggle() {
    return shared.time?.frozen ? change("clock/resume", {}, () => "flows on")
      : change("clock/freeze", {}, () => "frozen");
  }

  function settle() {
    return change("settle", { timeout: 10 }, ({ settled, pending }) =>
      settled ? "settled: nothing is due or running" : `still pending: ${pending.join(", ")}`);
  }

  draw();
  const timer = setInterval(draw, 250);
  return () => clearInterval(timer);
}
