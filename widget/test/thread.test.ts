import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SESSION_KEY } from '../src/session';
import type { Store } from '../src/storage';
import { openThread, parseThread, settle, THREAD_KEY, type Turn } from '../src/thread';
import type { Stored } from '../src/visitor';

const SESSION = '5b0cb0b4-5ca9-4e58-8b21-0d2b3f5f8f11';

/** The local storage that two tabs share. */
function sharedStore(): Store {
  const kept = new Map([[SESSION_KEY, SESSION]]);
  return { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value) };
}

function turn(id: string, text = '', at = 0): Turn {
  return { id, text, at, status: 'open', answer: '', answeredAt: 0 };
}

test('a_thread_is_there_again_after_a_reload', () => {
  const store = sharedStore();
  const thread = openThread(store, SESSION);
  settle(thread.add('Question'), 'Answer', 1, true, 'up');
  thread.save();
  thread.add('Open');
  assert.deepEqual(openThread(store, SESSION).turns, thread.turns);
});

test('a_thread_of_another_session_and_broken_text_are_no_thread', () => {
  const good = JSON.stringify({ sessionId: SESSION, turns: [turn('a'), { id: 'b' }, null, 5] });
  assert.deepEqual(parseThread(good, SESSION), [turn('a')]);
  for (const json of [
    null,
    '',
    '{',
    'null',
    '[]',
    '{"sessionId":"x"}',
    `{"sessionId":"${SESSION}","turns":5}`,
  ]) {
    assert.deepEqual(parseThread(json, SESSION), []);
  }
  assert.deepEqual(parseThread(good, 'another'), []);
});

test('two_tabs_do_not_drop_each_others_turns', () => {
  const store = sharedStore();
  const [one, other] = [openThread(store, SESSION), openThread(store, SESSION)];
  const first = one.add('From one');
  other.add('From the other');
  settle(first, 'Answer to one', 1);
  one.save();
  const texts = openThread(store, SESSION).turns.map(({ text, answer }) => [text, answer]);
  assert.deepEqual(texts, [
    ['From one', 'Answer to one'],
    ['From the other', ''],
  ]);
});

test('a_stale_tab_does_not_take_back_an_answer', () => {
  const store = sharedStore();
  const one = openThread(store, SESSION);
  const asked = one.add('Question');
  const stale = openThread(store, SESSION);
  settle(asked, 'Answer', 1);
  one.save();
  stale.save();
  assert.equal(openThread(store, SESSION).turns[0]?.answer, 'Answer');
});

test('a_tab_adopts_what_another_has_asked_and_got_answered', () => {
  const store = sharedStore();
  const [one, other] = [openThread(store, SESSION), openThread(store, SESSION)];
  const asked = one.add('Question');
  other.adopt();
  assert.deepEqual(
    other.turns.map(({ status }) => status),
    ['open'],
  );
  settle(asked, 'Answer', 1);
  one.save();
  other.adopt();
  assert.deepEqual(
    other.turns.map(({ answer }) => answer),
    ['Answer'],
  );
});

test('a_conversation_that_was_left_is_not_written_over_the_new_one', () => {
  const store = sharedStore();
  const old = openThread(store, SESSION);
  old.add('Old');
  store.set(SESSION_KEY, 'another-session');
  openThread(store, 'another-session').add('New');
  old.save();
  assert.equal(parseThread(store.get(THREAD_KEY), 'another-session')[0]?.text, 'New');
});

test('the_newest_turns_are_kept', () => {
  const store = sharedStore();
  const thread = openThread(store, SESSION);
  for (let number = 0; number < 60; number++) thread.add(String(number));
  assert.deepEqual(
    openThread(store, SESSION).turns.map(({ text }) => text),
    Array.from({ length: 50 }, (_, at) => String(at + 10)),
  );
});

const question = (messageId: string, more: Partial<Stored> = {}): Stored => ({
  messageId,
  role: 'user',
  content: `Question ${messageId}`,
  createdAt: 1,
  status: 'complete',
  ...more,
});
const answer = (messageId: string, more: Partial<Stored> = {}): Stored => ({
  ...question(messageId),
  role: 'assistant',
  content: `Answer ${messageId}`,
  createdAt: 2,
  ...more,
});

test('what_the_server_says_is_taken', () => {
  const thread = openThread(sharedStore(), SESSION);
  thread.take({
    messages: [
      question('a'),
      answer('a', { rating: 'down' }),
      question('b', { status: 'failed' }),
      question('c'),
      answer('c', { status: 'stopped' }),
      question('d'),
      question('e'),
    ],
    running: { messageId: 'e' },
  });
  assert.deepEqual(
    thread.turns.map(({ id, status, answer, stopped, rating }) => [
      id,
      status,
      answer,
      !!stopped,
      rating ?? null,
    ]),
    [
      ['a', 'answered', 'Answer a', false, 'down'],
      ['b', 'failed', '', false, null],
      ['c', 'answered', 'Answer c', true, null],
      ['d', 'answered', '', true, null],
      ['e', 'open', '', false, null],
    ],
  );
});

test('the_server_wins_but_for_what_has_not_reached_it', () => {
  const thread = openThread(sharedStore(), SESSION);
  const [answered, erased, waiting, lost] = ['a', 'b', 'c', 'd'].map((text) => thread.add(text)) as [
    Turn,
    Turn,
    Turn,
    Turn,
  ];
  settle(answered, 'Half an ans', 1, true);
  settle(erased, 'Gone from the server', 1);
  lost.status = 'failed';
  thread.take({
    messages: [question('x'), answer('x'), question(answered.id), answer(answered.id)],
    running: null,
  });
  assert.deepEqual(
    thread.turns.map(({ id, status, answer }) => [id, status, answer]),
    [
      ['x', 'answered', 'Answer x'],
      [answered.id, 'answered', `Answer ${answered.id}`],
      [waiting.id, 'open', ''],
      [lost.id, 'failed', ''],
    ],
  );
  assert.equal(thread.turns[1], answered);
});
