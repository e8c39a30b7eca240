// A thousand cuts: whatever byte the connection breaks at, the answer is the same in the end. The client module, which
// is the widget's own delivery, against the real server through a proxy that cuts.
import assert from 'node:assert/strict';
import { once, setMaxListeners } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { startBinary, WIDGET_KEY } from './harness/binary.mjs';
import { gate, startModel } from './harness/model.mjs';

const CUTS = 1000;
const CONVERSATIONS = 50;
/** Letters of one to four bytes, line ends, quotes: whatever can be cut in two. */
const TOKENS = Array.from({ length: 60 }, (_, at) => `${at}: "Grüße" 世界 👩‍🚀\n`);
const ANSWER = TOKENS.join('');
/** Fewer bytes than the server sends of an answer that is begun, so that each connection is cut. */
const BEGUN = 2500;

let model;
let server;
let proxy;
before(async () => {
  model = await startModel();
  server = await startBinary({ ...model.env, RATE_LIMIT_MAX_REQUESTS: '1000000' });
  proxy = await startRandomProxy(server.port);
});
after(async () => {
  await proxy?.stop();
  await server?.stop();
  await model?.stop();
});

/** Cuts the server's side of each connection after a random number of bytes, until it has cut often enough. */
async function startRandomProxy(port) {
  const sockets = new Set();
  const state = { cuts: 0, enough: gate() };
  const listener = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    let left = state.cuts < CUTS ? Math.floor(Math.random() * BEGUN) : Number.POSITIVE_INFINITY;
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far);
    far.on('data', (bytes) => {
      near.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left > 0) return;
      far.removeAllListeners('data');
      if (++state.cuts === CUTS) state.enough.open();
      near.destroySoon();
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    state,
    url: `http://127.0.0.1:${listener.address().port}`,
    async stop() {
      listener.close();
      for (const socket of sockets) socket.destroy();
      await once(listener, 'close');
    },
  };
}

/** Sends until there is an answer, as a visitor who presses Retry does; what was seen must only ever have grown. */
async function persist(client, text, messageId) {
  let seen = '';
  for (;;) {
    try {
      for await (const step of client.send(text, { messageId })) {
        assert.ok(ANSWER.startsWith(step.text), 'no byte is other than it was written');
        seen += step.added;
        if (step.done) return { text: step.text, seen };
      }
    } catch (error) {
      if (error.status !== 'cut') throw error;
      seen = '';
    }
  }
}

test('a_thousand_cuts_at_random_bytes_leave_the_answer_identical', async (t) => {
  setMaxListeners(0);
  // Pauses of the visitor's patience are not what is tested here.
  const { setTimeout: realTimeout } = globalThis;
  t.mock.method(globalThis, 'setTimeout', (then, ms, ...rest) => realTimeout(then, ms / 20, ...rest));
  const { createChatClient } = await import('../dist/chat-client.js');
  let answered = 0;
  model.answer(async (reply) => {
    answered++;
    reply.tokens(...TOKENS.slice(0, 40));
    await proxy.state.enough.opened;
    reply.tokens(...TOKENS.slice(40));
    reply.finish();
  });
  const results = await Promise.all(
    Array.from({ length: CONVERSATIONS }, (_, at) => {
      const client = createChatClient({ apiUrl: `${proxy.url}/chat`, apiKey: WIDGET_KEY });
      return persist(client, `Question ${at}`, `message-${at}`);
    }),
  );
  assert.ok(proxy.state.cuts >= CUTS, `${proxy.state.cuts} cuts`);
  for (const { text, seen } of results) assert.deepEqual([text, seen], [ANSWER, ANSWER]);
  assert.equal(answered, CONVERSATIONS, 'the model is asked once a question');
  const all = await server.conversations();
  assert.equal(all.length, CONVERSATIONS);
  for (const { messages } of all)
    assert.deepEqual(
      messages.map(({ role }) => role),
      ['user', 'assistant'],
    );
  t.diagnostic(`${proxy.state.cuts} cuts over ${CONVERSATIONS} conversations`);
});
