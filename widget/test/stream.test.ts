import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NdjsonReader, type StreamEvent } from '../src/stream';

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
    const reader = new NdjsonReader();
    assertWhole([...reader.push(bytes.slice(0, at)), ...reader.push(bytes.slice(at)), ...reader.end()]);
  }
});

test('every_split_into_three_chunks_gives_the_same_events', () => {
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const reader = new NdjsonReader();
      const chunks = [bytes.slice(0, first), bytes.slice(first, second), bytes.slice(second)];
      assertWhole(chunks.flatMap((chunk) => reader.push(chunk)));
    }
  }
});

test('bytes_that_come_one_by_one_give_the_same_events', () => {
  const reader = new NdjsonReader();
  assertWhole([...bytes].flatMap((byte) => reader.push(Uint8Array.of(byte))));
});

test('an_event_is_given_as_soon_as_its_line_is_whole', () => {
  const reader = new NdjsonReader();
  const line = new TextEncoder().encode('{"type":"token","token":"a"}\n');
  assert.deepEqual(reader.push(line.slice(0, -1)), []);
  assert.deepEqual(reader.push(line.slice(-1)), [{ type: 'token', token: 'a' }]);
});

test('a_last_line_without_line_feed_counts_if_it_is_whole', () => {
  const line = new TextEncoder().encode('{"type":"error","error":"The answer took too long"}');
  const whole = new NdjsonReader();
  assert.deepEqual(
    [...whole.push(line), ...whole.end()],
    [{ type: 'error', error: 'The answer took too long' }],
  );
  const cut = new NdjsonReader();
  assert.deepEqual([...cut.push(line.slice(0, -1)), ...cut.end()], []);
});
