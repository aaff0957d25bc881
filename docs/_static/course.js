document.addEventListener("DOMContentLoaded", () => {
  // What scrolls can be reached and scrolled with the keyboard.
  for (const box of document.querySelectorAll(".bd-article pre, .bd-article table, .output")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
  // Sphinx calls the references a list, and each of them an entry of a bibliography.
  for (const list of document.querySelectorAll(".citation-list[role=list]")) {
    list.removeAttribute("role");
  }
});
