import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Config } from '../src/config';
import { Conversation } from '../src/conversation';
import { SESSION_KEY } from '../src/session';
import type { Store } from '../src/storage';
import { Thread, type Turn } from '../src/thread';

const CONFIG = { apiUrl: 'https://chat.example.com/chat', apiKey: 'key' } as Config;
const SESSION = '5b0cb0b4-5ca9-4e58-8b21-0d2b3f5f8f11';

/** A screen that keeps what each turn looks like, and a server whose answers the test gives. */
function stage(t: TestContext) {
  const kept = new Map([[SESSION_KEY, SESSION]]);
  const store: Store = { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value) };
  const shown = new Map<string, { text: string; state: string }>();
  const asked: { body: { message: string; messageId: string }; answer: (lines: string) => void }[] = [];
  t.mock.method(globalThis, 'fetch', (_url: string, init: RequestInit) => {
    return new Promise<Response>((resolve) => {
      const answer = (lines: string) =>
        resolve(new Response(lines, { headers: { 'content-type': 'application/x-ndjson' } }));
      asked.push({ body: JSON.parse(String(init.body)), answer });
    });
  });
  const display = (turn: Turn) => {
    const view = shown.get(turn.id) ?? { text: '', state: 'asked' };
    shown.set(turn.id, view);
    const becomes = (state: string) => () => Object.assign(view, { state });
    return {
      thinking: () => Object.assign(view, { text: '', state: 'thinking' }),
      talking: becomes('talking'),
      reconnecting: becomes('reconnecting'),
      answered: becomes('answered'),
      failed: becomes('failed'),
      append: (text: string) => Object.assign(view, { text: view.text + text }),
      replace: (text: string) => Object.assign(view, { text }),
    };
  };
  const thread = new Thread(store, SESSION);
  const conversation = new Conversation(CONFIG, thread, { display, announce: () => {} });
  return { store, thread, conversation, asked, views: () => [...shown.values()] };
}

/** Lets everything under way run until it waits for the test. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const done = (message: string) => `${JSON.stringify({ type: 'done', message })}\n`;
const ERROR = '{"type":"error","error":"Internal server error"}\n';

test('a_retry_is_the_same_message_and_the_same_view', async (t) => {
  const { conversation, thread, asked, views } = stage(t);
  conversation.send('Hello');
  asked[0]?.answer(ERROR);
  await settled();
  assert.deepEqual(views(), [{ text: '', state: 'failed' }]);

  conversation.retry(thread.turns[0] as Turn);
  asked[1]?.answer(done('Hi'));
  await settled();
  assert.deepEqual(views(), [{ text: 'Hi', state: 'answered' }]);
  assert.equal(asked.length, 2);
  assert.deepEqual(asked[0]?.body, asked[1]?.body);
});

test('only_one_question_is_under_way_and_a_failure_does_not_hold_up_the_next', async (t) => {
  const { conversation, asked, views } = stage(t);
  conversation.send('One');
  conversation.send('Two');
  assert.equal(asked.length, 1);
  asked[0]?.answer(ERROR);
  await settled();
  assert.equal(asked.length, 2);
  assert.equal(asked[1]?.body.message, 'Two');
  asked[1]?.answer(done('Second'));
  await settled();
  assert.deepEqual(
    views().map(({ state }) => state),
    ['failed', 'answered'],
  );
});

test('a_question_that_another_tab_got_answered_is_not_called_failed', async (t) => {
  const { conversation, store, asked, views } = stage(t);
  conversation.send('Hello');
  const otherTab = new Thread(store, SESSION);
  Object.assign(otherTab.turns[0] as Turn, { status: 'answered', answer: 'Hi', answeredAt: 1 });
  otherTab.save();
  conversation.adopt();
  asked[0]?.answer(ERROR);
  await settled();
  assert.deepEqual(views(), [{ text: 'Hi', state: 'answered' }]);
});

test('a_stopped_conversation_neither_shows_nor_asks_any_more', async (t) => {
  const { conversation, asked, views } = stage(t);
  conversation.send('One');
  conversation.send('Two');
  conversation.stop();
  asked[0]?.answer(done('Too late'));
  await settled();
  assert.equal(asked.length, 1);
  assert.deepEqual(
    views().map(({ state }) => state),
    ['thinking', 'asked'],
  );
});
