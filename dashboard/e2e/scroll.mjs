// How smoothly the inbox scrolls over many conversations, beside over few, in turn. Not a test: `cargo xtask bench scroll`.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launchBrowser } from '../../widget/e2e/harness/browser.mjs';
import { startBinary } from '../../widget/e2e/harness/binary.mjs';
import { PASSWORD, SIZES } from './harness.mjs';

const MANY = Number(process.env.BENCH_CONVERSATIONS ?? 1_000_000);
const FEW = 1_000;
const ROUNDS = 3;
/** A fast flick of the wheel, kept up. */
const PIXELS_A_SECOND = 4_000;
const SECONDS = 10;

const run = promisify(execFile);
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function listOf(conversations) {
  const directory = await mkdtemp(join(process.env.BENCH_DIR ?? tmpdir(), 'open-chat-scroll-'));
  const env = { EVENT_LOG: `embedded:${join(directory, 'log')}`, READ_MODELS: join(directory, 'read-models') };
  for (const command of [['seed', '--conversations', `${conversations}`], ['projections', 'rebuild']]) {
    await run(process.env.OPEN_CHAT_BIN, command, { cwd: directory, env: { ...process.env, ...env }, maxBuffer: 1e9 });
  }
  const server = await startBinary(env);
  const stop = async () => {
    await server.stop();
    await rm(directory, { recursive: true });
  };
  return { conversations, url: server.url, stop };
}

/** Scrolls for a while; when frames were drawn, how many rows the document had, how many were loaded. */
function scroll({ pixels, seconds }) {
  const list = document.querySelector('.rows');
  return new Promise((resolve) => {
    const times = [];
    let [rows, begin] = [0, 0];
    const frame = (now) => {
      begin ||= now;
      times.push(now);
      rows = Math.max(rows, document.querySelectorAll('.row').length);
      list.scrollTop = ((now - begin) / 1000) * pixels;
      if (now - begin < seconds * 1000) requestAnimationFrame(frame);
      else resolve({ times, rows, seen: Math.round(list.scrollTop / 72) });
    };
    requestAnimationFrame(frame);
  });
}

async function look(browser, list, size) {
  const context = await browser.newContext(SIZES[size]);
  const page = await context.newPage();
  await page.goto(`${list.url}/dashboard/`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.row').first().waitFor();
  const { times, rows, seen } = await page.evaluate(scroll, { pixels: PIXELS_A_SECOND, seconds: SECONDS });
  await context.close();
  const frames = times.slice(1).map((time, at) => time - times[at]).sort((a, b) => a - b);
  const share = (part) => frames[Math.min(frames.length - 1, Math.floor(frames.length * part))];
  return { median: share(0.5), p99: share(0.99), longest: frames.at(-1), late: frames.filter((frame) => frame > 34).length / frames.length, rows, seen };
}

const lists = [await listOf(FEW), await listOf(MANY)];
const browser = await launchBrowser();
try {
  for (const size of Object.keys(SIZES)) {
    const looks = new Map(lists.map((list) => [list, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const list of round % 2 ? lists.toReversed() : lists) looks.get(list).push(await look(browser, list, size));
    }
    for (const [{ conversations }, taken] of looks) {
      const of = (name, digits = 1) => median(taken.map((one) => one[name])).toFixed(digits);
      const late = `${(100 * median(taken.map((one) => one.late))).toFixed(1)} % of frames later than 34 ms`;
      console.log(
        `${size} px, ${conversations} conversations: frames ${of('median')} ms, p99 ${of('p99')} ms, longest ${of('longest')} ms, ${late}; ` +
          `${of('seen', 0)} rows passed, ${of('rows', 0)} in the document at most`,
      );
    }
  }
} finally {
  await browser.close();
  for (const list of lists) await list.stop();
}
