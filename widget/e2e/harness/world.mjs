// All that a browser test needs, started together: model, server, host pages, browser.
import { startBinary, WIDGET_KEY } from './binary.mjs';
import { launchBrowser } from './browser.mjs';
import { startHostPages } from './host-page.mjs';
import { startModel } from './model.mjs';

export async function startWorld({ env = {} } = {}) {
  const parts = [];
  const started = async (part) => {
    parts.unshift(part);
    return part;
  };
  const stop = async () => {
    for (const part of parts) await (part.stop ?? part.close).call(part);
  };
  try {
    const model = await started(await startModel());
    const server = await started(await startBinary({ ...model.env, ...env }));
    const hosts = await started(await startHostPages());
    const browser = await started(await launchBrowser());
    return { model, server, hosts, browser, stop, ...visits(server, hosts, browser) };
  } catch (error) {
    await stop();
    throw error;
  }
}

function visits(server, hosts, browser) {
  /** The script tag of contract section 3; `data` adds to its attributes, `null` takes one away. */
  const scriptTag = (data = {}, other = 'defer') => {
    const attributes = { 'api-url': `${server.url}/chat`, 'api-key': WIDGET_KEY, ...data };
    const written = Object.entries(attributes)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `data-${name}="${value}"`);
    return `<script src="${server.url}/widget/chat-widget.js" ${written.join(' ')} ${other}></script>`;
  };

  /** A new visitor (cookies and storage of their own) on a page of the website. */
  const visit = async ({
    data,
    url = hosts.page({ body: scriptTag(data) }),
    context: options,
    prepare,
  } = {}) => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const errors = [];
    page.on('console', (message) => {
      // That the browser asks for an icon of its own accord is nobody's error.
      const aboutIcon = /favicon/.test(message.text() + message.location().url);
      if (message.type() === 'error' && !aboutIcon) errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(`uncaught: ${error.message}`));
    await prepare?.(page);
    await page.goto(url);
    return new Visitor(page, data?.title ?? 'Assistant', errors);
  };
  return { scriptTag, visit };
}

/** Somebody on a page with the chat: what they see by role and text, and what they do. */
export class Visitor {
  constructor(page, title, errors) {
    this.page = page;
    /** What the page wrote to the console as errors. */
    this.errors = errors;
    this.launcher = page.getByRole('button', { name: 'Open chat' });
    this.dialog = page.getByRole('dialog', { name: title });
    this.input = this.dialog.getByRole('textbox');
    this.log = this.dialog.getByRole('log');
    this.questions = this.dialog.getByRole('article', { name: 'You', exact: true });
    /** The first one is the welcome. */
    this.answers = this.dialog.getByRole('article', { name: title, exact: true });
    this.retry = this.dialog.getByRole('button', { name: 'Retry' });
  }

  async open() {
    await this.launcher.click();
    await this.dialog.waitFor();
  }

  async ask(text) {
    await this.input.fill(text);
    await this.input.press('Enter');
  }

  /** Waits until exactly `text` stands in the conversation. */
  async sees(text) {
    await this.log.getByText(text, { exact: true }).waitFor();
  }

  /** Waits until the answer below the last question is whole: from then on it has a time. */
  async seesWholeAnswer(text) {
    await this.answers
      .filter({ has: this.page.getByText(text, { exact: true }) })
      .locator('time')
      .waitFor({ state: 'attached' });
  }

  /** The texts of the questions, without their times. */
  questionTexts() {
    return this.questions.locator('[dir=auto]').allTextContents();
  }

  /** The texts of the answers, the welcome first, without their times. */
  answerTexts() {
    return this.answers.locator('[dir=auto]').allTextContents();
  }

  /** The page with the chat again, in the same browser. */
  async reload() {
    await this.page.reload();
  }

  leave() {
    return this.page.context().close();
  }
}
