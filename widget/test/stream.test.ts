import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ndjsonReader, type StreamEvent } from '../src/stream';

const SAMPLE = [
  '{"type":"start","conversationId":"7f"}',
  '{"type":"token","token":"Grüße, "}',
  '',
  '{"type":"token","token":"世界 👩‍🚀\\n"}\r',
  '{"type":"usage","tokens":3}',
  'not json',
  'null',
  '{"type":"token","token":5}',
  '{"type":"done","message":"Grüße, 世界 👩‍🚀\\n","conversationId":"7f"}',
];
const WHOLE = 'Grüße, 世界 👩‍🚀\n';
const bytes = new TextEncoder().encode(`${SAMPLE.join('\n')}\n`);

function tokens(events: readonly StreamEvent[]): string {
  return events.map((event) => (event.type === 'token' ? event.token : '')).join('');
}

function assertWhole(events: readonly StreamEvent[]): void {
  assert.deepEqual(
    events.map(({ type }) => type),
    ['token', 'token', 'done'],
  );
  assert.equal(tokens(events), WHOLE);
  const last = events[2];
  assert.equal(last?.type === 'done' && last.message, WHOLE);
}

test('every_split_into_two_chunks_gives_the_same_events', () => {
  for (let at = 0; at <= bytes.length; at++) {
    const reader = ndjsonReader();
    assertWhole([...reader(bytes.slice(0, at)), ...reader(bytes.slice(at)), ...reader()]);
  }
});

test('every_split_into_three_chunks_gives_the_same_events', () => {
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const reader = ndjsonReader();
      const chunks = [bytes.slice(0, first), bytes.slice(first, second), bytes.slice(second)];
      assertWhole(chunks.flatMap((chunk) => reader(chunk)));
    }
  }
});

test('bytes_that_come_one_by_one_give_the_same_events', () => {
  const reader = ndjsonReader();
  assertWhole([...bytes].flatMap((byte) => reader(Uint8Array.of(byte))));
});

test('an_event_is_given_as_soon_as_its_line_is_whole', () => {
  const reader = ndjsonReader();
  const line = new TextEncoder().encode('{"type":"token","token":"a"}\n');
  assert.deepEqual(reader(line.slice(0, -1)), []);
  assert.deepEqual(reader(line.slice(-1)), [{ type: 'token', token: 'a' }]);
});

test('a_last_line_without_line_feed_counts_if_it_is_whole', () => {
  const line = new TextEncoder().encode('{"type":"error","error":"The answer took too long"}');
  const whole = ndjsonReader();
  assert.deepEqual([...whole(line), ...whole()], [{ type: 'error', error: 'The answer took too long' }]);
  const cut = ndjsonReader();
  assert.deepEqual([...cut(line.slice(0, -1)), ...cut()], []);
});
