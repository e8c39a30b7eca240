import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { readConfig } from '../src/config';
import { converse } from '../src/conversation';
import { SESSION_KEY } from '../src/session';
import type { Store } from '../src/storage';
import { openThread, settle, type Turn } from '../src/thread';

const CONFIG = readConfig({ apiUrl: 'https://chat.example.com/v1/chat/stream', apiKey: 'key' });
const SESSION = '5b0cb0b4-5ca9-4e58-8b21-0d2b3f5f8f11';
const ROUTES = `https://chat.example.com/v1/sessions/${SESSION}/messages`;

interface Asked {
  readonly url: string;
  readonly body: { message: string; messageId: string; rating?: string };
  answer(lines: string, status?: number): void;
}

/** A screen that keeps what each turn looks like, and a server whose answers the test gives. */
function stage(t: TestContext, sessionId = SESSION) {
  const kept = new Map([[SESSION_KEY, sessionId]]);
  const store: Store = { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value) };
  const shown = new Map<Turn, string>();
  const told: [string, object][] = [];
  const asked: Asked[] = [];
  let turns: readonly Turn[] = [];
  let busy = false;
  t.mock.method(globalThis, 'fetch', (url: string, { body, signal }: RequestInit) => {
    return new Promise<Response>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
      const answer = (lines: string, status = 200) =>
        resolve(new Response(status === 204 ? null : lines, { status }));
      asked.push({ url, body: JSON.parse(String(body ?? '{}')), answer });
    });
  });
  const conversation = converse(CONFIG, store, sessionId, {
    arrange: (present) => {
      turns = present;
    },
    show: (turn, note = '') => shown.set(turn, note),
    busy: (now) => {
      busy = now;
    },
    announce: () => {},
    tell: (event, detail) => told.push([event, detail]),
  });
  const views = () =>
    turns.map((turn) => [turn.text, turn.answer, turn.status, shown.get(turn) ?? 'not shown']);
  return { store, conversation, asked, views, told, turns: () => turns, isBusy: () => busy };
}

