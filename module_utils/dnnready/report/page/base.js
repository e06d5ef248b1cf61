/* Elements and figures, for all other parts; render.py puts the parts into one function.
   Everything here is text from hosts: it goes into the page as text nodes and attributes of fixed names, never as markup. */
const PAGE = 50;
const RANK = ["broken", "fallback", "failed", "unreachable", "unproven", "accelerated"];
const WORD = { failed: "not readable" };
const data = JSON.parse(document.getElementById("data").textContent);
const shared = data.shared;
const made = Date.parse(data.created);
const get = (id) => document.getElementById(id);

function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key === "class") made.className = value;
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

function verdict(name) {
  const space = "http://www.w3.org/2000/svg";
  const icon = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  icon.setAttribute("class", "icon");
  icon.setAttribute("aria-hidden", "true");
  use.setAttribute("href", "#i-" + name);
  icon.append(use);
  return element("span", { class: "verdict " + name }, icon, WORD[name] || name);
}

const figure = (value) =>
  value === null || value === undefined ? "" : value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
const percent = (value) => (value === null ? "" : Math.round(100 * value) + " %");
const moment = (text) => (text ? text.slice(0, 10) + " " + text.slice(11, 16) + " UTC" : "");
function age(milliseconds) {
  if (milliseconds === null) return "";
  const minutes = Math.max(0, milliseconds) / 60000;
  if (minutes < 120) return Math.round(minutes) + " min";
  return minutes < 2880 ? Math.round(minutes / 60) + " h" : Math.round(minutes / 1440) + " d";
}
const link = (name) => element("a", { href: "#" + new URLSearchParams({ host: name }) }, name);
