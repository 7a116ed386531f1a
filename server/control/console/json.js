// JSON with colours: names, texts, numbers.

import { h } from "./dom.js";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** A value as a block of JSON; what was cut off is text already. */
export function json(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const block = h("pre", { tabindex: "0" });
  let end = 0;
  for (const found of text.matchAll(TOKEN)) {
    block.append(text.slice(end, found.index));
    end = found.index + found[0].length;
    const [all, string, colon, word] = found;
    const kind = string ? (colon ? "name" : "text") : word ? "word" : "figure";
    block.append(h("span", { class: `j-${kind}` }, string ?? all), colon ?? "");
  }
  block.append(text.slice(end));
  return block;
}
