// Lets people see the password they type. Without this module nothing is missing but that.

for (const input of document.querySelectorAll('input[type="password"]')) {
  const words = document.createElement("span");
  const name = document.createElement("span");
  name.className = "unseen";
  name.textContent = ` ${input.labels[0].textContent.trim()}`;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "show-password";
  button.setAttribute("aria-controls", input.id);
  button.append(words, name);
  button.addEventListener("click", () => show(input.type === "password"));
  // A browser offers to keep what it knows to be a password.
  input.form.addEventListener("submit", () => show(false));
  show(false);
  input.after(button);

  function show(visible) {
    input.type = visible ? "text" : "password";
    words.textContent = visible ? "Hide" : "Show";
  }
}
