// A model behind an OpenAI-compatible server on loopback, whose answers the tests write: token by token, when they please.
import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * What the model does with a request, until the test gives it something else to do. Not a queue of scripts: how often
 * the server asks again after a failure is the server's affair.
 * @typedef {(reply: Reply) => Promise<void> | void} Script
 */

export async function startModel() {
  /** @type {Script} */
  let script = (reply) => reply.refuse(500);
  let asked = 0;
  const server = createServer(async (request, response) => {
    request.resume();
    await once(request, 'end');
    if (!request.url?.endsWith('/chat/completions')) return response.writeHead(404).end();
    asked++;
    await script(new Reply(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    env: { OPENAI_BASE_URL: `http://127.0.0.1:${server.address().port}/v1`, OPENAI_API_KEY: 'test-key' },
    /** How many requests came. */
    get asked() {
      return asked;
    },
    /** @param {Script} next */
    answer(next) {
      script = next;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A promise that the test keeps when it likes: `await gate.opened` in a script, `gate.open()` in the test. */
export function gate() {
  let open;
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

class Reply {
  constructor(response) {
    this.response = response;
  }

  /** @param {number} status an answer that is no stream */
  refuse(status) {
    this.response.writeHead(status, { 'content-type': 'application/json' });
    this.response.end(JSON.stringify({ error: { message: 'scripted failure' } }));
  }

  tokens(...tokens) {
    for (const content of tokens) this.#chunk({ delta: { content }, finish_reason: null });
  }

  finish() {
    this.#chunk({ delta: {}, finish_reason: 'stop' });
    this.response.end('data: [DONE]\n\n');
  }

  /** Breaks the connection in the middle of the answer. */
  cut() {
    this.response.destroy();
  }

  #chunk(choice) {
    if (!this.response.headersSent) this.response.writeHead(200, { 'content-type': 'text/event-stream' });
    const chunk = {
      id: 'chatcmpl-test',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'test',
      choices: [{ index: 0, ...choice }],
    };
    this.response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
}
