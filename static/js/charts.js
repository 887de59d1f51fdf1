// Figures come from the server as Plotly dictionaries in the reader's colours; this asks for them, draws them and saves
// them as pictures.

const NARROW = 720; // px of the figure: below it the small multiples stand in two columns
// Plotly carries English alone: the page brings the names of months in the reader's language.
const shortMonths = document.querySelector("script[data-months]").dataset.months.split(",");
const CONFIG = { displayModeBar: false, responsive: false, showTips: false, locale: "clinic", locales: { clinic: { format: { shortMonths } } } };
const HEAD_PX = 22; // of a saved picture, for each line of its title
const FOOT_PX = 34; // and under the drawing, for what it must not be seen without
const CHARACTER_PX = 7.2;

let chosenView = ""; // of the trend; kept when another range is chosen

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

// A square plane is no higher than it is wide: on a phone it would stand in the middle of much paper.
const heightOf = ({ height, margin, meta }, width) =>
  meta?.square_px ? Math.min(meta.square_px, width - margin.l - margin.r + margin.t + margin.b) : height;

const fit = (element, layout) => {
  const width = element.clientWidth;
  return { ...layout, width, height: heightOf(layout, width), autosize: false };
};

// What several traces have alike is sent once, by name.
const spread = ({ data, shared = {} }) => data.map(({ shared: name, ...trace }) => (name ? { ...shared[name], ...trace } : trace));

const setState = (element, isFailed) => {
  const chart = element.closest("[data-chart]");
  element.classList.toggle("is-drawn", !isFailed);
  element.classList.toggle("is-failed", isFailed);
  element.setAttribute("aria-busy", "false");
  if (!chart) return;
  chart.querySelector("[data-failed]").hidden = !isFailed;
  chart.querySelectorAll("[data-download]").forEach((button) => (button.disabled = isFailed));
};

const draw = async (element) => {
  const address = addressOf(element);
  element.dataset.asked = address.href;
  element.setAttribute("aria-busy", "true");
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`figure: ${answer.status}`);
  const figure = await answer.json();
  if (element.dataset.asked !== address.href || !element.isConnected) return; // asked anew, or replaced meanwhile
  const isNew = !element.classList.contains("js-plotly-plot");
  await Plotly.react(element, spread(figure), fit(element, figure.layout), CONFIG);
  setState(element, false);
  if (isNew) {
    element.on("plotly_click", ({ points }) => {
      const link = points[0].customdata?.[0];
      if (link) location.assign(link);
    });
    resizes.observe(element);
  }
  element.dispatchEvent(new CustomEvent("figure-drawn", { bubbles: true, detail: figure }));
};

const drawOrSay = (element) =>
  draw(element).catch((error) => {
    console.error(error);
    setState(element, true);
  });

const resize = async (element, width) => Plotly.relayout(element, { width, height: heightOf(element.layout, width) });

const resizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (!target.isConnected) resizes.unobserve(target);
    else if (addressOf(target).href !== target.dataset.asked) drawOrSay(target);
    else if (target.layout && Math.round(target.clientWidth) !== Math.round(target.layout.width)) {
      resize(target, target.clientWidth).catch(() => drawOrSay(target)); // it was under way of being drawn: once more
    }
  }
});

const drawAll = (root = document) => root.querySelectorAll("[data-figure]").forEach(drawOrSay);

const showView = (panel) => {
  panel.querySelectorAll("button[data-view]").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.view === chosenView)));
  panel.querySelectorAll("[data-only-view]").forEach((one) => (one.hidden = one.dataset.onlyView !== chosenView));
};

const chooseView = (button) => {
  const panel = button.closest("section");
  const figure = panel.querySelector("[data-figure]");
  chosenView = button.dataset.view;
  showView(panel);
  if (!figure) return;
  figure.dataset.view = chosenView;
  Plotly.purge(figure);
  figure.classList.remove("js-plotly-plot");
  drawOrSay(figure);
};

// A text in lines of so many characters: Plotly breaks none by itself.
const inLines = (text, characters) =>
  text.split(" ").reduce((lines, word) => {
    const last = lines.at(-1);
    return last !== undefined && `${last} ${word}`.length <= characters ? [...lines.slice(0, -1), `${last} ${word}`] : [...lines, word];
  }, []);

// With its title, what it must not be seen without, and paper under it: on screen these stand around the drawing.
const asPicture = (figure) => {
  const { layout } = figure;
  const { title, paper, ink, muted } = layout.meta;
  const width = figure.clientWidth;
  const head = inLines(title, width / CHARACTER_PX);
  const foot = inLines(figure.dataset.foot, (width / CHARACTER_PX) * 1.2);
  const margin = { ...layout.margin };
  const added = head.length * HEAD_PX + 12;
  const under = foot.length * 16 + FOOT_PX - 16;
  const titled = {
    ...layout,
    width,
    height: layout.height + added + under,
    margin: { ...margin, t: (margin.t ?? 0) + added, b: (margin.b ?? 0) + under },
    paper_bgcolor: paper,
    plot_bgcolor: paper,
    title: { text: head.join("<br>"), x: 0, xref: "container", xanchor: "left", y: 1, yref: "container", yanchor: "top", pad: { t: 12, l: 10 }, font: { size: 14, color: ink } },
    annotations: [
      ...(layout.annotations ?? []),
      { text: foot.join("<br>"), align: "left", xref: "paper", x: 0, xanchor: "left", xshift: 10 - (margin.l ?? 0), yref: "paper", y: 0, yanchor: "top", yshift: -(margin.b ?? 0) - 6, showarrow: false, font: { size: 11, color: muted } },
    ],
  };
  return { data: figure.data, layout: titled, config: { ...CONFIG, staticPlot: true } };
};

const download = (button) => {
  const figure = button.closest("[data-chart]").querySelector("[data-figure]");
  const picture = asPicture(figure);
  const { width, height } = picture.layout;
  const filename = `${figure.dataset.name}-${new Date().toISOString().slice(0, 10)}`;
  return Plotly.downloadImage(picture, { format: button.dataset.download, filename, width, height, scale: 2 });
};

document.addEventListener("themechange", () => drawAll());

document.addEventListener("htmx:afterSettle", ({ detail: { elt } }) => {
  const trend = elt.querySelector("button[data-view]")?.closest("section");
  const figure = trend?.querySelector("[data-figure]");
  if (figure && chosenView) {
    figure.dataset.view = chosenView;
    showView(trend);
  }
  drawAll(elt);
  const summary = elt.querySelector("[data-summary='trend']");
  const announcer = document.querySelector("[data-announcer]");
  if (summary && announcer) announcer.textContent = summary.textContent;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("view" in button.dataset) chooseView(button);
  else if ("retry" in button.dataset) drawOrSay(button.closest("[data-chart]").querySelector("[data-figure]"));
  else if ("download" in button.dataset) download(button);
});

drawAll();
