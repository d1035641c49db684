// Markdown by keys and buttons in a <textarea data-markdown>: Ctrl or Cmd with B, I and K,
// <button data-format="bold, italic, link or list">, Enter in a list, and a URL pasted on text.
// All changes can be undone.

const ITEM = /^([ \t]*)(?:([-*+])|(\d{1,9})([.)]))([ \t]+)(\[[ xX]\][ \t]+)?/;
const URL_ALONE = /^https?:\/\/\S+$/i;
const FORMATS = {
  bold: (area) => toggleStars(area, 2),
  italic: (area) => toggleStars(area, 1),
  link: (area) => insertLink(area),
  list: (area) => toggleList(area),
};
const KEYS = { b: "bold", i: "italic", k: "link" };
const IS_APPLE = /Mac|iP/.test(navigator.platform);

for (const area of document.querySelectorAll("textarea[data-markdown]")) {
  area.addEventListener("keydown", (event) => {
    const isCommand = IS_APPLE ? event.metaKey : event.ctrlKey;
    const format = FORMATS[KEYS[letter(event)]];
    if (!isCommand || event.altKey || event.shiftKey || !format) return;
    event.preventDefault();
    format(area);
  });
  area.addEventListener("beforeinput", (event) => {
    if (event.inputType === "insertLineBreak" && continueList(area)) event.preventDefault();
  });
  area.addEventListener("paste", (event) => {
    const url = event.clipboardData.getData("text/plain").trim();
    if (linkSelection(area, url)) event.preventDefault();
  });
  for (const button of area.form.querySelectorAll("button[data-format]")) {
    button.addEventListener("click", () => FORMATS[button.dataset.format](area));
  }
}

// A key of a layout without Latin letters counts by its place.
function letter({ key, code }) {
  return /^[a-z]$/i.test(key) ? key.toLowerCase() : code.slice(-1).toLowerCase();
}

// Returns whether the line was an item of a list.
function continueList(area) {
  const { selectionStart: caret, selectionEnd, value } = area;
  const lineStart = value.lastIndexOf("\n", caret - 1) + 1;
  const line = value.slice(lineStart, caret);
  const [marker, indent, bullet, number, delimiter, space, box] = ITEM.exec(line) ?? [];
  if (!marker || caret !== selectionEnd) return false;
  if (line === marker && !lineFrom(value, caret).trim()) {
    replace(area, lineStart, caret, ""); // an empty item ends the list
  } else {
    const next = bullet ?? `${Number(number) + 1}${delimiter}`;
    replace(area, caret, caret, `\n${indent}${next}${space}${box ? "[ ] " : ""}`);
  }
  return true;
}

function toggleStars(area, count) {
  const { start, end, text } = selection(area);
  const before = /\**$/.exec(area.value.slice(0, start))[0].length;
  const after = /^\**/.exec(area.value.slice(end))[0].length;
  const stars = Math.min(before, after);
  const isSet = count === 1 ? stars % 2 === 1 : stars >= 2;
  const mark = "*".repeat(count);
  if (isSet) replace(area, start - count, end + count, text);
  else replace(area, start, end, mark + text + mark);
  const first = isSet ? start - count : start + count;
  area.setSelectionRange(first, first + text.length);
}

function insertLink(area) {
  const { start, end, text } = selection(area);
  const isUrl = URL_ALONE.test(text);
  replace(area, start, end, isUrl ? `[](${destination(text)})` : `[${text}]()`);
  // Between the brackets, or between the parentheses if there is a text.
  const caret = start + (isUrl || !text ? 1 : text.length + 3);
  area.setSelectionRange(caret, caret);
}

// Returns whether there is a selected text to become a link.
function linkSelection(area, url) {
  const { start, end, text } = selection(area);
  if (!text || text.includes("\n") || !URL_ALONE.test(url) || URL_ALONE.test(text)) return false;
  replace(area, start, end, `[${text}](${destination(url)})`);
  return true;
}

function toggleList(area) {
  const { selectionStart, selectionEnd, value } = area;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const end = selectionEnd + lineFrom(value, selectionEnd).length;
  const lines = value.slice(start, end).split("\n");
  const isList = lines.every((line) => line.startsWith("- "));
  const changed = lines.map((line) => (isList ? line.slice(2) : `- ${line}`)).join("\n");
  replace(area, start, end, changed);
}

// The selected text without the space around it.
function selection({ selectionStart, selectionEnd, value }) {
  const selected = value.slice(selectionStart, selectionEnd);
  const text = selected.trim();
  const start = selectionStart + (text ? selected.indexOf(text) : 0);
  return { start, end: text ? start + text.length : selectionEnd, text };
}

function lineFrom(value, position) {
  return /^.*/.exec(value.slice(position))[0];
}

// Parentheses in a URL could end the link.
function destination(url) {
  return /[()]/.test(url) ? `<${url}>` : url;
}

// `execCommand` is the one way to change the text that the browser can undo.
function replace(area, start, end, text) {
  area.focus();
  area.setSelectionRange(start, end);
  document.execCommand(text ? "insertText" : "delete", false, text);
}
