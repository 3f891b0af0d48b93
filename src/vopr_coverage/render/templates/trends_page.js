// Draws the history that the page carries. All foreign text goes into the page as text, never as markup.
const DAY = 86_400_000;
const SPANS = [["30 nights", 30], ["90 nights", 90], ["1 year", 365], ["All", Infinity]];
const NAMES_SHOWN = 500;
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");
const state = { workflow: 0, from: 0, to: 0, night: 0, views: [], drawing: 0 };

function element(tag, text, properties = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  return Object.assign(made, properties);
}

function digits(value) {
  return value === null || value === undefined ? "not measured"
    : value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) < 10 ? 3 : 1 });
}

const chosen = () => data.workflows[state.workflow];
const day = (moment) => new Date(moment).toISOString().slice(0, 10);

function ago(moment) {
  const days = Math.floor((Date.now() - Date.parse(moment)) / DAY);
  return days < 1 ? "less than a day ago" : days === 1 ? "1 day ago" : `${days} days ago`;
}

function tellVerdict() {
  const nights = chosen()?.nights ?? [];
  if (!nights.length) return;
  const newest = nights[nights.length - 1];
  const old = Date.now() - Date.parse(newest.at) > 2 * DAY;
  const line = `The newest night, ${name(newest)}, ${newest.status === "passed" ? "passed" : `was ${newest.status}`}, ${ago(newest.at)}.`;
  at("verdict").textContent = old ? `Warning: no night for ${ago(newest.at).replace(" ago", "")}. ${line}` : line;
  at("verdict").className = `verdict${newest.status === "passed" ? "" : " bad"}${old ? " old" : ""}`;
}

function name(night) {
  return `${night.run ? `run ${night.number}` : "a run"} on ${night.at.slice(0, 10)}`;
}

function tellChanged() {
  const list = at("changed");
  list.replaceChildren(...chosen().changed.map((one) => {
    const where = one.scenario ? ` (${one.scenario})` : "";
    const moved = one.remark || `${digits(one.now)}, the median of the nights before is ${digits(one.median)}`;
    return element("li", `${one.figure}${where}: ${moved}`, { className: one.remark ? "amber" : "" });
  }));
  if (!list.children.length) list.append(element("li", "Nothing moved by 5 % or more."));
}

// ---- one night

function show(index, announce = true) {
  const { nights, charts } = chosen();
  state.night = Math.max(0, Math.min(index, nights.length - 1));
  const night = nights[state.night];
  at("night").value = state.night;
  at("night").setAttribute("aria-valuetext", name(night));
  const head = element("p", "");
  head.append(night.url ? element("a", name(night), { href: night.url }) : element("span", name(night)), ": ");
  head.append(element("b", night.status, { className: night.status === "passed" ? "" : "red" }));
  if (night.commit) {
    head.append(", commit ", night.commitUrl
      ? element("a", night.commit.slice(0, 10), { href: night.commitUrl }) : element("code", night.commit.slice(0, 10)));
  }
  const values = charts.map((chart) => {
    const of = chart.series.map((series) => `${series.scenario ? `${series.scenario} ` : ""}${digits(series.values[state.night])}`);
    return element("li", `${chart.figure}: ${of.join(", ")}`);
  });
  const remarks = element("ul", "");
  remarks.append(...night.remarks.map((remark) => element("li", remark, { className: "amber" })));
  const list = element("ul", "");
  list.append(...values);
  at("told").replaceChildren(head, remarks);
  at("values").replaceChildren(list);
  if (announce) mark();
}

function mark() {
  const night = chosen().nights[state.night];
  for (const view of state.views) {
    view.data("night", [{ t: Date.parse(night.at) }]).runAsync();
  }
}

function nearest(moment) {
  const { nights } = chosen();
  let best = 0;
  for (let i = 1; i < nights.length; i++) {
    if (Math.abs(Date.parse(nights[i].at) - moment) < Math.abs(Date.parse(nights[best].at) - moment)) best = i;
  }
  return best;
}

// ---- charts

function zoom(from, to) {
  state.from = from;
  state.to = Math.max(to, from + DAY / 2);
  at("from").value = day(state.from);
  at("to").value = day(state.to);
  for (const view of state.views) view.signal("from", state.from).signal("to", state.to).runAsync();
}

function span(nights) {
  const all = chosen().nights;
  const last = Date.parse(all[all.length - 1].at);
  const first = Date.parse(all[Math.max(0, all.length - Math.min(nights, all.length))].at);
  zoom(first - DAY / 4, last + DAY / 4);
  for (const button of at("spans").children) button.setAttribute("aria-pressed", String(button.nights === nights));
}

function rows(chart) {
  const { nights } = chosen();
  return chart.series.flatMap((series) => series.values.map((value, i) => (
    { t: Date.parse(nights[i].at), scenario: series.scenario, value })));
}

