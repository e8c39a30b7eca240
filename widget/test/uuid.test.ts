import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuid } from '../src/uuid';

const VERSION_4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

test('with_and_without_random_uuid_the_id_is_a_version_4_uuid', (t) => {
  assert.match(uuid(), VERSION_4);
  Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
  t.after(() => Reflect.deleteProperty(crypto, 'randomUUID'));
  const ids = Array.from({ length: 1000 }, uuid);
  for (const id of ids) assert.match(id, VERSION_4);
  assert.equal(new Set(ids).size, ids.length);
});
