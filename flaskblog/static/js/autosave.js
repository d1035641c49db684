// Saves a form's text as a draft while it is edited: <form data-autosave="URL">.
//
// The response is {"saved": true, "at": ISO time, "key": ..., "url": of the draft} or
// {"detail": ...}. What is saved becomes the fields' default values, so that
// `value !== defaultValue` means unsaved; the form gets the event `saved`, or `data-not-saved`.
// `data-unsaved` on the form: the server has not stored the values that it rendered.
// A form in `[data-discards]` deletes the draft.

// Milliseconds.
const DELAY = 3_000; // after the last change
const MAX_DELAY = 10_000; // while typing goes on
const TIMEOUT = 20_000;
const MIN_RETRY = 5_000;
const MAX_RETRY = 60_000;
const MAX_KEEPALIVE = 60_000; // bytes; browsers refuse more than 64 KiB

const SESSION_EXPIRED =
  "Not saved: your session has expired. " +
  "You can still publish: you will be asked to log in, and your text will be kept.";
const UNREACHABLE = "Not saved: the site cannot be reached. Retrying…";
const SERVER_ERROR = "Not saved: server error. Retrying…";
const REJECTED = "the draft was rejected. Use “Save draft” to see why.";

class Autosave {
  constructor(form) {
    this.form = form;
    this.fields = [...form.querySelectorAll("input:not([type=hidden]), textarea")];
    this.status = form.querySelector("[data-autosave-status]");
    this.time = form.querySelector("[data-autosave-time]");
    this.unsavedSince = null;
    this.timer = null;
    this.request = null;
    this.failures = 0;
    this.isSubmitting = false;

    form.addEventListener("input", () => this.schedule());
    document.addEventListener("submit", ({ target }) => {
      const isAnother = target !== form && !target.closest("[data-discards]");
      if (isAnother) this.save({ isLeaving: true });
      this.stop({ isAnother });
    });
    // The browser's Back button may restore unsaved text.
    addEventListener("pageshow", () => this.resume());
    addEventListener("online", () => this.save());
    addEventListener("pagehide", () => this.save({ isLeaving: true }));
    // A phone may end a page that is in the background.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.save({ isLeaving: true });
    });
  }

  isUnsaved() {
    const hasText = this.fields.some(({ value }) => value.trim());
    const isChanged = this.fields.some(({ value, defaultValue }) => value !== defaultValue);
    return hasText && (isChanged || "unsaved" in this.form.dataset);
  }

  schedule() {
    this.unsavedSince ??= Date.now();
    if (this.request || this.failures) return;
    this.saveIn(Math.min(DELAY, this.unsavedSince + MAX_DELAY - Date.now()));
  }

  saveIn(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), Math.max(milliseconds, 0));
  }

  stop({ isAnother }) {
    this.isSubmitting = true;
    clearTimeout(this.timer);
    if (!isAnother) this.request?.abort();
  }

  resume() {
    this.isSubmitting = false;
    if (this.isUnsaved()) this.schedule();
  }

  async save({ isLeaving = false } = {}) {
    if (this.isSubmitting || !this.isUnsaved()) return;
    const body = String(new URLSearchParams(new FormData(this.form)));
    // When the page is left, what is under way may be an earlier text.
    if (this.request && (!isLeaving || this.request.body === body)) return;
    clearTimeout(this.timer);
    this.unsavedSince = null;
    const request = Object.assign(new AbortController(), { body });
    this.request = request;
    const timeout = setTimeout(() => request.abort(), TIMEOUT);
    try {
      await this.send(request);
    } catch {
      if (!this.isSubmitting) this.retry(UNREACHABLE);
    } finally {
      clearTimeout(timeout);
      if (this.request === request) this.request = null;
    }
    // Changed while the request was under way.
    if (!this.failures && this.unsavedSince) this.schedule();
  }

  async send({ body, signal }) {
    const sent = this.fields.map(({ value }) => value);
    const response = await fetch(this.form.dataset.autosave, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body,
      credentials: "same-origin",
      redirect: "manual",
      // The request then outlives the page.
      keepalive: body.length <= MAX_KEEPALIVE,
      signal,
    });
    if (response.status === 429) {
      const seconds = Number(response.headers.get("Retry-After")) || MAX_RETRY / 1_000;
      const time = clock(new Date(Date.now() + 1_000 * seconds));
      this.retry(`Not saved: too many requests. Retrying at ${time}.`, 1_000 * seconds);
    } else if (response.status >= 500) {
      this.retry(SERVER_ERROR);
    } else {
      this.failures = 0;
      await this.handle(response, sent);
    }
  }

  async handle(response, sent) {
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const { saved, at, key, url, detail } = isJson ? await response.json() : {};
    if (saved) {
      this.markSaved(sent);
      if (key) this.form.elements.key.value = key;
      if (url) history.replaceState(history.state, "", url);
      this.report("Draft saved", clock(new Date(at)));
    } else if (response.status === 401) {
      this.report(SESSION_EXPIRED);
    } else {
      this.report(`Not saved: ${detail ?? REJECTED}`);
    }
  }

  markSaved(values) {
    this.fields.forEach((field, index) => (field.defaultValue = values[index]));
    delete this.form.dataset.unsaved;
    this.form.dispatchEvent(new Event("saved"));
  }

  retry(message, milliseconds = Math.min(MIN_RETRY * 2 ** this.failures, MAX_RETRY)) {
    this.failures += 1;
    this.report(message);
    this.saveIn(milliseconds);
  }

  report(message, time = "") {
    this.form.toggleAttribute("data-not-saved", !time);
    // The time is not in the live region: a screen reader announces a change of the state alone.
    if (this.status.textContent !== message) this.status.textContent = message;
    this.time.textContent = time;
  }
}

function clock(date) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

for (const form of document.querySelectorAll("form[data-autosave]")) new Autosave(form);
