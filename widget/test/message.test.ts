import assert from 'node:assert/strict';
import { test } from 'node:test';
import { characters, sendable } from '../src/message';

test('characters_are_counted_as_the_server_counts_them', () => {
  assert.equal(characters('abc'), 3);
  assert.equal(characters('😀'), 1);
  assert.equal(characters('👩‍🚀'), 3);
  assert.equal(characters('e\u0301'), 2);
});

test('white_space_around_is_not_sent_and_lines_inside_are', () => {
  assert.equal(sendable(' \n a\n b \t\n'), 'a\n b');
  assert.equal(sendable(' \n\t '), '');
});

test('what_no_server_can_store_is_replaced', () => {
  assert.equal(sendable('a\0b\ud83dc\ude00d'), 'a\ufffdb\ufffdc\ufffdd');
  assert.equal(sendable('whole 😀'), 'whole 😀');
});
