// node page_test.mjs PROGRAM FOLDER

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Browser } from './browser.mjs';

const program = resolvePath(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'fenceline-page-'));
const run = (...args) => execFileSync(program, args, { encoding: 'utf8', cwd: folder });
const report = (journal, ...args) => {
  run('report', journal, '-o', 'page.html', '--force', ...args);
  return pathToFileURL(join(folder, 'page.html')).href;
};
const json = (...args) => run(...args).trim().split('\n').map((line) => JSON.parse(line));

const hostile = [
  '</script><script>window.owned = 1</script>', '<img src=x onerror="window.owned = 1">',
  '"\'`{{data}}${window.owned = 1}', '\u202egnp.exe \u2066\u{1f4a3}', 'line\nbreak\u0007',
];

function makeHostile() {
  const lines = [];
  hostile.forEach((text, i) => {
    lines.push({ op: 'adopt', worker: i + 1, state: 'hot', owner: text, epoch: 5, org: text, image: text, pod: text });
    lines.push({ op: 'drain', worker: i + 1, as: text, lease: { worker: i + 1, owner: text, epoch: 4, image: text } });
    lines.push({ op: 'cp_heartbeat', as: text });
    lines.push({ op: 'mark_lost_from_lease', as: text, reason: text.slice(0, 20), lease: { worker: i + 1, owner: text, epoch: 5, image: text } });
  });
  run('init', 'hostile.db');
  const answers = execFileSync(program, ['exec', 'hostile.db'], {
    cwd: folder, encoding: 'utf8', input: lines.map((line) => JSON.stringify(line)).join('\n') + '\n',
  }).trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(answers.filter((answer) => answer.error), []);
}

