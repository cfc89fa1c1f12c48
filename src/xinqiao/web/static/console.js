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

// Rows that arrive after the page are marked for a moment, so that the eye finds what is new.
for (const row of document.querySelectorAll("tr[data-fresh]")) delete row.dataset.fresh;
document.addEventListener("htmx:afterSwap", (event) => {
  for (const row of event.detail.target.querySelectorAll?.("tr[data-fresh]") ?? []) {
    row.classList.add("fresh");
    delete row.dataset.fresh;
  }
});

// The live list: the stream names the applications that moved; rows on the page change in place, others are fetched and put on top.
(() => {
  const rows = document.querySelector("[data-live]");
  if (!rows || !window.EventSource) return;
  const state = document.getElementById("live-state");
  const most = 60;

  function say(what, tone) {
    if (!state) return;
    state.textContent = state.dataset[what];
    state.className = `badge ${tone}`;
  }

  function mark(row) {
    row.classList.remove("fresh");
    void row.offsetWidth;
    row.classList.add("fresh");
  }

  function change(row, told) {
    const badge = row.querySelector('[data-part="stage"]');
    badge.textContent = told.word;
    badge.className = `badge ${told.tone}`;
    row.querySelector('[data-part="outcome"]').textContent = told.outcome;
    mark(row);
  }

  async function add(told) {
    await htmx.ajax("GET", `/console/row/${told.id}`, { target: rows, swap: "afterbegin" });
    while (rows.children.length > most) rows.lastElementChild.remove();
    const nothing = document.getElementById("nothing");
    if (nothing) nothing.hidden = true;
  }

  function count(counts) {
    let total = 0;
    for (const place of document.querySelectorAll("[data-count]")) {
      const n = counts[place.dataset.count] ?? 0;
      place.textContent = n;
      total += n;
    }
    const all = document.querySelector("[data-total]");
    if (all) all.textContent = total;
  }

  async function moved(message) {
    const told = JSON.parse(message.data);
    count(told.counts);
    for (const one of told.rows) {
      const row = document.getElementById(`a-${one.id}`);
      const wanted = !rows.dataset.stage || rows.dataset.stage === one.stage;
      if (row && wanted) change(row, one);
      else if (row) row.remove();
      else if (wanted && rows.dataset.first) await add(one);
    }
  }

  const source = new EventSource(rows.dataset.live);
  source.addEventListener("open", () => say("on", "good"));
  source.addEventListener("error", () => say("off", "warn"));
  source.addEventListener("moved", moved);
  source.addEventListener("over", () => {
    source.close();
    say("over", "bad");
  });
  addEventListener("pagehide", () => source.close());
})();
