// The selfie clip: one button turns the camera on, waits for a picture that can be used, records a little more than a second and sends it.
// No gesture is asked for. Where any part is missing, the file field below does the same work.
"use strict";

const RECORD_MS = 1200;
const SETTLE_MS = 1500; // exposure and focus need about a second after a camera opens
const PATIENCE_MS = 8000; // after this a dim picture is sent all the same: the server judges it, not this page
const DARK = 55; // mean brightness of 0-255 under which a face is hard to see
const BRIGHT = 225;

class FaceCheck {
  constructor(box) {
    this.form = box.querySelector("form");
    this.camera = box.querySelector("[data-camera]");
    this.video = box.querySelector("video");
    this.idle = box.querySelector("[data-idle]");
    this.says = box.querySelector("[data-says]");
    this.start = box.querySelector("[data-start]");
    this.stop = box.querySelector("[data-stop]");
    this.trouble = box.querySelector("[data-trouble]");
    this.input = this.form.querySelector("input[name=clip]");
    this.fallback = box.querySelector("[data-fallback]");
    this.words = box.dataset;
    this.start.addEventListener("click", () => this.run());
    this.stop.addEventListener("click", () => this.end(this.words.stopped));
    window.addEventListener("pagehide", () => this.close());
  }

  tell(text) {
    this.says.textContent = text;
  }

  async run() {
    for (const field of this.form.querySelectorAll("input[type=file]:not([name=clip])")) {
      if (!field.reportValidity()) return;
    }
    this.trouble.hidden = true;
    this.camera.scrollIntoView({ block: "center" });
    this.start.hidden = true;
    this.stop.hidden = false;
    this.running = true;
    try {
      await this.open();
      await this.settle();
      if (this.running) this.send(await this.record());
    } catch (error) {
      this.explain(error);
    }
  }

  async open() {
    this.tell(this.words.opening);
    const wanted = { video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } }, audio: false };
    this.stream = await navigator.mediaDevices.getUserMedia(wanted);
    this.video.srcObject = this.stream;
    await this.video.play();
    this.idle.hidden = true;
  }

  // Waits until the picture has settled and is neither too dark nor too bright, or patience ends.
  async settle() {
    const since = performance.now();
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (!this.running) return;
      const waited = performance.now() - since;
      const light = this.brightness();
      const usable = light >= DARK && light <= BRIGHT;
      this.tell(light < DARK ? this.words.dark : light > BRIGHT ? this.words.bright : this.words.hold);
      if ((usable && waited > SETTLE_MS) || waited > PATIENCE_MS) return;
    }
  }

  brightness() {
    const canvas = (this.canvas ??= Object.assign(document.createElement("canvas"), { width: 32, height: 32 }));
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const side = Math.min(this.video.videoWidth, this.video.videoHeight) || 1;
    pen.drawImage(this.video, (this.video.videoWidth - side) / 2, (this.video.videoHeight - side) / 2, side, side, 0, 0, 32, 32);
    const pixels = pen.getImageData(0, 0, 32, 32).data;
    let sum = 0;
    for (let i = 0; i < pixels.length; i += 4) sum += 0.299 * pixels[i] + 0.587 * pixels[i + 1] + 0.114 * pixels[i + 2];
    return sum / (pixels.length / 4);
  }

  async record() {
    this.tell(this.words.recording);
    this.camera.classList.add("recording");
    const type = ["video/webm;codecs=vp8", "video/webm", "video/mp4"].find((kind) => MediaRecorder.isTypeSupported(kind));
    const recorder = new MediaRecorder(this.stream, { mimeType: type, videoBitsPerSecond: 4_000_000 });
    const parts = [];
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    const done = new Promise((resolve, reject) => {
      recorder.addEventListener("stop", resolve);
      recorder.addEventListener("error", (event) => reject(event.error));
    });
    recorder.start();
    setTimeout(() => recorder.state !== "inactive" && recorder.stop(), RECORD_MS);
    await done;
    this.close();
    const plain = type.split(";")[0];
    return new File(parts, plain === "video/mp4" ? "clip.mp4" : "clip.webm", { type: plain });
  }

  send(clip) {
    if (clip.size === 0) throw new DOMException("nothing was recorded", "NotReadableError");
    this.tell(this.words.sending);
    this.stop.hidden = true;
    const carrier = new DataTransfer();
    carrier.items.add(clip);
    this.input.files = carrier.files;
    this.form.requestSubmit();
  }

  explain(error) {
    const known = {
      NotAllowedError: this.words.denied,
      SecurityError: this.words.denied,
      NotFoundError: this.words.missing,
      OverconstrainedError: this.words.missing,
      NotReadableError: this.words.busy,
      AbortError: this.words.busy,
    };
    this.end(this.words.stopped);
    this.trouble.querySelector("[data-why]").textContent = known[error.name] ?? this.words.unable;
    this.trouble.hidden = false;
    this.fallback.open = true;
    this.trouble.focus();
  }

  end(text) {
    this.running = false;
    this.close();
    this.tell(text);
    this.stop.hidden = true;
    this.start.hidden = false;
    this.idle.hidden = false;
  }

  close() {
    this.camera.classList.remove("recording");
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
  }
}

// The demonstration's rendered clip: fetched from the shop and sent like any other.
async function sendClip(button) {
  const answer = await fetch(button.dataset.sendClip);
  if (!answer.ok) return;
  const clip = new File([await answer.blob()], "clip.webm", { type: "video/webm" });
  const carrier = new DataTransfer();
  carrier.items.add(clip);
  button.form.querySelector("input[name=clip]").files = carrier.files;
  button.form.requestSubmit();
}

for (const button of document.querySelectorAll("[data-send-clip]")) {
  button.hidden = false;
  button.addEventListener("click", () => sendClip(button));
}

for (const box of document.querySelectorAll("[data-face]")) {
  const able = navigator.mediaDevices?.getUserMedia && window.MediaRecorder && window.DataTransfer;
  if (able) {
    box.querySelector("[data-live]").hidden = false;
    new FaceCheck(box);
  } else {
    box.querySelector("[data-fallback]").open = true;
  }
}
