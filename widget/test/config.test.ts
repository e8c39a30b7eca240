import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../src/config';

const REQUIRED = { apiUrl: 'https://chat.example.com/chat', apiKey: 'key' };

test('the_defaults_are_those_of_the_contract', () => {
  const { texts, ...config } = readConfig(REQUIRED);
  assert.deepEqual(config, {
    ...REQUIRED,
    language: 'en',
    position: 'right',
    accent: '',
    theme: '',
    open: false,
    suggestions: [],
    target: '',
  });
  assert.equal(texts('title'), 'Assistant');
  assert.equal(texts('welcome'), 'Hi! Ask me anything and I will help you out.');
  assert.equal(texts('placeholder'), 'Type your message...');
});

test('every_attribute_is_read', () => {
  const { texts, ...config } = readConfig({
    ...REQUIRED,
    title: ' Support ',
    welcomeMessage: 'Hey! How can I help?',
    inputPlaceholder: 'Type your question...',
    position: 'left',
    accentColor: '#123456',
    theme: 'dark',
    open: 'true',
    suggestions: ' Where is my order? | |Prices',
    target: '#chat',
    lang: 'de',
    textSend: 'Los!',
  });
  assert.deepEqual(config, {
    ...REQUIRED,
    language: 'de',
    position: 'left',
    accent: '#123456',
    theme: 'dark',
    open: true,
    suggestions: ['Where is my order? ', 'Prices'],
    target: '#chat',
  });
  assert.deepEqual(['title', 'welcome', 'placeholder', 'send', 'stop'].map(texts), [
    'Support',
    'Hey! How can I help?',
    'Type your question...',
    'Los!',
    'Stopp',
  ]);
});

test('an_unknown_position_is_right_and_an_empty_text_its_default', () => {
  const config = readConfig({ ...REQUIRED, position: 'top', title: '  ' });
  assert.equal(config.position, 'right');
  assert.equal(config.texts('title'), 'Assistant');
});

test('missing_and_impossible_required_attributes_are_told', () => {
  for (const dataset of [{}, { apiUrl: 'https://x.example', apiKey: ' ' }, { apiKey: 'x' }]) {
    assert.throws(() => readConfig(dataset), /data-api-url and data-api-key are required/);
  }
  assert.throws(() => readConfig({ ...REQUIRED, apiUrl: 'http://' }), /URL/);
  assert.throws(() => readConfig({ ...REQUIRED, apiKey: '\u201ckey\u201d' }), /ByteString|header/i);
});

test('the_language_is_the_first_that_there_are_texts_in', () => {
  const language = (own: string | undefined, ...page: (string | undefined)[]) =>
    readConfig({ ...REQUIRED, lang: own }, page).language;
  assert.equal(language(undefined, undefined, 'nl', 'fr-CA'), 'fr');
  assert.equal(language('pt-BR', 'de'), 'pt');
  assert.equal(language('xx', 'AR-eg', 'de'), 'ar');
  assert.equal(language(undefined, 'nl'), 'en');
});

test('every_language_has_every_text', () => {
  const names =
    'title welcome placeholder open close new send stop you copy good bad stopped retry unreachable failed limit'.split(
      ' ',
    );
  for (const lang of ['en', 'de', 'fr', 'es', 'pt', 'ja', 'ar']) {
    const { texts } = readConfig({ ...REQUIRED, lang });
    assert.deepEqual(
      names.filter((name) => !texts(name)),
      [],
      lang,
    );
    assert.equal(new Set(names.map(texts)).size, names.length, lang);
  }
});