/** Lets everything under way run until it waits for the test. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const done = (message: string) => `${JSON.stringify({ type: 'done', message })}\n`;
const ERROR = '{"type":"error","error":"Internal server error"}\n';

test('a_retry_is_the_same_message_and_the_same_view', async (t) => {
  const { conversation, turns, asked, views } = stage(t);
  conversation.send('Hello');
  asked[0]?.answer(ERROR);
  await settled();
  assert.deepEqual(views(), [['Hello', '', 'failed', 'Something went wrong.']]);

  conversation.retry(turns()[0] as Turn);
  asked[1]?.answer(done('Hi'));
  await settled();
  assert.deepEqual(views(), [['Hello', 'Hi', 'answered', '']]);
  assert.equal(asked.length, 2);
  assert.deepEqual(asked[0]?.body, asked[1]?.body);
});

test('only_one_question_is_under_way_and_a_failure_does_not_hold_up_the_next', async (t) => {
  const { conversation, asked, views, isBusy } = stage(t);
  conversation.send('One');
  conversation.send('Two');
  assert.equal(asked.length, 1);
  assert.ok(isBusy());
  asked[0]?.answer(ERROR);
  await settled();
  assert.equal(asked.length, 2);
  assert.equal(asked[1]?.body.message, 'Two');
  asked[1]?.answer(done('Second'));
  await settled();
  assert.deepEqual(
    views().map(([, , status]) => status),
    ['failed', 'answered'],
  );
  assert.ok(!isBusy());
});

test('a_question_that_another_tab_got_answered_is_not_called_failed', async (t) => {
  const { conversation, store, asked, views } = stage(t);
  conversation.send('Hello');
  const otherTab = openThread(store, SESSION);
  settle(otherTab.turns[0] as Turn, 'Hi', 1);
  otherTab.save();
  conversation.adopt();
  asked[0]?.answer(ERROR);
  await settled();
  assert.deepEqual(views(), [['Hello', 'Hi', 'answered', '']]);
});

test('an_ended_conversation_neither_shows_nor_asks_any_more', async (t) => {
  const { conversation, asked, views, told } = stage(t);
  conversation.send('One');
  conversation.send('Two');
  conversation.end();
  asked[0]?.answer(done('Too late'));
  await settled();
  assert.equal(asked.length, 1);
  assert.deepEqual(
    views().map(([, answer, status]) => [answer, status]),
    [
      ['', 'open'],
      ['', 'open'],
    ],
  );
  assert.deepEqual(
    told.map(([event]) => event),
    ['message', 'message'],
  );
});

test('stop_is_asked_of_the_server_and_the_stream_says_what_there_is', async (t) => {
  const { conversation, asked, views, turns, told } = stage(t);
  conversation.send('Hello');
  conversation.stop();
  assert.equal(asked[1]?.url, `${ROUTES}/${turns()[0]?.id}/stop`);
  asked[1]?.answer('', 202);
  asked[0]?.answer('{"type":"token","token":"Ha"}\n{"type":"done","message":"Ha","stopped":true}\n');
  await settled();
  assert.deepEqual(views(), [['Hello', 'Ha', 'answered', '']]);
  assert.equal(turns()[0]?.stopped, true);
  assert.deepEqual(told[1], ['answer', { id: turns()[0]?.id, text: 'Ha', stopped: true }]);
});

test('a_server_that_cannot_be_told_to_stop_is_not_listened_to_any_more', async (t) => {
  const { conversation, asked, turns } = stage(t);
  conversation.send('Hello');
  conversation.stop();
  asked[1]?.answer('{}', 404);
  await settled();
  assert.deepEqual([turns()[0]?.status, turns()[0]?.stopped], ['answered', true]);
});

test('a_rating_counts_once_the_server_has_it', async (t) => {
  const { conversation, asked, turns } = stage(t);
  conversation.send('Hello');
  asked[0]?.answer(done('Hi'));
  await settled();
  const [turn] = turns() as [Turn];
  conversation.rate(turn, 'up');
  await settled();
  assert.equal(asked[1]?.url, `${ROUTES}/${turn.id}/rating`);
  assert.deepEqual(asked[1]?.body, { rating: 'up' });
  assert.equal(turn.rating, undefined);
  asked[1]?.answer('', 204);
  await settled();
  assert.equal(turn.rating, 'up');
});

test('ratings_reach_the_server_one_after_another', async (t) => {
  const { conversation, asked, turns } = stage(t);
  conversation.send('Hello');
  asked[0]?.answer(done('Hi'));
  await settled();
  const [turn] = turns() as [Turn];
  for (const rating of ['up', 'down', 'down'] as const) conversation.rate(turn, rating);
  for (const at of [1, 2, 3]) {
    await settled();
    assert.equal(asked.length, at + 1);
    asked[at]?.answer('', at === 1 ? 503 : 204);
  }
  await settled();
  assert.deepEqual(
    asked.slice(1).map(({ body }) => body.rating),
    ['up', 'down', null],
  );
  assert.equal(turn.rating, null);
});

test('the_history_is_asked_for_and_a_running_answer_attached_to', async (t) => {
  const { conversation, asked, views } = stage(t);
  const synced = conversation.sync();
  assert.equal(asked[0]?.url, ROUTES);
  const message = { createdAt: 1, status: 'complete' };
  asked[0]?.answer(
    JSON.stringify({
      messages: [
        { ...message, messageId: 'a', role: 'user', content: 'One' },
        { ...message, messageId: 'a', role: 'assistant', content: 'Answer' },
        { ...message, messageId: 'b', role: 'user', content: 'Two' },
      ],
      running: { messageId: 'b' },
    }),
  );
  await synced;
  assert.deepEqual(asked[1]?.body, { sessionId: SESSION, message: 'Two', messageId: 'b' });
  asked[1]?.answer(done('Running'));
  await settled();
  assert.deepEqual(views(), [
    ['One', 'Answer', 'answered', ''],
    ['Two', 'Running', 'answered', ''],
  ]);
});

test('a_history_that_was_overtaken_is_not_taken', async (t) => {
  const { conversation, asked, views } = stage(t);
  const synced = conversation.sync();
  conversation.send('Newer');
  asked[0]?.answer('{"messages":[],"running":null}');
  await synced;
  assert.deepEqual(views(), [['Newer', '', 'open', '']]);
});

test('a_session_that_can_be_guessed_has_no_history_to_ask_for', async (t) => {
  const { conversation, asked } = stage(t, 'user-123');
  await conversation.sync();
  assert.equal(asked.length, 0);
  assert.equal(conversation.isPrivate, false);
});