const tests = {
  async 'counts are those of stats'(browser) {
    const page = await browser.show(report('race.db'));
    const [stats] = json('stats', 'race.db', '--json');
    for (const state of ['spawning', 'idle', 'reserved', 'activating', 'hot', 'hot_idle', 'draining'])
      assert.equal(await number(page.locator(`.chip[data-state="${state}"] .value`)),
        stats.workers.by_state[state] ?? 0, state);
    const shown = {};
    for (const row of await rows(page)) {
      const key = `${row.operation} ${row.outcome}`;
      shown[key] = (shown[key] ?? 0) + row.count;
    }
    assert.ok(stats.transitions.length > 20);
    for (const { operation, outcome, count } of stats.transitions)
      assert.equal(shown[`${operation} ${outcome}`], count, `${operation} ${outcome}`);
  },
  async 'a window counts what stats counts over it'(browser) {
    const page = await browser.show(report('race.db', '--from', '#800', '--to', '#2000'));
    const [stats] = json('stats', 'race.db', '--from', '#800', '--to', '#2000', '--json');
    const sum = (list) => list.reduce((total, row) => total + row.count, 0);
    const acting = new Set(stats.transitions.map((row) => row.operation));
    assert.equal(sum((await rows(page)).filter((row) => acting.has(row.operation))), sum(stats.transitions));
    assert.equal(await number(page.locator('.chip[data-state="hot"] .value')), stats.workers.by_state.hot);
  },
  async 'a worker shows who was turned away and which event had won'(browser) {
    const page = await browser.show(report('race.db'));
    const [loser] = json('log', 'race.db', '--outcome', 'fence_miss_epoch', '--limit', '100000', '--json');
    await page.fill('#filter-worker', String(loser.worker));
    await page.waitForFunction(() => document.querySelector('#lanes-note').textContent.startsWith('1 shown'));
    await page.locator('#lanes').click({ position: { x: 300, y: 9 } });
    assert.equal(await page.textContent('#detail-h'), `Worker ${loser.worker}`);
    const row = page.locator('.turned-away li', { has: page.locator(`[data-position="${loser.position}"]`) });
    assert.match(await row.textContent(), new RegExp(`expected ${loser.refusal.expected}, found ${loser.refusal.found}`));
    assert.equal(await row.locator('.winner').textContent(), `#${loser.refusal.winner}`);
    await row.locator('.winner').click();
    assert.equal(await page.locator('.events li.here').getAttribute('data-position'), String(loser.refusal.winner));
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('#detail').isVisible(), false);
  },
  async 'the filter holds for charts and table alike'(browser) {
    const page = await browser.show(report('race.db'));
    const log = json('log', 'race.db', '--outcome', 'fence_miss_epoch', '--limit', '100000', '--json');
    await page.selectOption('#filter-outcome', { label: 'fence_miss_epoch' });
    await page.waitForFunction(() => document.querySelectorAll('#transitions-table tr.refused').length ===
      document.querySelectorAll('#transitions-table tbody tr').length);
    assert.equal((await rows(page)).reduce((sum, row) => sum + row.count, 0), log.length);
    const workers = new Set(log.map((event) => event.worker)).size;
    assert.match(await page.textContent('#filter-note'), new RegExp(`^${workers} of`));
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => !document.querySelector('#filter-note').textContent.includes('of'));
  },
  async 'keys zoom and find their way'(browser) {
    const page = await browser.show(report('race.db'));
    const before = await page.textContent('#range');
    await page.keyboard.press('+');
    await page.waitForFunction((was) => document.querySelector('#range').textContent !== was, before);
    await page.keyboard.press('0');
    await page.waitForFunction((was) => document.querySelector('#range').textContent === was, before);
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'filter-worker');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    assert.equal(await page.locator('#help').isVisible(), true);
    await page.keyboard.press('Escape');
    await page.focus('#lanes');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    assert.match(await page.textContent('#detail-h'), /^Worker \d+$/);
  },
  async 'hostile texts are texts'(browser) {
    const page = await browser.show(report('hostile.db', '--title', hostile[0]));
    for (let worker = 1; worker <= hostile.length; ++worker) {
      await page.fill('#filter-worker', String(worker));
      await page.waitForFunction(() => document.querySelector('#lanes-note').textContent.startsWith('1 shown'));
      await page.locator('#lanes').hover({ position: { x: 300, y: 9 } });
      await page.locator('#lanes').click({ position: { x: 300, y: 9 } });
    }
    assert.equal(await page.evaluate(() => window.owned), undefined);
    assert.equal(await page.locator('img').count(), 0);
    assert.equal(await page.locator('script').count(), 2);
    assert.equal(await page.textContent('#title'), hostile[0]);
    assert.equal(await page.evaluate(() => /[\u202e\u2066\u0007]/.test(document.body.innerText)), false);
  },
  async 'it is dark where the reader is and white on paper'(browser) {
    const page = await browser.show(report('race.db'));
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await paper();
    assert.notEqual(dark, light);
    await page.click('#theme');
    assert.equal(await paper(), light);
    const pdf = await page.pdf({ format: 'A4', printBackground: true });
    assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
    assert.ok(pdf.length > 20_000);
  },
  async 'serve shows the last quarter of an hour'(browser) {
    const server = spawn(program, ['serve', 'race.db', '--listen', '127.0.0.1:0'], { cwd: folder });
    try {
      const url = await new Promise((resolve, reject) => {
        server.stderr.on('data', (text) => resolve(String(text).match(/http\S+/)?.[0]));
        server.on('exit', () => reject(new Error('serve ended')));
      });
      const page = await browser.show(`${url}/`);
      assert.equal(await page.textContent('#title'), 'The last 15 minutes');
      assert.equal(await page.locator('a[href="/metrics"]').count(), 1);
      assert.equal((await page.request.get(`${url}/?from=%23500&to=%23900`)).status(), 200);
      assert.equal((await page.request.get(`${url}/?from=%23900&to=%23500`)).status(), 400);
      const bad = await page.request.get(`${url}/?from=<script>`);
      assert.equal(bad.status(), 400);
      assert.equal((await bad.text()).includes('<script>'), false);
    } finally {
      server.kill('SIGTERM');
    }
  },
};

async function number(locator) {
  return Number((await locator.textContent()).replace(/\D/g, ''));
}

function rows(page) {
  return page.$$eval('#transitions-table tbody tr', (list) => list.map((row) => ({
    operation: row.dataset.operation, outcome: row.dataset.outcome, count: Number(row.dataset.count),
  })));
}

let failed = 0;
try {
  run('simulate', 'race.db', '--scenario', 'epoch-pileup', '--workers', '80', '--duration', '20m', '--seed', '3');
  makeHostile();
  const browser = await Browser.open();
  for (const [name, test] of Object.entries(tests)) {
    browser.complaints = [];
    try {
      await test(browser);
      assert.deepEqual(browser.complaints, []);
      console.log(`passed: ${name}`);
    } catch (error) {
      ++failed;
      console.log(`FAILED: ${name}\n${error.stack}`);
    } finally {
      await browser.page?.close();
    }
  }
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
