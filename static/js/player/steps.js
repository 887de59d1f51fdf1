// Ways to go straight to what matters: the moments that weigh most, and one unsure or judged stretch after another.

const player = document.querySelector("[data-player]");
const { place, stretch, clock } = player;
const words = player.dataset;
const plan = JSON.parse(document.getElementById("player-plan").textContent);
const announcer = document.querySelector("[data-announcer]");

const AROUND = 3; // s, before and after a moment
const SAME = 0.25; // s

const moments = [...document.querySelectorAll("[data-moment]")];
const say = (text) => {
  if (announcer) announcer.textContent = text;
};

const playMoment = (button) => {
  const [from, to] = [Number(button.dataset.from), Number(button.dataset.to)];
  if (place.canBePlayed) place.playBetween(Math.max(0, from - AROUND), to + AROUND);
  else place.seek(from);
};
moments.forEach((button) => button.addEventListener("click", () => playMoment(button)));

/** To the next (1) or previous (-1) stretch that the model was not sure of, or that somebody judged. */
const step = (way) => {
  const stretches = [
    ...plan.unsure.map(([start, end]) => [start, end, words.wordsUnsure]),
    ...player.marked.map(([start, end]) => [start, end, words.wordsMarked]),
  ].sort((one, other) => one[0] - other[0]);
  const here = place.seconds;
  const next =
    way > 0
      ? stretches.find(([start]) => start > here + SAME)
      : stretches.findLast(([start]) => start < here - SAME);
  if (!next) return say(words.wordsNoFurther);
  const [start, end, kind] = next;
  place.seek(start);
  stretch.choose(start, end);
  say(`${kind}, ${clock(start)} ${words.wordsTo} ${clock(end)}`);
};

player.steps = {
  next: () => step(1),
  previous: () => step(-1),
  moment: (number) => moments[number - 1] && playMoment(moments[number - 1]),
};
player.querySelectorAll("[data-step]").forEach((button) => button.addEventListener("click", () => step(Number(button.dataset.step))));
player.querySelector("[data-looking]").hidden = false;
