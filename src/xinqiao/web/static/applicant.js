// Small helps on every page of the applicant. Each page works without them.
"use strict";

// What the page can honestly say of how a text was read: for how long it stood there, and whether its end was ever on the screen.
// A yes to a text whose end was never seen first brings that end into view; the person then answers again, or not.
function watchReading(form) {
  const shownAt = performance.now();
  const end = form.querySelector("[data-text-end]");
  const scrolled = form.elements.namedItem("scrolled_to_end");
  scrolled.value = "no";
  const look = () => {
    const box = end.getBoundingClientRect();
    if (box.top < innerHeight && box.bottom > 0) scrolled.value = "yes";
  };
  new IntersectionObserver(look).observe(end);
  form.addEventListener("submit", (event) => {
    look();
    form.elements.namedItem("seconds_shown").value = ((performance.now() - shownAt) / 1000).toFixed(1);
    if (scrolled.value === "yes" || event.submitter?.value !== "agree") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    end.scrollIntoView({ block: "center" });
    end.focus();
  });
}

// One press sends one answer: the server counts repeats once, and the page says that it is at work.
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const pressed = event.submitter;
    setTimeout(() => {
      for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
      if (pressed && pressed.dataset.busy) pressed.textContent = pressed.dataset.busy;
    });
  });
}

// A page that the browser brings back from its memory must be usable again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

for (const form of document.querySelectorAll("form[data-reading]")) watchReading(form);
for (const form of document.querySelectorAll("form[data-once]")) sendOnce(form);
document.querySelector("[data-focus]")?.focus();
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// A file that the server would refuse for its size is refused here, before a slow upload.
for (const input of document.querySelectorAll("input[type=file][data-max-bytes]")) {
  input.addEventListener("change", () => {
    const large = [...input.files].some((file) => file.size > Number(input.dataset.maxBytes));
    input.setCustomValidity(large ? input.dataset.tooBig : "");
    if (large) input.reportValidity();
  });
}

// Typing another amount chooses it.
document.querySelector("#amount")?.addEventListener("input", () => {
  document.querySelector("input[name=choice][value=other]").checked = true;
});

// The slider says the same as the field: moving one moves the other, and the form asks the server what it would change.
for (const box of document.querySelectorAll("[data-slider]")) {
  const slide = box.querySelector("input[type=range]");
  const field = document.querySelector("[data-slid]");
  box.hidden = false;
  slide.value = Math.floor(Number(field.value) || 0);
  slide.addEventListener("input", () => {
    field.value = slide.value === slide.max ? slide.dataset.most : `${slide.value}.00`;
  });
  field.addEventListener("input", () => {
    slide.value = Math.floor(Number(field.value.replaceAll(",", "")) || 0);
  });
}
