/* --- where the page is ------------------------------------------------------------------- */

let came_from = null;
let height = 0;
function leave() {
  if (came_from !== null) history.back();
  else location.hash = "";
}
function route() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const host = byName.get(parts.get("host"));
  const opened = !get("host").hidden;
  if (host) {
    if (!opened) {
      height = scrollY;
      came_from = document.activeElement && document.activeElement.closest("#overview a") ? document.activeElement : null;
    }
    get("host").replaceChildren(...section(host));
    get("host").hidden = false;
    get("overview").hidden = true;
    document.title = host.name + " · Fleet";
    scrollTo({ top: 0, behavior: "instant" });
    get("host").focus({ preventScroll: true });
    return;
  }
  get("overview").hidden = false;
  if (opened) {
    get("host").hidden = true;
    get("host").replaceChildren();
    document.title = title;
    scrollTo({ top: height, behavior: "instant" });
    if (came_from && came_from.isConnected) came_from.focus({ preventScroll: true });
    came_from = null;
    return;
  }
  if (location.hash === "#lines") return;
  for (const id of ["query", ...FILTERS]) get(id).value = parts.get(id) || "";
  state.first = 0;
  choose();
}
const title = document.title;
addEventListener("hashchange", route);

/* --- colours ----------------------------------------------------------------------------- */

const root = document.documentElement;
function theme(value) {
  if (value) root.dataset.theme = value;
  else delete root.dataset.theme;
}
/* A page opened from a file may have no storage. */
try { get("theme").value = localStorage.getItem("dnnready-theme") || ""; } catch { /* as the system */ }
theme(get("theme").value);
get("theme").addEventListener("change", () => {
  theme(get("theme").value);
  try { localStorage.setItem("dnnready-theme", get("theme").value); } catch { /* for this time only */ }
});

root.classList.add("script");
choose();
route();
