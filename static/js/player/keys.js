// The player by keyboard. Nothing is taken from somebody who types, and single characters can be turned off.

const player = document.querySelector("[data-player]");
const { place, view, stretch, steps } = player;
const slider = player.querySelector("[role=slider]");
const dialog = document.querySelector("[data-keys-dialog]");
const switched = document.querySelector("[data-keys-switch]");

const TYPES = "input, textarea, select, [contenteditable]"; // where a key is a letter or a choice
const PRESSED = "button, a, summary, [role=button]"; // where the space bar presses
const SCROLLS = "[role=region][tabindex]"; // where arrows scroll

const LETTERS = {
  n: () => steps.next(),
  p: () => steps.previous(),
  i: () => stretch.from(),
  o: () => stretch.to(),
  1: () => steps.moment(1),
  2: () => steps.moment(2),
  3: () => steps.moment(3),
  "+": () => view.zoom("in"),
  "-": () => view.zoom("out"),
  0: () => view.zoom("whole"),
  "?": () => dialog.showModal(),
};

const moves = (event) => ({
  ArrowLeft: -(event.shiftKey ? 30 : 3),
  ArrowRight: event.shiftKey ? 30 : 3,
  PageUp: event.target === slider ? -30 : undefined,
  PageDown: event.target === slider ? 30 : undefined,
});

const actOf = (event) => {
  const { target, key } = event;
  if (target.closest(TYPES)) return null;
  if (key === " ") return target.closest(PRESSED) || !place.canBePlayed ? null : () => place.toggle();
  if (target === slider && key === "Home") return () => place.seek(0);
  if (target === slider && key === "End") return () => place.seek(place.duration);
  const move = moves(event)[key];
  if (move !== undefined) return target.closest(SCROLLS) ? null : () => place.by(move);
  return switched.checked && Object.hasOwn(LETTERS, key) ? LETTERS[key] : null;
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  const act = actOf(event);
  if (!act) return;
  event.preventDefault();
  act();
});

switched.checked = localStorage.getItem("player-keys") !== "off";
switched.addEventListener("change", () => localStorage.setItem("player-keys", switched.checked ? "on" : "off"));
player.querySelector("[data-keys-open]").addEventListener("click", () => dialog.showModal());

// Everything is drawn by the server and listens from here on.
performance.mark("player-ready");
player.dataset.ready = "";
