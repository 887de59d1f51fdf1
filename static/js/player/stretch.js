// A stretch of the recording that somebody chooses, by dragging over the timeline or by its two ends, to say what
// they hear in it or to ask why it sounds as it does: those parts of the page listen for `stretch-selected`.

const player = document.querySelector("[data-player]");
const { place, view, clock } = player;
const plan = JSON.parse(document.getElementById("player-plan").textContent);

const DRAGGED = 4; // px; less is a click
const SHORTEST = 0.5; // s

const find = (name) => player.querySelector(`[data-stretch-${name}]`);
const band = player.querySelector("[data-selection]");
const times = find("times");
let begin = null; // s
let end = null; // s

/** Index of the window whose middle is nearest; windows stand in runs of (index, start, count, step). */
const nearestWindow = (seconds) => {
  let [nearest, least] = [null, Infinity];
  for (const [index, start, count, step] of plan.windows) {
    const within = step ? Math.round((seconds - start - plan.window_s / 2) / step) : 0;
    const place = Math.max(0, Math.min(within, count - 1));
    const distance = Math.abs(start + place * step + plan.window_s / 2 - seconds);
    if (distance < least) [nearest, least] = [index + place, distance];
  }
  return nearest;
};

const draw = () => {
  const isChosen = begin !== null && end !== null;
  const [from, to] = [view.share(begin ?? end ?? 0), view.share(end ?? begin ?? 0)].map((share) => Math.max(0, Math.min(share, 1)));
  band.setAttribute("x", `${from * 100}%`);
  band.setAttribute("width", isChosen ? `${(to - from) * 100}%` : "1");
  band.toggleAttribute("hidden", begin === null && end === null);
  const between = `${begin === null ? "…" : clock(begin)}–${end === null ? "…" : clock(end)}`;
  times.textContent = begin === null && end === null ? times.dataset.none : between;
  for (const button of [find("play"), find("clear")]) if (button) button.disabled = begin === null && end === null;
  if (find("play")) find("play").disabled = !isChosen;
};

const announce = () => {
  const detail = { start: begin, end, window: nearestWindow((begin + end) / 2) };
  document.dispatchEvent(new CustomEvent("stretch-selected", { detail }));
};

const stretch = {
  choose(from, to) {
    [begin, end] = [Math.min(from, to), Math.max(from, to)].map((one) => Math.max(0, Math.min(one, place.duration)));
    if (end - begin < SHORTEST) end = Math.min(begin + SHORTEST, place.duration);
    draw();
    announce();
  },
  /** One end at the playhead; the other stays, if it still fits. */
  from() {
    begin = place.seconds;
    if (end !== null && end - begin >= SHORTEST) this.choose(begin, end);
    else end = null;
    draw();
  },
  to() {
    end = place.seconds;
    if (begin !== null && end - begin >= SHORTEST) this.choose(begin, end);
    else begin = null;
    draw();
  },
  clear() {
    begin = end = null;
    draw();
    document.dispatchEvent(new CustomEvent("stretch-cleared"));
  },
  play() {
    if (begin !== null && end !== null) place.playBetween(begin, end);
  },
};
player.stretch = stretch;

for (const name of ["from", "to", "clear", "play"]) find(name)?.addEventListener("click", () => stretch[name]());
player.addEventListener("view-changed", draw);

// Over the timeline: a click goes there, dragging chooses.
player.querySelector("[data-select]").addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  const done = new AbortController();
  const [from, startedAt] = [view.secondsAt(event.clientX), event.clientX];
  let isDragged = false;
  const drag = (next) => {
    isDragged ||= Math.abs(next.clientX - startedAt) >= DRAGGED;
    if (!isDragged) return;
    const to = view.secondsAt(next.clientX);
    [begin, end] = [Math.min(from, to), Math.max(from, to)];
    draw();
  };
  const finish = (last) => {
    done.abort();
    if (isDragged) stretch.choose(from, view.secondsAt(last.clientX));
    else place.seek(from);
  };
  addEventListener("pointermove", drag, { signal: done.signal });
  addEventListener("pointerup", finish, { signal: done.signal });
  addEventListener("pointercancel", () => done.abort(), { signal: done.signal });
});

player.querySelector("[data-stretch]").hidden = false;
draw();
