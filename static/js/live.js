// Pages that follow a recording: what they do when they are signed out, lose the server, or were overtaken.

const offline = document.querySelector("[data-offline]");

const showOffline = (isOffline) => {
  if (offline.hidden !== isOffline) return;
  offline.hidden = !isOffline;
  if (isOffline) offline.querySelector("time").textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
};

document.addEventListener("htmx:sendError", () => showOffline(true));
document.addEventListener("htmx:afterRequest", ({ detail }) => detail.xhr?.status && showOffline(false));

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  const isSignedOut = new URL(xhr.responseURL || location.href).pathname.startsWith("/login/");
  // Moved or voided by someone else meanwhile: the page as a whole is out of date.
  if (!isSignedOut && xhr.status !== 404) return;
  event.preventDefault();
  location.reload();
});
