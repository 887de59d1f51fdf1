// The upload form without leaving the page: drop or choose, see the transfer, then the line follows itself.

const form = document.querySelector("[data-upload]");
const arrivals = document.querySelector("[data-arrivals]");
const announcer = document.querySelector("[data-announcer]");
const announce = (text) => announcer && (announcer.textContent = text);

const tell = (line) => htmx.trigger(document.body, "recording-final", { id: line.id.replace("recording-", "") });

const lineFor = (file) => {
  const line = document.createElement("li");
  line.className = "recording is-sending";
  const head = line.appendChild(document.createElement("div"));
  head.className = "recording-head";
  const name = head.appendChild(document.createElement("span"));
  name.className = "recording-name";
  name.textContent = file.name;
  const state = head.appendChild(document.createElement("span"));
  state.className = "meta";
  state.textContent = form.dataset.waiting;
  const cancel = head.appendChild(document.createElement("button"));
  cancel.type = "button";
  cancel.className = "button-link";
  cancel.textContent = form.dataset.cancel;
  const bar = line.appendChild(document.createElement("progress"));
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  arrivals.prepend(line);
  return { line, state, bar, cancel };
};

const say = (line, text) => {
  line.className = "recording is-failed";
  line.querySelector("progress")?.remove();
  line.querySelector(".button-link")?.remove();
  const error = line.appendChild(document.createElement("p"));
  error.className = "field-error";
  error.setAttribute("role", "alert");
  error.textContent = text;
};

// XMLHttpRequest because fetch does not tell how much of a body has been sent.
const send = (file, fields, { line, state, bar, cancel }) =>
  new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    for (const [name, value] of fields) if (!(value instanceof File)) body.append(name, value);
    body.append("recording", file, file.name);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = loaded / total;
      state.textContent = loaded < total ? `${form.dataset.sending} ${Math.floor((100 * loaded) / total)} %` : form.dataset.received;
    });
    request.addEventListener("load", () => {
      if (new URL(request.responseURL).pathname.startsWith("/login/")) {
        say(line, form.dataset.signedOut);
        return resolve(null);
      }
      const type = request.getResponseHeader("Content-Type") ?? "";
      if (type.startsWith("text/html") && request.status !== 500) {
        const template = document.createElement("template");
        template.innerHTML = request.responseText.trim();
        const arrived = template.content.querySelector("li");
        if (arrived) {
          document.getElementById(arrived.id)?.remove();
          if (request.status === 422) {
            bar.remove();
            cancel.remove();
            line.append(...arrived.childNodes);
            line.className = arrived.className;
          }
          else {
            line.replaceWith(arrived);
            htmx.process(arrived);
            if (arrived.dataset.state === "failed") tell(arrived);
          }
          return resolve(arrived.dataset.session ?? null);
        }
      }
      say(line, type.startsWith("text/plain") ? request.responseText : form.dataset.broken);
      resolve(null);
    });
    request.addEventListener("error", () => (say(line, form.dataset.broken), resolve(null)));
    request.addEventListener("abort", () => (line.remove(), resolve(null)));
    cancel.addEventListener("click", () => request.abort());
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.send(body);
  });

if (form) {
  const input = form.querySelector("input[type=file]");
  const zone = form.querySelector("[data-dropzone]");
  const chosen = form.querySelector("[data-chosen]");
  const invitation = chosen.textContent;
  const session = form.querySelector("[name=session]");
  input.multiple = true;
  zone.classList.add("is-scripted");
  form.querySelector("[data-needs-script]").hidden = false;

  const showChosen = () => {
    const { files } = input;
    chosen.textContent = files.length === 0 ? invitation : files.length === 1 ? files[0].name : `${files.length} ${form.dataset.chosen}`;
    zone.classList.toggle("has-files", files.length > 0);
  };
  input.addEventListener("change", showChosen);
  for (const type of ["dragenter", "dragover"])
    zone.addEventListener(type, (event) => (event.preventDefault(), zone.classList.add("is-over")));
  for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    input.files = event.dataTransfer.files;
    showChosen();
  });
  // A file dropped beside the zone must not replace the patient's page by the sound.
  for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const files = [...input.files];
    if (!files.length) return input.focus();
    const fields = [...new FormData(form)];
    const lines = files.map(lineFor);
    input.value = "";
    showChosen();
    // Files chosen together were made on one occasion: the first begins a session, the others join it.
    let begun = null;
    for (const [place, file] of files.entries()) {
      const joined = fields.map(([name, value]) => [name, name === "session" && begun ? begun : value]);
      // The server refuses it as well, but the browser would then call it a broken connection.
      if (file.size > form.dataset.mostBytes) say(lines[place].line, form.dataset.tooLarge);
      else begun = (await send(file, joined, lines[place])) ?? begun;
    }
    if (session) session.value = "";
  });
}

// The server says by the same event that polling has come to an end; the overview refreshes on it too.
document.body.addEventListener("recording-final", ({ detail }) => {
  const line = document.getElementById(`recording-${detail.id}`);
  announce((line?.querySelector(".recording-result, .field-error")?.textContent ?? "").trim());
  // A session page that had nothing to show yet shows it now.
  if (line?.dataset.state === "done" && document.querySelector("[data-awaits-result]")) location.reload();
});
