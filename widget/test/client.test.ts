import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createChatClient } from '../src/client';
import type { ChatError, Progress } from '../types/chat-client';

const OPTIONS = { apiUrl: 'https://chat.example.com/chat', apiKey: 'key', sessionId: 's' };

/** A server that gives these responses, one after another. */
function serve(t: TestContext, ...responses: (() => Response)[]) {
  const asked: { url: string; body: unknown }[] = [];
  t.mock.method(globalThis, 'fetch', async (url: string, { body }: RequestInit) => {
    asked.push({ url, body: body ? JSON.parse(String(body)) : null });
    return responses[asked.length - 1]?.();
  });
  return asked;
}

const stream = (...events: object[]) =>
  new Response(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
const token = (token: string) => ({ type: 'token', token });

async function all(answer: AsyncIterable<Progress>): Promise<Progress[]> {
  const steps = [];
  for await (const step of answer) steps.push(step);
  return steps;
}

test('an_answer_is_iterated_over_to_its_end', async (t) => {
  const asked = serve(t, () =>
    stream({ type: 'start' }, token('Hel'), token('lo'), { type: 'done', message: 'Hello', stopped: true }),
  );
  const answer = createChatClient(OPTIONS).send('Hi', { messageId: 'm' });
  const steps = await all(answer);
  assert.equal(steps.map(({ added }) => added).join(''), 'Hello');
  assert.deepEqual(steps[steps.length - 1], { text: 'Hello', added: '', done: true, stopped: true });
  assert.deepEqual(asked, [{ url: OPTIONS.apiUrl, body: { sessionId: 's', message: 'Hi', messageId: 'm' } }]);
});

test('a_cut_is_mended_and_no_text_comes_twice', async (t) => {
  t.mock.method(Math, 'random', () => 0);
  serve(
    t,
    () => stream(token('One, ')),
    () => stream(token('One'), token(', two'), { type: 'done', message: 'One, two' }),
  );
  const steps = await all(createChatClient(OPTIONS).send('Count'));
  assert.equal(steps.map(({ added }) => added).join(''), 'One, two');
});

test('a_refusal_is_an_error_with_its_code', async (t) => {
  serve(t, () =>
    Response.json(
      { error: 'Too many requests', code: 'rate-limited' },
      { status: 429, headers: { 'retry-after': '7' } },
    ),
  );
  await assert.rejects(all(createChatClient(OPTIONS).send('Hi')), (error: ChatError) => {
    const { name, message, status, code, retryAfter } = error;
    assert.deepEqual(
      [name, message, status, code, retryAfter],
      ['ChatError', 'Too many requests', 429, 'rate-limited', 7],
    );
    return true;
  });
});

test('stop_rate_and_history_are_the_visitors_routes', async (t) => {
  const history = { messages: [], running: null };
  const asked = serve(
    t,
    () => new Response(null, { status: 202 }),
    () => new Response(null, { status: 204 }),
    () => Response.json(history),
    () => Response.json({ error: 'Session is not private', code: 'session-not-private' }, { status: 403 }),
  );
  const client = createChatClient(OPTIONS);
  await client.stop('m');
  await client.rate('m', null);
  assert.deepEqual(await client.history(), history);
  await assert.rejects(client.history(), /Session is not private/);
  const base = 'https://chat.example.com/v1/sessions/s/messages';
  assert.deepEqual(asked.slice(0, 3), [
    { url: `${base}/m/stop`, body: {} },
    { url: `${base}/m/rating`, body: { rating: null } },
    { url: base, body: null },
  ]);
});

test('a_caller_who_gives_up_is_told_so', async (t) => {
  const abort = new AbortController();
  t.mock.method(
    globalThis,
    'fetch',
    (_url: string, { signal }: RequestInit) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted')))),
  );
  const steps = all(createChatClient(OPTIONS).send('Hi', { signal: abort.signal }));
  abort.abort(new Error('enough'));
  await assert.rejects(steps, /enough/);
});
