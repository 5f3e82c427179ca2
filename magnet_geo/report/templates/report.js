"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const stage = byId("stage"), pan = stage.querySelector(".pan"), over = stage.querySelector(".over");
  const swipe = byId("swipe"), classes = byId("classes"), certainty = byId("certainty");
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
  const view = { zoom: 1, x: 0, y: 0, split: 0.5 };

  /* The view: everything is drawn from these four numbers. */
  function draw() {
    const width = stage.clientWidth, height = stage.clientHeight;
    view.x = clamp(view.x, width * (1 - view.zoom), 0);
    view.y = clamp(view.y, height * (1 - view.zoom), 0);
    pan.style.transform = view.zoom === 1 ? "" : `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
    stage.classList.toggle("enlarged", view.zoom > 1);
    if (swipe) {
      const clip = (view.split * width - view.x) / view.zoom / width;
      over.style.setProperty("--clip", `${100 * clamp(clip, 0, 1)}%`);
      swipe.style.left = `${100 * view.split}%`;
      const percent = Math.round(100 * view.split);
      swipe.setAttribute("aria-valuenow", percent);
      swipe.setAttribute("aria-valuetext", `scene on ${percent} % of the picture`);
    }
    drawScale();
  }

  function drawScale() {
    const across = Number(stage.dataset.across) / view.zoom;
    if (!across) return;
    const power = 10 ** Math.floor(Math.log10(across / 4));
    const length = [5, 2, 1].map((step) => step * power).find((step) => step <= across / 4);
    const bar = stage.querySelector(".scale");
    bar.style.setProperty("--share", length / across);
    const shown = length >= 1000 ? [length / 1000, "km"] : [length, "m"];
    byId("scale").textContent = `${Number(shown[0].toPrecision(2))} ${shown[1]}`;
  }

  function zoomBy(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
    const zoom = clamp(view.zoom * factor, 1, 16), change = zoom / view.zoom;
    view.x = x - (x - view.x) * change;
    view.y = y - (y - view.y) * change;
    view.zoom = zoom;
    draw();
  }

  function splitTo(share) {
    view.split = clamp(share, 0, 1);
    draw();
  }

  const within = (event) => {
    const box = stage.getBoundingClientRect();
    return { x: event.clientX - box.left - stage.clientLeft, y: event.clientY - box.top - stage.clientTop };
  };

  /* Swipe: by pointer and by keys. */
  if (swipe) {
    swipe.addEventListener("pointerdown", (event) => {
      swipe.setPointerCapture(event.pointerId);
      event.stopPropagation();
    });
    swipe.addEventListener("pointermove", (event) => {
      if (swipe.hasPointerCapture(event.pointerId)) splitTo(within(event).x / stage.clientWidth);
    });
    swipe.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 0.1 : 0.02;
      const moves = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -0.1, PageUp: 0.1 };
      const ends = { Home: 0, End: 1 };
      if (event.key in moves) splitTo(view.split + moves[event.key]);
      else if (event.key in ends) splitTo(ends[event.key]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /* Drag and pinch the picture itself. */
  const pointers = new Map();
  stage.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, within(event));
    if (view.zoom > 1 || pointers.size > 1) stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    showPlace(within(event));
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = within(event);
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
      const spread = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      zoomBy(spread(now) / spread(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else if (view.zoom > 1) {
      view.x += now.x - before.x;
      view.y += now.y - before.y;
      draw();
    }
    pointers.set(event.pointerId, now);
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
    stage.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && view.zoom === 1) return;
    event.preventDefault();
    const point = within(event);
    zoomBy(2 ** (-event.deltaY / 400), point.x, point.y);
  }, { passive: false });
  stage.addEventListener("dblclick", (event) => {
    const point = within(event);
    zoomBy(2, point.x, point.y);
  });
  stage.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (event.key === "+" || event.key === "=") zoomBy(1.5);
    else if (event.key === "-") zoomBy(1 / 1.5);
    else if (event.key === "0") zoomBy(0);
    else if (event.key in steps && view.zoom > 1) {
      view.x += steps[event.key][0];
      view.y += steps[event.key][1];
      draw();
    } else return;
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => zoomBy({ in: 1.5, out: 1 / 1.5, reset: 0 }[button.dataset.zoom]));
  }

  /* Classes are shown and hidden by the palette of the picture: chunk tRNS holds an alpha for each value. */
  const png = Uint8Array.from(atob(classes.src.split(",")[1]), (letter) => letter.charCodeAt(0));
  const sizeOf = (start) => new DataView(png.buffer).getUint32(start);
  const nameOf = (start) => String.fromCharCode(...png.subarray(start + 4, start + 8));
  const chunks = [];
  for (let start = 8; start < png.length; start += sizeOf(start) + 12) {
    chunks.push({ name: nameOf(start), bytes: png.subarray(start, start + sizeOf(start) + 12) });
  }
  const opaque = new Uint8Array(256).fill(255);
  const given = chunks.find((one) => one.name === "tRNS");
  if (given) opaque.set(given.bytes.subarray(8, -4));

  function checksum(bytes) {
    let sum = ~0;
    for (const byte of bytes) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum >>> 0;
  }

  function chunk(name, body) {
    const bytes = new Uint8Array(body.length + 12), fields = new DataView(bytes.buffer);
    fields.setUint32(0, body.length);
    bytes.set([...name].map((letter) => letter.charCodeAt(0)), 4);
    bytes.set(body, 8);
    fields.setUint32(body.length + 8, checksum(bytes.subarray(4, -4)));
    return bytes;
  }

  /* The picture with other chunks in place of its own; a palette and its alphas come right before the pixels. */
  function withChunks(others) {
    const parts = [png.subarray(0, 8)];
    let begun = false;
    for (const { name, bytes } of chunks) {
      if (name in others) continue;
      if (name === "IDAT" && !begun) {
        parts.push(...["PLTE", "tRNS"].map((one) => others[one]).filter(Boolean));
        begun = true;
      }
      parts.push(bytes);
    }
    return parts;
  }

  const boxes = [...document.querySelectorAll('[data-legend="classes"] input')];
  let shownUrl = "";
  function showClasses() {
    const alphas = opaque.slice();
    for (const box of boxes) if (!box.checked) alphas[Number(box.value)] = 0;
    const before = shownUrl;
    shownUrl = URL.createObjectURL(new Blob(withChunks({ tRNS: chunk("tRNS", alphas) }), { type: "image/png" }));
    classes.onload = () => { if (before) URL.revokeObjectURL(before); };
    classes.src = shownUrl;
  }
  for (const box of boxes) box.addEventListener("change", showClasses);
  for (const button of document.querySelectorAll("[data-classes]")) {
    button.addEventListener("click", () => {
      for (const box of boxes) box.checked = button.dataset.classes === "all";
      showClasses();
    });
  }

  /* What lies under the pointer: the class, for those who cannot tell its color, and the coordinates. */
  const nameOfValue = new Map(boxes.map((box) => [Number(box.value), box.parentElement.querySelector(".name").textContent]));
  let readable = null;
  async function readValues() {
    const ramp = Uint8Array.from({ length: 768 }, (_, index) => (index % 3 ? 0 : index / 3));
    const blob = new Blob(withChunks({ PLTE: chunk("PLTE", ramp), tRNS: null }), { type: "image/png" });
    const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    /* Some browsers falsify what a page reads back: then nothing is better than a wrong name. */
    const empty = Number(stage.dataset.empty);
    for (let at = 0; at < pixels.data.length; at += 4) {
      if (pixels.data[at] !== empty && !nameOfValue.has(pixels.data[at])) return;
    }
    readable = pixels;
  }

  function showPlace(point) {
    const u = (point.x - view.x) / view.zoom / stage.clientWidth, v = (point.y - view.y) / view.zoom / stage.clientHeight;
    if (u < 0 || v < 0 || u >= 1 || v >= 1) return;
    const said = [];
    if (readable) {
      const at = Math.floor(v * readable.height) * readable.width + Math.floor(u * readable.width);
      said.push(nameOfValue.get(readable.data[4 * at]) ?? "not mapped");
    }
    if (stage.dataset.transform) {
      const [a, b, c, d, e, f] = stage.dataset.transform.split(" ").map(Number);
      const decimals = Number(stage.dataset.decimals);
      said.push(`${(a * u + b * v + c).toFixed(decimals)}, ${(d * u + e * v + f).toFixed(decimals)}`);
    }
    byId("place").textContent = said.join(" \u00b7 ");
  }
  stage.addEventListener("pointerleave", () => { byId("place").textContent = ""; });
  readValues();

  /* Layer, opacity, theme. */
  for (const radio of document.querySelectorAll('input[name="layer"]')) {
    radio.addEventListener("change", () => {
      certainty.hidden = radio.value !== "certainty";
      classes.hidden = radio.value !== "classes";
      byId("ramp").hidden = certainty.hidden;
    });
  }
  byId("opacity").addEventListener("input", (event) => over.style.setProperty("--opacity", event.target.value / 100));

  const root = document.documentElement, theme = byId("theme");
  const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const showTheme = () => {
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", isDark() ? "Light colors" : "Dark colors");
  };
  theme.removeAttribute("aria-pressed");
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    showTheme();
  });

  /* Paper shows the certainty beside its figures; the data are in the page once. */
  if (certainty) {
    byId("ramp").hidden = true;
    const copy = certainty.cloneNode();
    copy.removeAttribute("id");
    copy.hidden = false;
    byId("certainty-print").append(copy);
  }

  root.classList.add("js");
  addEventListener("resize", draw);
  addEventListener("beforeprint", () => zoomBy(0));
  showTheme();
  draw();
})();
