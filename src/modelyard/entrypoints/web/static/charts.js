// Draws tables of numbers as charts; the tables stay for those who read them.
"use strict";

const NAMES = { bytes: sized, cores: (value) => value.toFixed(value < 0.1 ? 3 : 2), "": (value) => value.toLocaleString("en") };

const FEW = 6; // points that a line would hardly show

// Colours are looked up where they are shown, as only the page knows which of light and dark holds.
function ink(element, name) {
  const probe = document.createElement("i");
  probe.className = `ink-${name}`;
  element.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function read(plot) {
  const table = document.getElementById(plot.dataset.plot);
  const columns = plot.dataset.columns.split(",").map(Number);
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.dataset.name ?? cell.textContent);
  const rows = [...table.tBodies[0].rows];
  const times = rows.map(({ cells: [first] }) =>
    first.dataset.at ? Number(first.dataset.at) : Date.parse(`${first.dataset.day}T00:00:00Z`) / 1000);
  const lines = columns.map((column) => rows.map((row) => Number(row.cells[column].dataset.value)));
  return { names: columns.map((column) => heads[column]), isDaily: rows.length > 0 && "day" in rows[0].cells[0].dataset, data: [times, ...lines] };
}

// Days as 11-26; within a day hours and minutes, with the day where it begins.
function marked(_, times, __, ___, step) {
  let before = "";
  return times.map((time) => {
    const [day, hour] = new Date(time * 1000).toISOString().slice(5).split("T");
    if (step >= 86400) return day;
    const text = hour.slice(0, step < 60 ? 8 : 5) + (day === before ? "" : `\n${day}`);
    before = day;
    return text;
  });
}

// A number with room above the most, whose quarters are short to write.
function roof(most) {
  const whole = 10 ** Math.floor(Math.log10(most));
  return most > 0 ? whole * [2, 4, 6, 8, 10, 20].find((times) => times * whole >= most * 1.05) : 1;
}

// What the page says that the chart is about; half a day around bars, which stand for days.
function span(plot, isBars) {
  const { start, stop } = plot.dataset;
  if (start) return () => [Number(start), Number(stop)];
  return isBars ? (_, from, to) => [from - 43200, to + 43200] : undefined;
}

function draw(plot) {
  const { names, isDaily, data } = read(plot);
  const say = NAMES[plot.dataset.unit];
  const isSmall = plot.dataset.look === "bars";
  const isBars = plot.dataset.look.includes("bars");
  const tip = plot.nextElementSibling?.matches(".chart-tip") ? plot.nextElementSibling : document.createElement("p");
  tip.className = "chart-tip";
  tip.ariaHidden = "true";
  plot.after(tip);
  const axis = { stroke: ink(plot, "text"), grid: { stroke: ink(plot, "line"), width: 1 }, ticks: { show: false }, font: "11px Inter, sans-serif" };
  const chart = new uPlot({
    width: plot.clientWidth,
    height: plot.clientHeight,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: isSmall ? [2, 0, 0, 0] : [8, 8, 0, 0],
    scales: { x: { range: span(plot, isBars) }, y: { range: (_, __, most) => [0, isSmall ? most * 1.08 || 1 : roof(most)] } },
    axes: isSmall ? [{ show: false }, { show: false }] : [
      { ...axis, grid: { show: false }, space: 70, values: marked },
      { ...axis, size: 58, splits: (_, __, ___, top) => [0, 1, 2, 3, 4].map((place) => (top * place) / 4), values: (_, all) => all.map((value) => (plot.dataset.unit === "cores" ? `${+value.toPrecision(2)}` : say(value))) },
    ],
    series: [{}, ...names.map((name, place) => ({
      label: name,
      stroke: ink(plot, place),
      fill: isBars ? ink(plot, place) : undefined,
      width: isBars ? 0 : 1.5,
      points: { show: !isBars && data[0].length <= FEW, size: 7, fill: ink(plot, place) },
      paths: isBars ? uPlot.paths.bars({ size: [0.7, 28], radius: 0.15 }) : undefined,
      dash: place === 2 ? [4, 4] : undefined,
    }))],
    hooks: { setCursor: [({ cursor }) => tell(tip, names, data, cursor.idx, isDaily, say, isSmall)] },
  }, data, plot);
  tell(tip, names, data, null, isDaily, say, isSmall);
  return chart;
}

function tell(tip, names, data, place, isDaily, say, isSmall) {
  const at = place ?? data[0].length - 1;
  if (place === null && isSmall) return tip.replaceChildren();
  const moment = new Date(data[0][at] * 1000).toISOString();
  const parts = names.flatMap((name, number) => {
    const mark = document.createElement("i");
    mark.className = `ink ink-${number}`;
    return [mark, `${name} ${say(data[number + 1][at])}`];
  });
  tip.replaceChildren(isDaily ? moment.slice(0, 10) : `${moment.slice(5, 16).replace("T", " ")} UTC`, " ", ...(isSmall ? [say(data[1][at])] : parts));
}

const charts = new Map();

function drawAll() {
  for (const plot of document.querySelectorAll("[data-plot]")) {
    charts.get(plot)?.destroy();
    charts.set(plot, draw(plot));
    sizes.observe(plot);
  }
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) charts.get(target)?.setSize({ width: target.clientWidth, height: target.clientHeight });
});

drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
