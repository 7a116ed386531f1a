// The journal as it grows: the latest requests, and each that comes.

import { call } from "./api.js";

const KEPT = 2000;

/** Requests, newest first; listeners hear of those that are new, a few at a time. */
export class Stream {
  requests = [];
  #known = new Set();
  #listeners = new Set();
  #fresh = [];
  /** What comes while older ones are read up on; null when nothing is. */
  #held = null;

  constructor() {
    this.source = new EventSource("/_fogbank/requests/stream");
    this.source.onmessage = (event) => {
      const request = JSON.parse(event.data);
      if (this.#held) this.#held.push(request);
      else this.#take(request);
    };
    // After a break in the connection what was missed is read up on.
    this.source.onopen = () => this.#catchUp();
  }

  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  clear() {
    this.requests = [];
  }

  async #catchUp() {
    this.#held ??= [];
    try {
      const { requests } = await call("GET", "requests?order=newest&limit=500");
      for (const request of requests.reverse()) this.#take(request);
    } catch { /* the stream tries again by itself */ }
    for (const request of this.#held ?? []) this.#take(request);
    this.#held = null;
  }

  #take(request) {
    if (this.#known.has(request.id)) return;
    this.#known.add(request.id);
    if (this.#fresh.push(request) === 1) setTimeout(() => this.#hand(), 50);
  }

  #hand() {
    const fresh = this.#fresh.reverse();
    this.#fresh = [];
    this.requests = [...fresh, ...this.requests];
    for (const old of this.requests.splice(KEPT)) this.#known.delete(old.id);
    for (const listener of this.#listeners) listener(fresh);
  }
}
