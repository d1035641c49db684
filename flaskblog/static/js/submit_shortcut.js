// Submits a form by Ctrl+Enter or Cmd+Enter, as its first button does: <form data-submit-shortcut>.

for (const form of document.querySelectorAll("form[data-submit-shortcut]")) {
  let isSubmitting = false;
  form.addEventListener("submit", () => (isSubmitting = true));
  // The page may come back by the browser's Back button.
  addEventListener("pageshow", () => (isSubmitting = false));

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    if (!isSubmitting && !event.repeat) form.requestSubmit(form.querySelector("[type=submit]"));
  });
}
