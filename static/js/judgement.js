// The stretch that is chosen in the player, told to the forms that are about it; and what was done, said aloud.

const announcer = document.querySelector("[data-announcer]");
let stretch = null; // {start, end, window} of the chosen recording, or nothing
let asking = 0;

const clock = (seconds) => {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
};

/** Whose windows the player shows: the analysis that the page was opened with. */
const opened = () => document.querySelector("[data-why]")?.dataset.analysis;

const tellForm = () => {
  const form = document.querySelector("[data-judge]");
  if (!form) return;
  const choice = form.querySelector("[data-stretch-choice]");
  const words = choice.querySelector("[data-stretch-words]");
  choice.hidden = !stretch;
  const [session, ofStretch] = form.elements.of;
  if (!stretch) {
    session.checked = true;
    return;
  }
  ofStretch.checked = true;
  words.textContent = words.dataset.pattern.replace("{from}", clock(stretch.start)).replace("{to}", clock(stretch.end));
  form.elements.analysis.value = opened();
  form.elements.start_s.value = stretch.start.toFixed(3);
  form.elements.end_s.value = stretch.end.toFixed(3);
};

// A pointer that is dragged chooses many stretches on its way: only the one where it rests is asked about.
const askWhy = () => {
  clearTimeout(asking);
  const why = document.querySelector("[data-why]");
  if (!why || stretch?.window == null || stretch.window < 0) return;
  asking = setTimeout(() => {
    const address = new URL(why.dataset.address, location.href);
    address.searchParams.set("analysis", why.dataset.analysis);
    address.searchParams.set("window", stretch.window);
    htmx.ajax("GET", address.href, { target: "#why", swap: "outerHTML" });
  }, 200);
};

document.addEventListener("stretch-selected", ({ detail }) => {
  stretch = detail;
  tellForm();
  askWhy();
});
document.addEventListener("stretch-cleared", () => {
  stretch = null;
  tellForm();
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.id !== "judgement") return;
  const done = detail.elt.dataset.done;
  tellForm();
  if (!done) return detail.elt.querySelector(".notice-error, .field-error")?.scrollIntoView({ block: "nearest" });
  if (announcer) announcer.textContent = done;
  // The button that was pressed may be gone; who works by keyboard goes on from the heading.
  if (document.activeElement === document.body) detail.elt.querySelector("h2").focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("stretches-changed"));
});

// A place of the recording that is open is gone to in the player; any other place is a link.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".said [data-at]");
  const player = document.querySelector("[data-player]");
  if (!link || !player?.place || link.dataset.analysis !== opened()) return;
  event.preventDefault();
  player.place.seek(Number(link.dataset.at));
  player.scrollIntoView({ block: "nearest" });
});
