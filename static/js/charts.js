// Figures come from the server as Plotly dictionaries in the reader's colours; this only asks for and draws them.

const NARROW = 720; // px of the figure: below it the small multiples stand in two columns
const CONFIG = { displayModeBar: false, responsive: false, showTips: false, locale: "en" };

const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

const addressOf = (element) => {
  const address = new URL(element.dataset.figure, location.href);
  address.searchParams.set("theme", isDark() ? "dark" : "light");
  address.searchParams.set("columns", element.clientWidth < NARROW ? 2 : 4);
  if (element.dataset.view) address.searchParams.set("view", element.dataset.view);
  return address;
};

const fit = (element, layout) => ({ ...layout, width: element.clientWidth, autosize: false });

const draw = async (element) => {
  const address = addressOf(element);
  element.dataset.asked = address.href;
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`figure: ${answer.status}`);
  const figure = await answer.json();
  if (element.dataset.asked !== address.href) return; // asked anew meanwhile
  const isNew = !element.classList.contains("js-plotly-plot");
  await Plotly.react(element, figure.data, fit(element, figure.layout), CONFIG);
  element.classList.add("is-drawn");
  if (isNew) {
    element.on("plotly_click", ({ points }) => {
      if (typeof points[0].customdata === "string") location.assign(points[0].customdata);
    });
    resizes.observe(element);
  }
  element.dispatchEvent(new CustomEvent("figure-drawn", { bubbles: true, detail: figure }));
};

const drawOrSay = (element) =>
  draw(element).catch((error) => {
    console.error(error);
    element.classList.add("is-failed");
  });

const resizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (!target.isConnected) resizes.unobserve(target);
    else if (addressOf(target).href !== target.dataset.asked) drawOrSay(target);
    else if (Math.round(target.clientWidth) !== Math.round(target.layout.width)) Plotly.relayout(target, { width: target.clientWidth });
  }
});

const drawAll = (root = document) => root.querySelectorAll("[data-figure]").forEach(drawOrSay);

document.addEventListener("themechange", () => drawAll());
document.addEventListener("htmx:afterSettle", (event) => drawAll(event.detail.elt));

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-view]:is(button)");
  if (!button) return;
  const panel = button.closest("section");
  panel.querySelectorAll("button[data-view]").forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
  panel.querySelectorAll("[data-only-view]").forEach((one) => (one.hidden = one.dataset.onlyView !== button.dataset.view));
  const figure = panel.querySelector("[data-figure]");
  figure.dataset.view = button.dataset.view;
  Plotly.purge(figure);
  figure.classList.remove("js-plotly-plot");
  drawOrSay(figure);
});

drawAll();
