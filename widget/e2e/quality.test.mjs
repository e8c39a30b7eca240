// What a page pays for the chat, and whether everybody can use it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startWorld } from './harness/world.mjs';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const WIDE = { viewport: { width: 1440, height: 900 } };

const ANSWER = `# Title

Text with **bold**, \`code\` and [a link](https://example.org).

- one
- two

> quoted

\`\`\`js
const a = 1;
\`\`\`

| a | b |
|---|---|
| 1 | 2 |
`;

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

async function violations(visitor) {
  await visitor.page.evaluate(AXE);
  return visitor.page.evaluate(async () => {
    const { violations, passes } = await window.axe.run('#os-chat-widget-root');
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
    return passes.length > 0 ? found : ['nothing was looked at'];
  });
}

for (const lang of ['en', 'ar']) {
  for (const colorScheme of ['light', 'dark']) {
    for (const [size, context] of Object.entries({ 360: PHONE, 1440: WIDE })) {
      test(`axe_finds_nothing_${lang}_${colorScheme}_${size}`, async () => {
        world.model.answer((reply) => {
          reply.tokens(ANSWER);
          reply.finish();
        });
        const visitor = await world.visit({
          data: { lang, title: 'Support', suggestions: 'One?|Two?' },
          context: { ...context, colorScheme, reducedMotion: 'reduce' },
        });
        assert.deepEqual(await violations(visitor), []);
        await visitor.page.getByRole('button').first().click();
        await visitor.dialog.waitFor();
        assert.deepEqual(await violations(visitor), []);
        await visitor.ask('A question');
        await visitor.answers.nth(1).locator('time').waitFor({ state: 'attached' });
        world.model.answer((reply) => reply.refuse(500));
        await visitor.ask('Another one');
        await visitor.log.locator('.note button').waitFor();
        assert.deepEqual(await violations(visitor), []);
        await visitor.leave();
      });
    }
  }
}

/** The names of the buttons that a finger may miss: on the page. */
function smallButtons() {
  const { shadowRoot } = document.querySelector('#os-chat-widget-root');
  const ways = [
    [-21, 0],
    [21, 0],
    [0, -21],
    [0, 21],
  ];
  const isSmall = (button) => {
    if (button.closest('.log')) button.scrollIntoView({ block: 'center' });
    const { x, y, width, height } = button.getBoundingClientRect();
    return !ways.every(([dx, dy]) =>
      button.contains(shadowRoot.elementFromPoint(x + width / 2 + dx, y + height / 2 + dy)),
    );
  };
  const shown = [...shadowRoot.querySelectorAll('button')].filter((button) => button.offsetParent);
  return shown.filter(isSmall).map((button) => button.title || button.textContent);
}

test('every_button_is_44_px_to_a_finger', async () => {
  world.model.answer((reply) => {
    reply.tokens(ANSWER);
    reply.finish();
  });
  const visitor = await world.visit({
    data: { suggestions: 'One?|Two?' },
    context: { ...PHONE, reducedMotion: 'reduce' },
  });
  const small = () => visitor.page.evaluate(smallButtons);
  assert.deepEqual(await small(), []);
  await visitor.open();
  assert.deepEqual(await small(), []);
  await visitor.ask('A question');
  await visitor.answers.nth(1).locator('time').waitFor({ state: 'attached' });
  assert.deepEqual(await small(), []);
  await visitor.leave();
});

test('a_page_zoomed_to_200_percent_has_a_whole_chat', async () => {
  // What 1280 × 800 becomes.
  const context = { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2, reducedMotion: 'reduce' };
  const visitor = await world.visit({ context });
  await visitor.open();
  const { x, y, width, height } = await visitor.dialog.boundingBox();
  assert.ok(
    x >= 0 && y >= 0 && x + width <= 640 && y + height <= 400,
    JSON.stringify({ x, y, width, height }),
  );
  const field = await visitor.input.boundingBox();
  assert.ok(field.y + field.height <= 400);
  await visitor.leave();
});

