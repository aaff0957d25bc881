document.addEventListener("DOMContentLoaded", () => {
  // What scrolls can be reached and scrolled with the keyboard.
  for (const box of document.querySelectorAll(".bd-article pre, .bd-article table, .output")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
  // Sphinx calls the references a list, and each of them an entry of a bibliography.
  for (const list of document.querySelectorAll(".citation-list[role=list]")) {
    list.removeAttribute("role");
  }
  // The folded parts of the sidebar have a sign alone.
  for (const summary of document.querySelectorAll(".bd-sidebar-primary summary")) {
    const part = summary.closest("li")?.querySelector("a")?.textContent.trim();
    summary.setAttribute("aria-label", `Pages of ${part ?? "this part"}`);
  }
  // The theme's script knows the first button of the menu, which a narrow page does not show.
  const [first, ...others] = document.querySelectorAll(".primary-toggle");
  for (const button of others) button.addEventListener("click", () => first.click());
});
