// Paints rows of stretches: workers and control planes alike.

// What a row looks like at its height: tall rows are bars with gaps, flat ones touch.
function rowShape(height) {
  const gap = height >= 14 ? 4 : height >= 6 ? 1 : 0;
  return { top: gap / 2, height: Math.max(1, height - gap), tall: height >= 12 };
}

// Stretches by colour, so that the pen changes its colour a dozen times and not a hundred thousand.
class Bars {
  constructor(colours) {
    this.colours = colours;
    this.rects = colours.map(() => []);
  }
  add(colour, x, y, width, height) {
    this.rects[colour].push(x, y, width, height);
  }
  paint(pen) {
    this.rects.forEach((rects, colour) => {
      pen.fillStyle = this.colours[colour];
      for (let i = 0; i < rects.length; i += 4)
        pen.fillRect(rects[i], rects[i + 1], rects[i + 2], rects[i + 3]);
    });
  }
}

// The stretches of one row that are in sight. `ends(state)`: drawn as a stub, since nothing follows.
function addStretches(bars, of, row, view, scale, y, shape, ends) {
  const right = margin.left + scale.plot;
  for (let i = of.start[row]; i < of.start[row + 1]; ++i) {
    if (of.at[i] > view.to || of.until[i] < view.from) continue;
    const x = Math.max(margin.left, scale.x(of.at[i]));
    if (ends(of.state[i])) {
      if (of.at[i] >= view.from && of.by[i] > 0)
        bars.add(of.state[i], x, y + shape.top, Math.min(shape.tall ? 5 : 3, right - x), shape.height);
      continue;
    }
    const until = Math.min(right, scale.x(Math.min(of.until[i], view.to)));
    bars.add(of.state[i], x, y + shape.top, Math.max(1, until - x), shape.height);
  }
}

// Where the owner changed while the state did not: a notch in the card's colour.
function drawHandovers(pen, of, row, view, scale, y, shape) {
  for (let i = of.start[row] + 1; i < of.start[row + 1]; ++i) {
    if (of.owner[i] === of.owner[i - 1] || of.at[i] < view.from || of.at[i] > view.to) continue;
    pen.fillRect(scale.x(of.at[i]) - 1, y + shape.top, 2, shape.height);
  }
}

// Refused operations: a downward wedge on tall rows, a dot on flat ones; one a pixel is enough.
function drawMarks(pen, places, events, scale, y, height) {
  const tall = height >= 12;
  let last = -10;
  for (const i of places) {
    const x = scale.x(events.at[i]);
    if (x - last < 2) continue;
    last = x;
    if (!tall) {
      const size = Math.max(2, Math.min(4, height));
      pen.rect(x - size / 2, y + height / 2 - size / 2, size, size);
      continue;
    }
    pen.moveTo(x - 4.5, y + 1);
    pen.lineTo(x + 4.5, y + 1);
    pen.lineTo(x, y + 10);
    pen.closePath();
  }
}

// Labels in the left margin, as many as there is room for.
function drawLabels(pen, count, height, label, chosen) {
  const every = Math.ceil(15 / height);
  pen.font = `11px ${palette.font}`;
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  for (let row = 0; row < count.rows; row += 1) {
    if ((row + count.first) % every !== 0 && row + count.first !== chosen) continue;
    const y = (row + 0.5) * height - count.shift;
    if (y < 6 && row + count.first !== chosen) continue; // it would be cut
    pen.fillStyle = row + count.first === chosen ? palette.ink : palette.quiet;
    pen.fillText(label(row + count.first), margin.left - 8, y);
  }
}
