"""What a page in the browser must hold at every width, in light and in dark."""

from pathlib import Path

from playwright.sync_api import Page

MODULES = Path(__file__).parents[1] / "browser" / "node_modules"
WIDTHS = [320, 768, 1280]
# Of WCAG 2.2 AA and axe's best practices: all of it, and the contrast of AAA.
_EVERY_RULE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RULES_OF_COLOUR = ["color-contrast", "color-contrast-enhanced", "link-in-text-block"]
_AXE = """async (runOnly) => {
  const rules = { "color-contrast-enhanced": { enabled: true } };
  const { violations } = await axe.run(document, { resultTypes: ["violations"], runOnly, rules });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}"""
_WIDER_THAN_THE_PAGE = """() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
    .map((element) => element.outerHTML.slice(0, 90));
}"""
# After a key was pressed, what gets the focus shows it, as it does for who uses the keyboard.
_WITHOUT_FOCUS_RING = """() => {
  const reached = "a[href], button, input:not([type=hidden]), textarea, summary, [tabindex='0']";
  return [...document.querySelectorAll(reached)].filter((element) => {
    if (!element.checkVisibility()) return false;
    element.focus();
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle === "none" || parseFloat(outlineWidth) < 2;
  }).map((element) => element.outerHTML.slice(0, 90));
}"""


def axe_violations(page: Page) -> list[str]:
    """At the width and in the scheme that the page is shown in now."""
    found: list[str] = page.evaluate(_AXE, _EVERY_RULE)
    return found


def colour_violations(page: Page) -> list[str]:
    """What a change of the scheme alone can have brought."""
    found: list[str] = page.evaluate(_AXE, _RULES_OF_COLOUR)
    return found


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    found: list[str] = page.evaluate(_WIDER_THAN_THE_PAGE)
    return found


def without_focus_ring(page: Page) -> list[str]:
    """What the keyboard can reach without anybody seeing where it is."""
    page.keyboard.press("Tab")
    found: list[str] = page.evaluate(_WITHOUT_FOCUS_RING)
    return found
