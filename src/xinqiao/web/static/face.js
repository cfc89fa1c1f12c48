// The face check: choose a way, hold the face in the oval, record (with the colours or without), send, read the answer.
// No gesture is asked for. Where any part is missing, the file field or a person does the same work.
"use strict";

const RECORD_MS = 1200; // without colours
const LEAST_MS = 1000; // exposure and focus need about a second after a camera opens
const PATIENCE_MS = 8000; // after this a poor picture is sent all the same: the server judges it, not this page
const GREY_MS = 700; // before the recording, so that the camera gets used to the screen's own light
const BEFORE_MS = 80; // recorded before the first grey, and TAIL_MS after the last
const TAIL_MS = 200;
const MOVED_ON = new Set(["applicant.no_session", "applicant.foreign_form", "journey.not_now"]); // the session is over, or another step is due

class FacePage {
  constructor(box) {
    const find = (name) => box.querySelector(`[data-${name}]`);
    this.box = box;
    this.form = box.querySelector("form[data-clip-form]");
    this.words = Object.fromEntries([...find("words").children].map((item) => [item.dataset.word, item.textContent]));
    this.parts = { stage: find("stage"), camera: find("camera"), start: find("start"), trouble: find("trouble"), tips: find("tips"), bar: find("bar") };
    this.line = new Quiet(find("says"));
    this.sends = new Quiet(find("sends"));
    this.camera = new Camera(box.querySelector("video"));
    this.hints = new Hints(this.camera.video, (hint) => this.line.say(this.words[hint]));
    this.light = new LightLayer(find("light"), () => this.stop());
    for (const part of box.querySelectorAll("[data-live]")) part.hidden = !Camera.available;
    for (const button of box.querySelectorAll("[data-way]")) button.addEventListener("click", () => this.choose(button));
    for (const button of box.querySelectorAll("[data-send-clip]")) {
      button.hidden = false;
      button.addEventListener("click", () => this.letPlay(button));
    }
    find("fallback").open = !Camera.available;
    this.parts.start.addEventListener("click", () => this.start());
    for (const button of box.querySelectorAll("[data-stop]")) button.addEventListener("click", () => this.stop());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.stop());
    document.addEventListener("visibilitychange", () => document.hidden && this.playing && this.cut("hidden"));
    calmFirst(find("ways"), find("calm"));
    this.go("choose");
  }

  // Shows what belongs to this moment: choose, aim or send.
  go(moment) {
    this.at = moment;
    this.arrive(false);
    for (const part of this.box.querySelectorAll("[data-when]")) part.hidden = !part.dataset.when.split(" ").includes(moment);
  }

  async choose(button) {
    const portrait = this.box.querySelector("input[name=portrait]");
    if (portrait && !portrait.reportValidity()) return;
    this.chosen = button;
    this.colours = button.dataset.way === "colours";
    this.trial = new AbortController();
    this.hushed();
    this.go("aim");
    this.parts.start.disabled = true;
    this.parts.start.querySelector("[data-word]").textContent = this.words[this.colours ? "start_colours" : "start_plain"];
    for (const note of this.box.querySelectorAll("[data-only]")) note.hidden = (note.dataset.only === "colours") !== this.colours;
    this.parts.stage.focus({ preventScroll: true });
    this.parts.stage.scrollIntoView({ block: "start" });
    this.line.now(this.words.opening);
    await this.attempt(() => this.aim());
  }

  async aim() {
    await this.camera.open(this.trial.signal);
    this.parts.camera.classList.add("live");
    this.opened = performance.now();
    this.hints.start(this.colours);
    this.line.now(this.words.oval);
    this.parts.start.disabled = false;
  }

  async start() {
    this.parts.start.disabled = true;
    this.parts.trouble.hidden = true;
    const { signal } = this.trial;
    await this.attempt(async () => {
      const taken = this.colours ? await this.withColours(signal) : await this.withoutColours(signal);
      taken.camera = this.camera.label;
      this.rest();
      await this.send(taken);
    });
  }

  async withoutColours(signal) {
    await this.settle(signal);
    this.hints.stop();
    this.line.now(this.words.recording);
    this.parts.camera.classList.add("recording");
    return { clip: await this.camera.record(() => pause(RECORD_MS, signal)), flashes: "no" };
  }

  // Waits until the picture can be used, or patience ends.
  async settle(signal) {
    const since = performance.now();
    for (;;) {
      await pause(200, signal);
      const now = performance.now();
      if ((this.hints.usable && now - this.opened > LEAST_MS) || now - since > PATIENCE_MS) return;
    }
  }

  async withColours(signal) {
    const release = keepAwake();
    try {
      const [challenge] = await Promise.all([askChallenge(this.form, signal), this.light.fill()]);
      signal.throwIfAborted();
      return { clip: await this.play(JSON.parse(challenge), signal), challenge, flashes: "yes" };
    } finally {
      this.playing = false;
      this.light.close();
      (await release)();
    }
  }

  // The recording of one challenge. Raises Retake where this device could not show it as it was asked.
  async play(challenge, signal) {
    const plan = scheduleOf(challenge);
    let shown;
    this.hints.stop();
    this.playing = true;
    this.light.open(challenge);
    await pause(GREY_MS, signal);
    const clip = await this.camera.record(async () => {
      await pause(BEFORE_MS, signal);
      shown = await this.light.play(plan, signal);
      await pause(TAIL_MS, signal);
    });
    const fault = faultOf(plan, shown);
    document.dispatchEvent(new CustomEvent("light-played", { detail: { states: plan.states, shown, fault } }));
    if (fault) throw new Retake(fault);
    return clip;
  }

  async send(fields) {
    this.go("send");
    this.sends.now(this.words.sending);
    fields.portrait ??= this.box.querySelector("input[name=portrait]")?.files[0];
    const answer = await sendClip(this.form, fields, { progress: (share) => this.progress(share), signal: this.trial.signal });
    if (answer.next) location.assign(answer.next);
    else this.retry(answer);
  }

  // The demonstration: the invented person is filmed before the colours that this screen was given.
  async letPlay(button) {
    this.chosen = button;
    this.trial = new AbortController();
    this.hushed();
    this.go("send");
    this.parts.bar.removeAttribute("value");
    this.sends.now(this.words.filming);
    await this.attempt(async () => {
      const challenge = await askChallenge(this.form, this.trial.signal);
      const clip = await fetchClip(button.dataset.sendClip, challenge, this.trial.signal);
      await this.send({ clip, challenge, flashes: "yes" });
    });
  }

  arrive(arrived) {
    this.arrived = arrived;
    this.box.querySelector("[data-cancel]").hidden = arrived;
  }

  progress(share) {
    this.parts.bar.value = share;
    if (share < 1) return;
    this.parts.bar.removeAttribute("value"); // how long the check takes is not known
    this.sends.now(this.words.checking);
    this.arrive(true);
  }

  retry({ instructions, left }) {
    const list = this.parts.tips.querySelector("ul");
    list.replaceChildren(...instructions.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    this.parts.tips.querySelector("[data-left]").textContent = left;
    this.parts.tips.hidden = false;
    for (const part of this.box.querySelectorAll("[data-first]")) part.hidden = true; // it was read before; the ways stand right below
    this.go("choose");
    this.parts.tips.focus();
    this.parts.tips.scrollIntoView({ block: "start" });
  }

  // Runs a part of the work; what goes wrong ends in words and in a choice of ways on.
  async attempt(work) {
    const { trial } = this;
    try {
      await work();
    } catch (error) {
      if (trial.signal.aborted && !(trial.signal.reason instanceof Retake)) return;
      this.explain(trial.signal.aborted ? trial.signal.reason : error);
    }
  }

  explain(error) {
    if (MOVED_ON.has(error.code)) {
      location.assign("/my/face"); // that page leads on, or says what to do
      return;
    }
    if (error instanceof Retake && this.camera.live) this.ready();
    else {
      this.rest();
      this.go("choose");
    }
    this.parts.trouble.querySelector("[data-why]").textContent = this.why(error);
    this.parts.trouble.hidden = false;
    this.parts.trouble.focus();
    this.parts.trouble.scrollIntoView({ block: "start" });
    if (error instanceof DOMException) this.box.querySelector("[data-fallback]").open = true;
  }

  // The camera is still open: the same press again, with new colours.
  ready() {
    if (this.trial.signal.aborted) this.trial = new AbortController();
    this.hints.start(this.colours);
    this.parts.start.disabled = false;
  }

  why(error) {
    const known = {
      NotAllowedError: this.words.denied,
      SecurityError: this.words.denied,
      NotFoundError: this.words.missing,
      OverconstrainedError: this.words.missing,
      NotReadableError: this.words.busy,
      AbortError: this.words.busy,
      TypeError: this.words.offline,
      Refusal: this.words.fault,
      Retake: this.words[error.message],
    };
    return (error instanceof Refusal && error.message) || (known[error.name] ?? this.words.unable);
  }

  // The person ends it: back to the choice, with the focus where it was. What has arrived at the server is being checked and is waited for.
  stop() {
    if (this.at === "choose" || (this.at === "send" && this.arrived)) return;
    this.trial.abort();
    this.light.close();
    this.rest();
    this.go("choose");
    this.chosen?.focus();
  }

  // The page ends it while it plays, and says why.
  cut(reason) {
    this.trial.abort(new Retake(reason));
  }

  rest() {
    this.hints.stop();
    this.parts.camera.classList.remove("recording", "live");
    this.camera.close();
  }

  hushed() {
    this.parts.trouble.hidden = this.parts.tips.hidden = true;
  }
}

class Retake extends Error {
  name = "Retake";
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

// Who asked the device for less motion is offered the way without colours first.
function calmFirst(ways, note) {
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  ways.prepend(ways.querySelector("[data-way=plain]"));
  note.hidden = false;
}

for (const box of document.querySelectorAll("[data-face]")) {
  if (window.HTMLDialogElement) new FacePage(box);
}
