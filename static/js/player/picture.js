// The timeline as a picture to keep: the server's own drawing, of what is looked at, as SVG or painted as PNG.

const player = document.querySelector("[data-player]");
const { view } = player;
const link = player.querySelector("[data-picture]");
const button = player.querySelector("[data-picture-png]");

const SHARPER = 2; // times the size that is shown: for print

const addressOf = () => {
  const address = new URL(link.href);
  address.searchParams.set("from", view.from);
  address.searchParams.set("to", view.to);
  return address.href;
};

const paint = async (source) => {
  const drawing = new Image();
  drawing.src = URL.createObjectURL(source);
  await drawing.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [drawing.naturalWidth * SHARPER, drawing.naturalHeight * SHARPER];
  canvas.getContext("2d").drawImage(drawing, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(drawing.src);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
};

const nameOf = (response) => response.headers.get("Content-Disposition")?.match(/filename="(.+)\.svg"/)?.[1] ?? "timeline";

const save = async () => {
  const response = await fetch(addressOf());
  if (!response.ok) throw new Error(`picture: ${response.status}`);
  const picture = await paint(await response.blob());
  const keep = Object.assign(document.createElement("a"), { href: URL.createObjectURL(picture), download: `${nameOf(response)}.png` });
  keep.click();
  setTimeout(() => URL.revokeObjectURL(keep.href), 10_000);
};

player.addEventListener("view-changed", () => (link.href = addressOf()));
button.addEventListener("click", () => save().catch(console.error));
button.hidden = false;
