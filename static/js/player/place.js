// The place in the recording: one for sound, playhead, clock and words, set by any of them.
//
// The parts of the player are modules of their own, loaded in the order of the page; each hangs what the next
// ones need onto the player's element: `place` and `clock` here, `view` and `stretch` in their files.

const player = document.querySelector("[data-player]");
const sound = player.querySelector("[data-sound]");

const clock = (seconds) => {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
};

class Place extends EventTarget {
  #at; // s; where to be as soon as the sound is loaded, or where one is without sound
  #wanted; // whether the sound has still to go there
  #until = null; // s; where to stop by itself

  constructor(at, duration) {
    super();
    this.duration = duration;
    this.#at = at;
    this.#wanted = at > 0;
    sound?.addEventListener("loadedmetadata", () => this.#arrive());
    for (const event of ["play", "seeked", "pause", "ended"]) sound?.addEventListener(event, () => this.#tell());
    sound?.addEventListener("play", () => this.#follow());
    sound?.addEventListener("error", () => this.#tell());
    // Where the page is hidden, no frames are drawn: what is to stop stops all the same.
    sound?.addEventListener("timeupdate", () => this.#stopInTime());
  }

  get seconds() {
    return !sound || this.#wanted || sound.readyState < HTMLMediaElement.HAVE_METADATA ? this.#at : sound.currentTime;
  }

  get canBePlayed() {
    return Boolean(sound);
  }

  get isPaused() {
    return !sound || sound.paused;
  }

  seek(seconds) {
    this.#until = null;
    this.#go(seconds);
  }

  by(seconds) {
    this.seek(this.seconds + seconds);
  }

  toggle() {
    if (!sound) return;
    this.#until = null;
    if (sound.paused) this.#play();
    else sound.pause();
  }

  /** Play a stretch and stop at its end; without sound, go there. */
  playBetween(from, to) {
    this.#go(from);
    this.#until = Math.min(to, this.duration);
    this.#play();
  }

  set speed(rate) {
    if (sound) sound.playbackRate = rate;
  }

  /** Sound that could not be loaded is asked for anew: the connection may be back. */
  #play() {
    if (sound?.error) {
      [this.#at, this.#wanted] = [this.seconds, true];
      sound.load();
    }
    sound?.play().catch(() => {}); // what went wrong, the sound's own event says
  }

  #go(seconds) {
    this.#at = Math.max(0, Math.min(seconds, this.duration));
    if (sound && sound.readyState >= HTMLMediaElement.HAVE_METADATA) sound.currentTime = this.#at;
    else this.#wanted = true;
    this.#tell();
  }

  #arrive() {
    if (this.#wanted) sound.currentTime = this.#at;
    this.#wanted = false;
  }

  #follow = () => {
    this.#stopInTime();
    this.#tell();
    if (!sound.paused) requestAnimationFrame(this.#follow);
  };

  #stopInTime() {
    if (this.#until === null || sound.seeking || sound.currentTime < this.#until) return;
    this.#until = null;
    sound.pause();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

const place = new Place(Number(player.dataset.beginAt), Number(player.dataset.duration));
player.place = place;
player.clock = clock;

const failed = player.querySelector("[data-sound-failed]");
place.addEventListener("change", () => failed && (failed.hidden = !sound.error));

const button = player.querySelector("[data-play]");
place.addEventListener("change", () => {
  if (!button) return;
  button.setAttribute("aria-label", place.isPaused ? button.dataset.labelPlay : button.dataset.labelPause);
  for (const icon of button.querySelectorAll("[data-shows]")) icon.hidden = (icon.dataset.shows === "play") !== place.isPaused;
});
button?.addEventListener("click", () => place.toggle());
player.querySelectorAll("[data-skip]").forEach((one) => one.addEventListener("click", () => place.by(Number(one.dataset.skip))));
player.querySelectorAll("[data-go]").forEach((one) => one.addEventListener("click", () => place.seek(Number(one.dataset.go))));
player.querySelector("[data-speed]")?.addEventListener("change", (event) => (place.speed = Number(event.target.value)));
