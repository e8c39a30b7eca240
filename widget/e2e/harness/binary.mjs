// Starts the real server, in a temporary directory of its own, and stops it again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BUILT = fileURLToPath(new URL('../../../target/debug/open-chat', import.meta.url));
const BINARY = process.env.OPEN_CHAT_BIN ? resolve(process.env.OPEN_CHAT_BIN) : BUILT;
const BUNDLE = fileURLToPath(new URL('../../dist/chat-widget.js', import.meta.url));
const ADMIN = { 'x-admin-api-key': 'change-me-admin-api-key' };
export const WIDGET_KEY = 'change-me-widget-key';

/** @param {Record<string, string>} env what differs from a development server that uses the demo assistant */
export async function startBinary(env = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'open-chat-e2e-'));
  const child = spawn(BINARY, [], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      EVENT_LOG: `embedded:${join(directory, 'log')}`,
      READ_MODELS: join(directory, 'read-models'),
      WIDGET_BUNDLE_PATH: BUNDLE,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A test process that dies must not leave its server behind.
  const kill = () => child.kill();
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    if (child.exitCode === null && child.signalCode === null && kill()) await once(child, 'exit');
    await rm(directory, { recursive: true, force: true });
  };
  const url = await listeningUrl(child).catch(async (error) => {
    await stop();
    throw error;
  });
  return { url, port: Number(new URL(url).port), stop, conversations: () => conversations(url) };
}

/** The address in the line that the server prints once it listens. */
async function listeningUrl(child) {
  const errors = [];
  child.stderr.on('data', (chunk) => errors.push(chunk));
  const failed = new Promise((_, reject) => {
    child.once('error', ({ code }) =>
      reject(
        new Error(`Cannot start ${BINARY} (${code}): build the server first, or set OPEN_CHAT_BIN to it.`),
      ),
    );
  });
  const listening = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /^open-chat listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (!url) continue;
      child.stdout.resume();
      return url;
    }
    throw new Error(`${BINARY} ended without listening: ${Buffer.concat(errors)}`);
  })();
  return Promise.race([listening, failed]);
}

/** Every conversation with its messages, as an operator sees them. */
async function conversations(url) {
  const read = async (path) => {
    const response = await fetch(`${url}/v1/admin/conversations${path}`, { headers: ADMIN });
    if (!response.ok) throw new Error(`admin read answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const { conversations } = await read('');
  return Promise.all(conversations.map(({ _id }) => read(`/${_id}`)));
}
