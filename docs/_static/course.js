// What scrolls can be reached and scrolled with the keyboard.
document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(".bd-article pre, .bd-article table, .output")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
});
