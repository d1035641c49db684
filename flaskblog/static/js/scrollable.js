// Takes code and tables that fit their place out of the order of Tab: <pre tabindex="0">.
//
// What scrolls has to be reachable by keyboard; everything else would be a stop for nothing.

const observer = new ResizeObserver((entries) => {
  for (const { target } of entries) target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
});

for (const element of document.querySelectorAll('.prose [tabindex="0"]')) observer.observe(element);
