import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Config } from '../src/config';
import { deliver, PAUSES_MS } from '../src/delivery';
import { SILENCE_MS, secondsToWait } from '../src/transport';

const CONFIG = { apiUrl: 'https://chat.example.com/chat', apiKey: 'key' } as Config;
const MESSAGE = { sessionId: 's', message: 'Hi', messageId: 'm' };
const DONE = '{"type":"token","token":"Hello"}\n{"type":"done","message":"Hello"}\n';

function stream(body: string | ReadableStream): Response {
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson; charset=utf-8' } });
}

/** A stream that says `text` and then nothing, until it is aborted. */
function silentAfter(text: string, signal: AbortSignal): Response {
  return stream(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(text));
        signal.addEventListener('abort', () => controller.error(signal.reason));
      },
    }),
  );
}

type Answer = (init: RequestInit) => Promise<Response> | Response;

/** Runs a delivery against the answers, the last one again and again, on a clock that the test moves. */
function begin(t: TestContext, ...answers: Answer[]) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  t.mock.method(Math, 'random', () => 0.5);
  const requests: RequestInit[] = [];
  t.mock.method(globalThis, 'fetch', async (_url: string, init: RequestInit) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)] as Answer;
    requests.push(init);
    return answer(init);
  });
  const seen: string[] = [];
  const stop = new AbortController();
  let waits = () => {};
  const progress = {
    received: (text: string) => seen.push(text),
    waiting() {
      seen.push('waiting');
      waits();
    },
  };
  const outcome = deliver(CONFIG, MESSAGE, progress, stop.signal);
  /** Resolves once the next pause has begun, or the delivery ended. */
  const paused = () => {
    const pause = new Promise<void>((resolve) => {
      waits = resolve;
    });
    return Promise.race([pause, outcome]).then(settled);
  };
  return { requests, seen, stop, outcome, paused };
}

/** Lets what is already under way run to its next wait. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const unreachable: Answer = () => Promise.reject(new TypeError('Failed to fetch'));

test('the_request_is_the_one_of_the_contract', async (t) => {
  const { requests, outcome, seen } = begin(t, () => stream(DONE));
  assert.deepEqual(await outcome, { status: 'done', text: 'Hello', stopped: false });
  assert.deepEqual(seen, ['Hello']);
  const [{ method, headers, body, credentials }] = requests as [RequestInit];
  assert.equal(method, 'POST');
  assert.deepEqual(headers, { 'content-type': 'application/json', 'x-api-key': 'key' });
  assert.deepEqual(JSON.parse(String(body)), MESSAGE);
  assert.equal(credentials, 'omit');
});

test('a_cut_stream_is_asked_for_again_with_the_same_message_id', async (t) => {
  const { requests, outcome, seen, paused } = begin(
    t,
    () => stream('{"type":"token","token":"Hel"}\n'),
    () => stream(DONE),
  );
  await paused();
  assert.deepEqual(seen, ['Hel', 'waiting']);
  t.mock.timers.tick(PAUSES_MS[0] as number);
  assert.deepEqual(await outcome, { status: 'done', text: 'Hello', stopped: false });
  assert.equal(requests.length, 2);
  assert.equal(requests[0]?.body, requests[1]?.body);
});

test('a_server_out_of_reach_is_tried_a_bounded_number_of_times', async (t) => {
  const { requests, outcome, paused } = begin(t, unreachable);
  for (const pause of PAUSES_MS) {
    await paused();
    t.mock.timers.tick(pause);
  }
  assert.deepEqual(await outcome, { status: 'cut' });
  assert.equal(requests.length, PAUSES_MS.length + 1);
});

test('a_stream_that_falls_silent_counts_as_cut', async (t) => {
  const { outcome, seen, paused, requests } = begin(
    t,
    ({ signal }) => silentAfter('{"type":"token","token":"Hel"}\n', signal as AbortSignal),
    () => stream(DONE),
  );
  const pause = paused();
  await settled();
  t.mock.timers.tick(SILENCE_MS - 1);
  await settled();
  assert.deepEqual(seen, ['Hel']);
  t.mock.timers.tick(1);
  await pause;
  assert.deepEqual(seen, ['Hel', 'waiting']);
  t.mock.timers.tick(PAUSES_MS[0] as number);
  assert.deepEqual(await outcome, { status: 'done', text: 'Hello', stopped: false });
  assert.equal(requests.length, 2);
});

test('a_request_that_nobody_answers_counts_as_unreachable', async (t) => {
  const { paused, seen } = begin(
    t,
    ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))),
  );
  const pause = paused();
  t.mock.timers.tick(SILENCE_MS);
  await pause;
  assert.deepEqual(seen, ['waiting']);
});

test('an_error_line_and_a_refusal_are_not_tried_again', async (t) => {
  const failed = begin(t, () => stream('{"type":"error","error":"Internal server error"}\n'));
  assert.deepEqual(await failed.outcome, { status: 'failed', text: 'Internal server error' });
  assert.equal(failed.requests.length, 1);
  t.mock.reset();

  const limited = begin(t, () => new Response('{}', { status: 429, headers: { 'retry-after': '17' } }));
  const refusal = await limited.outcome;
  assert.deepEqual([refusal.status, secondsToWait(refusal)], [429, 17]);
  assert.equal(limited.requests.length, 1);
});

test('an_unavailable_server_is_tried_again_when_it_says_so', async (t) => {
  const { outcome, paused } = begin(
    t,
    () => new Response('{}', { status: 503, headers: { 'retry-after': '3' } }),
    () => stream(DONE),
  );
  await paused();
  t.mock.timers.tick(2999);
  await settled();
  t.mock.timers.tick(1);
  assert.deepEqual(await outcome, { status: 'done', text: 'Hello', stopped: false });
});

test('an_answer_that_is_no_chat_stream_counts_as_cut', async (t) => {
  const { paused, seen } = begin(t, () => new Response('<!doctype html>'));
  await paused();
  assert.deepEqual(seen, ['waiting']);
});

test('a_stopped_delivery_ends_at_once', async (t) => {
  const { outcome, stop, paused, requests } = begin(t, unreachable);
  await paused();
  stop.abort();
  assert.deepEqual(await outcome, { status: 'cut' });
  assert.equal(requests.length, 1);
});
