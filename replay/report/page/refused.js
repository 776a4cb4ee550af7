// How many operations were refused, moment by moment: the first place to look for a race.

class Refused {
  constructor(data, view, filter) {
    Object.assign(this, { data, view, filter, node: byId('refused') });
    this.canvas = this.node.appendChild(el('canvas'));
    zoomable(this.node, view);
    crosshair.add(this.node, view);
    this.node.addEventListener('pointermove', (event) => this.hover(event));
    view.listen(() => this.draw());
  }
  count(scale) {
    const { data, view } = this;
    this.bar = 5;
    const bars = new Float64Array(Math.ceil(scale.plot / this.bar));
    let total = 0;
    for (let i = data.firstEvent(view.from); i < data.events.size && data.events.at[i] <= view.to; ++i) {
      if (!data.events.refused[i] || !this.filter.event(i)) continue;
      const bar = Math.floor((scale.x(data.events.at[i]) - margin.left) / this.bar);
      bars[Math.min(bar, bars.length - 1)] += data.events.count[i];
      total += data.events.count[i];
    }
    return { bars, total };
  }
  draw() {
    const height = 64;
    const width = this.node.clientWidth;
    const pen = fitCanvas(this.canvas, width, height);
    const scale = new Scale(this.view, width);
    const { bars, total } = this.count(scale);
    this.bars = bars;
    byId('refused-note').textContent = total === 0 ? 'none in sight' : `${count(total)} in sight`;
    drawGrid(pen, this.data, this.view, scale, height);
    const most = bars.reduce((a, b) => Math.max(a, b), 0);
    pen.fillStyle = palette.refused;
    bars.forEach((value, k) => {
      if (value === 0) return;
      const tall = Math.max(2, (value / most) * (height - 10));
      pen.fillRect(margin.left + k * this.bar, height - 1 - tall, this.bar - 1, tall);
    });
    pen.fillStyle = palette.line;
    pen.fillRect(margin.left, height - 1, scale.plot, 1);
    if (most === 0) return;
    pen.fillStyle = palette.quiet;
    pen.font = `11px ${palette.font}`;
    pen.textAlign = 'right';
    pen.fillText(count(most), margin.left - 6, 18);
    pen.fillText('0', margin.left - 6, height - 3);
  }
  hover(event) {
    const x = event.clientX - this.node.getBoundingClientRect().left;
    const bar = Math.floor((x - margin.left) / this.bar);
    if (!(this.bars?.[bar] > 0)) return tip.hide();
    const scale = new Scale(this.view, this.node.clientWidth);
    const from = scale.at(margin.left + bar * this.bar);
    const width = scale.at(margin.left + (bar + 1) * this.bar) - from;
    return tip.show(event, [el('strong', {}, `${count(this.bars[bar])} refused`),
      el('div', {}, `within ${span(width)} from ${this.data.clock.time(from, 1)}`)]);
  }
}
