// Elements without markup: whatever text comes from a journal becomes a text node and nothing else.

function byId(id) {
  return document.getElementById(id);
}

// el('button', {class: 'link', onclick: open, 'data-id': 3}, 'worker 3')
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function replace(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== null));
  return node;
}

// A text from the journal: isolated, so that its direction does not spill over, and cut by style
// where there is no room.
function name(text, attributes) {
  return el('bdi', { class: 'name', title: printable(text), ...attributes }, printable(text) || '—');
}

// A canvas that fills its width and is sharp on every screen.
function fitCanvas(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext('2d');
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

// Beside the pointer, and never beyond the window's edge.
const tip = {
  show(event, lines) {
    const box = byId('tip');
    replace(box, lines);
    box.hidden = false;
    const left = Math.min(event.clientX + 14, window.innerWidth - box.offsetWidth - 8);
    const below = event.clientY + 18 + box.offsetHeight < window.innerHeight;
    box.style.left = `${Math.max(8, left)}px`;
    box.style.top = `${below ? event.clientY + 18 : event.clientY - box.offsetHeight - 10}px`;
  },
  hide() {
    byId('tip').hidden = true;
  },
};
