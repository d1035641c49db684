// Makes a <textarea data-single-line="name"> wrap and yet hold one line: Enter goes to the named
// field, and pasted line breaks become spaces.

const LINE_BREAKS = /\s*[\r\n]+\s*/g;

for (const area of document.querySelectorAll("textarea[data-single-line]")) {
  area.addEventListener("beforeinput", (event) => {
    if (event.inputType !== "insertLineBreak") return;
    event.preventDefault();
    area.form.elements[area.dataset.singleLine].focus();
  });

  area.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!/[\r\n]/.test(text)) return;
    event.preventDefault();
    document.execCommand("insertText", false, text.trim().replace(LINE_BREAKS, " "));
  });

  // What comes in another way, such as by drag and drop.
  area.addEventListener("input", () => {
    if (/[\r\n]/.test(area.value)) area.value = area.value.replace(LINE_BREAKS, " ");
  });
}
