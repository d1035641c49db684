// Presses a button of a form by Ctrl+Enter or Cmd+Enter: <button data-submit-shortcut>.

for (const button of document.querySelectorAll("button[data-submit-shortcut]")) {
  const { form } = button;
  let isSubmitting = false;
  form.addEventListener("submit", () => (isSubmitting = true));
  // The page may come back by the browser's Back button.
  addEventListener("pageshow", () => (isSubmitting = false));

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    if (!isSubmitting && !event.repeat) form.requestSubmit(button);
  });
}
