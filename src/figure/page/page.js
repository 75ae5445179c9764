"use strict";
// Tables: a click on a heading sorts by it, another turns the order around.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => key(a).localeCompare(key(b), "en", { numeric: true }) * (descending ? -1 : 1));
      table.tBodies[0].append(...rows);
    });
  });
}
const number = (value) => value === null ? "no value" : String(value).replace("-", "−");
const degrees = (value, plus, minus) => Math.abs(value) + "°" + (value > 0 ? plus : value < 0 ? minus : "");
// Figures: the value under the pointer, or of the place that arrow keys go to.
for (const figure of document.querySelectorAll("figure[data-for]")) {
  const data = JSON.parse(document.getElementById(figure.dataset.for).textContent);
  const picture = figure.querySelector("img, svg");
  const output = figure.querySelector("output");
  const [left, top, right, bottom] = data.frame;
  const isMap = data.kind !== "series";
  const inDegrees = data.kind === "map";
  let at = isMap ? [Math.floor(data.lat.length / 2), Math.floor(data.lon.length / 2)] : [Math.floor(data.values.length / 2)];
  const show = () => {
    if (isMap) {
      const [row, column] = at;
      const place = inDegrees ? degrees(data.lat[row], "N", "S") + " " + degrees(data.lon[column], "E", "W")
        : "x " + data.lon[column] / 1000 + " km, y " + data.lat[row] / 1000 + " km";
      output.textContent = place + ": "
        + number(data.values[row * data.lon.length + column]) + (data.values[row * data.lon.length + column] === null ? "" : " " + data.units);
    } else {
      output.textContent = data.dates[at[0]] + ": " + number(data.values[at[0]]) + (data.values[at[0]] === null ? "" : " " + data.units);
    }
  };
  const nearest = (places, wanted, most) => {
    let best = -1, distance = most;
    places.forEach((place, index) => {
      const apart = Math.abs(place - wanted);
      if (apart <= distance) { best = index; distance = apart; }
    });
    return best;
  };
  picture.addEventListener("pointermove", (event) => {
    const box = picture.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width * data.width - left) / (right - left);
    const y = ((event.clientY - box.top) / box.height * data.height - top) / (bottom - top);
    if (x < 0 || x > 1 || y < 0 || y > 1) { output.textContent = ""; return; }
    if (isMap) {
      const [west, north, east, south] = data.extent;
      const row = nearest(data.lat, north + y * (south - north), data.half[0]);
      const column = nearest(data.lon, west + x * (east - west), data.half[1]);
      if (row < 0 || column < 0) { output.textContent = ""; return; }
      at = [row, column];
    } else {
      const day = data.x[0] + x * (data.x[1] - data.x[0]);
      at = [nearest(data.days, day, Infinity)];
    }
    show();
  });
  picture.addEventListener("pointerleave", () => { output.textContent = ""; });
  figure.tabIndex = 0;
  figure.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || (!isMap && step[0])) return;
    event.preventDefault();
    const clamp = (value, length) => Math.max(0, Math.min(length - 1, value));
    at = isMap ? [clamp(at[0] + step[0], data.lat.length), clamp(at[1] + step[1], data.lon.length)]
      : [clamp(at[0] + step[1], data.values.length)];
    show();
  });
}
