// One row a worker, coloured by state, with refused attempts as marks; and one a control plane.

const laneOrders = {
  worker: 'by worker', refused: 'most refused first', changes: 'most events first', recent: 'last event first',
};
const laneRows = { fit: 'all in sight', small: 'small', tall: 'tall' };

class Lanes {
  constructor(data, view, filter, open) {
    Object.assign(this, { data, view, filter, open, node: byId('lanes'), order: 'worker' });
    this.rows = data.lanes.size <= 40 ? 'tall' : 'fit';
    this.canvas = el('canvas');
    this.spacer = el('div', { class: 'spacer' });
    this.scroller = this.node.appendChild(el('div', { class: 'scroller' }, this.canvas, this.spacer));
    this.scroller.addEventListener('scroll', () => this.paint());
    this.controls();
    zoomable(this.node, view, (event) => this.click(event));
    crosshair.add(this.node, view);
    this.node.addEventListener('pointermove', (event) => this.hover(event));
    this.node.addEventListener('keydown', (event) => this.key(event));
    view.listen(() => this.draw());
  }
  controls() {
    const fill = (id, options, what) => {
      const select = byId(id);
      replace(select, Object.entries(options).map(([value, text]) => el('option', { value }, text)));
      select.value = this[what];
      select.addEventListener('change', () => { this[what] = select.value; this.view.changed(); });
    };
    fill('order', laneOrders, 'order');
    fill('rows', laneRows, 'rows');
  }
  // The lanes that are shown, in their order.
  arrange() {
    const { data } = this;
    const list = [];
    for (let lane = 0; lane < data.lanes.size; ++lane) if (this.filter.passes[lane]) list.push(lane);
    const events = (lane) => data.ofLane.start[lane + 1] - data.ofLane.start[lane];
    const rank = {
      refused: (lane) => data.refusedOfLane[lane],
      changes: events,
      recent: (lane) => (events(lane) ? data.ofLane.list[data.ofLane.start[lane + 1] - 1] : -1),
    }[this.order];
    if (rank) list.sort((a, b) => rank(b) - rank(a) || a - b);
    this.list = list;
  }
  measure() {
    const room = Math.max(260, Math.min(560, window.innerHeight * 0.62));
    const fit = room / Math.max(1, this.list.length);
    this.height = { fit: Math.min(18, fit), small: 6, tall: 18 }[this.rows];
    const content = Math.ceil(this.height * this.list.length);
    this.viewHeight = Math.max(24, Math.min(content, this.rows === 'tall' ? Math.max(room, 18 * 20) : room));
    this.node.style.height = `${this.viewHeight}px`;
    this.spacer.style.height = `${Math.max(0, content - this.viewHeight)}px`;
  }
  draw() {
    this.arrange();
    this.measure();
    this.paint();
    const refused = this.list.reduce((sum, lane) => sum + this.data.refusedOfLane[lane], 0);
    byId('lanes-note').textContent =
      `${count(this.list.length)} shown, ${plural(refused, 'refused attempt', 'refused attempts')} on them`;
  }
  paint() {
    const { data, view, list, height } = this;
    const width = this.node.clientWidth;
    const pen = fitCanvas(this.canvas, width, this.viewHeight);
    const scale = new Scale(view, width);
    const top = this.scroller.scrollTop;
    const first = Math.floor(top / height);
    const last = Math.min(list.length, Math.ceil((top + this.viewHeight) / height));
    const shape = rowShape(height);
    const bars = new Bars(palette.states);
    const y = (row) => row * height - top;
    drawGrid(pen, data, view, scale, this.viewHeight);
    for (let row = first; row < last; ++row)
      addStretches(bars, data.lanes, list[row], view, scale, y(row), shape, (s) => s >= stateRetired);
    bars.paint(pen);
    pen.fillStyle = palette.card;
    if (shape.tall)
      for (let row = first; row < last; ++row)
        drawHandovers(pen, data.lanes, list[row], view, scale, y(row), shape);
    this.marks(pen, scale, first, last, y);
    const chosen = list.indexOf(view.chosen);
    this.outline(pen, chosen, y, scale);
    drawLabels(pen, { first, rows: last - first, shift: top - first * height }, height,
      (row) => String(data.lanes.id[list[row]]), chosen);
  }
  marks(pen, scale, first, last, y) {
    const { data, view, list, height } = this;
    pen.beginPath();
    for (let row = first; row < last; ++row)
      drawMarks(pen, this.refusedIn(list[row], view.from, view.to), data.events, scale, y(row), height);
    pen.lineWidth = height >= 12 ? 2.5 : 0.8;
    pen.lineJoin = 'round';
    pen.strokeStyle = palette.halo;
    if (height >= 2) pen.stroke();
    pen.fillStyle = palette.refused;
    pen.fill();
  }
  refusedIn(lane, from, to) {
    const { events, ofLane } = this.data;
    const out = [];
    for (let k = ofLane.start[lane]; k < ofLane.start[lane + 1]; ++k) {
      const i = ofLane.list[k];
      if (events.refused[i] && events.at[i] >= from && events.at[i] <= to && this.filter.event(i)) out.push(i);
    }
    return out;
  }
  outline(pen, row, y, scale) {
    if (row < 0) return;
    const tall = Math.max(this.height, 4);
    pen.strokeStyle = palette.ink;
    pen.lineWidth = 1.5;
    pen.strokeRect(margin.left - 2, y(row) - (tall - this.height) / 2, scale.plot + 3, tall);
  }
  // The lane under the pointer, and when.
  under(event) {
    const box = this.scroller.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top + this.scroller.scrollTop) / this.height);
    const x = event.clientX - box.left;
    return { lane: this.list[row] ?? -1, at: new Scale(this.view, this.node.clientWidth).at(x), x };
  }
  click(event) {
    const { lane, at } = this.under(event);
    if (lane >= 0) this.open.worker(lane, this.nearMark(lane, at));
  }
  // The refused attempt within a few pixels, or -1.
  nearMark(lane, at) {
    const { events } = this.data;
    const reach = 6 / new Scale(this.view, this.node.clientWidth).perMicro;
    let best = -1;
    for (const i of this.refusedIn(lane, at - reach, at + reach))
      if (best < 0 || Math.abs(events.at[i] - at) < Math.abs(events.at[best] - at)) best = i;
    return best;
  }
  hover(event) {
    const { lane, at, x } = this.under(event);
    if (lane < 0 || x < margin.left) return tip.hide();
    const { data } = this;
    const i = data.stretchAt(data.lanes, lane, at);
    const mark = this.nearMark(lane, at);
    const lines = [el('strong', {}, `worker ${data.lanes.id[lane]}`)];
    if (i >= 0) {
      lines.push(el('div', {}, el('span', { class: `swatch state-${data.labels.state[data.lanes.state[i]]}` }),
        data.labels.state[data.lanes.state[i]], data.lanes.by[i] ? ` since ${data.clock.time(data.lanes.at[i], 1)}` : ''));
      lines.push(el('div', {}, 'owner ', name(data.text(data.lanes.owner[i]))));
      if (data.lanes.org[i]) lines.push(el('div', {}, 'org ', name(data.text(data.lanes.org[i]))));
    }
    if (mark >= 0) lines.push(el('div', { class: 'refused-line' }, describeRefusal(data, mark)));
    return tip.show(event, lines);
  }
  key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -20, PageDown: 20 }[event.key];
    if (step) {
      event.preventDefault();
      const row = Math.min(Math.max(this.list.indexOf(this.view.chosen) + step, 0), this.list.length - 1);
      this.view.choose(this.list[row] ?? -1);
      this.intoView(row);
    } else if (event.key === 'Enter' && this.view.chosen >= 0) {
      this.open.worker(this.view.chosen, -1);
    }
  }
  intoView(row) {
    const top = row * this.height;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    const below = top + this.height - this.viewHeight;
    if (below > this.scroller.scrollTop) this.scroller.scrollTop = below;
  }
}

