// Saves the pictures of the README: `node e2e/screenshots.mjs <directory>`. The real server with a model that always says the
// same, a plain shop of our own around it.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startBinary, WIDGET_KEY } from './harness/binary.mjs';
import { launchBrowser } from './harness/browser.mjs';
import { startHostPages } from './harness/host-page.mjs';
import { startModel } from './harness/model.mjs';
import { Visitor } from './harness/world.mjs';

const WIDE = { viewport: { width: 1440, height: 800 } };
const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const PICTURES = [
  { name: 'wide-light', ...WIDE, colorScheme: 'light' },
  { name: 'wide-dark', ...WIDE, colorScheme: 'dark' },
  { name: 'phone-light', ...PHONE, colorScheme: 'light' },
  { name: 'phone-dark', ...PHONE, colorScheme: 'dark' },
];

const STYLE = `
  :root { color-scheme: light dark; --ink: #1b1f24; --quiet: #5b6472; --ground: #fbfaf8; --card: #efece6 }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e9ebee; --quiet: #9aa3b0; --ground: #0e1013; --card: #1b1e24 }
  }
  body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.6 system-ui, sans-serif }
  main { max-width: 1040px; margin: auto; padding: 48px 24px }
  h1 { max-width: 14em; margin: 0 0 16px; font-size: clamp(28px, 4vw, 44px); line-height: 1.15 }
  p { max-width: 34em; margin: 0 0 32px; color: var(--quiet) }
  ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 16px; padding: 0; list-style: none }
  li { height: 150px; padding: 16px; border-radius: 14px; background: var(--card) }`;

const SHOP = `<main><h1>Beans roasted on Monday, at your door on Wednesday</h1>
<p>Four farms, one roaster, no warehouse. Tell us how you brew and we send what suits it.</p>
<ul><li>Morning blend</li><li>Single farm, washed</li><li>Decaf that does not apologise</li><li>Filter papers</li></ul></main>`;

const ANSWER = `For a **French press**, go coarse, and stop at four minutes:

1. 30 g of *Morning blend*
2. 500 ml of water at 94 °C
3. Press slowly

| Cups | Beans | Water  |
|------|-------|--------|
| 2    | 30 g  | 500 ml |
| 4    | 60 g  | 1 l    |

More in our [brewing guide](https://shop.example/brewing).`;

const directory = process.argv[2];
if (!directory) {
  console.error('Name the directory for the pictures: node e2e/screenshots.mjs <directory>');
  process.exit(2);
}
await mkdir(directory, { recursive: true });

const model = await startModel();
model.answer((reply) => {
  reply.tokens(ANSWER);
  reply.finish();
});
const server = await startBinary(model.env);
const hosts = await startHostPages();
const browser = await launchBrowser();
try {
  const tag = `<script src="${server.url}/widget/chat-widget.js" data-api-url="${server.url}/chat"
    data-api-key="${WIDGET_KEY}" data-title="Support" data-welcome-message="Hey! How can I help?" defer></script>`;
  const url = hosts.page({ head: `<style>${STYLE}</style>`, body: SHOP + tag });
  for (const { name, ...options } of PICTURES) await takePictures(url, name, options);
} finally {
  await browser.close();
  await hosts.stop();
  await server.stop();
  await model.stop();
}

async function takePictures(url, name, options) {
  const context = await browser.newContext({ ...options, reducedMotion: 'reduce', locale: 'en-GB' });
  const page = await context.newPage();
  const visitor = new Visitor(page, 'Support', []);
  const save = async (state) => {
    const path = join(directory, `widget-${name}-${state}.png`);
    await page.screenshot({ path });
    console.log(path);
  };
  await page.goto(url);
  await visitor.launcher.waitFor();
  await save('closed');
  await visitor.open();
  await visitor.ask('How do I brew it in a French press?');
  await visitor.answers.nth(1).locator('time').waitFor({ state: 'attached' });
  await save('open');
  await context.close();
}
