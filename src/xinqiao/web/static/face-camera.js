// The front camera and the clip that it makes.
"use strict";

const BITS_A_SECOND = 8_000_000; // a browser's usual 2.5 million wipe out the faint answer of a face in a bright room
const WANTED = { video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } }, audio: false };
const KINDS = ["video/webm;codecs=vp8", "video/webm", "video/mp4;codecs=avc1.42E01E", "video/mp4"];

class Camera {
  constructor(video) {
    this.video = video;
    window.addEventListener("pagehide", () => this.close());
  }

  static get available() {
    return Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
  }

  // Raises what getUserMedia raises; a camera that opens after the person gave up is closed at once.
  async open(signal) {
    const stream = await navigator.mediaDevices.getUserMedia(WANTED);
    if (signal.aborted) {
      for (const track of stream.getTracks()) track.stop();
      throw signal.reason;
    }
    this.stream = this.video.srcObject = stream;
    await this.video.play();
  }

  get live() {
    return this.stream?.getVideoTracks()[0]?.readyState === "live";
  }

  get label() {
    return this.stream?.getVideoTracks()[0]?.label ?? "";
  }

  // Records for as long as `during` runs, which begins once the recorder says that it has started.
  async record(during) {
    const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one));
    const recorder = new MediaRecorder(this.stream, { mimeType: kind, videoBitsPerSecond: BITS_A_SECOND });
    const parts = [];
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    const failed = new Promise((_, reject) => recorder.addEventListener("error", (event) => reject(event.error)));
    const heard = (name) => Promise.race([failed, new Promise((resolve) => recorder.addEventListener(name, resolve, { once: true }))]);
    const started = heard("start");
    const stopped = heard("stop");
    recorder.start();
    await started;
    try {
      await during();
    } finally {
      if (recorder.state !== "inactive") recorder.stop();
    }
    await stopped;
    return fileOf(parts, (recorder.mimeType || kind).split(";")[0]);
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
  }
}

function fileOf(parts, type) {
  const clip = new File(parts, type === "video/mp4" ? "clip.mp4" : "clip.webm", { type });
  if (clip.size === 0) throw new DOMException("nothing was recorded", "NotReadableError");
  return clip;
}
