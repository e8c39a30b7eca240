// Whether everybody can use it, what it weighs, and that it comes back by itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, SIZES, startWorld } from './harness.mjs';

/** Bytes of a first visit, compressed: it must not grow unnoticed. */
const MOST = 150_000;
const PAGES = {
  inbox: ['/dashboard/', '.row'],
  thread: ['', '.message.assistant'],
  audit: ['/dashboard/audit', '.acts li'],
  events: ['/audit', '.was .message'],
  overview: ['/dashboard/overview', '.plot img'],
  install: ['/dashboard/install', '.tag code'],
  system: ['/dashboard/system', '.fact'],
};

let world;
let conversation;
before(async () => {
  world = await startWorld();
  world.says('# Title\n\nSome **bold** words, `code` and [a link](https://example.org).\n\n- one\n- two\n\n```js\nconst a = 1;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n');
  await world.say('looked-at', 'A question');
  world.model.answer((reply) => reply.refuse(400));
  await world.say('looked-at', 'A question without an answer');
  const person = await world.operator();
  conversation = await person.rows.first().getAttribute('href');
  await person.leave();
});
after(() => world?.stop());

for (const colorScheme of ['light', 'dark']) {
  for (const [size, context] of Object.entries(SIZES)) {
    test(`axe_finds_nothing_${colorScheme}_${size}`, async () => {
      const person = await world.stranger('/dashboard/', { ...context, colorScheme });
      assert.deepEqual(await person.violations(), [], 'sign-in');
      await person.signIn();
      for (const [name, [path, there]] of Object.entries(PAGES)) {
        const address = path.startsWith('/dashboard/') ? path : conversation + path;
        await person.page.goto(world.server.url + address);
        await person.page.locator(there).first().waitFor();
        assert.deepEqual(await person.violations(), [], name);
        const sideways = await person.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(sideways <= 0, `${name} is ${sideways} pixels too wide`);
      }
      assert.deepEqual(person.faults, []);
      await person.leave();
    });
  }
}

test('a_first_visit_weighs_no_more_than_it_may', async (context) => {
  const person = await world.stranger();
  const sizes = await person.page.evaluate(() =>
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize]),
  );
  const assets = sizes.filter(([path]) => path.startsWith('/dashboard/'));
  const total = assets.reduce((sum, [, size]) => sum + size, 0);
  context.diagnostic(`first visit: ${total} bytes, compressed (${assets.map(([path, size]) => `${path} ${size}`).join(', ')})`);
  assert.ok(assets.length >= 4 && assets.every(([, size]) => size > 0), 'not everything was measured');
  assert.ok(total < MOST, `${total} bytes`);
  const cached = await fetch(world.server.url + assets.find(([path]) => path.endsWith('.wasm'))[0]);
  assert.equal(cached.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  await person.leave();
});

test('the_other_pages_are_loaded_when_one_is_opened', async () => {
  const person = await world.operator();
  await person.rows.first().waitFor();
  const rest = () => person.page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('dashboard-rest')).length);
  assert.equal(await rest(), 0);
  await person.page.getByRole('link', { name: 'System' }).click();
  await person.page.locator('.fact').first().waitFor();
  assert.equal(await rest(), 2);
  await person.page.goBack();
  await person.rows.first().waitFor();
  await person.page.getByRole('link', { name: 'Overview' }).click();
  await person.page.locator('.plot img').first().waitFor();
  assert.equal(await rest(), 2, 'once is enough');
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('a_page_that_cannot_be_loaded_says_so_and_the_inbox_goes_on', async () => {
  const person = await world.operator();
  await person.page.route('**/dashboard-rest-*.wasm', (route) => route.abort());
  await person.page.getByRole('link', { name: 'System' }).click();
  await person.page.getByRole('alert').getByText('Couldn’t load this page.').waitFor();
  await person.page.getByRole('link', { name: 'Inbox' }).click();
  await person.rows.first().waitFor();
  await person.page.unroute('**/dashboard-rest-*.wasm');
  await person.page.getByRole('link', { name: 'System' }).click();
  await person.page.getByRole('button', { name: 'Reload' }).click();
  await person.page.locator('.fact').first().waitFor();
  await person.leave();
});

/** What the browser's own tools call fast 4G. */
const FAST_4G = { offline: false, latency: 165, downloadThroughput: (10e6 / 8) * 0.9, uploadThroughput: (1.5e6 / 8) * 0.9 };

test('a_first_visit_on_fast_4g_is_measured', async (context) => {
  const known = await world.operator('/dashboard/', PHONE);
  const state = await known.page.context().storageState();
  await known.leave();
  const took = [];
  for (let visit = 0; visit < 5; visit++) {
    const visitor = await world.browser.newContext({ ...PHONE, storageState: state });
    await visitor.addInitScript(noteFirstRow);
    const page = await visitor.newPage();
    const network = await visitor.newCDPSession(page);
    await network.send('Network.enable');
    await network.send('Network.emulateNetworkConditions', FAST_4G);
    await page.goto(`${world.server.url}/dashboard/`, { waitUntil: 'commit' });
    took.push(await (await page.waitForFunction(() => window.firstRow)).jsonValue());
    await visitor.close();
  }
  took.sort((a, b) => a - b);
  context.diagnostic(`first visit on fast 4G, until conversations are there: ${took[2]} ms (${took[0]} to ${took[4]})`);
});

/** In the page: when the first conversation was drawn, in milliseconds after the visit began. */
function noteFirstRow() {
  new MutationObserver((_, observer) => {
    if (!document.querySelector('.row')) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => (window.firstRow = Math.round(performance.now()))));
  }).observe(document, { childList: true, subtree: true });
}

test('a_lost_connection_is_told_and_healed_without_a_gap', async () => {
  const person = await world.operator();
  await person.rows.first().waitFor();
  const { context } = { context: person.page.context() };
  await context.setOffline(true);
  // What is open goes on; a feed that has to be opened again cannot be.
  await person.page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await person.page.getByText('Couldn’t reach the server. Trying again…').waitFor();
  world.says('Meanwhile.');
  await world.say('meanwhile', 'Said while nobody heard it');
  await context.setOffline(false);
  await person.page.locator('.row.unread').filter({ hasText: 'Meanwhile.' }).waitFor();
  await person.page.getByText('Couldn’t reach the server. Trying again…').waitFor({ state: 'detached' });
  await person.leave();
});
