// A page in Debian's Chromium that remembers whatever it should not have done.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const quiet = [
  '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export class Browser {
  static async open(options = {}) {
    const profile = mkdtempSync(join(tmpdir(), 'fenceline-browser-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium', headless: true, args: quiet,
      viewport: { width: 1400, height: 1000 }, ...options,
    });
    return new Browser(context, profile);
  }
  constructor(context, profile) {
    this.context = context;
    this.profile = profile;
    this.complaints = [];
  }
  async show(url) {
    const page = this.page = await this.context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('dialog', (dialog) => this.complaints.push(`dialog ${dialog.message()}`));
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:'))
        this.complaints.push(`request ${request.url()}`);
    });
    await page.goto(url);
    await page.waitForSelector('html[data-ready]', { timeout: 30_000 });
    return page;
  }
  async close() {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true });
  }
}
