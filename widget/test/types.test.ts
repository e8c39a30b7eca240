// The published types are those of the code: this file compiles only if they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as client from '../src/client';
import type * as publishedClient from '../types/chat-client';

const asPublished: typeof publishedClient = client;
const asWritten: typeof client = asPublished;

test('the_client_module_exports_what_its_types_say', () => {
  assert.deepEqual(Object.keys(asWritten), ['createChatClient']);
});
