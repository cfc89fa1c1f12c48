// Plays one light challenge over the whole screen: grey, ten pairs of colours for the upper and lower half, grey. Every change happens in
// an animation frame, and the time at which it really happened is kept: a sequence that this device could not show in time is not sent.
"use strict";

const EARLY_MS = 4; // a frame's time stamp may lie a little before the refresh that it is for
const LATE_MS = 50; // half of the shortest colour: what is shown later than this is another sequence

// When each state begins and what it shows, milliseconds after the first grey; and when the last grey ends.
function scheduleOf(challenge) {
  const states = [{ upper: "n", lower: "n", at: 0 }];
  let at = challenge.lead_ms;
  for (const [upper, lower, ticks] of challenge.slots) {
    states.push({ upper, lower, at });
    at += ticks * challenge.tick_ms;
  }
  states.push({ upper: "n", lower: "n", at });
  return { states, ends: at + challenge.lead_ms };
}

// Whether what was shown is what was asked: "" or why not. `shown`: {state, at}, one for each change.
function faultOf({ states }, shown) {
  if (shown.length !== states.length || shown.some((change, place) => change.state !== place)) return "dropped";
  const late = shown.map((change) => Math.abs(change.at - states[change.state].at));
  return Math.max(...late) > LATE_MS ? "late" : "";
}

class LightLayer {
  // `stop` is called when the person ends it: by the button, by Escape, or by leaving full screen.
  constructor(dialog, stop) {
    this.dialog = dialog;
    this.halves = { upper: dialog.querySelector("[data-upper]"), lower: dialog.querySelector("[data-lower]") };
    dialog.querySelector("[data-light-stop]").addEventListener("click", stop);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      stop();
    });
    document.addEventListener("fullscreenchange", () => {
      if (dialog.open && this.filled && !document.fullscreenElement) stop();
    });
  }

  // Asks for the full screen; only allowed while a press is fresh. Without it, the layer fills the window.
  async fill() {
    this.filled = false;
    try {
      await document.documentElement.requestFullscreen({ navigationUI: "hide" });
      this.filled = true;
    } catch {
      // the phone does not offer it, or the person refused
    }
  }

  open(challenge) {
    this.colours = challenge.colours;
    this.show({ upper: "n", lower: "n" });
    this.dialog.showModal();
  }

  show(state) {
    for (const [half, element] of Object.entries(this.halves)) element.style.backgroundColor = `rgb(${this.colours[state[half]].join()})`;
  }

  // Resolves to every change with the time of its animation frame, milliseconds after the first.
  play({ states, ends }, signal) {
    return new Promise((resolve, reject) => {
      const shown = [];
      let start, last = -1;
      const step = (now) => {
        if (signal.aborted) return reject(signal.reason);
        start ??= now;
        let state = last;
        while (state + 1 < states.length && states[state + 1].at <= now - start + EARLY_MS) state++;
        if (state !== last) {
          this.show(states[state]);
          shown.push({ state, at: now - start });
          last = state;
        }
        if (now - start >= ends) return resolve(shown);
        requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    });
  }

  close() {
    if (this.dialog.open) this.dialog.close();
    if (this.filled && document.fullscreenElement) document.exitFullscreen().catch(() => {});
    this.filled = false;
  }
}

// Keeps the screen from dimming, where the browser can; resolves to what ends it.
async function keepAwake() {
  try {
    const lock = await navigator.wakeLock.request("screen");
    return () => lock.release().catch(() => {});
  } catch {
    return () => {};
  }
}
