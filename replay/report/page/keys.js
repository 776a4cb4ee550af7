// The keyboard, and the help that lists it.

const keyHelp = [
  ['+  −  0', 'closer, farther, the whole window'],
  ['← →', 'earlier, later'],
  ['↑ ↓  Page', 'choose a worker in the lanes (focus them with Tab)'],
  ['Enter', 'open the chosen worker'],
  ['/', 'filter by worker'],
  ['Esc', 'close what is open, then clear the filter'],
  ['t', 'light or dark'],
  ['?', 'this help'],
];

function showHelp() {
  const dialog = byId('help');
  replace(dialog, el('h2', { id: 'help-h' }, 'Reading this page'),
    el('p', {}, 'Every operation that a control plane attempted is one event with a position (#). Colours are states. A red mark is an attempt that a fence turned away; click it to see which event had won. The filter and the time in sight hold for charts, lanes and table alike.'),
    el('dl', { class: 'keys' }, keyHelp.map(([key, what]) => [el('dt', {}, el('kbd', {}, key)), el('dd', {}, what)])),
    el('button', { type: 'button', onclick: () => dialog.close() }, 'Close'));
  dialog.showModal();
}

function listenToKeys(view, filter, detail, toggleTheme) {
  const actions = {
    '+': () => view.zoomBy(0.6), '=': () => view.zoomBy(0.6), '-': () => view.zoomBy(1 / 0.6),
    0: () => view.all(), ArrowLeft: () => view.move(-0.2), ArrowRight: () => view.move(0.2),
    '/': () => filter.search.focus(), '?': showHelp, t: toggleTheme,
    Escape: () => { if (detail.shown) detail.close(); else filter.clear(); },
  };
  document.addEventListener('keydown', (event) => {
    if (byId('help').open || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.('input, select, textarea');
    if (typing && event.key === 'Escape') return void typing.blur();
    if (typing || !(event.key in actions)) return;
    event.preventDefault();
    actions[event.key]();
  });
}
