// Nobody is logged off unwarned. How long is left, the server says; this asks in time whether someone is there.

const dialog = document.querySelector("[data-idle]");
const SHARED = "signed-in-until"; // between the tabs of one browser: being busy in one keeps all of them
const total = Number(dialog.dataset.seconds);
const warning = Math.min(120, total / 3);
let until;
let heardAt;

const hear = (seconds) => {
  heardAt = Date.now();
  until = heardAt + seconds * 1000;
  localStorage.setItem(SHARED, until);
};

const post = (address, fields = {}) => {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
  return fetch(address, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams(fields) });
};

const leave = async () => {
  clearInterval(clock);
  await post(dialog.dataset.leave, { because: "idle" }).catch(() => null);
  const here = location.pathname + location.search;
  location.replace(`${dialog.dataset.login}?next=${encodeURIComponent(here)}`);
};

const stay = async () => {
  heardAt = Date.now();
  const answer = await post(dialog.dataset.stay).catch(() => null);
  if (!answer) return; // no network just now: the clock runs on
  if (!answer.ok || answer.redirected) return leave(); // signed out elsewhere
  hear((await answer.json()).seconds);
  if (dialog.open && left() > warning) dialog.close();
};

const left = () => (until - Date.now()) / 1000;

// While the question is asked, only its answer counts. Listening and uploading are work, too.
const busy = () => {
  if (!dialog.open && Date.now() - heardAt > (total * 1000) / 15) stay();
};

const tick = () => {
  if (document.querySelector(".is-sending")) busy();
  const seconds = Math.ceil(left());
  if (seconds <= 0) return leave();
  if (seconds > warning) return dialog.open && dialog.close();
  const minutes = Math.floor(seconds / 60);
  dialog.querySelector("[data-left]").textContent = `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
  if (!dialog.open) dialog.showModal();
};

for (const type of ["pointerdown", "pointermove", "keydown", "scroll", "timeupdate"])
  document.addEventListener(type, busy, { capture: true, passive: true });
addEventListener("storage", ({ key, newValue }) => {
  if (key === SHARED && newValue) until = Number(newValue);
});
dialog.addEventListener("cancel", (event) => (event.preventDefault(), stay()));
dialog.querySelector("[data-stay-here]").addEventListener("click", stay);
document.addEventListener("visibilitychange", tick); // clocks of sleeping computers and hidden tabs stand still
hear(total);
const clock = setInterval(tick, 1000);
