// Lets a <textarea data-grow> be as high as its text, in browsers without `field-sizing`.

for (const area of document.querySelectorAll("textarea[data-grow]")) {
  if (CSS.supports("field-sizing", "content")) continue;
  area.addEventListener("input", () => grow(area));
  addEventListener("resize", () => grow(area));
  grow(area);
}

function grow(area) {
  const { scrollY } = window;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
  scrollTo({ top: scrollY, behavior: "instant" });
}
