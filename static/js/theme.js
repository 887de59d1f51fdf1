// Light, dark, or as the system says. Loaded before the first paint, so that a page never flashes.
(() => {
  const root = document.documentElement;
  const kept = localStorage.getItem("theme");
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;

  const system = matchMedia("(prefers-color-scheme: dark)");
  const announce = () => document.dispatchEvent(new CustomEvent("themechange"));
  system.addEventListener("change", announce);

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    const isDark = getComputedStyle(root).colorScheme === "dark" || (!root.dataset.theme && system.matches);
    root.dataset.theme = isDark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    announce();
  });

  // A menu closes when one looks elsewhere, or on Escape.
  const closeMenus = (except) =>
    document.querySelectorAll("details.menu[open]").forEach((menu) => menu !== except && menu.removeAttribute("open"));
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (menu) menu.querySelector("summary").focus();
    closeMenus(null);
  });
})();
