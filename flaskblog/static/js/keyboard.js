// Keeps a bar at the bottom of the window above the keyboard of a phone, where the keyboard covers
// the page instead of making it lower: <div data-above-keyboard>, whose style uses `--keyboard`.

for (const bar of document.querySelectorAll("[data-above-keyboard]")) {
  const raise = () => {
    const { height, offsetTop, scale } = visualViewport;
    const covered = scale === 1 ? innerHeight - height - offsetTop : 0;
    bar.style.setProperty("--keyboard", `${Math.max(covered, 0)}px`);
  };
  visualViewport?.addEventListener("resize", raise);
  visualViewport?.addEventListener("scroll", raise);
}
