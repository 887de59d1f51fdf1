// Patterns beside the colours of the timeline: the reader's choice, kept, and made by who asks the system for contrast.

const SAMPLE = [20, 12]; // px; as in session.css

const player = document.querySelector("[data-player]");
const button = player.querySelector("[data-patterns]");
const timeline = player.querySelector(".track-timeline .drawn");
const layers = [...timeline.querySelectorAll("[data-layer]")];
const patterns = layers.map(({ dataset }) => document.getElementById(`texture-${dataset.layer}`));
const samples = [...player.querySelectorAll(".legend .texture")];
const turns = patterns.map((pattern) => pattern.getAttribute("patternTransform") ?? "");

const asks = matchMedia("(prefers-contrast: more), (forced-colors: active)");
const isWanted = () => (localStorage.getItem("patterns") ?? String(asks.matches)) === "true";

/** The drawing is stretched to its track; what fills it is not to be. */
const straighten = () => {
  const { width, height } = timeline.viewBox.baseVal;
  const across = width / timeline.clientWidth;
  const down = height / timeline.clientHeight;
  patterns.forEach((pattern, place) => pattern.setAttribute("patternTransform", `scale(${across} ${down}) ${turns[place]}`));
  for (const sample of samples) sample.setAttribute("viewBox", `0 0 ${SAMPLE[0] * across} ${SAMPLE[1] * down}`);
};

const show = () => {
  const isShown = isWanted();
  player.classList.toggle("has-patterns", isShown);
  button.setAttribute("aria-pressed", String(isShown));
  for (const layer of layers) layer.style.fill = isShown ? `url(#texture-${layer.dataset.layer})` : "";
};

button.addEventListener("click", () => {
  localStorage.setItem("patterns", String(!isWanted()));
  show();
});
asks.addEventListener("change", show);
new ResizeObserver(straighten).observe(timeline);
show();
