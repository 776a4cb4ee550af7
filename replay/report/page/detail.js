// The panel at the side: one worker's life, one control plane's, or a single event, with who was
// turned away by which fence and which event had won.

// "epoch: had 4, found 5, set by #1200 (claim_idle by cp-b)" as nodes.
function refusalWords(data, open, place) {
  const row = data.refusalAt.get(place);
  const { refusals, labels } = data;
  if (row === undefined) return [labels.outcome[data.events.outcome[place]]];
  const check = labels.check[refusals.check[row]];
  const words = [el('strong', {}, check)];
  const [expected, found] = [data.text(refusals.expected[row]), data.text(refusals.found[row])];
  if (expected !== '' || found !== '')
    words.push(': expected ', name(expected || 'nobody'), ', found ', name(found || 'nobody'));
  const winner = refusals.winner[row];
  if (winner > 0) words.push(' — won by ', winnerLink(data, open, winner));
  return words;
}

// Who had won: the position, and what it did if the page knows.
function winnerLink(data, open, position) {
  const place = data.place(position);
  const row = data.earlierAt.get(position);
  const about = place >= 0
    ? [data.labels.operation[data.events.operation[place]], data.events.caller[place]]
    : row !== undefined ? [data.labels.operation[data.earlier.operation[row]], data.earlier.caller[row]] : null;
  const link = open ? positionLink(data, open, position) : el('span', {}, `#${position}`);
  link.classList.add('winner');
  if (!about) return link;
  return el('span', {}, link, ` ${about[0]} by `, name(data.text(about[1])));
}

function describeRefusal(data, place) {
  return [`${data.labels.operation[data.events.operation[place]]} by `, name(data.text(data.events.caller[place])),
    ' refused, ', ...refusalWords(data, null, place)];
}

