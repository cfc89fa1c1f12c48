// The operator's pages: the tables that arrive live announce themselves, and the theme is remembered.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("confirming", () => ({
    sure: false,
    ask() {
      this.sure = true;
    },
    back() {
      this.sure = false;
    },
  }));
});

// Rows that htmx or an event stream adds are marked for a moment, so that the eye finds what is new.
document.addEventListener("htmx:afterSwap", (event) => {
  for (const row of event.detail.target.querySelectorAll?.("tr[data-fresh]") ?? []) row.classList.add("fresh");
});
