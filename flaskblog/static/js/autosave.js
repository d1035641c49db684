// Saves a form's text as a draft while it is edited: <form data-autosave="URL">.
//
// The response is {"saved": true, "at": ISO time, "key": ...} or {"detail": ...}. What is saved
// becomes the fields' default values, so that `value !== defaultValue` means unsaved.
// `data-unsaved` on the form: the server has not stored the values that it rendered.

// Milliseconds.
const DELAY = 3_000; // after the last change
const MAX_DELAY = 10_000; // while typing goes on
const TIMEOUT = 20_000;
const MIN_RETRY = 5_000;
const MAX_RETRY = 60_000;

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
    this.unsavedSince = null;
    this.timer = null;
    this.request = null;
    this.failures = 0;
    this.isSubmitting = false;

    form.addEventListener("input", () => this.schedule());
    form.addEventListener("submit", () => this.stop());
    // The browser's Back button may restore unsaved text.
    addEventListener("pageshow", () => this.resume());
    addEventListener("online", () => this.save());
    // A phone may end a page that is in the background.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.save();
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

  stop() {
    this.isSubmitting = true;
    clearTimeout(this.timer);
    this.request?.abort();
  }

  resume() {
    this.isSubmitting = false;
    if (this.isUnsaved()) this.schedule();
  }

  async save() {
    if (this.request || this.isSubmitting || !this.isUnsaved()) return;
    clearTimeout(this.timer);
    this.unsavedSince = null;
    this.request = new AbortController();
    const timeout = setTimeout(() => this.request.abort(), TIMEOUT);
    try {
      await this.send();
    } catch {
      if (!this.isSubmitting) this.retry(UNREACHABLE);
    } finally {
      clearTimeout(timeout);
      this.request = null;
    }
    // Changed while the request was under way.
    if (!this.failures && this.unsavedSince) this.schedule();
  }

  async send() {
    const sent = this.fields.map(({ value }) => value);
    const body = new URLSearchParams(new FormData(this.form));
    const response = await fetch(this.form.dataset.autosave, {
      method: "POST",
      body,
      credentials: "same-origin",
      redirect: "manual",
      signal: this.request.signal,
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
    const { saved, at, key, detail } = isJson ? await response.json() : {};
    if (saved) {
      this.markSaved(sent);
      if (key) this.form.elements.key.value = key;
      this.report(`Draft saved at ${clock(new Date(at))}.`);
    } else if (response.status === 401) {
      this.report(SESSION_EXPIRED);
    } else {
      this.report(`Not saved: ${detail ?? REJECTED}`);
    }
  }

  markSaved(values) {
    this.fields.forEach((field, index) => (field.defaultValue = values[index]));
    delete this.form.dataset.unsaved;
  }

  retry(message, milliseconds = Math.min(MIN_RETRY * 2 ** this.failures, MAX_RETRY)) {
    this.failures += 1;
    this.report(message);
    this.saveIn(milliseconds);
  }

  report(message) {
    // A screen reader would announce the same message again.
    if (this.status.textContent !== message) this.status.textContent = message;
  }
}

function clock(date) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

for (const form of document.querySelectorAll("form[data-autosave]")) new Autosave(form);
