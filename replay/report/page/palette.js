// Colours live in the style sheet, one set for light and one for dark; canvases ask here.

const palette = {
  states: [],
  planes: [],
  read(labels) {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(name).trim();
    this.states = labels.state.map((state) => value(`--state-${state}`) || '#888');
    this.planes = labels.plane.map((state) => value(`--plane-${state}`) || '#888');
    for (const name of ['ink', 'quiet', 'line', 'card', 'refused', 'halo', 'focus'])
      this[name] = value(`--${name}`);
    this.font = style.fontFamily || 'sans-serif';
  },
};

const theme = {
  // Follows the system until somebody chooses.
  chosen: null,
  current() {
    if (this.chosen) return this.chosen;
    return window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  },
  set(which) {
    this.chosen = which;
    document.documentElement.dataset.theme = which;
  },
};
