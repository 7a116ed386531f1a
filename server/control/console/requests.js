// Requests: the journal live, filtered; one of them in detail.

import { choice, empty, h, milliseconds } from "./dom.js";
import { json } from "./json.js";

const SHOWN = 500;
const filters = { text: "", service: "", errors: false };

export function show(view, { stream }) {
  const body = h("tbody", { onClick: pick, onKeydown: move });
  const count = h("span", { class: "count", "aria-live": "off" });
  const detail = h("aside", { class: "detail", "aria-label": "The chosen request" });
  const nothing = h("div", { hidden: true });
  const pause = h("button", { "aria-pressed": "false", onClick: hold }, "Pause");
  const services = choice([["", "All services"]], "", { "aria-label": "Service", onChange: narrow });
  const text = h("input", {
    type: "search", placeholder: "Filter: operation, error, account, text…", value: filters.text,
    "aria-label": "Filter", onInput: narrow,
  });
  const errors = h("input", { type: "checkbox", checked: filters.errors, onChange: narrow });
  let paused = false;
  let chosen = null;

  view.append(
    h("div", { class: "bar" }, text, services, h("label", { class: "check" }, errors, "Errors only"),
      count, h("span", { class: "grow" }), pause,
      h("button", { onClick: () => { stream.clear(); draw(); } }, "Clear")),
    h("div", { class: "split" },
      h("div", { class: "scroll list", tabindex: "-1" },
        h("table", { class: "requests-table" },
          h("thead", {}, h("tr", {}, ...["Time", "Service", "Operation", "Status", "Took", "Account"]
            .map((name) => h("th", { scope: "col" }, name)))),
          body),
        nothing),
      detail));

  function narrow() {
    Object.assign(filters, { text: text.value, service: services.value, errors: errors.checked });
    draw();
  }

  function hold() {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    if (!paused) draw();
  }

  function draw() {
    offer();
    const found = stream.requests.filter(wanted);
    body.replaceChildren(...found.slice(0, SHOWN).map(row));
    summarise(found.length);
  }

  function add(fresh) {
    if (paused) return;
    offer();
    const rows = fresh.filter(wanted).map(row);
    rows.forEach((element) => element.classList.add("new"));
    body.prepend(...rows);
    while (body.children.length > SHOWN) body.lastElementChild.remove();
    summarise(stream.requests.filter(wanted).length);
  }

  function summarise(found) {
    const all = stream.requests.length;
    count.textContent = found === all ? `${all}` : `${found} of ${all}`;
    nothing.hidden = found > 0;
    nothing.replaceChildren(all
      ? empty("No request is like that", "Change the filter, or wait for one.")
      : empty("No requests yet", "Point an AWS SDK here: ",
        h("code", {}, `AWS_ENDPOINT_URL=${location.origin}`)));
    if (!body.querySelector("[tabindex='0']")) body.firstElementChild?.setAttribute("tabindex", "0");
    if (!chosen) rest();
  }

  function offer() {
    const names = [...new Set(stream.requests.map((request) => request.service))].sort();
    if (filters.service && !names.includes(filters.service)) names.push(filters.service);
    if (services.options.length !== names.length + 1) {
      services.replaceChildren(...[["", "All services"], ...names.map((name) => [name, name])]
        .map(([value, label]) => h("option", { value }, label)));
    }
    services.value = filters.service;
  }

  function row(request) {
    const failed = request.status >= 400;
    const element = h("tr", {
      class: [request.parent ? "child" : "", request.id === chosen ? "chosen" : ""].join(" "),
      tabindex: request.id === chosen ? "0" : "-1",
      "aria-selected": String(request.id === chosen),
    },
    h("td", { class: "mono dim" }, request.time.slice(11, 23)),
    h("td", {}, request.service),
    h("td", { class: "operation" }, request.operation || "?"),
    h("td", {}, h("span", { class: `status s${Math.floor(request.status / 100)}` },
      String(request.status)), failed && request.error_code ? ` ${request.error_code}` : null),
    h("td", { class: "mono number" }, milliseconds(request.duration_ms)),
    h("td", { class: "mono dim" }, request.account, " ", request.region));
    element.request = request;
    return element;
  }

  function pick(event) {
    const element = event.target.closest("tr");
    if (element) choose(element);
  }

  function move(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const current = event.target.closest("tr");
    const next = event.key === "Enter" ? current : current?.[step];
    if (!next || (!step && event.key !== "Enter")) return;
    event.preventDefault();
    choose(next);
    next.focus();
  }

  function choose(element) {
    for (const old of body.querySelectorAll(".chosen, [tabindex='0']")) {
      old.classList.remove("chosen");
      old.setAttribute("tabindex", "-1");
      old.setAttribute("aria-selected", "false");
    }
    element.classList.add("chosen");
    element.setAttribute("tabindex", "0");
    element.setAttribute("aria-selected", "true");
    chosen = element.request.id;
    detail.classList.add("open");
    detail.replaceChildren(...describe(element.request, close, stream));
  }

  function close() {
    chosen = null;
    detail.classList.remove("open");
    body.querySelector(".chosen")?.classList.remove("chosen");
    rest();
  }

  function rest() {
    detail.replaceChildren(empty("Nothing chosen",
      "Choose a request to see what was sent and what was answered. ↑ and ↓ move on."));
  }

  draw();
  return stream.listen(add);
}

function wanted(request) {
  if (filters.service && request.service !== filters.service) return false;
  if (filters.errors && request.status < 400) return false;
  const words = filters.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  request.searched ??= JSON.stringify(request).toLowerCase();
  return words.every((word) => request.searched.includes(word));
}

function describe(request, close, stream) {
  const facts = {
    Time: request.time.replace("T", " "),
    Took: milliseconds(request.duration_ms),
    Account: `${request.account} · ${request.region}`,
    Principal: request.principal,
    "Access key": request.access_key_id,
    From: [request.source_ip, request.user_agent].filter(Boolean).join(" · "),
    Id: request.id,
    "Caused by": request.parent,
  };
  const causes = stream.requests.filter((other) => other.parent === request.id).reverse();
  return [
    h("header", {},
      h("div", {}, h("small", {}, request.service), h("h2", {}, request.operation || "?")),
      h("span", { class: `status large s${Math.floor(request.status / 100)}` }, String(request.status)),
      h("button", { class: "quiet", "aria-label": "Close", onClick: close }, "✕")),
    request.error_code ? h("p", { class: "error" }, h("strong", {}, request.error_code), " ",
      request.error_message) : null,
    h("dl", { class: "facts" }, ...Object.entries(facts).filter(([, value]) => value)
      .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    causes.length ? h("section", {}, h("h3", {}, "Caused"), h("ul", { class: "causes" },
      ...causes.map((other) => h("li", {}, `${other.service} ${other.operation} `,
        h("span", { class: `status s${Math.floor(other.status / 100)}` }, String(other.status)))))) : null,
    part("Request", request.request),
    part("Response", request.response),
  ].filter(Boolean);
}

function part(title, value) {
  if (value === null || value === undefined) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const copy = h("button", {
    class: "quiet", onClick: async () => {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    },
  }, "Copy");
  return h("section", {}, h("h3", {}, title, copy), json(value));
}
