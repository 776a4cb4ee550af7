// The filter bar, and what it lets through. A worker is shown when, within the time in sight, one
// stretch of its life has the org, owner and state asked for, and one of its events the outcome.

class Filter {
  constructor(data, view) {
    this.data = data;
    this.view = view;
    this.worker = '';
    this.org = this.owner = this.image = this.state = this.outcome = -1;
    this.build();
    this.apply();
  }
  build() {
    const { lanes, labels, texts, events } = this.data;
    const distinct = (column) => [...new Set(column)].filter((id) => texts[id] !== '')
      .sort((a, b) => (texts[a] < texts[b] ? -1 : 1)).map((id) => [id, printable(texts[id])]);
    const states = [...new Set(lanes.state)].sort((a, b) => a - b).map((s) => [s, labels.state[s]]);
    const outcomes = [...new Set(events.outcome)].sort((a, b) => a - b)
      .filter((o) => o !== 0).map((o) => [o, labels.outcome[o]]);
    this.search = el('input', {
      type: 'search', id: 'filter-worker', placeholder: '61, 70-80, pod', spellcheck: 'false',
      autocomplete: 'off', oninput: () => { this.worker = this.search.value.trim(); this.change(); },
    });
    this.note = el('p', { class: 'quiet', id: 'filter-note', 'aria-live': 'polite' });
    this.selects = {
      org: this.select('org', distinct(lanes.org)), image: this.select('image', distinct(lanes.image)),
      owner: this.select('owner', distinct(lanes.owner)), state: this.select('state', states),
      outcome: this.select('outcome', outcomes),
    };
    replace(byId('filter'),
      el('label', {}, el('span', {}, 'Worker ', el('kbd', {}, '/')), this.search),
      Object.entries(this.selects).map(([what, select]) =>
        el('label', {}, el('span', {}, what[0].toUpperCase() + what.slice(1)), select)),
      el('button', { type: 'button', id: 'filter-clear', onclick: () => this.clear() }, 'Clear'),
      this.note);
  }
  select(what, options) {
    const select = el('select', {
      id: `filter-${what}`, onchange: () => { this[what] = Number(select.value); this.change(); },
    }, el('option', { value: -1 }, 'any'), options.map(([id, text]) => el('option', { value: id }, text)));
    return select;
  }
  set(what, value) {
    this[what] = value;
    this.selects[what].value = String(value);
    this.change();
  }
  clear() {
    this.worker = this.search.value = '';
    for (const [what, select] of Object.entries(this.selects)) {
      this[what] = -1;
      select.value = '-1';
    }
    this.change();
  }
  change() {
    this.apply();
    this.view.changed();
  }
  get ofLanes() {
    return this.worker !== '' || this.org >= 0 || this.owner >= 0 || this.image >= 0 || this.state >= 0;
  }
  // Which lanes pass; called again when the time in sight changes.
  apply() {
    const { lanes } = this.data;
    const byWorker = this.workerTest();
    this.passes = new Uint8Array(lanes.size);
    let passing = 0;
    for (let lane = 0; lane < lanes.size; ++lane) {
      const pass = byWorker(lane) && (this.image < 0 || lanes.image[lane] === this.image) &&
        this.stretchPasses(lane) && this.outcomePasses(lane);
      this.passes[lane] = pass;
      passing += pass;
    }
    this.passing = passing;
    this.note.textContent = passing === lanes.size
      ? plural(lanes.size, 'worker', 'workers')
      : `${count(passing)} of ${plural(lanes.size, 'worker', 'workers')}`;
  }
  workerTest() {
    const asked = this.worker.toLowerCase();
    if (asked === '') return () => true;
    if (/^#?\d+(\s*-\s*\d+)?(\s*[, ]\s*\d+(\s*-\s*\d+)?)*$/.test(asked)) {
      const ranges = asked.replace('#', '').replace(/\s*-\s*/g, '-').split(/[, ]+/)
        .map((part) => part.split('-').map(Number));
      return (lane) => ranges.some(([low, high = low]) =>
        this.data.lanes.id[lane] >= low && this.data.lanes.id[lane] <= high);
    }
    return (lane) => this.data.text(this.data.lanes.pod[lane]).toLowerCase().includes(asked);
  }
  stretchPasses(lane) {
    if (this.org < 0 && this.owner < 0 && this.state < 0) return true;
    const { lanes } = this.data;
    for (let i = lanes.start[lane]; i < lanes.start[lane + 1]; ++i)
      if (lanes.at[i] <= this.view.to && lanes.until[i] > this.view.from &&
          (this.org < 0 || lanes.org[i] === this.org) &&
          (this.owner < 0 || lanes.owner[i] === this.owner) &&
          (this.state < 0 || lanes.state[i] === this.state)) return true;
    return false;
  }
  outcomePasses(lane) {
    if (this.outcome < 0) return true;
    const { events, ofLane } = this.data;
    for (let k = ofLane.start[lane]; k < ofLane.start[lane + 1]; ++k) {
      const i = ofLane.list[k];
      if (events.outcome[i] === this.outcome && events.at[i] >= this.view.from &&
          events.at[i] <= this.view.to) return true;
    }
    return false;
  }
  // Events of no worker are everybody's, so they are shown while no worker is asked for.
  event(i) {
    const { events } = this.data;
    if (this.outcome >= 0 && events.outcome[i] !== this.outcome) return false;
    return events.lane[i] >= 0 ? this.passes[events.lane[i]] === 1 : !this.ofLanes;
  }
}