/** Notes long tasks and layout shifts from the first moment on. */
const observe = (page) =>
  page.addInitScript(() => {
    window.longest = 0;
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: 'longtask', buffered: true });
    new PerformanceObserver((list) => {
      for (const { value } of list.getEntries()) window.shift += value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
const measured = (visitor) => visitor.page.evaluate(() => ({ longest: window.longest, shift: window.shift }));

/**
 * The longest task of the page's main thread while `act` runs, in ms of processor time: the observer in the page counts
 * time by the clock, in which a busy machine does other things too.
 */
async function longestTask(visitor, act) {
  const session = await visitor.page.context().newCDPSession(visitor.page);
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const traceConfig = { includedCategories: ['disabled-by-default-devtools.timeline', '__metadata'] };
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
  await act();
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await complete;
  const mains = events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const tasks = events.filter(
    ({ name, pid, tid }) => name === 'RunTask' && mains.some((main) => main.pid === pid && main.tid === tid),
  );
  assert.ok(tasks.length > 0, 'no task was traced');
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}

/**
 * What this machine takes to lay out 100 KB of plain words on an empty page, in ms: the best of several times, since the clock also counts
 * what else it does.
 */
async function layoutOfWords(visitor) {
  const page = await visitor.page.context().newPage();
  const took = await page.evaluate(() => {
    const words = 'Words and more words, '.repeat(4_600);
    const once = () => {
      const paragraph = document.createElement('p');
      paragraph.textContent = words;
      document.body.append(paragraph);
      const begin = performance.now();
      paragraph.getBoundingClientRect();
      const took = performance.now() - begin;
      paragraph.remove();
      return took;
    };
    return Math.min(...Array.from({ length: 9 }, once));
  });
  await page.close();
  return took;
}

/**
 * Fails for a task that a visitor would notice, from 50 ms on. A machine that is slow takes longer for everything: there a task may take six times
 * as long as laying out 100 KB of plain words.
 */
async function assertUnnoticed(visitor, longest) {
  const layout = await layoutOfWords(visitor);
  assert.ok(longest <= Math.max(50, 6 * layout), `a task took ${longest} ms, laying words out ${layout} ms`);
}

test('a_page_with_the_chat_loads_without_long_task_or_shift', async (t) => {
  const empty = world.hosts.page({ body: '<h1>A shop</h1>' });
  const url = world.hosts.page({ body: `<h1>A shop</h1><p>Words</p>${world.scriptTag()}` });
  const visitor = await world.visit({ url: empty, prepare: observe });
  const longest = await longestTask(visitor, async () => {
    await visitor.page.goto(url);
    await visitor.launcher.waitFor();
    await visitor.open();
  });
  const seen = await measured(visitor);
  const bundle = await readFile(new URL('../dist/chat-widget.js', import.meta.url));
  const transfer = gzipSync(bundle, { level: 9 }).length;
  t.diagnostic(
    `longest task ${longest} ms (by the clock ${seen.longest} ms), transfer ${transfer} bytes gzip`,
  );
  assert.equal(seen.shift, 0);
  await assertUnnoticed(visitor, longest);
  await visitor.leave();
});

test('a_closed_chat_asks_the_server_for_nothing_but_the_script', async () => {
  const visitor = await world.visit({
    prepare: (page) =>
      page.addInitScript(() =>
        localStorage.setItem('os-chatbot-session-id', '5b0cb0b4-5ca9-4e58-8b21-0d2b3f5f8f11'),
      ),
  });
  await visitor.launcher.waitFor();
  await visitor.page.waitForLoadState('networkidle');
  const asked = await visitor.page.evaluate(() =>
    performance.getEntriesByType('resource').map(({ name }) => name),
  );
  assert.deepEqual(
    asked.filter((url) => !/favicon/.test(url)),
    [`${world.server.url}/widget/chat-widget.js`],
  );
  await visitor.leave();
});

for (const [name, answer] of Object.entries({
  of_everything: `${'Words and **bold** ones, '.repeat(30)}\n\n`.repeat(2).concat(ANSWER).repeat(62),
  long_paragraphs: `${'Words and **bold** ones, '.repeat(80)}\n\n`.repeat(50),
  one_line: 'Words and **bold** ones, '.repeat(4000),
  many_blocks: '```js\nconst a = 1;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n'.repeat(300),
  one_block_of_code: `\`\`\`\n${'const a = 1; // and so on\n'.repeat(4000)}\`\`\``,
})) {
  test(`an_answer_of_100_kb_streams_without_long_task_${name}`, async (t) => {
    world.model.answer(async (reply) => {
      for (let at = 0; at < answer.length; at += 400) {
        reply.tokens(...answer.slice(at, at + 400).match(/[\s\S]{1,20}/g));
        await new Promise((resolve) => setTimeout(resolve, 8));
      }
      reply.finish();
    });
    const visitor = await world.visit({ prepare: observe });
    await visitor.open();
    const longest = await longestTask(visitor, async () => {
      await visitor.ask('Everything, please');
      await visitor.answers.nth(1).locator('time').waitFor({ state: 'attached', timeout: 60_000 });
    });
    const seen = await measured(visitor);
    t.diagnostic(`longest task ${longest} ms, by the clock ${seen.longest} ms`);
    await assertUnnoticed(visitor, longest);
    await visitor.leave();
  });
}

test('a_long_history_is_back_without_long_task', async (t) => {
  const visitor = await world.visit();
  await visitor.launcher.waitFor();
  await visitor.page.evaluate((answer) => {
    // A session without a history at the server.
    const sessionId = 'kept-by-the-browser';
    const turn = { text: 'A question', at: 0, status: 'answered', answer, answeredAt: 0 };
    const turns = Array.from({ length: 50 }, (_, id) => ({ ...turn, id: `${id}` }));
    localStorage.setItem('os-chatbot-session-id', sessionId);
    localStorage.setItem('os-chatbot-widget-open', 'true');
    localStorage.setItem('os-chatbot-thread', JSON.stringify({ sessionId, turns }));
  }, ANSWER.repeat(6));
  const longest = await longestTask(visitor, async () => {
    await visitor.reload();
    await visitor.answers.nth(50).locator('time').waitFor({ state: 'attached' });
  });
  t.diagnostic(`longest task ${longest} ms`);
  await assertUnnoticed(visitor, longest);
  await visitor.leave();
});
