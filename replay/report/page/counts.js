// Workers by state over time, stacked (uPlot), and the legend that says how many at the pointer.

// From the bottom: what serves first, what passes above, what ends on top.
const stackOrder = [5, 6, 2, 1, 3, 4, 7];

class Counts {
  constructor(data, view, filter) {
    Object.assign(this, { data, view, filter, node: byId('counts') });
    this.legend();
    this.theme = null;
    zoomable(this.node, view);
    crosshair.add(this.node, view);
    view.pointer = (at) => this.point(at);
    view.listen(() => this.draw());
  }
  legend() {
    const { labels, lanes } = this.data;
    const chip = (state) => {
      const value = el('span', { class: 'value' });
      const button = el('button', {
        type: 'button', class: 'chip', 'data-state': labels.state[state], 'aria-pressed': 'false',
        title: `Only workers that were ${labels.state[state]} in the time in sight`,
        onclick: () => this.filter.set('state', this.filter.state === state ? -1 : state),
      }, el('span', { class: `swatch state-${labels.state[state]}` }), labels.state[state], value);
      return { state, value, button };
    };
    const ended = [stateRetired, stateLost].filter((state) => lanes.state.includes(state));
    this.chips = [...[...stackOrder].reverse(), ...ended].map(chip);
    this.when = el('span', { class: 'quiet when' });
    replace(byId('legend'), this.chips.map((c) => c.button), this.when);
  }
  // How many workers were in each state at each of `times`, which ascend.
  sample(times) {
    const { lanes } = this.data;
    const steps = times.length;
    const change = this.data.labels.state.map(() => new Int32Array(steps + 1));
    const [first, width] = [times[0], steps > 1 ? times[1] - times[0] : 1];
    const step = (at) => Math.min(Math.max(Math.ceil((at - first) / width - 1e-9), 0), steps);
    for (let lane = 0; lane < lanes.size; ++lane) {
      if (!this.filter.passes[lane]) continue;
      for (let i = lanes.start[lane]; i < lanes.start[lane + 1]; ++i) {
        ++change[lanes.state[i]][step(lanes.at[i])];
        --change[lanes.state[i]][step(lanes.until[i])];
      }
    }
    return change.map((column) => {
      let sum = 0;
      return Array.from(column.subarray(0, steps), (by) => (sum += by));
    });
  }
  draw() {
    const { view, node } = this;
    const width = node.clientWidth;
    const steps = Math.min(1200, Math.max(100, width));
    this.times = Array.from({ length: steps + 1 }, (_, k) => view.from + (view.to - view.from) * k / steps);
    this.values = this.sample(this.times);
    const stacked = [];
    for (const state of stackOrder) {
      const below = stacked.at(-1);
      stacked.push(below ? below.map((v, k) => v + this.values[state][k]) : this.values[state]);
    }
    const columns = [this.times, ...stacked.reverse()];
    if (this.plot && this.theme === palette.ink && this.width === width) {
      this.plot.batch(() => {
        this.plot.setData(columns, false);
        this.plot.setScale('x', { min: view.from, max: view.to });
        this.plot.setScale('y', { min: 0, max: this.top(columns[1]) });
      });
    } else {
      this.build(columns, width);
    }
    this.point(null);
  }
  top(highest) {
    return Math.max(1, highest.reduce((a, b) => Math.max(a, b), 0)) * 1.04;
  }
  // Colours and sizes are the plot's for life, so another theme makes another plot.
  build(columns, width) {
    this.plot?.destroy();
    this.theme = palette.ink;
    this.width = width;
    const { data, view } = this;
    const axis = { stroke: palette.quiet, grid: { stroke: palette.line, width: 1 }, ticks: { show: false },
      font: `11px ${palette.font}` };
    const series = [...stackOrder].reverse().map((state) => ({
      label: data.labels.state[state], fill: palette.states[state], stroke: palette.card, width: 0.5,
      points: { show: false }, paths: uPlot.paths.stepped({ align: 1 }),
    }));
    this.plot = new uPlot({
      width, height: 220, series: [{}, ...series], legend: { show: false },
      cursor: { show: false }, padding: [8, margin.right, 0, 0],
      scales: { x: { time: false, range: () => [view.from, view.to] },
        y: { range: () => [0, this.top(this.plot?.data[1] ?? columns[1])] } },
      axes: [
        { ...axis, size: 26, gap: 6,
          splits: () => ticks(data, view.from, view.to, this.width - margin.left - margin.right).at,
          values: (_, at) => {
            const { label } = ticks(data, view.from, view.to, this.width - margin.left - margin.right);
            return at.map(label);
          } },
        { ...axis, size: margin.left, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5],
          values: (_, at) => at.map((v) => count(v)) },
      ],
    }, columns, this.node);
  }
  // The legend's numbers: at the pointer, or at the right edge of what is in sight.
  point(at) {
    const when = at ?? this.view.to;
    const values = at === null ? this.values.map((v) => v.at(-1))
      : this.sample([when]).map((v) => v[0]);
    for (const { state, value, button } of this.chips) {
      value.textContent = count(values[state]);
      button.setAttribute('aria-pressed', String(this.filter.state === state));
    }
    this.when.textContent = `at ${this.data.clock.time(when, 1)}`;
  }
}
