// Snapshots: whole states under names; and dropping all state.

import { attempt, call, confirmed, say } from "./api.js";
import { bytes, empty, field, h, heading } from "./dom.js";

export function show(view, shared) {
  const name = h("input", {
    name: "name", required: true, pattern: "[A-Za-z0-9_][A-Za-z0-9._-]{0,99}",
    placeholder: "before-the-migration", title: "Letters, digits, '.', '_' and '-'",
  });
  const file = h("input", { type: "file", accept: ".gz", class: "hidden", onChange: takeIn });
  const list = h("div", {});
  view.append(
    heading("Snapshots", "All state under a name: resources, payloads, the clock, the settings.",
      h("button", { onClick: () => file.click() }, "Import a file…"), file),
    h("section", { class: "card" },
      h("form", { class: "row", onSubmit: (event) => { event.preventDefault(); take(); } },
        field("Name", name), h("button", { class: "primary" }, "Take a snapshot"))),
    list,
    h("section", { class: "card danger-zone" },
      h("div", {}, h("h2", {}, "Reset"), h("p", { class: "dim" }, "Drop all state, the journal and"
        + " the fault rules, and set the clock to real time. Snapshots and settings stay.")),
      h("button", { class: "danger", onClick: reset }, "Reset everything…")));

  async function draw() {
    const found = await attempt(() => call("GET", "snapshots"));
    if (!found) return;
    list.replaceChildren(found.snapshots.length
      ? h("table", { class: "card" },
        h("thead", {}, h("tr", {}, ...["Name", "Taken", "Size", ""].map((title) =>
          h("th", { scope: "col" }, title)))),
        h("tbody", {}, ...found.snapshots.map(row)))
      : empty("No snapshots yet", "Take one, change things, restore it: milliseconds each way."));
  }

  function row(snapshot) {
    const path = `snapshots/${encodeURIComponent(snapshot.name)}`;
    return h("tr", {},
      h("td", { class: "name" }, snapshot.name),
      h("td", { class: "mono dim" }, snapshot.time.slice(0, 19).replace("T", " ")),
      h("td", { class: "mono dim" }, bytes(snapshot.size_bytes)),
      h("td", { class: "actions" },
        h("button", { onClick: () => restore(snapshot.name, path) }, "Restore"),
        h("a", { class: "button", href: `/_fogbank/${path}/export`, download: true }, "Export"),
        h("button", { class: "quiet", onClick: () => forget(snapshot.name, path) }, "Delete")));
  }

  async function take() {
    const taken = name.value;
    await attempt(() => call("PUT", `snapshots/${encodeURIComponent(taken)}`), `Taken: ${taken}`);
    name.value = "";
    draw();
  }

  async function restore(chosen, path) {
    if (!await confirmed(`Go back to “${chosen}”? The state as it is now will be gone.`, "Restore")) return;
    await attempt(() => call("POST", `${path}/restore`), `Restored: ${chosen}`);
    shared.look();
  }

  async function forget(chosen, path) {
    if (!await confirmed(`Delete the snapshot “${chosen}”?`, "Delete")) return;
    await attempt(() => call("DELETE", path), `Deleted: ${chosen}`);
    draw();
  }

  async function takeIn() {
    const [chosen] = file.files;
    if (!chosen) return;
    const title = chosen.name.replace(/(\.tar)?\.gz$/, "").replace(/[^A-Za-z0-9._-]/g, "-");
    await attempt(() => call("PUT", `snapshots/${encodeURIComponent(title)}/import`, chosen),
      `Imported: ${title}`);
    file.value = "";
    draw();
  }

  async function reset() {
    if (!await confirmed("Drop all state of all services and accounts?", "Reset everything")) return;
    await attempt(() => call("POST", "reset", {}));
    shared.stream.clear();
    shared.look();
    say("Everything is dropped");
  }

  draw();
}
