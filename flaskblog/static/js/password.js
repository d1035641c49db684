// Adds a button to each password field that shows the password.

for (const input of document.querySelectorAll('input[type="password"]')) {
  const action = document.createElement("span");
  const label = document.createElement("span");
  label.className = "visually-hidden";
  label.textContent = ` ${input.labels[0].textContent.trim()}`;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "show-password";
  button.setAttribute("aria-controls", input.id);
  button.append(action, label);
  button.addEventListener("click", () => show(input.type === "password"));
  // A browser offers to save the values of password fields only.
  input.form.addEventListener("submit", () => show(false));
  show(false);
  input.after(button);

  function show(isVisible) {
    input.type = isVisible ? "text" : "password";
    action.textContent = isVisible ? "Hide" : "Show";
  }
}
