// Shows the preview below the form without leaving the page: <button data-preview="id">, whose
// response holds the element with this id. `[data-preview-link]` then gets a link to it.

for (const button of document.querySelectorAll("button[data-preview]")) {
  let isLoading = false;
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    if (isLoading) return;
    isLoading = true;
    await show(button);
    isLoading = false;
  });
}

async function show(button) {
  const { form } = button;
  const preview = await load(button);
  // Another response, such as a log-in or a message about a field, is a page of its own.
  if (!preview) return form.requestSubmit(button);
  const shown = document.getElementById(preview.id);
  if (shown) shown.replaceWith(preview);
  else form.parentElement.append(preview);
  form.querySelector("[data-preview-link]").replaceChildren(linkTo(preview.id));
}

function linkTo(id) {
  const link = document.createElement("a");
  link.href = `#${id}`;
  link.textContent = "Preview below";
  return link;
}

async function load(button) {
  try {
    const body = new URLSearchParams(new FormData(button.form, button));
    const response = await fetch(button.formAction, { method: "POST", body });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return page.getElementById(button.dataset.preview);
  } catch {
    return null;
  }
}
