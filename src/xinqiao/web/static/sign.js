// The signature: this browser makes a P-256 key that cannot leave it (ES256, RFC 7518 3.4), and signs the contract's fingerprint with it.
// Without WebCrypto (an old browser, or a page that did not come over https) nothing can be signed, and the page says so.
"use strict";

const KEY = { name: "ECDSA", namedCurve: "P-256" };

function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function signInto(form) {
  const fields = form.elements;
  const pair = await crypto.subtle.generateKey(KEY, false, ["sign", "verify"]);
  const message = new TextEncoder().encode(fields.namedItem("signed_text").value);
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, message);
  const key = await crypto.subtle.exportKey("jwk", pair.publicKey);
  fields.namedItem("public_key_jwk").value = JSON.stringify({ kty: key.kty, crv: key.crv, x: key.x, y: key.y });
  fields.namedItem("signature").value = base64url(signature);
}

function show(form, able) {
  for (const part of form.querySelectorAll("[data-with-key]")) part.hidden = !able;
  for (const part of form.querySelectorAll("[data-without-key]")) part.hidden = able;
}

for (const form of document.querySelectorAll("form[data-sign]")) {
  show(form, Boolean(window.crypto?.subtle));
  form.addEventListener(
    "submit",
    async (event) => {
      if (form.elements.namedItem("signature").value) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      try {
        await signInto(form);
      } catch {
        show(form, false);
        return;
      }
      setTimeout(() => form.requestSubmit(event.submitter)); // in a task of its own: within this one the form counts as being submitted
    },
    { capture: true },
  );
}
