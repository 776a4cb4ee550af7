// How often each operation ended in each way, by origin: of the workers that are shown, in the time
// that is in sight. Tallied heartbeats count as often as they were made.

class Transitions {
  constructor(data, view, filter) {
    Object.assign(this, { data, view, filter, by: 'operation', down: false });
    view.listen(() => this.draw());
  }
  rows() {
    const { data, view, filter } = this;
    const { events, labels } = data;
    const sums = new Map();
    for (let i = data.firstEvent(view.from); i < events.size && events.at[i] <= view.to; ++i) {
      if (!filter.event(i)) continue;
      const key = (events.operation[i] << 16) | (events.outcome[i] << 8) | events.origin[i];
      sums.set(key, (sums.get(key) ?? 0) + events.count[i]);
    }
    return [...sums].map(([key, sum]) => ({
      operation: labels.operation[key >> 16], outcome: labels.outcome[(key >> 8) & 255],
      origin: labels.origin[key & 255], count: sum, key,
    }));
  }
  draw() {
    const sign = this.down ? -1 : 1;
    const rows = this.rows().sort((a, b) => {
      const [x, y] = [a[this.by], b[this.by]];
      return (x < y ? -sign : x > y ? sign : 0) || a.key - b.key;
    });
    const total = rows.reduce((sum, row) => sum + row.count, 0);
    const whole = this.view.from === 0 && this.view.to === this.data.span;
    byId('transitions-note').textContent = `${plural(total, 'operation', 'operations')} ` +
      (whole ? 'in the window' : 'in the time in sight') +
      (this.filter.passing < this.data.lanes.size || this.filter.outcome >= 0 ? ', filtered' : '');
    const most = rows.reduce((a, row) => Math.max(a, row.count), 1);
    replace(byId('transitions-table'), el('table', {},
      el('thead', {}, el('tr', {}, ['operation', 'outcome', 'origin', 'count'].map((c) => this.heading(c)))),
      el('tbody', {}, rows.map((row) => this.row(row, most)))));
  }
  heading(column) {
    const sorted = this.by === column;
    return el('th', { scope: 'col', class: column === 'count' ? 'number' : null,
      'aria-sort': sorted ? (this.down ? 'descending' : 'ascending') : null },
    el('button', { type: 'button', onclick: () => this.sort(column) },
      column, sorted ? (this.down ? ' ↓' : ' ↑') : ''));
  }
  sort(column) {
    this.down = this.by === column ? !this.down : column === 'count';
    this.by = column;
    this.draw();
  }
  row(row, most) {
    const refused = !harmless.has((row.key >> 8) & 255);
    const meter = el('span', { class: 'meter' });
    meter.style.width = `${Math.max(2, Math.sqrt(row.count / most) * 100)}%`;
    return el('tr', { class: refused ? 'refused' : null, 'data-operation': row.operation,
      'data-outcome': row.outcome, 'data-origin': row.origin, 'data-count': row.count },
    el('td', {}, row.operation), el('td', {}, el('span', { class: 'outcome' }, row.outcome)),
    el('td', { class: 'quiet' }, row.origin), el('td', { class: 'number' }, meter, el('span', {}, count(row.count))));
  }
}
