// Shows the words of a field, and the minutes that reading takes: <span data-word-count="name">.

// As in text/reading_time.py, whose count the page has at first.
const WORDS_PER_MINUTE = 230;
const CHARACTERS_PER_MINUTE = 500;
const CHARACTER =
  /[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\u{20000}-\u{3fffd}]/gu;
const WORD = /[\p{L}\p{N}_]\S*/gu;

for (const output of document.querySelectorAll("[data-word-count]")) {
  const field = output.closest("form").elements[output.dataset.wordCount];
  const show = () => (output.textContent = describe(field.value));
  field.addEventListener("input", show);
  show();
}

function describe(text) {
  const characters = text.match(CHARACTER)?.length ?? 0;
  const words = text.replace(CHARACTER, " ").match(WORD)?.length ?? 0;
  const minutes = Math.max(
    1,
    Math.round(words / WORDS_PER_MINUTE + characters / CHARACTERS_PER_MINUTE),
  );
  const total = words + characters;
  if (!total) return "";
  return `${total.toLocaleString("en")} ${total === 1 ? "word" : "words"} · ${minutes} min`;
}
