// What can be told of the camera's picture without a model and without sending it: light, burnt skin, contrast, sharpness, steadiness, and
// whether something with a face's colours fills the oval. Pure functions of pixels; the page shows one hint at a time.
"use strict";

const GRID = { width: 90, height: 120 }; // the preview's shape, 3:4
const OVAL = { x: 0.5, y: 0.465, across: 0.32, down: 0.355 }; // as the mask over the preview draws it
const DARK = 55; // mean brightness of 0-255 under which a face is hard to see
const FLAT = 9; // standard deviation of brightness under which there is nothing in the oval
const BURNT = { level: 248, share: 0.3 };
const SOFT = 0.035; // energy of edges over energy of light and shade, under which the picture is blurred
const SHAKY = 0.3; // mean change from one look to the next, over mean brightness
const SKIN_SHARE = 0.2; // of the oval; the range of Cb and Cr holds for light and dark skin (Chai and Ngan 1999)
const USABLE = new Set(["good", "oval", "dark_fine"]); // an unsure guess about where the face is never holds anybody up

// Numbers of one picture. `pixels` RGBA of GRID's size, `before` the brightness that the last call returned.
function measurePicture(pixels, before) {
  const { width, height } = GRID;
  const luma = new Float32Array(width * height);
  let count = 0, sum = 0, squares = 0, burnt = 0, skin = 0, moved = 0, edges = 0;
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.299 * pixels[4 * i] + 0.587 * pixels[4 * i + 1] + 0.114 * pixels[4 * i + 2];
  }
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      if (!inOval(x, y)) continue;
      const i = y * width + x;
      const light = luma[i];
      count++;
      sum += light;
      squares += light * light;
      burnt += light >= BURNT.level;
      skin += isSkin(pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]);
      moved += before ? Math.abs(light - before[i]) : 0;
      edges += (4 * light - luma[i - 1] - luma[i + 1] - luma[i - width] - luma[i + width]) ** 2;
    }
  }
  const mean = sum / count;
  const variance = Math.max(squares / count - mean * mean, 0);
  return {
    luma,
    light: mean,
    contrast: Math.sqrt(variance),
    burnt: burnt / count,
    skin: skin / count,
    sharp: edges / count / Math.max(variance, 1),
    moved: before ? moved / count / Math.max(mean, 20) : 0,
  };
}

function inOval(x, y) {
  return ((x / GRID.width - OVAL.x) / OVAL.across) ** 2 + ((y / GRID.height - OVAL.y) / OVAL.down) ** 2 < 1;
}

function isSkin(red, green, blue) {
  const cb = 128 - 0.169 * red - 0.331 * green + 0.5 * blue;
  const cr = 128 + 0.5 * red - 0.419 * green - 0.081 * blue;
  return cb >= 77 && cb <= 127 && cr >= 133 && cr <= 173;
}

// The one thing to say of a picture. In the dark the colours' own light carries the check. `face`: what the browser's own detector found,
// {faces, x, y, tall} as shares of the preview, where it has one.
function hintFor(seen, { colours, face }) {
  if (seen.burnt > BURNT.share) return "bright";
  if (seen.light < DARK) return colours ? "dark_fine" : "dark";
  if (face?.faces > 1) return "alone";
  if (face?.faces === 0) return "oval";
  if (face && face.tall < 0.3) return "closer";
  if (face && Math.hypot(face.x - OVAL.x, face.y - OVAL.y) > 0.22) return "oval";
  if (seen.contrast < FLAT) return "oval";
  if (seen.moved > SHAKY) return "steady";
  if (seen.sharp < SOFT) return "blurred";
  if (!face && seen.skin < SKIN_SHARE) return "oval";
  return "good";
}

// Looks at the video every quarter of a second, and tells `say` a hint that held for two looks.
class Hints {
  constructor(video, say) {
    this.video = video;
    this.say = say;
    this.canvas = Object.assign(document.createElement("canvas"), GRID);
    this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
    this.detector = browserDetector();
  }

  start(colours) {
    this.stop();
    Object.assign(this, { colours, before: undefined, last: undefined, hint: undefined, face: undefined });
    this.timer = setInterval(() => this.look(), 250);
  }

  stop() {
    clearInterval(this.timer);
  }

  get usable() {
    return USABLE.has(this.last);
  }

  look() {
    if (!this.video.videoWidth) return;
    this.pen.drawImage(this.video, ...cropOf(this.video), 0, 0, GRID.width, GRID.height);
    const seen = measurePicture(this.pen.getImageData(0, 0, GRID.width, GRID.height).data, this.before);
    this.before = seen.luma;
    this.detect();
    const hint = hintFor(seen, this);
    if (hint === this.last && hint !== this.hint) this.say((this.hint = hint));
    this.last = hint;
  }

  async detect() {
    if (!this.detector || this.busy) return;
    this.busy = true;
    try {
      const found = await this.detector.detect(this.canvas);
      const box = found[0]?.boundingBox;
      const place = box && { x: (box.x + box.width / 2) / GRID.width, y: (box.y + box.height / 2) / GRID.height, tall: box.height / GRID.height };
      this.face = { faces: found.length, ...place };
    } catch {
      this.detector = this.face = undefined; // announced by the browser, but not there
    } finally {
      this.busy = false;
    }
  }
}

function browserDetector() {
  try {
    return "FaceDetector" in window ? new FaceDetector({ fastMode: true, maxDetectedFaces: 2 }) : undefined;
  } catch {
    return undefined;
  }
}

// The part of the video that the preview shows: the middle, 3:4.
function cropOf(video) {
  const { videoWidth: wide, videoHeight: tall } = video;
  const width = Math.min(wide, (tall * 3) / 4);
  const height = Math.min(tall, (wide * 4) / 3);
  return [(wide - width) / 2, (tall - height) / 2, width, height];
}

// A line that a screen reader reads out: it changes only when there is something new to say, and not before the last one was read.
class Quiet {
  constructor(line) {
    this.line = line;
  }

  say(text) {
    clearTimeout(this.waiting);
    const stood = performance.now() - (this.since ?? -Infinity);
    if (stood < 1500) this.waiting = setTimeout(() => this.now(text), 1500 - stood);
    else this.now(text);
  }

  now(text) {
    clearTimeout(this.waiting);
    if (this.line.textContent === text) return;
    this.line.textContent = text;
    this.since = performance.now();
  }
}