class Detail {
  constructor(data, view) {
    Object.assign(this, { data, view, node: byId('detail'), heartbeats: false, most: 400 });
  }
  get shown() {
    return !this.node.hidden;
  }
  close() {
    if (!this.shown) return;
    this.node.hidden = true;
    document.body.classList.remove('with-detail');
    this.view.choose(-1);
    this.before?.focus?.({ preventScroll: true });
  }
  show(title, ...content) {
    if (!this.shown) this.before = document.activeElement;
    replace(this.node,
      el('div', { class: 'row' }, el('h2', { id: 'detail-h' }, title),
        el('button', { type: 'button', id: 'detail-close', 'aria-label': 'Close', title: 'Close (Esc)', onclick: () => this.close() }, '×')),
      ...content);
    this.node.hidden = false;
    document.body.classList.add('with-detail');
    tip.hide();
    this.node.scrollTop = 0;
    this.node.focus({ preventScroll: true });
  }
  // --- one worker
  worker(lane, place) {
    const { data } = this;
    this.view.choose(lane);
    const list = Array.from(data.ofLane.list.subarray(data.ofLane.start[lane], data.ofLane.start[lane + 1]));
    const refused = list.filter((i) => data.events.refused[i]);
    this.show(`Worker ${data.lanes.id[lane]}`, this.facts(lane), this.stays(lane),
      refused.length ? el('section', { class: 'turned-away' },
        el('h3', {}, plural(refused.length, 'attempt was refused', 'attempts were refused')),
        el('ul', {}, refused.slice(0, 50).map((i) => this.loser(i))),
        refused.length > 50 ? el('p', { class: 'quiet' }, `and ${refused.length - 50} more, below`) : null) : null,
      this.events(list, place, () => this.worker(lane, place)));
    this.focusEvent(place);
  }
  facts(lane) {
    const { data } = this;
    const { lanes } = data;
    const last = lanes.start[lane + 1] - 1;
    const known = last >= lanes.start[lane];
    if (!known) return el('p', { class: 'quiet' }, 'No such worker: only refused operations name it.');
    const fact = (label, value) => [el('dt', {}, label), el('dd', {}, value)];
    const state = data.labels.state[lanes.state[last]];
    return el('dl', { class: 'facts' },
      fact('state', [el('span', { class: `swatch state-${state}` }), state]),
      fact('owner', name(data.text(lanes.owner[last]))), fact('epoch', String(lanes.epoch[lane])),
      fact('org', name(data.text(lanes.org[last]))), fact('image', name(data.text(lanes.image[lane]))),
      fact('pod', name(data.text(lanes.pod[lane]))),
      fact('version', this.link(lanes.version[lane])),
      lanes.reason[lane] ? fact('reason', name(data.text(lanes.reason[lane]))) : []);
  }
  link(position) {
    return positionLink(this.data, this.open, position);
  }
  // How long it was in each state, one after the other.
  stays(lane) {
    const { data } = this;
    const { lanes } = data;
    const rows = [];
    for (let i = lanes.start[lane]; i < lanes.start[lane + 1]; ++i) {
      const state = data.labels.state[lanes.state[i]];
      const until = Math.min(lanes.until[i], data.span);
      const ended = lanes.state[i] >= stateRetired;
      rows.push(el('tr', {},
        el('td', {}, el('span', { class: `swatch state-${state}` }), state),
        el('td', {}, lanes.by[i] ? this.link(lanes.by[i]) : el('span', { class: 'quiet' }, 'before')),
        el('td', {}, data.clock.time(lanes.at[i], 1)),
        el('td', { class: 'number' }, ended ? '' : span(until - lanes.at[i])),
        el('td', {}, name(data.text(lanes.owner[i]))), el('td', {}, name(data.text(lanes.org[i])))));
    }
    if (rows.length === 0) return null;
    const most = 60;
    return el('details', { open: rows.length <= 12 }, el('summary', {}, `Its states (${rows.length})`),
      el('div', { class: 'scroll' }, el('table', { class: 'stays' },
        el('thead', {}, el('tr', {}, ['state', 'by', 'from', 'for', 'owner', 'org'].map((t) => el('th', { scope: 'col' }, t)))),
        el('tbody', {}, rows.slice(-most)))),
      rows.length > most ? el('p', { class: 'quiet' }, `the last ${most} of ${rows.length}`) : null);
  }
  loser(i) {
    const { data } = this;
    return el('li', { 'data-place': i },
      this.link(data.position(i)), ' ', el('time', {}, data.clock.time(data.events.at[i], 1)), ' ',
      el('b', {}, data.labels.operation[data.events.operation[i]]), ' by ', name(data.text(data.events.caller[i])),
      el('div', { class: 'why' }, refusalWords(data, this.open, i)));
  }
  // --- events as a table
  events(list, place, again) {
    const { data } = this;
    const plain = (i) => ['heartbeat', 'refresh_lease', 'cp_heartbeat'].includes(data.labels.operation[data.events.operation[i]]) &&
      !data.events.refused[i];
    const beats = list.filter(plain).length;
    const kept = this.heartbeats ? list : list.filter((i) => !plain(i) || i === place);
    const at = Math.max(0, kept.indexOf(place));
    const first = kept.length <= this.most ? 0 : Math.max(0, Math.min(at - this.most / 2, kept.length - this.most));
    const shown = kept.slice(first, first + this.most);
    return el('section', {},
      el('div', { class: 'row' }, el('h3', {}, plural(kept.length, 'event', 'events')),
        beats ? el('label', { class: 'check' }, el('input', {
          type: 'checkbox', id: 'heartbeats', checked: this.heartbeats,
          onchange: () => { this.heartbeats = !this.heartbeats; again(); },
        }), ` heartbeats and renewals (${count(beats)})`) : null),
      shown.length < kept.length ? el('p', { class: 'quiet' }, `${count(shown.length)} of them are listed, from the ${count(first + 1)}th on`) : null,
      el('ol', { class: 'events' }, shown.map((i) => this.event(i))));
  }
  event(i) {
    const { data } = this;
    const { events, labels } = data;
    const [from, to] = [labels.state[events.from[i]], labels.state[events.to[i]]];
    const moved = events.to[i] === 0 ? [] : events.from[i] === events.to[i] ? [el('span', { class: `swatch state-${to}` }), to]
      : [...(events.from[i] ? [el('span', { class: `swatch state-${from}` }), from] : []), ' → ', el('span', { class: `swatch state-${to}` }), to];
    const extra = [
      events.origin[i] ? labels.origin[events.origin[i]] : null,
      events.count[i] > 1 ? `${count(events.count[i])} times` : null,
    ].filter(Boolean);
    const note = data.noteAt.get(i);
    return el('li', { class: events.refused[i] ? 'refused' : null, id: `event-${i}`, 'data-position': data.position(i) },
      el('div', { class: 'line' }, el('span', { class: 'position' }, `#${data.position(i)}`),
        el('time', {}, data.clock.time(events.at[i], 3)), el('b', {}, labels.operation[events.operation[i]]),
        el('span', { class: 'moved' }, moved)),
      el('div', { class: 'quiet' }, events.refused[i] ? el('span', { class: 'outcome' }, labels.outcome[events.outcome[i]]) : null,
        ' by ', name(data.text(events.caller[i])), extra.length ? ` · ${extra.join(' · ')}` : '',
        note ? [' · ', name(note)] : null),
      events.refused[i] && data.refusalAt.has(i) ? el('div', { class: 'why' }, refusalWords(data, this.open, i)) : null);
  }
  focusEvent(place) {
    const row = place >= 0 && byId(`event-${place}`);
    if (!row) return;
    row.classList.add('here');
    row.scrollIntoView({ block: 'center' });
    this.view.reveal(this.data.events.at[place]);
  }
  // --- one control plane, or one event
  plane(id) {
    const { data } = this;
    this.view.choose(-1);
    const list = [];
    for (let i = 0; i < data.events.size; ++i)
      if (data.events.caller[i] === id && data.events.lane[i] < 0 || data.noteAt.get(i) === data.text(id)) list.push(i);
    this.show(['Control plane ', name(data.text(id))], this.events(list, -1, () => this.plane(id)));
  }
  // An event of a worker within its life; any other by itself.
  position(position) {
    const { data } = this;
    const place = data.place(position);
    if (place < 0) return this.earlier(position);
    const lane = data.events.lane[place];
    if (lane >= 0) return this.worker(lane, place);
    this.show(`Event #${position}`, el('ol', { class: 'events' }, this.event(place)));
    return this.view.reveal(data.events.at[place]);
  }
  earlier(position) {
    const { data } = this;
    const row = data.earlierAt.get(position);
    if (row === undefined) return;
    const { earlier } = data;
    this.show(`Event #${position}`, el('p', {}, el('b', {}, data.labels.operation[earlier.operation[row]]), ' by ',
      name(data.text(earlier.caller[row])), `, ${data.clock.day(earlier.at[row])} ${data.clock.time(earlier.at[row], 3)}: before this window.`),
    el('p', { class: 'quiet' }, `fenceline log JOURNAL --from '#${position}' --to '#${position}' shows all of it.`));
  }
  // What other parts of the page may ask for.
  get open() {
    return {
      worker: (lane, place) => this.worker(lane, place), plane: (id) => this.plane(id),
      position: (position) => this.position(position),
    };
  }
}
