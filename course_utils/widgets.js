// Gives the sliders of a widget what a screen reader says: their label as a name, and the text that
// stands beside them as a value. ipywidgets gives neither. Arrow keys belong to the control that has
// the focus: JupyterLab would go to the next cell with them.
const name = () => {
  for (const control of document.querySelectorAll(".widget-interact :is(select, .noUi-handle)")) {
    control.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  for (const slider of document.querySelectorAll(".widget-slider, .widget-hslider")) {
    const handle = slider.querySelector(".noUi-handle");
    const label = slider.querySelector(".widget-label");
    const shown = slider.querySelector(".widget-readout");
    const wanted = { "aria-label": label?.textContent, "aria-valuetext": shown?.textContent };
    for (const [attribute, text] of Object.entries(wanted)) {
      if (handle && text && handle.getAttribute(attribute) !== text) {
        handle.setAttribute(attribute, text);
      }
    }
  }
};
if (!window.courseSliders) {
  window.courseSliders = new MutationObserver(name);
  window.courseSliders.observe(document.body, {
    subtree: true,
    childList: true,
    characterData: true,
    attributeFilter: ["aria-valuetext"],
  });
}
name();
