// Sound, waveform and timeline on one axis: one place in time, shown by all and set by any of them.

const clock = (seconds) => {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
};

const player = document.querySelector("[data-player]");
const sound = player.querySelector("[data-sound]");
const tracks = player.querySelector("[data-tracks]");
const slider = player.querySelector("[role=slider]");
const playhead = player.querySelector("[data-playhead]");
const now = player.querySelector("[data-now]");
const reading = player.querySelector("[data-reading]");
const duration = Number(player.dataset.duration);
const isRightToLeft = getComputedStyle(player).direction === "rtl";

let place = 0; // s; the sound's own place once it is loaded
let wanted = null; // s; where to go as soon as the sound can
let readings = null; // what each cell of the timeline sounds like, in words, from the server

const readingAt = (seconds) => {
  if (!readings) return null;
  return readings.words[Math.min(Math.floor(seconds / readings.cell), readings.words.length - 1)];
};

const show = () => {
  const axis = slider.getBoundingClientRect();
  const across = slider.offsetLeft + (place / duration) * axis.width;
  playhead.style.transform = `translateX(${isRightToLeft ? -across : across}px)`;
  const text = clock(place);
  if (now.textContent !== text) {
    now.textContent = text;
    slider.setAttribute("aria-valuenow", String(Math.round(place)));
  }
  const words = readingAt(place);
  if (words !== null && reading.textContent !== words) reading.textContent = words;
  slider.setAttribute("aria-valuetext", words ? `${text}, ${words}` : text);
};

const seek = (seconds) => {
  place = Math.max(0, Math.min(seconds, duration));
  if (sound) {
    if (sound.readyState >= HTMLMediaElement.HAVE_METADATA) sound.currentTime = place;
    else wanted = place;
  }
  show();
};

const follow = () => {
  if (wanted === null) place = sound.currentTime;
  show();
  if (!sound.paused) requestAnimationFrame(follow);
};

const toggle = () => (sound.paused ? sound.play() : sound.pause());

if (sound) {
  const button = player.querySelector("[data-play]");
  const showState = () => {
    button.setAttribute("aria-label", sound.paused ? button.dataset.labelPlay : button.dataset.labelPause);
    for (const icon of button.querySelectorAll("[data-shows]")) icon.hidden = (icon.dataset.shows === "play") !== sound.paused;
  };
  button.addEventListener("click", toggle);
  player.querySelector("[data-skip]").addEventListener("click", (event) => seek(place + Number(event.currentTarget.dataset.skip)));
  player.querySelector("[data-speed]").addEventListener("change", (event) => (sound.playbackRate = Number(event.target.value)));
  sound.addEventListener("loadedmetadata", () => {
    if (wanted !== null) sound.currentTime = wanted;
    wanted = null;
  });
  for (const event of ["play", "pause", "ended"]) sound.addEventListener(event, showState);
  sound.addEventListener("play", () => requestAnimationFrame(follow));
  sound.addEventListener("seeked", follow);
}

// One rule for a pointer anywhere on the tracks: press to go there, drag to go along.
const seekTo = (event) => {
  const axis = slider.getBoundingClientRect();
  const share = (event.clientX - axis.left) / axis.width;
  seek((isRightToLeft ? 1 - share : share) * duration);
};
tracks.addEventListener("pointerdown", (event) => {
  const track = event.target.closest("[data-seek]");
  if (!track || event.button !== 0) return;
  seekTo(event);
  const move = (next) => seekTo(next);
  addEventListener("pointermove", move);
  addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
  addEventListener("pointercancel", () => removeEventListener("pointermove", move), { once: true });
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, summary, a, button:not([data-play], [data-skip])")) return;
  const step = (event.shiftKey ? 15 : 3) * (isRightToLeft ? -1 : 1);
  const acts = {
    " ": () => sound && toggle(),
    ArrowLeft: () => seek(place - step),
    ArrowRight: () => seek(place + step),
    Home: () => seek(0),
    End: () => seek(duration),
  };
  const isOnSlider = event.target === slider;
  if (!(event.key in acts) || ((event.key === "Home" || event.key === "End") && !isOnSlider)) return;
  event.preventDefault();
  acts[event.key]();
});

player.addEventListener("figure-drawn", ({ detail }) => {
  const [lowest] = detail.data; // which tells for all layers
  readings = { words: lowest.text, cell: lowest.dx };
  show();
});
new ResizeObserver(show).observe(slider);
