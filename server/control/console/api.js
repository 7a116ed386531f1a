// The control API, and what is said about how it went.

import { h } from "./dom.js";

/** Call `/_fogbank/<path>`; an object is sent as JSON, a file as it is. Throws its refusal. */
export async function call(method, path, body) {
  const options = { method, headers: {} };
  if (body instanceof Blob) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["content-type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(`/_fogbank/${path}`, options);
  } catch {
    throw new Error("the server does not answer");
  }
  const text = await response.text();
  let answer = null;
  try { answer = JSON.parse(text); } catch { /* said below */ }
  if (!response.ok) throw new Error(answer?.error ?? `${response.status} ${response.statusText}`);
  return answer;
}

/** Carry something out and say how it went; answers undefined when it failed. */
export async function attempt(work, done) {
  try {
    const answer = await work();
    if (done) say(typeof done === "function" ? done(answer) : done);
    return answer ?? null;
  } catch (failure) {
    say(failure.message, true);
    return undefined;
  }
}

export function say(text, failed = false) {
  const message = h("div", { class: failed ? "message failed" : "message" }, text,
    h("button", { class: "quiet", "aria-label": "Dismiss", onClick: () => message.remove() }, "✕"));
  document.getElementById("messages").append(message);
  setTimeout(() => message.remove(), failed ? 12_000 : 4_000);
}

/** Ask before something is lost. */
export function confirmed(question, action) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-labelledby": "question" },
      h("form", { method: "dialog" },
        h("p", { id: "question" }, question),
        h("div", { class: "actions" },
          h("button", { value: "no", autofocus: true }, "Cancel"),
          h("button", { value: "yes", class: "danger" }, action))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
