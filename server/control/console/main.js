// The frame: which view is shown, the clock in the corner, whether the server is there.

import { call } from "./api.js";
import { span } from "./dom.js";
import { Stream } from "./stream.js";
import * as clock from "./clock.js";
import * as faults from "./faults.js";
import * as requests from "./requests.js";
import * as services from "./services.js";
import * as settings from "./settings.js";
import * as snapshots from "./snapshots.js";

const VIEWS = { requests, services, clock, snapshots, faults, settings };
const view = document.getElementById("view");

/** What the views share: the stream of requests, and AWS's time as it was last heard of. */
const shared = { stream: new Stream(), time: null, look, now };
let leave = null;

function show() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  const chosen = VIEWS[name] ? name : "requests";
  leave?.();
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.hash === `#${chosen}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${chosen} · fogbank`;
  view.className = chosen;
  view.replaceChildren();
  leave = VIEWS[chosen].show(view, shared, rest.map(decodeURIComponent)) ?? null;
}

/** Ask for AWS's time; between two answers it is extrapolated. */
async function look() {
  try {
    const state = await call("GET", "clock");
    shared.time = { ...state, moment: Date.parse(state.now), heard: performance.now() };
    const ahead = Math.abs(state.offset_seconds) >= 1 && !state.frozen;
    document.getElementById("frozen").hidden = !state.frozen;
    document.getElementById("offset").hidden = !ahead;
    document.getElementById("offset").textContent =
      `${state.offset_seconds < 0 ? "−" : "+"}${span(state.offset_seconds)}`;
    connected(true);
  } catch {
    connected(false);
  }
  tick();
}

function connected(is) {
  document.getElementById("dot").classList.toggle("on", is);
  document.getElementById("connection").textContent = is ? "connected" : "no answer";
}

/** AWS's time now, in milliseconds of the epoch. */
function now() {
  const { frozen, moment, heard } = shared.time;
  return frozen ? moment : moment + performance.now() - heard;
}

function tick() {
  if (!shared.time) return;
  const text = new Date(now()).toISOString();
  const element = document.getElementById("now");
  element.dateTime = text;
  element.textContent = `${text.slice(0, 10)} ${text.slice(11, 19)}`;
}

document.getElementById("place").textContent = location.host;
addEventListener("hashchange", show);
setInterval(tick, 1000);
setInterval(() => { if (!document.hidden) look(); }, 5000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
look();
show();
