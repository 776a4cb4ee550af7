// What is being looked at: the stretch of time, the filter, the worker that is chosen. Parts of the
// page listen and redraw, once per frame however much changed.

class View {
  constructor(data) {
    this.data = data;
    this.from = 0;
    this.to = data.span;
    this.chosen = -1; // a lane
    this.listeners = [];
    this.waiting = false;
  }
  listen(redraw) {
    this.listeners.push(redraw);
  }
  changed() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => this.redraw());
  }
  redraw() {
    this.waiting = false;
    for (const redraw of this.listeners) redraw();
  }
  // At most the whole window, at least a millisecond.
  zoom(from, to) {
    const width = Math.min(Math.max(to - from, 1000), this.data.span);
    this.from = Math.min(Math.max(from, 0), this.data.span - width);
    this.to = this.from + width;
    this.changed();
  }
  zoomBy(factor, around = (this.from + this.to) / 2) {
    this.zoom(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }
  move(share) {
    const by = (this.to - this.from) * share;
    this.zoom(this.from + by, this.to + by);
  }
  all() {
    this.zoom(0, this.data.span);
  }
  choose(lane) {
    this.chosen = lane;
    this.changed();
  }
  // Whether an offset is in sight; if not, the view moves so that it is.
  reveal(at) {
    if (at >= this.from && at <= this.to) return;
    const half = (this.to - this.from) / 2;
    this.zoom(at - half, at + half);
  }
}
