// The window's data, unpacked: typed columns, and the few indexes that everything else asks.
//
// Events are numbered by their place in the window; position = first + place. A lane is a worker;
// its stretches are rows `laneStart[lane]` to `laneStart[lane + 1]`, each from `at` to `until`.

// transitioned, no_idle, warm_target_met, recorded: what a healthy pool answers all day. Every other
// outcome is an attempt that a fence, a cap or a failure turned away.
const harmless = new Set([0, 1, 9, 13, 14]);
const stateRetired = 8;
const stateLost = 9;
const activeStates = [1, 2, 3, 4, 5, 6, 7];

async function unpack(base64) {
  const packed = atob(base64.trim());
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; ++i) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).json();
}

// Where the rows of each begin, from how many each has; one more for the end.
function starts(sizes) {
  const out = new Int32Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; ++i) out[i + 1] = out[i] + sizes[i];
  return out;
}

// Until when each stretch lasts: the next one of the same lane, or for ever.
function ends(at, start) {
  const until = new Float64Array(at.length).fill(Infinity);
  for (let lane = 0; lane + 1 < start.length; ++lane)
    for (let i = start[lane]; i + 1 < start[lane + 1]; ++i) until[i] = at[i + 1];
  return until;
}

function stretchesOf(raw) {
  const start = starts(raw.stretches);
  const at = Float64Array.from(raw.at);
  return {
    start, at, until: ends(at, start),
    by: Float64Array.from(raw.by), state: Uint8Array.from(raw.state),
    owner: raw.owner && Int32Array.from(raw.owner), org: raw.org && Int32Array.from(raw.org),
  };
}

function eventsOf(raw) {
  const size = raw.after.length;
  const at = new Float64Array(size);
  for (let i = 0, now = 0; i < size; ++i) at[i] = now += raw.after[i];
  const bytes = (name) => Uint8Array.from(raw[name]);
  const events = {
    size, at, operation: bytes('operation'), outcome: bytes('outcome'), origin: bytes('origin'),
    from: bytes('from'), to: bytes('to'), lane: Int32Array.from(raw.lane),
    caller: Int32Array.from(raw.caller), epoch: Float64Array.from(raw.epoch),
    count: Float64Array.from(raw.count),
  };
  events.refused = events.outcome.map((outcome) => !harmless.has(outcome));
  return events;
}

// The events of each lane, in order: rows `start[lane]` to `start[lane + 1]` of `list`.
function byLane(events, lanes) {
  const sizes = new Int32Array(lanes);
  for (const lane of events.lane) if (lane >= 0) ++sizes[lane];
  const start = starts(sizes);
  const next = start.slice();
  const list = new Int32Array(start[lanes]);
  for (let i = 0; i < events.size; ++i)
    if (events.lane[i] >= 0) list[next[events.lane[i]]++] = i;
  return { start, list };
}

class Data {
  constructor(raw) {
    Object.assign(this, {
      title: raw.title, journal: raw.journal, version: raw.version, notice: raw.notice,
      live: raw.live === 1, first: raw.first, last: raw.last, span: Math.max(raw.span, 1000),
      labels: raw.labels, texts: raw.texts, findings: raw.findings,
    });
    this.clock = new Clock(raw.startMs, raw.startUs);
    this.lanes = { size: raw.lanes.id.length, ...raw.lanes, ...stretchesOf(raw.lanes) };
    this.planes = { size: raw.planes.id.length, id: raw.planes.id, ...stretchesOf(raw.planes) };
    this.events = eventsOf(raw.events);
    this.ofLane = byLane(this.events, this.lanes.size);
    this.laneOfWorker = new Map(raw.lanes.id.map((id, lane) => [id, lane]));
    this.refusals = raw.refusals;
    this.refusalAt = new Map(raw.refusals.place.map((place, row) => [place, row]));
    this.noteAt = new Map(raw.notes.place.map((place, i) => [place, raw.texts[raw.notes.text[i]]]));
    this.earlier = raw.earlier;
    this.earlierAt = new Map(raw.earlier.position.map((position, row) => [position, row]));
    this.refusedOfLane = new Int32Array(this.lanes.size);
    for (let i = 0; i < this.events.size; ++i)
      if (this.events.refused[i] && this.events.lane[i] >= 0) ++this.refusedOfLane[this.events.lane[i]];
  }
  text(id) {
    return this.texts[id];
  }
  position(place) {
    return this.first + place;
  }
  // The event at a position, or -1 when it is outside the window.
  place(position) {
    return position >= this.first && position <= this.last ? position - this.first : -1;
  }
  // The stretch of a lane that holds at a time, or -1.
  stretchAt(of, lane, at) {
    for (let i = of.start[lane + 1] - 1; i >= of.start[lane]; --i) if (of.at[i] <= at) return i;
    return -1;
  }
  // The first event at or after a time.
  firstEvent(at) {
    let low = 0;
    let high = this.events.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events.at[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
