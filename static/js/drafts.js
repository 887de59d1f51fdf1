// What was being written outlives a log-off: kept in this tab alone, and given back to its writer alone.

const user = document.body.dataset.user;
const DRAFT = "draft:";
const SENT = "sent:";
const kept = (prefix) => Object.keys(sessionStorage).filter((key) => key.startsWith(prefix));
const rename = (key, from, to) => {
  sessionStorage.setItem(key.replace(from, to), sessionStorage.getItem(key));
  sessionStorage.removeItem(key);
};

// A draft belongs to where it will be sent, whichever page its form stands on.
const name = (field) => `${user}:${field.form?.getAttribute("action") || location.pathname}:${field.name || field.id}`;

// What was sent has arrived when a signed-in page is the answer; a sign-in page or a refusal is not.
const refused = performance.getEntriesByType("navigation")[0]?.responseStatus >= 400;
for (const key of kept(SENT)) {
  if (!user || refused) rename(key, SENT, DRAFT);
  else sessionStorage.removeItem(key);
}
if (user) {
  // Somebody else has signed in on this computer.
  for (const key of kept(DRAFT)) if (!key.startsWith(`${DRAFT}${user}:`)) sessionStorage.removeItem(key);
}

const keep = (field) => {
  const key = DRAFT + name(field);
  if (field.value === field.defaultValue) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, JSON.stringify({ text: field.value, before: field.defaultValue }));
};

const put = (field, text) => {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

// A text that someone else has changed meanwhile is not written over unasked.
const restore = (field) => {
  const draft = JSON.parse(sessionStorage.getItem(DRAFT + name(field)) ?? "null");
  if (!draft || draft.text === field.value || field.nextElementSibling?.matches(".draft-notice")) return;
  const isSafe = draft.before === field.defaultValue;
  const notice = document.getElementById(isSafe ? "draft-is-back" : "draft-is-kept").content.cloneNode(true);
  const line = notice.firstElementChild;
  line.querySelector("button").addEventListener("click", () => {
    put(field, isSafe ? field.defaultValue : draft.text);
    line.remove();
    field.focus();
  });
  field.after(notice);
  // What is given back is not folded away, where nobody would see it.
  field.closest("details")?.setAttribute("open", "");
  if (isSafe) put(field, draft.text);
};

const restoreAll = (part) => part.querySelectorAll("textarea").forEach(restore);

if (user) {
  restoreAll(document);
  document.addEventListener("htmx:load", ({ target }) => restoreAll(target));
  document.addEventListener("input", ({ target }) => target.matches("main textarea") && keep(target));
  document.addEventListener("submit", ({ target }) => {
    for (const field of target.querySelectorAll("textarea")) {
      const key = DRAFT + name(field);
      if (sessionStorage.getItem(key) !== null) rename(key, DRAFT, SENT);
    }
    // Who logs out by their own will leaves nothing behind.
    if (target.matches("[data-log-out]")) [...kept(DRAFT), ...kept(SENT)].forEach((key) => sessionStorage.removeItem(key));
  });
}
