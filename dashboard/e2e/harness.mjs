// The dashboard in a real browser, on the real server with a scripted model.
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { startBinary, WIDGET_KEY } from '../../widget/e2e/harness/binary.mjs';
import { launchBrowser } from '../../widget/e2e/harness/browser.mjs';
import { startModel } from '../../widget/e2e/harness/model.mjs';

export { gate } from '../../widget/e2e/harness/model.mjs';

export const PASSWORD = 'change-me-admin-password';
export const WIDE = { viewport: { width: 1440, height: 900 } };
export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
export const SIZES = { 360: PHONE, 1440: WIDE };

const AXE = createRequire(new URL('../../widget/package.json', import.meta.url)).resolve('axe-core/axe.min.js');

export async function startWorld(env = {}) {
  const parts = [];
  const started = (part) => {
    parts.unshift(part);
    return part;
  };
  const stop = async () => {
    for (const part of parts) await (part.stop ?? part.close).call(part);
  };
  try {
    const model = started(await startModel());
    const server = started(await startBinary({ ...model.env, RATE_LIMIT_MAX_REQUESTS: '100000', ...env }));
    const browser = started(await launchBrowser());
    /** The same deeds at another server. */
    const at = (other) => deeds(model, other, browser);
    return { model, server, browser, stop, at, ...at(server) };
  } catch (error) {
    await stop();
    throw error;
  }
}

function deeds(model, server, browser) {
  const says = (text) =>
    model.answer((reply) => {
      reply.tokens(text);
      reply.finish();
    });

  /** A visitor says something; the status of the answer. */
  const say = async (sessionId, message) => {
    const response = await fetch(`${server.url}/v1/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': WIDGET_KEY },
      body: JSON.stringify({ sessionId, message }),
    });
    await response.text();
    return response.status;
  };

  /** An operator in a browser of their own, signed in at `path`. */
  const operator = async (path = '/dashboard/', context = WIDE) => {
    const visitor = await stranger(path, context);
    await visitor.signIn();
    return visitor;
  };

  /** Somebody at the sign-in page. */
  const stranger = async (path = '/dashboard/', options = WIDE) => {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    context.setDefaultTimeout(20_000);
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    const page = await context.newPage();
    const person = new Person(page, server.url);
    await page.goto(server.url + path);
    await person.password.waitFor();
    return person;
  };

  return { says, say, operator, stranger };
}

export class Person {
  constructor(page, url) {
    this.page = page;
    /** What should never happen: errors, dialogs, requests to elsewhere. */
    this.faults = [];
    page.on('console', (message) => {
      // A refused first look at the session is how the page learns that nobody is signed in.
      const expected = /status of (401|404|503)|ERR_(CONNECTION|INCOMPLETE|ABORTED|EMPTY)/.test(message.text());
      if (message.type() === 'error' && !expected) this.faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.faults.push(`uncaught: ${error.message}`));
    page.on('dialog', (dialog) => {
      this.faults.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on('request', (request) => {
      const address = request.url();
      if (!address.startsWith(url) && !/^(data|about|blob):/.test(address)) this.faults.push(`request: ${address}`);
    });
    this.password = page.getByLabel('Password');
    this.rows = page.locator('.row');
    this.search = page.getByRole('searchbox', { name: 'Search all messages' });
    this.notice = page.locator('.notice');
  }

  async signIn(password = PASSWORD) {
    await this.password.fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    if (password === PASSWORD) await this.page.getByRole('navigation', { name: 'Dashboard' }).waitFor();
  }

  cookie() {
    return this.page.context().cookies().then(([{ name, value }]) => `${name}=${value}`);
  }

  /** What axe finds on the whole page. */
  async violations() {
    await this.page.evaluate(await readFile(AXE, 'utf8'));
    return this.page.evaluate(async () => {
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const { violations, passes } = await window.axe.run(document, { runOnly: tags });
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).slice(0, 3).join(' | ')}`);
      return passes.length > 0 ? found : ['nothing was looked at'];
    });
  }

  leave() {
    return this.page.context().close();
  }
}
