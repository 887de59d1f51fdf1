// The part of the recording that is looked at: its tracks, axis and playhead, and the zoom around the playhead.

const player = document.querySelector("[data-player]");
const { place, clock } = player;

const LENGTHS = [3600, 1800, 600, 240, 60, 20]; // s; besides the whole
const PAGE = 240; // s; of one-second cells, in which words are looked up
const SETTLED = 120; // ms of standing still before words are asked for
const FLAG = 17; // px; the width of a moment's flag and a hair

const SVG = "http://www.w3.org/2000/svg";
const all = (selector) => [...player.querySelectorAll(selector)];
const slider = player.querySelector("[data-axis]");
const playhead = player.querySelector("[data-playhead]");
const now = player.querySelector("[data-now]");
const reading = player.querySelector("[data-reading]");
const drawings = new Map(); // "from-to" → what the server drew of it, or the promise of it

const ask = (from, to) => {
  const key = `${from}-${to}`;
  if (!drawings.has(key)) {
    const address = new URL(player.dataset.address, location.href);
    address.searchParams.set("from", from);
    address.searchParams.set("to", to);
    const answer = fetch(address, { headers: { Accept: "application/json" } }).then((response) => {
      if (!response.ok) throw new Error(`stretch: ${response.status}`);
      return response.json();
    });
    drawings.set(key, answer);
    answer.catch(() => drawings.delete(key));
  }
  return drawings.get(key);
};

class View {
  from = 0;
  to = place.duration;
  #asked = null; // the drawing that is under way: a later one overtakes it

  get length() {
    return this.to - this.from;
  }

  get isWhole() {
    return this.length >= place.duration;
  }

  /** Where a moment lies, as a share of the width. */
  share(seconds) {
    return (seconds - this.from) / this.length;
  }

  /** The moment under a pointer. */
  secondsAt(clientX) {
    const axis = slider.getBoundingClientRect();
    const share = Math.max(0, Math.min((clientX - axis.left) / axis.width, 1));
    return this.from + share * this.length;
  }

