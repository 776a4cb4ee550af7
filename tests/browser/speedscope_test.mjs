// node speedscope_test.mjs PROGRAM FOLDER
//
// A trace of an incident, opened by a viewer that others wrote: it finds each track that the trace
// has, and complains about nothing.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Browser } from './browser.mjs';

const program = resolvePath(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'fenceline-trace-'));
const run = (...args) =>
  execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
const viewer = join(dirname(createRequire(import.meta.url).resolve('speedscope/package.json')),
  'dist/release/index.html');

// Opens the file in the viewer; gives the number of profiles that it found.
async function open(browser, name) {
  const data = readFileSync(join(folder, name)).toString('base64');
  const script = join(folder, `${name}.js`);
  writeFileSync(script,
    `speedscope.loadFileFromBase64(${JSON.stringify(name)}, ${JSON.stringify(data)})`);
  const page = await browser.context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => { complaints.push(dialog.message()); dialog.dismiss(); });
  await page.goto(`${pathToFileURL(viewer).href}#localProfilePath=${script}`);
  const shown = await page.waitForFunction(
    () => /\((\d+)\/(\d+)\)/.exec(document.body.innerText)?.[2], null, { timeout: 30_000 });
  assert.deepEqual(complaints, []);
  return Number(await shown.jsonValue());
}

const browser = await Browser.open();
try {
  run('simulate', 'race.db', '--scenario', 'epoch-pileup', '--seed', '3', '--duration', '2m',
    '--workers', '20');
  run('export', 'race.db', '--format', 'perfetto', '-o', 'race.json');
  const trace = JSON.parse(readFileSync(join(folder, 'race.json'), 'utf8'));
  const tracks = new Set(trace.traceEvents.filter((event) => event.ph === 'B')
    .map((event) => `${event.pid} ${event.tid}`));
  assert.ok(tracks.size > 12);
  assert.equal(await open(browser, 'race.json'), tracks.size);
  console.log(`ok: speedscope shows ${tracks.size} tracks`);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
