// What goes to the server: the wish for a challenge, and the clip. Answers are JSON; refusals are problems (RFC 9457) in the reader's words.
"use strict";

const MOST_WAIT_MS = 120_000;

class Refusal extends Error {
  constructor(problem, status) {
    super(problem?.detail ?? "");
    this.name = "Refusal";
    this.status = status;
    this.code = problem?.code ?? "";
  }
}

// The challenge's text, which goes back unchanged with the clip. Raises Refusal, or TypeError where there is no connection.
async function askChallenge(form, signal) {
  const body = new FormData();
  body.set("form_token", form.elements.namedItem("form_token").value);
  const answer = await fetch("/my/face/challenge", { method: "POST", body, headers: { Accept: "application/json" }, signal });
  const text = await answer.text();
  if (!answer.ok) throw new Refusal(parsed(text), answer.status);
  return text;
}

// The demonstration's clip of an invented person who answers this very challenge.
async function fetchClip(address, challenge, signal) {
  const answer = await fetch(address, { method: "POST", body: challenge, headers: { Accept: "application/json" }, signal });
  if (!answer.ok) throw new Refusal(parsed(await answer.text()), answer.status);
  return new File([await answer.blob()], "clip.webm", { type: "video/webm" });
}

// Sends the clip with what was filled in beside it; `progress` is told the share that is up, 0-1. Resolves to the server's answer.
function sendClip(form, { clip, portrait, ...fields }, { progress, signal }) {
  const body = new FormData();
  body.set("form_token", form.elements.namedItem("form_token").value);
  for (const [name, value] of Object.entries(fields)) if (value) body.set(name, value);
  if (portrait) body.set("portrait", portrait);
  body.set("clip", clip, clip.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/my/face");
    request.setRequestHeader("Accept", "application/json");
    request.timeout = MOST_WAIT_MS;
    request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    request.upload.addEventListener("load", () => progress(1));
    request.addEventListener("load", () => {
      const said = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300 && said) resolve(said);
      else reject(new Refusal(said, request.status));
    });
    for (const trouble of ["error", "timeout"]) request.addEventListener(trouble, () => reject(new TypeError("the connection was lost")));
    signal.addEventListener("abort", () => {
      request.abort();
      reject(signal.reason);
    });
    request.send(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
