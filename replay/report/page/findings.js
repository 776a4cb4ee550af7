// What happened, in words: each finding with the time it began, and its positions as links.

class Findings {
  constructor(data, view, open) {
    Object.assign(this, { data, view, open });
    this.few = 8;
    this.show(data.findings.slice(0, this.few));
    // Paper has no button for the rest.
    window.addEventListener('beforeprint', () => this.show(data.findings));
  }
  show(findings) {
    const rest = this.data.findings.length - findings.length;
    const items = findings.map((finding) => this.item(finding));
    if (this.data.findings.length === 0)
      items.push(el('li', { class: 'none' }, 'Nothing in this window is out of the ordinary by the rules that this page knows.'));
    if (rest > 0)
      items.push(el('li', { class: 'more' }, el('button', {
        type: 'button', id: 'more-findings', onclick: () => this.show(this.data.findings),
      }, `Show ${rest} more`)));
    replace(byId('findings'), items);
  }
  item(finding) {
    const alarm = finding.alarm === 1;
    return el('li', { class: alarm ? 'alarm' : 'notice-item', 'data-rule': finding.rule },
      el('span', { class: 'badge', title: alarm ? 'alarm' : 'notice' }, alarm ? '▲' : '●'),
      el('time', {}, this.data.clock.time(Math.max(0, finding.from))),
      el('p', {}, finding.words.map((piece) => this.piece(piece))),
      el('button', { type: 'button', class: 'link show', onclick: () => this.zoom(finding) }, 'show'));
  }
  piece([kind, value]) {
    if (kind === 'position') return positionLink(this.data, this.open, value);
    if (kind === 'worker') return workerLink(this.data, this.open, value);
    return kind === 'name' ? name(value) : document.createTextNode(printable(value));
  }
  zoom(finding) {
    const room = Math.max((finding.to - finding.from) * 0.15, 5e6);
    this.view.zoom(finding.from - room, finding.to + room);
    byId('charts').scrollIntoView({ behavior: 'smooth' });
  }
}

function positionLink(data, open, position) {
  const known = data.place(position) >= 0 || data.earlierAt.has(position);
  if (!known) return el('span', { class: 'position' }, `#${position}`);
  return el('button', {
    type: 'button', class: 'link position', 'data-position': position, onclick: () => open.position(position),
  }, `#${position}`);
}

function workerLink(data, open, id) {
  const lane = data.laneOfWorker.get(id);
  if (lane === undefined) return el('span', {}, `worker ${id}`);
  return el('button', { type: 'button', class: 'link', 'data-worker': id, onclick: () => open.worker(lane, -1) },
    `worker ${id}`);
}
