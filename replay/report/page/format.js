// Numbers, times and texts for people. Times are microseconds since the window's first event; they
// are shown in UTC, as the program's other commands show them.

const microsecond = { second: 1e6, minute: 60e6, hour: 3600e6, day: 86400e6 };

// Controls, separators and direction overrides as codes: nothing of a text moves what is around it.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function printable(text) {
  return text.replace(unprintable, (c) => {
    const code = c.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

// 12 345: narrow spaces, the same in every language.
function count(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

function plural(number, one, many) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

class Clock {
  constructor(startMs, startUs) {
    this.startMs = startMs;
    this.startUs = startUs;
  }
  date(offset) {
    return new Date(this.startMs + Math.floor((this.startUs + offset) / 1000));
  }
  // 2026-05-24
  day(offset) {
    return this.date(offset).toISOString().slice(0, 10);
  }
  // 10:24:40, with `digits` decimals
  time(offset, digits = 0) {
    const whole = this.date(offset).toISOString().slice(11, 19);
    if (digits === 0) return whole;
    const micros = (((this.startUs + offset + (this.startMs % 1000) * 1000) % 1e6) + 1e6) % 1e6;
    return `${whole}.${String(Math.floor(micros)).padStart(6, '0').slice(0, digits)}`;
  }
}

// 850 ms, 12.4 s, 3 min 20 s
function span(micros) {
  const us = Math.max(0, micros);
  if (us < 1e3) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${Math.round(us / 1e3)} ms`;
  if (us < microsecond.minute) return `${(us / 1e6).toFixed(us < 10e6 ? 1 : 0)} s`;
  const two = (large, small, a, b) => {
    const rest = Math.floor((us % large) / small);
    return `${Math.floor(us / large)} ${a}${rest ? ` ${rest} ${b}` : ''}`;
  };
  if (us < microsecond.hour) return two(microsecond.minute, microsecond.second, 'min', 's');
  if (us < 2 * microsecond.day) return two(microsecond.hour, microsecond.minute, 'h', 'min');
  return two(microsecond.day, microsecond.hour, 'd', 'h');
}