// Control planes: few, so always tall.
class Planes {
  constructor(data, view, open) {
    Object.assign(this, { data, view, open, node: byId('planes'), chosen: -1 });
    this.most = 24;
    this.canvas = this.node.appendChild(el('canvas'));
    zoomable(this.node, view, (event) => {
      const row = this.under(event);
      if (row >= 0) open.plane(data.planes.id[row]);
    });
    crosshair.add(this.node, view);
    this.node.addEventListener('pointermove', (event) => this.hover(event));
    this.node.addEventListener('keydown', (event) => this.key(event));
    const hidden = data.planes.size - this.most;
    const legend = data.planes.size === 0 ? 'none known' : ['active', 'draining', 'expired'];
    replace(byId('planes-note'), typeof legend === 'string' ? legend : legend.map((state) =>
      el('span', { class: 'key' }, el('span', { class: `swatch plane-${state}` }), state)),
    hidden > 0 ? `; ${hidden} more are not drawn` : '');
    view.listen(() => this.draw());
  }
  get size() {
    return Math.min(this.data.planes.size, this.most);
  }
  draw() {
    const { data, view } = this;
    const width = this.node.clientWidth;
    const pen = fitCanvas(this.canvas, width, Math.max(4, this.size * 18));
    const scale = new Scale(view, width);
    const bars = new Bars(palette.planes);
    drawGrid(pen, data, view, scale, this.size * 18);
    for (let row = 0; row < this.size; ++row)
      addStretches(bars, data.planes, row, view, scale, row * 18, rowShape(18), () => false);
    bars.paint(pen);
    pen.font = `11px ${palette.font}`;
    pen.textBaseline = 'middle';
    for (let row = 0; row < this.size; ++row) this.label(pen, row);
  }
  // Names are long, the margin is narrow: they stand in the bar, cut where it ends.
  label(pen, row) {
    const text = printable(this.data.text(this.data.planes.id[row]));
    pen.textAlign = 'right';
    pen.fillStyle = row === this.chosen ? palette.ink : palette.quiet;
    pen.fillText(shorten(pen, text, margin.left - 12), margin.left - 8, row * 18 + 9);
  }
  under(event) {
    const row = Math.floor((event.clientY - this.node.getBoundingClientRect().top) / 18);
    return row < this.size ? row : -1;
  }
  hover(event) {
    const row = this.under(event);
    if (row < 0) return tip.hide();
    const { data } = this;
    const x = event.clientX - this.node.getBoundingClientRect().left;
    const i = data.stretchAt(data.planes, row, new Scale(this.view, this.node.clientWidth).at(x));
    return tip.show(event, [name(data.text(data.planes.id[row])),
      i < 0 ? null : el('div', {}, data.labels.plane[data.planes.state[i]])].filter(Boolean));
  }
  key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) {
      event.preventDefault();
      this.chosen = Math.min(Math.max(this.chosen + step, 0), this.size - 1);
      this.draw();
    } else if (event.key === 'Enter' && this.chosen >= 0) {
      this.open.plane(this.data.planes.id[this.chosen]);
    }
  }
}

// The text with its middle left out, so that it fits: names differ at both ends.
function shorten(pen, text, room) {
  const letters = Array.from(text);
  if (pen.measureText(text).width <= room) return text;
  for (let keep = letters.length - 1; keep > 1; --keep) {
    const cut = letters.slice(0, Math.ceil(keep / 2)).join('') + '…' +
      letters.slice(letters.length - Math.floor(keep / 2)).join('');
    if (pen.measureText(cut).width <= room) return cut;
  }
  return '…';
}
