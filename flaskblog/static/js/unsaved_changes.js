// Asks before a form with unsaved text is left: <form data-warn-unsaved>.
//
// Text is unsaved while it differs from the fields' default values, or while `data-unsaved` is on
// the form: the server has not stored the values that it rendered. A form in `[data-discards]`
// leaves it knowingly.

for (const form of document.querySelectorAll("form[data-warn-unsaved]")) {
  const fields = [...form.querySelectorAll("input:not([type=hidden]), textarea")];
  let isSubmitting = false;
  document.addEventListener("submit", ({ target }) => {
    isSubmitting = target === form || target.closest("[data-discards]") !== null;
  });
  // The page may come back by the browser's Back button.
  addEventListener("pageshow", () => (isSubmitting = false));

  addEventListener("beforeunload", (event) => {
    const hasText = fields.some(({ value }) => value.trim());
    const isChanged = fields.some(({ value, defaultValue }) => value !== defaultValue);
    const isUnsaved = hasText && (isChanged || "unsaved" in form.dataset);
    if (isUnsaved && !isSubmitting) event.preventDefault();
  });
}
