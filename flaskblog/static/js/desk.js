// The desk: saves the draft while somebody writes, publishes by Ctrl+Enter or Cmd+Enter, and
// asks before unsaved words are left. Without this module the form works by its buttons.

const PAUSE = 3_000; // milliseconds after the last key
const LONGEST_WAIT = 10_000; // while typing goes on
const LONGEST_REQUEST = 20_000;
const LONGEST_RETRY = 60_000;
const LOGGED_OUT =
  "Not saved: you are logged out. " +
  "Publish all the same: you will be asked to log in, and your words stay.";
const UNREACHABLE = "Not saved: the site cannot be reached. Trying again.";
const BROKEN = "Not saved: the site has a problem. Trying again.";
const REFUSED = "the site did not take the draft. The button for drafts will tell why.";

const form = document.getElementById("desk");
const status = document.getElementById("desk-status");
// By name: the form's own `action` is hidden by the buttons of that name.
const { title, content, key } = form.elements;

// What the page came with is kept by the site, unless the form says that it is not.
let saved = "unsaved" in form.dataset ? "" : words(title.defaultValue, content.defaultValue);
let unsavedSince = null;
let timer = null;
let request = null;
let failures = 0;
let submitting = false;

function words(titleNow = title.value, contentNow = content.value) {
  return titleNow.trim() || contentNow.trim() ? JSON.stringify([titleNow, contentNow]) : "";
}

function isUnsaved() {
  const now = words();
  return now !== "" && now !== saved;
}

function tell(sentence) {
  // Said again, the same words would be read out again.
  if (status.textContent !== sentence) status.textContent = sentence;
}

function clock(date) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function saveIn(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(save, Math.max(milliseconds, 0));
}

function saveSoon() {
  unsavedSince ??= Date.now();
  if (!request && !failures) saveIn(Math.min(PAUSE, unsavedSince + LONGEST_WAIT - Date.now()));
}

async function save() {
  if (request || submitting || !isUnsaved()) return;
  clearTimeout(timer);
  const sent = words();
  const body = new URLSearchParams(new FormData(form));
  body.set("action", "draft");
  request = new AbortController();
  unsavedSince = null;
  const limit = setTimeout(() => request.abort(), LONGEST_REQUEST);
  try {
    const response = await fetch(form.getAttribute("action") || location.href, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      redirect: "manual",
      signal: request.signal,
    });
    await hear(response, sent);
  } catch {
    if (!submitting) tryAgain(UNREACHABLE);
  } finally {
    clearTimeout(limit);
    request = null;
  }
  // Words typed while the answer was on its way.
  if (!failures && unsavedSince) saveSoon();
}

async function hear(response, sent) {
  if (response.status === 429) {
    const pause = 1_000 * response.headers.get("Retry-After") || LONGEST_RETRY;
    const then = clock(new Date(Date.now() + pause));
    tryAgain(`Not saved yet: the site asks for a pause. Trying again at ${then}.`, pause);
    return;
  }
  if (response.status >= 500) {
    tryAgain(BROKEN);
    return;
  }
  failures = 0;
  const isJson = response.headers.get("Content-Type")?.includes("json");
  const answer = isJson ? await response.json() : {};
  if (answer.saved) {
    saved = sent;
    if (answer.key) key.value = answer.key;
    tell(`Draft saved at ${clock(new Date(answer.at))}.`);
  } else if (response.status === 401) {
    tell(LOGGED_OUT);
  } else {
    tell(`Not saved: ${answer.detail ?? REFUSED}`);
  }
}

function tryAgain(sentence, milliseconds = Math.min(5_000 * 2 ** failures, LONGEST_RETRY)) {
  failures += 1;
  tell(sentence);
  saveIn(milliseconds);
}

form.addEventListener("input", saveSoon);

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.preventDefault();
  if (!submitting && !event.repeat) form.requestSubmit(form.querySelector('button[name="action"]'));
});

form.addEventListener("submit", () => {
  submitting = true;
  clearTimeout(timer);
  request?.abort();
});

// A page that comes back by the Back button is written on again; its words may be unsaved.
addEventListener("pageshow", () => {
  submitting = false;
  if (isUnsaved()) saveSoon();
});

addEventListener("online", save);

// A telephone may end a page that is out of sight.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") save();
});

addEventListener("beforeunload", (event) => {
  if (!submitting && isUnsaved()) event.preventDefault();
});
