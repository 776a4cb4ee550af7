// The time axis that all charts share: the same margins, ticks, and ways to zoom.

const margin = { left: 92, right: 14 };
const tickSteps = [
  1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3, 200e3, 500e3, 1e6, 2e6, 5e6, 10e6, 15e6, 30e6, 60e6, 120e6,
  300e6, 600e6, 900e6, 1800e6, 3600e6, 7200e6, 10800e6, 21600e6, 43200e6, 86400e6, 604800e6,
];

// Round times of the clock, about one in 110 pixels.
function ticks(data, from, to, width) {
  const wanted = Math.max(2, Math.floor(width / 110));
  const step = tickSteps.find((s) => (to - from) / s <= wanted) ?? tickSteps.at(-1);
  const midnight = ((data.clock.startMs % 86400000) * 1000 + data.clock.startUs) % 86400e6;
  const out = [];
  for (let at = Math.ceil((from + midnight) / step) * step - midnight; at <= to; at += step) out.push(at);
  const digits = step < 10e3 ? 3 : step < 1e6 ? 2 : 0;
  return { at: out, label: (offset) => data.clock.time(offset + 0.5, digits) };
}

// Between time and pixels of one chart's plot.
class Scale {
  constructor(view, width) {
    this.from = view.from;
    this.plot = Math.max(1, width - margin.left - margin.right);
    this.perMicro = this.plot / (view.to - view.from);
  }
  x(at) {
    return margin.left + (at - this.from) * this.perMicro;
  }
  at(x) {
    return this.from + (x - margin.left) / this.perMicro;
  }
}

// Drag a range to zoom, Ctrl or Shift and wheel, double click for all; a click that does not move
// is the chart's own affair.
function zoomable(node, view, onclick) {
  const band = node.appendChild(el('div', { class: 'band', hidden: true }));
  const scale = () => new Scale(view, node.clientWidth);
  const x = (event) => event.clientX - node.getBoundingClientRect().left;
  let began = null;
  node.addEventListener('pointerdown', (event) => {
    if (event.button === 0 && x(event) >= margin.left) began = { x: x(event), event };
  });
  window.addEventListener('pointermove', (event) => {
    if (!began || Math.abs(x(event) - began.x) < 5) return;
    const edge = (value) => Math.min(Math.max(value, margin.left), node.clientWidth - margin.right);
    const [low, high] = [edge(Math.min(began.x, x(event))), edge(Math.max(began.x, x(event)))];
    band.hidden = false;
    band.style.left = `${low}px`;
    band.style.width = `${high - low}px`;
    began.range = [scale().at(low), scale().at(high)];
  });
  window.addEventListener('pointerup', (event) => {
    if (!began) return;
    const { range, event: down } = began;
    began = null;
    band.hidden = true;
    if (range) view.zoom(...range);
    else if (onclick && event.target instanceof Node && node.contains(event.target)) onclick(down);
  });
  node.addEventListener('dblclick', () => view.all());
  node.addEventListener('wheel', (event) => {
    if (!event.ctrlKey && !event.shiftKey && !event.metaKey) return;
    event.preventDefault();
    const turn = event.deltaY || event.deltaX;
    view.zoomBy(turn > 0 ? 1.25 : 0.8, scale().at(x(event)));
  }, { passive: false });
}

// A thin line at the same moment in every chart.
const crosshair = {
  lines: [],
  add(node, view) {
    const line = node.appendChild(el('div', { class: 'crosshair', hidden: true }));
    this.lines.push({ line, node });
    node.addEventListener('pointermove', (event) => {
      const x = event.clientX - node.getBoundingClientRect().left;
      const inside = x >= margin.left && x <= node.clientWidth - margin.right;
      this.show(inside ? x : null);
      view.pointer?.(inside ? new Scale(view, node.clientWidth).at(x) : null);
    });
    node.addEventListener('pointerleave', () => { this.show(null); view.pointer?.(null); tip.hide(); });
  },
  show(x) {
    for (const { line } of this.lines) {
      line.hidden = x === null;
      if (x !== null) line.style.left = `${x}px`;
    }
  },
};

// Grid lines of a canvas at the shared ticks.
function drawGrid(pen, data, view, scale, height) {
  pen.strokeStyle = palette.line;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const at of ticks(data, view.from, view.to, scale.plot).at) {
    const x = Math.round(scale.x(at)) + 0.5;
    pen.moveTo(x, 0);
    pen.lineTo(x, height);
  }
  pen.stroke();
}