  async look(from, length) {
    const span = Math.min(length, place.duration);
    const begin = Math.max(0, Math.min(from, place.duration - span));
    const [first, last] = [Math.round(begin * 100) / 100, Math.round((begin + span) * 100) / 100];
    const asked = (this.#asked = ask(first, last));
    const drawn = await asked;
    if (asked !== this.#asked) return;
    [this.from, this.to] = [drawn.from, drawn.to];
    this.#paint(drawn);
    player.dispatchEvent(new Event("view-changed"));
  }

  zoom(way) {
    const lengths = [place.duration, ...LENGTHS.filter((length) => length < place.duration)];
    const current = lengths.findIndex((length) => length <= this.length + 0.01);
    const next = way === "whole" ? 0 : Math.max(0, Math.min(current + (way === "in" ? 1 : -1), lengths.length - 1));
    // The playhead stays where it is on the screen, or comes to the middle if it was out of sight.
    const share = this.share(place.seconds);
    const anchor = share >= 0 && share <= 1 && !this.isWhole ? share : 0.5;
    return this.look(place.seconds - anchor * lengths[next], lengths[next]);
  }

  /** Bring a moment into sight, if it is not. */
  show(seconds) {
    if (this.isWhole || (seconds >= this.from && seconds < this.to)) return;
    const isNext = seconds >= this.to && seconds < this.to + 1; // playing on: turn the page
    this.look(seconds - (isNext ? 0.02 : 0.5) * this.length, this.length);
  }

  /** What is marked has changed: what was drawn before is out of date. */
  refresh() {
    drawings.clear();
    return this.look(this.from, this.length);
  }

  #paint(drawn) {
    for (const path of all("[data-path]")) path.setAttribute("d", drawn[path.dataset.path]);
    for (const path of all("[data-layer]")) path.setAttribute("d", drawn.layers[path.dataset.layer]);
    for (const part of all("[data-marks]")) part.hidden = drawn.marked.length === 0;
    player.querySelector("[data-ticks]").replaceChildren(...drawn.ticks.map(tick));
    player.marked = drawn.marked;
    for (const part of all("[data-overview]")) part.hidden = this.isWhole;
    const box = player.querySelector("[data-overview-view]");
    box.setAttribute("x", `${(this.from / place.duration) * 100}%`);
    box.setAttribute("width", `${(this.length / place.duration) * 100}%`);
    for (const button of all("[data-zoom]")) {
      button.disabled = button.dataset.zoom === "in" ? this.length <= LENGTHS.at(-1) : this.isWhole;
    }
    placeFlags();
    showPlace();
  }
}

const tick = ([share, seconds]) => {
  const group = document.createElementNS(SVG, "svg");
  group.setAttribute("x", `${share}%`);
  group.setAttribute("overflow", "visible");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", "M0 0v6");
  const words = document.createElementNS(SVG, "text");
  words.setAttribute("x", "4");
  words.setAttribute("y", "14");
  words.textContent = clock(seconds);
  group.append(line, words);
  return group;
};

const view = new View();
player.view = view;

const flags = all("[data-flag]").sort((one, other) => one.dataset.at - other.dataset.at);

/** Each at its moment; where two would hide each other, the later one stands beside the earlier. */
const placeFlags = () => {
  let free = -Infinity;
  for (const flag of flags) {
    const share = view.share(Number(flag.dataset.at));
    const isSeen = share >= 0 && share <= 1;
    flag.toggleAttribute("hidden", !isSeen);
    if (!isSeen) continue;
    const across = Math.max(share * slider.clientWidth, free);
    flag.setAttribute("x", String(across));
    free = across + FLAG;
  }
};

// ── the place, in figures and in words ───────────────────────────────────────────────────────────────────

let settling = null;

const tell = (words) => {
  if (words && reading.textContent !== words) reading.textContent = words;
  slider.setAttribute("aria-valuetext", words ? `${now.textContent}, ${words}` : now.textContent);
};

/** What it sounds like here, from cells of a second: a coarser mean would contradict what one hears. */
const lookUp = async () => {
  const seconds = place.seconds;
  const from = Math.floor(Math.min(seconds, place.duration - 0.01) / PAGE) * PAGE;
  const page = await ask(from, Math.min(from + PAGE, place.duration)).catch(() => null);
  if (page && place.seconds >= from && place.seconds <= from + PAGE) {
    const cell = Math.floor((place.seconds - page.cells_from) / page.cell_s);
    tell(page.words[Math.max(0, Math.min(cell, page.words.length - 1))]);
  }
};

const showPlace = () => {
  const seconds = place.seconds;
  const share = view.share(seconds);
  playhead.hidden = share < 0 || share > 1;
  playhead.style.transform = `translateX(${share * slider.clientWidth}px)`;
  player.querySelector("[data-overview-place]").setAttribute("x", `${(seconds / place.duration) * 100}%`);
  const text = clock(seconds);
  if (now.textContent === text) return;
  now.textContent = text;
  slider.setAttribute("aria-valuenow", String(Math.round(seconds)));
};

place.addEventListener("change", () => {
  showPlace();
  view.show(place.seconds);
  clearTimeout(settling);
  if (place.isPaused) settling = setTimeout(lookUp, SETTLED);
  else if (reading.dataset.at !== now.textContent) {
    reading.dataset.at = now.textContent; // playing: once a second
    lookUp();
  }
});
new ResizeObserver(() => {
  placeFlags();
  showPlace();
}).observe(slider);

// ── pointer, buttons ─────────────────────────────────────────────────────────────────────────────────────

/** Press to go there, drag to go along. */
const seekAlong = (track, secondsAt) => {
  track.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const go = (at) => place.seek(secondsAt(at.clientX));
    const done = new AbortController();
    go(event);
    addEventListener("pointermove", go, { signal: done.signal });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => done.abort(), { signal: done.signal });
  });
};
all("[data-seek]").forEach((track) => seekAlong(track, (x) => view.secondsAt(x)));
all("[data-seek-whole]").forEach((track) =>
  seekAlong(track, (x) => {
    const box = track.getBoundingClientRect();
    return Math.max(0, Math.min((x - box.left) / box.width, 1)) * place.duration;
  }),
);
all("[data-zoom]").forEach((button) => button.addEventListener("click", () => view.zoom(button.dataset.zoom)));
document.addEventListener("stretches-changed", () => view.refresh());

const outline = player.querySelector("[data-path=wave]").getAttribute("d");
player.querySelector("[data-overview-wave]").setAttribute("d", outline);
for (const button of all("[data-zoom]")) button.disabled = button.dataset.zoom !== "in" || place.duration <= LENGTHS.at(-1);
player.marked = JSON.parse(document.getElementById("player-plan").textContent).marked;
placeFlags();
showPlace();