async function draw() {
  const drawing = ++state.drawing;
  const { nights, gaps, charts } = chosen();
  const marks = nights.filter((night) => night.status !== "passed" || night.remarks.length)
    .map((night) => ({ t: Date.parse(night.at), mark: night.status === "passed" ? "remark" : "red night" }));
  const spans = gaps.map(([t, until]) => ({ t: Date.parse(t), until: Date.parse(until) }));
  for (const view of state.views.splice(0)) view.finalize();
  const places = charts.map(() => element("div", ""));
  at("charts").replaceChildren(...charts.map((chart, index) => { // all at once: each is as wide as its column
    const box = element("div", "", { className: "chart" });
    box.append(element("h3", chart.figure), places[index]);
    return box;
  }));
  for (const [index, chart] of charts.entries()) {
    const place = places[index];
    const spec = structuredClone(dark.matches ? chart.dark : chart.light);
    spec.datasets = { rows: rows(chart), marks, gaps: spans, night: [{ t: Date.parse(nights[state.night].at) }] };
    spec.layer = spec.layer.filter((layer) => spec.datasets[layer.data.name].length); // Vega warns of empty data
    spec.params = [{ name: "from", value: state.from }, { name: "to", value: state.to }];
    const { view } = await vegaEmbed(place, spec, { actions: false, renderer: "canvas", tooltip: false });
    if (drawing !== state.drawing) return view.finalize();
    state.views.push(view);
    follow(view, place, index);
  }
  document.documentElement.dataset.drawn = String(drawing);
}

function follow(view, place, index) {
  const canvas = place.querySelector("canvas");
  const moment = (event) => {
    const x = event.clientX - canvas.getBoundingClientRect().left - view.origin()[0];
    return nearest(Number(view.scale("x").invert(x)));
  };
  canvas.addEventListener("pointermove", (event) => {
    const found = moment(event);
    tip(event, found, index);
    if (found !== state.night) show(found);
  });
  canvas.addEventListener("pointerleave", () => { at("tip").hidden = true; });
  canvas.addEventListener("click", (event) => {
    const night = chosen().nights[moment(event)];
    const url = night.url || night.commitUrl;
    if (url) window.open(url, "_blank", "noopener");
  });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // plain wheel scrolls the page
    event.preventDefault();
    const here = Number(view.scale("x").invert(event.clientX - canvas.getBoundingClientRect().left - view.origin()[0]));
    const by = event.deltaY < 0 ? 0.8 : 1.25;
    zoom(here - (here - state.from) * by, here + (state.to - here) * by);
  }, { passive: false });
}

function tip(event, index, chart) {
  const night = chosen().nights[index];
  const lines = chosen().charts[chart].series.map((series) => `${series.scenario || "all"}: ${digits(series.values[index])}`);
  const commit = night.commit ? `, commit ${night.commit.slice(0, 10)}` : "";
  const box = at("tip");
  box.textContent = [`${name(night)}: ${night.status}${commit}`, ...lines, ...night.remarks].join("\n");
  box.hidden = false;
  const left = Math.min(event.clientX + 12, innerWidth - box.offsetWidth - 8);
  box.style.left = `${Math.max(4, left)}px`;
  box.style.top = `${Math.min(event.clientY + 12, innerHeight - box.offsetHeight - 8)}px`;
}

// ---- names

function tellNames() {
  const wanted = at("search").value.trim().toLowerCase();
  const mine = data.names.filter((one) => one.workflow === chosen().workflow);
  const found = mine.filter((one) => `${one.name} ${one.scenario}`.toLowerCase().includes(wanted));
  at("names").replaceChildren(...found.slice(0, NAMES_SHOWN).map((one) => {
    const row = element("tr", "", { className: one.nights ? "" : "red" });
    const cells = [["", one.name], ["", one.kind], ["", one.scenario], ["first", one.first ?? "never"],
      ["last", one.last ?? "never"], ["on", `${one.nights} of ${one.of} nights`]];
    row.setAttribute("role", "row"); // a narrow screen shows it as a block, which is no row by itself
    row.append(...cells.map(([label, text]) => {
      const cell = element("td", text);
      cell.setAttribute("role", "cell");
      if (label) cell.dataset.label = label;
      return cell;
    }));
    row.lastChild.className = "number";
    return row;
  }));
  const cut = found.length > NAMES_SHOWN ? `, the first ${NAMES_SHOWN} are shown` : "";
  at("found").textContent = mine.length ? `${found.length} of ${mine.length} names${cut}` : "The records of these nights have no names.";
}

// ---- the page

function open(workflow) {
  state.workflow = workflow;
  const { nights } = chosen();
  at("night").max = nights.length - 1;
  state.night = nights.length - 1;
  tellVerdict();
  tellChanged();
  tellNames();
  span(nights.length > 90 ? 90 : Infinity);
  show(state.night, false);
  return draw();
}

function dates() {
  const from = Date.parse(at("from").value), to = Date.parse(at("to").value) + DAY;
  if (from < to) {
    zoom(from, to);
    for (const button of at("spans").children) button.setAttribute("aria-pressed", "false");
  }
}

if (data.workflows.length) {
  data.workflows.forEach((one, index) => at("workflow").append(element("option", one.workflow || "(no name)", { value: index })));
  at("workflow-label").hidden = data.workflows.length < 2;
  at("workflow").addEventListener("change", () => open(Number(at("workflow").value)));
  for (const [label, nights] of SPANS) {
    const button = element("button", label, { type: "button", nights });
    button.addEventListener("click", () => span(nights));
    at("spans").append(button);
  }
  at("night").addEventListener("input", () => show(Number(at("night").value)));
  at("earlier").addEventListener("click", () => show(state.night - 1));
  at("later").addEventListener("click", () => show(state.night + 1));
  at("search").addEventListener("input", tellNames);
  at("from").addEventListener("change", dates);
  at("to").addEventListener("change", dates);
  dark.addEventListener("change", () => draw());
  window.trends = state; // for those who look at the page with a browser's console, and for the tests
  open(0);
}
