// The signature: this browser makes a P-256 key that cannot leave it (ES256, RFC 7518 3.4), and signs the contract's fingerprint with it.
// Where WebCrypto is missing (an old browser, or a page that did not come over https), the typed name alone is the signature, and the page says so.
"use strict";

const KEY = { name: "ECDSA", namedCurve: "P-256" };

async function signHash(form) {
  const pair = await crypto.subtle.generateKey(KEY, false, ["sign", "verify"]);
  const message = new TextEncoder().encode(form.elements.namedItem("signed_text").value);
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, message);
  const key = await crypto.subtle.exportKey("jwk", pair.publicKey);
  form.elements.namedItem("public_key_jwk").value = JSON.stringify({ kty: key.kty, crv: key.crv, x: key.x, y: key.y });
  form.elements.namedItem("signature_b64").value = btoa(String.fromCharCode(...new Uint8Array(signature)));
}

for (const form of document.querySelectorAll("form[data-sign]")) {
  const able = Boolean(window.crypto?.subtle);
  form.querySelector("[data-with-key]").hidden = !able;
  form.querySelector("[data-without-key]").hidden = able;
  if (!able) continue;
  form.addEventListener("submit", async (event) => {
    if (form.elements.namedItem("signature_b64").value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    try {
      await signHash(form);
    } catch {
      form.querySelector("[data-with-key]").hidden = true;
      form.querySelector("[data-without-key]").hidden = false;
      form.elements.namedItem("signature_b64").value = "";
      if (form.dataset.unkeyed) {
        form.submit();
        return;
      }
      form.dataset.unkeyed = "yes"; // the person sees that no key signs, and presses again
      return;
    }
    form.requestSubmit(event.submitter);
  }, { capture: true });
}
