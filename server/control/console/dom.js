// Elements, and how values are written.

/** An element: properties, listeners (onClick), attributes; children that are null are left out. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (name === "class") element.className = value;
    else if (name in element && !name.includes("-") && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined));
  return element;
}

export function heading(title, explanation, ...actions) {
  return h("div", { class: "heading" },
    h("div", {}, h("h1", {}, title), explanation ? h("p", {}, explanation) : null),
    h("div", { class: "actions" }, ...actions));
}

export function field(label, control, hint) {
  return h("label", { class: "field" }, h("span", {}, label), control,
    hint ? h("small", {}, hint) : null);
}

export function choice(values, chosen, properties = {}) {
  const element = h("select", properties, ...values.map((value) => {
    const [text, label] = Array.isArray(value) ? value : [value, value];
    return h("option", { value: text }, label);
  }));
  element.value = chosen;
  return element;
}

export function empty(title, ...explanation) {
  return h("div", { class: "empty" }, h("strong", {}, title), h("p", {}, ...explanation));
}

/** Sizes in the units that people read. */
export function bytes(size) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let index = 0;
  while (size >= 1024 && index < units.length - 1) { size /= 1024; index += 1; }
  return `${index && size < 10 ? size.toFixed(1) : Math.round(size)} ${units[index]}`;
}

export function milliseconds(value) {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

/** A length of time, in its two largest units. */
export function span(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  let rest = Math.round(Math.abs(seconds));
  const parts = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count && parts.length < 2) parts.push(`${count} ${unit}`);
  }
  return parts.join(" ") || "0 s";
}

/** Seconds of `900`, `15m`, `1h30m`, `2d`; null for what is none. */
export function seconds(text) {
  const units = { "": 1, s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
  const plain = text.replace(/\s/g, "").toLowerCase();
  if (!/^(\d+(\.\d+)?[smhdw]?)+$/.test(plain)) return null;
  return [...plain.matchAll(/(\d+(?:\.\d+)?)([smhdw]?)/g)]
    .reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit], 0);
}
