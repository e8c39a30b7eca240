import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../src/config';

const BASE = 'https://shop.example/';
const REQUIRED = { apiUrl: 'https://chat.example.com/chat', apiKey: 'key' };

test('the_defaults_are_those_of_the_contract', () => {
  assert.deepEqual(readConfig(REQUIRED, BASE), {
    apiUrl: 'https://chat.example.com/chat',
    apiKey: 'key',
    title: 'Assistant',
    welcome: 'Hi! Ask me anything and I will help you out.',
    placeholder: 'Type your message...',
    position: 'right',
    accent: '',
  });
});

test('every_attribute_is_read', () => {
  const config = readConfig(
    {
      ...REQUIRED,
      title: ' Support ',
      welcomeMessage: 'Hey! How can I help?',
      inputPlaceholder: 'Type your question...',
      position: 'left',
      accentColor: '#123456',
    },
    BASE,
  );
  assert.deepEqual(config, {
    ...REQUIRED,
    title: 'Support',
    welcome: 'Hey! How can I help?',
    placeholder: 'Type your question...',
    position: 'left',
    accent: '#123456',
  });
});

test('an_unknown_position_is_right_and_an_empty_text_its_default', () => {
  const config = readConfig({ ...REQUIRED, position: 'top', title: '  ' }, BASE);
  assert.ok(!('faults' in config));
  assert.equal(config.position, 'right');
  assert.equal(config.title, 'Assistant');
});

test('missing_and_empty_required_attributes_are_named', () => {
  assert.deepEqual(readConfig({}, BASE), { faults: ['has no data-api-url', 'has no data-api-key'] });
  assert.deepEqual(readConfig({ apiUrl: 'x', apiKey: ' ' }, BASE), { faults: ['has no data-api-key'] });
  assert.deepEqual(readConfig({ apiKey: 'x' }, BASE), { faults: ['has no data-api-url'] });
});
