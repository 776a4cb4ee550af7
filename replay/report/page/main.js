// Puts the page together once its data is unpacked.

function showHead(data) {
  const title = printable(data.title) || 'Incident window';
  document.title = `${title} · fenceline`;
  byId('title').textContent = title;
  const { clock } = data;
  const [day, lastDay] = [clock.day(0), clock.day(data.span)];
  replace(byId('window'), `${day} ${clock.time(0)} to ${lastDay === day ? '' : `${lastDay} `}${clock.time(data.span)} UTC · `,
    `${span(data.span)} · #${data.first} to #${data.last} of `, name(data.journal));
  byId('notice').hidden = data.notice === '';
  byId('notice').textContent = printable(data.notice);
  if (data.live)
    replace(byId('links'), el('a', { href: '/metrics' }, '/metrics'), ' ', el('a', { href: '/healthz' }, '/healthz'));
  byId('foot').textContent = `fenceline ${data.version}. Everything on this page was folded from the journal; times are UTC.`;
}

function showTiles(data) {
  const { events, lanes } = data;
  let refused = 0;
  for (let i = 0; i < events.size; ++i) if (events.refused[i]) refused += events.count[i];
  const ended = (state) => lanes.state.reduce((sum, s, i) => sum + (s === state && lanes.by[i] > 0 ? 1 : 0), 0);
  let active = 0;
  for (let lane = 0; lane < lanes.size; ++lane) {
    const last = lanes.start[lane + 1] - 1;
    if (last >= lanes.start[lane] && lanes.state[last] < stateRetired) ++active;
  }
  const tile = (label, value, kind) => el('div', { class: `tile ${kind ?? ''}` },
    el('span', { class: 'figure' }, count(value)), el('span', { class: 'quiet' }, label));
  replace(byId('tiles'), tile('events', events.size), tile('workers seen', lanes.size), tile('active at the end', active),
    tile('refused', refused, refused ? 'warn' : ''), tile('retired', ended(stateRetired)), tile('lost', ended(stateLost), ended(stateLost) ? 'warn' : ''),
    tile('findings', data.findings.length, data.findings.some((f) => f.alarm) ? 'warn' : ''));
}

function themed(data, view) {
  const apply = () => { palette.read(data.labels); view.changed(); };
  const toggle = () => { theme.set(theme.current() === 'dark' ? 'light' : 'dark'); apply(); };
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
  byId('theme').addEventListener('click', toggle);
  palette.read(data.labels);
  return toggle;
}

// Paper is white and narrow: the charts are drawn for it, and back again afterwards.
function onPaper(data, view) {
  let before = null;
  window.addEventListener('beforeprint', () => {
    before = document.documentElement.dataset.theme ?? null;
    document.documentElement.dataset.theme = 'light';
    document.body.classList.add('printing');
    palette.read(data.labels);
    view.redraw();
  });
  window.addEventListener('afterprint', () => {
    if (before === null) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = before;
    document.body.classList.remove('printing');
    palette.read(data.labels);
    view.redraw();
  });
  byId('print').addEventListener('click', () => window.print());
}

function showRange(data, view) {
  const digits = view.to - view.from < 60e6 ? 2 : 0;
  byId('range').textContent = `${data.clock.time(view.from, digits)} – ${data.clock.time(view.to, digits)}, ${span(view.to - view.from)}`;
}

async function main() {
  const data = new Data(await unpack(byId('data').textContent));
  const view = new View(data);
  const toggleTheme = themed(data, view);
  showHead(data);
  showTiles(data);
  const filter = new Filter(data, view);
  const detail = new Detail(data, view);
  view.listen(() => { filter.apply(); showRange(data, view); });
  const parts = [new Counts(data, view, filter), new Refused(data, view, filter),
    new Planes(data, view, detail.open), new Lanes(data, view, filter, detail.open),
    new Transitions(data, view, filter), new Findings(data, view, detail.open)];
  listenToKeys(view, filter, detail, toggleTheme);
  onPaper(data, view);
  byId('zoom-in').addEventListener('click', () => view.zoomBy(0.6));
  byId('zoom-out').addEventListener('click', () => view.zoomBy(1 / 0.6));
  byId('zoom-all').addEventListener('click', () => view.all());
  byId('help-button').addEventListener('click', showHelp);
  new ResizeObserver(() => view.changed()).observe(byId('charts'));
  byId('loading').remove();
  view.redraw();
  document.documentElement.dataset.ready = String(parts.length);
}

main().catch((error) => {
  byId('loading').textContent = `This page's data could not be read: ${error.message}`;
  throw error;
});
