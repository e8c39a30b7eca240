import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SESSION_KEY } from '../src/session';
import type { Store } from '../src/storage';
import { newest, parseThread, THREAD_KEY, Thread, type Turn } from '../src/thread';

const SESSION = '5b0cb0b4-5ca9-4e58-8b21-0d2b3f5f8f11';

/** The local storage that two tabs share. */
function sharedStore(): Store {
  const kept = new Map([[SESSION_KEY, SESSION]]);
  return { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value) };
}

function turn(id: string, text = '', at = 0): Turn {
  return { id, text, at, status: 'open', answer: '', answeredAt: 0 };
}

function settle(thread: Thread, turn: Turn, answer: string): void {
  Object.assign(turn, { status: 'answered', answer, answeredAt: 1 });
  thread.save();
}

test('a_thread_is_there_again_after_a_reload', () => {
  const store = sharedStore();
  const thread = new Thread(store, SESSION);
  settle(thread, thread.add('Question'), 'Answer');
  thread.add('Open');
  assert.deepEqual(new Thread(store, SESSION).turns, thread.turns);
});

test('a_thread_of_another_session_and_broken_text_are_no_thread', () => {
  const good = JSON.stringify({
    sessionId: SESSION,
    turns: [turn('a'), { id: 'b' }, turn('c', '', 1e300), null],
  });
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
  const [one, other] = [new Thread(store, SESSION), new Thread(store, SESSION)];
  const first = one.add('From one');
  other.add('From the other');
  settle(one, first, 'Answer to one');
  const texts = new Thread(store, SESSION).turns.map(({ text, answer }) => [text, answer]);
  assert.deepEqual(texts, [
    ['From one', 'Answer to one'],
    ['From the other', ''],
  ]);
});

test('a_stale_tab_does_not_take_back_an_answer', () => {
  const store = sharedStore();
  const one = new Thread(store, SESSION);
  const asked = one.add('Question');
  const stale = new Thread(store, SESSION);
  settle(one, asked, 'Answer');
  stale.save();
  assert.equal(new Thread(store, SESSION).turns[0]?.answer, 'Answer');
});

test('a_tab_adopts_what_another_has_settled_and_leaves_open_turns_there', () => {
  const store = sharedStore();
  const [one, other] = [new Thread(store, SESSION), new Thread(store, SESSION)];
  const asked = one.add('Question');
  assert.deepEqual(other.adopt(), []);
  settle(one, asked, 'Answer');
  assert.deepEqual(
    other.adopt().map(({ answer }) => answer),
    ['Answer'],
  );
  assert.deepEqual(other.adopt(), []);
});

test('a_conversation_that_was_left_is_not_written_over_the_new_one', () => {
  const store = sharedStore();
  const old = new Thread(store, SESSION);
  old.add('Old');
  store.set(SESSION_KEY, 'another-session');
  new Thread(store, 'another-session').add('New');
  old.save();
  assert.equal(parseThread(store.get(THREAD_KEY), 'another-session')[0]?.text, 'New');
});

test('the_newest_turns_are_kept_within_bounds', () => {
  const many = Array.from({ length: 80 }, (_, at) => turn(String(at), 'x', at));
  assert.deepEqual(newest(many), many.slice(30));
  const long = Array.from({ length: 5 }, (_, at) => turn(String(at), 'x'.repeat(90_000), at));
  assert.deepEqual(newest(long), long.slice(3));
  const huge = [turn('a', 'x'), turn('b', 'x'.repeat(300_000))];
  assert.deepEqual(newest(huge), huge.slice(1));
});
