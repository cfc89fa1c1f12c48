// A camera that answers: a person's face as the page's own light falls on it at this moment. Three pictures in linear light (the room's; the
// upper half of a white screen; its lower half) are added up, weighted by the colours that the flash layer really shows, and developed as a
// camera would: exposure, sRGB, noise, an unsteady hand. With `window.__replayed` it plays another challenge's colours, as a thief's film does.
"use strict";

(() => {
  const WIDTH = 240, HEIGHT = 320, EVERY_MS = 31;
  const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const developed = Uint8ClampedArray.from({ length: 4096 }, (_, i) => {
    const x = i / 4095;
    return 255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);
  });

  function coloursOf(element) {
    return getComputedStyle(element).backgroundColor.match(/[\d.]+/g).slice(0, 3).map((v) => linear(Number(v)));
  }

  function screenNow(now) {
    const layer = document.querySelector("[data-light][open]");
    if (!layer) {
      replayedSince = undefined;
      const page = coloursOf(document.body);
      return [page, page];
    }
    if (window.__replayed) return replayed(now);
    return [coloursOf(layer.querySelector("[data-upper]")), coloursOf(layer.querySelector("[data-lower]"))];
  }

  let replayedSince;
  function replayed(now) {
    replayedSince ??= now;
    const { states, colours } = window.__replayed;
    const at = states.findLast((state) => state.at <= now - replayedSince - 800) ?? states[0];
    return [at.upper, at.lower].map((name) => colours[name].map(linear));
  }

  navigator.mediaDevices.getUserMedia = async () => {
    const basis = new Float32Array(await (await fetch("/basis.bin")).arrayBuffer());
    const count = WIDTH * HEIGHT * 3;
    const [room, upper, lower] = [0, 1, 2].map((n) => basis.subarray(n * count, (n + 1) * count));
    const noise = Float32Array.from({ length: 1 << 16 }, () => (Math.random() + Math.random() + Math.random() - 1.5) * 1.6);
    const sheet = new OffscreenCanvas(WIDTH, HEIGHT), pen = sheet.getContext("2d");
    const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT }), view = canvas.getContext("2d");
    const image = pen.createImageData(WIDTH, HEIGHT);
    const stream = canvas.captureStream(30);
    let last = -Infinity;
    const expose = (now) => {
      if (stream.getTracks().every((track) => track.readyState === "ended")) return;
      requestAnimationFrame(expose);
      if (now - last < EVERY_MS) return;
      last = now;
      const [up, low] = screenNow(now);
      let grain = (Math.random() * 60000) | 0;
      for (let p = 0, i = 0; i < count; p += 4) {
        for (let c = 0; c < 3; c++, i++) {
          const light = room[i] + up[c] * upper[i] + low[c] * lower[i];
          image.data[p + c] = developed[light >= 1 ? 4095 : (light * 4095) | 0] + noise[grain++ & 65535];
        }
        image.data[p + 3] = 255;
      }
      pen.putImageData(image, 0, 0);
      const sway = [Math.sin(now / 410) * 1.3 + Math.sin(now / 83) * 0.25, Math.cos(now / 530) * 1.1 + Math.cos(now / 97) * 0.25];
      view.setTransform(1.05, 0, 0, 1.05, -0.025 * WIDTH + sway[0], -0.025 * HEIGHT + sway[1]);
      view.drawImage(sheet, 0, 0);
    };
    requestAnimationFrame(expose);
    return stream;
  };
})();
